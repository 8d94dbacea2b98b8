"""What a disk may hold after the power went: of what was not synced some sectors, or all, or none."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.faults.disk import Did, Op

SECTOR = 512
Piece = tuple[int, bytes | None]  # an offset and what stands there, or a length and None


@dataclass(slots=True)
class Inode:
    """One file: what surely is on the disk, and pieces on their way there."""

    kept: bytearray = field(default_factory=bytearray)
    pieces: list[Piece] = field(default_factory=list)
    is_named: bool = False  # its name is surely on the disk too

    def with_pieces(self, mask: int) -> bytearray:
        """Its content where those pieces arrived whose bits are set."""
        content = bytearray(self.kept)
        for bit, (at, data) in zip(reversed(f"{mask:b}"), self.pieces, strict=False):
            if bit == "1":
                _apply(content, at, data)
        return content


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the unsynced arrived: so many changes of names, in order, and any pieces, as bits."""

    names: int
    mask: int


@dataclass
class Platter:
    """The disk while a log of requests goes by. A crash at any time leaves `image(choice)` of any choice."""

    names: dict[str, Inode] = field(default_factory=dict)  # as the program sees them
    kept_names: dict[str, Inode] = field(default_factory=dict)
    renames: list[tuple[str, Inode | None]] = field(default_factory=list)  # not surely on the disk yet
    syncs: int = 0

    def take(self, op: Op) -> None:
        """The next request."""
        match op.did:
            case Did.MAKE:
                self._rename(op.file, Inode())
            case Did.DELETE:
                self._rename(op.file, None)
                if op.at:
                    self._keep_names(len(self.renames))
            case Did.WRITE:
                self.names[op.file].pieces += _sectors(op.at, op.data)
            case Did.CUT:
                self.names[op.file].pieces.append((op.at, None))
            case Did.SYNC:
                self._sync(self.names[op.file])

    @property
    def pieces(self) -> int:
        """How many are on their way, in all files."""
        return sum(len(inode.pieces) for inode in self._inodes())

    @property
    def choices(self) -> int:
        """How many there are."""
        return (len(self.renames) + 1) << self.pieces

    @property
    def all_kept(self) -> Choice:
        """As if everything had been synced."""
        return Choice(len(self.renames), (1 << self.pieces) - 1)

    def pick(self, chance: random.Random, wanted: int) -> Iterator[Choice]:
        """So many different choices, or all: everything kept, nothing kept, and torn ones."""
        if self.choices <= 2 * wanted:
            every = [Choice(n, mask) for n in range(len(self.renames) + 1) for mask in range(1 << self.pieces)]
            yield from chance.sample(every, min(wanted, len(every)))
            return
        seen = {self.all_kept, Choice(0, 0)}
        yield from seen
        while len(seen) < wanted:
            choice = Choice(chance.randint(0, len(self.renames)), self._torn(chance))
            if choice not in seen:
                seen.add(choice)
                yield choice

    def image(self, choice: Choice) -> dict[str, bytes]:
        """The files as they are found again."""
        names = dict(self.kept_names)
        for name, inode in self.renames[: choice.names]:
            _name(names, name, inode)
        masks, mask = {}, choice.mask
        for inode in self._inodes():
            masks[id(inode)] = mask & ((1 << len(inode.pieces)) - 1)
            mask >>= len(inode.pieces)
        return {name: bytes(inode.with_pieces(masks[id(inode)])) for name, inode in names.items()}

    def _torn(self, chance: random.Random) -> int:
        """A beginning arrived, or all but some, or some, or few: disks write in any order."""
        n = self.pieces
        some = chance.getrandbits(n)
        return chance.choice(
            (
                (1 << chance.randint(0, n)) - 1,
                some,
                some | chance.getrandbits(n),
                some & chance.getrandbits(n),
                ((1 << n) - 1) ^ (1 << chance.randrange(n)),
                1 << chance.randrange(n),
            )
        )

    def _inodes(self) -> list[Inode]:
        """All that any choice may show."""
        found = {id(inode): inode for inode in self.kept_names.values()}
        found |= {id(inode): inode for _, inode in self.renames if inode is not None}
        return list(found.values())

    def _rename(self, name: str, inode: Inode | None) -> None:
        _name(self.names, name, inode)
        self.renames.append((name, inode))

    def _sync(self, inode: Inode) -> None:
        for at, data in inode.pieces:
            _apply(inode.kept, at, data)
        inode.pieces.clear()
        self.syncs += 1
        if not inode.is_named:  # SQLite syncs a new file's folder with it
            inode.is_named = True
            made = [n for n, (_, other) in enumerate(self.renames) if other is inode]
            self._keep_names(made[-1] + 1 if made else 0)

    def _keep_names(self, n: int) -> None:
        for name, inode in self.renames[:n]:
            _name(self.kept_names, name, inode)
        del self.renames[:n]
        self.syncs += 1


def after(ops: Sequence[Op]) -> Platter:
    """The disk after these requests."""
    platter = Platter()
    for op in ops:
        platter.take(op)
    return platter


def _name(names: dict[str, Inode], name: str, inode: Inode | None) -> None:
    if inode is None:
        names.pop(name, None)
    else:
        names[name] = inode


def _sectors(at: int, data: bytes) -> Iterator[Piece]:
    """A write as the disk may break it."""
    begin = 0
    while begin < len(data):
        end = begin + SECTOR - (at + begin) % SECTOR
        yield at + begin, data[begin:end]
        begin = end


def _apply(content: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        del content[at:]
        return
    if at > len(content):
        content.extend(bytes(at - len(content)))
    content[at : at + len(data)] = data
