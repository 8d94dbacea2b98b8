"""A decision over very many records is done in parts: others get their turn, and whatever ends it loses nothing."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import Bench, order, read
from tests.sync.rows import decide, known

from outlet_sync_gui.errors import InputRefused, StoreFailed
from outlet_sync_gui.store.activity import Activity, What
from outlet_sync_gui.store.refusals import Alike
from outlet_sync_gui.sync import person
from outlet_sync_gui.sync.commands import Command, Discard, GoOn, Pause, Retry, SyncNow
from outlet_sync_gui.sync.events import Unfinished
from outlet_sync_gui.sync.exchange import Why

SOUGHT, MANY = 7, 3
SAID = "Table B-1 unknown"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(person, "SOUGHT", SOUGHT)
    monkeypatch.setattr(person, "MANY", MANY)
    made = Bench(tmp_path)
    made.hurry()
    made.pull()
    return made


def refuse(bench: Bench, names: list[str], said: str = SAID) -> None:
    """Orders that headquarters refused for the same reason."""
    bench.put_all([read("order", order(name)) for name in names])
    with bench.store.write():
        bench.store._db.execute_many(
            "UPDATE outbox SET state = 4, error_code = 'R-DATA', error_text = ?, rejections = 1 WHERE record_id ="
            " (SELECT id FROM record WHERE local_id = ?)",
            [(said, name) for name in names],
        )


def group(bench: Bench) -> Alike:
    return bench.store.refusals.alike()[0]


def retry_all(_: Bench) -> Retry:
    return Retry(who="Rina")


def retry_alike(bench: Bench) -> Retry:
    return Retry(who="Rina", names=("order/A0",), alike=group(bench))


def discard_alike(bench: Bench) -> Discard:
    return Discard(who="Rina", names=(), reason="a test", alike=group(bench))


DECISIONS = (retry_all, retry_alike, discard_alike)


def states(bench: Bench) -> Counter[str]:
    return Counter(state for _, state in bench.queued())


def rest_of(bench: Bench, command: Command) -> GoOn | None:
    """Do it; what is left of it."""
    for event in bench.engine.do(command, bench.now):
        if isinstance(event, Unfinished):
            return event.rest
    return None


def parts(bench: Bench, command: Command | None) -> Iterator[GoOn | None]:
    """One part after the other; what is left after each."""
    while command is not None:
        command = rest_of(bench, command)
        yield command


def is_left(steps: Iterator[GoOn | None]) -> bool:
    """Do one more part; whether something is left then."""
    try:
        return next(steps, None) is not None
    except InputRefused:
        return False


def history(bench: Bench) -> list[tuple[str, str]]:
    rows = bench.store._db.rows("SELECT what, why FROM activity ORDER BY id")
    return [(what, why) for what, why in rows]


@pytest.mark.parametrize("of", DECISIONS)
@pytest.mark.parametrize("n", [1, MANY, MANY + 1, SOUGHT, SOUGHT + 1, 2 * SOUGHT + MANY])
def test_each_part_is_short_and_together_they_are_the_whole(bench: Bench, of: type, n: int) -> None:
    refuse(bench, [f"A{k}" for k in range(n)])
    before = n
    for rest in parts(bench, of(bench)):
        dead = states(bench)["dead"]
        assert before - dead <= MANY
        assert rest is None or (rest.n, rest.done) == (n, n - dead)  # what is shown is what was done
        before = dead
    assert before == 0
    assert states(bench) == ({} if of is discard_alike else {"ready": n})


@pytest.mark.parametrize("n", [1, 10])
def test_what_is_few_is_done_at_once_where_little_else_was_refused(bench: Bench, n: int) -> None:
    refuse(bench, [f"A{k}" for k in range(n)])
    assert len(list(parts(bench, retry_all(bench)))) == {1: 1, 10: 5}[n]  # 7 + 3 looked at, then 4 times up to 3


def test_the_history_counts_what_was_done_and_no_more(bench: Bench) -> None:
    refuse(bench, [f"A{k}" for k in range(7)])
    each = parts(bench, retry_all(bench))
    for done in ("0", "3", "6", "7"):
        next(each)
        assert history(bench) == [("retried", done)]


def test_a_retry_of_nothing_is_no_deed(bench: Bench) -> None:
    list(parts(bench, retry_all(bench)))
    assert history(bench) == []


def test_of_a_group_each_record_knows_that_it_was_tried_again(bench: Bench) -> None:
    refuse(bench, [f"A{k}" for k in range(4)])
    list(parts(bench, retry_alike(bench)))
    deeds = [deed.what for k in range(4) for deed in bench.store.activity.of(known(bench, f"order/A{k}").record_id)]
    assert deeds == [What.RETRIED] * 4


def test_a_pause_is_obeyed_between_two_parts_and_does_not_end_them(bench: Bench) -> None:
    refuse(bench, [f"A{k}" for k in range(6)])
    rest = rest_of(bench, retry_all(bench))
    bench.engine.do(Pause(), bench.now)
    assert bench.wait().why is Why.PAUSED
    list(parts(bench, rest))
    assert states(bench) == {"ready": 6}


def test_what_is_tried_again_leaves_between_two_parts(bench: Bench) -> None:
    refuse(bench, [f"A{k}" for k in range(7)])
    rest = rest_of(bench, rest_of(bench, retry_all(bench)) or SyncNow())
    assert len(bench.push().flight.parcels) == MANY
    assert rest is not None


def test_headquarters_is_asked_for_news_once_and_not_with_each_part(bench: Bench) -> None:
    refuse(bench, [f"A{k}" for k in range(6)])
    rest = rest_of(bench, discard_alike(bench))
    bench.pull()
    list(parts(bench, rest))
    assert bench.wait().why is Why.NOTHING_DUE


@pytest.mark.parametrize("of", DECISIONS)
def test_what_the_till_said_anew_meanwhile_is_left_alone(bench: Bench, of: type) -> None:
    refuse(bench, [f"A{k}" for k in range(6)])
    rest = rest_of(bench, of(bench))
    bench.put("order", order("A5", total_amount=7))
    list(parts(bench, rest))
    assert known(bench, "order/A5").is_queued
    assert bench.store.activity.of(known(bench, "order/A5").record_id) == []


def test_new_content_that_is_refused_alike_is_not_what_was_seen(bench: Bench) -> None:
    refuse(bench, [f"A{k}" for k in range(6)])
    rest = rest_of(bench, discard_alike(bench))
    bench.put("order", order("A5", total_amount=7))
    refuse(bench, ["A5"])
    list(parts(bench, rest))
    assert bench.queued() == [("A5", "dead")]


@pytest.mark.parametrize("of", DECISIONS)
def test_what_was_refused_later_still_needs_attention(bench: Bench, of: type) -> None:
    refuse(bench, [f"A{k}" for k in range(6)])
    rest = rest_of(bench, of(bench))
    refuse(bench, ["B1"])
    list(parts(bench, rest))
    assert ("B1", "dead") in bench.queued()
    assert states(bench)["dead"] == 1


def test_a_group_that_grew_since_it_was_seen_is_declined_before_any_of_it_goes(bench: Bench) -> None:
    refuse(bench, [f"A{k}" for k in range(SOUGHT + 1)])
    seen = discard_alike(bench)
    refuse(bench, ["B1"])
    with pytest.raises(InputRefused, match="group_changed"):
        list(parts(bench, seen))
    assert states(bench) == {"dead": SOUGHT + 2}


@pytest.mark.parametrize("of", DECISIONS)
def test_a_program_that_dies_between_two_parts_leaves_the_rest_as_it_was(bench: Bench, of: type) -> None:
    refuse(bench, [f"A{k}" for k in range(6)])
    rest_of(bench, of(bench))
    bench.restart()
    assert states(bench)["dead"] == 6 - MANY
    list(parts(bench, of(bench)))
    assert states(bench) == ({} if of is discard_alike else {"ready": 6})


@pytest.mark.parametrize("of", DECISIONS)
def test_a_part_that_the_disk_does_not_take_is_done_again(
    bench: Bench, of: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreFailed("disk_full", {})

    refuse(bench, [f"A{k}" for k in range(6)])
    rest = rest_of(bench, of(bench))
    before = bench.queued()
    with monkeypatch.context() as patch:
        for last in ("add", "note", "note_each"):
            patch.setattr(Activity, last, full)
        with pytest.raises(StoreFailed):
            list(parts(bench, rest))
    assert bench.queued() == before
    list(parts(bench, rest))
    assert states(bench)["dead"] == 0


@pytest.mark.parametrize("seed", range(12))
def test_whatever_comes_between_each_record_is_decided_over_once_and_only_as_it_was_seen(
    bench: Bench, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a replayable course, no secret
    names = [f"A{k}" for k in range(chance.randint(4, 20))]
    refuse(bench, names)
    left_alone: set[str] = set()
    steps = parts(bench, discard_alike(bench))
    while is_left(steps):
        name = chance.choice(names)
        match chance.randrange(4):
            case 0 if (name, "dead") in bench.queued():
                bench.put("order", order(name, total_amount=chance.randint(100, 999)))
                left_alone.add(name)
            case 1:
                refuse(bench, [f"B{len(left_alone)}"], said="Guest unknown")
                left_alone.add(f"B{len(left_alone)}")
            case 2 if (name, "dead") in bench.queued():
                decide(bench, Retry(who="Budi", names=(f"order/{name}",)))
                left_alone.add(name)
    discarded = [what for what, _ in history(bench)].count("discarded")
    assert discarded in (0, len(set(names) - left_alone))  # 0: it was another group before it had begun
    assert {name for name, _ in bench.queued()} == (left_alone if discarded else {*names, *left_alone})
