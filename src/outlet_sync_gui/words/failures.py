"""What fails: the cause, what to do, and a short code for the help desk."""

from collections.abc import Mapping
from types import MappingProxyType

from outlet_sync_gui.errors import Fact, OutletSyncError
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.words.speech import N_, PLACE, say, span

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
    "N-KEY": (N_("The API key is refused"), N_("Get a new one from headquarters, enter it in Settings.")),
    "N-OUTLET": (N_("This outlet is switched off at headquarters"), N_("Call headquarters.")),
    "N-ANSWER": (
        N_("The answer is not from headquarters"),
        N_("Check headquarters' address, or sign in to this Wi-Fi."),
    ),
    "N-RATE": (N_("Headquarters asks to wait"), N_("Headquarters asks to wait {seconds} s. It goes on by itself.")),
}

# N-OUTLET where other ways are open, as its fact `passes` tells.
ONE_WAY = (N_("Headquarters closes one way in"), N_("Sales take the other ways. Call headquarters."))

# Why a door of ours is shut, or lets nobody in.
DOORS: Mapping[str, tuple[str, str]] = {
    "D-PORT": (
        N_("{door}: port {port} is taken."),
        N_("End the program that uses it, or set another one. Then it opens by itself."),
    ),
    "D-ADDRESS": (
        N_("{door}: can't open at {host}, port {port}: {why}."),
        N_("Set another address or port. Then it opens by itself."),
    ),
    "D-CERT": (
        N_("{door}: the certificate or key {path} can't be used: {why}."),
        N_("Put a good one there. Then it opens by itself."),
    ),
    "D-KEYRING": (
        N_("{door}: the password store does not give its secret."),
        N_("Unlock it, or log in again. It is tried again by itself."),
    ),
    "D-TOKEN": (
        N_("The till's connection has no token, as this PC has no password store."),
        N_("Set OUTLET_SYNC_INTAKE_TOKEN, or install one (gnome-keyring)."),
    ),
    "D-SHORT": (
        N_("The secret of instant updates is too short, so that none gets in."),
        N_("Get one of 16 or more characters from headquarters, enter it in Settings."),
    ),
    "D-SECRET": (
        N_("Instant updates have no secret yet, so that none gets in."),
        N_("Optional: enter the one of headquarters in Settings."),
    ),
}
DOOR_NAMES: Mapping[str, str] = {"webhook": N_("Instant updates"), "intake": N_("The till's connection")}
# What holds for a check that found nothing wrong.
REMARKS: Mapping[str, str] = {
    "webhook": N_("Behind a router none arrives: the menu comes all the same, announcements and settings don't."),
    "readings": N_("Compare a day: config set cloud_extras on, then “summary reconcile”."),
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
    "readings": N_("Headquarters can be read back"),
    **DOOR_NAMES,
    "tray": N_("Tray icon"),
    "autostart": N_("Start with the PC"),
}

CHOOSE_A_SIDE = N_("Choose this outlet or headquarters.")

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
    "not_wrapped": (
        N_("Its type or content is missing."),
        N_("Send entity_type, operation and data."),
    ),
    "too_many_records": (N_("{n} records at once, the limit is {limit}."), N_("Split it.")),
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
    "feed_gone": (
        N_("The till has heard the menu changes up to {seq} only; what came next is not kept any more."),
        N_("Let it take a snapshot, then hand this over again."),
    ),
    "too_big": (N_("Too big: {bytes} bytes, the limit is {limit}."), N_("Split it.")),
    "file_unwritable": (N_("The file {path} can't be written: {why}."), N_("Choose another place.")),
    "date_unknown": (N_("{value} is no day."), N_("Write it as 2026-01-27.")),
    "extras_off": (
        N_("Comparing with headquarters is switched off."),
        N_("See with “doctor” whether it can be read back, then: config set cloud_extras on"),
    ),
    "extras_missing": (
        N_("Headquarters can't be read back, so that there is nothing to compare with."),
        N_("What it confirmed was sent all the same."),
    ),
    "file_unreadable": (N_("The file {path} can't be read: {why}."), N_("Check the name.")),
    "setup_no_json": (
        N_("{path}, line {line}: no JSON object."),
        N_('Write the settings like {"outlet_code": "JKT-001"}.'),
    ),
    "setup_twice": (N_("{path}: the setting {key} stands twice."), N_("Leave one of them.")),
    "row_unknown": (N_("Nothing called “{name}” is queued."), N_("“queue list” shows what is.")),
    "row_missing": (N_("No record is named."), N_("Name one, such as order/A1; “queue list” shows them.")),
    "row_sending": (N_("“{name}” is being sent."), N_("Try again in a moment.")),
    "row_held": (N_("“{name}” waits for headquarters' change."), N_("It goes on when that is settled.")),
    "group_changed": (N_("They are {n} by now."), N_("Look first, then choose.")),
    "reason_missing": (N_("A reason is missing."), N_("Say why, such as: --reason “entered twice”.")),
    "local_id_fixed": (N_("The number can't change: {value} is not {known}."), N_("Leave local_id as it was.")),
    "question_unknown": (N_("There is no open question {name}."), N_("“questions list” shows what is asked.")),
    "choice_unknown": (N_("“{value}” is no answer here."), N_("Choose one of: {choices}")),
    "conflict_unknown": (N_("There is no such conflict."), N_("“conflicts list” shows them.")),
    "conflict_closed": (N_("That conflict is settled already."), N_("“conflicts list” shows what is open.")),
    "conflict_changed": (N_("Headquarters changed it again."), N_("Look first, then choose.")),
    "choice_missing": (N_("Nothing is chosen."), N_("Choose for each field.")),
    "field_unknown": (N_("That field does not differ."), N_("“conflicts show” names those that do.")),
    "value_unfit": (N_("That value doesn't fit the field."), N_("Give one like those of the two sides.")),
    "value_alone": (N_("An own value needs a field, and local_wins."), N_("Add: --strategy local_wins --field NAME")),
    "clock_untrusted": (N_("Which is newer can't be told: the PC's clock is wrong or unproven."), CHOOSE_A_SIDE),
    "newest_unknown": (N_("Which is newer can't be told: a time is missing."), CHOOSE_A_SIDE),
    "message_unknown": (N_("There is no such announcement that waits."), N_("“messages list” shows them.")),
    "change_unknown": (N_("There is no such change that waits."), N_("“changes list” shows them.")),
    "undo_over": (N_("That can't be undone any more."), N_("A decision can be undone for 24 hours.")),
    "undo_changed": (N_("It has changed since then, so it stays as it is."), N_("Look at what holds now.")),
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
    "port_unusable": (N_("{host}, port {port}, can't be opened: {why}."), N_("Choose another address or port.")),
    "certificate_unusable": (N_("The certificate or key {path} can't be used: {why}."), N_("Put a good one there.")),
    "autostart_unusable": (
        N_("What starts with the PC can't be read or changed: {why}."),
        N_("Give this user the right."),
    ),
    "autostart_off": (N_("It does not start with the PC."), N_("Switch it on with: autostart enable")),
    "autostart_elsewhere": (
        N_("The PC starts another one: {command}."),
        N_("Change it with: autostart enable"),
    ),
    "no_tray": (
        N_("This desktop shows no tray icon."),
        N_("The window stays in the task bar, and a second start brings it up."),
    ),
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
    known = LADDER.get(trouble.code) or DOORS.get(trouble.code) or PROBLEMS.get(trouble.code)
    cause, mend = known or (N_("Something failed: {code}"), "")
    facts = {"code": trouble.code, **dict(trouble.facts)}
    if "passes" in facts:
        cause, mend = ONE_WAY
    if trouble.code == "N-CLOCK" and isinstance(ahead := facts.get("seconds"), int | float):
        cause, facts["span"] = N_("The PC's clock is wrong by {span}"), span(ahead)
    if (name := facts.get("name")) in DOOR_NAMES:
        facts["door"] = say(DOOR_NAMES[str(name)])
    if (why := facts.get("why")) in WANTED:  # our own words for what was wanted; others' come through as they are
        facts["why"] = say(str(why))
    return say(cause, **facts), say(mend, **facts) if mend else ""


def problem(error: OutletSyncError) -> str:
    """One sentence: what, where, how to mend it."""
    cause, mend = trouble(Trouble(code=error.code, facts=tuple(error.facts.items())))
    return f"{cause} {mend}".strip()


def door(found: Trouble) -> str:
    """Why one of our own doors (webhooks, the intake) lets nothing in, what to do, and its code."""
    cause, mend = trouble(found)
    return f"{cause.removesuffix('.')}. {mend} ({help_code(found.code)})"


def passed(name: str, facts: Mapping[str, Fact] = MappingProxyType({})) -> str:
    """A check that found nothing wrong."""
    if "variable" in facts:
        return say("API key, from the variable {variable}", variable=facts["variable"])
    return f"{say(CHECKS[name])}. {say(REMARKS[name])}" if name in REMARKS else say(CHECKS[name])


def idle(name: str, found: Trouble | None) -> str:
    """A check of what nobody needs: switched off, or what it takes."""
    return say("{name}: switched off", name=say(CHECKS[name])) if found is None else door(found)


def unchecked(name: str) -> str:
    """A check that something before it made pointless."""
    return say("{name}: not checked yet", name=say(CHECKS[name]))


def failed(name: str, found: Trouble) -> str:
    """What a check found, what to do, and the short code for the help desk."""
    cause, mend = trouble(found)
    ahead = dict(found.facts).get("seconds") if found.code == "N-CLOCK" else None
    if isinstance(ahead, int | float):
        cause = say("wrong by {span}", span=span(ahead))
    told = joined(cause, mend)
    told = told if _is_name(told.split()[0]) else f"{told[:1].lower()}{told[1:]}"
    return f"{say(CHECKS[name])}: {told} ({help_code(found.code)})"


def joined(cause: str, mend: str) -> str:
    """Cause and what to do in one, nothing twice: what to do may begin with the cause, and say it more exactly."""
    return mend if mend.startswith(cause) else f"{cause.removesuffix('.')}. {mend}".strip()


def _is_name(word: str) -> bool:
    """Whether it keeps its capital inside of a sentence, as PC and Wi-Fi do."""
    return word[1:] != word[1:].lower()


def help_codes() -> list[tuple[str, str]]:
    """Every code that has a page of its own with the help desk, and what it means."""
    told = {code: f"{say(cause).removesuffix('.')}. {say(mend)}" for code, (cause, mend) in {**LADDER, **DOORS}.items()}
    return [(code, PLACE.sub("…", text)) for code, text in told.items()]


def help_code(code: str) -> str:
    """The short code for the help desk."""
    return code if code.startswith(("N-", "R-", "E-", "D-")) else f"E-{code.upper().replace('_', '-')}"
