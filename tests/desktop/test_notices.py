"""What is told, when, and in which words: a table, and what holds for every course of events."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlet_sync_gui import words
from outlet_sync_gui.desktop.notices import (
    FILE_NAME,
    GATHER_MS,
    OFFLINE_MS,
    TROUBLE_MS,
    Item,
    Kind,
    Told,
    item,
    load,
    look_again_at,
    save,
    sentences,
    shutdown,
    standing,
    tell,
)
from outlet_sync_gui.status import Pending, Question, State, Status, Trouble

NOW = 1_769_500_000_000
KEY = Trouble(code="N-KEY")


def status(state: State = State.ATTENTION, **more: object) -> Status:
    return replace(Status(state=state, version="1", is_running=True), **more)  # type: ignore[arg-type]  # a test's row


def question(number: int, kind: str = "deletions") -> Question:
    return Question(question_id=number, kind=kind, choices=("approve", "refuse"), n=12, facts=(), asked_at=NOW)


def offline(minutes: int, *, n: int = 12, code: str = "N-DNS") -> Status:
    return status(
        State.OFFLINE,
        since=NOW - minutes * 60_000,
        pending=Pending(high=n),
        trouble=Trouble(code=code),
        pending_amount=1_845_000,
    )


TABLE: list[tuple[str, Told, Status, tuple[Kind, ...]]] = [
    ("all is well", Told(), status(State.IDLE), ()),
    ("sales wait for a moment", Told(), status(State.SYNCING, pending=Pending(high=3)), ()),
    ("a first refusal", Told(), status(dead=1), (Kind.REFUSED,)),
    ("the same refusal", Told(counts={"refused": 1}), status(dead=1), ()),
    ("one more", Told(counts={"refused": 1}), status(dead=2), (Kind.REFUSED,)),
    ("one less", Told(counts={"refused": 2}), status(dead=1), ()),
    ("one more, just after", Told(counts={"refused": 1}, last={"refused": NOW - 1000}), status(dead=2), ()),
    ("a conflict", Told(), status(conflicts=2), (Kind.CONFLICTS,)),
    ("an announcement", Told(), status(State.IDLE, messages=1), (Kind.MESSAGES,)),
    ("a question", Told(), status(questions=1, asked=(question(7),)), (Kind.QUESTIONS,)),
    ("the same question", Told(questions=(7,)), status(questions=1, asked=(question(7),)), ()),
    ("another question", Told(questions=(7,)), status(asked=(question(7), question(8))), (Kind.QUESTIONS,)),
    ("the till is late", Told(), status(untaken=3, is_untaken_late=True), (Kind.LATE,)),
    ("the till has time", Told(), status(State.IDLE, untaken=3), ()),
    ("offline for a while", Told(), offline(14), ()),
    ("offline for long", Told(), offline(15), (Kind.OFFLINE,)),
    ("offline for long, told", Told(offline_since=NOW - 20 * 60_000), offline(20), ()),
    ("offline with nothing to send", Told(), offline(60, n=0), ()),
    ("a key that was just refused", Told(), status(trouble=KEY), ()),
    (
        "a key refused for two minutes",
        Told(trouble="N-KEY", trouble_at=NOW - TROUBLE_MS),
        status(trouble=KEY),
        (Kind.TROUBLE,),
    ),
    ("the same, told", Told(trouble="N-KEY", trouble_at=1, is_trouble_told=True), status(trouble=KEY), ()),
    ("not set up", Told(), status(State.SETUP, is_running=False, missing=("api-key",)), (Kind.SETUP,)),
    ("not set up, told", Told(is_setup=True), status(State.SETUP), ()),
    ("before the service has spoken", Told(), status(State.SYNCING, is_running=False, dead=3), ()),
    ("several at once", Told(), status(dead=1, conflicts=1), (Kind.REFUSED, Kind.CONFLICTS)),
]


@pytest.mark.parametrize(("told", "shown", "kinds"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_is_told(told: Told, shown: Status, kinds: tuple[Kind, ...]) -> None:
    after, found = tell(told, shown, NOW)
    assert found == kinds
    assert tell(after, shown, NOW)[1] == ()  # each once


def test_a_restart_and_a_mistake_forget_nothing() -> None:
    told, _ = tell(Told(), status(dead=3, conflicts=1), NOW)
    for between in (status(State.SYNCING, is_running=False), status(State.ERROR, trouble=Trouble(code="bug"))):
        told, _ = tell(told, between, NOW)
    assert tell(told, status(dead=3, conflicts=1), NOW)[1] == ()


def test_what_was_settled_and_comes_again_is_told_again() -> None:
    told, _ = tell(Told(), status(dead=3), NOW)
    told, _ = tell(told, status(State.IDLE), NOW)
    assert tell(told, status(dead=1), NOW + GATHER_MS)[1] == (Kind.REFUSED,)


def test_a_flood_is_told_at_its_begin_and_then_every_five_minutes() -> None:
    told, tellings = Told(), []
    for n in range(1, 601):  # one refused record a second
        told, kinds = tell(told, status(dead=n), NOW + n * 1000)
        tellings += [n] * len(kinds)
    assert tellings == [1, 301]


STATUSES = st.builds(
    status,
    st.sampled_from(State),
    is_running=st.booleans(),
    dead=st.integers(0, 3),
    conflicts=st.integers(0, 3),
    messages=st.integers(0, 2),
    untaken=st.just(1),
    is_untaken_late=st.booleans(),
    since=st.one_of(st.none(), st.integers(NOW - 2 * OFFLINE_MS, NOW)),
    pending=st.builds(Pending, high=st.integers(0, 2)),
    trouble=st.sampled_from([None, KEY, Trouble(code="N-DNS")]),
    asked=st.sampled_from([(), (question(1),), (question(1), question(2, "zero_price"))]),
)


@given(course=st.lists(st.tuples(STATUSES, st.integers(0, 10 * 60_000)), max_size=12))
def test_in_any_course_of_events_nothing_is_told_twice_no_look_is_in_the_past_and_all_has_words(
    course: list[tuple[Status, int]],
) -> None:
    told, now_ms = Told(), NOW
    for shown, pause_ms in course:
        now_ms += pause_ms
        told, kinds = tell(told, shown, now_ms)
        assert set(kinds) <= standing(shown) | {Kind.SETUP}
        assert tell(told, shown, now_ms) == (told, ())
        assert all(all(sentences(kind, shown, now_ms)) or kind is Kind.OFFLINE for kind in kinds)
        at = look_again_at(told, shown)
        assert at is None or at > now_ms
        if at is not None:
            assert tell(told, shown, at)[1], "looked for nothing"


@pytest.mark.parametrize(
    ("kind", "shown", "indonesian", "english"),
    [
        (Kind.REFUSED, status(dead=3), "3 data perlu dicek", "3 records need attention"),
        (Kind.OFFLINE, offline(15), "Internet putus 15 menit, 12 data aman", "Offline for 15 min, 12 records safe"),
        (
            Kind.OFFLINE,
            offline(15, n=1, code="N-CLOUD"),
            "Pusat belum menjawab 15 menit, 1 data aman",
            "Headquarters silent for 15 min, 1 record safe",
        ),
        (
            Kind.QUESTIONS,
            status(asked=(question(1),)),
            "Pusat menghapus 12 menu. Setujui dulu.",
            "Headquarters deletes 12 menu items. Approve first.",
        ),
    ],
)
def test_the_words(kind: Kind, shown: Status, indonesian: str, english: str) -> None:
    words.use("id")
    assert sentences(kind, shown, NOW)[0] == indonesian
    words.use("en")
    assert sentences(kind, shown, NOW)[0] == english


def test_a_shutdown_tells_how_many_and_how_much() -> None:
    words.use("id")
    assert shutdown(offline(1)) == (
        "12 data (Rp1.845.000) belum terkirim",
        "Aman di PC ini, dikirim saat PC menyala lagi.",
    )
    words.use("en")
    assert shutdown(status(State.IDLE)) is None


def test_what_was_told_outlives_a_restart(tmp_path: Path) -> None:
    told, _ = tell(Told(), status(dead=3, conflicts=1, asked=(question(7),), trouble=KEY), NOW)
    save(tmp_path, told)
    assert load(tmp_path) == replace(told, last={})


@pytest.mark.parametrize("content", ["", "[]", "{", '{"questions": 3}', '{"questions": [], "other": 1}'])
def test_a_file_that_makes_no_sense_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert load(tmp_path) == Told()


@pytest.mark.parametrize(
    ("kind", "before", "asked", "question_id"),
    [
        (Kind.QUESTIONS, (), (7,), 7),
        (Kind.QUESTIONS, (7,), (7, 8), 8),
        (Kind.QUESTIONS, (7,), (7, 8, 9), 8),
        (Kind.REFUSED, (), (7,), None),
    ],
)
def test_a_notification_knows_which_question_is_new(
    kind: Kind, before: tuple[int, ...], asked: tuple[int, ...], question_id: int | None
) -> None:
    shown = status(dead=1, asked=tuple(question(number) for number in asked))
    assert item(kind, Told(questions=before), shown) == Item(kind, question_id)
