"""A business day as a file: a table for spreadsheets, or the very object that is sent."""

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import dumps
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.sync.closing import Closing, body_of

# What begins so is a formula to a spreadsheet, whoever wrote it: names of products come from outside.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | Decimal


def as_json(closing: Closing, settings: Settings) -> bytes:
    """The body of the request that sends it."""
    return dumps(body_of(closing.summary, settings)).encode() + b"\n"


def as_csv(closing: Closing, settings: Settings) -> bytes:
    """UTF-8 with a mark, semicolons, decimal commas, CRLF: as spreadsheets set to Indonesian read it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([_shown(cell) for cell in row] for row in _rows(closing, settings))
    return text.getvalue().encode("utf-8-sig")


def _rows(closing: Closing, settings: Settings) -> Iterator[Sequence[Cell]]:
    day = closing.summary
    yield [words.say("Daily summary"), settings.outlet_code, day.date]
    yield [words.say("Revenue"), day.revenue]
    yield [words.say("Orders"), day.orders]
    yield [words.say("Transactions"), day.transactions]
    yield []
    yield [words.say("Payment"), words.say("Transactions")]
    yield from ((words.method(name), n) for name, n in day.methods.items())
    yield []
    yield [words.say("Product"), words.say("Quantity"), words.say("Revenue")]
    yield from day.products
    yield []
    yield [words.say("Hour"), words.say("Orders"), words.say("Revenue")]
    yield from ((words.hour_span(hour), orders, revenue) for hour, orders, revenue in day.hours)


def _shown(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(FORMULA) else cell
    return str(cell).replace(".", ",")
