"""What is asked of a person, and what each answer does."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.webhooks import Disputed
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import Question as Asked
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.conflicts import Strategy
from outlet_sync_gui.store.halts import Halt, HaltKind
from outlet_sync_gui.store.questions import Question, QuestionKind
from outlet_sync_gui.store.records import CATALOGUE
from outlet_sync_gui.sync import configuration, disputes, guard, line, resolve
from outlet_sync_gui.sync.clock import iso, to_ms
from outlet_sync_gui.sync.commands import AnswerQuestion
from outlet_sync_gui.sync.door import apply_change
from outlet_sync_gui.sync.pull import OVERLAP_MS

REFUSED_ALIKE = "refused_alike"
RETRY, GIVE_UP, APPROVE, REFUSE, PUSH_AGAIN, ACCEPT, KEEP, UNDO = (
    *("retry", "give_up", "approve", "refuse", "push_again", "accept", "keep", "undo"),
)
CHOICES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        REFUSED_ALIKE: (RETRY, GIVE_UP),
        QuestionKind.DELETIONS: (APPROVE, REFUSE),
        QuestionKind.ZERO_PRICE: (APPROVE, REFUSE),
        QuestionKind.RESTORED_CLOUD: (PUSH_AGAIN, ACCEPT),
        QuestionKind.CONFIG_CHANGED: (KEEP, UNDO),
    }
)


def asked(halts: Sequence[Halt], questions: Sequence[Question]) -> tuple[Asked, ...]:
    """All that waits for a person's word, as people see it."""
    alike = [_of_halt(halt) for halt in halts if halt.is_question and halt.n]
    return (*alike, *(_of_question(question) for question in questions))


def answer(store: Store, decision: AnswerQuestion, *, now_ms: int) -> None:
    """Do what the answer means. Part of the caller's transaction. Raises InputRefused."""
    question = next((q for q in store.questions.open() if q.question_id == decision.question_id), None)
    if question is None:
        _answer_alike(store, decision, now_ms)
        return
    _check(question.kind, decision.choice)
    store.questions.close(question.question_id, choice=decision.choice, who=decision.who, now_ms=now_ms)
    match decision.choice:
        case "approve":
            _approve(store, question, now_ms)
        case "refuse":
            _refuse(store, question, decision.who, now_ms)
        case "push_again":
            _push_again(store, question, now_ms)
        case "accept":
            _accept(store, question, now_ms)
        case "undo":
            configuration.undo(store, at=iso(now_ms))
    what = What.DECLINED if decision.choice in (REFUSE, UNDO) else What.APPROVED
    store.activity.note(what, None, now_ms=now_ms, who=decision.who, why=question.kind.value)


def _answer_alike(store: Store, decision: AnswerQuestion, now_ms: int) -> None:
    """For records that were refused alike: try again, or they need a person one by one."""
    halts = {halt.halt_id: halt for halt in store.halts.all() if halt.kind is HaltKind.ALIKE and not halt.is_over}
    halt = halts.get(decision.question_id)
    if halt is None and any(decision.choice in choices for choices in CHOICES.values()):
        raise InputRefused("question_unknown", {"name": str(decision.question_id)})
    _check(REFUSED_ALIKE, decision.choice)
    assert halt is not None
    if decision.choice == GIVE_UP:
        store.halts.condemn_refused(halt.halt_id)
    store.halts.end(halt.halt_id)
    what = What.GIVEN_UP if decision.choice == GIVE_UP else What.RETRIED
    store.activity.note(what, None, now_ms=now_ms, who=decision.who, why=halt.words)


def _check(kind: str, choice: str) -> None:
    if choice not in CHOICES[kind]:
        raise InputRefused("choice_unknown", {"value": choice, "choices": ", ".join(CHOICES[kind])})


def _approve(store: Store, question: Question, now_ms: int) -> None:
    """What is held is applied, as headquarters said it last."""
    for record_id, change in store.news.held_by(question.question_id):
        store.news.drop(record_id)
        apply_change(store, change, now_ms=now_ms)
        store.conflicts.restate(record_id)


def _refuse(store: Store, question: Question, who: str, now_ms: int) -> None:
    """What is held is disputed, and this outlet's side chosen: it goes to headquarters above what it said."""
    for record_id, change in store.news.held_by(question.question_id):
        store.news.drop(record_id)
        known = store.records.get(record_id)
        assert known is not None
        is_of_life = "delete" in (change.action, known.operation)
        if is_of_life:
            disputes.over_deletion(store, known, change, now_ms=now_ms)
        else:
            disputes.reconcile(store, known, change, now_ms=now_ms, asked=[_price(change)])
        conflict = store.conflicts.of_record(record_id)
        if conflict is not None:
            name = disputes.DELETED if is_of_life else guard.PRICE
            resolve.choose_all(store, conflict, Strategy.LOCAL_WINS, who=who, now_ms=now_ms, name=name)


def _price(change: CloudChange) -> Disputed:
    """The price that becomes 0, as if headquarters had asked about it."""
    return Disputed(
        entity_type=change.entity_type,
        local_id=change.local_id,
        cloud_id=change.cloud_id,
        conflict_id=None,
        field=guard.PRICE,
        cloud_value="0",
        cloud_version=change.version,
        cloud_updated_at=change.updated_at,
        local_value=None,
        local_version=None,
        local_updated_at=None,
        is_required=True,
        by=change.by,
        reason=change.reason,
        at=change.updated_at,
    )


def _push_again(store: Store, question: Question, now_ms: int) -> None:
    """The till is right: what headquarters accepted since the time that it fell back to goes once more."""
    _void(store, now_ms)
    checkpoint = str(question.facts["checkpoint"])
    cursor, since_ms = str(question.facts["cursor"]), to_ms(checkpoint) - OVERLAP_MS
    if "known" in question.facts:
        _queue_again(store, 0, CATALOGUE, now_ms)
    if "known" not in question.facts or (cursor and since_ms < to_ms(cursor) - 2 * OVERLAP_MS):
        _queue_again(store, since_ms, None, now_ms)
    store.records.doubt_queued()
    store.outlet.start_again(cursor=checkpoint)


def _queue_again(store: Store, since_ms: int, types: frozenset[str] | None, now_ms: int) -> None:
    for record_id in store.records.agreed_since(since_ms, cloud_at=iso(since_ms), entity_types=types):
        line.queue_again(store, record_id, now_ms=now_ms)


def _accept(store: Store, question: Question, now_ms: int) -> None:
    """Headquarters is right: its catalogue is taken as at the first contact, the outlet's stock stays."""
    _void(store, now_ms)
    store.records.forget_agreements(CATALOGUE)
    store.records.doubt_queued()  # sales, of which it may have lost some
    store.outlet.start_again(cursor=str(question.facts["checkpoint"]))


def _void(store: Store, now_ms: int) -> None:
    """What headquarters said before it fell back counts no more: that it says anew, where it still holds."""
    menu = [found for found in store.conflicts.open(limit=store.conflicts.count()) if found.entity_type in CATALOGUE]
    for conflict in menu:
        disputes.settle(store, conflict, now_ms)
    for record_id in {*store.news.forget(), *(conflict.record_id for conflict in menu if conflict.record_id)}:
        store.conflicts.restate(record_id)
    guard.close_empty(store, now_ms=now_ms)


def _of_halt(halt: Halt) -> Asked:
    return Asked(
        question_id=halt.halt_id,
        kind=REFUSED_ALIKE,
        choices=CHOICES[REFUSED_ALIKE],
        n=halt.n,
        facts=(("entity_type", halt.name), ("words", halt.words)),
        asked_at=halt.since,
    )


def _of_question(question: Question) -> Asked:
    return Asked(
        question_id=question.question_id,
        kind=question.kind.value,
        choices=CHOICES[question.kind],
        n=question.n,
        facts=tuple(question.facts.items()),
        asked_at=question.opened_at,
    )
