"""Forged requests: honest ones, changed in head, body or framing. A shot is the same for the same chance.

What is attacked is a Target: it brings honest requests, changes of its own, and an oracle that tells from the bytes on
the line alone whether a request deserved a yes.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

from outlet_sync_gui.listener import Request, Response

LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]+)")


@dataclass(frozen=True, slots=True)
class Parts:
    """A well framed request: `wire` adds the right length, whatever was changed."""

    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""
    method: bytes = b"POST"

    def wire(self) -> bytes:
        """As it goes over the line."""
        said = [*self.headers, (b"Content-Length", str(len(self.body)).encode())]
        lines = [b"%s %s HTTP/1.1" % (self.method, self.target), *(b"%s: %s" % header for header in said)]
        return b"\r\n".join([*lines, b"", self.body])


Change = Callable[[Random, Parts], Parts]
Break = Callable[[Random, bytes], bytes]


class Target(Protocol):
    """An application under attack."""

    harmless: Sequence[Change]  # an honest request stays one
    changes: Sequence[Change]  # where it is weakest

    async def handle(self, request: Request) -> Response:
        """The application itself. What it raises is a breach."""

    def honest(self, chance: Random) -> Parts:
        """A request that must be accepted."""

    def deserves(self, sent: bytes, request: Request) -> bool:
        """The oracle: whether what was sent is a reason to have accepted this; of the application it uses nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """What is sent at once. `is_whole`: well framed, so that one answer is due and the connection may go on."""

    data: bytes
    is_whole: bool
    is_honest: bool = False
    most: int = 1  # requests in it that may be accepted


# -- changes of a request that stays well framed


def junk(chance: Random, most: int = 40) -> bytes:
    """Bytes of any kind, but for the end of a line."""
    return re.sub(rb"[\r\n]", b"?", chance.randbytes(chance.randrange(most)))


def with_header(chance: Random, parts: Parts, name: bytes, value: bytes) -> Parts:
    """One more header, somewhere."""
    place = chance.randrange(len(parts.headers) + 1)
    return replace(parts, headers=(*parts.headers[:place], (name, value), *parts.headers[place:]))


def with_value(parts: Parts, name: bytes, value: bytes) -> Parts:
    """A header with another value."""
    return replace(parts, headers=tuple((key, value if key == name else old) for key, old in parts.headers))


def _changed_header(
    chance: Random, parts: Parts, change: Callable[[bytes, bytes], Sequence[tuple[bytes, bytes]]]
) -> Parts:
    if not parts.headers:
        return parts
    place = chance.randrange(len(parts.headers))
    return replace(parts, headers=(*parts.headers[:place], *change(*parts.headers[place]), *parts.headers[place + 1 :]))


def shuffled(chance: Random, parts: Parts) -> Parts:
    return replace(parts, headers=tuple(chance.sample(parts.headers, len(parts.headers))))


def in_other_letters(chance: Random, parts: Parts) -> Parts:
    return _changed_header(chance, parts, lambda name, value: [(name.swapcase(), value)])


def with_company(chance: Random, parts: Parts) -> Parts:
    return with_header(chance, parts, *chance.choice(COMPANY))


def without_a_header(chance: Random, parts: Parts) -> Parts:
    return _changed_header(chance, parts, lambda *_: [])


def with_a_header_twice(chance: Random, parts: Parts) -> Parts:
    other = chance.choice([junk(chance), b"", b"0"])
    return _changed_header(chance, parts, lambda name, value: chance.sample([(name, value), (name, other)], 2))


def with_another_name(chance: Random, parts: Parts) -> Parts:
    names: Sequence[Callable[[bytes], bytes]] = (
        lambda name: name.replace(b"-", b"_"),
        lambda name: b"X-" + name,
        lambda name: name + chance.choice([b" ", b"\t", b"\0", b"\x0b", b"\xa0"]),
        lambda name: b" " + name,
        lambda _: junk(chance),
    )
    rename = chance.choice(names)
    return _changed_header(chance, parts, lambda name, value: [(rename(name), value)])


def with_another_value(chance: Random, parts: Parts) -> Parts:
    values: Sequence[Callable[[bytes], bytes]] = (
        lambda _: b"",
        lambda _: junk(chance),
        lambda value: value[:-1],
        lambda value: value + junk(chance, 4),
        lambda value: b"\r\n " + value,
        lambda value: value + b"," + junk(chance),
        lambda value: value * chance.choice([2, 300]),
    )
    change = chance.choice(values)
    return _changed_header(chance, parts, lambda name, value: [(name, change(value))])


def with_another_method(chance: Random, parts: Parts) -> Parts:
    return replace(parts, method=chance.choice(METHODS))


def with_another_target(chance: Random, parts: Parts) -> Parts:
    likely = (form.replace(b"@", parts.target) for form in TARGETS)
    return replace(parts, target=chance.choice([*likely, b"/", parts.target.upper(), junk(chance)]))


def with_a_flipped_bit(chance: Random, parts: Parts) -> Parts:
    body = bytearray(parts.body or b"\0")
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return replace(parts, body=bytes(body))


def with_a_cut_body(chance: Random, parts: Parts) -> Parts:
    start, end = sorted(chance.choices(range(len(parts.body) + 1), k=2))
    return replace(parts, body=parts.body[:start] + parts.body[end:])


def with_more_body(chance: Random, parts: Parts) -> Parts:
    place = chance.randrange(len(parts.body) + 1)
    more = chance.choice(
        [b" ", b"\n", b"\0", b"{", b"[" * 1000, b'"', b"\xff", b"9" * 400, chance.randbytes(9), parts.body]
    )
    return replace(parts, body=parts.body[:place] + more + parts.body[place:])


def with_another_json_value(chance: Random, parts: Parts) -> Parts:
    """Somewhere in the JSON another value stands: the shape of the text is right, that of the message may not be."""
    value = chance.choice(VALUES)
    found = [*re.finditer(rb': ?("[^"]*"|[0-9]+|null|true)', parts.body)]
    if not found:
        return parts
    start, end = chance.choice(found).span(1)
    return replace(parts, body=parts.body[:start] + value + parts.body[end:])


def written_otherwise(_: Random, parts: Parts) -> Parts:
    try:
        return replace(parts, body=json.dumps(json.loads(parts.body), indent=1).encode())
    except (ValueError, RecursionError):
        return parts


COMPANY = (
    (b"Accept", b"*/*"),
    (b"Connection", b"close"),
    (b"Upgrade", b"h2c"),
    (b"Cookie", b"\xff"),
    (b"Expect", b"tea"),
)
METHODS = (b"GET", b"PUT", b"PATCH", b"post", b"OPTIONS", b"CONNECT", b"TRACE", b"P")
TARGETS = b"@/ /@ @?a=b @#a http://x@ @/.. @%00 @;a @/../config @\xff *@".split(b" ")
VALUES = (
    *(b"null", b"true", b"0", b"-1", b"3.0", b"0.5", b"9007199254740993", b"9223372036854775808", b"1e999999999"),
    *(b"18446744073709551616", b"NaN", b'""', b'" "', b'"\\ud800"', b'"\\u0000"', b'"\\n"', b"[]", b"{}", b"[[{}]]"),
    *(
        b'"0001-01-01T00:00:00+14:00"',
        b'"9999-12-31T23:59:59-12:00"',
        b'"2026-13-01"',
        b'"entity.deleted"',
        b'"config.a"',
    ),
    *(b'"' + b"a" * 5000 + b'"', b'{"a":1,"a":2}', b'{"field":"version","cloud_value":1}', b'[{"field":"price"}]'),
    *('"\u202e"'.encode(), '"é"'.encode("latin-1"), b'"../../etc"', b'"<b>"', b"-0", b"1E-999999999"),
)
HARMLESS: Sequence[Change] = (shuffled, in_other_letters, with_company)
BODY_CHANGES: Sequence[Change] = (
    *(with_a_flipped_bit, with_a_cut_body, with_more_body, written_otherwise),
    *(with_another_json_value, with_another_json_value, with_another_json_value),
)
CHANGES: Sequence[Change] = (
    *(without_a_header, with_a_header_twice, with_another_name, with_another_value, with_another_method),
    *(with_another_target, *BODY_CHANGES, *HARMLESS),
)


# -- breaks of the framing itself


def cut(chance: Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def flipped(chance: Random, data: bytes) -> bytes:
    broken = bytearray(data or b"\0")
    broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def torn(chance: Random, data: bytes) -> bytes:
    start, end = sorted(chance.choices(range(len(data) + 1), k=2))
    return data[:start] + data[end:]


def with_bytes(chance: Random, data: bytes) -> bytes:
    place = chance.randrange(len(data) + 1)
    more = chance.choice([b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b"\r\n\r\n", chance.randbytes(5)])
    return data[:place] + more + data[place:]


def with_other_line_ends(chance: Random, data: bytes) -> bytes:
    return data.replace(b"\r\n", chance.choice([b"\n", b"\r", b"\n\r", b"\r\r\n"]), chance.choice([-1, 1, 2]))


def with_a_line(chance: Random, data: bytes) -> bytes:
    line = chance.choice(LINES)
    ends = [found.end() for found in re.finditer(rb"\r\n", data.partition(b"\r\n\r\n")[0] + b"\r\n")]
    place = chance.choice(ends or [0])
    return data[:place] + line + data[place:]


def with_another_length(chance: Random, data: bytes) -> bytes:
    return LENGTH.sub(b"Content-Length: " + chance.choice(LENGTHS), data, count=1)


def of_another_version(chance: Random, data: bytes) -> bytes:
    versions = [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/1.99", b"HTTP/2.0", b"HTTP/0.9", b"http/1.1", b"HTTP/1,1", b""]
    return data.replace(b"HTTP/1.1", chance.choice(versions), 1)


def behind_something(chance: Random, data: bytes) -> bytes:
    return chance.choice([*GREETINGS, junk(chance)]) + data


def with_a_hidden_request(chance: Random, data: bytes) -> bytes:
    """A body that is a request, and framing that some servers and some proxies read in two ways."""
    target = data.split(b" ")[1] if data.count(b" ") > 1 else b"/"
    hidden = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" % target
    framing = chance.choice(
        [
            b"Content-Length: %d\r\nContent-Length: 0" % len(hidden),
            b"Content-Length: %d\r\nTransfer-Encoding: chunked" % len(hidden),
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding:\x0bchunked",
            b"Content-Length: 0",
            b"Content-Length: %d" % len(hidden),
        ]
    )
    return b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s" % (
        target,
        framing,
        chance.choice([hidden, b"0\r\n\r\n" + hidden]),
    )


def of_nothing_but_noise(chance: Random, _: bytes) -> bytes:
    return chance.randbytes(chance.randrange(300)) + chance.choice([b"", b"\r\n\r\n"])


GREETINGS = (b"\r\n", b"\0", b" ", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
LINES = (
    *(b"Content-Length: 2\r\n", b"content-length: 0\r\n", b"Content-Length : 5\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding : chunked\r\n", b"Host: y\r\n"),
    *(b"Expect: 100-continue\r\n", b"Connection: keep-alive, close\r\n", b"A: b\r\n" * 3000, b"\r\n"),
    *(b" folded\r\n", b"\tfolded: yes\r\n", b"A\r\n", b": a\r\n", b"A: \0\r\n", b"A: " + b"a" * 40_000 + b"\r\n"),
    *(b"GET / HTTP/1.1\r\n", b"\xff: \xff\r\n"),
)
LENGTHS = (
    *(b"0", b"1", b"-1", b"+5", b"0x10", b"5, 5", b"5, 6", b"", b"9" * 20, b"9" * 5000, b"1000001", b"1e3"),
    *("٥".encode(), b"5 5", b"5\t", b"00000000000000000000005", b"2.0", b"\0"),
)
BREAKS: Sequence[Break] = (
    *(cut, flipped, torn, with_bytes, with_other_line_ends, with_a_line, with_another_length, of_another_version),
    *(behind_something, with_a_hidden_request, of_nothing_but_noise),
)


def aim(target: Target, chance: Random) -> Shot:
    """A tenth honest, a tenth honest in an unusual way, a twentieth two honest ones at once, the rest forged."""
    parts, roll = target.honest(chance), chance.random()
    if roll < 0.1:
        return Shot(data=parts.wire(), is_whole=True, is_honest=True)
    if roll < 0.2:
        change = chance.choice([*HARMLESS, *target.harmless])
        return Shot(data=change(chance, parts).wire(), is_whole=True, is_honest=True)
    if roll < 0.7:
        for change in chance.choices([*CHANGES, *target.changes, *target.changes], k=chance.choice([1, 1, 2, 3])):
            parts = change(chance, parts)
        return Shot(data=parts.wire(), is_whole=True)
    data = parts.wire()
    if roll < 0.75:
        return Shot(data=data + target.honest(chance).wire(), is_whole=False, is_honest=True, most=2)
    for break_ in chance.choices(BREAKS, k=chance.choice([1, 1, 2])):
        data = break_(chance, data)
    return Shot(data=data, is_whole=False)
