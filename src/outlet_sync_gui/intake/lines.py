"""How records get in: a JSON document, an array, or a line each, checked one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from outlet_sync_gui.contract.records import Incoming, read_record
from outlet_sync_gui.contract.text import Json, loads
from outlet_sync_gui.errors import InputRefused

LONGEST_LINE = 10_000_000  # bytes; what is longer could never leave
WRAPPED = {"entity_type", "data"}
BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the input leaves unsaid. `now` is UTC `Z`."""

    entity_type: str
    operation: str
    outlet_id: str
    outlet_code: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record of the input, valid or refused; `number` counts lines, or the array's elements, from 1."""

    number: int
    local_id: str | None
    record: Incoming | InputRefused


def read_lines(stream: BinaryIO, origin: Origin) -> Iterator[Line]:
    """Read NDJSON, an array, or one document. Nothing but a failing stream raises: a bad line is a Line too."""
    lines = _physical_lines(stream)
    first = next(((number, line) for number, line in lines if line.strip()), None)
    if first is None:
        return
    if first[1].startswith(BOMS):
        yield _refused(first[0], InputRefused("bad_json", {"why": "BOM; UTF-8", "position": 0}))
        return
    if _is_whole_document(first[1]):
        yield from _document(b"".join(line for _, line in chain([first], lines)), first[0], origin)
        return
    for number, line in chain([first], lines):
        if line.strip():
            yield _line(number, line, origin)


def read_json(value: Json, origin: Origin, *, number: int = 1) -> Line:
    """Check one record; one that says its own type and operation wins over the origin's."""
    is_wrapped = isinstance(value, dict) and value.keys() >= WRAPPED
    data = value["data"] if is_wrapped else value
    entity_type = value["entity_type"] if is_wrapped else origin.entity_type
    operation = value.get("operation", origin.operation) if is_wrapped else origin.operation
    try:
        record: Incoming | InputRefused = read_record(
            entity_type,
            data,
            operation=operation,
            outlet_id=origin.outlet_id,
            outlet_code=origin.outlet_code,
            now=origin.now,
        )
    except InputRefused as refusal:
        record = refusal
    return Line(number=number, local_id=_local_id(data), record=record)


def _physical_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines; of one that is too long just the beginning, which no longer is JSON."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        while len(line) > LONGEST_LINE and not line.endswith(b"\n") and (rest := stream.readline(LONGEST_LINE)):
            if rest.endswith(b"\n"):
                break
        yield number, line


def _is_whole_document(first: bytes) -> bool:
    """An array, or an object that goes on beyond its first line."""
    start = first.lstrip()
    return (
        start.startswith(b"[") or start.rstrip() == b"{" or (start.startswith(b"{") and start.rstrip().endswith(b","))
    )


def _document(data: bytes, number: int, origin: Origin) -> Iterator[Line]:
    try:
        value = loads(data)
    except InputRefused as refusal:
        yield _refused(number, refusal)
        return
    elements = value if isinstance(value, list) else [value]
    yield from (read_json(element, origin, number=n) for n, element in enumerate(elements, start=1))


def _line(number: int, line: bytes, origin: Origin) -> Line:
    if len(line) > LONGEST_LINE:
        return _refused(number, InputRefused("too_big", {"bytes": len(line), "limit": LONGEST_LINE}))
    try:
        return read_json(loads(line), origin, number=number)
    except InputRefused as refusal:
        return _refused(number, refusal)


def _refused(number: int, refusal: InputRefused) -> Line:
    return Line(number=number, local_id=None, record=refusal)


def _local_id(data: Json) -> str | None:
    local_id = data.get("local_id") if isinstance(data, dict) else None
    return local_id[:200] if isinstance(local_id, str) else None
