"""Putting a record in the line: its lane, its money, and the order that it goes behind."""

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.contract.sales import sale_of
from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.status import Lane
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.records import AT_ONCE, CATALOGUE, Content, Known
from outlet_sync_gui.sync.holding import own_end

LANES = {
    "order": Lane.HIGH,
    "transaction": Lane.HIGH,
    "table_status": Lane.HIGH,
    "product": Lane.MEDIUM,
    "category": Lane.MEDIUM,
    "daily_summary": Lane.MEDIUM,
}


def lane_of(entity_type: str) -> Lane:
    """The lane of a type; what the contract doesn't name is low."""
    return LANES.get(entity_type, Lane.LOW)


def queue(store: Store, record_id: int, incoming: Incoming, content: Content, now_ms: int) -> None:
    """Put content in the line, behind its order where it has one that is not accepted yet."""
    is_order = incoming.entity_type == "order"
    amount = incoming.amount if is_order else 0  # a transaction's money is its order's
    lane, is_urgent = lane_of(incoming.entity_type), incoming.entity_type in AT_ONCE
    store.records.queue(record_id, content, lane=lane, amount=amount, is_urgent=is_urgent, now_ms=now_ms)
    if incoming.entity_type == "transaction":
        store.records.block_behind_orders([record_id])
    if is_order and content.operation == "create":
        store.records.block_children([record_id])


def operation_for(known: Known) -> str:
    """How what lives here goes on the wire: what headquarters never had, or has no more, is made there."""
    was_deleted = known.deleted_at is not None or known.deleted_until is not None
    is_anew = known.entity_type in CATALOGUE and known.base is None and was_deleted
    return "create" if known.base_version == 0 or known.operation == "create" or is_anew else "update"


def queue_again(store: Store, record_id: int, *, now_ms: int) -> None:
    """What was sent or discarded goes once more, as it is."""
    known = store.records.get(record_id)
    assert known is not None
    is_gone = known.deleted_at is not None or own_end(known) is not None  # whoever deleted it
    operation = "delete" if is_gone else operation_for(known)
    content = Content(payload=known.payload, digest=known.digest, version=known.version, operation=operation)
    queue(store, record_id, of_content(known, content), content, now_ms)
    store.conflicts.restate(record_id)  # it may be asked about, with nothing of it in the line


def of_content(known: Known, content: Content) -> Incoming:
    """A record that we have, as if the POS handed this content of it over."""
    fields = loads_stored(content.payload)
    amount = fields.get("total_amount")
    return Incoming(
        entity_type=known.entity_type,
        local_id=known.local_id or "",
        operation="delete" if content.operation == "delete" else "update",
        source_version=None,
        updated_at=None,
        seen_change=None,
        content=content.payload,
        digest=content.digest,
        parent_ref=fields.get("order_id"),
        amount=amount if isinstance(amount, int) else 0,
        sale=sale_of(known.entity_type, content.operation, fields),
    )
