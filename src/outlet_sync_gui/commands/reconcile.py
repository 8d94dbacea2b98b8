"""`summary reconcile`: a business day beside what headquarters has of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from outlet_sync_gui import channel, words
from outlet_sync_gui.commands import DONE, NEEDS_PERSON, Context, answer, say
from outlet_sync_gui.commands.closing import day_meant
from outlet_sync_gui.commands.records import opened
from outlet_sync_gui.commands.service import ERRORS, REFUSED_KEY
from outlet_sync_gui.errors import (
    AlreadyRunning,
    CloudUnreachable,
    CredentialsRejected,
    InputRefused,
    OutletSyncError,
    StoreFailed,
)
from outlet_sync_gui.settings import NEEDED, Settings, user_name
from outlet_sync_gui.support.comparison import verdict
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.commands import Reconcile
from outlet_sync_gui.sync.person import decide
from outlet_sync_gui.sync.reading import send_again
from outlet_sync_gui.sync.reconcile import Reconciled, Told, as_json, from_json

SHOWN = 20  # of each kind; `--json` tells all


def summary_reconcile(context: Context) -> int:
    """Read back, compare, and on request send what is missing; the exit code says whether somebody must look."""
    settings = context.settings(*NEEDED)
    if not settings.cloud_extras:
        raise InputRefused("extras_off")
    date = day_meant(context, settings)
    try:
        _read(context, date)
    except CloudUnreachable as error:
        raise (CredentialsRejected(error.code, error.facts) if error.code in REFUSED_KEY else error) from None
    found = _found(context, date)
    n = _send_again(context, settings, found) if context.arguments.send_missing else 0
    if context.wants_json:
        answer({**as_json(found), "sent_again": n})
    else:
        for line in _lines(found, n):
            say(line)
    return DONE if found.is_same or _is_mended(found, n) else NEEDS_PERSON


def _read(context: Context, date: str) -> None:
    """By the service that runs, or by one of our own. Raises why it can't be read."""
    if not _is_read_elsewhere(context, date):
        from outlet_sync_gui.service import Service  # late: beside a service nothing of it is needed

        try:
            Service(context.directory).run_reading(Reconcile(date))
        except AlreadyRunning:  # it started meanwhile
            if not _is_read_elsewhere(context, date):
                raise


def _is_read_elsewhere(context: Context, date: str) -> bool:
    answered: Any = channel.ask(context.directory, {"do": "reconcile", "date": date}, timeout_s=None)
    if answered is not None and "error" in answered:
        kind: type[OutletSyncError] = ERRORS.get(answered["error"], StoreFailed)
        raise kind(answered["code"], answered["facts"])
    return answered is not None


def _found(context: Context, date: str) -> Reconciled:
    with opened(context) as store:
        kept = store.findings.find(date)
    assert kept is not None
    return from_json(kept)


def _send_again(context: Context, settings: Settings, found: Reconciled) -> int:
    """Queue what is missing once more, in parts, between which others get their turn; how many."""
    n = 0
    with opened(context) as store:
        for decision in send_again(store, found, who=user_name()):
            decide(store, settings, decision, now_ms=now().wall_ms)
            n += len(decision.names or ())
    channel.ask(context.directory, {"do": "wake"})
    return n


def _is_mended(found: Reconciled, sent_again: int) -> bool:
    """Whether that was all, and all of it goes again."""
    return sent_again == len(found.missing) and replace(found, missing=()).is_same


def _lines(found: Reconciled, sent_again: int) -> Iterator[str]:
    yield words.business_day(found.date)
    yield verdict(found)
    yield words.side(is_here=True, orders=found.ours.orders, transactions=found.ours.transactions)
    yield words.side(is_here=False, orders=found.theirs.orders, transactions=found.theirs.transactions)
    yield from _each(words.say("Missing there:"), [_line(told) for told in found.missing])
    yield from _each(words.say("Different there:"), [_pair(*pair) for pair in found.different])
    yield from _each(words.say("Only there:"), [_line(told) for told in found.only_there])
    if sent_again:
        yield words.say_n("{n} goes again now.", "{n} go again now.", sent_again)
    elif found.missing:
        yield words.say("To send what is missing again: summary reconcile {date} --send-missing", date=found.date)
    if found.unsent:
        yield words.say("What waits here, and why: queue list")


def _each(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield heading
        yield from (f"  {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"  {words.say_n('and {n} more', 'and {n} more', len(lines) - SHOWN)}"


def _line(told: Told) -> str:
    return f"{told.name} · {words.money(told.amount)}"


def _pair(here: Told, there: Told) -> str:
    facts = {"here": _said(here), "there": _said(there)}
    return f"{here.name} · {words.say('here {here}, there {there}', **facts)}"


def _said(told: Told) -> str:
    return f"{words.money(told.amount)} {told.status}".strip()
