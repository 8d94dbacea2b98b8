"""The contract's messages. Frozen, unknown fields kept, what the contract leaves open may be absent.

The contract names five kinds of value: whole rupiah, counts, versions, times in UTC, and text.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

LARGEST = 2**53  # what every JSON reader holds exactly


def _number(value: object) -> int | float | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("number", "a number")
    if not -LARGEST <= value <= LARGEST:  # before int(): 1e999999999 would never end
        raise PydanticCustomError("number", "a number up to 2^53")
    return value


def _money(value: object) -> int:
    """35000.0 is read as 35000; 35000.5, text and booleans are refused."""
    number = _number(value)
    if number != int(number):
        raise PydanticCustomError("money_fraction", "a whole number of rupiah")
    return int(number)


def _whole_where_whole(value: object) -> int | float | Decimal:
    number = _number(value)
    return int(number) if number == int(number) else number


def _whole(value: object) -> int:
    number = _number(value)
    if number != int(number):
        raise PydanticCustomError("whole", "a whole number")
    return int(number)


def _time(value: object) -> str:
    """An aware ISO time, as UTC `Z`."""
    if not isinstance(value, str):
        raise PydanticCustomError("time", "a time such as 2026-01-27T10:30:00Z")
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise PydanticCustomError("time", "a time such as 2026-01-27T10:30:00Z") from None
    if moment.tzinfo is None:
        raise PydanticCustomError("time_without_zone", "a time with its zone, such as 2026-01-27T10:30:00Z")
    try:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise PydanticCustomError("time", "a time such as 2026-01-27T10:30:00Z") from None


Money = Annotated[int, BeforeValidator(_money)]
Number = Annotated[int | Decimal, BeforeValidator(_whole_where_whole)]
Version = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
Count = Annotated[int, BeforeValidator(_whole)]
Time = Annotated[str, BeforeValidator(_time)]
Text = Annotated[str, Field(strict=True)]


class Message(BaseModel):
    """A JSON object of the contract; `emit` gives back just the fields that came, and all of them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    def emit(self) -> dict[str, Any]:
        """The object as it goes on the wire."""
        return self.model_dump(exclude_unset=True)


class OrderItem(Message):
    product_name: Text | None = None
    category: Text | None = None
    qty: Number | None = None
    price: Money | None = None
    subtotal: Money | None = None
    destination: Text | None = None
    status: Text | None = None


class PaymentInfo(Message):
    method: Text | None = None
    amount: Money | None = None
    paid_at: Time | None = None


class Record(Message):
    """What all records share."""

    local_id: Text
    outlet_id: Text | None = None
    outlet_code: Text | None = None
    version: Version | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class Order(Record):
    table_number: Text | None = None
    customer_name: Text | None = None
    pax: Number | None = None
    total_amount: Money | None = None
    status: Text | None = None
    items: tuple[OrderItem, ...] | None = None
    payment_info: PaymentInfo | None = None


class Transaction(Record):
    order_id: Text | None = None
    total_amount: Money | None = None
    payment_method: Text | None = None
    cash_amount: Money | None = None
    change_amount: Money | None = None
    cashier_name: Text | None = None


class Product(Record):
    name: Text | None = None
    category_id: Text | None = None
    category_name: Text | None = None
    price: Money | None = None
    stock: Number | None = None
    destination: Text | None = None


class Category(Record):
    name: Text | None = None


class Deletion(Record):
    deleted_at: Time | None = None


class TopProduct(Message):
    product_name: Text
    qty_sold: Number
    revenue: Money


class Hour(Message):
    hour: Annotated[Count, Field(ge=0, le=23)]
    orders: Count
    revenue: Money


class Summary(Message):
    total_orders: Count
    total_revenue: Money
    total_transactions: Count
    payment_methods: dict[str, Count]
    top_products: tuple[TopProduct, ...]
    hourly_breakdown: tuple[Hour, ...]


class DailySummary(Message):
    outlet_id: Text | None = None
    outlet_code: Text | None = None
    date: Annotated[Text, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    summary: Summary


class BatchEntry(Message):
    entity_type: Text
    operation: Literal["create", "update", "delete"]
    data: dict[str, Any]


class BatchRequest(Message):
    outlet_id: Text
    outlet_code: Text
    sync_timestamp: Time
    items: tuple[BatchEntry, ...]


class ResolveRequest(Message):
    strategy: Literal["cloud_wins", "local_wins", "newest_wins"]
    resolved_by: Text
    notes: Text | None = None


class PushData(Message):
    cloud_id: Text
    local_id: Text
    version: Version
    synced_at: Time


class PushAnswer(Message):
    success: bool
    data: PushData


class BatchResult(Message):
    entity_type: Text
    local_id: Text
    cloud_id: Text | None = None
    status: Text
    error: Text | None = None


class BatchData(Message):
    processed: Count
    success: Count
    failed: Count
    results: tuple[BatchResult, ...]
    synced_at: Time


class BatchAnswer(Message):
    success: bool
    data: BatchData


class UpdatedProduct(Message):
    cloud_id: Text | None = None
    local_id: Text | None = None
    name: Text | None = None
    price: Money | None = None
    version: Version
    updated_at: Time
    action: Text


class UpdatedCategory(Message):
    cloud_id: Text | None = None
    local_id: Text | None = None
    name: Text | None = None
    version: Version
    updated_at: Time
    action: Text


class DeletedRecord(Message):
    entity_type: Text
    local_id: Text | None = None
    cloud_id: Text | None = None
    deleted_at: Time


class UpdatesData(Message):
    products: tuple[UpdatedProduct, ...]
    categories: tuple[UpdatedCategory, ...]
    deleted: tuple[DeletedRecord, ...]
    sync_checkpoint: Time


class UpdatesAnswer(Message):
    success: bool
    data: UpdatesData


class ResolveData(Message):
    resolved: bool
    applied_value: Any = None
    new_version: Version
    resolved_at: Time


class ResolveAnswer(Message):
    success: bool
    data: ResolveData


class RateLimitAnswer(Message):
    success: bool
    error: Text
    message: Text
    retry_after: Count


RECORDS: dict[str, type[Record]] = {
    "order": Order,
    "transaction": Transaction,
    "product": Product,
    "category": Category,
}
