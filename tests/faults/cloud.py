"""The cloud in the model: it takes the till's records, says no in many ways, and judges what arrives."""

import json
import random
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.builders import answered
from tests.faults.claims import Bad, Key
from tests.faults.headquarters import Headquarters, Word

from outlet_sync_gui.store.records import CATALOGUE
from outlet_sync_gui.sync.clock import to_ms
from outlet_sync_gui.sync.exchange import Answered, Kind, Send

LIMIT = 10
CLOSED = "outlet is closed"  # for a while the cloud refuses everything with these words
UNTAKEN = "unknown entity type"
POISON = "poison"  # refused for its content
BREAKS = "breaks"  # the cloud fails over it, and with it over the whole batch
Entry = dict[str, Any]


@dataclass
class Door:
    """Where requests arrive, judged by when they do: never over the limit, never within a 429's wait."""

    limit: int = LIMIT
    arrivals: deque[float] = field(default_factory=deque)
    wait_until_s: float = 0.0  # what the last 429 said

    def count(self, at_s: float) -> None:
        """A request arrives."""
        if at_s < self.wait_until_s - 0.001:
            raise Bad("a request before the 429's wait was over")
        while self.arrivals and self.arrivals[0] <= at_s - 60 + 0.001:  # seconds that were added up are not exact
            self.arrivals.popleft()
        self.arrivals.append(at_s)
        if len(self.arrivals) > self.limit:
            raise Bad(f"{len(self.arrivals)} requests within a minute")


@dataclass(kw_only=True)
class Cloud(Door):
    """What arrived, judged: no older version after a newer, no payment before its order. The menu is headquarters'."""

    chance: random.Random
    headquarters: Headquarters
    records: dict[Key, tuple[int, str | None]] = field(default_factory=dict)  # version, content (None: deleted)
    is_closed: bool = False
    takes_shifts: bool = True
    told: list[Word] = field(default_factory=list)  # what its last answer to a pull tells of headquarters

    def take(self, entry: dict[str, Any], known_orders: set[str]) -> str | None:
        """Accept one record of the till's own, or say why not."""
        data = dict(entry["data"])
        key, version = (entry["entity_type"], data["local_id"]), data.pop("version")
        if key[0] == "cashier_shift" and not self.takes_shifts:
            return UNTAKEN
        if data.get("notes") == POISON and entry["operation"] != "delete":
            return "poison"
        order_id = data.get("order_id")
        if key[0] == "transaction" and order_id in known_orders and ("order", order_id) not in self.records:
            raise Bad(f"{key} before its order {order_id}")
        content = None if entry["operation"] == "delete" else json.dumps(data, sort_keys=True)
        before = self.records.get(key)
        if before and version < before[0]:
            raise Bad(f"{key}: version {version} after {before[0]}")
        if before and version == before[0] and content != before[1]:
            raise Bad(f"{key}: version {version} twice with other content")
        self.records[key] = (version, content)
        return None

    def take_late(self, entries: list[dict[str, Any]]) -> None:
        """What the till has given up long ago arrives after all: nothing newer is undone by it."""
        for entry in entries:
            known = self.records.get(entry_key(entry), (0, None))
            if entry["entity_type"] not in CATALOGUE and entry["data"]["version"] > known[0]:
                self.take(entry, set())

    # -- what it answers

    def obey(self, step: Send, known_orders: Collection[str]) -> Answered:
        """A request arrives. `known_orders`: those that the till wants there."""
        match step.flight.kind:
            case Kind.PULL:
                since_ms = to_ms(unquote(step.request.path.partition("since=")[2]))
                answer, self.told = self.headquarters.updates(since_ms)
                return answer
            case Kind.RESOLVE:
                number = unquote(step.request.path.split("/")[-2])
                return self.headquarters.resolve(number, json.loads(step.request.body))
        if self.is_closed:
            return answered({"success": False, "error": CLOSED}, 400)
        entries = entries_of(step)
        if breaks(entries):
            return answered({"success": False, "error": "pq: value too long"}, 500)
        is_lone = not step.request.path.endswith("/sync/batch")
        reasons = self._take_all(entries, known_orders, is_lone=is_lone)
        return self._alone(entries[0], reasons[0]) if is_lone else self._results(entries, reasons)

    def _take_all(self, entries: list[Entry], known_orders: Collection[str], *, is_lone: bool) -> list[str | None]:
        known, reasons = set(known_orders), []
        for entry in entries:
            key = entry_key(entry)
            if key[0] in CATALOGUE:
                is_bad = entry["data"].get("notes") == POISON and entry["operation"] != "delete"
                reasons.append(POISON if is_bad else self.headquarters.take(key, entry, is_lone=is_lone))
            else:
                reasons.append(self.take(entry, known))
                known.discard(key[1])  # right behind its order is early enough, whatever becomes of that
        return reasons

    def _alone(self, entry: Entry, reason: str | None) -> Answered:
        cloud_id = self.headquarters.cloud_id(entry_key(entry))
        said = {"success": reason is None, "error": reason, "data": {"cloud_id": cloud_id} if cloud_id else {}}
        return answered(said, 422 if reason else 200)

    def _results(self, entries: list[Entry], reasons: list[str | None]) -> Answered:
        if all(reasons) and self.chance.random() < 0.3:
            return answered({"success": False, "error": reasons[0]}, 400)
        each = [self._result(entry, reason) for entry, reason in zip(entries, reasons, strict=True)]
        if self.chance.random() < 0.1:
            failed = [one for one in each if one["status"] == "failed"]
            each.remove(self.chance.choice(failed or each))  # nothing said of one, and no counts to tell
        return answered({"success": True, "data": {"results": each}})

    def _result(self, entry: Entry, reason: str | None) -> Entry:
        named = {"entity_type": entry["entity_type"], "local_id": entry["data"].get("local_id")}
        if reason is not None:
            return {**named, "status": "failed", "error": reason}
        cloud_id = self.headquarters.cloud_id(entry_key(entry))
        return {**named, "status": "success", **({"cloud_id": cloud_id} if cloud_id else {})}


def entries_of(step: Send) -> list[Entry]:
    """What a push carries, as a batch has it."""
    value = json.loads(step.request.body)
    alone = {"entity_type": step.flight.parcels[0].entity_type, "operation": "create", "data": value}
    entries: list[Entry] = value["items"] if step.request.path.endswith("/sync/batch") else [alone]
    return entries


def entry_key(entry: Entry) -> Key:
    """What a batch's entry is about."""
    name = entry["data"].get("local_id") or entry["data"].get("cloud_id")
    if not name:
        raise Bad(f"nobody can tell what this is: {entry}")
    return entry["entity_type"], name


def breaks(entries: list[Entry]) -> bool:
    """Whether the cloud fails over it."""
    return any(entry["data"].get("notes") == BREAKS and entry["operation"] != "delete" for entry in entries)
