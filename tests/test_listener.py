"""The bounded HTTP server, over real sockets: honest requests served, odd ones refused, nothing hangs."""

import asyncio
import gc
import itertools
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlet_sync_gui.errors import NeedsPerson
from outlet_sync_gui.listener import Handler, Limits, Listener, Request, Response, serve

LIMITS = Limits(body_bytes=1000, head_bytes=2000, read_s=0.3, idle_s=0.3, connections=4)
T = TypeVar("T")


async def echo(request: Request) -> Response:
    if request.path == "/bug":
        raise ValueError("a bug")
    if request.path == "/drop":
        return Response(status=200, body=b"never seen", cut_at=0)
    text = f"{request.method} {request.path} {request.query} {request.body.decode()}"
    return Response(status=200, body=text.encode(), content_type="text/plain")


def with_listener(work: Callable[[Listener], Awaitable[T]], limits: Limits = LIMITS, handler: Handler = echo) -> T:
    async def run() -> T:
        listener = await serve(handler, host="127.0.0.1", port=0, limits=limits)
        try:
            return await work(listener)
        finally:
            await listener.close()

    return asyncio.run(run())


def exchange(data: bytes, *, half_close: bool = False, handler: Handler = echo) -> bytes:
    """What the server answers to these bytes, until it closes or says no more."""

    async def work(listener: Listener) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(data)
        if half_close:
            writer.write_eof()
        answer = b""
        try:
            async with asyncio.timeout(5):
                while part := await reader.read(65_536):
                    answer += part
        except ConnectionError:
            pass
        writer.close()
        return answer

    return with_listener(work, handler=handler)


def test_a_request_is_handed_over_whole() -> None:
    answer = exchange(b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"POST /a b=c hi")


def test_a_connection_is_kept_for_the_next_request() -> None:
    one = b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(one + one.replace(b"GET /1", b"GET /2"))
    assert (answer.count(b"HTTP/1.1 200"), b"GET /2" in answer) == (2, True)


HOST = b"Host: x\r\n"
REFUSED = {
    "two lengths": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi", 400),
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "chunks": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 411),
    "negative length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    "length that is no number": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n", 400),
    "too long a body": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413),
    "absolute target": (b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "two slashes": (b"GET //x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "space before the colon": (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    "NUL in a header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 400),
    "a length with a sign": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nhi", 400),
    "a length of another script": ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ٢\r\n\r\nhi".encode(), 400),
    "a length in hex": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\nhi", 400),
    "a length with a blank": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2 2\r\n\r\nhi", 400),
    "no length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nhi", 400),
    "two lengths in one": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 3\r\n\r\nhi", 400),
    "a length of 20 digits": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 20 + b"\r\n\r\n", 413),
    "a length of 5000 digits": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 1500 + b"\r\n\r\n", 400),
    "too long a body for who waits for a 100": (
        b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
        413,
    ),
    "chunks of another coding": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "chunks that only look so": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
    "chunks twice": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        501,
    ),
    "chunks behind a blank": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding : chunked\r\n\r\n",
        400,
    ),
    "tab before the colon": (b"GET / HTTP/1.1\r\nHost: x\r\nA\t: b\r\n\r\n", 400),
    "a header without a name": (b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400),
    "a header without a colon": (b"GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n", 400),
    "a header that begins folded": (b"GET / HTTP/1.1\r\n folded\r\nHost: x\r\n\r\n", 400),
    "a name that is not ASCII": ("GET / HTTP/1.1\r\nHost: x\r\nÄ: b\r\n\r\n".encode(), 400),
    "a CR in a header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n", 400),
    "a CR too many": (b"GET / HTTP/1.1\r\r\nHost: x\r\n\r\n", 400),
    "CR alone for the end of lines": (b"GET / HTTP/1.1\rHost: x\r\r" + b"\r\n\r\n", 400),
    "NUL in the target": (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "NUL in the method": (b"G\0T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a target that is not ASCII": ("GET /é HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
    "a target with blanks": (b"GET / x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "two blanks": (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a target that is a star": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a target without a slash": (b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a target with backslashes": (b"GET \\\\x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "an empty line first": (b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\nHost: x\r\n\r\n", 400),
    "HTTP/1.99": (b"GET / HTTP/1.99\r\nHost: x\r\n\r\n", 400),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400),
    "http/1.1": (b"GET / http/1.1\r\nHost: x\r\n\r\n", 400),
    "ICY": (b"ICY 200 OK\r\n\r\n", 400),
    "HTTP/1.0": (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50 + b"\r\n\r\n", 400),
    "too long a head": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 3000 + b"\r\n\r\n", 431),
    "too many headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 2000 + b"\r\n", 431),
    "a head that never ends": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 2000, 431),
    "a target that never ends": (b"GET /" + b"a" * 5000, 431),
}


@pytest.mark.parametrize(("data", "status"), REFUSED.values(), ids=REFUSED)
def test_what_is_odd_is_refused_and_closed(data: bytes, status: int) -> None:
    answer, seen = noted(data)
    assert answer.startswith(f"HTTP/1.1 {status}".encode()), answer[:200]
    assert b'"success":false' in answer
    assert (answer.count(b"HTTP/1.1"), seen) == (1, [])


def noted(data: bytes) -> tuple[bytes, list[Request]]:
    """What is answered to these bytes, and what reached the handler."""
    seen: list[Request] = []

    async def note(request: Request) -> Response:
        seen.append(request)
        return Response(status=200, body=b"noted", content_type="text/plain")

    return exchange(data, handler=note), seen


POST = b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
ALLOWED = {
    "the same length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    "the same length twice in one": POST + b"Content-Length: 2, 2\r\n\r\nhi",
    "a length with zeros before it": POST + b"Content-Length: 0002\r\n\r\nhi",
    "LF alone for the end of lines": POST.replace(b"\r", b"") + b"Content-Length: 2\n\nhi",
    "a folded header": POST + b"Content-Length:\r\n 2\r\n\r\nhi",
    "signs beyond ASCII": POST + b"A: \xff\xfe\r\nContent-Length: 2\r\n\r\nhi",
    "an expectation that nobody knows": POST + b"Expect: tea\r\nContent-Length: 2\r\n\r\nhi",
    "another protocol offered": POST + b"Upgrade: h2c\r\nContent-Length: 2\r\n\r\nhi",
    "names in any case": POST.replace(b"Host", b"hOST") + b"cONTENT-lENGTH: 2\r\n\r\nhi",
    "more than was announced": POST + b"Content-Length: 2\r\n\r\nhi and more",
    "another request behind it": POST + b"Content-Length: 2\r\n\r\nhi" + POST + b"Content-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("data", ALLOWED.values(), ids=ALLOWED)
def test_what_is_unusual_and_clear_is_handed_over_once(data: bytes) -> None:
    answer, seen = noted(data)
    assert (answer.count(b"HTTP/1.1"), answer.endswith(b"noted")) == (1, True)
    assert [(request.method, request.path, request.body) for request in seen] == [("POST", "/a", b"hi")]


def test_a_header_that_came_several_times_hides_nothing() -> None:
    _, (request,) = noted(POST + b"A: 1\r\nB: 2\r\na: 3\r\nA:\r\n\r\n")
    assert (request.headers["a"], request.headers["b"]) == ("1, 3, ", "2")


def test_requests_that_come_at_once_are_answered_in_order() -> None:
    each = [f"GET /{n} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for n in range(100)]
    answer = exchange(b"".join(each), half_close=True)
    assert [int(part.split(b" ")[0]) for part in answer.split(b"GET /")[1:]] == list(range(100))


def test_who_says_no_more_is_answered_all_the_same() -> None:
    assert exchange(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", half_close=True).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("head", [b"", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"])
def test_a_request_that_drips_is_given_up_when_its_time_is_over(head: bytes) -> None:
    """However long it goes on: each byte is in time for the one before, all of them are not."""

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        writer.write(head)
        for sent in range(900):
            writer.write(b"G")
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    with suppress(ConnectionError):
                        assert await reader.read() == b""
                    return sent
        return 900

    assert served(work, Limits(read_s=0.2)) < 100


@pytest.mark.parametrize("data", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"])
def test_what_never_ends_is_given_up(data: bytes) -> None:
    assert b"200" not in exchange(data)


def test_half_a_request_and_no_more_is_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    exchange(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", half_close=True)
    assert "Traceback" not in caplog.text


def test_a_bug_of_the_handler_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert exchange(b"GET /bug HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 500")
    assert "a bug" in caplog.text


def test_an_answer_can_be_dropped() -> None:
    assert exchange(b"GET /drop HTTP/1.1\r\nHost: x\r\n\r\n") == b""


def test_the_oldest_connection_yields_to_a_new_one() -> None:
    async def work(listener: Listener) -> bytes:
        slow = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(LIMITS.connections)]
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET /honest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(5):
            answer = await reader.read()
        for _, each in (*slow, (reader, writer)):
            each.close()
        return answer

    assert b"GET /honest" in with_listener(work)


def test_a_taken_port_is_a_known_failure() -> None:
    async def work(listener: Listener) -> str:
        with pytest.raises(NeedsPerson) as taken:
            await serve(echo, host="127.0.0.1", port=listener.port)
        return taken.value.code

    assert with_listener(work) == "port_taken"


def test_closing_cuts_what_is_open() -> None:
    async def work(listener: Listener) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET / HT")
        await writer.drain()
        await listener.close()
        left = b""
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                left = await reader.read()
        writer.close()
        return left

    assert with_listener(work, Limits()) == b""


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_stop_while_it_begins_leaves_no_socket_open(turns: int) -> None:
    async def run() -> None:
        beginning = asyncio.create_task(serve(echo, host="127.0.0.1", port=0))
        for _ in range(turns):
            await asyncio.sleep(0)
        if beginning.done():
            await beginning.result().close()
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)

    asyncio.run(run())
    gc.collect()  # an open one warns, which fails the test


def test_a_closed_listener_leaves_its_port() -> None:
    async def work(listener: Listener) -> int:
        return listener.port

    port = with_listener(work)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def served(work: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[T]], limits: Limits = LIMITS) -> T:
    """Speak over one connection."""

    async def run(listener: Listener) -> T:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        try:
            async with asyncio.timeout(5):
                return await work(reader, writer)
        finally:
            writer.close()

    return with_listener(run, limits)


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One answer of a connection that stays."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length"))
    return int(head.split()[1]), await reader.readexactly(length)


def test_a_request_may_come_byte_by_byte() -> None:
    data = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
        for position in range(len(data)):
            writer.write(data[position : position + 1])
            await writer.drain()
            await asyncio.sleep(0)  # lets the server read what is there
        return await answer_of(reader)

    assert served(work, Limits()) == (200, b"POST /a  hi")


WHOLE = b"POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


def test_a_request_that_is_cut_anywhere_reaches_no_handler() -> None:
    handled: list[Request] = []

    async def note(request: Request) -> Response:
        handled.append(request)
        return Response(status=200)

    async def cut(port: int, position: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(WHOLE[:position])
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer

    async def run() -> list[bytes]:
        listener = await serve(note, host="127.0.0.1", port=0, limits=LIMITS)
        async with asyncio.timeout(20):
            answers = [await cut(listener.port, position) for position in range(len(WHOLE))]
        await listener.close()
        return answers

    answers = asyncio.run(run())
    assert handled == []
    assert [answer[:40] for answer in answers if answer and not answer.startswith(b"HTTP/1.1 400")] == []


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 413)])
def test_the_size_of_a_body_is_exact(size: int, status: int) -> None:
    head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode()
    assert exchange(head + b"a" * size).startswith(f"HTTP/1.1 {status}".encode())


def test_what_is_refused_is_not_followed_by_another_answer() -> None:
    smuggled = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled)
    assert (answer.count(b"HTTP/1.1"), b"hidden" in answer) == (1, False)


def test_a_body_is_no_next_request() -> None:
    inner = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    outer = f"POST /seen HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(inner)}\r\n\r\n".encode()
    answer = exchange(outer + inner)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.endswith(b"POST /seen  " + inner)


def test_a_bug_of_the_handler_costs_one_answer_and_no_connection() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[int]:
        statuses = []
        for path in (b"/bug", b"/well"):
            writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            statuses.append((await answer_of(reader))[0])
        return statuses

    assert served(work) == [500, 200]


def test_names_of_headers_are_lower_case_and_values_as_they_came() -> None:
    seen: list[Request] = []

    async def note(request: Request) -> Response:
        seen.append(request)
        return Response(status=200, headers={"retry-after": "5"})

    async def run() -> bytes:
        listener = await serve(note, host="127.0.0.1", port=0)
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET /a%20b?c=%2B HTTP/1.1\r\nHost: x\r\nX-Outlet-ID: AbC\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await listener.close()
        return answer

    assert b"retry-after: 5\r\n" in asyncio.run(run())
    assert (seen[0].headers["x-outlet-id"], seen[0].path, seen[0].query) == ("AbC", "/a%20b", "c=%2B")


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_no_bytes_bring_it_down(data: bytes) -> None:
    async def work(listener: Listener) -> tuple[bytes, bytes]:
        answers = []
        for each in (data, b"GET /honest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(each)
            writer.write_eof()
            with suppress(ConnectionError):
                answers.append(await reader.read())
            writer.close()
        return answers[0] if len(answers) == 2 else b"", answers[-1]

    odd, honest = with_listener(work)
    assert odd == b"" or odd.startswith(b"HTTP/1.1 4")
    assert b"GET /honest" in honest


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("CONNECT", 400)])
def test_a_method_with_rules_of_its_own_is_answered(method: str, status: int, caplog: pytest.LogCaptureFixture) -> None:
    answer = exchange(f"{method} /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(f"HTTP/1.1 {status}".encode())
    assert "HEAD /x" not in answer.decode()
    assert caplog.text == ""


def test_who_waits_for_a_100_gets_it() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[bytes, tuple[int, bytes]]:
        writer.write(b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        first = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"hi")
        return first, await answer_of(reader)

    first, answer = served(work, Limits())
    assert first.startswith(b"HTTP/1.1 100")
    assert answer == (200, b"POST /a  hi")


def test_who_is_still_sending_a_body_that_is_too_long_learns_it() -> None:
    async def work(listener: Listener) -> bytes:
        def send() -> bytes:
            with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as client:
                client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" + b"a" * 5_000_000)
                return client.recv(65_536)

        return await asyncio.to_thread(send)

    assert with_listener(work, Limits(body_bytes=1000)).startswith(b"HTTP/1.1 413")


def test_the_start_of_a_next_request_does_not_buy_idle_time() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET")
        return await reader.read()

    assert served(work, Limits(read_s=0.1, idle_s=60)).startswith(b"HTTP/1.1 200")


def test_a_burst_does_not_pass_the_limit_of_connections() -> None:
    async def is_closed(reader: asyncio.StreamReader) -> bool:
        with suppress(ConnectionError):
            return await reader.read() == b""
        return True

    async def work(listener: Listener) -> list[bool]:
        opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", listener.port) for _ in range(40)))
        ends = [asyncio.create_task(is_closed(reader)) for reader, _ in opened]
        async with asyncio.timeout(5):
            closed = [await end for end in itertools.islice(asyncio.as_completed(ends), 36)]
        left = [not end.done() for end in ends]
        for _, writer in opened:
            writer.close()
        await asyncio.gather(*ends)
        return [*closed, sum(left) == 4]

    assert all(with_listener(work, Limits(connections=4)))


def test_a_request_at_work_does_not_yield() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> Response:
        begun.set()
        await go_on.wait()
        return Response(status=200, body=b"done")

    async def run() -> bytes:
        listener = await serve(slow, host="127.0.0.1", port=0, limits=Limits(connections=2))
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await begun.wait()
        others = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(5)]
        async with asyncio.timeout(5):
            await others[0][0].read()  # the crowd pushes one of its own out
            go_on.set()
            answer = await reader.read()
        for _, each in ((reader, writer), *others):
            each.close()
        await listener.close()
        return answer

    assert asyncio.run(run()).endswith(b"done")


def test_who_comes_in_a_burst_is_read_before_those_behind_push_him_out() -> None:
    """A crowd that dials all at once: the kernel has them in one line, and the honest one stands near its head."""

    async def work(listener: Listener) -> bytes:
        with ExitStack() as crowd:

            def dial() -> socket.socket:
                return crowd.enter_context(socket.create_connection(("127.0.0.1", listener.port)))

            before, honest, behind = [dial() for _ in range(10)], dial(), [dial() for _ in range(80)]
            honest.sendall(b"GET /honest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert len(before + behind) == 90
            honest.settimeout(0)
            async with asyncio.timeout(5):
                return await asyncio.get_running_loop().sock_recv(honest, 65_536)

    assert b"GET /honest" in with_listener(work, Limits(connections=16))


def test_who_never_reads_the_answers_is_cut_and_not_kept() -> None:
    """What is still to be sent to him would hold memory and a file for as long as he likes, beside all limits."""

    async def ample(_: Request) -> Response:
        return Response(status=200, body=bytes(1_000_000))

    async def ask_on(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
            await writer.drain()

    async def work(listener: Listener) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport has it
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(ask_on(writer), 10)

    with_listener(work, Limits(read_s=0.3), handler=ample)
