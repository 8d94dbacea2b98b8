"""A cloud that fell back, or was installed anew: nothing of it holds before a person has said what does."""

from pathlib import Path
from typing import Any

import pytest
from tests.builders import START_MS, Bench, Json, accepted, answered, body, order, product, pulled, sent
from tests.sync.headquarters import agreed, answer, choose, conflict, feed, here, known, news, question, tombstone
from tests.sync.rows import LOST, decide, operations

from outlet_sync_gui.store.questions import QuestionKind
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import AnswerQuestion
from outlet_sync_gui.sync.events import Event, Pulled
from outlet_sync_gui.sync.exchange import Kind, Send

WEEK_S = 7 * 86_400
CURSOR_MS = START_MS + 3_600_000
BACK = iso(CURSOR_MS - 1_800_000)  # the checkpoint of a cloud that fell back by half an hour


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.pull(at=iso(CURSOR_MS))
    return made


def pull(bench: Bench, *products: Json, at: str = iso(CURSOR_MS), **lists: Any) -> list[Event]:
    """The pull that is due next, and its checkpoint."""
    step = bench.later(301).send()
    assert step.flight.kind is Kind.PULL
    return bench.settle(step, pulled(products, at=at, **lists))


def push(bench: Bench) -> Send:
    """The next push; pulls that are due bring nothing new."""
    step = bench.later(3601).send()
    while step.flight.kind is Kind.PULL:
        bench.settle(step, pulled(at=iso(CURSOR_MS)))
        step = bench.send()
    return step


def settle_all(bench: Bench, **fields: Any) -> None:
    """A product that both sides agree on."""
    bench.put("product", product(**fields))
    step = push(bench)
    bench.settle(step, accepted(step.flight))


@pytest.mark.parametrize(
    ("behind_s", "asks"), [(-5, False), (0, False), (119, False), (120, False), (121, True), (86_400, True)]
)
def test_a_checkpoint_that_goes_back_more_than_the_overlap_is_asked_about(
    bench: Bench, behind_s: int, asks: bool
) -> None:
    at = iso(CURSOR_MS - behind_s * 1000)
    events = pull(bench, news("P9", name="Es Teh", price=8000), at=at, deleted=[])
    cursor = bench.store.outlet.read().cursor
    if asks:
        assert (question(bench).kind, question(bench).facts) == (
            QuestionKind.RESTORED_CLOUD,
            {"cursor": iso(CURSOR_MS), "checkpoint": at},
        )
        assert (events, bench.store.records.named("product/P9")) == ([Pulled(0)], None)
    else:
        assert (bench.store.questions.open(), events) == ([], [Pulled(1)])
    assert cursor == (iso(CURSOR_MS) if behind_s >= 0 else at)


def test_nothing_is_deleted_and_the_menu_waits_while_sales_go(bench: Bench) -> None:
    settle_all(bench)
    bench.put("product", product(price=38000))
    bench.put("order", order("A1"))
    pull(bench, at=BACK, deleted=[tombstone()])
    assert (known(bench).deleted_at, question(bench).n) == (None, 0)
    assert sent(bench.send()) == [("A1", 1)]  # and not with the menu along


def test_the_menu_waits_across_a_restart_until_it_is_answered(bench: Bench) -> None:
    settle_all(bench)
    bench.put("product", product(price=38000))
    pull(bench, at=BACK)
    before = question(bench)
    bench.restart()
    for _ in range(3):
        pull(bench, at=iso(CURSOR_MS))  # one that goes on is no answer
    assert (question(bench), bench.queued()) == (before, [("P1", "ready")])
    bench.put("order", order("A1"))
    assert sent(bench.later(1).send()) == [("A1", 1)]


def test_what_falls_back_further_is_the_same_question_with_later_facts(bench: Bench) -> None:
    pull(bench, at=BACK)
    number = question(bench).question_id
    pull(bench, at=iso(START_MS))
    assert (question(bench).question_id, question(bench).facts["checkpoint"]) == (number, iso(START_MS))


def test_what_headquarters_lost_goes_once_more(bench: Bench) -> None:
    """Accepted before the time that it fell back to: it has that."""
    bench.put("order", order("A0"))
    bench.put("product", product(price=30000))
    step = bench.push()
    bench.settle(step, answered({"success": True, "data": {"processed": 2, "success": 2, "failed": 0}}))
    bench.wall_ms = CURSOR_MS
    bench.put("order", order("A1"))
    bench.put("product", product(price=38000))
    step = push(bench)
    bench.settle(step, answered({"success": True, "data": {"processed": 2, "success": 2, "failed": 0}}))
    pull(bench, at=BACK)
    answer(bench, "push_again")
    assert (bench.store.questions.open(), {local_id for local_id, _ in bench.queued()}) == ([], {"A1", "P1"})
    step = bench.later(1).send()
    assert sent(step) == [("A1", 2)]  # a sale need not wait for what headquarters has
    bench.settle(step, accepted(step.flight))
    step = bench.send()
    assert step.request.path.endswith("since=1970-01-01T00%3A00%3A00Z")
    bench.settle(step, pulled([news(version=1, name="Nasi", price=30000, at=iso(START_MS))], at=BACK))
    assert (bench.store.outlet.read().cursor, here(bench)["price"]) == (BACK, 38000)
    step = bench.later(3601).send()
    assert (sent(step), body(step.request)["price"]) == ([("P1", 3)], 38000)


def test_what_headquarters_has_holds_here_but_for_the_outlets_stock(bench: Bench) -> None:
    settle_all(bench, stock=5)
    bench.put("product", product(price=38000, stock=4))
    step = push(bench)
    bench.settle(step, accepted(step.flight))
    pull(bench, at=BACK)
    answer(bench, "accept")
    bench.settle(bench.send(), pulled([news(version=1, name="Nasi", price=30000, stock=9, at=iso(START_MS))], at=BACK))
    assert (here(bench)["price"], here(bench)["stock"], known(bench).base_version) == (30000, 4, 1)
    assert (bench.store.outlet.read().cursor, bench.store.conflicts.open()) == (BACK, [])
    assert feed(bench)[-1].fields == {"price": {"from": 38000, "to": 30000}}


@pytest.mark.parametrize("lost", [False, True])
def test_an_unsent_edit_gives_way_too(bench: Bench, lost: bool) -> None:
    settle_all(bench, stock=5)
    bench.put("product", product(price=38000, stock=4))
    if lost:
        bench.settle(push(bench), LOST)
        bench.later(130)
    pull(bench, at=BACK)
    answer(bench, "accept")
    bench.settle(bench.send(), pulled([news(version=1, name="Nasi", price=30000, stock=9, at=iso(START_MS))], at=BACK))
    assert (bench.store.conflicts.open(), here(bench)["price"], here(bench)["stock"]) == ([], 30000, 4)
    step = push(bench)
    assert (body(step.request)["stock"], body(step.request)["price"]) == (4, 30000)


def test_what_a_person_decided_before_does_not_bind_a_cloud_that_fell_back(bench: Bench) -> None:
    settle_all(bench)
    bench.put("product", product(price=38000))
    pull(bench, news(version=5, price=40000))
    choose(bench, "cloud_wins")
    bench.settle(bench.send(), pulled(at=BACK))
    assert question(bench).kind is QuestionKind.RESTORED_CLOUD
    answer(bench, "accept")
    bench.settle(bench.send(), pulled([news(version=3, name="Nasi", price=33000, at=iso(START_MS))], at=BACK))
    assert (here(bench)["price"], bench.store.conflicts.open()) == (33000, [])


def test_what_was_disputed_or_asked_about_before_is_void(bench: Bench) -> None:
    """That cloud does not know of it any more; what still holds it says anew."""
    settle_all(bench)
    bench.put("product", product(price=38000))
    pull(bench, news(version=5, price=40000), news("P2", version=5, name="Mi", price=5000))
    pull(bench, news("P2", version=6, price=0))
    assert (list(conflict(bench).names), question(bench).kind) == (["price"], QuestionKind.ZERO_PRICE)
    pull(bench, at=BACK)
    number = next(q.question_id for q in bench.store.questions.open() if q.kind is QuestionKind.RESTORED_CLOUD)
    decide(bench, AnswerQuestion(who="Rina", question_id=number, choice="accept"))
    assert (bench.store.conflicts.open(), bench.store.questions.open()) == ([], [])
    old = [news(version=1, name="Nasi", price=30000, at=iso(START_MS)), news("P2", version=1, name="Mi", price=4000)]
    bench.settle(bench.send(), pulled(old, at=BACK))
    assert (here(bench)["price"], here(bench, "product/P2")["price"], bench.queued()) == (30000, 4000, [])


# -- once a week everything is asked for


def weekly(bench: Bench, known_here: int, came: int, *, gone: int = 0) -> None:
    """A full pull of a cloud that has `came` of the items known here."""
    pull(bench, *(news(f"P{n}", version=1, name=f"Menu {n}", price=n + 1) for n in range(known_here)))
    bench.later(WEEK_S)
    step = bench.send()
    assert "since=1970" in step.request.path
    bench.settle(
        step,
        pulled(
            [news(f"P{n}", version=1, name=f"Menu {n}", price=n + 1) for n in range(came)],
            at=iso(bench.wall_ms),
            deleted=[tombstone(f"P{known_here - 1 - n}", at=iso(bench.wall_ms)) for n in range(gone)],
        ),
    )


@pytest.mark.parametrize(
    ("known_here", "came", "asks"),
    [(30, 30, False), (30, 15, False), (30, 14, True), (30, 0, True), (20, 0, False), (21, 0, True)],
)
def test_a_full_pull_with_under_half_of_the_known_catalogue_is_asked_about(
    bench: Bench, known_here: int, came: int, asks: bool
) -> None:
    weekly(bench, known_here, came)
    facts = [(q.facts.get("known"), q.facts.get("came")) for q in bench.store.questions.open()]
    assert facts == ([(known_here, came)] if asks else [])
    assert all(known(bench, f"product/P{n}").deleted_at is None for n in range(known_here))
    if asks:
        assert bench.store.outlet.read().cursor == iso(CURSOR_MS)


def test_only_the_first_pull_and_one_a_week_ask_for_everything(bench: Bench) -> None:
    full = []
    for day in range(15):
        step = bench.later(86_400).send()
        full += [day] if "since=1970" in step.request.path else []
        bench.settle(step, pulled(at=iso(bench.wall_ms)))
    assert full == [6, 13]


def test_a_pull_that_is_not_full_proves_nothing(bench: Bench) -> None:
    pull(bench, *(news(f"P{n}", version=1, name=f"Menu {n}", price=n + 1) for n in range(30)))
    pull(bench)
    assert bench.store.questions.open() == []


def test_the_catalogue_that_an_empty_cloud_lost_goes_once_more(bench: Bench) -> None:
    for n in range(25):
        bench.put("product", product(f"P{n}", name=f"Menu {n}"))
    step = push(bench)
    each = [{"entity_type": "product", "local_id": p.local_id, "status": "success"} for p in step.flight.parcels]
    bench.settle(step, answered({"success": True, "data": {"results": each}}))
    pull(bench, news("Q1", version=1, name="Es Teh", price=5000))
    bench.later(WEEK_S)
    bench.settle(bench.send(), pulled(at=iso(bench.wall_ms)))
    answer(bench, "push_again")
    checkpoint = iso(bench.wall_ms)
    bench.settle(bench.send(), pulled(at=checkpoint))
    assert bench.store.questions.open() == []  # it was answered: the next pull of everything asks no more
    assert {local_id for local_id, _ in bench.queued()} == {"Q1", *(f"P{n}" for n in range(25))}


def test_a_cloud_that_was_installed_anew_counts_from_one_again(bench: Bench) -> None:
    settle_all(bench)
    pull(bench, news(version=7, price=40000))
    pull(bench, news(version=1, price=42000, at="2026-01-28T00:00:00Z") | {"cloud_id": "new-1"})
    assert (here(bench)["price"], known(bench).base_version, known(bench).cloud_id) == (42000, 1, "new-1")
    bench.put("product", product(price=43000))
    step = push(bench)
    assert operations(step) == [("P1", "update")]
    assert sent(step)[0][1] > 7


def test_an_edit_that_meets_a_cloud_installed_anew_is_merged_as_ever(bench: Bench) -> None:
    settle_all(bench)
    pull(bench, news(version=7, price=40000))
    bench.put("product", product(price=43000))
    pull(bench, news(version=1, name="Mi", at="2026-01-28T00:00:00Z") | {"cloud_id": "new-1"})
    assert (here(bench)["name"], here(bench)["price"], agreed(bench)["price"]) == ("Mi", 43000, 40000)
    pull(bench, news(version=2, price=45000, at="2026-01-28T01:00:00Z") | {"cloud_id": "new-1"})
    assert [field.field for field in conflict(bench).fields] == ["price"]
