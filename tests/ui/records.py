"""Records with their lives, for tests and pictures of the details."""

from tests.builders import order, product, transaction
from tests.ui.states import LONG, MINUTE, NOW, QUEUE, queued

from outlet_sync_gui.contract.text import dumps
from outlet_sync_gui.reader import Record
from outlet_sync_gui.status import Row, RowState
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Source, Strategy

HOUR = 60 * MINUTE
ITEMS = [
    {"product_name": "Nasi Goreng Spesial", "qty": 2, "price": 38_000, "subtotal": 76_000, "destination": "kitchen"},
    {"product_name": LONG, "qty": 1, "price": 999_999_999, "subtotal": 999_999_999},
    {"product_name": "Es Teh Manis", "qty": 3, "price": 8_000, "subtotal": 24_000},
]
REFUSED_ORDER = Record(
    entity_type="order",
    local_id="ORD-20260127-0139",
    content=dumps(
        order(
            "ORD-20260127-0139",
            table_number="B-12",
            customer_name="Ibu Sari",
            pax=4,
            total_amount=187_000,
            items=ITEMS,
            payment_info={"method": "qris", "amount": 187_000, "paid_at": "2026-01-27T03:20:00Z"},
            loyalty={"points": 12},
        )
    ),
    history=(
        Deed(
            at=NOW - 3 * MINUTE,
            what=What.EDITED,
            who="Rina",
            why="",
            before=dumps({"table_number": "B-11", "total_amount": 180_000}),
            after=dumps({"table_number": "B-12", "total_amount": 187_000}),
        ),
        Deed(at=NOW - 2 * MINUTE, what=What.RETRIED, who="Budi", why="", before=None, after=None),
    ),
    queued=QUEUE[3],
    version=3,
)
PRICE = Disagreement(field="price", base="35000", local="38000", cloud="40000", choice=Strategy.CLOUD_WINS)
SETTLED_PRODUCT = Record(
    entity_type="product",
    local_id="prod-1",
    content=dumps(product("prod-1", name="Nasi Goreng Spesial", price=40_000, stock=47, destination="kitchen")),
    history=(Deed(at=NOW - 5 * MINUTE, what=What.RESOLVED, who="Rina", why="", before=None, after=None),),
    accepted_at=NOW - 30 * HOUR,
    agreed_version=12,
    version=13,
    cloud_id="c-77",
    queued=queued(6, RowState.READY, "product", title="Nasi Goreng Spesial", stock=47, amount=40_000),
    changes=(
        Change(
            seq=4,
            entity_type="product",
            local_id="prod-1",
            cloud_id="c-77",
            action="update",
            version=12,
            fields={"price": {"from": 35_000, "to": 40_000}},
            reason="Penyesuaian harga dari kantor pusat",
            at=NOW - 26 * HOUR,
            taken_at=None,
            taken_by=None,
            name="Nasi Goreng Spesial",
        ),
    ),
    conflicts=(
        Conflict(
            conflict_id=1,
            record_id=6,
            entity_type="product",
            local_id="prod-1",
            cloud_id="c-77",
            source=Source.MERGE,
            revision=1,
            opened_at=NOW - 20 * MINUTE,
            closed_at=NOW - 5 * MINUTE,
            closed_by="Rina",
            notes="sesuai surat",
            fields=(PRICE,),
        ),
    ),
)
SENT_PAYMENT = Record(
    entity_type="transaction",
    local_id="TRX-1",
    content=dumps(transaction("TRX-1", "ORD-1", total_amount=999_999_999_999, cashier_name=LONG)),
    history=(),
    accepted_at=NOW - 2 * MINUTE,
    version=1,
)
RECORDS: dict[str, tuple[Row, Record]] = {
    "refused": (QUEUE[3], REFUSED_ORDER),
    "settled": (queued(6, RowState.READY, "product", title="Nasi Goreng Spesial", stock=47), SETTLED_PRODUCT),
    "sent": (queued(9, RowState.READY, "transaction", local_id="TRX-1", method="cash", table=None), SENT_PAYMENT),
}
