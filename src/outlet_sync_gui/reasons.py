"""Why one record waits and when its next try comes, what was decided over it, and what could not be done: in words.

`words` tells of the program as a whole; this tells of a row, for the window's lists and for `queue list`.
"""

from collections.abc import Mapping

from outlet_sync_gui import words
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import Lane, Row, RowState, State, Status, Trouble
from outlet_sync_gui.words import N_, say


def why(row: Row, status: Status, now_ms: int) -> str:
    """Why it is not sent yet, and when the next try comes; of a refused one the cause and headquarters' words."""
    match row.state:
        case None:
            return ""
        case RowState.DEAD:
            return words.refusal(row.error_code, row.entity_type, row.error)
        case RowState.SENDING:
            return say("It is being sent right now.")
        case RowState.HELD:
            return say("Headquarters changed it too. It goes on when that is settled.")
        case RowState.BLOCKED if row.order:
            return say("Goes right after its order {number}.", number=row.order)
        case _:
            return _stopped(status, now_ms) or _halted(row, status, now_ms) or _turn(row, status, now_ms)


def _stopped(status: Status, now_ms: int) -> str:
    """What stops everything."""
    is_one_way = status.trouble is not None and "route" in dict(status.trouble.facts)  # the others are open
    if status.state in (State.SETUP, State.ERROR, State.PAUSED):
        return f"{words.headline(status, now_ms)}."
    if not status.is_running:
        return say("Sent when Outlet Sync runs.")
    if status.trouble is None or is_one_way:
        return ""
    if status.trouble.code == "N-RATE":
        return words.trouble(status.trouble)[1]
    again = f" {words.tried_again(status.next_attempt_at, now_ms)}" if status.next_attempt_at is not None else ""
    return f"{words.headline(status, now_ms)}.{again}"


def _halted(row: Row, status: Status, now_ms: int) -> str:
    """What stops it with others of its kind."""
    found = next((wait for wait in status.waits if wait.halt_id == row.halt_id), None)
    return words.wait(found, now_ms) if found is not None else ""


def _turn(row: Row, status: Status, now_ms: int) -> str:
    """When its turn is."""
    if row.state is RowState.RETRY:
        return _tried_again(row, now_ms)
    if row.lane is Lane.HIGH:
        return say("Goes out in a moment.")
    at = status.next_attempt_at
    if at is None and row.lane is Lane.MEDIUM:  # the one lane that may be without a time
        return say("Waits for headquarters' news.")
    is_probe = at in [wait.next_at for wait in status.waits]  # along with which nothing else goes
    if at is not None and at > now_ms and not is_probe:
        return say("Goes out {when}, or before that along with a sale.", when=words.at(at, now_ms))
    return say("Goes out along with the next sale.")


def _tried_again(row: Row, now_ms: int) -> str:
    """What came of the last try, and when the next one comes."""
    if row.due_at is None:
        cause = words.refusal_cause(row.error_code, row.entity_type, row.error)
        return f"{cause}. " + say("Waits for headquarters' news.")
    if row.error:
        cause = f"{words.quote(row.error)}."
    elif row.error_code:
        cause = say("Headquarters refused it without a reason.")
    else:
        cause = say("Headquarters' answer said nothing of it.")
    return f"{cause} {words.tried_again(row.due_at, now_ms)}"


# -- decisions

DEEDS: Mapping[str, str] = {
    "retried": N_("Sent again"),
    "discarded": N_("Discarded"),
    "edited": N_("Mended"),
    "undone": N_("Taken back"),
    "given_up": N_("No longer tried"),
    "resolved": N_("Conflict settled"),
    "settled": N_("Both sides agree again"),
    "merged": N_("Merged with headquarters' change"),
    "approved": N_("Headquarters' change approved"),
    "declined": N_("Headquarters' change refused"),
    "gone": N_("Deleted at headquarters"),
    "summed_up": N_("Daily summary sent"),
    "told": N_("Headquarters noted a difference that needs nobody"),
}


def deed(what: str, *, who: str, why: str, at_ms: int, now_ms: int) -> str:
    """One line of a record's history: yesterday 22.14 · Not sent · Rina · “entered twice”."""
    parts = (words.moment(at_ms, now_ms), say(DEEDS[what]) if what in DEEDS else what, who, f"“{why}”" if why else "")
    return " · ".join(part for part in parts if part)


DECLINED: Mapping[str, str] = {
    "row_unknown": N_("{name} is not waiting any more: it was sent, or settled by somebody else."),
    "row_sending": N_("{name} is just being sent. Try again in a moment."),
    "row_held": N_("{name} waits for headquarters' change. It goes on when that is settled."),
    "question_unknown": N_("That is settled meanwhile."),
    "conflict_unknown": N_("That is settled meanwhile."),
    "conflict_closed": N_("That is settled meanwhile."),
    "conflict_changed": N_("Headquarters changed it again. Look first."),
    "message_unknown": N_("Somebody has seen to that already."),
    "change_unknown": N_("Somebody has seen to that already."),
    "undo_over": N_("That can't be undone any more."),
    "undo_changed": N_("It has changed since then, so it stays as it is."),
}


def declined(error: InputRefused, title: str) -> str:
    """Why a decision was not carried out; `title` is what people call the record."""
    if error.code in DECLINED:
        return say(DECLINED[error.code], name=title)
    return f"{title}: {words.problem(error)}" if title else words.problem(error)


# -- what is wrong with a content that is being changed


def mistake(error: InputRefused, text: str) -> str:
    """One sentence for whoever wrote the text; whose export it might have been is no matter there."""
    line = line_of_mistake(error, text)
    if line is not None:
        return say("Line {n} is not right: a sign is missing there, or one too many.", n=words.number(line))
    cause, mend = words.trouble(Trouble(code=error.code, facts=tuple(error.facts.items())))
    is_till = mend == say("Check the export of the till.")
    return cause if is_till or not mend else f"{cause} {mend}"


def line_of_mistake(error: InputRefused, text: str) -> int | None:
    """The line in which the text stops being JSON; None where it is another mistake."""
    position = error.facts.get("position")
    if error.code != "bad_json" or not isinstance(position, int):
        return None
    # A missing comma shows only where the next thing begins.
    is_late = "delimiter" in str(error.facts.get("why")) or text[position : position + 1] in ("}", "]")
    end = len(text[:position].rstrip()) if is_late else position
    return text.count("\n", 0, end) + 1
