"""What a second reading of the merge found, each as a row of its own: restored clouds, twins, prices of nothing."""

from collections.abc import Callable
from pathlib import Path as Folder

import pytest
from tests.builders import SETTINGS, START_MS, Bench, Json, accepted, answered, body, order, product, pulled
from tests.sync.headquarters import (
    AT_4,
    AT_5,
    AT_6,
    CLOUD,
    LOCAL,
    agree,
    answer,
    choose,
    conflict,
    feed,
    hear,
    here,
    known,
    news,
    notice,
    question,
    rest,
    sides,
    state,
    tell,
    telling,
    told_update,
    tombstone,
)
from tests.sync.rows import decide
from tests.sync.test_found_by_reading import BEFORE, nameless, take_all

from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.contract.webhooks import Kind as Path
from outlet_sync_gui.simulator.judge import check_record
from outlet_sync_gui.store.conflicts import Disagreement, Source
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import Edit, Retry
from outlet_sync_gui.sync.exchange import Kind, Send


@pytest.fixture
def bench(tmp_path: Folder) -> Bench:
    return Bench(tmp_path)


def hour(n: float) -> str:
    """So many hours after the start."""
    return iso(START_MS + int(n * 3_600_000))


def hear_at(bench: Bench, hours: float, *products: Json) -> None:
    """The next pull brings these, with headquarters' time then."""
    bench.settle(bench.later(301).send(), pulled(products, at=hour(hours)))


def gone_nameless(at: str = AT_4) -> Json:
    """A deletion of what has no id of the POS."""
    gone = tombstone(at=at)
    del gone["local_id"]
    return gone


def twin(bench: Bench) -> Known:
    """What headquarters has under its own id."""
    found = bench.store.records.find_cloud("product", "c-P1")
    assert found is not None
    return found


def applied(bench: Bench, held: Json) -> Json:
    """The till's product after it has taken all of the feed, as `docs/integration.md` says."""
    for change in feed(bench):
        if change.action == "delete":
            held = {}
        elif change.local_id == "P1":
            for name, step in change.fields.items():
                held[name] = held[name] + step["delta"] if "delta" in step and name in held else step["to"]
    return held


# -- a cloud that fell back


def test_what_was_lost_goes_however_long_the_question_is_open(bench: Bench) -> None:
    bench.put("order", order("A1"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    rest(bench)
    bench.wall_ms += 4 * 3_600_000
    for hours in (5, -1, 4):  # it fell back, and goes on; nobody has answered yet
        hear_at(bench, hours)
    answer(bench, "push_again")
    assert state(bench, "A1") == "ready"


def test_sales_go_though_half_of_the_menu_is_missed_too(bench: Bench) -> None:
    for n in range(30):
        bench.put("product", product(f"P{n}"))
    bench.put("order", order("A1"))
    bench.later(3700)
    while isinstance(step := bench.next(), Send):
        bench.settle(step, pulled(at=hour(5)) if step.flight.kind is Kind.PULL else accepted(step.flight))
    bench.wall_ms += 4 * 3_600_000
    hear_at(bench, -1)
    bench.later(8 * 86_400)  # a full pull is due
    hear_at(bench, 180, news("P1", price=35000, name="Nasi"))
    answer(bench, "push_again")
    assert ("A1", "ready") in bench.queued()


def test_a_second_fall_before_all_was_heard_loses_nothing(bench: Bench) -> None:
    bench.wall_ms += 4 * 3_600_000
    hear_at(bench, 5, news(version=1, at=hour(3), name="Soto", price=1000))
    rest(bench)
    hear_at(bench, 2)
    answer(bench, "accept")
    bench.settle(bench.send(), pulled(at=hour(1)))
    answer(bench, "push_again")
    assert state(bench) == "ready"


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_has_no_id_of_the_till_goes_too(bench: Bench, *, is_deleted: bool) -> None:
    bench.wall_ms += 4 * 3_600_000
    hear_at(bench, 1, nameless(version=1, at=hour(-2), name="Soto", price=1000))
    if is_deleted:
        bench.settle(bench.later(301).send(), pulled(deleted=[gone_nameless(hour(3))], at=hour(5)))
    else:
        hear_at(bench, 5, nameless(version=2, at=hour(3), name="Soto", price=2000))
    hear_at(bench, 0)
    answer(bench, "push_again")
    assert twin(bench).is_queued


# -- a price of nothing, beside a deletion


def test_what_was_made_anew_for_nothing_beside_an_edit_is_held_by_nothing_once_answered(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone(at=AT_4)])
    hear(bench, news(version=3, at=AT_5, name="Nasi", price=0))
    bench.put("product", product(price=38000))
    answer(bench, "approve")
    bench.later(3700)
    while isinstance(step := bench.next(), Send):
        bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
    assert (bench.queued(), bench.store.questions.open()) == ([], [])


@pytest.mark.parametrize("strategy", [CLOUD, LOCAL])
def test_a_disputed_deletion_that_headquarters_takes_back_for_nothing_is_asked_once(
    bench: Bench, strategy: str
) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    hear(bench, deleted=[tombstone(at=AT_4)])
    hear(bench, news(version=3, at=AT_5, name="Nasi", price=0))
    if bench.store.conflicts.open():
        choose(bench, strategy)
    assert all(asked.n for asked in bench.store.questions.open())
    assert here(bench)["price"] != 0


def test_a_policy_gives_nothing_away_by_way_of_a_deletion(tmp_path: Folder) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"conflict_policy": "cloud_wins"}))
    agree(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    hear(bench, news(price=0))
    bench.next()
    assert here(bench).get("price") != 0


# -- twins


def united(bench: Bench) -> None:
    """The till's own product, whose answer names headquarters' id."""
    bench.put("product", product())
    step = bench.push()
    bench.settle(step, answered({"success": True, "data": {"cloud_id": "c-P1", "local_id": "P1"}}))


def test_an_edit_of_what_is_united_with_a_deleted_twin_is_one(bench: Bench) -> None:
    hear(bench, nameless(version=1, name="Soto", price=1000))
    hear(bench, deleted=[gone_nameless()])
    take_all(bench)
    united(bench)
    rest(bench)
    bench.put("product", product(price=36000))
    assert here(bench)["price"] == 36000


def test_a_late_deletion_of_the_twins_former_life_hits_nothing(bench: Bench) -> None:
    hear(bench, nameless(version=1, at=BEFORE, name="Soto", price=1000))
    hear(bench, deleted=[gone_nameless()])
    hear(bench, nameless(version=3, at=AT_5, name="Soto", price=1000))
    united(bench)
    tell(bench, Path.DELETE, {"event": "entity.deleted", **gone_nameless()})
    assert known(bench).deleted_at is None


def test_what_was_chosen_of_a_twin_holds_of_both(bench: Bench) -> None:
    hear(bench, nameless(version=5, name="Soto", price=1000))
    told = notice("name", "Mie", version=5)
    del told["local_id"]
    tell(bench, Path.CONFLICT, told)
    choose(bench, LOCAL, "name", value="Bakso")
    bench.put("product", product())
    tell(bench, Path.UPDATE, told_update(version=5, name="Mie", price=1000))
    assert here(bench)["name"] == "Bakso"


def test_a_till_that_takes_the_feed_of_a_deleted_twin_keeps_what_it_has(bench: Bench) -> None:
    hear(bench, nameless(version=1, name="Soto", price=1000))
    hear(bench, deleted=[gone_nameless(AT_5)])
    bench.put("product", product(stock=5, icon="x"))
    hear(bench, news(version=3, at=AT_6, name="Soto", price=2000))
    held = applied(bench, {"name": "Nasi", "price": 35000, "stock": 5, "icon": "x"})
    assert held == {name: value for name, value in here(bench).items() if name not in ("local_id", "updated_at")}


def test_a_question_about_a_twin_goes_on_about_both(bench: Bench) -> None:
    hear(bench, nameless(version=1, name="Soto", price=1000))
    hear(bench, nameless(version=2, at=AT_5, name="Soto", price=0))
    assert question(bench).n == 1
    bench.put("product", product())
    step = bench.push()
    told = told_update(version=3, at=AT_6, name="Mie")
    del told["cloud_id"]
    tell(bench, Path.UPDATE, told)
    bench.settle(step, answered({"success": True, "data": {"cloud_id": "c-P1", "local_id": "P1"}}))
    assert all(asked.n for asked in bench.store.questions.open())


def test_a_late_word_under_a_former_id_makes_no_second_one(bench: Bench) -> None:
    agree(bench)
    hear(bench, {**news(version=1, at=AT_5, name="Soto", price=1000), "cloud_id": "c-new"})
    late = told_update(version=4, name="Nasi", price=2000)
    del late["local_id"]
    tell(bench, Path.UPDATE, late)
    assert bench.store.records.find_cloud("product", "c-P1") is None
    assert {change.local_id for change in feed(bench)} == {"P1"}


def test_a_record_without_an_id_of_the_till_can_be_edited(bench: Bench) -> None:
    hear(bench, nameless(version=1, name="Soto", price=1000))
    name = str(twin(bench).record_id)
    decide(bench, Retry(who="Rina", names=(name,)))
    decide(bench, Edit(who="Rina", name=name, content=b'{"name": "Soto", "price": 2000}'))
    assert loads_stored(twin(bench).payload)["price"] == 2000


# -- the snapshot


def test_a_snapshot_has_nothing_that_the_till_deleted(bench: Bench) -> None:
    agree(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    assert bench.store.changes.snapshot("product", after=0, limit=10) == []


# -- by hand


@pytest.mark.parametrize("strategy", ["cloud_wins", "local_wins"])
def test_a_notice_of_a_field_that_is_named_like_the_deletion_asks_nobody(bench: Bench, strategy: str) -> None:
    agree(bench)
    tell(bench, Path.CONFLICT, notice("deleted", value=True, version=4))
    assert (bench.store.conflicts.open(), known(bench).deleted_at) == ([], None)
    assert body(telling(bench).request)["strategy"] == "cloud_wins"  # as all that is none here
    tell(bench, Path.CONFLICT, {**notice(name="X2"), "reason": "again"})
    choose(bench, strategy)


def test_a_field_of_its_own_that_is_named_like_the_deletion_is_headquarters(bench: Bench) -> None:
    agree(bench, deleted=False)
    bench.put("product", product(price=38000, deleted=None))
    hear(bench, news(deleted=True, price=40000))
    assert sides(conflict(bench)) == {"price": (38000, 40000)}
    choose(bench, "cloud_wins")
    assert (here(bench)["deleted"], here(bench)["price"], known(bench).deleted_at) == (True, 40000, None)


def test_what_was_left_of_such_a_conflict_ends_too(bench: Bench) -> None:
    agree(bench)
    with bench.store.write():
        number = bench.store.conflicts.start(
            record_id=known(bench).record_id,
            entity_type="product",
            local_id="P1",
            cloud_id="c-P1",
            source=Source.WEBHOOK,
            now_ms=bench.wall_ms,
        )
        bench.store.conflicts.put(number, Disagreement(field="deleted", cloud="true"))
    choose(bench, "cloud_wins")
    assert (bench.store.conflicts.open(), known(bench).deleted_at) == ([], None)


def made_there(bench: Bench) -> None:
    hear(bench, *(news(f"P{n}", version=1, name="Baru", price=9500) for n in range(1, 13)))


def refused_price(bench: Bench) -> None:
    tell(bench, Path.UPDATE, told_update(version=2, at=AT_5, price=0))
    answer(bench, "refuse")


def refused_deletions(bench: Bench) -> None:
    hear(bench, deleted=[tombstone(f"P{n}", at=AT_5) for n in range(1, 13)])
    answer(bench, "refuse")


def chosen(bench: Bench) -> None:
    tell(bench, Path.CONFLICT, notice("name", "Lain"))
    choose(bench, "local_wins")
    bench.settle(telling(bench), answered({"success": True, "data": {"resolved": True}}))


@pytest.mark.parametrize("insist", [refused_price, refused_deletions, chosen])
def test_what_headquarters_made_and_a_person_insists_on_leaves_whole(
    bench: Bench, insist: Callable[[Bench], None]
) -> None:
    made_there(bench)
    insist(bench)
    step = bench.push()
    told = body(step.request)
    for item in [each["data"] for each in told["items"]] if "items" in told else [told]:
        assert check_record("product", "update", item, is_strict=True) is None
    bench.settle(step, accepted(step.flight))
    assert (bench.queued(), here(bench).get("updated_at")) == ([], None)


def test_a_change_that_cannot_be_read_is_no_sign_of_a_restored_cloud(bench: Bench) -> None:
    hear(bench, *(news(f"P{n}", version=1, name="Baru", price=9500) for n in range(30)))
    bench.later(8 * 86_400)
    hear(bench, *(news(f"P{n}", version=2, at=AT_5, name="Baru", price="9,5") for n in range(30)))
    assert bench.store.questions.open() == []
