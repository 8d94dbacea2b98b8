"""The simulated cloud itself: requests in, answers out, state by (type, local id). No socket and no clock."""

import json
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Self
from urllib.parse import parse_qs, unquote

from outlet_sync_gui.listener import Request, Response
from outlet_sync_gui.simulator import readings
from outlet_sync_gui.simulator.headquarters import Headquarters, Kept, iso, to_ms
from outlet_sync_gui.simulator.judge import (
    BATCH,
    DAILY,
    MOST_ITEMS,
    OPERATIONS,
    Check,
    Json,
    Refused,
    check_fields,
    check_headers,
    check_record,
    check_resolve,
    read_body,
)
from outlet_sync_gui.simulator.readings import KNOWN, Logged

WINDOW_MS = 60_000
LONE = {"orders": "order", "transactions": "transaction", "products": "product"}
CATALOGUE = {"product": "products", "category": "categories"}
EXISTS = "already exists with different data"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One acceptance, in the order in which they happened."""

    entity_type: str
    local_id: str
    version: int

    def __deepcopy__(self, _: object) -> Self:
        return self  # nothing in it ever changes


@dataclass(slots=True, kw_only=True)
class Cloud(Headquarters):
    """Headquarters behind its door. `now_ms` is its clock; `api_key` and `outlet_id` None accept any."""

    api_key: str | None = None
    outlet_id: str | None = None
    rate_limit_per_minute: int = 100
    is_strict: bool = True
    announces_conflicts: bool = False  # what a till may not overwrite is told it as a conflict
    unknown_conflict_status: int = 404  # the cloud in use answers 500
    extras: bool = False  # it can be read back, and drops types that it does not know, as the cloud in use
    journal: list[Arrival] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)  # transactions that came before their order
    repeats: int = 0
    over_limit: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    rejects: dict[str, str] = field(default_factory=dict)  # local id or type/*: the words to refuse with
    logs: deque[Logged] = field(default_factory=lambda: deque(maxlen=readings.MOST_LINES))
    _arrivals: deque[int] = field(default_factory=deque)
    _first_caller: str | None = None

    @property
    def outlet(self) -> str | None:
        """Whom webhooks go to: the outlet it is for, else the first that called."""
        return self.outlet_id or self._first_caller

    def handle(self, request: Request) -> Response:
        """Answer one request of an outlet."""
        return self.dated(self._respond(request))

    def dated(self, response: Response) -> Response:
        """With the time of here, by which a till tells how wrong its own clock is."""
        return replace(response, headers={**response.headers, "date": formatdate(self.now_ms() / 1000, usegmt=True)})

    def _respond(self, request: Request) -> Response:
        try:
            endpoint, outlet_id = self._route(request)
            self.requests["resolve" if _is_resolve(endpoint) else endpoint] += 1
            self._authorize(request, outlet_id)
            self._count()
            return self._answer(endpoint, request, outlet_id)
        except Refused as refused:
            if refused.status not in (401, 429) and not _is_look(request):
                self.violations.append(f"{request.method} {request.path}: {refused.message}")
            return self._refusal(refused)

    def total(self, entity_type: str, field_name: str) -> int:
        """The sum of a field over all records of a type."""
        values = (kept.data.get(field_name) for (kind, _), kept in self.records.items() if kind == entity_type)
        return sum(value for value in values if isinstance(value, int))

    def summary(self) -> dict[str, object]:
        """What arrived, for people and tests."""
        return {
            "records": dict(Counter(entity_type for entity_type, _ in self.records)),
            "requests": dict(self.requests),
            "accepted": len(self.journal),
            "repeats": self.repeats,
            "orphans": self.orphans,
            "over_limit": self.over_limit,
            "violations": self.violations,
            "conflicts": {
                "open": sum(each.resolution is None for each in self.conflicts.values()),
                "resolved": sum(each.resolution is not None for each in self.conflicts.values()),
            },
            "order_amount": self.total("order", "total_amount"),
        }

    # -- answering

    def _route(self, request: Request) -> tuple[str, str]:
        parts = request.path.split("/")
        if parts[:4] != ["", "api", "v1", "outlets"] or len(parts) < 6:
            raise Refused(404, "no such endpoint")
        endpoint = "/".join(parts[5:])
        is_pushed = endpoint in {*LONE, "sync/batch", "analytics/daily"} or _is_resolve(endpoint)
        is_read = endpoint == "updates" or (self.extras and endpoint in readings.NAMES)
        if (request.method == "POST" and is_pushed) or (request.method == "GET" and is_read):
            return endpoint, unquote(parts[4])
        raise Refused(404, "no such endpoint")

    def _authorize(self, request: Request, outlet_id: str) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key or (self.api_key is not None and key != self.api_key):
            raise Refused(401, "the API key is not known")
        check_headers(request.headers)
        if outlet_id != request.headers["x-outlet-id"] or self.outlet_id not in (None, outlet_id):
            raise Refused(403, "this outlet is not yours")
        self._first_caller = self._first_caller or outlet_id

    def _count(self) -> None:
        now = self.now_ms()
        while self._arrivals and self._arrivals[0] <= now - WINDOW_MS:
            self._arrivals.popleft()
        if len(self._arrivals) >= self.rate_limit_per_minute:
            self.over_limit += 1
            raise Refused(429, "Too many requests")
        self._arrivals.append(now)

    def _answer(self, endpoint: str, request: Request, outlet_id: str) -> Response:
        if endpoint == "updates":
            return _ok(self._updates(request.query))
        if request.method == "GET":
            return _envelope(200, readings.read(self, self.logs, endpoint, request.query, outlet_id))
        body = read_body(request.body)
        if endpoint == "sync/batch":
            return _ok(self._batch(body, outlet_id))
        if endpoint == "analytics/daily":
            return _ok(self._daily(body, outlet_id))
        if _is_resolve(endpoint):
            return self._resolve(unquote(endpoint.split("/")[1]), body)
        return self._lone(LONE[endpoint], body, outlet_id)

    def _lone(self, entity_type: str, data: dict[str, Json], outlet_id: str) -> Response:
        result = self._push(entity_type, "update", data, outlet_id)
        self._log([result])
        if result["status"] != "success":
            return _envelope(422, {"success": False, "error": "rejected", "message": result["error"]})
        kept = self.records[(entity_type, str(data["local_id"]))]
        answer = {"cloud_id": kept.cloud_id, "local_id": kept.local_id, "version": data["version"]}
        return _ok({**answer, "synced_at": self._now()})

    def _batch(self, body: dict[str, Json], outlet_id: str) -> dict[str, Json]:
        _check_envelope(body, BATCH, outlet_id)
        items = body["items"]
        assert isinstance(items, list)
        if not 0 < len(items) <= MOST_ITEMS:
            raise Refused(400, f"items: 1 to {MOST_ITEMS}")
        entries = [_entry(item) for item in items]  # all of them, before any is stored
        results = [self._push(*entry, outlet_id) for entry in entries]
        failed = sum(result["status"] != "success" for result in results)
        self._log(results)
        counts = {"processed": len(items), "success": len(items) - failed, "failed": failed}
        return {**counts, "results": results, "synced_at": self._now()}

    def _push(self, entity_type: str, operation: str, data: dict[str, Json], outlet_id: str) -> dict[str, Json]:
        named = {"entity_type": entity_type, "local_id": data.get("local_id")}
        data = self._named(entity_type, data)
        local_id = str(data.get("local_id"))
        if self._drops(entity_type):
            return {**named, "cloud_id": local_id, "status": "success"}
        reason = self._reason_against(entity_type, operation, data, outlet_id)
        if reason:
            return {**named, "status": "failed", "error": reason}
        kept = self._accept(entity_type, operation, data)
        return {**named, "cloud_id": kept.cloud_id, "status": "success"}

    def _named(self, entity_type: str, data: dict[str, Json]) -> dict[str, Json]:
        """What headquarters made has its own id alone."""
        is_own = "local_id" not in data and (entity_type, str(data.get("cloud_id"))) in self.records
        return {**data, "local_id": data["cloud_id"]} if is_own else data

    def _drops(self, entity_type: str) -> bool:
        return self.extras and entity_type not in KNOWN

    def _log(self, results: Iterable[Mapping[str, Json]]) -> None:
        """Note of each type that came together what became of it."""
        became = Counter(
            (
                str(result["entity_type"]),
                "skipped" if self._drops(str(result["entity_type"])) else str(result["status"]),
                str(result.get("error", "")),
            )
            for result in results
        )
        for (entity_type, status, error), count in became.items():
            at_ms = self.now_ms()
            self.logs.append(Logged(entity_type=entity_type, count=count, status=status, error=error, at_ms=at_ms))

    def _reason_against(self, entity_type: str, operation: str, data: dict[str, Json], outlet_id: str) -> str | None:
        broken = check_record(entity_type, operation, data, is_strict=self.is_strict)
        if not broken and self.is_strict and data.get("outlet_id") != outlet_id:
            broken = "outlet_id: another outlet's"
        local_id, version = str(data.get("local_id")), data.get("version")
        kept = self.records.get((entity_type, local_id))
        if not broken and kept is not None and isinstance(version, int) and version < kept.sent_version:
            broken = f"version: {version} after {kept.sent_version}"
        if broken:
            self.violations.append(f"{entity_type} {local_id}: {broken}")
            return broken
        for name in (local_id, f"{entity_type}/*"):
            if name in self.rejects:
                return self.rejects[name]
        return (
            None
            if kept is None or _is_new(kept, data) or _is_repeat(kept, data)
            else self._disagreed(entity_type, data)
        )

    def _disagreed(self, entity_type: str, data: dict[str, Json]) -> str:
        if self.announces_conflicts and entity_type in CATALOGUE:
            self.disagree((entity_type, str(data["local_id"])), data)
        return f"{entity_type.capitalize()} {EXISTS}"

    def _accept(self, entity_type: str, operation: str, data: dict[str, Json]) -> Kept:
        local_id, version = str(data["local_id"]), data["version"]
        assert isinstance(version, int)
        before = self.records.get((entity_type, local_id))
        if before is not None and not _is_new(before, data):
            self.repeats += 1
            return before
        order_id = data.get("order_id")
        if entity_type == "transaction" and order_id and ("order", order_id) not in self.records:
            self.orphans.append(local_id)
        self.journal.append(Arrival(entity_type, local_id, version))
        kept = Kept(
            cloud_id=before.cloud_id if before else self.new_id(entity_type),
            local_id=before.local_id if before else local_id,
            version=version,
            data=data,
            updated_at=self.tick(),
            is_deleted=operation == "delete",
            sent=data,
            sent_version=version,
        )
        return self.put(self.records, (entity_type, local_id), kept)

    def _resolve(self, conflict_id: str, body: dict[str, Json]) -> Response:
        if reason := check_resolve(body):
            raise Refused(400, reason)
        try:
            return _ok(self.resolve(conflict_id, str(body["strategy"])))
        except KeyError:  # no fault of the till's: this cloud may have been restored
            status = self.unknown_conflict_status
            error = "not_found" if status == 404 else "sql: no rows in result set"
            return _envelope(status, {"success": False, "error": error, "message": "there is no such conflict"})

    def _daily(self, body: dict[str, Json], outlet_id: str) -> dict[str, Json]:
        _check_envelope(body, DAILY, outlet_id)
        self.put(self.summaries, str(body["date"]), body)
        return {"date": body["date"], "synced_at": self._now()}

    def _updates(self, query: str) -> dict[str, Json]:
        since = _since(query)
        answer: dict[str, list[Json]] = {"products": [], "categories": [], "deleted": []}
        for (entity_type, _), kept in self.records.items():
            if entity_type in CATALOGUE and kept.updated_at > since:
                section = "deleted" if kept.is_deleted else CATALOGUE[entity_type]
                answer[section].append(_told(entity_type, kept))
        return {**answer, "sync_checkpoint": self.checkpoint}

    def _refusal(self, refused: Refused) -> Response:
        if refused.status == 429:
            oldest = self._arrivals[0] if self._arrivals else self.now_ms()
            wait = max(1, -(-(oldest + WINDOW_MS - self.now_ms()) // 1000))
            limit = {"error": "rate_limit_exceeded", "message": refused.message, "retry_after": wait}
            return _envelope(429, {"success": False, **limit})
        codes = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 413: "too_large"}
        return _envelope(refused.status, {"success": False, "error": codes[refused.status], "message": refused.message})

    def _now(self) -> str:
        return iso(self.now_ms())


def _is_look(request: Request) -> bool:
    """Whether somebody only asks if there is more than the contract names: no fault, whatever is answered."""
    return request.method == "GET" and request.query == "page=1&limit=1"


def _is_resolve(endpoint: str) -> bool:
    parts = endpoint.split("/")
    return len(parts) == 3 and parts[0] == "conflicts" and parts[1] != "" and parts[2] == "resolve"


def _is_new(kept: Kept, data: Mapping[str, Json]) -> bool:
    version = data["version"]
    return isinstance(version, int) and version > kept.version


def _is_repeat(kept: Kept, data: Mapping[str, Json]) -> bool:
    """The till says again what was taken from it, which headquarters may have changed since."""
    return (data["version"], data) in ((kept.sent_version, kept.sent), (kept.version, kept.data))


def _check_envelope(body: dict[str, Json], table: Mapping[str, tuple[Check, bool]], outlet_id: str) -> None:
    reason = check_fields(body, table)
    if not reason and body["outlet_id"] != outlet_id:
        reason = "outlet_id: another outlet's"
    if reason:
        raise Refused(400, reason)


def _entry(item: Json) -> tuple[str, str, dict[str, Json]]:
    """One item's type, operation and data. Raises Refused(400)."""
    if not isinstance(item, dict) or item.get("operation") not in OPERATIONS:
        raise Refused(400, "items: entity_type, operation, data")
    entity_type, data = item.get("entity_type"), item.get("data")
    if not isinstance(entity_type, str) or not entity_type:
        raise Refused(400, "items: entity_type, operation, data")
    if entity_type == "daily_summary" or not isinstance(data, dict):
        raise Refused(400, f"items: {entity_type} does not belong here")
    return entity_type, str(item["operation"]), data


def _told(entity_type: str, kept: Kept) -> dict[str, Json]:
    if kept.is_deleted:
        ids = {"entity_type": entity_type, "local_id": kept.local_id, "cloud_id": kept.cloud_id}
        return {**ids, "deleted_at": iso(kept.updated_at)}
    shown: dict[str, Json] = {name: kept.data[name] for name in ("name", "price") if name in kept.data}
    ids = {"cloud_id": kept.cloud_id, **({"local_id": kept.local_id} if kept.local_id else {})}
    return {**ids, **shown, "version": kept.version, "updated_at": iso(kept.updated_at), "action": "update"}


def _since(query: str) -> int:
    values = parse_qs(query).get("since", [])
    try:
        return to_ms(values[0])
    except (IndexError, ValueError):
        raise Refused(400, "since: a UTC time") from None


def _ok(data: Mapping[str, Json]) -> Response:
    return _envelope(200, {"success": True, "data": data})


def _envelope(status: int, value: Mapping[str, Json]) -> Response:
    return Response(status=status, body=json.dumps(value).encode())  # ASCII: a lone surrogate can be told too
