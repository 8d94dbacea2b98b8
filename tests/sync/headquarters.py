"""What headquarters does, in few words: what it agreed to, what a pull brings, what it tells by webhook."""

import hashlib
import json
from typing import Any

from tests.builders import Bench, Json, accepted, product, pulled
from tests.sync.rows import decide

from outlet_sync_gui.contract.text import loads_stored, loads_value
from outlet_sync_gui.contract.webhooks import Kind as Path
from outlet_sync_gui.contract.webhooks import read_letter
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.conflicts import Conflict, Strategy
from outlet_sync_gui.store.questions import Question
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import AnswerQuestion, FieldChoice, Resolve
from outlet_sync_gui.sync.events import Event
from outlet_sync_gui.sync.exchange import Kind, Send
from outlet_sync_gui.sync.hearing import Effect

AT_4, AT_5, AT_6 = "2026-01-27T04:00:00Z", "2026-01-27T05:00:00Z", "2026-01-27T06:00:00Z"
PRODUCT = "product/P1"
CLOUD, LOCAL, NEWEST = "cloud_wins", "local_wins", "newest_wins"


def agree(bench: Bench, local_id: str = "P1", **fields: Any) -> None:
    """Both sides know the product, version 1."""
    bench.put("product", product(local_id, **fields))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    rest(bench)


def rest(bench: Bench) -> None:
    """Until nothing is due; a pull that is still owed brings nothing."""
    while isinstance(step := bench.next(), Send):
        assert step.flight.kind is Kind.PULL, step
        bench.settle(step, pulled())


def news(local_id: str = "P1", version: int = 2, at: str = AT_4, **fields: Any) -> Json:
    """A product of a pull."""
    return {"cloud_id": f"c-{local_id}", "local_id": local_id, **fields, "version": version, "updated_at": at}


def tombstone(local_id: str = "P1", at: str = AT_4, entity_type: str = "product") -> Json:
    """A deletion of a pull."""
    return {"entity_type": entity_type, "local_id": local_id, "cloud_id": f"c-{local_id}", "deleted_at": at}


def hear(bench: Bench, *products: Json, **lists: Any) -> list[Event]:
    """The next pull, which brings these."""
    step = bench.later(301).send()
    assert step.flight.kind is Kind.PULL
    return bench.settle(step, pulled(products, **lists))


def tell(bench: Bench, path: Path, body: Json, *, fixed: tuple[str, ...] = ()) -> Effect:
    """A webhook with this body."""
    digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    letter = read_letter(path, json.loads(json.dumps(body)), digest=digest, now=iso(bench.wall_ms))
    return bench.engine.hear(letter, bench.now, fixed=fixed)


def told_update(local_id: str | None = "P1", version: int = 2, at: str = AT_4, **fields: Any) -> Json:
    """An update's body."""
    named = {"cloud_id": f"c-{local_id or 'P1'}", "local_id": local_id, "entity_type": "product"}
    return {"event": "entity.updated", "timestamp": at, **named, "data": fields, "version": version}


def told_delete(local_id: str = "P1", at: str = AT_4) -> Json:
    """A deletion's body."""
    return {"event": "entity.deleted", **tombstone(local_id, at)}


def notice(field: str = "price", value: Any = 40000, *, version: int = 2, name: str = "X1", **more: Any) -> Json:
    """A conflict's body, as headquarters sees one."""
    entry = {"field": field, "cloud_value": value, "cloud_version": version, "cloud_updated_at": AT_4}
    named = {"entity_type": "product", "cloud_id": "c-P1", "local_id": "P1", "conflict_id": name}
    return {"event": "sync.conflict", "timestamp": AT_4, **named, "conflict": entry, **more}


def disputed(bench: Bench, **fields: Any) -> Conflict:
    """A product whose price is 35000 for both, then 38000 here and 40000 there."""
    agree(bench, **fields)
    bench.put("product", product(price=38000, **fields))
    hear(bench, news(price=40000))
    return conflict(bench)


def conflict(bench: Bench) -> Conflict:
    """The only open conflict."""
    (found,) = bench.store.conflicts.open()
    return found


def question(bench: Bench) -> Question:
    """The only question."""
    (found,) = bench.store.questions.open()
    return found


def sides(found: Conflict) -> dict[str, tuple[Any, Any]]:
    """What both sides say of each field: here, there."""
    values = {field.field: (field.local, field.cloud) for field in found.fields}
    return {name: (_value(local), _value(cloud)) for name, (local, cloud) in values.items()}


def choose(
    bench: Bench, strategy: str, field: str | None = None, *, value: Any = None, revision: int | None = None
) -> None:
    """A person's choice for the only open conflict."""
    text = None if value is None else json.dumps(value)
    choice = FieldChoice(field=field, strategy=Strategy(strategy), value=text)
    number = conflict(bench).conflict_id
    decide(bench, Resolve(who="Rina", conflict_id=number, choices=(choice,), revision=revision, notes="as agreed"))


def answer(bench: Bench, choice: str) -> None:
    """A person's answer to the only question."""
    decide(bench, AnswerQuestion(who="Rina", question_id=question(bench).question_id, choice=choice))


def telling(bench: Bench) -> Send:
    """The request that tells a choice, which there must be; a pull that is due brings nothing."""
    step = bench.send()
    if step.flight.kind is Kind.PULL:
        bench.settle(step, pulled())
        step = bench.send()
    assert step.flight.kind is Kind.RESOLVE, step
    return step


def known(bench: Bench, name: str = PRODUCT) -> Known:
    found = bench.store.records.named(name)
    assert found is not None, name
    return found


def here(bench: Bench, name: str = PRODUCT) -> Json:
    """What holds here of a record."""
    return loads_stored(known(bench, name).payload)


def agreed(bench: Bench, name: str = PRODUCT) -> Json:
    """What is agreed of it."""
    return loads_stored(known(bench, name).base or "{}")


def state(bench: Bench, local_id: str = "P1") -> str | None:
    """The state of its row; None: nothing of it waits."""
    return dict(bench.queued()).get(local_id)


def feed(bench: Bench, after: int = 0) -> list[Change]:
    """What the till is told, oldest first."""
    return bench.store.changes.after(after, limit=100)


def _value(text: str | None) -> Any:
    return None if text is None else loads_value(text)
