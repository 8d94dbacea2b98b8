"""What headquarters says, as values, for tests and pictures."""

from tests.ui.states import LONG, MINUTE, NOW, status

from outlet_sync_gui.contract.text import dumps
from outlet_sync_gui.status import Question, State, Status, Trouble
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Source
from outlet_sync_gui.store.messages import Message
from outlet_sync_gui.sync.clock import iso

HOUR = 60 * MINUTE
RUN = "A" * 90  # a word without an end


def differs(name: str, values: tuple[object, object, object], **more: object) -> Disagreement:
    """A field with what was agreed, what is here and what headquarters has; None is absent."""
    base, local, cloud = (None if value is None else dumps(value) for value in values)
    shown: dict[str, object] = {
        "base": base,
        "local": local,
        "cloud": cloud,
        "local_at": iso(NOW - 8 * MINUTE),
        "cloud_at": iso(NOW - 10 * MINUTE),
    }
    return Disagreement(field=name, **{**shown, **more})  # type: ignore[arg-type]  # a builder of tests


def conflict(number: int, *fields: Disagreement, **more: object) -> Conflict:
    """An open conflict over a product."""
    shown: dict[str, object] = {
        "record_id": number,
        "entity_type": "product",
        "local_id": f"prod-{number}",
        "cloud_id": f"c-{number}",
        "source": Source.MERGE,
        "revision": 1,
        "opened_at": NOW - 10 * MINUTE,
        "closed_at": None,
        "closed_by": None,
        "notes": "",
        "name": "Nasi Goreng Spesial",
    }
    return Conflict(conflict_id=number, fields=fields, **{**shown, **more})  # type: ignore[arg-type]  # a builder


PRICE = differs(
    "price", (35_000, 38_000, 40_000), cloud_by="Kantor Pusat", reason="Penyesuaian harga dari kantor pusat"
)
NAME = differs("name", ("Nasi Goreng", "Nasi Goreng Spesial", "Nasi Goreng Special"))
STOCK = differs("stock", (50, 47, 60), cloud_at=iso(NOW - 26 * HOUR), is_asked=True)
GONE = differs("deleted", (False, False, True))
CONFLICTS: dict[str, Conflict] = {
    "one": conflict(1, PRICE),
    "three": conflict(2, NAME, PRICE, STOCK),
    "long": conflict(
        3,
        differs("description", (None, f"{LONG} {LONG}", f"{RUN} {LONG}"), cloud_by=LONG, reason=LONG),
        differs("name", (LONG, f"{LONG} A", f"{LONG} B")),
        name=LONG,
    ),
    "huge": conflict(4, differs("price", (1, 999_999_999_999, 888_888_888_888), cloud_at=None), name="Paket Pesta"),
    "deleted": conflict(5, GONE, name="Soto Betawi"),
    "deleted-here": conflict(6, differs("deleted", (False, True, False)), name="Es Campur"),
    "unknown": conflict(7, differs("price", (None, 20_000, 25_000)), record_id=None, name=None),
    "odd": conflict(8, differs("tags", (["a"], {"x": [1, 2.5]}, None)), name="Kerupuk"),
    "many": conflict(9, *(differs(f"field_{n:02}", (n, n + 1, n + 2)) for n in range(30)), name="Sop Buntut"),
}


def question(number: int, kind: str, n: int = 0, **facts: object) -> Question:
    """An open question."""
    choices = {
        "deletions": ("approve", "refuse"),
        "zero_price": ("approve", "refuse"),
        "restored_cloud": ("push_again", "accept"),
        "config_changed": ("keep", "undo"),
    }
    return Question(
        question_id=number,
        kind=kind,
        choices=choices[kind],
        n=n,
        facts=tuple(facts.items()),  # type: ignore[arg-type]  # a builder of tests
        asked_at=NOW - HOUR,
    )


DELETIONS = question(11, "deletions", 12, names="Nasi Goreng Spesial, Es Teh Manis, Ayam Bakar Taliwang")
ZERO = question(12, "zero_price", 1, names="Kerupuk")
RESTORED = question(13, "restored_cloud", cursor="2026-01-27T03:00:00Z", checkpoint="2026-01-24T16:00:00Z")
HALVED = question(14, "restored_cloud", cursor="", checkpoint="2026-01-27T03:00:00Z", known=140, came=12)
CONFIG = question(15, "config_changed", pull_interval_s="300 → 600", closing_time="22:00 → 23:30")


def message(number: int, title: str, text: str, level: str = "info", **more: object) -> Message:
    """An announcement."""
    shown: dict[str, object] = {"expires_at": None, "at": NOW - number * 20 * MINUTE, "read_at": None, "read_by": None}
    return Message(number=number, title=title, text=text, level=level, **{**shown, **more})  # type: ignore[arg-type]  # a builder


MESSAGES: list[Message] = [
    message(1, "Banjir di gudang", "Ayam dan sapi tidak dikirim hari ini. Hubungi 0800 123 bila stok habis.", "urgent"),
    message(2, "Harga baru mulai Senin", "Cek menu sebelum buka.\nHarga lama tidak berlaku lagi.", "warning"),
    message(3, f"<b>{LONG}</b>", f"{LONG} {RUN} {LONG}", "unheard", expires_at=NOW + 30 * HOUR),
    message(4, "", "Rapat pukul 15.00.", expires_at=NOW - HOUR),
    message(5, "Selamat ulang tahun", "Dua tahun bersama.", read_at=NOW - 2 * HOUR, read_by="Rina"),
]


def change(seq: int, fields: dict[str, dict[str, object]], action: str = "update", **more: object) -> Change:
    """A change that headquarters made."""
    shown: dict[str, object] = {
        "entity_type": "product",
        "local_id": f"prod-{seq}",
        "cloud_id": f"c-{seq}",
        "version": 2,
        "reason": None,
        "at": NOW - seq * 5 * MINUTE,
        "taken_at": None,
        "taken_by": None,
        "name": "Nasi Goreng Spesial",
    }
    return Change(seq=seq, action=action, fields=fields, **{**shown, **more})  # type: ignore[arg-type]  # a builder


CHANGES: list[Change] = [
    change(1, {"price": {"from": 35_000, "to": 40_000}}, reason="Penyesuaian harga"),
    change(2, {"name": {"from": LONG, "to": f"{LONG} B"}, "price": {"from": 1, "to": 999_999_999_999}}, name=LONG),
    change(3, {"stock": {"from": 50, "to": 47, "delta": -3}}, name="Es Teh Manis"),
    change(4, {"name": {"from": None, "to": "Rawon"}, "price": {"from": None, "to": 32_000}}, "create", name="Rawon"),
    change(5, {}, "delete", name="Soto Betawi", taken_at=NOW - MINUTE, taken_by="pos"),
]

# What the pages show: a status, and what was read with it.
PAGES: dict[str, tuple[Status, list[Message], list[Change]]] = {
    "empty": (status(State.IDLE), [], []),
    "full": (
        status(State.ATTENTION, messages=3, untaken=4, conflicts=7, questions=2, asked=(DELETIONS, ZERO)),
        MESSAGES,
        CHANGES,
    ),
    "late": (
        status(State.ATTENTION, messages=40, untaken=1234, is_untaken_late=True, questions=1, asked=(RESTORED,)),
        MESSAGES[:2],
        CHANGES,
    ),
    "read": (status(State.IDLE), MESSAGES[3:], CHANGES[4:]),
}
ASKED = status(
    State.ATTENTION,
    questions=5,
    conflicts=1,
    asked=(DELETIONS, ZERO, RESTORED, HALVED, CONFIG),
    doors=(Trouble(code="port_taken", facts=(("port", 8765),)),),
)
