"""The simulated cloud itself: requests in, answers out, state by (type, local id). No socket and no clock."""

import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote

from outlet_sync_gui.listener import Request, Response
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
    read_body,
)

WINDOW_MS = 60_000
LONE = {"orders": "order", "transactions": "transaction", "products": "product"}
CATALOGUE = {"product": "products", "category": "categories"}
EXISTS = "already exists with different data"


@dataclass(slots=True, kw_only=True)
class Kept:
    """One record as the cloud holds it."""

    cloud_id: str
    local_id: str | None
    version: int
    data: dict[str, Json]
    updated_at: int  # UTC ms
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """One acceptance, in the order in which they happened."""

    entity_type: str
    local_id: str
    version: int


@dataclass(slots=True, kw_only=True)
class Cloud:
    """All of the simulated cloud. `now_ms` is its clock; `api_key` and `outlet_id` None accept any."""

    now_ms: Callable[[], int]
    api_key: str | None = None
    outlet_id: str | None = None
    rate_limit_per_minute: int = 100
    is_strict: bool = True
    records: dict[tuple[str, str], Kept] = field(default_factory=dict)
    summaries: dict[str, dict[str, Json]] = field(default_factory=dict)
    journal: list[Arrival] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)  # transactions that came before their order
    repeats: int = 0
    over_limit: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    rejects: dict[str, str] = field(default_factory=dict)  # local id or type/*: the words to refuse with
    _arrivals: deque[int] = field(default_factory=deque)
    _last_ms: int = 0

    def handle(self, request: Request) -> Response:
        """Answer one request of an outlet."""
        try:
            endpoint, outlet_id = self._route(request)
            self.requests[endpoint] += 1
            self._authorize(request, outlet_id)
            self._count()
            return self._answer(endpoint, request, outlet_id)
        except Refused as refused:
            if refused.status not in (401, 429):
                self.violations.append(f"{request.method} {request.path}: {refused.message}")
            return self._refusal(refused)

    # -- headquarters at work

    def change_product(self, local_id: str, **fields: Json) -> int:
        """Headquarters changes a product; the new version."""
        kept = self.records[("product", local_id)]
        kept.data.update(fields)
        kept.version += 1
        kept.updated_at = self._tick()
        return kept.version

    def add_product(self, local_id: str, **fields: Json) -> None:
        """Headquarters puts a product on the menu."""
        self._keep("product", local_id, {"local_id": local_id, **fields}, 1)

    def add_category(self, name: str) -> None:
        """Headquarters makes a category, which has no local id."""
        cloud_id = f"cloud-category-{len(self.records) + 1}"
        kept = Kept(cloud_id=cloud_id, local_id=None, version=1, data={"name": name}, updated_at=self._tick())
        self.records[("category", cloud_id)] = kept

    def delete_product(self, local_id: str) -> None:
        """Headquarters takes a product off the menu."""
        kept = self.records[("product", local_id)]
        kept.is_deleted, kept.updated_at = True, self._tick()

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
            "order_amount": self.total("order", "total_amount"),
        }

    # -- answering

    def _route(self, request: Request) -> tuple[str, str]:
        parts = request.path.split("/")
        if parts[:4] != ["", "api", "v1", "outlets"] or len(parts) < 6:
            raise Refused(404, "no such endpoint")
        endpoint = "/".join(parts[5:])
        known = {*LONE, "sync/batch", "analytics/daily"}
        if (request.method == "POST" and endpoint in known) or (request.method == "GET" and endpoint == "updates"):
            return endpoint, unquote(parts[4])
        raise Refused(404, "no such endpoint")

    def _authorize(self, request: Request, outlet_id: str) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key or (self.api_key is not None and key != self.api_key):
            raise Refused(401, "the API key is not known")
        check_headers(request.headers)
        if outlet_id != request.headers["x-outlet-id"] or self.outlet_id not in (None, outlet_id):
            raise Refused(403, "this outlet is not yours")

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
        body = read_body(request.body)
        if endpoint == "sync/batch":
            return _ok(self._batch(body, outlet_id))
        if endpoint == "analytics/daily":
            return _ok(self._daily(body, outlet_id))
        return self._lone(LONE[endpoint], body, outlet_id)

    def _lone(self, entity_type: str, data: dict[str, Json], outlet_id: str) -> Response:
        result = self._push(entity_type, "update", data, outlet_id)
        if result["status"] != "success":
            return _envelope(422, {"success": False, "error": "rejected", "message": result["error"]})
        kept = self.records[(entity_type, str(data["local_id"]))]
        answer = {"cloud_id": kept.cloud_id, "local_id": kept.local_id, "version": kept.version}
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
        counts = {"processed": len(items), "success": len(items) - failed, "failed": failed}
        return {**counts, "results": results, "synced_at": self._now()}

    def _push(self, entity_type: str, operation: str, data: dict[str, Json], outlet_id: str) -> dict[str, Json]:
        local_id = str(data.get("local_id"))
        reason = self._reason_against(entity_type, operation, data, outlet_id)
        named = {"entity_type": entity_type, "local_id": local_id}
        if reason:
            return {**named, "status": "failed", "error": reason}
        kept = self._accept(entity_type, operation, data)
        return {**named, "cloud_id": kept.cloud_id, "status": "success"}

    def _reason_against(self, entity_type: str, operation: str, data: dict[str, Json], outlet_id: str) -> str | None:
        broken = check_record(entity_type, operation, data, is_strict=self.is_strict)
        if not broken and self.is_strict and data.get("outlet_id") != outlet_id:
            broken = "outlet_id: another outlet's"
        local_id, version = str(data.get("local_id")), data.get("version")
        kept = self.records.get((entity_type, local_id))
        if not broken and kept is not None and isinstance(version, int) and version < kept.version:
            broken = f"version: {version} after {kept.version}"
        if broken:
            self.violations.append(f"{entity_type} {local_id}: {broken}")
            return broken
        for name in (local_id, f"{entity_type}/*"):
            if name in self.rejects:
                return self.rejects[name]
        is_other = kept is not None and kept.version == version and kept.data != data
        return f"{entity_type.capitalize()} {EXISTS}" if is_other else None

    def _accept(self, entity_type: str, operation: str, data: dict[str, Json]) -> Kept:
        local_id, version = str(data["local_id"]), data["version"]
        assert isinstance(version, int)
        before = self.records.get((entity_type, local_id))
        if before is not None and before.version == version:
            self.repeats += 1
            return before
        order_id = data.get("order_id")
        if entity_type == "transaction" and order_id and ("order", order_id) not in self.records:
            self.orphans.append(local_id)
        self.journal.append(Arrival(entity_type, local_id, version))
        return self._keep(entity_type, local_id, data, version, is_deleted=operation == "delete")

    def _keep(
        self, entity_type: str, local_id: str, data: dict[str, Json], version: int, *, is_deleted: bool = False
    ) -> Kept:
        before = self.records.get((entity_type, local_id))
        kept = Kept(
            cloud_id=before.cloud_id if before else f"cloud-{entity_type}-{len(self.records) + 1}",
            local_id=local_id,
            version=version,
            data=data,
            updated_at=self._tick(),
            is_deleted=is_deleted,
        )
        self.records[(entity_type, local_id)] = kept
        return kept

    def _daily(self, body: dict[str, Json], outlet_id: str) -> dict[str, Json]:
        _check_envelope(body, DAILY, outlet_id)
        self.summaries[str(body["date"])] = body
        return {"date": body["date"], "synced_at": self._now()}

    def _updates(self, query: str) -> dict[str, Json]:
        since = _since(query)
        answer: dict[str, list[Json]] = {"products": [], "categories": [], "deleted": []}
        for (entity_type, _), kept in self.records.items():
            if entity_type in CATALOGUE and kept.updated_at > since:
                section = "deleted" if kept.is_deleted else CATALOGUE[entity_type]
                answer[section].append(_told(entity_type, kept))
        self._last_ms = max(self.now_ms(), self._last_ms)  # what changes from now on is later than this checkpoint
        return {**answer, "sync_checkpoint": _iso(self._last_ms)}

    def _refusal(self, refused: Refused) -> Response:
        if refused.status == 429:
            oldest = self._arrivals[0] if self._arrivals else self.now_ms()
            wait = max(1, -(-(oldest + WINDOW_MS - self.now_ms()) // 1000))
            limit = {"error": "rate_limit_exceeded", "message": refused.message, "retry_after": wait}
            return _envelope(429, {"success": False, **limit})
        codes = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 413: "too_large"}
        return _envelope(refused.status, {"success": False, "error": codes[refused.status], "message": refused.message})

    def _now(self) -> str:
        return _iso(self.now_ms())

    def _tick(self) -> int:
        """A time after all that was told before, so that no change hides behind a checkpoint."""
        self._last_ms = max(self.now_ms(), self._last_ms + 1)
        return self._last_ms


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
        return {**ids, "deleted_at": _iso(kept.updated_at)}
    shown: dict[str, Json] = {name: kept.data[name] for name in ("name", "price") if name in kept.data}
    ids = {"cloud_id": kept.cloud_id, **({"local_id": kept.local_id} if kept.local_id else {})}
    return {**ids, **shown, "version": kept.version, "updated_at": _iso(kept.updated_at), "action": "update"}


def _since(query: str) -> int:
    values = parse_qs(query).get("since", [])
    try:
        moment = datetime.fromisoformat(values[0])
    except (IndexError, ValueError):
        raise Refused(400, "since: a UTC time") from None
    if moment.tzinfo is None:
        raise Refused(400, "since: a UTC time")
    return round(moment.timestamp() * 1000)


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ok(data: Mapping[str, Json]) -> Response:
    return _envelope(200, {"success": True, "data": data})


def _envelope(status: int, value: Mapping[str, Json]) -> Response:
    return Response(status=status, body=json.dumps(value).encode())  # ASCII: a lone surrogate can be told too
