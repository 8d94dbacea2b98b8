"""Records in, line by line: the good ones come through, a bad one has its number and reason."""

import io
import json

import pytest
from tests.builders import OUTLET_CODE, OUTLET_ID, order, product

from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.intake import LONGEST_LINE, Line, Origin, read_lines

ORIGIN = Origin(
    entity_type="order", operation="create", outlet_id=OUTLET_ID, outlet_code=OUTLET_CODE, now="2026-01-27T03:30:00Z"
)


def lines(data: bytes | str) -> list[Line]:
    return list(read_lines(io.BytesIO(data if isinstance(data, bytes) else data.encode()), ORIGIN))


def told(data: bytes | str) -> list[tuple[int, str]]:
    """Number, and the id or the reason."""
    return [
        (line.number, line.record.code if isinstance(line.record, InputRefused) else line.record.local_id)
        for line in lines(data)
    ]


A, B = json.dumps(order("A")), json.dumps(order("B"))
SHAPES: dict[str, tuple[bytes | str, list[tuple[int, str]]]] = {
    "nothing": ("", []),
    "blank lines alone": ("\n \n\t\n", []),
    "one object": (A, [(1, "A")]),
    "a line each": (f"{A}\n{B}\n", [(1, "A"), (2, "B")]),
    "no line end at the end": (f"{A}\n{B}", [(1, "A"), (2, "B")]),
    "Windows' line ends": (f"{A}\r\n{B}\r\n", [(1, "A"), (2, "B")]),
    "blank lines between": (f"\n{A}\n\n\n{B}", [(2, "A"), (5, "B")]),
    "an array": (f"[{A}, {B}]", [(1, "A"), (2, "B")]),
    "an array over lines": (f"[\n{A},\n{B}\n]", [(1, "A"), (2, "B")]),
    "one object over lines": (json.dumps(order("A"), indent=2), [(1, "A")]),
    "an empty array": ("[]", []),
    "a broken array": (f"[{A},", [(1, "bad_json")]),
    "a bad line between good ones": (f"{A}\n{{oops\n{B}", [(1, "A"), (2, "bad_json"), (3, "B")]),
    "bytes that are no UTF-8 spoil their own line": (
        A.encode() + b'\n{"local_id": "\xff"}\n' + B.encode(),
        [(1, "A"), (2, "not_utf8"), (3, "B")],
    ),
    "a number is no record": (f"5\n{A}", [(1, "not_an_object"), (2, "A")]),
    "an array of other things": ('[1, "x", null]', [(1, "not_an_object"), (2, "not_an_object"), (3, "not_an_object")]),
    "a byte order mark": (b"\xef\xbb\xbf" + A.encode(), [(1, "bad_json")]),
    "UTF-16": (A.encode("utf-16"), [(1, "bad_json")]),
    "too long a line": (b'{"local_id": "' + b"x" * LONGEST_LINE + b'"}\n' + A.encode(), [(1, "too_big"), (2, "A")]),
}


@pytest.mark.parametrize(("data", "expected"), SHAPES.values(), ids=SHAPES)
def test_every_shape_of_input(data: bytes | str, expected: list[tuple[int, str]]) -> None:
    assert told(data) == expected


def test_a_line_that_says_its_own_type_and_operation_wins() -> None:
    wrapped = {"entity_type": "product", "operation": "delete", "data": product("P1")}
    (line,) = lines(json.dumps(wrapped))
    assert not isinstance(line.record, InputRefused)
    assert (line.record.entity_type, line.record.operation) == ("product", "delete")


def test_a_wrapped_line_without_an_operation_takes_the_commands() -> None:
    (line,) = lines(json.dumps({"entity_type": "product", "data": product("P1")}))
    assert not isinstance(line.record, InputRefused)
    assert line.record.operation == "create"


def test_a_refused_line_tells_whose_it_was() -> None:
    (line,) = lines(json.dumps(order("A7", total_amount=0.5)))
    assert line.local_id == "A7"


class Counting(io.BytesIO):
    """Counts the lines that were asked for."""

    asked = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self.asked += 1
        return super().readline(size)


def test_a_long_file_is_read_as_it_comes() -> None:
    stream = Counting((A + "\n").encode() * 1000)
    read = read_lines(stream, ORIGIN)
    assert [next(read).number for _ in range(5)] == [1, 2, 3, 4, 5]
    assert stream.asked == 5
