"""What is said of each state and each record, to the letter of the agreed wording."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.ui.states import ALIKE, MINUTE, NOW, SHIFTS, SHUT, STATES, order, product

from outlet_sync_gui import words
from outlet_sync_gui.status import Deciding, Pending, Progress, Row, RowState, Trouble, Wait


@pytest.fixture(autouse=True)
def _jakarta() -> Iterator[None]:
    words.use_zone("Asia/Jakarta")
    yield
    words.use("en")


# -- states


@pytest.mark.parametrize(
    ("name", "language", "headline", "subline"),
    [
        ("setup", "id", "Belum siap dipakai", "Kurang: alamat pusat, kunci API."),
        ("setup", "en", "Not set up yet", "Missing: headquarters' address, API key."),
        ("idle", "id", "Semua sudah terkirim", "Terakhir berhasil 10.31 WIB · 2 menit yang lalu"),
        ("idle", "en", "Everything is sent", "Last success 10:31 WIB · 2 minutes ago"),
        ("syncing", "id", "Mengirim 2.160 data", "Tersambung lagi 10.29 WIB. Jualan tetap jalan."),
        ("syncing", "en", "Sending 2,160 records", "Back since 10:29 WIB. Sales go on."),
        ("waiting", "id", "3 data menunggu giliran", "Dikirim otomatis pukul 11.00 WIB. Tidak ada masalah."),
        ("waiting", "en", "3 records waiting", "Goes out at 11:00 WIB. Nothing is wrong."),
        ("offline", "id", "Internet putus sejak 10.05", "12 data (Rp1.845.000) aman di PC ini. Jualan tetap jalan."),
        ("offline", "en", "Internet down since 10:05", "12 records (Rp1.845.000) safe on this PC. Sales go on."),
        ("paused", "id", "Dijeda sampai 11.15", "4 data menunggu, aman di PC ini."),
        ("paused", "en", "Paused until 11:15", "4 records waiting, safe on this PC."),
        ("attention", "id", "5 data perlu dicek", "Data lain tetap terkirim."),
        ("attention", "en", "5 records need attention", "The rest is still sent."),
        ("key", "id", "Kunci API ditolak", "Minta yang baru ke pusat, isi di Pengaturan."),
        ("error", "id", "Program bermasalah", "Disk penuh. Data aman. Beri tahu tim IT: kode E-DISK-FULL."),
        ("error", "en", "Something broke", "The disk is full. Data is safe. Tell IT: code E-DISK-FULL."),
    ],
)
def test_the_states_sentences(name: str, language: str, headline: str, subline: str) -> None:
    words.use(language)
    assert words.headline(STATES[name], NOW) == headline
    assert words.subline(STATES[name], NOW) == subline


@pytest.mark.parametrize(
    ("waits", "indonesian", "english"),
    [
        (
            (SHIFTS,),
            "Ada yang belum diterima pusat. Dicoba lagi otomatis.",
            "Headquarters doesn't take some yet. They are tried again by themselves.",
        ),
        (
            (SHIFTS, ALIKE),
            "Ada yang ditolak pusat. Sedang dicek.",
            "Headquarters refuses some. It is being looked into.",
        ),
    ],
)
def test_what_headquarters_does_not_take_is_not_nothing(waits: tuple[Wait, ...], indonesian: str, english: str) -> None:
    shown = replace(STATES["waiting"], waits=waits)
    for language, sentence in (("id", indonesian), ("en", english)):
        words.use(language)
        assert words.subline(shown, NOW) == sentence
        assert words.tooltip(shown, NOW) == words.headline(shown, NOW)  # when a probe goes, nothing is sent for sure


SHUT_ONE = Trouble(code="N-OUTLET", facts=(("route", "updates"), ("passes", 1)))
LIMITED = Trouble(code="N-RATE", facts=(("seconds", 18),))


@pytest.mark.parametrize(
    ("language", "headline", "subline", "reason"),
    [
        (
            "id",
            "Pusat menutup satu jalur",
            "Penjualan lewat jalur lain. Hubungi pusat.",
            "Pusat menutup satu jalur: updates (N-OUTLET). Dicoba lagi pukul 10.35 WIB.",
        ),
        (
            "en",
            "Headquarters closes one way in",
            "Sales take the other ways. Call headquarters.",
            "Headquarters closes one way in: updates (N-OUTLET). Tried again at 10:35 WIB.",
        ),
    ],
)
def test_one_way_that_is_shut_is_not_the_outlet(language: str, headline: str, subline: str, reason: str) -> None:
    words.use(language)
    wait = replace(SHUT, name="updates", n=0, next_at=NOW + 2 * MINUTE)
    shown = replace(STATES["key"], trouble=SHUT_ONE, waits=(wait,))
    assert (words.headline(shown, NOW), words.subline(shown, NOW)) == (headline, subline)
    assert words.reasons(shown, NOW) == [reason]


@pytest.mark.parametrize(
    ("trouble", "is_running", "reason"),
    [
        (LIMITED, True, "Headquarters asks to wait 18 s. It goes on by itself. (N-RATE)"),
        (LIMITED, False, "Headquarters asks to wait 18 s. (N-RATE)"),
        (Trouble(code="N-CLOUD"), True, "The trouble is at headquarters. It sends by itself later. (N-CLOUD)"),
        (Trouble(code="N-CLOUD"), False, "The trouble is at headquarters. (N-CLOUD)"),
    ],
)
def test_a_reason_says_nothing_twice_and_promises_nothing_where_nothing_runs(
    trouble: Trouble, is_running: bool, reason: str
) -> None:
    words.use("en")
    assert words.reasons(replace(STATES["waiting"], trouble=trouble, is_running=is_running), NOW) == [reason]


def test_one_record_is_no_records() -> None:
    words.use("en")
    one = Pending(high=1)
    assert words.headline(replace(STATES["syncing"], pending=one), NOW) == "Sending 1 record"
    assert words.headline(replace(STATES["waiting"], pending=one), NOW) == "1 record waiting"
    assert words.headline(replace(STATES["attention"], dead=1), NOW) == "1 record needs attention"
    assert words.subline(replace(STATES["offline"], pending=one, pending_amount=25_000), NOW).startswith("1 record (Rp")


def test_only_pulling_and_pausing_without_end_are_said() -> None:
    words.use("id")
    assert words.headline(replace(STATES["syncing"], pending=Pending()), NOW) == "Mengambil kabar dari pusat"
    assert words.headline(replace(STATES["paused"], paused_until=None), NOW) == "Dijeda sampai dilanjutkan"
    assert words.subline(replace(STATES["offline"], pending=Pending()), NOW).startswith("Tidak ada yang menunggu.")


@pytest.mark.parametrize("code", words.LADDER)
def test_headquarters_is_blamed_for_its_own_troubles_alone(code: str) -> None:
    words.use("en")
    shown = replace(STATES["offline"], trouble=Trouble(code=code))
    is_ours = code in ("N-LINK", "N-DNS", "N-PORTAL", "N-CLOCK", "N-TLS")
    assert ("Internet" in words.headline(shown, NOW)) is is_ours
    assert ("internet" in words.tooltip(shown, NOW)) is is_ours


def test_progress_tells_an_end_only_where_one_is_known() -> None:
    progress = Progress(done=1250, total=3410, per_minute=520, ends_at=NOW + 4 * MINUTE)
    words.use("id")
    rate_and_end = ("520 per menit", "selesai kira-kira 10.37 WIB · 4 menit lagi")
    assert words.progress_lines(progress, NOW) == ("1.250 dari 3.410 terkirim", *rate_and_end)
    assert words.progress_lines(replace(progress, ends_at=None), NOW) == ("1.250 dari 3.410 terkirim", "", "")
    words.use("en")
    end = "done about 10:37 WIB · 4 min left"
    assert words.progress_lines(progress, NOW) == ("1,250 of 3,410 sent", "520 a minute", end)


# -- rows


@pytest.mark.parametrize(
    ("row", "title", "detail"),
    [
        (order(0), "Pesanan ORD-20260127-0143", "Meja A-05 · 4 tamu"),
        (order(0, table=None, pax=None), "Pesanan ORD-20260127-0143", "Bawa pulang"),
        (order(0, table="{n}"), "Pesanan ORD-20260127-0143", "Meja {n} · 4 tamu"),
        (Row(at_ms=NOW, entity_type="transaction", local_id="T-1", method="CASH"), "Transaksi T-1", "Tunai"),
        (Row(at_ms=NOW, entity_type="transaction", local_id="T-1", method="{n} %s"), "Transaksi T-1", "{n} %s"),
        (Row(at_ms=NOW, entity_type="transaction", local_id="T-1", method="Quit"), "Transaksi T-1", "Quit"),
        (product(1, "Es Teh {n}"), "Es Teh {n}", "stok 47"),
        (Row(at_ms=NOW, entity_type="category", local_id="c-1", title="Minuman"), "Minuman", "kategori"),
        (Row(at_ms=NOW, entity_type="loyalty", local_id="{n}"), "Loyalty {n}", ""),
    ],
)
def test_a_row_by_its_name(row: Row, title: str, detail: str) -> None:
    words.use("id")
    assert (words.row_title(row), words.row_detail(row)) == (title, detail)


@pytest.mark.parametrize(
    ("state", "due_at", "indonesian", "english"),
    [
        (None, None, "terkirim", "sent"),
        (RowState.SENDING, NOW, "sedang dikirim", "being sent"),
        (RowState.BLOCKED, NOW, "setelah pesanannya", "after its order"),
        (RowState.HELD, None, "ditahan", "held"),
        (RowState.DEAD, None, "ditolak", "refused"),
        (RowState.RETRY, None, "dicoba lagi", "tried again"),
        (RowState.READY, None, "menunggu", "waiting"),
        (RowState.READY, NOW, "pukul 10.33", "at 10:33"),
    ],
)
def test_what_becomes_of_a_row(state: RowState | None, due_at: int | None, indonesian: str, english: str) -> None:
    row = order(0, state, due_at=due_at)
    words.use("id")
    assert words.row_state(row, NOW) == indonesian
    words.use("en")
    assert words.row_state(row, NOW) == english


@pytest.mark.parametrize(
    ("code", "said", "indonesian"),
    [
        ("R-DATA", "no {n}", "Isi pesanan tidak diterima pusat. Kata pusat: “no {n}”"),
        ("R-EXISTS", None, "Sudah ada di pusat dengan isi lain"),
        ("R-SIZE", "12400000/10000000", "Terlalu besar untuk dikirim: 12,4 MB, batasnya 10 MB"),
        ("R-GONE", "", "Sudah dihapus di pusat"),
        ("R-TRIES", "5", "5× ditolak pusat, tanpa alasan"),
        ("R-TRIES", "", "Ditolak pusat tanpa alasan, dicoba lagi"),
        (None, None, "Isi pesanan tidak diterima pusat"),
        ("R-NEW", "x", "Isi pesanan tidak diterima pusat. Kata pusat: “x”"),
    ],
)
def test_why_a_record_was_refused(code: str | None, said: str | None, indonesian: str) -> None:
    words.use("id")
    assert words.refusal(code, "order", said) == indonesian


@pytest.mark.parametrize(
    ("name", "values", "tooltip"),
    [
        ("waiting", {"next_attempt_at": None}, "3 data menunggu giliran"),
        ("syncing", {"pending": Pending()}, "Mengambil kabar dari pusat"),
        ("setup", {}, "Belum siap dipakai"),
        ("paused", {}, "Dijeda sampai 11.15 · 4"),
        ("key", {}, "Kunci API ditolak · N-KEY"),
        ("key", {"trouble": Trouble(code="keyring_locked")}, "Brankas sandi terkunci · E-KEYRING-LOCKED"),
        ("error", {}, "Program bermasalah · E-DISK-FULL"),
    ],
)
def test_a_tooltip_repeats_nothing_and_ends_with_the_help_desks_code(
    name: str, values: dict[str, Any], tooltip: str
) -> None:
    words.use("id")
    assert words.tooltip(replace(STATES[name], **values), NOW) == tooltip


@pytest.mark.parametrize(
    ("is_retry", "language", "told"),
    [
        (True, "id", "Coba lagi 3.000 dari 10.000"),
        (True, "en", "Retrying 3,000 of 10,000"),
        (False, "id", "Tidak dikirim 3.000 dari 10.000"),
        (False, "en", "Discarding 3,000 of 10,000"),
    ],
)
def test_a_decision_over_very_many_records_tells_how_far_it_is(is_retry: bool, language: str, told: str) -> None:
    words.use(language)
    deciding = Deciding(is_retry=is_retry, done=3000, n=10_000)
    assert words.subline(replace(STATES["attention"], deciding=deciding), NOW) == told


@pytest.mark.parametrize("said", ["", "a/b", "1/2/3", "/", "{n}"])
def test_a_broken_size_is_no_mistake(said: str) -> None:
    assert "{size}" not in words.refusal("R-SIZE", "order", said)
