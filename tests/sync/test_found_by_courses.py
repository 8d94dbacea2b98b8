"""What seeded courses of events brought to light (`tests/faults/test_simulation.py`), each as a row of its own."""

import json
from collections.abc import Callable
from pathlib import Path as Folder

import pytest
from tests.builders import SETTINGS, START_MS, Bench, Json, accepted, answered, body, order, product, pulled, refused
from tests.sync.headquarters import (
    AT_4,
    AT_5,
    AT_6,
    PRODUCT,
    agree,
    agreed,
    answer,
    choose,
    conflict,
    disputed,
    feed,
    hear,
    here,
    known,
    news,
    notice,
    rest,
    sides,
    state,
    tell,
    telling,
    told_delete,
    told_update,
    tombstone,
)
from tests.sync.rows import decide

from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.contract.webhooks import Kind as Path
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.sync.commands import Discard, Edit, Retry
from outlet_sync_gui.sync.exchange import Lost
from outlet_sync_gui.sync.records import Changed, Unchanged
from outlet_sync_gui.sync.till import acknowledge

YEAR_MS = 31_536_000_000


@pytest.fixture
def bench(tmp_path: Folder) -> Bench:
    return Bench(tmp_path)


def take(bench: Bench, n: int) -> int:
    """The till takes the first `n` changes of the feed; up to where it got."""
    seq = feed(bench)[n - 1].seq
    with bench.store.write():
        bench.store.changes.acknowledge("pos", seq, now_ms=bench.wall_ms)
    return seq


# -- what the till hands over while it is behind the feed


@pytest.mark.parametrize("says_seen", [False, True])
def test_what_a_till_took_in_part_is_no_edit_when_it_hands_it_over(bench: Bench, *, says_seen: bool) -> None:
    agree(bench)
    hear(bench, news(price=36000))
    hear(bench, news(version=3, at=AT_5, price=37000))
    seen: Json = {"seen_change": feed(bench)[0].seq} if says_seen else {}
    if not says_seen:
        take(bench, 1)
    assert isinstance(bench.put("product", product(price=36000, **seen)), Unchanged)
    assert here(bench)["price"] == 37000
    assert state(bench) is None


def test_nor_is_what_headquarters_named_after_it_made_it(bench: Bench) -> None:
    hear(bench, news(version=1, price=2000))
    hear(bench, news(version=2, at=AT_5, price=2000, name="Nasi"))
    bench.put("product", product(name="Mie", price=2000, seen_change=0))  # its own, before it heard of that
    hear(bench, news(version=3, at=AT_6, name="Soto"))
    outcome = bench.put("product", product(name="Nasi", price=2000, seen_change=feed(bench)[1].seq))
    assert isinstance(outcome, Unchanged)
    assert here(bench)["name"] == "Soto"


def test_its_own_edit_in_the_same_word_still_is_one(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(price=36000))
    hear(bench, news(version=3, at=AT_5, price=37000))
    take(bench, 1)
    assert isinstance(bench.put("product", product(price=36000, name="Nasi Uduk")), Changed)
    assert (here(bench)["price"], here(bench)["name"]) == (37000, "Nasi Uduk")


def test_an_edit_back_to_the_price_before_is_one_once_the_new_price_was_taken(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(price=36000))
    take(bench, 1)
    assert isinstance(bench.put("product", product(price=35000)), Changed)
    assert here(bench)["price"] == 35000


def test_a_count_that_comes_back_to_what_was_said_last_counts_once_the_delivery_was_taken(bench: Bench) -> None:
    agree(bench, stock=5)
    hear(bench, news(stock=6))
    take(bench, 1)
    assert isinstance(bench.put("product", product(stock=5)), Changed)  # one came, one was sold
    assert here(bench)["stock"] == 5


def test_of_a_product_that_headquarters_made_a_part_of_the_feed_is_no_edit(bench: Bench) -> None:
    hear(bench, news(version=1, name="Nasi", price=35000, stock=25))
    hear(bench, news(version=2, at=AT_5, stock=7))
    take(bench, 1)
    assert isinstance(bench.put("product", product(stock=25)), Unchanged)
    assert here(bench)["stock"] == 7


def test_a_tills_first_word_adds_what_it_has_not_heard_of(bench: Bench) -> None:
    hear(bench, news(version=1, name="Nasi", price=35000, stock=25))
    hear(bench, news(version=2, at=AT_5, stock=27))
    bench.put("product", product(stock=9))
    assert here(bench)["stock"] == 11


def test_a_later_change_that_was_ticked_off_first_takes_nothing_from_an_earlier_one(bench: Bench) -> None:
    agree(bench, stock=5)
    hear(bench, news(stock=15))
    hear(bench, news(version=3, at=AT_5, price=36000))
    with bench.store.write():
        bench.store.changes.take([feed(bench)[1].seq], who="Rina", now_ms=bench.wall_ms)
    bench.put("product", product(price=36000, stock=4))
    bench.put("product", product(price=36000, stock=3))
    assert (here(bench)["stock"], here(bench)["price"]) == (13, 36000)


# -- deletions that the till has not heard of


@pytest.mark.parametrize("said", [{}, {"stock": 4}, {"updated_at": AT_6}])
def test_a_till_that_sells_on_unawares_brings_nothing_back(bench: Bench, said: Json) -> None:
    agree(bench, stock=5)
    hear(bench, deleted=[tombstone()])
    assert isinstance(bench.put("product", product(**{"stock": 5, **said})), Unchanged)
    assert known(bench).deleted_at is not None
    assert state(bench) is None


@pytest.mark.parametrize(("strategy", "lives"), [("cloud_wins", False), ("local_wins", True)])
def test_an_edit_of_what_headquarters_deleted_is_for_a_person_to_judge(
    bench: Bench, strategy: str, *, lives: bool
) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    bench.put("product", product(price=38000))
    assert sides(conflict(bench)) == {"deleted": (False, True)}
    assert state(bench) == "held"
    choose(bench, strategy)
    assert (known(bench).deleted_at is None) is lives
    assert (state(bench) is not None) is lives


def test_a_till_that_took_the_deletion_makes_it_anew(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    take(bench, 1)
    assert isinstance(bench.put("product", product()), Changed)
    assert known(bench).deleted_at is None
    assert not bench.store.conflicts.count()


def test_a_record_of_its_own_is_no_record_that_headquarters_made_and_deleted(bench: Bench) -> None:
    hear(bench, news(version=1, name="Soto", price=1000))
    hear(bench, deleted=[tombstone(at=AT_5)])
    assert isinstance(bench.put("product", product()), Changed)
    assert here(bench)["name"] == "Nasi"


def test_news_of_its_former_life_is_old(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone(at=AT_5)])
    take(bench, 1)
    bench.put("product", product(price=38000))
    tell(bench, Path.UPDATE, told_update(version=2, at=AT_4, price=1000))
    assert here(bench)["price"] == 38000
    assert known(bench).operation == "create"


def test_a_clock_that_runs_ahead_hides_nothing_that_headquarters_makes_anew(bench: Bench) -> None:
    agree(bench)
    bench.wall_ms = START_MS + YEAR_MS
    bench.put("product", product(), "delete")
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.wall_ms = START_MS
    hear(bench, news(version=3, at=AT_5, name="Nasi", price=1000))
    assert known(bench).deleted_at is None
    assert here(bench)["price"] == 1000


# -- what a person does


def test_sending_again_what_headquarters_deleted_tells_that_it_is_gone(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    step = bench.push()
    (item,) = body(step.request)["items"]
    assert (item["operation"], item["data"]["cloud_id"], item["data"]["deleted_at"]) == ("delete", "c-P1", AT_4)
    bench.settle(step, accepted(step.flight))
    assert known(bench).deleted_at is not None
    assert state(bench) is None


def test_a_persons_edit_of_the_menu_reaches_the_till(bench: Bench) -> None:
    bench.put("product", product())
    decide(bench, Edit(who="Rina", name=PRODUCT, content=b'{"local_id": "P1", "name": "Nasi", "price": 40000}'))
    (change,) = feed(bench)
    assert dict(change.fields) == {"price": {"from": 35000, "to": 40000}}


def test_what_is_not_sent_keeps_its_id_and_its_time(bench: Bench) -> None:
    bench.put("product", product(price=1000))
    hear(bench, news(version=1, name="Soto", price=2000))  # first contact: agreed is what headquarters named
    bench.put("product", product(price=3000))
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    assert here(bench)["local_id"] == "P1"
    bench.put("product", product(price=4000))
    assert body(bench.push().request)["local_id"] == "P1"


def test_a_record_without_an_id_of_the_tills_goes_under_headquarters_own(bench: Bench) -> None:
    category = {"cloud_id": "c-9", "name": "Minuman", "version": 1, "updated_at": AT_4}
    step = bench.send()
    bench.settle(step, pulled(categories=[category]))
    record = bench.store.records.find_cloud("category", "c-9")
    assert record is not None
    decide(bench, Retry(who="Rina", names=(str(record.record_id),)))
    (item,) = body(bench.push().request)["items"]
    assert item["data"]["cloud_id"] == "c-9"


def test_no_green_before_headquarters_has_heard_of_a_choice(bench: Bench) -> None:
    disputed(bench)
    tell(bench, Path.CONFLICT, notice())
    choose(bench, "cloud_wins")
    assert not bench.queued()
    assert bench.engine.status(bench.now).state is State.SYNCING
    step = telling(bench)
    bench.settle(step, answered({"success": True, "data": {"resolved": True}}))
    rest(bench)
    assert bench.engine.status(bench.now).state is State.IDLE


# -- found later


def test_all_that_a_till_says_before_it_hears_of_a_deletion_is_told_again_behind_it(bench: Bench) -> None:
    agree(bench, stock=5)
    hear(bench, deleted=[tombstone()])
    bench.put("product", product(price=38000, stock=5))
    bench.put("product", product(price=38000, stock=3))
    assert [(change.action, change.fields.get("stock")) for change in feed(bench)] == [
        ("delete", None),
        ("create", {"from": None, "to": 5}),
        ("update", {"from": 5, "to": 3, "delta": -2}),
    ]


def test_the_deletion_stays_disputed_whatever_the_till_says_next(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    bench.put("product", product(price=38000))
    bench.put("product", product(price=39000))
    hear(bench, deleted=[tombstone()])
    assert sides(conflict(bench)) == {"deleted": (False, True)}
    assert state(bench) == "held"


def test_what_is_made_anew_stays_a_creation_until_it_is_accepted(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    take(bench, 1)
    bench.put("product", product(price=38000))
    step = bench.push()
    bench.settle(step, refused("poison"))
    bench.put("product", product(price=39000))
    assert known(bench).operation == "create"
    bench.settle(bench.push(), refused("poison"))
    decide(bench, Edit(who="Rina", name=PRODUCT, content=b'{"local_id": "P1", "name": "Nasi", "price": 40000}'))
    assert known(bench).operation == "create"


def test_a_retry_of_what_is_asked_about_waits_for_the_answer(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(price=0))
    decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    assert state(bench) == "held"


def test_news_frees_what_was_refused_because_of_it(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(stock=5))
    bench.settle(bench.push(), refused("Product already exists with different data"))
    hear(bench, news(version=2, price=36000))
    bench.settle(bench.push(), refused("Product already exists with different data"))  # it was faster once more
    assert state(bench) == "dead"
    hear(bench, news(version=4, at=AT_5, price=37000))
    assert state(bench) == "ready"
    (parcel,) = bench.push().flight.parcels
    assert parcel.version > 4


def test_of_a_field_that_is_asked_once_more_the_news_counts(bench: Bench) -> None:
    disputed(bench)
    tell(bench, Path.CONFLICT, notice())
    choose(bench, "local_wins", value=39000)
    tell(bench, Path.UPDATE, told_update(version=3, at=AT_5, price=41000))
    assert sides(conflict(bench)) == {"price": (39000, 41000)}
    bench.settle(telling(bench), answered({"success": True, "data": {"resolved": True, "new_version": 4}}))
    hear(bench, news(version=4, at=AT_6, price=38000))
    assert sides(conflict(bench)) == {"price": (39000, 38000)}


@pytest.mark.parametrize("strategy", ["local_wins", "newest_wins"])
def test_nothing_is_insisted_on_where_there_is_nothing(bench: Bench, strategy: str) -> None:
    agree(bench)
    tell(bench, Path.CONFLICT, notice("stock", 28))
    with pytest.raises(InputRefused, match="choice_unknown"):
        choose(bench, strategy)
    choose(bench, "local_wins", "stock", value=7)
    assert here(bench)["stock"] == 7


def test_a_choice_is_made_true_over_what_may_have_arrived(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    lost = bench.push()
    assert [parcel.version for parcel in lost.flight.parcels] == [2]
    bench.settle(lost, Lost(Trouble(code="N-CLOUD")))
    tell(bench, Path.CONFLICT, notice(version=1, value=35000))  # as it was before that arrived
    choose(bench, "cloud_wins")
    assert here(bench)["price"] == 35000
    hear(bench, news(version=2, price=38000))  # our own, back from there
    assert here(bench)["price"] == 35000
    bench.settle(telling(bench), answered({"success": True, "data": {"resolved": True}}))
    (parcel,) = bench.push().flight.parcels
    assert parcel.version == 3


def test_a_later_deletion_makes_old_what_was_said_before_it(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone(at=AT_4)])
    hear(bench, deleted=[tombstone(at=AT_6)])  # it had come back meanwhile, unheard
    tell(bench, Path.UPDATE, told_update(version=3, at=AT_5, name="Nasi", price=1000))
    assert known(bench).deleted_at == AT_6


def test_a_deletion_that_headquarters_knew_nothing_of_hides_nothing_that_it_makes(bench: Bench) -> None:
    bench.put("product", product())
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    bench.put("product", product(), "delete")
    bench.settle(bench.push(), refused("Product not found", 404))
    assert known(bench).deleted_at is not None
    hear(bench, news(version=1, at=AT_5, name="Soto", price=1000))
    assert here(bench)["name"] == "Soto"


def test_a_deletion_that_is_asked_about_is_so_after_a_start(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(), "delete")
    tell(bench, Path.CONFLICT, notice(version=1, value=35000))
    bench.restart()
    choose(bench, "cloud_wins")
    assert here(bench)["price"] == 35000


def test_the_menu_waits_for_what_lies_between(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(stock=5))
    bench.put("order", order())
    hear(bench)
    tell(bench, Path.UPDATE, told_update(version=4, name="Soto"))
    step = bench.send()  # a sale that is due does not wait for a second pull
    assert [parcel.local_id for parcel in step.flight.parcels] == ["A1"]


def test_what_comes_back_as_headquarters_value_is_no_choice_where_it_is_our_own(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))  # it had arrived
    tell(bench, Path.CONFLICT, notice(version=1, value=35000))
    choose(bench, "cloud_wins")
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 38000, "new_version": 2}}))
    assert here(bench)["price"] == 35000
    (parcel,) = bench.push().flight.parcels
    assert (parcel.version, loads_stored(parcel.payload)["price"]) == (3, 35000)


def test_what_headquarters_deleted_stays_gone_where_telling_it_so_is_given_up(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    assert known(bench).deleted_at is not None
    hear(bench, news(version=2, at=AT_6, name="Soto"))
    assert (here(bench)["name"], state(bench)) == ("Soto", None)


def test_a_deletion_that_is_not_sent_ends_it_here(bench: Bench) -> None:
    bench.put("product", product())
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    bench.put("product", product(), "delete")
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    assert known(bench).deleted_at is not None
    hear(bench, news(version=1, name="Nasi", price=35000))  # it had arrived
    assert here(bench)["name"] == "Nasi"


@pytest.mark.parametrize(("strategy", "lives"), [("cloud_wins", False), ("local_wins", True)])
def test_an_edit_of_what_is_told_to_be_gone_is_for_a_person_to_judge(
    bench: Bench, strategy: str, *, lives: bool
) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    bench.put("product", product(price=38000))
    bench.restart()
    assert sides(conflict(bench)) == {"deleted": (False, True)}
    choose(bench, strategy)
    assert (known(bench).deleted_at is None) is lives


def test_what_headquarters_brings_back_lives_though_we_deleted_what_it_had_deleted(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    bench.settle(bench.push(), refused("Product not found", 404))
    hear(bench, news(version=2, at=AT_6, name="Soto"))
    assert here(bench)["name"] == "Soto"


def test_old_news_brings_nothing_back_that_we_never_had(bench: Bench) -> None:
    hear(bench, deleted=[tombstone(at=AT_5)])
    decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    bench.settle(bench.push(), refused("Product not found", 404))
    tell(bench, Path.UPDATE, told_update(version=1, at=AT_4, name="Nasi", price=1000))
    assert known(bench).deleted_at is not None


@pytest.mark.parametrize("was_there", [False, True])
def test_a_clock_that_runs_ahead_makes_nothing_old_that_is_said_of_what_is_made_anew(
    bench: Bench, *, was_there: bool
) -> None:
    bench.put("product", product())
    if was_there:
        bench.settle(step := bench.push(), accepted(step.flight))
    bench.wall_ms += YEAR_MS
    bench.put("product", product(), "delete")
    if was_there:
        bench.settle(step := bench.push(), accepted(step.flight))
    bench.put("product", product(price=36000))
    bench.wall_ms -= YEAR_MS
    hear(bench, news(version=3, at=AT_5, name="Soto", price=1000))
    assert here(bench)["name"] == "Soto"


def test_our_own_deletion_hits_nothing_that_is_made_anew(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(), "delete")
    bench.settle(step := bench.push(), accepted(step.flight))
    bench.put("product", product(price=36000))
    hear(bench, deleted=[tombstone(at=AT_4)])  # ours, by headquarters' clock
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    hear(bench, deleted=[tombstone(at=AT_4)])
    assert known(bench).deleted_at is None
    (parcel,) = bench.push().flight.parcels
    assert parcel.operation == "create"


def test_a_deletion_that_arrived_unanswered_hits_nothing_that_is_made_anew(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(), "delete")
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    bench.put("product", product())
    hear(bench, deleted=[tombstone()])
    assert (known(bench).deleted_at, known(bench).operation) == (None, "create")


def test_after_its_own_deletion_a_tills_first_word_of_what_headquarters_made_is_first_contact(bench: Bench) -> None:
    bench.put("product", product())
    bench.put("product", product(), "delete")
    hear(bench, news(version=1, at=AT_5, name="Soto", price=1000, stock=26))
    bench.put("product", product(stock=2))
    assert {name: here(bench)[name] for name in ("name", "price", "stock")} == {
        "name": "Soto",
        "price": 1000,
        "stock": 2,
    }


def test_what_was_never_agreed_stays_where_an_edit_is_not_sent(bench: Bench) -> None:
    bench.put("product", product(stock=19))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    tell(bench, Path.UPDATE, told_update(version=2, name="Nasi"))  # of which headquarters names one field
    bench.put("product", product(stock=18))
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    assert here(bench)["price"] == 35000


def test_a_field_that_is_no_more_is_told_to_the_till(bench: Bench) -> None:
    bench.put("product", product(notes="spicy"))
    decide(bench, Edit(who="Rina", name=PRODUCT, content=b'{"local_id": "P1", "name": "Nasi", "price": 35000}'))
    (change,) = feed(bench)
    assert dict(change.fields) == {"notes": {"from": "spicy", "to": None}}
    take(bench, 1)
    assert isinstance(bench.put("product", product()), Unchanged)


def test_an_answer_to_a_settled_conflict_does_not_overrule_what_was_decided_since(bench: Bench) -> None:
    agree(bench)
    tell(bench, Path.CONFLICT, notice(version=1, value=35000))  # both agree: it settles itself, and is told so
    hear(bench, news(price=0))
    answer(bench, "refuse")
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 0, "new_version": 2}}))
    assert here(bench)["price"] == 35000


def test_a_deletion_that_is_given_up_leaves_the_record_as_it_was(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(), "delete")
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    assert "deleted_at" not in here(bench)
    assert here(bench)["price"] == 35000


def test_a_deletion_goes_above_what_headquarters_only_repeated(bench: Bench) -> None:
    bench.put("product", product())
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))  # it had arrived
    bench.put("product", product(), "delete")
    hear(bench, news(version=2, name="Nasi"))
    (parcel,) = bench.push().flight.parcels
    assert (parcel.operation, parcel.version) == ("delete", 3)


def test_a_late_word_of_a_former_record_is_none_of_the_one_that_has_its_id_now(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone(at=AT_4)])
    hear(bench, {**news(version=1, at=AT_5, name="Soto", price=1000), "cloud_id": "c-new"})
    tell(bench, Path.DELETE, told_delete(at=AT_4))
    tell(bench, Path.CONFLICT, notice(version=1, value=35000))
    assert (known(bench).cloud_id, known(bench).base_version) == ("c-new", 1)
    assert conflict(bench).record_id is None
    choose(bench, "cloud_wins")
    assert here(bench)["price"] == 1000


def test_what_may_have_arrived_is_taken_back_where_it_is_not_sent(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    assert here(bench)["price"] == 35000
    hear(bench)
    (parcel,) = bench.push().flight.parcels
    assert (parcel.version, loads_stored(parcel.payload)["price"]) == (3, 35000)


def test_what_is_deleted_here_meanwhile_stays_so_where_its_price_is_refused(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(price=0))
    bench.put("product", product(), "delete")
    answer(bench, "refuse")
    (parcel,) = bench.push().flight.parcels
    assert (parcel.operation, parcel.version) == ("delete", 3)


def test_a_deletion_from_before_our_own_creation_was_seen_there_is_old(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(version=1, at=AT_5, name="Nasi"))  # our own, back from there
    tell(bench, Path.DELETE, told_delete(at=AT_4))
    assert known(bench).deleted_at is None


def test_a_late_word_of_a_former_record_changes_nothing_of_the_one_that_has_its_id_now(bench: Bench) -> None:
    agree(bench)
    hear(bench, {**news(version=1, at=AT_5, name="Soto", price=1000), "cloud_id": "c-new"})
    tell(bench, Path.UPDATE, told_update(version=4, at=AT_4, price=2000))
    assert (known(bench).cloud_id, here(bench)["price"]) == ("c-new", 1000)


def test_an_old_notice_takes_nothing_from_what_is_asked_over_a_deletion(bench: Bench) -> None:
    agree(bench, stock=5)
    bench.put("product", product(), "delete")
    hear(bench, news(version=3, at=AT_5, name="Soto", price=1000))
    tell(bench, Path.CONFLICT, notice(version=2, value=2000))
    choose(bench, "cloud_wins")
    assert (here(bench)["name"], here(bench)["price"], known(bench).base_version) == ("Soto", 1000, 3)


def test_what_headquarters_says_later_counts_though_its_answer_names_the_version(bench: Bench) -> None:
    agree(bench, stock=5)
    bench.put("product", product(price=38000, name="Mie", stock=5))
    hear(bench, news(price=40000, name="Soto"))
    tell(bench, Path.CONFLICT, notice())
    choose(bench, "cloud_wins")
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 41000, "new_version": 3}}))
    hear(bench, news(version=3, at=AT_5, price=41000))
    assert here(bench)["price"] == 41000


def test_what_a_till_makes_before_it_hears_of_a_former_record_is_told_again_behind_that(bench: Bench) -> None:
    hear(bench, news(version=1, name="Soto", price=1000))
    hear(bench, deleted=[tombstone(at=AT_5)])
    bench.put("product", product(stock=5))
    bench.put("product", product(stock=3))
    assert here(bench)["stock"] == 3
    assert [change.action for change in feed(bench)] == ["create", "delete", "create", "update"]


def test_what_was_made_anew_and_not_sent_is_still_a_creation_later(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    take(bench, 1)
    bench.put("product", product(price=38000))
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    bench.put("product", product(price=39000))
    assert known(bench).operation == "create"


# -- a choice, and a version of which only other fields were heard


def test_a_choice_overrules_of_a_later_version_only_what_was_heard_of_it(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    hear(bench, news(price=40000))
    tell(bench, Path.UPDATE, told_update(version=4, at=AT_5, name="Soto"))  # in between it set another price
    choose(bench, "cloud_wins")
    assert here(bench)["price"] == 40000
    hear(bench, news(version=4, at=AT_5, name="Soto", price=41000))
    assert here(bench)["price"] == 41000


def test_over_a_price_that_nobody_knew_when_choosing_ones_own_somebody_chooses_again(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    hear(bench, news(price=40000))
    tell(bench, Path.UPDATE, told_update(version=4, at=AT_5, name="Soto"))
    choose(bench, "local_wins")
    hear(bench, news(version=4, at=AT_5, name="Soto", price=41000))
    assert sides(conflict(bench)) == {"price": (38000, 41000)}


def test_an_old_notice_dates_an_agreed_value_no_later_than_that_was_heard(bench: Bench) -> None:
    agree(bench, price=35000)
    tell(bench, Path.UPDATE, told_update(version=4, at=AT_5, name="Soto"))
    bench.put("product", product(price=38000))
    tell(bench, Path.CONFLICT, notice(value=35000))
    choose(bench, "cloud_wins")
    hear(bench, news(version=4, at=AT_5, name="Soto", price=41000))
    assert here(bench)["price"] == 41000


def test_what_headquarters_made_of_a_choice_does_not_undo_it(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    hear(bench, news(price=40000))
    tell(bench, Path.CONFLICT, notice())
    choose(bench, "local_wins", "price", value=39000)
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 38000, "new_version": 3}}))
    hear(bench, news(version=3, at=AT_5, price=38000))
    assert here(bench)["price"] == 39000
    assert bench.store.conflicts.open() == []


def test_a_till_that_has_taken_a_first_contact_in_part_keeps_what_it_edited_since_and_what_a_person_made_of_it(
    bench: Bench,
) -> None:
    hear(bench, news(version=1, name="Soto", price=1000))
    bench.put("product", product(name="Nasi", price=8000, seen_change=0))  # both made one of that id
    bench.put("product", product(name="Nasi", price=2000, seen_change=0))
    mended = {**here(bench), "price": 5000}
    decide(bench, Edit(who="Rina", name=PRODUCT, content=json.dumps(mended).encode()))
    outcome = bench.put("product", product(name="Soto", price=2000, seen_change=feed(bench)[0].seq))
    assert isinstance(outcome, Unchanged)
    assert here(bench)["price"] == 5000


@pytest.mark.parametrize(("edited", "left"), [({}, 1000), ({"price": 2000}, 2000)], ids=["", "edited since"])
def test_so_does_one_whose_record_was_deleted_and_made_anew_meanwhile(bench: Bench, edited: Json, left: int) -> None:
    hear(bench, news(version=1, name="Soto", price=1000))
    bench.put("product", product(name="Nasi", price=8000, stock=9))
    if edited:
        bench.put("product", product(name="Nasi", stock=9, **edited))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    hear(bench, deleted=[tombstone(at=AT_5)])
    hear(bench, news(version=3, at=AT_6, name="Mie", price=6000, stock=26))
    assert [(change.action, "name" in change.fields) for change in feed(bench)] == [
        ("create", True),
        ("delete", False),
        ("create", True),
    ]
    take(bench, 1)
    assert isinstance(bench.put("product", product(name="Soto", price=left, stock=9)), Unchanged)
    assert (here(bench)["name"], here(bench)["price"]) == ("Mie", 6000)


# -- what the till deletes before it hears that the record was made anew


def made_anew(bench: Bench) -> None:
    """Deleted by headquarters, kept by a person with the till's edit: the till hears of neither."""
    agree(bench)
    hear(bench, deleted=[tombstone()])
    bench.put("product", product(price=38000))
    choose(bench, "local_wins")


def delete(bench: Bench) -> None:
    """The till deletes it, and headquarters is told."""
    bench.put("product", {"local_id": "P1"}, "delete")
    step = bench.push()
    bench.settle(step, accepted(step.flight))


def test_what_a_till_deletes_is_told_again_behind_what_makes_it_anew(bench: Bench) -> None:
    made_anew(bench)
    delete(bench)
    assert [change.action for change in feed(bench)] == ["delete", "create", "delete"]
    take(bench, 2)
    assert isinstance(bench.put("product", product(price=38000)), Unchanged)
    assert isinstance(bench.put("product", product(price=38000, stock=4)), Unchanged)
    assert known(bench).deleted_at is not None
    assert not bench.queued()


def test_so_it_is_where_headquarters_made_it_anew(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    hear(bench, news(version=2, at=AT_5, name="Soto", price=1000))
    delete(bench)
    take(bench, 2)
    assert isinstance(bench.put("product", {"local_id": "P1", "name": "Soto", "price": 1000}), Unchanged)
    assert known(bench).deleted_at is not None


def test_so_it_is_where_headquarters_has_nothing_of_it_to_delete(bench: Bench) -> None:
    hear(bench, news(version=1, name="Soto", price=1000))
    with bench.store.write():
        bench.store.records.forget_agreements({"product"})  # headquarters lost its data
    bench.put("product", {"local_id": "P1"}, "delete")
    assert (known(bench).operation, state(bench)) == ("delete", "ready")  # it may have that all the same
    assert [change.action for change in feed(bench)] == ["create", "delete"]


@pytest.mark.parametrize("taken", [0, 2, 3])
@pytest.mark.parametrize("is_sent", [False, True])
def test_its_own_deletion_is_none_of_headquarters(bench: Bench, taken: int, *, is_sent: bool) -> None:
    made_anew(bench)
    if is_sent:
        delete(bench)
    else:
        bench.put("product", {"local_id": "P1"}, "delete")
    if taken:
        take(bench, taken)
    assert isinstance(bench.put("product", product(price=39000)), Changed)
    assert not bench.store.conflicts.open()
    assert here(bench)["price"] == 39000
    assert "deleted_at" not in here(bench)
    assert (feed(bench)[-1].action == "create") is (taken < 3)


# -- counts, and what is told again


def test_what_is_told_again_behind_a_deletion_is_counted_once(bench: Bench) -> None:
    agree(bench, stock=5)
    hear(bench, deleted=[tombstone()])
    bench.put("product", product(price=38000, stock=5))
    bench.put("product", product(price=38000, stock=3))
    bench.put("product", product(price=38000, stock=2))
    assert here(bench)["stock"] == 2
    hear(bench, deleted=[tombstone()])
    assert [change.fields["stock"].get("delta") for change in feed(bench)[1:]] == [None, -2, -1]


def test_a_sale_of_what_is_gone_counts_once_a_person_keeps_it(bench: Bench) -> None:
    agree(bench, stock=5)
    hear(bench, deleted=[tombstone()])
    bench.put("product", product(stock=4))
    bench.put("product", product(price=38000, stock=4))
    assert here(bench)["stock"] == 4
    bench.put("product", product(price=38000, stock=3))
    assert here(bench)["stock"] == 3


@pytest.mark.parametrize("said", [{"stock": 2}, {"stock": 0, "seen_change": 1}, {"stock": 4, "seen_change": 3}])
def test_a_count_of_its_former_life_takes_nothing_from_what_a_till_makes_anew(bench: Bench, said: Json) -> None:
    agree(bench, stock=6)
    hear(bench, news(stock=4))
    bench.put("product", {"local_id": "P1"}, "delete")
    bench.put("product", product(price=6000, stock=4))
    bench.put("product", product(price=6000, stock=2))
    assert [change.action for change in feed(bench)] == ["update", "delete", "create", "update"]
    bench.put("product", product(price=6000, **said))
    assert here(bench)["stock"] == 2


# -- what lies long behind


def lie_by(bench: Bench, days: int = 40) -> None:
    """So long after all was taken a reader says so again: what is as old as that goes from the feed."""
    for wait_s in (0, days * 86_400):
        bench.later(wait_s)
        with bench.store.write():
            acknowledge(bench.store, "pos", bench.store.changes.last_seq(), now_ms=bench.wall_ms)


def test_what_a_till_took_long_ago_is_no_edit_when_it_hands_it_over(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(name="Nasi Uduk"))
    lie_by(bench)
    hear(bench, news(version=3, at=AT_5, name="Mie"))
    assert [change.fields["name"]["to"] for change in feed(bench)] == ["Mie"]
    assert isinstance(bench.put("product", product(name="Nasi Uduk")), Unchanged)
    assert here(bench)["name"] == "Mie"


def test_what_a_till_has_had_for_long_from_headquarters_it_edits_as_its_own(bench: Bench) -> None:
    hear(bench, news(version=1, name="Soto", price=1000, stock=5))
    lie_by(bench)
    assert feed(bench) == []
    assert isinstance(bench.put("product", product(name="Soto", price=2000, stock=4)), Changed)  # its first word of it
    assert (here(bench)["price"], here(bench)["stock"], state(bench)) == (2000, 4, "ready")


def test_what_a_till_took_away_long_ago_it_makes_anew(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    lie_by(bench)
    assert isinstance(bench.put("product", product()), Changed)
    assert (known(bench).operation, bench.store.conflicts.open()) == ("create", [])


@pytest.mark.parametrize("days", [1, 40])
def test_an_order_that_is_handed_over_again_long_after_is_no_edit(bench: Bench, days: int) -> None:
    bench.put("order", order())
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    rest(bench)
    named = {"entity_type": "order", "cloud_id": "c-A1", "local_id": "A1"}
    tell(bench, Path.CONFLICT, {**notice("status", "void"), **named})
    choose(bench, "cloud_wins")
    lie_by(bench, days)
    assert isinstance(bench.put("order", order()), Unchanged)
    assert here(bench, "order/A1")["status"] == "void"


@pytest.mark.parametrize("days", [1, 40])
def test_a_till_that_was_off_for_long_undoes_nothing_that_another_reader_took(bench: Bench, days: int) -> None:
    agree(bench, stock=5)
    seen = bench.store.changes.last_seq()
    hear(bench, news(price=40000, stock=8))
    lie_by(bench, days)
    outcome = bench.put("product", product(stock=5, seen_change=seen))
    assert isinstance(outcome, InputRefused) is (days > 30)  # it shall take a snapshot first
    assert (here(bench)["price"], here(bench)["stock"], state(bench)) == (40000, 8, None)


# -- a former life


def test_our_own_deletion_comes_back_and_hits_nothing_that_was_made_while_it_was_out(bench: Bench) -> None:
    agree(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    step = bench.push()
    bench.put("product", product(price=8000))
    bench.settle(step, accepted(step.flight))
    hear(bench, deleted=[tombstone()])
    assert (here(bench)["price"], known(bench).operation, state(bench)) == (8000, "create", "ready")


def test_a_late_notice_of_a_former_life_changes_nothing_of_what_is_made_anew(bench: Bench) -> None:
    made_anew(bench)
    tell(bench, Path.CONFLICT, notice(value=35000, version=1))
    assert (known(bench).operation, state(bench)) == ("create", "ready")
    assert conflict(bench).record_id is None  # kept as it was told, for somebody to close


def test_so_does_one_whose_creation_was_never_answered(bench: Bench) -> None:
    agree(bench)
    hear(bench, news())
    delete(bench)
    bench.put("product", product(price=8000))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    hear(bench, deleted=[tombstone(at=AT_6)])
    assert here(bench)["price"] == 8000
    assert conflict(bench).names == {"deleted"}  # that it had arrived, and was deleted there since, may be, too


def test_nor_what_lives_on_because_our_deletion_was_discarded_after_it_had_left(bench: Bench) -> None:
    agree(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    hear(bench, deleted=[tombstone()])
    assert (known(bench).deleted_at, state(bench)) == (None, "ready")
    bench.settle(bench.push(), refused("Product not found", 404))
    assert bench.push().flight.parcels[0].operation == "create"


def test_what_both_deleted_stays_gone_when_an_older_word_comes_late(bench: Bench) -> None:
    bench.put("product", product())
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    bench.put("product", {"local_id": "P1"}, "delete")
    hear(bench, news(name="Soto"))
    hear(bench, deleted=[tombstone(at=AT_5)])
    tell(bench, Path.UPDATE, told_update(name="Soto"))
    assert known(bench).deleted_at is not None


def test_an_answer_to_a_choice_makes_no_update_of_what_is_made_anew(bench: Bench) -> None:
    disputed(bench)
    tell(bench, Path.CONFLICT, notice())
    hear(bench, deleted=[tombstone(at=AT_5)])
    choose(bench, "local_wins")
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 38000, "new_version": 3}}))
    assert (known(bench).operation, state(bench)) == ("create", "ready")


def test_what_headquarters_counts_of_one_that_it_made_anew_is_no_difference_to_the_one_before(bench: Bench) -> None:
    agree(bench, stock=30)
    bench.put("product", product(price=38000, stock=12))
    hear(bench, deleted=[tombstone()])
    hear(bench, {**news(version=1, at=AT_5, stock=2), "cloud_id": "c-other"})
    assert here(bench)["stock"] == 12
    assert sides(conflict(bench)) == {"stock": (12, 2)}


def test_what_lives_on_after_all_is_whole_though_headquarters_named_one_field(bench: Bench) -> None:
    bench.put("product", product(stock=4))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    bench.put("product", {"local_id": "P1"}, "delete")
    tell(bench, Path.CONFLICT, notice("stock", 3, version=1))
    choose(bench, "cloud_wins")
    assert (here(bench)["name"], here(bench)["price"], here(bench)["stock"]) == ("Nasi", 35000, 3)
    assert "1970" in bench.send().request.path  # and headquarters is asked for all, if it is not that


def test_a_notice_about_what_is_made_anew_is_none_of_its_former_life(bench: Bench) -> None:
    made_anew(bench)
    bench.settle(bench.push(), refused("Product already exists with different data"))
    entry = {"field": "price", "cloud_value": 41000, "cloud_version": 9, "cloud_updated_at": AT_6}
    tell(bench, Path.CONFLICT, {**notice(), "timestamp": AT_6, "conflict": entry})
    assert conflict(bench).record_id == known(bench).record_id
    assert sides(conflict(bench)) == {"price": (38000, 41000)}


@pytest.mark.parametrize("is_out", [False, True])
def test_a_deletion_of_ours_makes_no_older_end_young_again(bench: Bench, *, is_out: bool) -> None:
    agree(bench)
    tell(bench, Path.DELETE, told_delete(at=AT_5))
    take(bench, 1)
    bench.put("product", product(price=38000))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    rest(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    step = bench.push()
    if is_out:
        bench.put("product", product(price=8000))
    bench.settle(step, accepted(step.flight))
    if not is_out:
        bench.put("product", product(price=8000))
    tell(bench, Path.UPDATE, told_update(version=9, at=AT_4, price=1000))
    assert here(bench)["price"] == 8000


# -- what was chosen, and is discarded since


def test_a_choice_that_does_not_hold_any_more_is_not_told_again(bench: Bench) -> None:
    disputed(bench)
    choose(bench, "local_wins")
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    tell(bench, Path.CONFLICT, notice())
    assert body(telling(bench).request)["strategy"] == "cloud_wins"


def test_what_may_have_arrived_stays_in_the_line_when_headquarters_repeats_an_older_word(bench: Bench) -> None:
    disputed(bench)
    choose(bench, "local_wins")
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    tell(bench, Path.UPDATE, told_update(price=40000))
    assert (here(bench)["price"], state(bench)) == (40000, "ready")


def test_what_was_decided_last_is_so_whatever_the_clock_says(bench: Bench) -> None:
    disputed(bench)
    choose(bench, "cloud_wins")
    bench.put("product", product(price=39000, seen_change=1))
    hear(bench, news(version=3, at=AT_5, price=41000))
    bench.wall_ms -= YEAR_MS
    choose(bench, "local_wins")
    tell(bench, Path.CONFLICT, notice(value=41000, version=3))
    assert bench.store.conflicts.open() == []
    assert body(telling(bench).request)["strategy"] == "local_wins"


def test_a_price_of_nothing_that_is_agreed_is_asked_about_once(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(price=0))
    answer(bench, "approve")
    bench.put("product", product(price=38000, seen_change=1))
    tell(bench, Path.UPDATE, told_update(price=0))
    assert (here(bench)["price"], bench.store.questions.open(), state(bench)) == (38000, [], "ready")


def test_a_choice_that_the_till_edited_on_is_told_again_and_nobody_asked(bench: Bench) -> None:
    disputed(bench)
    choose(bench, "local_wins")
    bench.put("product", product(price=39000, seen_change=1))
    tell(bench, Path.CONFLICT, notice())
    assert bench.store.conflicts.open() == []
    assert body(telling(bench).request)["strategy"] == "local_wins"


@pytest.mark.parametrize("strategy", ["cloud_wins", "local_wins"])
def test_so_it_is_where_the_till_deleted_it_since(bench: Bench, strategy: str) -> None:
    disputed(bench)
    choose(bench, strategy)
    if strategy == "local_wins":
        step = bench.push()
        bench.settle(step, accepted(step.flight))
    rest(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    tell(bench, Path.CONFLICT, notice())
    assert bench.store.conflicts.open() == []


def test_all_that_is_not_told_yet_is_told_as_it_was_decided_last_whatever_the_clock_says(bench: Bench) -> None:
    disputed(bench)
    tell(bench, Path.CONFLICT, notice())
    choose(bench, "cloud_wins")
    bench.put("product", product(price=39000, seen_change=1))
    bench.wall_ms -= YEAR_MS
    tell(bench, Path.CONFLICT, notice(value=41000, version=3, name="X2"))
    choose(bench, "local_wins")
    told = []
    for _ in range(2):
        step = telling(bench)
        told.append((step.request.path.split("/")[-2], body(step.request)["strategy"]))
        bench.settle(step, answered({"success": True, "data": {"resolved": True}}))
    assert told == [("X1", "local_wins"), ("X2", "local_wins")]


def test_what_was_refused_ends_where_both_agree_though_an_older_one_was_never_answered(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000, version=5))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    bench.put("product", product(price=39000, version=6))
    bench.settle(bench.push(), refused("poison"))
    hear(bench, news(version=3, price=39000))
    assert state(bench) is None


def test_news_frees_what_was_refused_because_it_was_not_there(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    bench.settle(bench.push(), refused("Product not found", 404))
    assert state(bench) == "dead"
    hear(bench, news(version=2, name="Soto"))  # deleted, and brought back
    assert (state(bench), here(bench)["price"], here(bench)["name"]) == ("ready", 38000, "Soto")


def test_a_choice_that_was_not_told_yet_is_told_as_it_is_decided_now(bench: Bench) -> None:
    disputed(bench)
    choose(bench, "local_wins")
    tell(bench, Path.CONFLICT, notice())  # over what was decided: told again
    tell(bench, Path.UPDATE, told_update(version=3, at=AT_5, price=41000))
    choose(bench, "cloud_wins")
    assert body(telling(bench).request)["strategy"] == "cloud_wins"


def test_what_headquarters_made_of_a_choice_is_agreed_where_it_is_what_was_chosen(bench: Bench) -> None:
    disputed(bench)
    tell(bench, Path.CONFLICT, notice())
    choose(bench, "local_wins")
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 38000, "new_version": 3}}))
    tell(bench, Path.UPDATE, told_update(version=3, at=AT_5, price=38000))
    assert (agreed(bench)["price"], state(bench)) == (38000, None)


def test_of_two_that_are_asked_of_what_is_deleted_here_headquarters_hears_of_both(bench: Bench) -> None:
    agree(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    for name in ("X1", "X2"):
        tell(bench, Path.CONFLICT, {**notice(name=name), "reason": name})
    choose(bench, "local_wins")
    told = {}
    for _ in range(2):
        step = telling(bench)
        told[step.request.path.split("/")[-2]] = body(step.request)["strategy"]
        bench.settle(step, answered({"success": True, "data": {"resolved": True}}))
    assert told == {"X1": "cloud_wins", "X2": "local_wins"}


def test_a_version_that_changes_nothing_here_is_heard_all_the_same(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))  # its own version is above now
    hear(bench, news(version=2, name="Nasi", price=35000))
    decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    assert bench.push().flight.parcels[0].version > 2


def hears_of_another_field(bench: Bench) -> None:
    tell(bench, Path.UPDATE, told_update(version=4, at=AT_5, price=40000))


def hears_of_it_with_an_answer(bench: Bench) -> None:
    tell(bench, Path.CONFLICT, notice())
    choose(bench, "cloud_wins")
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 40000, "new_version": 4}}))


def chooses_of_another_field(bench: Bench) -> None:
    bench.put("product", product(stock=13, price=38000))
    tell(bench, Path.UPDATE, told_update(version=4, at=AT_5, price=40000))
    choose(bench, "cloud_wins")


@pytest.mark.parametrize("first", [hears_of_another_field, hears_of_it_with_an_answer, chooses_of_another_field])
def test_a_count_that_left_unanswered_may_be_in_what_headquarters_counts_later(
    bench: Bench, first: Callable[[Bench], None]
) -> None:
    agree(bench, stock=14)
    bench.put("product", product(stock=13))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    first(bench)
    hear(bench, news(version=4, at=AT_5, name="Nasi", price=40000, stock=20))
    assert sides(conflict(bench)) == {"stock": (13, 20)}


def test_what_left_unanswered_is_settled_by_a_later_word_of_it(bench: Bench) -> None:
    agree(bench, stock=14)
    bench.put("product", product(stock=13))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    tell(bench, Path.UPDATE, told_update(version=4, at=AT_5, stock=14))  # it had not arrived
    hear(bench, news(version=5, at=AT_6, name="Nasi", price=35000, stock=20))
    assert (here(bench)["stock"], bench.store.conflicts.open()) == (19, [])


def test_what_may_have_arrived_is_taken_back_though_another_field_is_heard_of_first(bench: Bench) -> None:
    agree(bench, stock=14)
    bench.put("product", product(stock=13))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))
    bench.put("product", product(stock=14))
    tell(bench, Path.UPDATE, told_update(version=4, at=AT_5, price=40000))
    assert json.loads(bench.push().flight.parcels[0].payload)["stock"] == 14


def test_the_policy_waits_for_news_where_a_notice_is_ahead_of_it(tmp_path: Folder) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"conflict_policy": "cloud_wins"}))
    bench.pull()
    agree(bench, stock=10)
    bench.put("product", product(stock=8))
    tell(bench, Path.UPDATE, told_update(version=4, at=AT_5, price=40000))  # what lies between is still to come
    tell(bench, Path.CONFLICT, notice("stock", 5, version=3))
    bench.pull(products=[news(version=4, at=AT_5, name="Nasi", price=40000, stock=5)])
    bench.next()
    decided = bench.store.conflicts.last_decided(known(bench).record_id, "stock")
    assert decided is not None
    assert ([field.cloud for field in decided.fields], here(bench)["stock"]) == (["5"], 5)


def test_what_headquarters_asked_is_over_where_it_takes_the_deletion_that_was_out(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(name="Nasi", price=35000))
    bench.put("product", {"local_id": "P1"}, "delete")
    step = bench.push()
    tell(bench, Path.CONFLICT, notice("price", 35000, version=1))
    bench.settle(step, accepted(step.flight))
    told = body(telling(bench).request)["strategy"]
    assert (known(bench).deleted_at is None, feed(bench), told) == (False, [], "cloud_wins")


def test_an_older_word_of_a_field_settles_nothing_that_left_later(bench: Bench) -> None:
    agree(bench, stock=29)
    bench.put("product", product(stock=20))
    bench.settle(bench.push(), Lost(Trouble(code="N-CLOUD")))  # version 2: it may have arrived
    bench.later(10)
    tell(bench, Path.CONFLICT, notice("name", "Nasi", version=1, name="X1"))
    tell(bench, Path.CONFLICT, notice("stock", 29, version=1, name="X2"))
    bench.settle(telling(bench), answered({"success": True, "data": {"resolved": True, "new_version": 2}}))
    choose(bench, "cloud_wins")  # 29, of version 1
    bench.settle(telling(bench), answered({"success": True, "data": {"resolved": True}}))
    (parcel,) = bench.push().flight.parcels
    assert (parcel.version, json.loads(parcel.payload)["stock"]) == (3, 29)
