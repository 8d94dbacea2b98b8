"""What some clouds let an outlet read back (the contract does not name it): read with every tolerance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import quote

from outlet_sync_gui.contract.answers import Envelope, read_time, read_version
from outlet_sync_gui.contract.models import LARGEST
from outlet_sync_gui.contract.requests import path_of
from outlet_sync_gui.contract.text import Json, loads_lenient
from outlet_sync_gui.errors import ContractBroken

LISTS: Mapping[str, str] = {"order": "orders", "transaction": "transactions"}
LOG = "sync/logs"
SKIPPED = "skipped"


class Row(NamedTuple):
    """An order or a transaction as the cloud has it. `status` is in small letters; times are UTC ms, None: not told.

    `amount` in rupiah; of one that was deleted nothing is left but its number (`is_blank`).
    """

    kind: str
    number: str
    amount: int | Decimal
    status: str
    version: int
    made_at: int | None
    paid_at: int | None = None

    @property
    def at(self) -> int | None:
        """When it was paid, else made."""
        return self.made_at if self.paid_at is None else self.paid_at

    @property
    def is_blank(self) -> bool:
        """Whether it was deleted there."""
        return not self.status and not self.amount


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, the newest first. `pages`: how many there are, None where that is not told."""

    rows: tuple[Row, ...]
    pages: int | None
    n: int  # how much stands on it, with what has no number


class Skipped(NamedTuple):
    """So many records of a type that the cloud dropped at a time (UTC ms), whatever it answered."""

    entity_type: str
    n: int
    at: int


def list_path(outlet_id: str, kind: str, *, page: int, limit: int) -> str:
    """Where a page of a list is read."""
    return f"{path_of(LISTS[kind], outlet_id)}?page={page}&limit={limit}"


def log_path(outlet_id: str, *, limit: int) -> str:
    """Where the cloud's log is read."""
    return f"{path_of(LOG, outlet_id)}?limit={quote(str(limit))}"


def read_page(envelope: Envelope, kind: str) -> Page:
    """The rows of a page; what has no number is passed over. Raises ContractBroken where there is no list."""
    entries = _entries(envelope)
    rows = [_row(kind, entry) for entry in entries if isinstance(entry, dict)]
    pages = read_version(envelope.fields.get("total_pages"))
    return Page(tuple(row for row in rows if row is not None), pages, len(entries))


def read_log(envelope: Envelope) -> list[Skipped]:
    """What it dropped, as far as its log tells. Raises ContractBroken where there is no list."""
    lines = [entry for entry in _entries(envelope) if isinstance(entry, dict)]
    found = [_skipped(line) for line in lines if _word(line.get("status")) == SKIPPED]
    return [skipped for skipped in found if skipped is not None]


def _entries(envelope: Envelope) -> Sequence[Json]:
    if not isinstance(envelope.data, list):
        raise ContractBroken("contract_broken", {"why": "no list"})
    return envelope.data


def _row(kind: str, entry: Mapping[str, Json]) -> Row | None:
    number = _plain(entry.get("local_id")) or _plain(entry.get("id"))
    if not number:
        return None
    return Row(
        kind=kind,
        number=number,
        amount=_amount(entry.get("total_amount")),
        status=_word(entry.get("status")),
        version=read_version(entry.get("version")) or 0,
        made_at=_ms(entry.get("created_at")),
        paid_at=_ms(_object(entry.get("payment_info")).get("paid_at")),
    )


def _skipped(line: Mapping[str, Json]) -> Skipped | None:
    entity_type, at = _plain(line.get("entity_type")), _ms(line.get("created_at"))
    if not entity_type or at is None:
        return None
    return Skipped(entity_type, read_version(line.get("entity_count")) or 0, at)


def _object(value: Json) -> Mapping[str, Json]:
    """An object, or the text of one."""
    read = loads_lenient(value.encode("utf-8", "replace")) if isinstance(value, str) else value
    return read if isinstance(read, dict) else {}


def _amount(value: Json) -> int | Decimal:
    """35000.0 and "35000.00" are 35000; what is no number is nothing."""
    try:
        number = Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else Decimal()
    except ArithmeticError:
        return 0
    if not number.is_finite() or not -LARGEST <= number <= LARGEST:
        return 0
    return int(number) if number == int(number) else number


def _ms(value: Json) -> int | None:
    try:
        return round(datetime.fromisoformat(read_time(value)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _plain(value: Json) -> str:
    """Without the blanks that pad it; without what no text may hold."""
    return value.strip() if isinstance(value, str) and value.isprintable() else ""


def _word(value: Json) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""
