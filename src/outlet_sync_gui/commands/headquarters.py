"""`conflicts`, `changes`, `messages` and `questions`: what headquarters says, and what a person decides over it."""

from collections.abc import Iterator, Sequence

from outlet_sync_gui import words
from outlet_sync_gui.commands import DONE, Context, answer, say
from outlet_sync_gui.commands.records import carry_out, opened
from outlet_sync_gui.commands.service import at_rest
from outlet_sync_gui.contract.text import Json, dumps, loads, loads_value
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.settings import user_name
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Strategy
from outlet_sync_gui.store.messages import Message
from outlet_sync_gui.sync.clock import iso, now, to_ms
from outlet_sync_gui.sync.commands import AnswerQuestion, FieldChoice, ReadMessage, Resolve, TakeChanges
from outlet_sync_gui.sync.state import question_json

STRATEGY_WORDS = {
    Strategy.CLOUD_WINS: words.N_("Headquarters"),
    Strategy.LOCAL_WINS: words.N_("This outlet"),
    Strategy.NEWEST_WINS: words.N_("The newest"),
}


# -- conflicts


def conflicts_list(context: Context) -> int:
    """Those that are open, and those of which headquarters must still hear what was chosen; the oldest first."""
    with opened(context) as store:
        found = sorted([*store.conflicts.open(), *store.conflicts.telling()], key=lambda conflict: conflict.conflict_id)
    if context.wants_json:
        answer([_conflict(conflict) for conflict in found])
        return DONE
    for conflict in found:
        say("  ".join((str(conflict.conflict_id), _title(conflict), f"({_standing(conflict)})")))
    say(words.say("Show one: conflicts show ID") if found else words.say("Same as headquarters"))
    return DONE


def conflicts_show(context: Context) -> int:
    """One, open or not, field by field."""
    number = context.arguments.id
    with opened(context) as store:
        conflict = store.conflicts.find(number)
    if conflict is None:
        raise InputRefused("conflict_unknown", {"name": str(number)})
    if context.wants_json:
        answer(_conflict(conflict))
        return DONE
    for line in _told(conflict):
        say(line)
    return DONE


def conflicts_resolve(context: Context) -> int:
    """Choose for all fields of one, or for one field; an own value, too."""
    arguments = context.arguments
    strategy = Strategy(arguments.strategy)
    if arguments.value is not None and (arguments.field is None or strategy is not Strategy.LOCAL_WINS):
        raise InputRefused("value_alone")
    own = None if arguments.value is None else _own_value(arguments.field, arguments.value)
    decision = Resolve(
        who=arguments.by or user_name(),
        conflict_id=arguments.id,
        choices=(FieldChoice(field=arguments.field, strategy=strategy, value=own),),
        revision=arguments.revision,
        notes=arguments.notes,
    )
    carry_out(context, decision, words.say("Stored."))
    if not context.wants_json:
        _say_what_is_left(context)
    return DONE


def _own_value(field: str, text: str) -> str:
    """JSON or, failing that, text; a price also as people write it, for as JSON 40.000 would be forty."""
    amount = words.rupiah_of(text) if field == "price" else None
    if amount is not None:
        return dumps(amount)
    try:
        return dumps(loads(text))
    except InputRefused:
        return dumps(text)


def _say_what_is_left(context: Context) -> None:
    with opened(context) as store:
        conflict = store.conflicts.find(context.arguments.id)
    left = [field.field for field in conflict.fields if field.choice is None] if conflict else []
    if left:
        say(words.say("Still to be chosen: {fields}", fields=", ".join(map(words.field_name, left))))


def _conflict(conflict: Conflict) -> dict[str, object]:
    ids = [field.cloud_conflict_id for field in conflict.fields if field.cloud_conflict_id]
    return {
        "id": conflict.conflict_id,
        "cloud_conflict_id": ids[0] if ids else None,
        "entity_type": conflict.entity_type,
        "local_id": conflict.local_id,
        "cloud_id": conflict.cloud_id,
        "name": conflict.name,
        "opened_at": iso(conflict.opened_at),
        "source": conflict.source.value,
        "state": _state(conflict),
        "revision": conflict.revision,
        "closed_at": None if conflict.closed_at is None else iso(conflict.closed_at),
        "closed_by": conflict.closed_by,
        "notes": conflict.notes,
        "fields": [_field(field) for field in conflict.fields],
    }


def _field(field: Disagreement) -> dict[str, object]:
    return {
        "field": field.field,
        "cloud_conflict_id": field.cloud_conflict_id,
        "choice": field.choice,
        "value": _json(field.value),
        "base": _json(field.base),
        "local": _json(field.local),
        "cloud": _json(field.cloud),
        "local_version": field.local_version,
        "cloud_version": field.cloud_version,
        "local_updated_at": field.local_at,
        "cloud_updated_at": field.cloud_at,
        "cloud_updated_by": field.cloud_by,
        "reason": field.reason,
    }


def _json(text: str | None) -> Json:
    return None if text is None else loads_value(text)


def _state(conflict: Conflict) -> str:
    if conflict.closed_at is None:
        return "open"
    return "closed" if conflict.is_told else "telling"


def _title(conflict: Conflict) -> str:
    deletion = conflict.field(words.DELETED)
    is_deleted_there = deletion is not None and bool(_json(deletion.cloud))
    fields = [field.field for field in conflict.fields]
    return words.conflict_title(conflict.title, fields, is_deleted_there=is_deleted_there)


def _standing(conflict: Conflict) -> str:
    if conflict.closed_at is None:
        return words.say("open since {time}", time=words.moment(conflict.opened_at, now().wall_ms))
    if not conflict.is_told:
        return words.say("chosen by {who}, headquarters still has to hear of it", who=conflict.closed_by or "–")
    time = words.moment(conflict.closed_at, now().wall_ms)
    return f"{words.say('settled {time}', time=time)}, {words.settled_by(conflict.closed_by)}"


def _told(conflict: Conflict) -> Iterator[str]:
    yield _title(conflict)
    record = f"{words.type_name(conflict.entity_type)} {conflict.local_id or conflict.cloud_id}"
    revision = words.say("revision {n}", n=words.number(conflict.revision))
    yield " · ".join((record, _standing(conflict), revision))
    for field in conflict.fields:
        yield f"{words.field_title(field.field)}:"
        yield f"  {words.say('This outlet')}: {_side(field.field, field.local, field.local_at)}"
        yield f"  {words.say('Last agreed')}: {_side(field.field, field.base, None)}"
        yield f"  {words.say('Headquarters')}: {_side(field.field, field.cloud, field.cloud_at, field.cloud_by)}"
        if field.reason:
            yield f"  {words.say('Reason from headquarters: “{reason}”', reason=words.shortened(field.reason))}"
        if field.choice is not None:
            yield f"  {words.say('Chosen: {choice}', choice=_choice(field))}"
    if conflict.notes:
        yield f"“{words.shortened(conflict.notes)}”"
    if conflict.closed_at is None:
        number, choices = conflict.conflict_id, " | ".join(_choices(conflict))
        yield words.say("Choose: conflicts resolve {number} --strategy {choices}", number=number, choices=choices)


def _choices(conflict: Conflict) -> Sequence[Strategy]:
    """What can be chosen for all of it: of what this outlet does not have only headquarters' side can."""
    has_no_side = conflict.record_id is None or any(field.local is None for field in conflict.fields)
    return [Strategy.CLOUD_WINS] if has_no_side else list(Strategy)


def _side(field: str, held: str | None, at: str | None, by: str | None = None) -> str:
    when = words.moment(to_ms(at), now().wall_ms) if at else ""
    return " · ".join(part for part in (words.value(field, _json(held)), words.shortened(by or ""), when) if part)


def _choice(field: Disagreement) -> str:
    assert field.choice is not None
    if field.value is not None:
        return words.value(field.field, _json(field.value))
    return words.say(STRATEGY_WORDS[field.choice])


# -- changes for the till


def changes_list(context: Context) -> int:
    """What the till has not taken, oldest first."""
    with opened(context) as store:
        found = store.changes.untaken(limit=context.arguments.limit)
        untaken = store.changes.feed().untaken
    if context.wants_json:
        answer([_change(change) for change in found])
        return DONE
    for change in found:
        what = words.change(change.action, change.fields)
        name = change.name or change.local_id or change.cloud_id or ""
        said = f"“{words.shortened(change.reason)}”" if change.reason else ""
        say("  ".join(part for part in (str(change.seq), words.date(change.at), name, what, said) if part))
    if untaken > len(found):
        say(words.say("{n} more", n=words.number(untaken - len(found))))
    if not found:
        say(words.say("The till's menu is up to date"))
    return DONE


def changes_ack(context: Context) -> int:
    """They are done on the till."""
    seqs: Sequence[int] = context.arguments.seqs
    decision = TakeChanges(who=user_name(), seqs=None if context.arguments.all else tuple(seqs))
    return carry_out(context, decision, words.say("Ticked off."))


def _change(change: Change) -> dict[str, object]:
    return {
        "seq": change.seq,
        "entity_type": change.entity_type,
        "local_id": change.local_id,
        "cloud_id": change.cloud_id,
        "name": change.name,
        "action": change.action,
        "version": change.version,
        "fields": change.fields,
        "reason": change.reason,
        "at": iso(change.at),
    }


# -- announcements


def messages_list(context: Context) -> int:
    """What nobody has acknowledged, newest first; with --all the read ones, too."""
    with opened(context) as store:
        is_all = context.arguments.all
        found = store.messages.latest(limit=100) if is_all else store.messages.unread(now().wall_ms)
    if context.wants_json:
        answer([_message(message) for message in found])
        return DONE
    for message in found:
        for line in _message_lines(message):
            say(line)
    if not found:
        say(words.say("Nothing yet") if is_all else words.say("Nothing new from headquarters"))
    return DONE


def messages_ack(context: Context) -> int:
    """One was read."""
    return carry_out(context, ReadMessage(who=user_name(), number=context.arguments.id), words.say("Ticked off."))


def _message(message: Message) -> dict[str, object]:
    return {
        "id": message.number,
        "title": message.title,
        "message": message.text,
        "level": message.level,
        "at": iso(message.at),
        "expires_at": None if message.expires_at is None else iso(message.expires_at),
        "read_at": None if message.read_at is None else iso(message.read_at),
        "read_by": message.read_by,
    }


def _message_lines(message: Message) -> Iterator[str]:
    read = words.say("read by {who}", who=message.read_by or "–") if message.read_at is not None else ""
    head = (str(message.number), words.date(message.at), words.level(message.level), message.title, read)
    yield "  ".join(part for part in head if part)
    for line in message.text.splitlines():
        yield f"    {line}"


# -- questions


def questions_list(context: Context) -> int:
    """What waits for a person's word."""
    asked = at_rest(context).asked
    if context.wants_json:
        answer([question_json(question) for question in asked])
        return DONE
    for question in asked:
        choices = ", ".join(f"{choice} ({words.answer(choice)})" for choice in question.choices)
        say(f"{question.question_id}  {words.question(question)}  → {choices}")
    if not asked:
        say(words.say("Nothing is asked."))
    return DONE


def questions_answer(context: Context) -> int:
    """Answer one."""
    arguments = context.arguments
    decision = AnswerQuestion(who=user_name(), question_id=arguments.id, choice=arguments.choice)
    return carry_out(context, decision, words.say("Stored."))
