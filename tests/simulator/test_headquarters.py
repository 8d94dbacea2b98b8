"""Headquarters at work, with a clock that stands still: what it tells, where it disagrees, and who is right."""

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from tests.builders import OUTLET_ID, START_MS
from tests.simulator.asking import (
    AT,
    HEADERS,
    LONG_AGO,
    Clock,
    Json,
    ask,
    deletion,
    entry,
    order,
    product,
    push,
    updates,
)

from outlet_sync_gui.simulator.cloud import Cloud

EXAMPLES = Path(__file__).parents[1] / "contract" / "examples"
EXISTS = "Product already exists with different data"
BEFORE, AFTER = "2026-01-27T02:00:00Z", "2026-01-27T04:00:00Z"  # START_MS is 03:30
CLOUD_WINS = {"strategy": "cloud_wins", "resolved_by": "Rina"}
HOUR_MS = 3_600_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cloud(clock: Clock) -> Cloud:
    return Cloud(now_ms=clock, announces_conflicts=True)


def told(cloud: Cloud) -> list[tuple[str, Json]]:
    """What headquarters said since last asked: the kind and the body of each webhook."""
    said = [(webhook.kind, json.loads(webhook.body)) for webhook in cloud.webhooks]
    cloud.webhooks.clear()
    return said


def resolve(cloud: Cloud, conflict_id: str, **body: object) -> tuple[int, Json]:
    return ask(cloud, f"conflicts/{conflict_id}/resolve", {**CLOUD_WINS, **body})


def price(cloud: Cloud, local_id: str = "P") -> Any:
    return cloud.records[("product", local_id)].data["price"]


# -- what it tells, beside the contract's examples

SHAPES: dict[str, set[str]] = {
    "update": {"event", "timestamp", "entity_type", "cloud_id", "local_id", "data", "version", "updated_by", "reason"},
    "delete": {"event", "timestamp", "entity_type", "cloud_id", "local_id", "deleted_at", "reason"},
    "conflict": {
        *("event", "timestamp", "entity_type", "cloud_id", "local_id"),
        *("conflict", "conflict_id", "resolution_required"),
    },
    "broadcast": {"event", "timestamp", "title", "message", "level"},
    "config": {"event", "timestamp", "config"},
}


def everything(cloud: Cloud) -> dict[str, Json]:
    push(cloud, product("P", stock=5), product("Q"))
    cloud.change_product("P", price=40000)
    cloud.open_conflict("P", "price", 41000)
    cloud.delete_product("Q")
    cloud.broadcast("Rapat", "Besok jam 8", "warning")
    cloud.configure(pull_interval_s=60)
    return dict(told(cloud))


def test_each_webhook_has_its_own_names_and_no_others(cloud: Cloud) -> None:
    assert {kind: set(body) for kind, body in everything(cloud).items()} == SHAPES


@pytest.mark.parametrize(
    ("kind", "file"), [("update", "webhook-cloud-push-update"), ("conflict", "conflict-notification")]
)
def test_a_webhook_has_the_names_and_types_of_the_contracts_example(cloud: Cloud, kind: str, file: str) -> None:
    shown = json.loads((EXAMPLES / f"{file}.request.json").read_text(encoding="utf-8"))
    body = everything(cloud)[kind]
    assert [(name, type(body.get(name))) for name in shown] == [(name, type(value)) for name, value in shown.items()]
    assert body["event"] == shown["event"]
    for inner in ("data", "conflict"):
        assert body.get(inner, {}).keys() == shown.get(inner, {}).keys()


def test_an_update_tells_the_new_version_and_what_is_shown(cloud: Cloud) -> None:
    push(cloud, product("P", 7, stock=5))
    assert cloud.change_product("P", destination="bar") == 8
    [(kind, body)] = told(cloud)
    assert (kind, body["version"], body["timestamp"]) == ("update", 8, "2026-01-27T03:30:00.001Z")
    assert body["data"] == {"name": "Nasi", "price": 10, "stock": 5, "destination": "bar", "version": 8}


def test_a_category_of_headquarters_has_no_local_id(cloud: Cloud) -> None:
    cloud.add_category("Minuman")
    [(_, body)] = told(cloud)
    assert (body["entity_type"], body["data"]) == ("category", {"name": "Minuman", "version": 1})
    assert "local_id" not in body


def test_many_deletions_are_told_one_by_one_and_never_twice(cloud: Cloud) -> None:
    push(cloud, *(product(f"P{n:02}") for n in range(13)))
    assert cloud.delete_products(11) == [f"P{n:02}" for n in range(11)]
    assert [(kind, body["local_id"]) for kind, body in told(cloud)] == [("delete", f"P{n:02}") for n in range(11)]
    assert cloud.delete_products(11) == ["P11", "P12"]
    assert len(updates(cloud)["deleted"]) == 13


def test_a_product_that_was_deleted_comes_back_under_its_old_id(cloud: Cloud) -> None:
    push(cloud, product("P"))
    cloud.delete_product("P")
    cloud.add_product("P", name="Nasi", price=12)
    assert [kind for kind, _ in told(cloud)] == ["delete", "update"]
    assert [(each["cloud_id"], each["version"]) for each in updates(cloud)["products"]] == [("cloud-product-1", 2)]


@pytest.mark.parametrize("action", ["change_product", "delete_product", "open_conflict"])
def test_what_is_not_on_the_menu_cannot_be_changed(cloud: Cloud, action: str) -> None:
    given: Any = {"open_conflict": ("X", "price", 1)}.get(action, ("X",))
    with pytest.raises(ValueError, match="there is no product X"):
        getattr(cloud, action)(*given)
    assert told(cloud) == []


# -- who overwrites whom

# What headquarters did after the till's version 3, what the till sends then, what becomes of it, what is blamed on it.
PUSHES: list[tuple[int, Json, str | None, list[str]]] = [
    (0, {"version": 2, "price": 11}, "version: 2 after 3", ["product P: version: 2 after 3"]),
    (0, {"version": 3, "price": 10}, None, []),
    (0, {"version": 3, "price": 11}, EXISTS, []),
    (0, {"version": 4, "price": 11}, None, []),
    (2, {"version": 2, "price": 11}, "version: 2 after 3", ["product P: version: 2 after 3"]),
    (2, {"version": 3, "price": 10}, None, []),
    (2, {"version": 3, "price": 11}, EXISTS, []),
    (2, {"version": 4, "price": 11}, EXISTS, []),
    (2, {"version": 5, "price": 11}, EXISTS, []),
    (2, {"version": 6, "price": 11}, None, []),
]


@pytest.mark.parametrize(("changes", "sent", "error", "violations"), PUSHES)
def test_the_till_overwrites_headquarters_only_with_a_higher_version(
    cloud: Cloud, changes: int, sent: Json, error: str | None, violations: list[str]
) -> None:
    push(cloud, product("P", 3))
    for n in range(changes):
        cloud.change_product("P", price=40000 + n)
    [result] = push(cloud, product("P", **sent))
    assert (result.get("error"), cloud.violations) == (error, violations)


def test_a_repeat_of_what_was_taken_is_answered_and_changes_nothing(cloud: Cloud) -> None:
    push(cloud, product("P", 3))
    cloud.change_product("P", price=40000)
    _, answer = ask(cloud, "products", product("P", 3)["data"])
    assert (answer["data"]["version"], price(cloud), cloud.repeats) == (3, 40000, 1)


def test_a_push_against_headquarters_opens_a_conflict_of_what_both_say(cloud: Cloud) -> None:
    push(cloud, product("P", 3, stock=5))
    cloud.change_product("P", price=40000, name="Nasi Goreng")
    told(cloud)
    push(cloud, product("P", 4, price=11, stock=4, name="Nasi Goreng", updated_at=AFTER))
    [(kind, body)] = told(cloud)
    assert (kind, body["local_id"], body["conflict_id"]) == ("conflict", "P", "conflict-1")
    assert body["conflict"] == {
        "field": "price",
        "cloud_value": 40000,
        "cloud_version": 4,
        "cloud_updated_at": "2026-01-27T03:30:00.001Z",
        "local_value": 11,
        "local_version": 4,
        "local_updated_at": "2026-01-27T04:00:00.000Z",
    }


def test_a_push_again_tells_the_open_conflict_again_under_its_id(cloud: Cloud) -> None:
    push(cloud, product("P", 3))
    cloud.change_product("P", price=40000)
    push(cloud, product("P", 4, price=11), product("P", 4, price=12))
    ids = [body["conflict_id"] for kind, body in told(cloud) if kind == "conflict"]
    assert (ids, cloud.conflicts["conflict-1"].local.value) == (["conflict-1", "conflict-1"], 12)


def test_headquarters_own_product_and_the_tills_of_the_same_id_disagree_in_all_that_differs(cloud: Cloud) -> None:
    cloud.add_product("P", name="Nasi", price=40000, destination="bar")
    told(cloud)
    push(cloud, product("P", 1, price=11, destination="kitchen", stock=3))
    assert [body["conflict"]["field"] for _, body in told(cloud)] == ["price", "destination"]


@pytest.mark.parametrize("what", ["silent", "order", "own mistake", "deletion"])
def test_no_conflict_is_opened_where_there_is_none_to_tell(cloud: Cloud, what: str) -> None:
    push(cloud, product("P", 3), order("A", 3))
    if what == "silent":
        cloud.announces_conflicts = False
    if what != "own mistake":
        cloud.change_product("P", price=40000)
    told(cloud)
    rivals = {"order": order("A", 3, total_amount=1), "deletion": deletion("product", "P", 4)}
    [result] = push(cloud, rivals.get(what, product("P", 3, price=11)))
    assert (result["status"], told(cloud), cloud.conflicts) == ("failed", [], {})


# -- conflicts by hand


def test_a_conflict_by_hand_changes_the_value_and_tells_the_tills_own_beside_it(cloud: Cloud, clock: Clock) -> None:
    push(cloud, product("P", 3, price=38000, updated_at=AFTER))
    clock.ms += 1000
    assert cloud.open_conflict("P", "price", 40000) == "conflict-1"
    [(kind, body)] = told(cloud)
    entry_told = body["conflict"]
    assert (kind, body["resolution_required"]) == ("conflict", True)
    assert (entry_told["cloud_value"], entry_told["cloud_version"]) == (40000, 4)
    assert (entry_told["local_value"], entry_told["local_version"]) == (38000, 3)
    assert [(each["price"], each["version"]) for each in updates(cloud)["products"]] == [(40000, 4)]


def test_a_till_that_never_sent_it_is_told_what_it_heard_last(cloud: Cloud) -> None:
    cloud.add_product("P", name="Nasi", price=10)
    cloud.open_conflict("P", "price", 40000)
    assert told(cloud)[-1][1]["conflict"]["local_value"] == 10


def test_a_field_that_the_till_never_told_makes_no_conflict(cloud: Cloud) -> None:
    push(cloud, product("P"))
    with pytest.raises(ValueError, match="the till has never told a stock of P"):
        cloud.open_conflict("P", "stock", 5)
    assert (cloud.records[("product", "P")].version, told(cloud)) == (1, [])


def test_a_later_change_of_headquarters_counts_in_what_is_open(cloud: Cloud) -> None:
    push(cloud, product("P"))
    cloud.open_conflict("P", "price", 40000)
    cloud.change_product("P", price=45000)
    _, answer = resolve(cloud, "conflict-1")
    assert (answer["data"]["applied_value"], cloud.conflicts["conflict-1"].cloud.version) == (45000, 3)


# -- who wins: strategy, when the till changed it, the value that holds, the version

WINS = [
    ("cloud_wins", AFTER, 40000, 4),
    ("cloud_wins", BEFORE, 40000, 4),
    ("local_wins", AFTER, 10, 5),
    ("local_wins", BEFORE, 10, 5),
    ("newest_wins", AFTER, 10, 5),
    ("newest_wins", BEFORE, 40000, 4),
]


@pytest.mark.parametrize(("strategy", "changed_at", "value", "version"), WINS)
def test_a_resolve_makes_the_winners_value_hold(
    cloud: Cloud, strategy: str, changed_at: str, value: int, version: int
) -> None:
    push(cloud, product("P", 3, updated_at=changed_at))
    cloud.open_conflict("P", "price", 40000)
    status, answer = resolve(cloud, "conflict-1", strategy=strategy)
    data = answer["data"]
    assert (status, answer["success"], data.keys()) == (200, True, example_of_the_answer().keys())
    assert (data["resolved"], data["applied_value"], data["new_version"]) == (True, value, version)
    assert (price(cloud), cloud.records[("product", "P")].version) == (value, version)
    assert [each["price"] for each in updates(cloud)["products"]] == [value]


def example_of_the_answer() -> Json:
    text = (EXAMPLES / "auto-resolution-request.response.json").read_text(encoding="utf-8")
    data: Json = json.loads(text)["data"]
    return data


def test_equal_times_are_headquarters(cloud: Cloud) -> None:
    push(cloud, product("P", 3, updated_at="2026-01-27T03:30:00.001Z"))
    cloud.open_conflict("P", "price", 40000)
    assert cloud.conflicts["conflict-1"].cloud.updated_at == START_MS + 1
    assert resolve(cloud, "conflict-1", strategy="newest_wins")[1]["data"]["applied_value"] == 40000


def test_a_till_that_says_no_time_changed_it_when_it_was_heard(clock: Clock) -> None:
    cloud = Cloud(now_ms=clock, is_strict=False)
    push(cloud, entry("product", {"local_id": "P", "version": 1, "price": 10, "updated_at": "yesterday"}))
    cloud.open_conflict("P", "price", 40000)
    assert resolve(cloud, "conflict-1", strategy="newest_wins")[1]["data"]["applied_value"] == 40000


def test_a_resolve_again_is_answered_the_same_whatever_it_says(cloud: Cloud, clock: Clock) -> None:
    push(cloud, product("P"))
    cloud.open_conflict("P", "price", 40000)
    first = resolve(cloud, "conflict-1", strategy="local_wins")
    clock.ms += 5000
    cloud.change_product("P", price=99)
    assert resolve(cloud, "conflict-1", strategy="cloud_wins") == first
    assert (price(cloud), cloud.violations) == (99, [])


def test_after_a_resolve_the_same_field_may_be_disagreed_on_anew(cloud: Cloud) -> None:
    push(cloud, product("P"))
    cloud.open_conflict("P", "price", 40000)
    resolve(cloud, "conflict-1")
    assert cloud.open_conflict("P", "price", 41000) == "conflict-2"
    assert cloud.summary()["conflicts"] == {"open": 1, "resolved": 1}


def test_after_local_wins_the_tills_own_push_is_a_version_above(cloud: Cloud) -> None:
    push(cloud, product("P", 1))
    cloud.open_conflict("P", "price", 40000)
    _, answer = resolve(cloud, "conflict-1", strategy="local_wins")
    [result] = push(cloud, product("P", answer["data"]["new_version"] + 1))
    assert (result["status"], cloud.violations) == ("success", [])


@pytest.mark.parametrize(("status", "error"), [(404, "not_found"), (500, "sql: no rows in result set")])
def test_a_conflict_that_is_not_known_is_no_fault_of_the_till(cloud: Cloud, status: int, error: str) -> None:
    cloud.unknown_conflict_status = status
    answered, answer = resolve(cloud, "conflict-9")
    assert (answered, answer["success"], answer["error"], cloud.violations) == (status, False, error, [])


def test_a_cloud_may_settle_without_telling_the_value(cloud: Cloud) -> None:
    cloud.tells_applied_value = False
    push(cloud, product("P"))
    cloud.open_conflict("P", "price", 40000)
    _, answer = resolve(cloud, "conflict-1")
    assert answer["data"].keys() == {"resolved", "new_version", "resolved_at"}


BROKEN = [
    ({"strategy": "both_win"}, "strategy: one of cloud_wins, local_wins, newest_wins"),
    ({"strategy": None}, "strategy: one of cloud_wins, local_wins, newest_wins"),
    ({"strategy": ["cloud_wins"]}, "strategy: one of cloud_wins, local_wins, newest_wins"),
    ({"resolved_by": ""}, "resolved_by: text"),
    ({"resolved_by": 5}, "resolved_by: text"),
    ({"notes": None}, "notes: text"),
    ({"value": 38000}, "value: not in the contract"),
]


@pytest.mark.parametrize(("change", "reason"), BROKEN)
def test_a_resolve_that_breaks_the_contract_settles_nothing(cloud: Cloud, change: Json, reason: str) -> None:
    push(cloud, product("P"))
    cloud.open_conflict("P", "price", 40000)
    status, answer = resolve(cloud, "conflict-1", **change)
    assert (status, answer["message"], len(cloud.violations)) == (400, reason, 1)
    assert cloud.conflicts["conflict-1"].resolution is None


def test_the_contracts_own_resolve_passes(cloud: Cloud) -> None:
    push(cloud, product("P"))
    cloud.open_conflict("P", "price", 40000)
    body = json.loads((EXAMPLES / "auto-resolution-request.request.json").read_text(encoding="utf-8"))
    assert ask(cloud, "conflicts/conflict-1/resolve", body)[0] == 200


@pytest.mark.parametrize("path", ["conflicts/resolve", "conflicts//resolve", "conflicts/a/b/resolve", "conflicts/a"])
def test_a_resolve_has_one_path(cloud: Cloud, path: str) -> None:
    assert ask(cloud, path, CLOUD_WINS)[1]["message"] == "no such endpoint"


def test_webhooks_go_to_the_first_that_called(cloud: Cloud) -> None:
    for outlet_id in (OUTLET_ID, "toko-2"):
        ask(cloud, f"/api/v1/outlets/{outlet_id}/{LONG_AGO}", headers={**HEADERS, "x-outlet-id": outlet_id})
    assert (cloud.outlet, Cloud(now_ms=cloud.now_ms, outlet_id="toko-3").outlet) == (OUTLET_ID, "toko-3")


def test_resolves_count_by_the_limit_and_under_one_name(cloud: Cloud) -> None:
    cloud.rate_limit_per_minute = 2
    assert [resolve(cloud, f"c{n}")[0] for n in range(3)] == [404, 404, 429]
    assert cloud.requests == {"resolve": 3}


# -- the cloud as a machine


def test_a_restored_cloud_is_as_it_was_and_its_checkpoint_is_behind(cloud: Cloud, clock: Clock) -> None:
    push(cloud, order("A", 1), product("P", 1))
    clock.ms += 2 * HOUR_MS
    push(cloud, order("A", 2), order("B"))
    cloud.open_conflict("P", "price", 40000)
    assert ask(cloud, "analytics/daily", {**order()["data"], "date": "2026-01-27", "summary": {}})[0] == 200
    late = updates(cloud)["sync_checkpoint"]
    cloud.restore(HOUR_MS)
    there = {key: (kept.version, kept.sent_version) for key, kept in cloud.records.items()}
    assert there == {("order", "A"): (1, 1), ("product", "P"): (1, 1)}
    assert (cloud.conflicts, cloud.summaries, price(cloud)) == ({}, {}, 10)
    now = updates(cloud)["sync_checkpoint"]
    assert (now < late, now[:16]) == (True, "2026-01-27T04:30")


def test_a_restored_cloud_takes_again_what_it_forgot_and_hides_no_later_change(cloud: Cloud, clock: Clock) -> None:
    push(cloud, product("P", 1))
    clock.ms += 2 * HOUR_MS
    push(cloud, product("P", 2, price=12), order("B"))
    cloud.restore(HOUR_MS)
    results = push(cloud, product("P", 2, price=12), order("B"), order("C"))
    assert [result["status"] for result in results] == ["success"] * 3
    assert len({kept.cloud_id for kept in cloud.records.values()}) == 3
    assert "cloud-order-2" not in {kept.cloud_id for kept in cloud.records.values()}
    clock.ms += 1000
    checkpoint = updates(cloud)["sync_checkpoint"]
    cloud.change_product("P", price=13)
    assert [each["price"] for each in updates(cloud, checkpoint)["products"]] == [13]


def test_two_restores_go_back_twice_as_far(cloud: Cloud, clock: Clock) -> None:
    push(cloud, order("A"))
    clock.ms += 90 * 60_000
    push(cloud, order("B"))
    cloud.restore(HOUR_MS)
    assert [local_id for _, local_id in cloud.records] == ["A"]
    cloud.restore(HOUR_MS)
    assert cloud.records == {}
    assert updates(cloud)["sync_checkpoint"][:16] == "2026-01-27T03:00"


def test_a_resolve_after_the_backup_is_forgotten(cloud: Cloud, clock: Clock) -> None:
    push(cloud, product("P"))
    cloud.open_conflict("P", "price", 40000)
    clock.ms += 2 * HOUR_MS
    resolve(cloud, "conflict-1", strategy="local_wins")
    cloud.restore(HOUR_MS)
    assert (cloud.conflicts["conflict-1"].resolution, price(cloud)) == (None, 40000)


def test_a_new_installation_has_all_under_new_ids_and_counts_anew(cloud: Cloud) -> None:
    push(cloud, product("P", 5), order("A", 3))
    cloud.add_category("Minuman")
    checkpoint = updates(cloud)["sync_checkpoint"]
    before = {kept.cloud_id for kept in cloud.records.values()}
    cloud.reinstall()
    assert before.isdisjoint(kept.cloud_id for kept in cloud.records.values())
    later = updates(cloud, checkpoint)
    assert [(each["local_id"], each["version"]) for each in later["products"]] == [("P", 1)]
    assert [each["name"] for each in later["categories"]] == ["Minuman"]
    assert later["sync_checkpoint"] >= checkpoint
    assert [result["status"] for result in push(cloud, product("P", 6), order("A", 3))] == ["success"] * 2
    assert cloud.violations == []


def test_a_new_installation_knows_nothing_of_what_tills_sent_and_has_no_older_backup(cloud: Cloud) -> None:
    push(cloud, product("P", 5), order("A", 3))
    cloud.open_conflict("P", "price", 40000)
    cloud.reinstall()
    told(cloud)
    [lower, other] = push(cloud, product("P", 4), order("A", 1, total_amount=1))
    assert (lower["status"], other["status"], cloud.violations) == ("success", "failed", [])
    assert (told(cloud), cloud.conflicts) == ([], {})  # what it would disagree on is the menu alone
    cloud.restore(HOUR_MS)
    assert {key: kept.version for key, kept in cloud.records.items()} == {("product", "P"): 1, ("order", "A"): 1}


def test_a_copy_of_a_cloud_goes_its_own_way(cloud: Cloud) -> None:
    push(cloud, product("P"))
    for other in (copy.deepcopy(cloud), pickle.loads(pickle.dumps(cloud))):  # noqa: S301 - our own, just written
        other.change_product("P", price=40000)
        assert (price(cloud), price(other), len(cloud.webhooks), len(other.webhooks)) == (10, 40000, 0, 1)
        other.restore(HOUR_MS)
        assert (len(cloud.records), len(other.records)) == (1, 0)


def test_times_of_the_till_are_told_as_the_contract_writes_them(cloud: Cloud) -> None:
    push(cloud, product("P", updated_at=AT))
    cloud.open_conflict("P", "name", "Nasi Goreng")
    assert told(cloud)[0][1]["conflict"]["local_updated_at"] == "2026-01-27T03:00:00.000Z"


def test_what_has_no_id_of_the_till_is_known_by_headquarters_own(cloud: Cloud) -> None:
    cloud.add_category("Drinks")
    ((_, cloud_id),) = cloud.records
    renamed = {"cloud_id": cloud_id, "version": 2, "name": "Minuman", "updated_at": AT}
    (result,) = push(cloud, entry("category", renamed, "update"))
    assert (result["status"], result["local_id"], result["cloud_id"]) == ("success", None, cloud_id)
    kept = cloud.records["category", cloud_id]
    assert (kept.local_id, kept.data["name"], cloud.violations) == (None, "Minuman", [])
