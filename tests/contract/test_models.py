"""Every example of the contract is parsed by its model and comes out again as it was."""

import json
from pathlib import Path

import pytest

from outlet_sync_gui.contract import models
from outlet_sync_gui.contract.models import Message

EXAMPLES = Path(__file__).parent / "examples"
MODELS: dict[str, type[Message]] = {
    "auto-resolution-request.request": models.ResolveRequest,
    "auto-resolution-request.response": models.ResolveAnswer,
    "batch-push-multiple-entities.request": models.BatchRequest,
    "batch-push-multiple-entities.response": models.BatchAnswer,
    "get-updates-since.response": models.UpdatesAnswer,
    "push-daily-summary.request": models.DailySummary,
    "push-order.request": models.Order,
    "push-order.response": models.PushAnswer,
    "push-product-update.request": models.Product,
    "push-transaction.request": models.Transaction,
    "rate-limiting.rate-limit-response": models.RateLimitAnswer,
}
# What headquarters tells unasked is read and answered without a model: tests/contract/test_webhooks.py, tests/webhook.
WEBHOOKS = {
    "conflict-notification.request",
    "webhook-cloud-push-update.request",
    "webhook-cloud-push-update.response",
}


def test_every_example_has_its_model() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == MODELS.keys() | WEBHOOKS


@pytest.mark.parametrize("name", MODELS)
def test_an_example_comes_out_as_it_was(name: str) -> None:
    text = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    emitted = json.dumps(MODELS[name].model_validate(json.loads(text)).emit())
    assert json.loads(emitted) == json.loads(text)


def test_fields_that_the_contract_does_not_name_are_kept() -> None:
    order = {
        "local_id": "A1",
        "loyalty": {"points": 5, "tier": None},
        "items": [{"product_name": "Nasi", "note": "pedas"}],
    }
    assert json.loads(json.dumps(models.Order.model_validate(order).emit())) == order
