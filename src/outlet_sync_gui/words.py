"""Every sentence that people read, in Bahasa Indonesia and English.

The English text is the key; `resources/i18n/id.po` holds the Indonesian one. Commands, service and windows share this,
so it knows no Qt. Text from outside is filled in as it is and never read as a pattern.
"""

import gettext
import io
import locale
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.resources import resource
from outlet_sync_gui.status import Progress, Row, RowState, State, Status, Trouble, Wait

LANGUAGES: Final = ("id", "en")
PLACE = re.compile(r"\{(\w+)\}")
SIZES = re.compile(r"([0-9]{1,18})/([0-9]{1,18})")
MONTHS = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
DAYS = {
    "id": ("Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
Fact = str | int | float


@dataclass(slots=True)
class _Choice:
    """What is chosen for the whole program: language, its catalogue, and the outlet's zone."""

    language: str
    catalogue: gettext.NullTranslations
    zone: ZoneInfo


_chosen = _Choice("en", gettext.NullTranslations(), ZoneInfo("Asia/Jakarta"))


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a text of a table for translation."""
    return text


# -- choosing


def use(language: str) -> None:
    """Speak `id` or `en`; anything else is the system's language, and Indonesian where it is neither."""
    chosen = language if language in LANGUAGES else system_language()
    _chosen.language = chosen
    _chosen.catalogue = _indonesian() if chosen == "id" else gettext.NullTranslations()


def language() -> str:
    """The language spoken."""
    return _chosen.language


def use_zone(iana: str) -> None:
    """The outlet's time zone, in which all times are told."""
    _chosen.zone = ZoneInfo(iana)


def system_language() -> str:
    """The system's language where we speak it, else Indonesian."""
    name = locale.getlocale()[0] or ""
    return "en" if name.lower().startswith("en") else "id"


def _indonesian() -> gettext.NullTranslations:
    import polib  # late: English needs no catalogue

    catalogue = polib.pofile(str(resource("i18n", "id.po")))
    return gettext.GNUTranslations(io.BytesIO(catalogue.to_binary()))


# -- saying


def say(text: str, /, **facts: Fact) -> str:
    """A sentence, its places filled."""
    return _filled(_chosen.catalogue.gettext(text), facts) if text else ""  # gettext's answer to "" is its header


def say_n(one: str, many: str, n: int, /, **facts: Fact) -> str:
    """A sentence with a count; `{n}` is its place."""
    return _filled(_chosen.catalogue.ngettext(one, many, n), {"n": number(n), **facts})


def _filled(text: str, facts: Mapping[str, Fact]) -> str:
    return PLACE.sub(lambda place: str(facts.get(place[1], place[0])), text)


# -- numbers and times


def number(value: float) -> str:
    """1.248 in Indonesian, 1,248 in English; one decimal where there is one."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")
    return text.translate(str.maketrans(",.", ".,")) if _chosen.language == "id" else text


def rupiah(amount: int) -> str:
    """Rp12.500.000, in both languages."""
    digits = f"{abs(amount):,}".replace(",", ".")
    return f"{'-' if amount < 0 else ''}Rp{digits}"


def megabytes(size: int) -> str:
    """Bytes as 12,4 MB."""
    return f"{number(size / 1_000_000)} MB"


def time(ms: int) -> str:
    """10.31 in Indonesian, 10:31 in English."""
    return _local(ms).strftime("%H.%M" if _chosen.language == "id" else "%H:%M")


def clock(ms: int) -> str:
    """The time with its zone: 10.31 WIB."""
    return f"{time(ms)} {_local(ms).tzname()}"


def ago(ms: int, now_ms: int) -> str:
    """Just now, 2 minutes ago, then the clock, yesterday, the date."""
    minutes = (now_ms - ms) // 60_000
    days = (_local(now_ms).date() - _local(ms).date()).days
    if minutes < 1:
        return say("just now")
    if minutes < 60:
        return say_n("{n} minute ago", "{n} minutes ago", minutes)
    if days == 0:
        return clock(ms)
    return say("yesterday {time}", time=time(ms)) if days == 1 else date(ms)


def at_and_ago(ms: int, now_ms: int) -> str:
    """10.31 WIB · 2 minutes ago; what is longer ago tells its time itself."""
    is_near = now_ms - ms < 60 * 60_000
    return f"{clock(ms)} · {ago(ms, now_ms)}" if is_near else ago(ms, now_ms)


def moment(ms: int, now_ms: int) -> str:
    """10.31 today; kemarin 22.14, besok 06.00, and the date on all other days."""
    days = (_local(ms).date() - _local(now_ms).date()).days
    near = {0: "{time}", -1: N_("yesterday {time}"), 1: N_("tomorrow {time}")}
    return say(near[days], time=time(ms)) if days in near else date(ms)


def at(ms: int, now_ms: int, *, has_zone: bool = True) -> str:
    """At 10:31 WIB; a moment of another day as that."""
    if _local(ms).date() != _local(now_ms).date():
        return moment(ms, now_ms)
    return say("at {time}", time=clock(ms) if has_zone else time(ms))


def date(ms: int) -> str:
    """Sen 26 Jan 19.05."""
    day = _local(ms)
    weekday, month = DAYS[_chosen.language][day.weekday()], MONTHS[_chosen.language][day.month - 1]
    return f"{weekday} {day.day} {month} {time(ms)}"


def countdown(seconds: float) -> str:
    """0.42 in Indonesian, 0:42 in English."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}{'.' if _chosen.language == 'id' else ':'}{rest:02}"


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_chosen.zone)


# -- the state


def headline(status: Status, now_ms: int) -> str:
    """The one sentence of a state."""
    match status.state:
        case State.SETUP:
            return say("Not set up yet")
        case State.ERROR:
            return say("Something broke")
        case State.PAUSED:
            return _paused(status, now_ms)
        case State.OFFLINE:
            return _offline(status, now_ms)
        case State.ATTENTION:
            return _attention(status)
        case State.SYNCING if status.pending.total:
            return say_n("Sending {n} record", "Sending {n} records", status.pending.total)
        case State.SYNCING:
            return say("Getting news from headquarters")
        case State.WAITING:
            return say_n("{n} record waiting", "{n} records waiting", status.pending.total)
        case State.IDLE:
            return say("Everything is sent")


def subline(status: Status, now_ms: int) -> str:
    """The line under it: what is safe, what happens next."""
    match status.state:
        case State.SETUP:
            return say("Missing: {names}.", names=", ".join(missing_name(name) for name in status.missing))
        case State.ERROR:
            return _tell_it(status)
        case State.PAUSED:
            return say_n(
                "{n} record waiting, safe on this PC.", "{n} records waiting, safe on this PC.", status.pending.total
            )
        case State.OFFLINE:
            return _safe(status)
        case State.ATTENTION:
            return _attention_line(status, now_ms)
        case State.SYNCING:
            return (
                say("Back since {time}. Sales go on.", time=clock(status.since))
                if status.since
                else say("Sales go on.")
            )
        case State.WAITING:
            return _waiting(status, now_ms)
        case State.IDLE:
            at = status.last_success_at or now_ms
            return say("Last success {time} · {ago}", time=clock(at), ago=ago(at, now_ms))


def reasons(status: Status, now_ms: int) -> list[str]:
    """Why something waits, and what to do, each a sentence; with the short code for the help desk."""
    lines = []
    if status.trouble is not None:
        cause, mend = trouble(status.trouble)
        lines.append(f"{cause.removesuffix('.')}. {mend} ({help_code(status.trouble.code)})")
    lines += [wait(found, now_ms) for found in status.waits]
    if status.held:
        lines.append(say("{n} held until headquarters' change is settled", n=number(status.held)) + ".")
    if status.blocked:
        lines.append(say_n("{n} payment waits for its order.", "{n} payments wait for their orders.", status.blocked))
    return lines


def tooltip(status: Status, now_ms: int) -> str:
    """What the tray says."""
    pending = number(status.pending.total)
    match status.state:
        case State.IDLE:
            return say("Everything sent · last {time}", time=moment(status.last_success_at or now_ms, now_ms))
        case State.SYNCING if status.pending.total:
            return say("Sending · {n} to go", n=pending)
        case State.WAITING if status.next_attempt_at:
            return say("{n} waiting · sent at {time}", n=pending, time=moment(status.next_attempt_at, now_ms))
        case State.OFFLINE if status.since:
            text = (
                "{n} waiting · internet down since {time}"
                if _is_line(status)
                else "{n} waiting · headquarters silent since {time}"
            )
            return say(text, n=pending, time=moment(status.since, now_ms))
        case State.ATTENTION if status.trouble is None:
            return say("{n} need attention · {waiting} waiting", n=number(status.dead), waiting=pending)
        case State.ERROR | State.SETUP | State.ATTENTION:
            code = f" · {help_code(status.trouble.code)}" if status.trouble else ""
            return headline(status, now_ms) + code
        case State.SYNCING | State.WAITING:
            return headline(status, now_ms)
        case _:
            return f"{headline(status, now_ms)} · {pending}"


def progress_lines(progress: Progress, now_ms: int) -> tuple[str, str, str]:
    """Counts, rate and the end in sight, each empty where unknown."""
    counts = say("{done} of {total} sent", done=number(progress.done), total=number(progress.total))
    if progress.ends_at is None:
        return counts, "", ""
    rate = say("{n} a minute", n=number(progress.per_minute))
    minutes = max(1, round((progress.ends_at - now_ms) / 60_000))
    end = say("done about {time} · {left} left", time=clock(progress.ends_at), left=say("{n} min", n=number(minutes)))
    return counts, rate, end


def missing_name(name: str) -> str:
    """What setup still needs, as people call it."""
    return say(MISSING[name]) if name in MISSING else name


MISSING = {
    "outlet_id": N_("outlet ID"),
    "outlet_code": N_("outlet code"),
    "cloud_url": N_("headquarters' address"),
    "api-key": N_("API key"),
}


def _paused(status: Status, now_ms: int) -> str:
    if status.paused_until is None:
        return say("Paused until resumed")
    return say("Paused until {time}", time=moment(status.paused_until, now_ms))


def _offline(status: Status, now_ms: int) -> str:
    since = moment(status.since or now_ms, now_ms)
    return (
        say("Internet down since {time}", time=since)
        if _is_line(status)
        else say("Headquarters silent since {time}", time=since)
    )


def _is_line(status: Status) -> bool:
    """Whether the trouble is this side of headquarters."""
    return status.trouble is not None and status.trouble.code in ("N-LINK", "N-DNS", "N-PORTAL", "N-CLOCK", "N-TLS")


def _safe(status: Status) -> str:
    n, amount = status.pending.total, rupiah(status.pending_amount)
    if n == 0:
        return say("Nothing is waiting. Sales go on.")
    return say_n(
        "{n} record ({amount}) safe on this PC. Sales go on.",
        "{n} records ({amount}) safe on this PC. Sales go on.",
        n,
        amount=amount,
    )


def _attention(status: Status) -> str:
    if status.trouble is not None:
        return trouble(status.trouble)[0].removesuffix(".")  # a headline has no full stop
    if status.questions and not status.dead:
        return say_n("{n} question needs an answer", "{n} questions need an answer", status.questions)
    return say_n("{n} record needs attention", "{n} records need attention", status.dead)


def _attention_line(status: Status, now_ms: int) -> str:
    if status.trouble is not None:
        return trouble(status.trouble)[1]
    asked = [found for found in status.waits if found.is_question]
    return wait(asked[0], now_ms) if asked and not status.dead else say("The rest is still sent.")


def _waiting(status: Status, now_ms: int) -> str:
    if status.trouble is not None and status.trouble.code == "N-RATE":
        return trouble(status.trouble)[1]
    if status.next_attempt_at is None or status.next_attempt_at <= now_ms:
        return say("Goes out by itself. Nothing is wrong.")
    return say("Goes out {when}. Nothing is wrong.", when=at(status.next_attempt_at, now_ms))


def _tell_it(status: Status) -> str:
    code = status.trouble.code if status.trouble else "bug"
    cause = trouble(status.trouble)[0] if status.trouble and status.trouble.code in PROBLEMS else ""
    return f"{cause} {say('Data is safe. Tell IT: code {code}.', code=help_code(code))}".strip()


def help_code(code: str) -> str:
    """The short code for the help desk."""
    return code if code.startswith(("N-", "R-", "E-")) else f"E-{code.upper().replace('_', '-')}"


# -- why nothing goes out, and what failed: cause, what to do

LADDER: Mapping[str, tuple[str, str]] = {
    "N-LINK": (N_("Not connected"), N_("Check the cable, turn on Wi-Fi.")),
    "N-DNS": (
        N_("The modem is on, the internet isn't"),
        N_("Try a site on a phone; modem off for 10 s; phone hotspot."),
    ),
    "N-PORTAL": (N_("This Wi-Fi wants a sign-in"), N_("Open the browser and sign in.")),
    "N-CLOCK": (N_("The PC's clock is wrong"), N_("Set the clock.")),
    "N-TLS": (N_("The secure connection is blocked here"), N_("Try a phone hotspot; tell IT.")),
    "N-CLOUD": (N_("The trouble is at headquarters"), N_("It sends by itself later.")),
    "N-KEY": (N_("The API key is refused"), N_("Get a new one from headquarters, enter it with “secret set api-key”.")),
    "N-OUTLET": (N_("This outlet is switched off at headquarters"), N_("Call headquarters.")),
    "N-ANSWER": (
        N_("The answer is not from headquarters"),
        N_("Check headquarters' address, or sign in to this Wi-Fi."),
    ),
    "N-RATE": (N_("Headquarters asks to wait"), N_("Headquarters asks to wait {seconds} s. It goes on by itself.")),
}

# What is looked at when nothing goes out, and by `doctor`.
CHECKS: Mapping[str, str] = {
    "data_dir": N_("Data folder"),
    "settings": N_("Settings"),
    "database": N_("Database"),
    "key": N_("API key in the password store"),
    "N-LINK": N_("Wi-Fi or cable"),
    "N-DNS": N_("Internet"),
    "N-PORTAL": N_("Wi-Fi sign-in"),
    "N-CLOCK": N_("PC clock"),
    "N-TLS": N_("Secure connection"),
    "N-CLOUD": N_("Headquarters answers"),
    "N-KEY": N_("Key accepted"),
    "N-OUTLET": N_("Outlet enabled"),
    "N-RATE": N_("Sending limit"),
}

PROBLEMS: Mapping[str, tuple[str, str]] = {
    "setting_missing": (N_("The setting {key} is missing."), N_("Set it with: config set {key} VALUE")),
    "setting_invalid": (N_("The setting {key} can't be “{value}”."), N_("Expected: {why}")),
    "setting_unknown": (N_("There is no setting {key}."), N_("“config list” shows them all.")),
    "settings_unreadable": (
        N_("The settings file {path} can't be read: {why}."),
        N_("Mend it, or delete it to start anew."),
    ),
    "bad_json": (N_("This is no JSON: {why}, at character {position}."), N_("Check the export of the till.")),
    "duplicate_key": (N_("The field {key} stands twice."), N_("Check the export of the till.")),
    "not_a_number": (N_("{value} is no number."), N_("Check the export of the till.")),
    "number_too_big": (N_("The number {value} is too big."), N_("Check the export of the till.")),
    "too_deep": (N_("Nested deeper than {limit} levels."), N_("Check the export of the till.")),
    "lone_surrogate": (N_("Half a character stands in the text."), N_("Check the export of the till.")),
    "nul_character": (N_("A NUL character stands in the text."), N_("Check the export of the till.")),
    "not_utf8": (N_("The text is not UTF-8, at byte {position}."), N_("Save the file as UTF-8.")),
    "not_an_object": (N_("A record must be a JSON object."), N_("Check the export of the till.")),
    "field_invalid": (N_("The field {field} can't be that."), N_("Expected: {why}")),
    "money_fraction": (N_("{field} is {value}: money is whole rupiah."), N_("Check the export of the till.")),
    "time_without_zone": (N_("The time in {field} has no zone."), N_("Write it like 2026-01-27T10:30:00Z.")),
    "other_outlet": (N_("{field} is “{value}”: another outlet's record."), N_("Send it from that outlet.")),
    "bad_type": (N_("“{value}” is no name of a type."), N_("Such as order, transaction, product, category.")),
    "operation_unknown": (N_("“{value}” is no operation."), N_("It is create, update or delete.")),
    "local_id_missing": (N_("The field local_id is missing."), N_("Every record needs its own number.")),
    "older_version": (
        N_("Version {version} is older than version {known}, which is known."),
        N_("Send the newer one."),
    ),
    "too_big": (N_("Too big: {bytes} bytes, the limit is {limit}."), N_("Split it.")),
    "file_unreadable": (N_("The file {path} can't be read: {why}."), N_("Check the name.")),
    "row_unknown": (N_("Nothing called “{name}” is queued."), N_("“queue list” shows what is.")),
    "row_sending": (N_("“{name}” is being sent."), N_("Try again in a moment.")),
    "row_held": (N_("“{name}” waits for headquarters' change."), N_("It goes on when that is settled.")),
    "reason_missing": (N_("A reason is missing."), N_("Say why, such as: --reason “entered twice”.")),
    "local_id_fixed": (N_("The number can't change: {value} is not {known}."), N_("Leave local_id as it was.")),
    "question_unknown": (N_("There is no open question {name}."), N_("“questions list” shows what is asked.")),
    "choice_unknown": (N_("“{value}” is no answer here."), N_("Choose one of: {choices}")),
    "paused": (N_("Sending is paused."), N_("Resume it first.")),
    "secret_empty": (N_("The secret is empty or holds characters that no key has."), N_("Paste it once more.")),
    "keyring_locked": (N_("The password store is locked."), N_("Log in to this PC again, or unlock it.")),
    "keyring_missing": (
        N_("This PC has no password store."),
        N_("Set OUTLET_SYNC_API_KEY, or install one (gnome-keyring)."),
    ),
    "keyring_silent": (
        N_("The password store did not answer within {seconds} s."),
        N_("Look for its window, or log in again."),
    ),
    "keyring_failed": (N_("The password store failed: {why}."), N_("Log in to this PC again.")),
    "secret_missing": (N_("The secret {name} is not set."), N_("Set it with: secret set {name}")),
    "disk_full": (N_("The disk is full."), N_("Free some space; nothing that was accepted is lost.")),
    "disk_failed": (N_("The disk does not read or write."), N_("Tell IT; the disk may be dying.")),
    "read_only": (N_("{path} is read-only."), N_("Give this user the right to write there.")),
    "database_locked": (N_("The database is busy."), N_("It goes on by itself in a moment.")),
    "database_damaged": (N_("{path} is damaged, or no database of ours."), N_("Keep the file and tell IT.")),
    "database_newer": (
        N_("{path} was made by a newer version ({found}, this one knows {known})."),
        N_("Install the newer version; nothing was changed."),
    ),
    "data_dir_unwritable": (
        N_("{path} can't be written: {why}."),
        N_("Choose another with --data-dir, or give the right."),
    ),
    "already_running": (N_("Another service already works on {path}."), N_("Use that one, or end it first.")),
    "port_taken": (N_("Port {port} is taken."), N_("Choose another port, or end what uses it.")),
    "not_running": (N_("The service ended before it answered."), N_("Try again.")),
    "bug": (N_("The program stopped because of a mistake of its own."), N_("Start it again; the log tells IT why.")),
}


WANTED = (
    N_("a whole number of rupiah"),
    N_("a number"),
    N_("a number up to 2^53"),
    N_("a whole number"),
    N_("a time such as 2026-01-27T10:30:00Z"),
    N_("a time with its zone, such as 2026-01-27T10:30:00Z"),
    N_("text"),
    N_("a list"),
    N_("an object"),
    N_("0 or more"),
    N_("an address such as https://cloud.example"),
    N_("https:// (http:// only to this machine)"),
    N_("a port from 1 to 65535"),
    N_("a time zone such as Asia/Jakarta"),
    N_("letters, digits and signs without accents"),
)


def trouble(trouble: Trouble) -> tuple[str, str]:
    """Cause, and what to do."""
    cause, mend = LADDER.get(trouble.code) or PROBLEMS.get(trouble.code) or (N_("Something failed: {code}"), "")
    facts = {"code": trouble.code, **dict(trouble.facts)}
    if (why := facts.get("why")) in WANTED:  # our own words for what was wanted; others' come through as they are
        facts["why"] = say(str(why))
    return say(cause, **facts), say(mend, **facts) if mend else ""


def problem(error: OutletSyncError) -> str:
    """One sentence: what, where, how to mend it."""
    cause, mend = trouble(Trouble(code=error.code, facts=tuple(error.facts.items())))
    return f"{cause} {mend}".strip()


def passed(name: str) -> str:
    """A check that found nothing wrong."""
    return say(CHECKS[name])


def unchecked(name: str) -> str:
    """A check that something before it made pointless."""
    return say("{name}: not checked yet", name=say(CHECKS[name]))


def failed(name: str, found: Trouble) -> str:
    """What a check found, what to do, and the short code for the help desk."""
    cause, mend = trouble(found)
    ahead = dict(found.facts).get("seconds") if found.code == "N-CLOCK" else None
    if isinstance(ahead, int | float):
        cause = say("wrong by {span}", span=span(ahead))
    cause = cause if cause[:2].isupper() else f"{cause[:1].lower()}{cause[1:]}"
    return f"{say(CHECKS[name])}: {cause.removesuffix('.')}. {mend} ({help_code(found.code)})"


def span(seconds: float) -> str:
    """2 hours, 12 minutes, 3 days: the largest unit that fits."""
    minutes = max(1, round(abs(seconds) / 60))
    if minutes < 60:
        return say_n("{n} minute", "{n} minutes", minutes)
    if minutes < 48 * 60:
        return say_n("{n} hour", "{n} hours", round(minutes / 60))
    return say_n("{n} day", "{n} days", round(minutes / 1440))


# -- records

TYPES: Mapping[str, tuple[str, str]] = {
    "order": (N_("order"), N_("orders")),
    "transaction": (N_("transaction"), N_("transactions")),
    "product": (N_("menu item"), N_("menu items")),
    "category": (N_("category"), N_("categories")),
    "table_status": (N_("table status"), N_("table statuses")),
    "daily_summary": (N_("daily summary"), N_("daily summaries")),
    "cashier_shift": (N_("cashier shift"), N_("cashier shifts")),
}
METHODS = {"cash": N_("Cash"), "card": N_("Card"), "transfer": N_("Transfer"), "qris": N_("QRIS")}


def type_name(entity_type: str, n: int = 1) -> str:
    """A type as people call it; one that we don't know as it is."""
    if entity_type not in TYPES:
        return entity_type
    return _chosen.catalogue.ngettext(*TYPES[entity_type], n)


def row_title(row: Row) -> str:
    """Order 0143; a menu item by its name."""
    if row.title:
        return row.title
    name = type_name(row.entity_type)
    return f"{name[:1].upper()}{name[1:]} {row.local_id}"


def row_detail(row: Row) -> str:
    """Table A-05 · 4 guests."""
    if row.entity_type == "order":
        table = say("Table {table}", table=row.table) if row.table else say("Take-away")
        return f"{table} · {say_n('{n} guest', '{n} guests', row.pax)}" if row.pax else table
    if row.entity_type == "transaction" and row.method:
        method = METHODS.get(row.method.lower())
        return say(method) if method else row.method
    if row.stock is not None:
        return say("stock {n}", n=number(row.stock))
    return "" if row.title is None else type_name(row.entity_type)


def row_state(row: Row, now_ms: int) -> str:
    """What becomes of it."""
    return say("sent") if row.state is None else queued_state(row.state, row.due_at, now_ms)


def queued_state(state: RowState, due_at: int | None, now_ms: int) -> str:
    """What becomes of a row of the line."""
    match state:
        case RowState.SENDING:
            return say("being sent")
        case RowState.BLOCKED:
            return say("after its order")
        case RowState.HELD:
            return say("held")
        case RowState.DEAD:
            return say("refused")
        case _ if due_at and due_at >= now_ms:
            return at(due_at, now_ms, has_zone=False)
        case RowState.RETRY:
            return say("tried again")
        case _:
            return say("waiting")


WAITS: Mapping[str, str] = {
    "R-TYPE": N_("Headquarters doesn't take {type} yet; {n} waiting"),
    "R-ALIKE": N_("Headquarters refuses {type} with the same words, one after another; {n} waiting"),
    "N-OUTLET": N_("Headquarters closes one way in; {n} waiting. Call headquarters (N-OUTLET, {name})"),
}


def wait(found: Wait, now_ms: int) -> str:
    """Why some records wait while others go, headquarters' words, and when it is tried again."""
    facts = {"type": type_name(found.name, 2), "name": found.name, "n": number(found.n)}
    said = f"{quote(found.words)}." if found.words else ""
    again = tried_again(found.next_at, now_ms) if found.next_at is not None else ""
    return " ".join(part for part in (f"{say(WAITS[found.code], **facts)}.", said, again) if part)


def tried_again(ms: int, now_ms: int) -> str:
    """When the next try comes."""
    return say("Tried again {when}.", when=at(ms, now_ms)) if ms > now_ms else say("Tried again any moment.")


REFUSALS: Mapping[str, str] = {
    "R-DATA": N_("Headquarters does not accept this {type}"),
    "R-EXISTS": N_("Already at headquarters with other content"),
    "R-SIZE": N_("Too big to send: {size}, limit {limit}"),
    "R-GONE": N_("Deleted at headquarters"),
    "R-TRIES": N_("Refused {n} times, no reason given"),
    "R-TYPE": N_("Headquarters doesn't take {types} yet"),
    "R-ALIKE": N_("Waits: headquarters refuses {types} alike"),
}


def refusal(code: str | None, entity_type: str, words: str | None) -> str:
    """Why a record was refused: our cause, then headquarters' own words."""
    text = REFUSALS.get(code or "R-DATA", REFUSALS["R-DATA"])
    said = words or ""
    sizes = SIZES.fullmatch(said)
    if code == "R-SIZE" and not sizes:
        text = REFUSALS["R-DATA"]
    if code == "R-SIZE" and sizes:
        return say(text, size=megabytes(int(sizes[1])), limit=megabytes(int(sizes[2])))
    if code == "R-TRIES":
        return say(text, n=said) if said else say("Refused, no reason given; tried again")
    cause = say(text, type=type_name(entity_type), types=type_name(entity_type, 2))
    return f"{cause}. {quote(said)}" if said else cause


def quote(said: str) -> str:
    """Headquarters' own words."""
    return say("Headquarters says: “{words}”", words=said)
