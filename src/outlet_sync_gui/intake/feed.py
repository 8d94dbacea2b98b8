"""The last metre: headquarters' changes for the POS to apply, in order, and everything anew for one too far behind."""

import re
from collections.abc import Sequence

from outlet_sync_gui.contract.records import read_type
from outlet_sync_gui.contract.text import Json, dumps
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.intake.call import Call, answer
from outlet_sync_gui.listener import Response, failure
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.sync import till
from outlet_sync_gui.sync.clock import iso, now

MOST_CHANGES = 500  # in one answer
LONGEST_WAIT_S = 60.0
LONGEST_READER = 60
SNAPSHOT_PAGE = 1000
SNAPSHOT_BYTES = 5_000_000  # of one page, whatever its records weigh
PLACE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")

Row = tuple[int, str | None, str | None, int, str]  # as `Changes.snapshot` tells it


async def changes(call: Call) -> Response:
    """What comes after `after`, else after what this reader acknowledged; waits for it where that is wished."""
    feed = call.inside.store.changes
    reader = _reader(call.query["reader"]) if "reader" in call.query else ""
    wait_s = call.seconds("wait", most=LONGEST_WAIT_S)
    after = call.whole("after", feed.acknowledged(reader))
    if feed.is_gone(after):
        return failure(410, "gone", "what came after that is not kept any more: take a snapshot")
    found = feed.after(after, limit=MOST_CHANGES)
    if not found and wait_s:
        await call.inside.waiting.wait(wait_s)
        found = feed.after(after, limit=MOST_CHANGES) if call.inside.is_open else []
    return answer({"changes": [_change(each) for each in found], "next": found[-1].seq if found else after})


async def acknowledge(call: Call) -> Response:
    """A reader has applied everything up to `seq`."""
    body, feed = call.json(), call.inside.store.changes
    if not isinstance(body, dict):
        raise InputRefused("not_an_object")
    reader, seq = _reader(body.get("reader")), body.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq <= feed.last_seq():
        raise InputRefused("field_invalid", {"field": "seq", "why": "a whole number"})
    with call.inside.store.write():
        taken = till.acknowledge(call.inside.store, reader, seq, now_ms=now().wall_ms)
    call.inside.on_written()
    return answer({"success": True, "taken": taken})


async def snapshot(call: Call) -> Response:
    """Living records of a type, page by page; the feed goes on from `next`.

    What changes while the pages are taken stands in the feed, too, so `next` is where the first of them began, and each
    record has the `seq` up to which changes are in it already (a count of stock must not be added twice).
    """
    feed, kind = call.inside.store.changes, read_type(call.parts[0])
    limit, seq = call.whole("limit", SNAPSHOT_PAGE, least=1, most=SNAPSHOT_PAGE), feed.last_seq()
    key, since = _place(call.query["after"]) if "after" in call.query else (0, seq)
    rows: Sequence[Row] = feed.snapshot(kind, after=key, limit=limit)
    shown = _within(rows, SNAPSHOT_BYTES)
    has_more = len(shown) < len(rows) or len(rows) == limit
    after = f"{shown[-1][0]}-{since}" if has_more else None
    head = dumps({"entity_type": kind, "next": since, "more": has_more, "after": after})
    records = ",".join(_record(row, seq) for row in shown)
    return Response(status=200, body=f'{head[:-1]},"records":[{records}]}}'.encode())


def _reader(name: Json) -> str:
    if isinstance(name, str) and name.strip() and len(name) <= LONGEST_READER and name.isprintable():
        return name
    raise InputRefused("field_invalid", {"field": "reader", "why": f"1-{LONGEST_READER} A-Z 0-9"})


def _place(text: str) -> tuple[int, int]:
    """Where a snapshot goes on: the last record's key, and where the feed goes on afterwards."""
    found = PLACE.fullmatch(text)
    if found is None:
        raise InputRefused("field_invalid", {"field": "after", "why": "text"})
    return int(found[1]), int(found[2])


def _change(change: Change) -> dict[str, object]:
    return {
        "seq": change.seq,
        "entity_type": change.entity_type,
        "local_id": change.local_id,
        "cloud_id": change.cloud_id,
        "action": change.action,
        "version": change.version,
        "fields": change.fields,
        "reason": change.reason,
        "at": iso(change.at),
    }


def _within(rows: Sequence[Row], most_bytes: int) -> Sequence[Row]:
    """So many of the rows as there is room for, one at least."""
    size = 0
    for n, row in enumerate(rows):
        size += len(row[4])
        if size > most_bytes and n:
            return rows[:n]
    return rows


def _record(row: Row, seq: int) -> str:
    """A record's content as it is stored, which is not parsed again."""
    _, local_id, cloud_id, version, payload = row
    head = dumps({"local_id": local_id, "cloud_id": cloud_id or None, "version": version, "seq": seq})
    return f'{head[:-1]},"data":{payload}}}'
