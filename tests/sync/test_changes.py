"""The last metre: what of headquarters' changes the till is told, what it may write back, and how stock is counted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.builders import SETTINGS, Bench, Json, accepted, answered, body, product, pulled
from tests.sync.headquarters import (
    AT_5,
    AT_6,
    agree,
    choose,
    disputed,
    feed,
    hear,
    here,
    known,
    news,
    notice,
    tell,
    telling,
    told_delete,
    told_update,
    tombstone,
)
from tests.sync.rows import decide

from outlet_sync_gui.contract.webhooks import Kind as Letter
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import State
from outlet_sync_gui.sync.commands import Discard, TakeChanges
from outlet_sync_gui.sync.records import Unchanged


def step(before: Any, after: Any) -> Json:
    return {"from": before, "to": after}


def counted(before: int, after: int) -> Json:
    return {"from": before, "to": after, "delta": after - before}


def ack(bench: Bench, reader: str = "till", seq: int | None = None) -> None:
    """The till has applied everything, or up to `seq`."""
    with bench.store.write():
        at = bench.store.changes.last_seq() if seq is None else seq
        bench.store.changes.acknowledge(reader, at, now_ms=bench.wall_ms)


# -- what is told


def made(bench: Bench) -> None:
    hear(bench, news("P1", name="Es Teh", price=8000, stock=9))


def updated(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(price=40000))


def updated_stock(bench: Bench) -> None:
    agree(bench, stock=50)
    tell(bench, Letter.UPDATE, told_update(stock=60, price=35000))


def merged(bench: Bench) -> None:
    agree(bench, stock=50)
    bench.put("product", product(name="Nasi Uduk", stock=47))
    hear(bench, news(price=40000, stock=60, name="Nasi"))


def deleted(bench: Bench) -> None:
    agree(bench)
    tell(bench, Letter.DELETE, told_delete())


def revived(bench: Bench) -> None:
    deleted(bench)
    hear(bench, news(version=5, name="Nasi", price=1000, at=AT_5))


def first_contact(bench: Bench) -> None:
    bench.put("product", product(stock=12))
    hear(bench, news(version=4, price=40000, stock=99))


def cloud_wins(bench: Bench) -> None:
    disputed(bench)
    choose(bench, "cloud_wins")


def local_wins(bench: Bench) -> None:
    disputed(bench)
    choose(bench, "local_wins")


def own_value(bench: Bench) -> None:
    disputed(bench)
    choose(bench, "local_wins", "price", value=39000)


def discarded(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    decide(bench, Discard(who="Rina", names=("product/P1",), reason="a slip"))


def applied(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    tell(bench, Letter.CONFLICT, notice())
    choose(bench, "cloud_wins")
    data = {"resolved": True, "applied_value": 41000, "new_version": 4}
    bench.settle(telling(bench), answered({"success": True, "data": data}))


TOLD: list[tuple[Callable[[Bench], None], list[tuple[str, Json]]]] = [
    (made, [("create", {"name": step(None, "Es Teh"), "price": step(None, 8000), "stock": step(None, 9)})]),
    (updated, [("update", {"price": step(35000, 40000)})]),
    (updated_stock, [("update", {"stock": counted(50, 60)})]),
    (merged, [("update", {"price": step(35000, 40000), "stock": counted(47, 57)})]),
    (deleted, [("delete", {})]),
    (revived, [("delete", {}), ("create", {"name": step(None, "Nasi"), "price": step(None, 1000)})]),
    (first_contact, [("update", {"price": step(35000, 40000)})]),
    (cloud_wins, [("update", {"price": step(38000, 40000)})]),
    (local_wins, []),
    (own_value, [("update", {"price": step(38000, 39000)})]),
    (discarded, [("update", {"price": step(38000, 35000)})]),
    (applied, [("update", {"price": step(38000, 40000)}), ("update", {"price": step(40000, 41000)})]),
]


@pytest.mark.parametrize(("happens", "told"), TOLD)
def test_the_till_is_told_what_is_other_than_it_has(
    bench: Bench, happens: Callable[[Bench], None], told: list[tuple[str, Json]]
) -> None:
    happens(bench)
    assert [(change.action, change.fields) for change in feed(bench)] == told
    assert bench.store.changes.feed().untaken == len(told)
    for change in feed(bench):
        assert (change.entity_type, change.local_id, change.taken_at) == ("product", "P1", None)


@pytest.mark.parametrize(("happens", "told"), [each for each in TOLD if each[0] is not deleted])
def test_what_the_till_writes_back_is_no_edit(bench: Bench, happens: Callable[[Bench], None], told: Any) -> None:
    happens(bench)
    before = bench.queued()
    ack(bench)
    assert bench.put("product", here(bench)) == Unchanged()
    assert (bench.queued(), bench.store.conflicts.open()) == (before, [])


@pytest.mark.parametrize(("happens", "told"), [each for each in TOLD if each[0] is not local_wins])
def test_news_that_is_told_again_stands_in_the_feed_once(
    bench: Bench, happens: Callable[[Bench], None], told: Any
) -> None:
    happens(bench)
    before = feed(bench)
    content = {name: value for name, value in here(bench).items() if name not in ("local_id", "updated_at")}
    for _ in range(2):
        if happens is deleted:
            tell(bench, Letter.DELETE, told_delete() | {"again": bench.at_s})
        else:
            again = told_update(version=known(bench).base_version, at=AT_6, **content)
            tell(bench, Letter.UPDATE, again | {"again": bench.at_s})
        bench.later(1)
    assert feed(bench) == before


def test_a_change_tells_why_and_its_version(bench: Bench) -> None:
    agree(bench)
    tell(bench, Letter.UPDATE, told_update(version=7, price=40000) | {"reason": "Lebaran"})
    (change,) = feed(bench)
    assert (change.reason, change.version, change.at, change.name) == ("Lebaran", 7, bench.wall_ms, "Nasi")


def test_a_till_that_lags_does_not_undo_what_it_has_not_heard_of(bench: Bench) -> None:
    agree(bench, stock=50)
    hear(bench, news(price=40000))
    bench.put("product", product(stock=50, name="Nasi Uduk"))  # still with the old price
    assert body(bench.push().request)["price"] == 40000


def test_a_till_that_goes_back_on_purpose_does(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(price=40000))
    ack(bench)
    bench.put("product", product(price=40000))
    bench.put("product", product(price=35000))
    assert body(bench.push().request)["price"] == 35000


# -- stock: the till's count, and what it has not heard of


def restocked(bench: Bench) -> None:
    """50 here; headquarters adds 10, then takes 3."""
    agree(bench, stock=50)
    hear(bench, news(stock=60))
    hear(bench, news(version=3, stock=57, at=AT_5))
    assert [change.fields["stock"]["delta"] for change in feed(bench)] == [10, -3]


@pytest.mark.parametrize(
    ("acked", "seen", "said", "holds"),
    [
        (0, None, 48, 55),  # nothing heard, two sold
        (1, None, 58, 55),  # it has added the ten
        (2, None, 55, 55),
        (0, 0, 48, 55),
        (0, 1, 58, 55),  # not acknowledged yet, but the record says how far its count goes
        (0, 2, 55, 55),
        (2, 0, 48, 55),  # counted before it heard, handed over after
        (2, 1, 58, 55),
    ],
)
def test_a_count_of_the_till_is_its_own_plus_what_it_has_not_added(
    bench: Bench, acked: int, seen: int | None, said: int, holds: int
) -> None:
    restocked(bench)
    first = feed(bench)[0].seq
    if acked:
        ack(bench, seq=first + acked - 1)
    bench.put("product", product(stock=said) | ({} if seen is None else {"seen_change": first + seen - 1}))
    assert here(bench)["stock"] == holds
    sent = body(bench.push().request)
    assert (sent["stock"], "seen_change" in sent) == (holds, False)


def test_a_record_that_says_no_other_stock_counts_nothing(bench: Bench) -> None:
    restocked(bench)
    bench.put("product", product(stock=50, name="Nasi Uduk"))
    assert here(bench)["stock"] == 57


def test_what_a_person_ticked_off_counts_as_added(bench: Bench) -> None:
    restocked(bench)
    decide(bench, TakeChanges(who="Rina"))
    bench.put("product", product(stock=55))
    assert here(bench)["stock"] == 55


def test_two_counts_in_a_row_are_each_absolute(bench: Bench) -> None:
    restocked(bench)
    for said, holds in ((48, 55), (47, 54), (50, 57)):
        bench.put("product", product(stock=said))
        assert here(bench)["stock"] == holds
    assert bench.put("product", product(stock=50)) == Unchanged()


# -- taken


def test_changes_are_ticked_off_one_by_one_or_all(bench: Bench) -> None:
    restocked(bench)
    first, second = (change.seq for change in feed(bench))
    decide(bench, TakeChanges(who="Rina", seqs=(first,)))
    (left,) = bench.store.changes.untaken(limit=10)
    assert (left.seq, feed(bench)[0].taken_by) == (second, "Rina")
    with pytest.raises(InputRefused, match="change_unknown"):
        decide(bench, TakeChanges(who="Rina", seqs=(first,)))
    decide(bench, TakeChanges(who="Rina"))
    assert (bench.store.changes.untaken(limit=10), bench.engine.status(bench.now).untaken) == ([], 0)


@pytest.mark.parametrize(
    ("has_reader", "pos_url", "waits_s", "is_late"),
    [
        (True, "", 599, False),
        (True, "", 601, True),
        (False, "", 90_000, False),  # staff tick them off
        (False, "http://127.0.0.1:1", 599, False),
        (False, "http://127.0.0.1:1", 601, True),
    ],
)
def test_a_till_that_does_not_read_for_ten_minutes_while_changes_wait_needs_a_person(
    tmp_path: Path, has_reader: bool, pos_url: str, waits_s: int, is_late: bool
) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"pos_url": pos_url, "pull_interval_s": 86_400}))
    bench.pull()
    agree(bench)
    if has_reader:
        ack(bench)
    bench.later(3600)
    tell(bench, Letter.UPDATE, told_update(price=40000))
    bench.later(waits_s)
    status = bench.engine.status(bench.now)
    assert (status.is_untaken_late, status.untaken, status.state is State.ATTENTION) == (is_late, 1, is_late)
    ack(bench)
    assert bench.engine.status(bench.now).is_untaken_late is False


def test_a_reader_that_reads_some_is_not_late(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.pull()
    restocked(bench)
    bench.later(3600)
    ack(bench, seq=feed(bench)[0].seq)
    assert bench.engine.status(bench.later(599).now).is_untaken_late is False
    assert bench.engine.status(bench.later(2).now).is_untaken_late is True


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_deletion_of_ours_tells_the_till_nothing(bench: Bench, is_sent: bool) -> None:
    agree(bench)
    bench.put("product", product(), "delete")
    if is_sent:
        out = bench.push()
        bench.settle(out, accepted(out.flight))
    bench.settle(bench.later(301).send(), pulled(deleted=[tombstone(at=AT_5)]))
    assert feed(bench) == []
