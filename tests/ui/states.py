"""Every state of the window as a value, for tests and pictures."""

from outlet_sync_gui.status import Lane, Pending, Progress, Row, RowState, State, Status, Trouble, Wait

NOW = 1_769_484_780_000  # 27 January 2026, 10.33 WIB
MINUTE = 60_000
LONG = "Nasi Goreng Spesial Kampung Bumbu Rempah Nusantara dengan Telur Mata Sapi dan Kerupuk Udang Jumbo"


def status(state: State, **values: object) -> Status:
    shown: dict[str, object] = {
        "outlet_id": "550e8400",
        "outlet_code": "JKT-001",
        "sent_today": 143,
        "sent_today_amount": 12_313_000,
        "last_success_at": NOW - 2 * MINUTE,
        "is_running": True,
    }
    return Status(state=state, version="1", **{**shown, **values})  # type: ignore[arg-type]  # a builder of tests


STATES: dict[str, Status] = {
    "setup": status(State.SETUP, outlet_code="", sent_today=0, sent_today_amount=0, missing=("cloud_url", "api-key")),
    "idle": status(State.IDLE),
    "syncing": status(
        State.SYNCING,
        pending=Pending(high=1904, medium=212, low=44),
        pending_amount=48_915_000,
        sent_today=1393,
        sent_today_amount=31_240_000,
        since=NOW - 4 * MINUTE,
        progress=Progress(done=1250, total=3410, per_minute=520, ends_at=NOW + 4 * MINUTE),
    ),
    "waiting": status(State.WAITING, pending=Pending(medium=3), next_attempt_at=NOW + 27 * MINUTE),
    "offline": status(
        State.OFFLINE,
        pending=Pending(high=12),
        pending_amount=1_845_000,
        since=NOW - 28 * MINUTE,
        next_attempt_at=NOW + 42_000,
        trouble=Trouble(code="N-DNS"),
    ),
    "paused": status(State.PAUSED, pending=Pending(high=4), pending_amount=310_000, paused_until=NOW + 42 * MINUTE),
    "attention": status(State.ATTENTION, dead=5),
    "key": status(State.ATTENTION, pending=Pending(high=2), pending_amount=584_000, trouble=Trouble(code="N-KEY")),
    "error": status(State.ERROR, pending=Pending(high=2), trouble=Trouble(code="disk_full")),
}


def order(n: int, state: RowState | None = None, **values: object) -> Row:
    shown: dict[str, object] = {"table": "A-05", "pax": 4, "amount": 187_000}
    return Row(
        at_ms=NOW - n * MINUTE,
        entity_type="order",
        local_id=f"ORD-20260127-{143 - n:04}",
        state=state,
        **{**shown, **values},  # type: ignore[arg-type]  # a builder of tests
    )


def product(n: int, name: str) -> Row:
    due = NOW + 27 * MINUTE
    return Row(
        at_ms=NOW - n * MINUTE,
        entity_type="product",
        local_id=f"prod-{n}",
        title=name,
        stock=47,
        state=RowState.READY,
        due_at=due,
    )


def transaction(n: int) -> Row:
    local_id = f"TRX-20260127-{143 - n:04}-1"
    return Row(at_ms=NOW - n * MINUTE, entity_type="transaction", local_id=local_id, method="qris", amount=187_000)


ROWS: dict[str, list[Row]] = {
    "idle": [transaction(2), order(2), transaction(5), order(5, table=None), order(9)],
    "waiting": [product(4, "Nasi Goreng Spesial"), product(6, "Es Teh Manis"), product(11, "Ayam Bakar Taliwang")],
    "offline": [order(n, RowState.READY) for n in range(12)],
    "paused": [order(n, RowState.READY) for n in range(4)],
    "attention": [
        order(1, RowState.DEAD, error_code="R-DATA", error="Table B-12 not registered for JKT-001"),
        order(2, RowState.DEAD, error_code="R-EXISTS", error="Order already exists with different data"),
        order(3, RowState.DEAD, error_code="R-SIZE", error="12400000/10000000"),
    ],
    "long": [order(1, RowState.DEAD, error_code="R-DATA", error=LONG, amount=999_999_999_999), product(2, LONG)],
}

# -- the pages of what waits and of what needs a person

SHIFTS = Wait(
    halt_id=1, code="R-TYPE", name="cashier_shift", n=31, words="Unknown entity type", next_at=NOW + 4 * MINUTE
)
ALIKE = Wait(
    halt_id=2,
    code="R-ALIKE",
    name="order",
    n=7,
    words="Outlet JKT-001 is not registered for orders",
    next_at=NOW + 2 * MINUTE,
    is_question=True,
)
SHUT = Wait(halt_id=3, code="N-OUTLET", name="sync/batch", n=4, words="", next_at=NOW - MINUTE)


def queued(n: int, state: RowState, entity_type: str = "order", **values: object) -> Row:
    """A row of the line; n is its id too."""
    shown: dict[str, object] = {
        "local_id": f"ORD-20260127-{143 - n:04}",
        "amount": 187_000,
        "table": "A-05",
        "pax": 4,
        "lane": Lane.HIGH,
    }
    return Row(
        record_id=n,
        at_ms=NOW - n * MINUTE,
        entity_type=entity_type,
        state=state,
        **{**shown, **values},  # type: ignore[arg-type]  # a builder of tests
    )


QUEUE: list[Row] = [
    queued(1, RowState.SENDING),
    queued(2, RowState.READY),
    queued(3, RowState.BLOCKED, "transaction", local_id="TRX-20260127-0139-1", order="ORD-20260127-0139"),
    queued(4, RowState.DEAD, error_code="R-DATA", error="Table B-12 not registered for JKT-001", tries=1),
    queued(5, RowState.RETRY, due_at=NOW + 4 * MINUTE, tries=2, error_code="R-TRIES"),
    queued(6, RowState.READY, "product", title="Nasi Goreng Spesial", lane=Lane.MEDIUM, stock=47),
    queued(7, RowState.HELD, "product", title=LONG, lane=Lane.MEDIUM, amount=None),
    queued(8, RowState.READY, "cashier_shift", local_id="SHIFT-1", lane=Lane.LOW, halt_id=1, amount=None),
    queued(2000, RowState.READY, amount=999_999_999_999),
]
REFUSED: list[Row] = [
    queued(1, RowState.DEAD, error_code="R-DATA", error="Table B-12 not registered for JKT-001", tries=1),
    queued(2, RowState.DEAD, error_code="R-EXISTS", error="Order already exists with different data", tries=1),
    queued(3, RowState.DEAD, error_code="R-SIZE", error="12400000/10000000"),
    queued(4, RowState.DEAD, error_code="R-TRIES", error="5", tries=5),
    queued(5, RowState.DEAD, "product", title=LONG, error_code="R-GONE", error=LONG, amount=999_999_999_999),
]
LINE = status(
    State.WAITING,
    pending=Pending(high=5, medium=2, low=1),
    dead=1,
    waits=(SHIFTS,),
    next_attempt_at=SHIFTS.next_at,
)
LISTS: dict[str, tuple[Status, list[Row]]] = {
    "nothing": (status(State.IDLE), []),
    "line": (LINE, QUEUE),
    "line-offline": (STATES["offline"], QUEUE),
    "line-paused": (STATES["paused"], QUEUE),
    "refused": (status(State.ATTENTION, dead=5, pending=Pending(high=12)), REFUSED),
    "standing": (
        status(State.ATTENTION, dead=2, questions=1, pending=Pending(high=7, low=31), waits=(ALIKE, SHIFTS, SHUT)),
        REFUSED[:2],
    ),
    "many": (
        status(State.ATTENTION, dead=12_345, pending=Pending(high=1_000_000)),
        [queued(n, RowState.DEAD, error_code="R-DATA", error=LONG, tries=1) for n in range(1, 101)],
    ),
}
