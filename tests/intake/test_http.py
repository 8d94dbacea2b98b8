"""The intake over real sockets and a real store: who is let in, what is stored, and what the till learns."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from httpx import AsyncClient, Response
from tests.builders import OUTLET_ID, SETTINGS, START_MS, order, product, read

from outlet_sync_gui.intake import call, feed
from outlet_sync_gui.intake.http import MOST_BYTES, MOST_RECORDS, Intake
from outlet_sync_gui.listener import Limits, serve
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.sync.records import accept
from outlet_sync_gui.sync.till import acknowledge

TOKEN = "token-of-the-till"
T = TypeVar("T")


@dataclass
class Till:
    """A client that knows the token, and what stands behind the door."""

    http: AsyncClient
    intake: Intake
    store: Store
    written: list[bool] = field(default_factory=list)

    async def get(self, path: str, **more: Any) -> Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, value: object, **more: Any) -> Response:
        return await self.http.post(path, json=value, **more)

    def change(self, *names: str, price: int = 40000) -> None:
        """Headquarters changes these products, which are there."""
        for name in names:
            known = self.store.records.find("product", name)
            assert known is not None
            with self.store.write():
                self.store.changes.note(
                    known.record_id,
                    action="update",
                    version=known.version + 1,
                    fields={"price": {"from": 35000, "to": price}},
                    reason=None,
                    now_ms=START_MS,
                )


def with_till(directory: Path, work: Callable[[Till], Awaitable[T]], token: str = TOKEN) -> T:
    """Let a till speak to an intake over a real socket."""

    async def run() -> T:
        written: list[bool] = []
        status = Status(state=State.IDLE, version="1", outlet_id=OUTLET_ID)
        intake = Intake(status=lambda: status, on_written=lambda: written.append(True))
        store = open_store(directory, OUTLET_ID)
        intake.open(store, SETTINGS)
        intake.token = token
        limits = Limits(body_bytes=MOST_BYTES)
        listener = await serve(intake.answer, host="127.0.0.1", port=0, limits=limits)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        try:
            base = f"http://127.0.0.1:{listener.port}"
            async with asyncio.timeout(20), AsyncClient(base_url=base, headers=headers, trust_env=False) as http:
                return await work(Till(http, intake, store, written))
        finally:
            await listener.close()
            store.close()

    return asyncio.run(run())


def asked(directory: Path, method: str, path: str, token: str = TOKEN, **more: Any) -> Response:
    """One call, and its answer."""
    return with_till(directory, lambda till: till.http.request(method, path, **more), token)


def wrapped(data: object, entity_type: str = "order", operation: str = "create") -> dict[str, object]:
    return {"entity_type": entity_type, "operation": operation, "data": data}


def menu(directory: Path, *names: str) -> None:
    """These products are there, and the till knows of them."""
    store = open_store(directory, OUTLET_ID)
    accept(store, [read("product", product(name)) for name in names], now_ms=START_MS)
    store.close()


# -- who is let in


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "LOCALHOST:8766"}, 200),
        ({"Host": "[::1]:8766"}, 200),
        ({"Authorization": f"bearer  {TOKEN}"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "evil.example@127.0.0.1"}, 403),
        ({"Host": "localhost."}, 403),
        ({"Host": ""}, 403),
        ({"Host": "192.168.1.5"}, 403),
        ({"Origin": "http://localhost:8766"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Authorization": ""}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        ({"Authorization": b"Bearer \xe9\xff"}, 401),
        ({"Authorization": f"Bearer {TOKEN}\xa0".encode("latin-1")}, 401),
        ({"Authorization": f"Bearer \x1d{TOKEN}".encode("latin-1")}, 401),
    ],
    ids=str,
)
def test_only_the_till_of_this_machine_is_let_in(headers: dict[str, str | bytes], status: int, tmp_path: Path) -> None:
    answer = asked(tmp_path, "GET", "/api/v1/status", headers=headers)
    assert answer.status_code == status
    assert (answer.json().get("success") is False) == (status != 200)


def test_an_empty_token_opens_nothing(tmp_path: Path) -> None:
    answer = asked(tmp_path, "GET", "/api/v1/status", token="", headers={"Authorization": "Bearer"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/healthz", 200, None),
        ("GET", "/", 404, None),
        ("GET", "/api/v1/records/", 404, None),
        ("POST", "/api/v1/records/", 404, None),
        ("GET", "/api/v1/records/order", 404, None),
        ("GET", "/api/v1/records", 405, "POST"),
        ("PUT", "/api/v1/records", 405, "POST"),
        ("DELETE", "/api/v1/records/order/A1", 405, "GET"),
        ("POST", "/api/v1/status", 405, "GET"),
        ("GET", "/api/v1/changes/ack", 405, "POST"),
        ("HEAD", "/api/v1/status", 200, None),
        ("GET", "/api/v1/records/order/A%FF", 400, None),
        ("GET", "/api/v1/changes?after=%FF", 400, None),
    ],
)
def test_paths_and_methods(method: str, path: str, status: int, allow: str | None, tmp_path: Path) -> None:
    answer = asked(tmp_path, method, path)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)


def test_it_lives_without_a_token_or_a_store(tmp_path: Path) -> None:
    async def work(till: Till) -> tuple[int, int]:
        till.intake.shut()
        healthy = await till.get("/healthz", headers={"Authorization": ""})
        return healthy.status_code, (await till.get("/api/v1/status")).status_code

    assert with_till(tmp_path, work) == (200, 503)


# -- records in


def test_one_record_is_on_disk_when_it_is_answered(tmp_path: Path) -> None:
    async def work(till: Till) -> tuple[Any, list[str]]:
        answer = await till.post("/api/v1/records", wrapped(order("A1")))
        other = open_store(tmp_path, OUTLET_ID)  # as another process finds it
        stored = [row.local_id for row in other.views.queue()]
        other.close()
        assert till.written
        return answer.json(), stored

    assert with_till(tmp_path, work) == ({"accepted": 1, "unchanged": 0, "rejected": []}, ["A1"])


def test_a_repeat_is_unchanged(tmp_path: Path) -> None:
    async def work(till: Till) -> Any:
        await till.post("/api/v1/records", wrapped(order("A1")))
        return (await till.post("/api/v1/records", [wrapped(order("A1")), wrapped(order("A2"))])).json()

    assert with_till(tmp_path, work) == {"accepted": 1, "unchanged": 1, "rejected": []}


def test_a_list_that_is_partly_bad_keeps_the_good_and_names_the_bad(tmp_path: Path) -> None:
    given = [
        wrapped(order("A1")),
        wrapped(order("A2", total_amount=1.5)),
        order("A3"),
        wrapped(order("A4"), operation="upsert"),
        7,
        wrapped({"total_amount": 1}),
        wrapped(order("A5"), entity_type="No Type"),
        wrapped(order("A6")),
    ]
    answer = asked(tmp_path, "POST", "/api/v1/records", json=given)
    report = answer.json()
    assert (answer.status_code, report["accepted"], report["unchanged"]) == (200, 2, 0)
    assert [(bad["line"], bad["local_id"], bad["code"]) for bad in report["rejected"]] == [
        (2, "A2", "money_fraction"),
        (3, None, "not_wrapped"),
        (4, "A4", "operation_unknown"),
        (5, None, "not_wrapped"),
        (6, None, "local_id_missing"),
        (7, "A5", "bad_type"),
    ]
    assert report["rejected"][0]["error"].startswith("total_amount is 1.5: money is whole rupiah.")


def test_a_lone_bad_record_is_422_with_its_reason(tmp_path: Path) -> None:
    answer = asked(tmp_path, "POST", "/api/v1/records", json=wrapped(order("A1", outlet_id="another")))
    told = answer.json()
    assert (answer.status_code, told["success"], told["error"]) == (422, False, "other_outlet")
    assert (told["accepted"], told["rejected"][0]["local_id"]) == (0, "A1")
    assert "another outlet's record" in told["message"]


@pytest.mark.parametrize(("n", "status"), [(0, 200), (MOST_RECORDS, 200), (MOST_RECORDS + 1, 413)])
def test_a_list_holds_a_thousand_at_the_most(n: int, status: int, tmp_path: Path) -> None:
    async def work(till: Till) -> tuple[int, int, int]:
        answer = await till.post("/api/v1/records", [wrapped(order(f"A{at}")) for at in range(n)])
        stored = till.store.outlet.counts().pending.total
        return answer.status_code, answer.json().get("accepted", 0), stored

    kept = n if status == 200 else 0
    assert with_till(tmp_path, work) == (status, kept, kept)


JSON = {"Content-Type": "application/json"}
TORTURE: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "bad_json"),
    "no JSON": (b"{nonsense", 400, "bad_json"),
    "two documents": (b"{} {}", 400, "bad_json"),
    "a byte order mark": (b"\xef\xbb\xbf{}", 400, "bad_json"),
    "UTF-16": ("{}".encode("utf-16"), 400, "not_utf8"),
    "half a character": (b'{"a": "\xff"}', 400, "not_utf8"),
    "half a surrogate pair": (b'{"a": "\\ud800"}', 400, "lone_surrogate"),
    "NUL": (b'{"a": "\\u0000"}', 400, "nul_character"),
    "a name twice": (b'{"a": 1, "a": 2}', 400, "duplicate_key"),
    "NaN": (b'{"a": NaN}', 400, "not_a_number"),
    "Infinity": (b"[Infinity]", 400, "not_a_number"),
    "a number without end": (b'{"a": ' + b"9" * 5000 + b"}", 400, "number_too_big"),
    "an exponent without end": (b'{"a": 1e99999999999999999999}', 400, "number_too_big"),
    "a deep well": (b"[" * 100_000 + b"]" * 100_000, 400, "too_deep"),
    "65 levels": (b"[" * 65 + b"]" * 65, 400, "too_deep"),
    "null": (b"null", 422, "not_wrapped"),
    "a word": (b'"order"', 422, "not_wrapped"),
    "an object of nothing": (b"{}", 422, "not_wrapped"),
    "no content": (b'{"entity_type": "order", "data": null}', 422, "not_an_object"),
    "a type that is none": (b'{"entity_type": ["order"], "data": {}}', 422, "bad_type"),
    "an operation that is none": (b'{"entity_type": "order", "operation": {}, "data": {}}', 422, "operation_unknown"),
    "a number that is no text": (b'{"entity_type": "order", "data": {"local_id": 7}}', 422, "local_id_missing"),
}


@pytest.mark.parametrize(("body", "status", "code"), TORTURE.values(), ids=TORTURE)
def test_what_is_no_record_is_refused_with_a_reason(body: bytes, status: int, code: str, tmp_path: Path) -> None:
    async def work(till: Till) -> tuple[int, str, bool, int]:
        answer = await till.http.post("/api/v1/records", content=body, headers=JSON)
        told = answer.json()
        return answer.status_code, told["error"], bool(told["message"]), till.store.outlet.counts().pending.total

    assert with_till(tmp_path, work) == (status, code, True, 0)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ('application/json;charset="utf-8"', 200),
        ("application/json; charset=latin-1", 415),
        ("application/jsonp", 415),
        ("application/json\x1d", 415),
        ("application/json\x1d; charset=utf-8", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_only_json_counts_as_json(content_type: str, status: int, tmp_path: Path) -> None:
    body = json.dumps(wrapped(order("A1"))).encode()
    answer = asked(tmp_path, "POST", "/api/v1/records", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status


def test_a_body_over_ten_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    answer = asked(tmp_path, "POST", "/api/v1/records", content=b" " * (MOST_BYTES + 1), headers=JSON)
    assert answer.status_code == 413


def test_a_store_that_goes_away_keeps_what_was_stored_and_asks_for_the_rest_again(tmp_path: Path) -> None:
    """As when settings change in the middle of a long list."""

    async def work(till: Till) -> tuple[int, str, int]:
        till.intake._inside.on_written = till.intake.shut  # type: ignore[union-attr] # it is open
        answer = await till.post("/api/v1/records", [wrapped(order(f"A{at}")) for at in range(600)])
        return answer.status_code, answer.headers["retry-after"], till.store.outlet.counts().pending.total

    assert with_till(tmp_path, work) == (503, "1", 200)


def test_a_store_that_fails_is_busy_and_says_why(tmp_path: Path) -> None:
    async def work(till: Till) -> tuple[int, str, str]:
        till.store._db.execute("PRAGMA query_only = 1")  # as a disk that went read-only
        answer = await till.post("/api/v1/records", wrapped(order("A1")))
        return answer.status_code, answer.headers["retry-after"], answer.json()["error"]

    assert with_till(tmp_path, work) == (503, "5", "read_only")


# -- what became of them


def test_the_till_learns_what_became_of_a_record(tmp_path: Path) -> None:
    async def work(till: Till) -> tuple[Any, int]:
        name = "A/1 ü%"
        await till.post("/api/v1/records", wrapped(order(name)))
        found = await till.get("/api/v1/records/order/A%2F1%20%C3%BC%25")
        return found.json(), (await till.get("/api/v1/records/order/A2")).status_code

    found, unknown = with_till(tmp_path, work)
    assert (found["local_id"], found["state"], found["version"], found["cloud_id"]) == ("A/1 ü%", "ready", 1, None)
    assert (found["error"], found["history"], unknown) == (None, [], 404)


# -- headquarters' changes


def test_changes_come_in_order_until_they_are_acknowledged(tmp_path: Path) -> None:
    menu(tmp_path, "P1", "P2")

    async def work(till: Till) -> list[Any]:
        till.change("P1", "P2")
        first = (await till.get("/api/v1/changes", params={"reader": "till"})).json()
        again = (await till.get("/api/v1/changes", params={"reader": "till"})).json()
        done = (await till.post("/api/v1/changes/ack", {"reader": "till", "seq": first["next"]})).json()
        after = (await till.get("/api/v1/changes", params={"reader": "till"})).json()
        other = (await till.get("/api/v1/changes", params={"reader": "kitchen"})).json()
        return [first, again, done, after, other]

    first, again, done, after, other = with_till(tmp_path, work)
    assert [(each["seq"], each["local_id"], each["action"]) for each in first["changes"]] == [
        (1, "P1", "update"),
        (2, "P2", "update"),
    ]
    assert first["changes"][0]["fields"] == {"price": {"from": 35000, "to": 40000}}
    assert (again, done) == (first, {"success": True, "taken": 2})
    assert (after, other) == ({"changes": [], "next": 2}, first)


def test_a_page_holds_five_hundred(tmp_path: Path) -> None:
    menu(tmp_path, "P1")

    async def work(till: Till) -> list[tuple[int, int]]:
        till.change(*["P1"] * (feed.MOST_CHANGES + 1))
        pages = []
        for after in (0, feed.MOST_CHANGES):
            page = (await till.get("/api/v1/changes", params={"after": after})).json()
            pages.append((len(page["changes"]), page["next"]))
        return pages

    assert with_till(tmp_path, work) == [(500, 500), (1, 501)]


def test_a_waiting_reader_is_woken_by_a_change_and_not_by_other_news(tmp_path: Path) -> None:
    menu(tmp_path, "P1")

    async def work(till: Till) -> tuple[bool, Any]:
        waiting = asyncio.create_task(till.get("/api/v1/changes", params={"after": 0, "wait": 15}))
        await until_waiting(till, 1)
        till.intake.news()
        await till.get("/healthz")  # a whole turn of the loop and more
        is_woken_early = waiting.done()
        till.change("P1")
        till.intake.news()
        return is_woken_early, (await waiting).json()

    is_woken_early, page = with_till(tmp_path, work)
    assert (is_woken_early, page["next"], len(page["changes"])) == (False, 1, 1)


async def until_waiting(till: Till, n: int) -> None:
    """Each look is a request of its own, so the others get their turns."""
    while len(till.intake._waiting._readers) < n:
        await till.get("/healthz")


def test_a_wait_ends_by_itself_with_nothing(tmp_path: Path) -> None:
    answer = asked(tmp_path, "GET", "/api/v1/changes?after=0&wait=0.05")
    assert answer.json() == {"changes": [], "next": 0}


def test_a_wait_is_over_when_the_store_goes(tmp_path: Path) -> None:
    async def work(till: Till) -> Any:
        waiting = asyncio.create_task(till.get("/api/v1/changes", params={"after": 0, "wait": 15}))
        await until_waiting(till, 1)
        till.intake.shut()
        return (await waiting).json()

    assert with_till(tmp_path, work) == {"changes": [], "next": 0}


def test_of_too_many_waiting_readers_the_oldest_is_answered(tmp_path: Path) -> None:
    async def work(till: Till) -> tuple[bool, int]:
        waiting = []
        for n in range(call.MOST_WAITING):
            waiting.append(asyncio.create_task(till.get("/api/v1/changes", params={"wait": 15})))
            await until_waiting(till, n + 1)
        one_more = asyncio.create_task(till.get("/api/v1/changes", params={"wait": 15}))
        done, left = await asyncio.wait([*waiting, one_more], return_when=asyncio.FIRST_COMPLETED)
        till.intake.shut()
        await asyncio.gather(*left)
        return waiting[0] in done, len(left)

    assert with_till(tmp_path, work) == (True, call.MOST_WAITING)


def test_a_reader_that_is_too_far_behind_is_told_so(tmp_path: Path) -> None:
    menu(tmp_path, "P1")

    async def work(till: Till) -> list[tuple[int, str | None]]:
        till.change("P1", "P1")
        with till.store.write():
            for days in (0, 40):
                acknowledge(till.store, "till", 2, now_ms=START_MS + days * 86_400_000)
        answers = [await till.get("/api/v1/changes", params={"after": after}) for after in (0, 1, 2, 3)]
        again = await till.post("/api/v1/changes/ack", {"reader": "till", "seq": 2})
        return [(answer.status_code, answer.json().get("error")) for answer in (*answers, again)]

    assert with_till(tmp_path, work) == [(410, "gone"), (410, "gone"), (200, None), (410, "gone"), (200, None)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], None),
        ({"reader": "till"}, "seq"),
        ({"reader": "till", "seq": 2}, "seq"),
        ({"reader": "till", "seq": -1}, "seq"),
        ({"reader": "till", "seq": True}, "seq"),
        ({"reader": "till", "seq": 1.5}, "seq"),
        ({"reader": "till", "seq": "1"}, "seq"),
        ({"reader": "till", "seq": 2**63}, "seq"),
        ({"seq": 1}, "reader"),
        ({"reader": "", "seq": 1}, "reader"),
        ({"reader": "  ", "seq": 1}, "reader"),
        ({"reader": "a\nb", "seq": 1}, "reader"),
        ({"reader": "x" * 61, "seq": 1}, "reader"),
        ({"reader": 7, "seq": 1}, "reader"),
    ],
    ids=str,
)
def test_nothing_is_acknowledged_that_was_not_given_out(body: object, field: str | None, tmp_path: Path) -> None:
    menu(tmp_path, "P1")

    async def work(till: Till) -> tuple[int, str, int]:
        till.change("P1")
        answer = await till.post("/api/v1/changes/ack", body)
        return answer.status_code, answer.json()["message"], till.store.changes.feed().untaken

    status, message, untaken = with_till(tmp_path, work)
    assert (status, untaken) == (422, 1)
    assert message.startswith(f"The field {field} can't be that." if field else "A record must be a JSON object.")


@pytest.mark.parametrize(
    "query",
    ["after=-1", "after=x", "after=%D9%A1", "after=", f"after={2**63}", "wait=x", "wait=-1", "wait=1e9", "reader="],
)
def test_odd_questions_are_refused(query: str, tmp_path: Path) -> None:
    assert asked(tmp_path, "GET", f"/api/v1/changes?{query}").status_code == 422


def test_a_wait_is_bounded() -> None:
    assert feed.LONGEST_WAIT_S <= 60


# -- everything anew


def test_a_snapshot_tells_all_that_lives_and_where_the_feed_goes_on(tmp_path: Path) -> None:
    menu(tmp_path, "P1", "P2", "P3")

    async def work(till: Till) -> list[Any]:
        till.change("P1")
        gone = till.store.records.find("product", "P2")
        assert gone is not None
        with till.store.write():
            till.store.records.mark_deleted(gone.record_id, "2026-01-27T04:00:00Z")
        first = (await till.get("/api/v1/snapshot/product", params={"limit": 1})).json()
        till.change("P3")
        rest = (await till.get("/api/v1/snapshot/product", params={"after": first["after"]})).json()
        none = (await till.get("/api/v1/snapshot/category")).json()
        return [first, rest, none]

    first, rest, none = with_till(tmp_path, work)
    assert [(each["local_id"], each["data"]["price"], each["seq"]) for each in first["records"]] == [("P1", 35000, 1)]
    assert (first["more"], first["next"]) == (True, 1)
    assert [(each["local_id"], each["seq"]) for each in rest["records"]] == [("P3", 2)]
    assert (rest["more"], rest["after"], rest["next"]) == (False, None, 1)
    assert (none["records"], none["more"], none["next"]) == ([], False, 2)


def test_a_snapshot_of_heavy_records_comes_in_pages_that_can_be_carried(tmp_path: Path) -> None:
    store = open_store(tmp_path, OUTLET_ID)
    heavy = [read("product", product(f"P{n}", picture="x" * 2_000_000)) for n in range(4)]
    accept(store, heavy, now_ms=START_MS)
    store.close()

    async def work(till: Till) -> list[list[str]]:
        pages, after = [], None
        while True:
            page = (await till.get("/api/v1/snapshot/product", params={"after": after} if after else None)).json()
            pages.append([each["local_id"] for each in page["records"]])
            after = page["after"]
            if not page["more"]:
                return pages

    assert with_till(tmp_path, work) == [["P0", "P1"], ["P2", "P3"]]


@pytest.mark.parametrize(
    "path", ["No%20Type", "product?limit=0", "product?limit=1001", "product?after=7", "product?after="]
)
def test_odd_snapshots_are_refused(path: str, tmp_path: Path) -> None:
    assert asked(tmp_path, "GET", f"/api/v1/snapshot/{path}").status_code == 422


def test_the_status_is_that_of_the_command_line(tmp_path: Path) -> None:
    told = asked(tmp_path, "GET", "/api/v1/status").json()
    assert (told["state"], told["outlet_id"], told["pending"]["total"]) == ("idle", OUTLET_ID, 0)
