"""What waits for a person's word besides refused records and conflicts; one question of a kind at a time."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from outlet_sync_gui.contract.text import Json, dumps, loads_stored
from outlet_sync_gui.store.database import Database
from outlet_sync_gui.store.halts import NEXT_NUMBER


class QuestionKind(StrEnum):
    """What is asked."""

    DELETIONS = "deletions"
    ZERO_PRICE = "zero_price"
    RESTORED_CLOUD = "restored_cloud"
    CONFIG_CHANGED = "config_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An open question. `n` counts the changes that it holds; `opened_at` is UTC ms."""

    question_id: int
    kind: QuestionKind
    facts: Mapping[str, Json]
    opened_at: int
    n: int


class Questions:
    """The questions of one outlet; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def open(self) -> list[Question]:
        """All that is asked, the oldest first."""
        rows = self._db.rows(
            "SELECT id, kind, facts, opened_at, (SELECT count(*) FROM news WHERE question = question.id) FROM question"
            " WHERE outlet = ? AND closed_at IS NULL ORDER BY id",
            (self._outlet,),
        )
        return [
            Question(question_id=number, kind=QuestionKind(kind), facts=loads_stored(facts), opened_at=at, n=n)
            for number, kind, facts, at, n in rows
        ]

    def some(self, numbers: Collection[int]) -> list[Question]:
        """Those of these numbers that there are, answered or not, in no order; what they held is not counted."""
        rows = self._db.rows(
            "SELECT id, kind, facts, opened_at FROM question"
            " WHERE +outlet = ? AND id IN (SELECT value FROM json_each(?))",
            (self._outlet, json.dumps(list(numbers))),
        )
        return [
            Question(question_id=number, kind=QuestionKind(kind), facts=loads_stored(facts), opened_at=at, n=0)
            for number, kind, facts, at in rows
        ]

    def find(self, kind: QuestionKind) -> Question | None:
        """The open question of a kind."""
        return next((question for question in self.open() if question.kind is kind), None)

    def ask(self, kind: QuestionKind, facts: Mapping[str, Json], *, now_ms: int) -> int:
        """Open a question, or give the open one of its kind these facts; its id."""
        self._db.execute(
            f"INSERT INTO question(id, outlet, kind, facts, opened_at) VALUES ({NEXT_NUMBER},?,?,?,?)"
            " ON CONFLICT(outlet, kind) WHERE closed_at IS NULL DO UPDATE SET facts = excluded.facts",
            (self._outlet, kind.value, dumps(facts), now_ms),
        )
        row = self._db.row(
            "SELECT id FROM question WHERE outlet = ? AND kind = ? AND closed_at IS NULL", (self._outlet, kind.value)
        )
        assert row is not None
        return int(row[0])

    def names_held(self, question_id: int, *, limit: int) -> list[str]:
        """What the records are called whose changes a question holds; the first of them."""
        rows = self._db.rows(
            "SELECT coalesce(c.payload ->> 'name', r.local_id, r.cloud_id)"
            " FROM news n JOIN record r ON r.id = n.record_id JOIN content c ON c.record_id = r.id"
            " WHERE n.question = ? ORDER BY n.record_id LIMIT ?",
            (question_id, limit),
        )
        return [str(row[0]) for row in rows]

    def close(self, question_id: int, *, choice: str, who: str, now_ms: int) -> None:
        """It is answered, or there is nothing left to ask."""
        self._db.execute(
            "UPDATE question SET closed_at = ?, choice = ?, who = ? WHERE id = ? AND closed_at IS NULL",
            (now_ms, choice, who, question_id),
        )
