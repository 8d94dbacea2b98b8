"""The three-way merge of a record: what was agreed, what holds here, what headquarters says. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from outlet_sync_gui.contract.text import Json

ABSENT: Json = "\0absent"  # NUL is refused at the door, so no content holds it
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
        return frozenset(names - {"updated_at", "local_id"})


def merge(base: Fields, local: Fields, cloud: Fields, *, unknown: Sequence[Fields] = ()) -> Merged:
    """Merge the fields that headquarters' change has.

    `unknown` is what was sent and never answered: where the cloud's value is that one, it had arrived.
    """
    values: dict[str, Json] = {}
    conflicts = []
    for name, there in cloud.items():
        sent = [content.get(name, ABSENT) for content in unknown]
        value = _merged(name, base.get(name, ABSENT), local.get(name, ABSENT), there, sent)
        if value is _Conflict:
            conflicts.append(name)
        else:
            values[name] = value
    return Merged(local={**local, **values}, base={**base, **cloud}, conflicts=tuple(conflicts))


class _Conflict:
    """Changed on both sides."""


def _merged(name: str, base: Json, local: Json, cloud: Json, sent: Sequence[Json]) -> Json:
    if cloud in (base, local) or cloud in sent:
        return local if local != ABSENT else cloud
    if local in (base, ABSENT):
        return cloud
    if name == "stock" and not sent and _are_counts(base, local, cloud):
        return local + (cloud - base)
    return _Conflict


def _are_counts(*values: Json) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)
