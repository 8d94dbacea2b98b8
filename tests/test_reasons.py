"""Why a record waits and when its next try comes, in both languages; decisions and mistakes in words."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.ui.states import ALIKE, MINUTE, NOW, SHIFTS, SHUT, STATES, queued, status

from outlet_sync_gui import reasons, words
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import Lane, Pending, Row, RowState, State, Status, Trouble
from outlet_sync_gui.store.activity import What

DAY = 24 * 60 * MINUTE
WAITING = status(State.WAITING, pending=Pending(high=1), waits=(SHIFTS, ALIKE, SHUT))
LATER = replace(WAITING, next_attempt_at=NOW + 27 * MINUTE)
LIMITED = replace(WAITING, trouble=Trouble(code="N-RATE", facts=(("seconds", 45),)))
ONE_WAY = replace(WAITING, trouble=Trouble(code="N-OUTLET", facts=(("route", "sync/batch"),)))
READY = queued(1, RowState.READY)


@pytest.fixture(autouse=True)
def _jakarta() -> Iterator[None]:
    words.use_zone("Asia/Jakarta")
    yield
    words.use("en")


@pytest.mark.parametrize(
    ("row", "shown", "indonesian", "english"),
    [
        (replace(READY, state=None), WAITING, "", ""),
        (READY, WAITING, "Sebentar lagi dikirim.", "Goes out in a moment."),
        (READY, ONE_WAY, "Sebentar lagi dikirim.", "Goes out in a moment."),
        (READY, STATES["paused"], "Dijeda sampai 11.15.", "Paused until 11:15."),
        (READY, STATES["error"], "Program bermasalah.", "Something broke."),
        (
            READY,
            replace(WAITING, is_running=False),
            "Dikirim saat Outlet Sync berjalan.",
            "Sent when Outlet Sync runs.",
        ),
        (
            READY,
            STATES["offline"],
            "Internet putus sejak 10.05. Dicoba lagi pukul 10.33 WIB.",
            "Internet down since 10:05. Tried again at 10:33 WIB.",
        ),
        (READY, STATES["key"], "Kunci API ditolak.", "The API key is refused."),
        (
            READY,
            LIMITED,
            "Pusat minta tunggu 45 detik. Lanjut otomatis.",
            "Headquarters asks to wait 45 s. It goes on by itself.",
        ),
        (
            queued(1, RowState.READY, lane=Lane.LOW),
            LATER,
            "Dikirim pukul 11.00 WIB, atau lebih cepat bersama penjualan.",
            "Goes out at 11:00 WIB, or before that along with a sale.",
        ),
        (
            queued(1, RowState.READY, lane=Lane.LOW),
            replace(LATER, next_attempt_at=NOW + DAY),
            "Dikirim besok 10.33, atau lebih cepat bersama penjualan.",
            "Goes out tomorrow 10:33, or before that along with a sale.",
        ),
        (
            queued(1, RowState.RETRY, halt_id=ALIKE.halt_id, error="no"),
            WAITING,
            (
                "Pusat menolak pesanan berturut-turut dengan alasan yang sama; 7 data menunggu."
                " Kata pusat: “Outlet JKT-001 is not registered for orders”. Dicoba lagi pukul 10.35 WIB."
            ),
            (
                "Headquarters refuses orders with the same words, one after another; 7 waiting."
                " Headquarters says: “Outlet JKT-001 is not registered for orders”. Tried again at 10:35 WIB."
            ),
        ),
        (
            queued(1, RowState.RETRY, due_at=NOW - MINUTE, error="busy {n}"),
            WAITING,
            "Kata pusat: “busy {n}”. Sebentar lagi dicoba lagi.",
            "Headquarters says: “busy {n}”. Tried again any moment.",
        ),
        (
            queued(1, RowState.RETRY, due_at=NOW + MINUTE, error_code="R-TRIES", error=""),
            WAITING,
            "Pusat menolaknya tanpa alasan. Dicoba lagi pukul 10.34 WIB.",
            "Headquarters refused it without a reason. Tried again at 10:34 WIB.",
        ),
        (
            queued(1, RowState.RETRY, due_at=NOW + MINUTE),
            WAITING,
            "Jawaban pusat tidak menyebutnya. Dicoba lagi pukul 10.34 WIB.",
            "Headquarters' answer said nothing of it. Tried again at 10:34 WIB.",
        ),
        (
            queued(1, RowState.RETRY, "product", lane=Lane.MEDIUM, error_code="R-EXISTS", error="exists"),
            ONE_WAY,
            "Sudah ada di pusat dengan isi lain. Menunggu kabar dari pusat.",
            "Already at headquarters with other content. Waits for headquarters' news.",
        ),
        (
            queued(1, RowState.READY, "product", lane=Lane.MEDIUM),
            ONE_WAY,
            "Menunggu kabar dari pusat.",
            "Waits for headquarters' news.",
        ),
        (
            queued(1, RowState.READY, lane=Lane.LOW),
            replace(WAITING, next_attempt_at=ALIKE.next_at),
            "Dikirim bersama penjualan berikutnya.",
            "Goes out along with the next sale.",
        ),
        (
            queued(1, RowState.BLOCKED, "transaction", order="ORD-9"),
            STATES["offline"],
            "Dikirim tepat setelah pesanan ORD-9.",
            "Goes right after its order ORD-9.",
        ),
        (
            queued(1, RowState.HELD, "product"),
            STATES["paused"],
            "Pusat juga mengubahnya. Lanjut setelah itu beres.",
            "Headquarters changed it too. It goes on when that is settled.",
        ),
        (
            queued(1, RowState.DEAD, error_code="R-GONE"),
            STATES["offline"],
            "Sudah dihapus di pusat",
            "Deleted at headquarters",
        ),
    ],
)
def test_why_a_record_waits(row: Row, shown: Status, indonesian: str, english: str) -> None:
    for language, sentence in (("id", indonesian), ("en", english)):
        words.use(language)
        assert reasons.why(row, shown, NOW) == sentence


@pytest.mark.parametrize("state", RowState)
@pytest.mark.parametrize("name", STATES)
def test_every_row_of_the_line_has_a_reason_in_every_state(state: RowState, name: str) -> None:
    assert reasons.why(queued(1, state), STATES[name], NOW)


def test_a_deed_tells_when_what_who_and_why() -> None:
    words.use("id")
    told = reasons.deed("discarded", who="Rina", why="dua kali {n}", at_ms=NOW - DAY, now_ms=NOW)
    assert told == "kemarin 10.33 · Tidak dikirim · Rina · “dua kali {n}”"
    assert reasons.deed("brand_new", who="", why="", at_ms=NOW, now_ms=NOW) == "10.33 · brand_new"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            InputRefused("row_held", {"name": "1"}),
            "Pesanan A1 menunggu perubahan dari pusat. Lanjut setelah itu beres.",
        ),
        (InputRefused("question_unknown", {"name": "1"}), "Itu sudah beres."),
        (InputRefused("not_an_object"), "Pesanan A1: Data harus berupa objek JSON. Periksa ekspor dari kasir."),
    ],
)
def test_what_was_declined(error: InputRefused, sentence: str) -> None:
    words.use("id")
    assert reasons.declined(error, "Pesanan A1") == sentence


def test_a_mistake_elsewhere_than_in_the_form_of_the_text_has_no_line() -> None:
    error = InputRefused("local_id_missing")
    assert reasons.line_of_mistake(error, "{}") is None
    assert reasons.mistake(error, "{}") == "The field local_id is missing. Every record needs its own number."


# -- times of other days, as all sentences tell them


@pytest.mark.parametrize(
    ("after", "indonesian", "english"),
    [
        (0, "10.33", "10:33"),
        (DAY, "besok 10.33", "tomorrow 10:33"),
        (-DAY, "kemarin 10.33", "yesterday 10:33"),
        (2 * DAY, "Kam 29 Jan 10.33", "Thu 29 Jan 10:33"),
        (-2 * DAY, "Min 25 Jan 10.33", "Sun 25 Jan 10:33"),
    ],
)
def test_a_moment_tells_its_day_unless_it_is_today(after: int, indonesian: str, english: str) -> None:
    for language, told in (("id", indonesian), ("en", english)):
        words.use(language)
        assert words.moment(NOW + after, NOW) == told


def test_since_and_until_tell_the_day_too() -> None:
    words.use("id")
    offline = replace(STATES["offline"], since=NOW - DAY)
    assert words.headline(offline, NOW) == "Internet putus sejak kemarin 10.33"
    assert words.tooltip(offline, NOW) == "12 menunggu · internet putus sejak kemarin 10.33"
    assert words.headline(replace(STATES["paused"], paused_until=NOW + DAY), NOW) == "Dijeda sampai besok 10.33"
    waiting = replace(STATES["waiting"], next_attempt_at=NOW + DAY)
    assert words.subline(waiting, NOW) == "Dikirim otomatis besok 10.33. Tidak ada masalah."


@pytest.mark.parametrize(
    ("before", "told"),
    [(2 * MINUTE, "10.31 WIB · 2 menit yang lalu"), (60 * MINUTE, "09.33 WIB"), (DAY, "kemarin 10.33")],
)
def test_the_last_success_is_told_once(before: int, told: str) -> None:
    words.use("id")
    assert words.at_and_ago(NOW - before, NOW) == told


def test_every_deed_has_its_words() -> None:
    assert {what.value for what in What} == set(reasons.DEEDS)
