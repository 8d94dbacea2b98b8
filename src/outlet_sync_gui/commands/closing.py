"""`summary`: a business day's figures, looked at, sent, and written to a file."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from outlet_sync_gui import words
from outlet_sync_gui.commands import DONE, Context, answer, say, to_reader
from outlet_sync_gui.commands.records import carry_out, opened
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.settings import Settings, user_name
from outlet_sync_gui.support.export import as_csv, as_json
from outlet_sync_gui.sync.bills import Rules
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.closing import Closing, body_of, look_at
from outlet_sync_gui.sync.commands import SendSummary


def summary_show(context: Context) -> int:
    """The day's figures; with --json the very object that is sent."""
    settings = context.settings("outlet_id", "outlet_code")
    closing = _closing(context, settings)
    if context.wants_json:
        answer(body_of(closing.summary, settings))
        return DONE
    for line in _told(closing):
        say(line)
    return DONE


def summary_send(context: Context) -> int:
    """Queue it, as it is now, ahead of what is not urgent."""
    settings = context.settings("outlet_id", "outlet_code")
    date = day_meant(context, settings)
    told = words.say("The summary of {date} is on its way.", date=words.business_day(date))
    return carry_out(context, SendSummary(who=user_name(), date=date), told)


def summary_export(context: Context) -> int:
    """Write it to a file, or to standard output."""
    settings = context.settings("outlet_id", "outlet_code")
    content = _content(context.arguments.format, _closing(context, settings), settings)
    if context.arguments.output is None:
        with to_reader():
            sys.stdout.buffer.write(content)
        return DONE
    path = Path(context.arguments.output)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputRefused("file_unwritable", {"path": str(path), "why": error.strerror or ""}) from error
    return DONE


def _content(form: str, closing: Closing, settings: Settings) -> bytes:
    match form:
        case "json":
            return as_json(closing, settings)
        case "pdf":
            from outlet_sync_gui.ui.summary_pdf import as_pdf  # late: no other command loads Qt

            return as_pdf(closing, settings)
        case _:
            return as_csv(closing, settings)


def _told(closing: Closing) -> Iterator[str]:
    day, became = closing.summary, words.sending(closing.sending, now().wall_ms)
    yield words.say("{day}: {state}", day=words.business_day(day.date), state=became)
    yield words.verdict(closing.checks, orders=day.orders, revenue=day.revenue)
    figures = {"orders": words.orders_of(day.orders), "transactions": words.transactions_of(day.transactions)}
    average = words.average(day.revenue, day.orders)
    text = "Revenue {revenue}: {orders}, {transactions}, average {average}"
    yield words.say(text, revenue=words.rupiah(day.revenue), average=average, **figures)
    if day.methods:
        methods = [f"{words.method(name)} {words.number(n)}" for name, n in day.methods.items()]
        yield words.say("Payments: {parts}", parts=" · ".join(methods))
    if day.products:
        products = [f"{product.name} {words.quantity(product.quantity)}" for product in day.products]
        yield words.say("Top products: {parts}", parts=" · ".join(products))


def _closing(context: Context, settings: Settings) -> Closing:
    with opened(context) as store:
        return look_at(store, settings, day_meant(context, settings), now_ms=now().wall_ms)


def day_meant(context: Context, settings: Settings) -> str:
    """The day that is meant; today's business day where none is named. Raises InputRefused."""
    text: str | None = context.arguments.date
    if text is None:
        return Rules.of(settings).days.of(now().wall_ms)
    if not is_day(text):
        raise InputRefused("date_unknown", {"value": text[:60]})
    return text


def is_day(text: str) -> bool:
    """Whether it is a day as 2026-01-27, and there is one."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat() == text  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False
