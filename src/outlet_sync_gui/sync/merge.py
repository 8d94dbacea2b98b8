"""The three-way merge of a record: what was agreed, what holds here, what headquarters says. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from outlet_sync_gui.contract.text import Json

ABSENT: Json = "\0absent"  # NUL is refused at the door, so no content holds it
NOT_SAID = frozenset({"updated_at", "local_id"})  # differing alone they are no edit
Fields = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """`local` is what shall hold here, `base` what is agreed from now on; `conflicts` are for a person to choose."""

    local: dict[str, Json]
    base: dict[str, Json]
    conflicts: tuple[str, ...] = field(default=())

    @property
    def edits(self) -> frozenset[str]:
        """The fields that headquarters must still be told."""
        names = {name for name, value in self.local.items() if self.base.get(name, ABSENT) != value}
        return frozenset(names - NOT_SAID)


def merge(
    base: Fields,
    local: Fields,
    cloud: Fields,
    *,
    unknown: Sequence[Fields] = (),
    disputed: Collection[str] = (),
    asked: Collection[str] = (),
) -> Merged:
    """Merge the fields that headquarters' change has.

    A field in conflict keeps its base, so that it can be tested again.
    `unknown` is what was sent and never answered: where the cloud's value is that one, it had arrived.
    `disputed` are in conflict already, and stay so until both agree or one side goes back to the base; of these
    headquarters itself has `asked` for some, which end only when both agree.
    """
    values: dict[str, Json] = {}
    conflicts = []
    for name, there in cloud.items():
        sides = (base.get(name, ABSENT), local.get(name, ABSENT), there)
        sent = [content.get(name, ABSENT) for content in unknown]
        value = _still(name, *sides, asked) if name in {*disputed, *asked} else _merged(name, *sides, sent)
        if value is _Conflict:
            conflicts.append(name)
        else:
            values[name] = value
    agreed = {name: there for name, there in cloud.items() if name in values}
    return Merged(local={**local, **values}, base={**base, **agreed}, conflicts=tuple(conflicts))


class _Conflict:
    """Changed on both sides."""


def _merged(name: str, base: Json, local: Json, cloud: Json, sent: Sequence[Json]) -> Json:
    if cloud in (base, local) or cloud in sent:
        return local if local != ABSENT else cloud
    if local in (base, ABSENT):
        return cloud
    is_unknown = any(value not in (base, ABSENT) for value in sent)  # whether ours is counted in already
    if name == "stock" and not is_unknown and _are_counts(base, local, cloud):
        return local + (cloud - base)
    return _Conflict


def _still(name: str, base: Json, local: Json, cloud: Json, asked: Collection[str]) -> Json:
    """What comes of a field that was in conflict before."""
    if local == cloud:
        return local
    if name in asked or base not in (local, cloud):
        return _Conflict
    return cloud if local == base else local


def _are_counts(*values: Json) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)
