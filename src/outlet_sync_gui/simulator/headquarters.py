"""Headquarters: what it holds of every record, and what it does by itself. No socket and no clock.

Each thing it does queues a webhook in `webhooks`, and stands in /updates besides.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from outlet_sync_gui.simulator.judge import Json
from outlet_sync_gui.simulator.webhooks import Webhook, webhook

Key = tuple[str, str]
K = TypeVar("K")
V = TypeVar("V")
SHOWN = ("name", "price", "stock")
# What says which record it is and how old, and nothing of what it is.
NO_CONTENT = frozenset({"local_id", "outlet_id", "outlet_code", "version", "created_at", "updated_at", "deleted_at"})
REASON = "Changed at headquarters"
REMEMBERED = 10_000  # changes that a restore can take back
UNTOLD = 100  # webhooks that wait where nobody carries them


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One record as headquarters holds it. `sent` is what the till last sent of it, whatever was changed since."""

    cloud_id: str
    local_id: str | None
    version: int
    data: Mapping[str, Json]
    updated_at: int  # UTC ms
    is_deleted: bool = False
    sent: Mapping[str, Json] | None = None
    sent_version: int = 0

    def __deepcopy__(self, _: object) -> Self:
        return self  # nothing in it ever changes


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two says of a field, under which version, since when (UTC ms)."""

    value: Json
    version: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One field on which headquarters and the till disagree."""

    id: str
    key: Key
    cloud_id: str
    field: str
    cloud: Side
    local: Side
    resolution: Mapping[str, Json] | None = None  # what a resolve was answered; None: it is open

    def __deepcopy__(self, _: object) -> Self:
        return self  # nothing in it ever changes


@dataclass(slots=True, kw_only=True)
class Headquarters:
    """What headquarters holds and does. `now_ms` is its clock."""

    now_ms: Callable[[], int]
    tells_applied_value: bool = True  # the cloud in use does not
    records: dict[Key, Kept] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    summaries: dict[str, dict[str, Json]] = field(default_factory=dict)
    webhooks: deque[Webhook] = field(default_factory=lambda: deque(maxlen=UNTOLD))
    _past: deque[tuple[int, dict[Any, Any], Any, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _made: int = 0
    _conflicts_opened: int = 0
    _last_ms: int = 0
    _behind_ms: int = 0  # how far a restore took the checkpoint back

    # -- the menu

    def change_product(self, local_id: str, **fields: Json) -> int:
        """Change a product; the new version."""
        kept = self._change(("product", self._known(local_id)), fields)
        self._tell("product", kept, *fields)
        return kept.version

    def add_product(self, local_id: str, **fields: Json) -> None:
        """Put a product on the menu, or back on it."""
        before = self.records.get(("product", local_id))
        kept = Kept(
            cloud_id=before.cloud_id if before else self.new_id("product"),
            local_id=local_id,
            version=before.version + 1 if before else 1,
            data={"local_id": local_id, **fields},
            updated_at=self.tick(),
            sent=before.sent if before else None,
            sent_version=before.sent_version if before else 0,
        )
        self._tell("product", self.put(self.records, ("product", local_id), kept), *fields)

    def add_category(self, name: str) -> None:
        """Make a category, which has no local id."""
        cloud_id = self.new_id("category")
        kept = Kept(cloud_id=cloud_id, local_id=None, version=1, data={"name": name}, updated_at=self.tick())
        self._tell("category", self.put(self.records, ("category", cloud_id), kept))

    def delete_product(self, local_id: str) -> None:
        """Take a product off the menu."""
        key = ("product", self._known(local_id))
        self._tell("product", self.put(self.records, key, self._gone(self.records[key])))

    def delete_products(self, n: int) -> list[str]:
        """Take the first n products off the menu; their local ids."""
        there = [
            local_id for (kind, local_id), kept in self.records.items() if kind == "product" and not kept.is_deleted
        ]
        for local_id in there[:n]:
            self.delete_product(local_id)
        return there[:n]

    # -- conflicts

    def open_conflict(self, local_id: str, name: str, value: Json) -> str:
        """Change a field, and say that the till's value of it is another; the conflict's id."""
        key = ("product", self._known(local_id))
        local = _told_side(self.records[key], name)
        if local is None:
            raise ValueError(f"the till has never told a {name} of {local_id}")
        self._change(key, {name: value})
        return self._open(key, name, local)

    def disagree(self, key: Key, pushed: Mapping[str, Json]) -> None:
        """Open conflicts: of the fields that were changed here since the till's last word, and that it says anew."""
        kept = self.records[key]
        sent = kept.sent or {}
        for name in pushed:
            is_changed_here = name in kept.data and kept.data[name] != sent.get(name)
            if name not in NO_CONTENT and is_changed_here and pushed[name] != kept.data[name]:
                self._open(key, name, _side(pushed, name, kept.updated_at))

    def resolve(self, conflict_id: str, strategy: str) -> Mapping[str, Json]:
        """Settle a conflict, once; what is answered, the same each time. Raises KeyError."""
        conflict = self.conflicts[conflict_id]
        if conflict.resolution is not None:
            return conflict.resolution
        resolution = self._settle(conflict, strategy)
        self.put(self.conflicts, conflict_id, replace(self.conflicts[conflict_id], resolution=resolution))
        return resolution

    def _settle(self, conflict: Conflict, strategy: str) -> dict[str, Json]:
        kept = self.records[conflict.key]
        there = kept.data.get(conflict.field)
        is_local_newer = conflict.local.updated_at > conflict.cloud.updated_at
        is_local = strategy == "local_wins" or (strategy == "newest_wins" and is_local_newer)
        value = conflict.local.value if is_local else there
        if value != there:
            kept = self._change(conflict.key, {conflict.field: value})
        applied = {"applied_value": value} if self.tells_applied_value else {}
        return {"resolved": True, **applied, "new_version": kept.version, "resolved_at": iso(self.latest())}

    def _open(self, key: Key, name: str, local: Side) -> str:
        """Open a conflict; what is open of that field already is told anew under its old id."""
        kept, before = self.records[key], self._open_one(key, name)
        if before is None:
            self._conflicts_opened += 1
        conflict = Conflict(
            id=before.id if before else f"conflict-{self._conflicts_opened}",
            key=key,
            cloud_id=kept.cloud_id,
            field=name,
            cloud=Side(kept.data[name], kept.version, kept.updated_at),
            local=local,
        )
        self._tell_conflict(self.put(self.conflicts, conflict.id, conflict))
        return conflict.id

    def _open_one(self, key: Key, name: str) -> Conflict | None:
        found = (each for each in self.conflicts.values() if (each.key, each.field) == (key, name))
        return next((each for each in found if each.resolution is None), None)

    # -- all outlets

    def broadcast(self, title: str, message: str, level: str = "info", expires_at: str | None = None) -> None:
        """Tell the staff something."""
        until = {"expires_at": expires_at} if expires_at else {}
        self._queue("broadcast", title=title, message=message, level=level, **until)

    def configure(self, **values: Json) -> None:
        """Set settings of the outlet."""
        self._queue("config", config=values)

    # -- the cloud as a machine

    def restore(self, back_ms: int) -> None:
        """Put a backup back: the checkpoint goes back so far, and what came after it is forgotten."""
        self._behind_ms += back_ms
        while self._past and self._past[-1][0] > self.latest() - self._behind_ms:
            _, table, key, before = self._past.pop()
            if before is None:
                table.pop(key, None)
            else:
                table[key] = before

    def reinstall(self) -> None:
        """Start anew with the same records: all under new cloud ids, and their versions from 1."""
        kept = list(self.records.items())
        self._past.clear()
        self.conflicts.clear()
        self.records.clear()
        for (entity_type, local_id), before in kept:
            cloud_id = self.new_id(entity_type)
            anew = replace(before, cloud_id=cloud_id, version=1, updated_at=self.tick(), sent=None, sent_version=0)
            self.records[(entity_type, cloud_id if before.local_id is None else local_id)] = anew

    # -- for the cloud's door

    @property
    def checkpoint(self) -> str:
        """What /updates calls it; whatever is changed from now on is later."""
        return iso(self.latest() - self._behind_ms)

    def put(self, table: dict[K, V], key: K, value: V) -> V:
        """Hold a record, a conflict or a summary, so that a restore can forget it."""
        self._past.append((self.latest(), table, key, table.get(key)))
        table[key] = value
        return value

    def new_id(self, entity_type: str) -> str:
        """A cloud id that was never given before."""
        self._made += 1
        return f"cloud-{entity_type}-{self._made}"

    def latest(self) -> int:
        """Now, and never before anything that was told."""
        self._last_ms = max(self.now_ms(), self._last_ms)
        return self._last_ms

    def tick(self) -> int:
        """A time after all that was told before, so that no change hides behind a checkpoint."""
        self._last_ms = max(self.now_ms(), self._last_ms + 1)
        return self._last_ms

    # -- inside

    def _known(self, local_id: str) -> str:
        if ("product", local_id) not in self.records:
            raise ValueError(f"there is no product {local_id}")
        return local_id

    def _change(self, key: Key, fields: Mapping[str, Json]) -> Kept:
        before = self.records[key]
        data = {**before.data, **fields}
        kept = self.put(
            self.records, key, replace(before, data=data, version=before.version + 1, updated_at=self.tick())
        )
        for conflict in filter(None, [self._open_one(key, name) for name in fields]):
            cloud = Side(data[conflict.field], kept.version, kept.updated_at)
            self.put(self.conflicts, conflict.id, replace(conflict, cloud=cloud))
        return kept

    def _gone(self, kept: Kept) -> Kept:
        return replace(kept, is_deleted=True, updated_at=self.tick())

    def _tell(self, entity_type: str, kept: Kept, *changed: str) -> None:
        ids = _ids(entity_type, kept)
        if kept.is_deleted:
            self._queue("delete", **ids, deleted_at=iso(kept.updated_at), reason=REASON)
            return
        names = [name for name in dict.fromkeys((*SHOWN, *changed)) if name in kept.data]
        data = {**{name: kept.data[name] for name in names}, "version": kept.version}
        self._queue("update", **ids, data=data, version=kept.version, updated_by="central-system", reason=REASON)

    def _tell_conflict(self, conflict: Conflict) -> None:
        cloud, local = conflict.cloud, conflict.local
        shown = {
            "field": conflict.field,
            "cloud_value": cloud.value,
            "cloud_version": cloud.version,
            "cloud_updated_at": iso(cloud.updated_at),
            "local_value": local.value,
            "local_version": local.version,
            "local_updated_at": iso(local.updated_at),
        }
        entity_type, local_id = conflict.key
        ids = {"entity_type": entity_type, "cloud_id": conflict.cloud_id, "local_id": local_id}
        self._queue("conflict", conflict_id=conflict.id, **ids, conflict=shown, resolution_required=True)

    def _queue(self, kind: str, **fields: Json) -> None:
        self.webhooks.append(webhook(kind, iso(self.latest()), **fields))


def iso(ms: int) -> str:
    """A time as the contract writes it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_ms(text: str) -> int:
    """A time of the wire in ms. Raises ValueError where it can't be read or has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a UTC time")
    return round(moment.timestamp() * 1000)


def _ids(entity_type: str, kept: Kept) -> dict[str, Json]:
    local = {"local_id": kept.local_id} if kept.local_id else {}
    return {"entity_type": entity_type, "cloud_id": kept.cloud_id, **local}


def _told_side(kept: Kept, name: str) -> Side | None:
    """What the till last sent of a field; where it never sent the record, what it was last told of it."""
    if kept.sent is not None:
        return _side(kept.sent, name, kept.updated_at) if name in kept.sent else None
    return Side(kept.data[name], kept.version, kept.updated_at) if name in kept.data else None


def _side(sent: Mapping[str, Json], name: str, heard_at: int) -> Side:
    """A till that doesn't say when it changed something did when it was heard."""
    version = sent["version"]
    assert isinstance(version, int)
    try:
        return Side(sent[name], version, to_ms(str(sent["updated_at"])))
    except (KeyError, ValueError):
        return Side(sent[name], version, heard_at)
