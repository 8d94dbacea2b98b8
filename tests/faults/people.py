"""The people at the outlet in the model: they settle conflicts and answer questions, and what they chose must hold."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from tests.builders import Bench
from tests.faults.claims import NAMED, SHARED, Bad, Claims, Key

from outlet_sync_gui.contract.text import loads_value
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import RowState
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Strategy
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.sync.commands import AnswerQuestion, Decision, FieldChoice, Resolve
from outlet_sync_gui.sync.disputes import DELETED

WHO = "Rina"
OTHER_NAMES = ("Nasi Campur", "Soto")


@dataclass
class People:
    """Whoever stands at the till."""

    chance: random.Random
    bench: Bench
    claims: Claims
    log: list[str]
    looked_at: dict[int, Conflict] = field(default_factory=dict)  # as somebody saw it last
    given_up: set[int] = field(default_factory=set)  # records that need a person because a person said so
    _noted: set[int] = field(default_factory=set)  # conflicts that ended

    def settle_conflict(self) -> bool:
        """Choose for a conflict as somebody saw it, by chance some time ago; whether there was one."""
        opened = self.bench.store.conflicts.open()
        if not opened:
            return False
        now = self.chance.choice(opened)
        seen = self.looked_at.get(now.conflict_id, now) if self.chance.random() < 0.4 else now
        self.looked_at[now.conflict_id] = now
        if self.chance.random() < 0.2:
            return True
        choices = self._choices(seen)
        taken = self.decide(
            Resolve(who=WHO, conflict_id=now.conflict_id, choices=choices, revision=seen.revision, notes="as agreed")
        )
        if taken and _sides(seen) != _sides(now):
            raise Bad(f"a choice over {_sides(seen)} counts for {_sides(now)}")
        return True

    def _choices(self, conflict: Conflict) -> tuple[FieldChoice, ...]:
        if conflict.record_id is None:
            return (FieldChoice(field=None, strategy=Strategy.CLOUD_WINS),)
        strategy = self.chance.choices(list(Strategy), (4, 4, 1))[0]
        if self.chance.random() < 0.5:
            return (FieldChoice(field=None, strategy=strategy),)
        names = sorted(conflict.names)
        if self.chance.random() < 0.2:
            names = names[:1]
        return tuple(self._choice(name) for name in names)

    def _choice(self, name: str) -> FieldChoice:
        strategy = self.chance.choices(list(Strategy), (4, 4, 1))[0]
        own: dict[str, Any] = {"price": 12345, "stock": 77, "name": self.chance.choice(OTHER_NAMES)}
        if name in own and self.chance.random() < 0.3:
            return FieldChoice(field=name, strategy=Strategy.LOCAL_WINS, value=json.dumps(own[name]))
        return FieldChoice(field=name, strategy=strategy)

    def answer_question(self) -> bool:
        """Answer what is asked; whether there was anything."""
        asked = self.bench.engine.status(self.bench.now).asked
        if not asked:
            return False
        question = self.chance.choice(asked)
        choice = self.chance.choice(question.choices)
        if choice == "approve":
            self._take_as_first_told(question.question_id)
        self.decide(AnswerQuestion(who=WHO, question_id=question.question_id, choice=choice))
        if choice == "approve":
            self._let_go()
        if choice == "give_up":
            self.given_up |= {row.record_id for row in self.bench.store.views.queue(state=RowState.DEAD)}
        return True

    def _take_as_first_told(self, question_id: int) -> None:
        """Headquarters' catalogue counts at first contact, though the till said more while somebody was asked."""
        for record_id, change in self.bench.store.news.held_by(question_id):
            known = self.bench.store.records.get(record_id)
            if known is not None and known.base is None and not known.is_tried and known.local_id is not None:
                for name in loads_value(change.fields):
                    self.claims.settle((known.entity_type, known.local_id), name)

    def _let_go(self) -> None:
        """Deletions were approved: what is gone is wanted no more."""
        for key in [key for key, lives in self.claims.living.items() if lives]:
            records = self.bench.store.records
            known = records.find(*key) or records.find_cloud(*key)
            if known is not None and known.deleted_at is not None:
                self.claims.forget(key)
                del self.claims.living[key]

    def decide(self, decision: Decision) -> bool:
        """Whether the program takes it."""
        try:
            self.bench.engine.do(decision, self.bench.now)
        except InputRefused as refusal:
            self.log.append(f"declined: {decision} {refusal}")
            return False
        self.log.append(f"person: {decision}")
        self.note_what_ended()
        return True

    # -- what was chosen

    def note_what_ended(self) -> None:
        """Conflicts that a person, the policy, or both sides' agreement ended: what was chosen holds from now on."""
        rows = self.bench.store._db.rows("SELECT id FROM conflict WHERE closed_at IS NOT NULL")
        for (number,) in rows:
            if number not in self._noted:
                self._noted.add(number)
                conflict = self.bench.store.conflicts.find(number)
                assert conflict is not None
                self._note(conflict)

    def _note(self, conflict: Conflict) -> None:
        key = (conflict.entity_type, conflict.local_id or conflict.cloud_id or "")
        for one in conflict.fields:
            assert one.choice is not None
            if one.cloud_conflict_id is not None:
                self.claims.answers[one.cloud_conflict_id] = one.choice.value
            if conflict.closed_by is not None:
                self.claims.decide(key, one.field, one.choice.value, number=one.cloud_conflict_id)
        known = self.bench.store.records.get(conflict.record_id) if conflict.record_id else None
        if known is None:
            return
        if DELETED in conflict.names:
            self._note_deletion(key, known)
            return
        for one in conflict.fields:
            floor = known.base_version if one.cloud_version is None else one.cloud_version
            self._note_field(key, one, json.loads(known.payload), floor, is_decided=conflict.closed_by is not None)

    def _note_field(self, key: Key, one: Disagreement, held: dict[str, Any], floor: int, *, is_decided: bool) -> None:
        if one.field == "stock":
            self.claims.free(key)
        self.claims.settle(key, one.field)
        if one.choice is Strategy.NEWEST_WINS or not is_decided:
            self.claims.wish(key, one.field, held.get(one.field), is_firm=False)
            return
        value = one.cloud if one.choice is Strategy.CLOUD_WINS else one.value or one.local
        wanted = None if value is None else loads_value(value)
        if held.get(one.field) != wanted:
            raise Bad(f"{key}: {one.choice} was chosen for {one.field}, {wanted}; here holds {held.get(one.field)}")
        if wanted is None:
            return  # nothing to insist on
        if one.choice is Strategy.LOCAL_WINS:
            self.claims.wish(key, one.field, wanted)
        self.claims.chosen.setdefault(key, {})[one.field] = (wanted, floor)

    def _note_deletion(self, key: Key, known: Known) -> None:
        """Whether a record lives was chosen, and with that all of it."""
        self.claims.forget(key)
        lives = known.deleted_at is None and known.operation != "delete"
        self.claims.living[key] = lives
        if known.deleted_at is not None:
            del self.claims.living[key]  # as headquarters wants it, which may have changed its mind
        if lives:
            for name, value in json.loads(known.payload).items():
                if name in NAMED:
                    self.claims.wish(key, name, value, is_firm=False)

    def keeps_choices(self, known: Known, overruled: dict[str, int]) -> None:
        """What was chosen holds here until headquarters changes it later; `overruled`: when it last did, by field."""
        key = (known.entity_type, known.local_id or known.cloud_id or "")
        held = json.loads(known.payload)
        for name, (value, floor) in self.claims.chosen.get(key, {}).items():
            if known.base_version < floor:
                continue  # headquarters made it anew under another id, and counts from 1 again
            if name in SHARED and held.get(name) != value and overruled.get(name, 0) <= floor:
                raise Bad(f"{key}: {value} was chosen for {name}, {held.get(name)} holds")


def _sides(conflict: Conflict) -> dict[str, tuple[str | None, str | None]]:
    return {one.field: (one.local, one.cloud) for one in conflict.fields}
