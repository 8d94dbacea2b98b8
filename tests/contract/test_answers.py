"""What the cloud answers, read with tolerance, and never believed more than it says."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlet_sync_gui.contract.answers import (
    Envelope,
    SentItem,
    read_envelope,
    read_push,
    read_refusal,
    read_updates,
    retry_after,
    words_of,
)
from outlet_sync_gui.contract.requests import BATCH, BatchItem, batch_body, lone_route, path_of, updates_path
from outlet_sync_gui.errors import ContractBroken

SENT = [SentItem(entity_type="order", local_id="A1"), SentItem(entity_type="order", local_id="A2")]


def envelope(data: object, **more: Any) -> Envelope:
    read = read_envelope(json.dumps({"success": True, "data": data, **more}).encode())
    assert read is not None
    return read


def result(local_id: str, status: str = "success", **more: Any) -> dict[str, Any]:
    return {"entity_type": "order", "local_id": local_id, "status": status, **more}


def oks(data: object, sent: list[SentItem] = SENT) -> list[bool | None]:
    return [found.ok if found else None for found in read_push(envelope(data), sent)]


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"success": tr', b"[]", b"{}", b'{"success": 1}', b'"success"'])
def test_what_is_not_the_contracts_envelope_is_none(body: bytes) -> None:
    assert read_envelope(body) is None


MATCHED: dict[str, tuple[object, list[bool | None]]] = {
    "by name, in any order": ({"results": [result("A2", "failed", error="no"), result("A1")]}, [True, False]),
    "another status word": ({"results": [result("A1", "skipped"), result("A2", "ok")]}, [False, False]),
    "one without a result": ({"results": [result("A1")]}, [True, None]),
    "one without a result, proven by the counts": (
        {"processed": 2, "success": 1, "failed": 1, "results": [result("A1", "failed")]},
        [False, True],
    ),
    "counts that do not cover what was sent": (
        {"processed": 1, "success": 0, "failed": 1, "results": [result("A1", "failed")]},
        [False, None],
    ),
    "counts with a failure that is not listed": (
        {"processed": 2, "success": 1, "failed": 1, "results": [result("A1")]},
        [True, None],
    ),
    "counts with a failure of another record": (
        {"processed": 2, "success": 1, "failed": 1, "results": [result("B9", "failed")]},
        [None, None],
    ),
    "counts of another number": ({"processed": 3, "success": 2, "failed": 0, "results": []}, [None, None]),
    "counts that leave one out": ({"processed": 2, "success": 1, "failed": 0, "results": []}, [None, None]),
    "counts that are no numbers": ({"processed": 2, "success": "2", "failed": 0, "results": []}, [None, None]),
    "counts alone": ({"processed": 2, "success": 2, "failed": 0}, [True, True]),
    "counts alone, of a failure": ({"processed": 2, "success": 1, "failed": 1}, [None, None]),
    "said twice: the worse word counts": (
        {"results": [result("A1", "failed"), result("A1"), result("A2")]},
        [False, True],
    ),
    "without types, in another order": (
        {"results": [{"local_id": "A2", "status": "failed"}, {"local_id": "A1", "status": "success"}]},
        [True, False],
    ),
    "without types, and too few": ({"results": [{"local_id": "A2", "status": "success"}]}, [None, None]),
    "one of them nameless, by position": ({"results": [result("A1", "failed"), {"status": "success"}]}, [False, True]),
    "by position, but another's name": (
        {"results": [{"local_id": "B1", "status": "success"}, result("A2")]},
        [None, True],
    ),
    "ids as numbers or lists": ({"results": [{"local_id": [], "status": "failed"}, result("A2")]}, [False, True]),
    "no results but counts": ({"processed": 2, "success": 2, "failed": 0, "results": []}, [True, True]),
    "nameless, by position": ({"results": [{"status": "failed"}, {"status": "success"}]}, [False, True]),
    "nameless and too few": ({"results": [{"status": "success"}]}, [None, None]),
    "another record's name": ({"results": [result("B1"), result("B2")]}, [None, None]),
    "another type's name": ({"results": [{**result("A1"), "entity_type": "product"}, result("A2")]}, [None, True]),
    "entries that are none": ({"results": ["success", None, result("A2")]}, [None, True]),
    "no data at all": (None, [None, None]),
    "data that is no object": ([1, 2], [None, None]),
}


@pytest.mark.parametrize(("data", "expected"), MATCHED.values(), ids=MATCHED)
def test_each_item_gets_its_own_result(data: object, expected: list[bool | None]) -> None:
    assert oks(data) == expected


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "entity_type": st.sampled_from(["order", "product", None]),
                "local_id": st.sampled_from(["A1", "A2", "B1", 5, None]),
                "status": st.sampled_from(["success", "failed", "skipped", None]),
            },
        ),
        max_size=3,
    ),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("processed", "success", "failed"), st.integers(0, 3))),
)
def test_nothing_counts_as_sent_without_a_word_for_it(entries: list[dict[str, Any]], counts: dict[str, int]) -> None:
    """A success of its own, or counts that cover everything; and never against a failure in its own name."""
    found = oks({"results": entries, **counts})
    is_covered = counts.get("processed") == counts.get("success", -9) + counts.get("failed", -9) == len(SENT)
    for item, ok in zip(SENT, found, strict=True):
        own = [e for e in entries if (e.get("entity_type"), e.get("local_id")) == (item.entity_type, item.local_id)]
        if ok:
            assert is_covered or any(entry.get("status") == "success" for entry in entries)
            assert all(entry.get("status") == "success" for entry in own)
        if own:
            assert ok is all(entry.get("status") == "success" for entry in own)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"cloud_id": "c1"}, True),
        (None, True),
        ({"processed": 1, "success": 1, "failed": 0}, True),
        ({"processed": 1, "success": 0, "failed": 1}, None),  # alone in its batch, and nothing said of it
        ({"processed": 0, "success": 0, "failed": 0}, None),
    ],
)
def test_one_record_alone_is_accepted_by_the_answer_itself_or_its_counts(data: object, expected: bool | None) -> None:
    assert oks(data, SENT[:1]) == [expected]


@pytest.mark.parametrize(
    ("status", "word", "error"),
    [
        ({"status": "failed", "error": "no table"}, None, "no table"),
        ({"status": "failed", "message": "no table"}, None, "no table"),
        ({"status": "failed"}, None, None),
        ({}, None, None),
        ({"status": "skipped"}, "skipped", None),
        ({"status": "pending", "error": "later"}, "pending", "later"),
        ({"status": "Success"}, "Success", None),
        ({"status": 5}, "5", None),
    ],
)
def test_a_status_is_success_or_failed_or_another_word(
    status: dict[str, Any], word: str | None, error: str | None
) -> None:
    (found,) = read_push(envelope({"results": [{**result("A1"), "status": None, **status}]}), SENT[:1])
    assert found is not None
    assert (found.ok, found.word, found.error) == (False, word, error)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"results": [result("A1"), result("A2", "failed", error="no")]}, [True, False]),  # the results count
        ({"processed": 2, "success": 2, "failed": 0, "results": []}, [None, None]),
        ({"cloud_id": "c1"}, [None, None]),
    ],
)
def test_an_answer_that_says_no_as_a_whole_accepts_only_what_it_lists(
    data: dict[str, Any], expected: list[bool | None]
) -> None:
    found = read_push(envelope(data), SENT, is_refusal=True)
    assert [one.ok if one else None for one in found] == expected


def test_a_lone_answer_is_the_items_own() -> None:
    (found,) = read_push(envelope({"cloud_id": "c1   ", "local_id": "A1", "version": 3}), SENT[:1])
    assert found is not None
    assert (found.ok, found.cloud_id, found.version) == (True, "c1", 3)


@pytest.mark.parametrize(
    ("data", "ok", "error"),
    [
        ({"local_id": "A1", "status": "failed", "error": "no table"}, False, "no table"),
        ({"status": "skipped"}, False, None),
        ({"local_id": "A1", "status": "paid"}, True, None),  # the order's own
        ({"local_id": "A1  ", "entity_type": "order"}, True, None),
        ({"local_id": None}, True, None),
    ],
)
def test_a_lone_answer_that_says_no_of_its_record_is_a_refusal(
    data: dict[str, Any], ok: bool, error: str | None
) -> None:
    (found,) = read_push(envelope(data), SENT[:1])
    assert found is not None
    assert (found.ok, found.error) == (ok, error)


@pytest.mark.parametrize("data", [{"local_id": "B1", "cloud_id": "c1"}, {"local_id": "A1", "entity_type": "product"}])
def test_a_lone_answer_about_another_record_says_nothing_of_this_one(data: dict[str, Any]) -> None:
    assert oks(data, SENT[:1]) == [None]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, None),
        ({"synced_at": "2026-01-27T10:35:05Z"}, None),
        ({"success": 0, "errors": 1}, None),
        ({"processed": 1, "success": 1, "failed": 0}, True),
        ({"results": [result("A1")]}, True),
    ],
)
def test_one_record_in_a_batch_is_accepted_by_its_result_or_the_counts_alone(
    data: object, expected: bool | None
) -> None:
    (found,) = read_push(envelope(data), SENT[:1], is_batch=True)
    assert (found and found.ok) == expected


def test_a_refusal_says_nothing_of_items() -> None:
    refused = read_envelope(b'{"success": false, "error": "bad", "data": null}')
    assert refused is not None
    assert read_push(refused, SENT[:1], is_refusal=True) == [None]


@pytest.mark.parametrize("version", [-1, 2**60, "3", None, 1.5, True])
def test_a_version_that_cannot_be_is_none(version: object) -> None:
    (found,) = read_push(envelope({"version": version}), SENT[:1])
    assert found is not None
    assert found.version is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"error": "code", "message": "Too many"}, "Too many"),
        ({"error": "pq: duplicate key"}, "pq: duplicate key"),
        ({"message": "", "error": "x"}, "x"),
        ({"error": {"field": "pax"}}, '{"field":"pax"}'),
        ({"message": "x" * 900}, "x" * 500),
        ({}, ""),
    ],
)
def test_the_clouds_own_words(fields: dict[str, Any], words: str) -> None:
    assert words_of(envelope(None, **fields)) == words


FASTAPI = [{"loc": ["body", "items", 0, "qty"], "msg": "must be positive", "type": "value_error"}]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"detail": "table unknown"}, "table unknown"),
        ({"detail": FASTAPI}, "items.0.qty: must be positive"),
        ({"detail": [*FASTAPI, {"msg": "no order"}]}, "items.0.qty: must be positive; no order"),
        ({"detail": ["table unknown", {"pax": 0}]}, 'table unknown; {"pax":0}'),
        ({"error": "bad_request", "message": "table unknown"}, "table unknown"),
        ({}, ""),
        ([], None),
        ("table unknown", None),
    ],
)
def test_a_refusal_without_the_envelope_has_words_all_the_same(value: object, words: str | None) -> None:
    assert read_refusal(json.dumps(value).encode()) == words


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"detail": "tab'])
def test_what_is_no_json_is_no_refusal(body: bytes) -> None:
    assert read_refusal(body) is None


def updates(**lists: Any) -> dict[str, Any]:
    empty = {"products": [], "categories": [], "deleted": [], "sync_checkpoint": "2026-01-27T11:15:00Z"}
    return {**empty, **lists}


def change(local_id: str, at: str, **fields: Any) -> dict[str, Any]:
    return {"local_id": local_id, "version": 2, "updated_at": at, "action": "update", **fields}


def test_three_lists_become_one_in_order_of_time() -> None:
    read = read_updates(
        envelope(
            updates(
                products=[change("P2", "2026-01-27T11:02:00Z"), change("P1", "2026-01-27T11:00:00Z")],
                categories=[{"cloud_id": "c1", "version": 1, "updated_at": "2026-01-27T11:01:00Z", "action": "create"}],
                deleted=[{"entity_type": "product", "local_id": "P3", "deleted_at": "2026-01-27T11:03:00Z"}],
            )
        )
    )
    names = [(found.entity_type, found.local_id or found.cloud_id, found.action) for found in read.changes]
    assert names == [
        ("product", "P1", "update"),
        ("category", "c1", "update"),
        ("product", "P2", "update"),
        ("product", "P3", "delete"),
    ]


@pytest.mark.parametrize(
    ("at", "utc"),
    [
        ("2026-01-27 11:00:00", "2026-01-27T11:00:00Z"),
        ("2026-01-27T11:00:00", "2026-01-27T11:00:00Z"),
        ("2026-01-27T18:00:00+07:00", "2026-01-27T11:00:00Z"),
    ],
)
def test_times_without_a_zone_are_utc(at: str, utc: str) -> None:
    (found,) = read_updates(envelope(updates(products=[change("P1", at)]))).changes
    assert found.updated_at == utc


def test_prices_may_carry_a_fraction_of_zero_and_nothing_else() -> None:
    good, bad = change("P1", "2026-01-27T11:00:00Z", price=35000.0), change("P2", "2026-01-27T11:00:00Z", price=0.5)
    read = read_updates(envelope(updates(products=[good, bad, "nonsense", {"version": 1}])))
    assert [(found.local_id, json.loads(found.fields)) for found in read.changes] == [("P1", {"price": 35000})]
    assert read.broken == 3


@pytest.mark.parametrize(
    ("stock", "read_as"), [(100.0, 100), (0.5, 0.5), (2**60, 2**60), ("many", "many"), (None, None)]
)
def test_stock_that_is_whole_is_a_count(stock: object, read_as: object) -> None:
    (found,) = read_updates(envelope(updates(products=[change("P1", "2026-01-27T11:00:00Z", stock=stock)]))).changes
    assert found.fields == json.dumps({"stock": read_as}, separators=(",", ":"))


def test_the_outlet_of_a_record_is_not_its_content() -> None:
    entry = change("P1", "2026-01-27T11:00:00Z", name="Nasi", outlet_id="ours", outlet_code="JKT-001")
    (found,) = read_updates(envelope(updates(products=[entry]))).changes
    assert json.loads(found.fields) == {"name": "Nasi"}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_beyond_the_calendar_is_a_broken_entry(at: str) -> None:
    assert read_updates(envelope(updates(products=[change("P1", at)]))).broken == 1


@pytest.mark.parametrize("data", [None, [], {}, {"sync_checkpoint": 5}, {"sync_checkpoint": "soon"}])
def test_without_a_checkpoint_there_is_nothing_to_go_on_from(data: object) -> None:
    with pytest.raises(ContractBroken):
        read_updates(envelope(data))


NOW_MS = 1_769_484_600_000  # Tue, 27 Jan 2026 03:30:00 GMT


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, b'{"retry_after": 60}', 7),
        ({}, b'{"retry_after": 60}', 60),
        ({}, b'{"retry_after": "30"}', 30),
        ({"retry-after": "Tue, 27 Jan 2026 03:31:00 GMT"}, b"", 60),
        ({"retry-after": "Tue, 27 Jan 2026 03:00:00 GMT"}, b"", 0),
        ({"retry-after": "86400"}, b"", 3600),
        ({"retry-after": "-5"}, b"", 0),
        ({"retry-after": "soon"}, b'{"retry_after": 5}', 5),
        ({}, b'{"retry_after": true}', None),
        ({}, b"<html>", None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], body: bytes, seconds: float | None) -> None:
    assert retry_after(headers, body, now_ms=NOW_MS) == seconds


@pytest.mark.parametrize(
    ("entity_type", "operation", "path"),
    [
        ("order", "create", "/api/v1/outlets/u/orders"),
        ("transaction", "update", "/api/v1/outlets/u/transactions"),
        ("product", "create", "/api/v1/outlets/u/products"),
        ("product", "delete", None),
        ("category", "create", None),
        ("daily_summary", "create", "/api/v1/outlets/u/analytics/daily"),
    ],
)
def test_where_one_record_goes(entity_type: str, operation: str, path: str | None) -> None:
    route = lone_route(entity_type, operation)
    assert (route and path_of(route, "u")) == path


def test_paths_are_encoded() -> None:
    assert path_of(BATCH, "a/b c") == "/api/v1/outlets/a%2Fb%20c/sync/batch"
    assert updates_path("u", "2026-01-27T10:00:00+00:00").endswith("since=2026-01-27T10%3A00%3A00%2B00%3A00")


def test_a_batch_is_the_contracts() -> None:
    items = [BatchItem(entity_type="order", operation="create", data=b'{"local_id":"A1"}')] * 2
    body = batch_body(items, outlet_id="u", outlet_code='J"1', sync_timestamp="2026-01-27T10:35:00Z")
    entry = {"entity_type": "order", "operation": "create", "data": {"local_id": "A1"}}
    head = {"outlet_id": "u", "outlet_code": 'J"1', "sync_timestamp": "2026-01-27T10:35:00Z"}
    assert json.loads(body) == {**head, "items": [entry, entry]}


def test_what_has_no_id_of_the_tills_may_be_told_under_any() -> None:
    nameless = SentItem("product", None)
    (found,) = read_push(envelope({"cloud_id": "c1", "local_id": "c1"}), [nameless], is_batch=False)
    assert found is not None
    assert found.ok
