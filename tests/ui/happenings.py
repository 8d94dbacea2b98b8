"""The history as values, for tests and pictures."""

from dataclasses import replace

from tests.ui.states import LONG, MINUTE, NOW, order, product, transaction

from outlet_sync_gui.status import Row
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.history import Entry, Key, Source
from outlet_sync_gui.store.messages import Message
from outlet_sync_gui.store.questions import Question, QuestionKind
from outlet_sync_gui.sync.history import Happened
from outlet_sync_gui.sync.holding import Step

HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
PRICE: dict[str, Step] = {"price": {"from": 40_000, "to": 38_000}}
BACK: dict[str, Step] = {"price": {"from": 38_000, "to": 40_000}}
Told = Deed | Change | Question | Message | None


def entry(
    n: int,
    ago_ms: int,
    source: Source,
    told: Told = None,
    record: Row | None = None,
    steps: dict[str, Step] | None = None,
    undo: dict[str, Step] | None = None,
) -> Happened:
    """What happened so long ago; n is its number."""
    shown = replace(record, record_id=n) if record else None
    key = Key(NOW - ago_ms, source, n)
    return Happened(entry=Entry(key=key, record=shown, told=told), steps=steps or {}, undo=undo)


def sent(n: int, ago_ms: int, row: Row) -> Happened:
    """A record that went out."""
    return entry(n, ago_ms, Source.SENT, None, row)


def deed(
    n: int, ago_ms: int, what: What, who: str, *, record: Row | None = None, why: str = "", **more: object
) -> Happened:
    """What a person, or without a name the program, did."""
    told = Deed(at=NOW - ago_ms, what=what, who=who, why=why, before=None, after=None, number=n)
    return entry(n, ago_ms, Source.DECIDED if who else Source.NOTED, told, record, **more)  # type: ignore[arg-type]  # a builder


def changed(
    n: int, ago_ms: int, name: str, steps: dict[str, Step], *, action: str = "update", reason: str | None = None
) -> Happened:
    """What headquarters changed of the menu."""
    told = Change(
        seq=n,
        entity_type="product",
        local_id=f"prod-{n}",
        cloud_id=None,
        action=action,
        version=2,
        fields=steps,
        reason=reason,
        at=NOW - ago_ms,
        taken_at=None,
        taken_by=None,
        name=name,
    )
    return entry(n, ago_ms, Source.CHANGED, told, product(n, name), steps)


def announced(n: int, ago_ms: int, title: str, text: str) -> Happened:
    """An announcement."""
    told = Message(
        number=n, title=title, text=text, level="info", expires_at=None, at=NOW - ago_ms, read_at=None, read_by=None
    )
    return entry(n, ago_ms, Source.ANNOUNCED, told)


def asked(n: int, ago_ms: int, kind: QuestionKind, **facts: str | int) -> Happened:
    """A question."""
    told = Question(question_id=n, kind=kind, facts=facts, opened_at=NOW - ago_ms, n=0)
    return entry(n, ago_ms, Source.ASKED, told)


RESOLVED = deed(
    *(1, 3 * MINUTE, What.RESOLVED, "Rina"), record=product(1, "Nasi Goreng Spesial"), steps=BACK, undo=PRICE
)
DISCARDED = deed(2, 40 * MINUTE, What.DISCARDED, "Budi", record=order(30), why="dobel input", undo={})
FULL: list[Happened] = [
    sent(1, 2 * MINUTE, transaction(2)),
    sent(2, 2 * MINUTE, order(2)),
    RESOLVED,
    changed(4, 9 * MINUTE, "Es Teh Manis", {"price": {"from": 5_000, "to": 6_000}}, reason="Penyesuaian harga"),
    announced(5, 15 * MINUTE, "Promo Februari", "Diskon 10 % untuk semua minuman mulai besok."),
    DISCARDED,
    deed(6, 55 * MINUTE, What.UNDONE, "Rina", record=product(6, "Ayam Bakar Taliwang"), steps=PRICE, undo=BACK),
    asked(7, 2 * HOUR, QuestionKind.CONFIG_CHANGED, closing_time="21:00 → 22:00"),
    deed(8, 2 * HOUR - MINUTE, What.APPROVED, "Rina", why="config_changed"),
    sent(9, DAY, order(9, table=None)),
    deed(
        10,
        DAY + MINUTE,
        What.MERGED,
        "",
        record=product(10, "Soto Ayam"),
        steps={"price": {"from": 20_000, "to": 22_000}},
    ),
    changed(11, DAY + HOUR, "Kopi Susu", {}, action="delete"),
    deed(12, DAY + 2 * HOUR, What.RETRIED, "Budi", why="5"),
    asked(13, 3 * DAY, QuestionKind.DELETIONS, names="Es Jeruk, Bakwan, Tempe Mendoan"),
    deed(14, 3 * DAY, What.TOLD, "", record=product(14, "Bakwan"), why="stock"),
    sent(15, 400 * DAY, order(12)),
]
EDGE: list[Happened] = [
    changed(
        1,
        MINUTE,
        LONG,
        {"price": {"from": 999_999_999, "to": 999_999_999_999}, "name": {"from": LONG, "to": f"{LONG} 2"}},
    ),
    deed(
        2,
        2 * MINUTE,
        What.RESOLVED,
        LONG,
        record=product(2, LONG),
        why=LONG,
        steps={"name": {"from": LONG, "to": LONG}},
        undo={"name": {"from": LONG, "to": f"{LONG} 2"}},
    ),
    announced(3, 3 * MINUTE, "<b>Penting</b>", f"<script>alert(1)</script>\n{LONG}"),
    sent(4, DAY, replace(order(4, amount=999_999_999_999), local_id="ORD-20260127-JAKARTA-SELATAN-SENOPATI-0001")),
    asked(5, DAY, QuestionKind.ZERO_PRICE, names=LONG),
    asked(6, DAY, QuestionKind.RESTORED_CLOUD, cursor="2026-01-27T05:00:00Z", checkpoint="2026-01-20T05:00:00Z"),
]
HISTORIES: dict[str, list[Happened]] = {"full": FULL, "edge": EDGE, "empty": []}
