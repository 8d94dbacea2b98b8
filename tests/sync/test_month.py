"""A seeded month of an outlet: each day's summary beside the same figures by plain SQL over what was handed over."""

import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.builders import SETTINGS, Bench, Json, read

from outlet_sync_gui.sync.summary import Summary, count_due, of_day

MONTH = [f"2026-01-{day:02}" for day in range(1, 32)]
OPENS, CLOSES = timedelta(hours=10), timedelta(hours=26)  # two at night; the business day begins at four
SETTINGS_OF_BAR = SETTINGS.model_copy(update={"business_day_start": "04:00"})
JAKARTA = timedelta(hours=7)
TABLES = 12  # a day
MENU = (
    "Nasi Goreng",
    "Ayam Bakar",
    "Es Teh",
    "Kopi",
    "Sate",
    "Bakso",
    "Soto",
    "Gado-gado",
    "Jus",
    "Kerupuk",
    "Teh",
    "Ikan",
)
WAYS = ("cash", "qris", "card", "transfer")
Handed = tuple[str, Json, str]  # type, data, operation


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def bill(chance: random.Random, number: str, opened: datetime) -> Iterator[Handed]:
    """One table's evening: ordered, changed, paid in one of many ways, and some of it taken back."""
    kind = chance.choices(
        ("plain", "split", "void", "untold", "open", "free", "refund", "again", "late"), (50, 12, 6, 6, 4, 3, 4, 5, 6)
    )[0]
    items = [_line(chance) for _ in range(chance.randint(1, 4))]
    total = sum(line["subtotal"] for line in items if line["status"] != "void") if kind != "free" else 0
    paid = opened + timedelta(minutes=chance.randint(5, 150))
    order = {"local_id": number, "total_amount": total, "items": items, "created_at": written(opened)}
    order["updated_at"] = order["created_at"]
    yield "order", {**order, "status": "cooking", "version": 1}, "create"
    if kind == "open":
        return
    info = {"method": "cash", "amount": total}
    if chance.random() < 0.7:
        info["paid_at"] = written(paid)
    yield "order", {**order, "status": chance.choice(("paid", "Lunas")), "version": 2, "payment_info": info}, "update"
    parts = _parts(chance, total, 3 if kind == "split" else 1) if kind not in ("untold", "free") else []
    for n, part in enumerate(parts):
        at = paid + timedelta(minutes=n * (200 if kind == "late" else 1))
        yield "transaction", _payment(f"{number}-{n}", number, part, chance.choice(WAYS), at), "create"
    if kind == "refund":
        yield "transaction", _payment(f"{number}-R", number, -min(total, 5_000), "cash", paid), "create"
    if kind in ("void", "again"):
        yield "transaction", {**_payment(f"{number}-0", number, total, "cash", paid), "status": "void"}, "update"
    if kind == "void":
        yield "order", {**order, "status": "void", "version": 3}, "update"
    if kind == "again":
        yield "transaction", _payment(f"{number}-A", number, total, "card", paid + timedelta(minutes=3)), "create"


def month(seed: int) -> Iterator[Handed]:
    chance = random.Random(seed)  # noqa: S311 - a month that can be lived again
    for date in MONTH:
        midnight = datetime.fromisoformat(f"{date}T00:00:00Z") - JAKARTA
        tables = sorted(
            chance.randrange(int(OPENS.total_seconds()), int(CLOSES.total_seconds())) for _ in range(TABLES)
        )
        for n, second in enumerate(tables):
            yield from bill(chance, f"{date}-{n:02}", midnight + timedelta(seconds=second))
        yield from _merged(chance, date, midnight + OPENS)
        yield "transaction", _payment(f"{date}-lone", None, 12_000, "cash", midnight + OPENS), "create"


def _line(chance: random.Random) -> Json:
    quantity, price = chance.choice((1, 1, 2, 3, 0.5, 1.5)), chance.randrange(2_000, 60_000, 1_000)
    status = "void" if chance.random() < 0.05 else "served"
    return {
        "product_name": chance.choice(MENU),
        "category": "Menu",
        "qty": quantity,
        "price": price,
        "subtotal": round(quantity * price),
        "destination": "kitchen",
        "status": status,
    }


def _payment(number: str, order: str | None, amount: int, way: str, at: datetime) -> Json:
    base = {"local_id": number, "total_amount": amount, "payment_method": way, "created_at": written(at)}
    return {**base, **({"order_id": order} if order else {})}


def _parts(chance: random.Random, total: int, n: int) -> list[int]:
    cuts = sorted(chance.randrange(total + 1) for _ in range(n - 1))
    return [end - start for start, end in zip([0, *cuts], [*cuts, total], strict=True)]


def _merged(chance: random.Random, date: str, at: datetime) -> Iterator[Handed]:
    """Two tables that sit together in the end."""
    for name, merged in (("m1", []), ("m2", [f"{date}-m1"])):
        order = {"local_id": f"{date}-{name}", "total_amount": 70_000, "items": [_line(chance)], "status": "paid"}
        yield "order", {**order, "created_at": written(at), "merged_from": merged}, "create"
    yield "transaction", _payment(f"{date}-mt", f"{date}-m2", 70_000, "qris", at), "create"


# -- the other way: rows as they were handed over last, and SQL over their JSON

SALES = """
CREATE TABLE o AS SELECT
  value ->> 'local_id' id, value ->> 'total_amount' total, lower(value ->> 'status') status, value -> 'items' items,
  value ->> 'created_at' made, value -> 'payment_info' ->> 'paid_at' paid_at,
  (SELECT count(*) FROM json_each(:orders) x, json_each(x.value -> 'merged_from') m
   WHERE m.value = j.value ->> 'local_id') merged
  FROM json_each(:orders) j
"""
PAYMENTS = """
CREATE TABLE p AS SELECT value ->> 'local_id' id, value ->> 'order_id' bill, value ->> 'total_amount' amount,
  value ->> 'payment_method' way, value ->> 'created_at' made,
  coalesce(value ->> 'status', '') = 'void'
  OR coalesce(value ->> 'order_id', '') IN (SELECT id FROM o WHERE status = 'void') void
  FROM json_each(:payments)
"""
VIEWS = """
CREATE TABLE day_order AS
  SELECT *, strftime('%Y-%m-%d', at, '+3 hours') day, 0 + strftime('%H', at, '+7 hours') hour FROM (
    SELECT *, coalesce(paid_at, (SELECT max(made) FROM p WHERE bill = o.id AND NOT void), made) at FROM o
    WHERE status <> 'void' AND NOT merged);
CREATE TABLE day_payment AS
  SELECT *, strftime('%Y-%m-%d', made, '+3 hours') day, 0 + strftime('%H', made, '+7 hours') hour FROM p WHERE NOT void;
CREATE TABLE money AS SELECT day, hour, amount FROM day_payment UNION ALL
  SELECT day, hour, total FROM day_order
  WHERE status IN ('paid', 'lunas') AND NOT EXISTS (SELECT 1 FROM p WHERE p.bill = day_order.id);
"""


def by_sql(handed: list[Handed]) -> sqlite3.Connection:
    last = {(kind, data["local_id"]): data for kind, data, _ in handed}
    database = sqlite3.connect(":memory:")
    for kind, script, name in (("order", SALES, "orders"), ("transaction", PAYMENTS, "payments")):
        rows = [data for (its, _), data in last.items() if its == kind]
        database.execute(script, {name: json.dumps(rows)})
    database.executescript(VIEWS)
    return database


def figures(database: sqlite3.Connection, date: str) -> dict[str, Any]:
    def rows(sql: str) -> list[Any]:
        return database.execute(sql, {"day": date}).fetchall()

    return {
        "orders": rows("SELECT count(*) FROM day_order WHERE day = :day")[0][0],
        "revenue": rows("SELECT coalesce(sum(amount), 0) FROM money WHERE day = :day")[0][0],
        "methods": dict(rows("SELECT way, count(*) FROM day_payment WHERE day = :day GROUP BY 1")),
        "hours": {
            hour: (orders, amount)
            for hour, orders, amount in rows(
                "SELECT hour, sum(orders), sum(amount) FROM (SELECT hour, 1 orders, 0 amount FROM day_order"
                " WHERE day = :day UNION ALL SELECT hour, 0, amount FROM money WHERE day = :day) GROUP BY 1"
            )
            if orders or amount
        },
        "products": rows(
            "SELECT i.value ->> 'product_name', sum(i.value ->> 'qty') q, sum(i.value ->> 'subtotal') r"
            " FROM day_order, json_each(items) i WHERE day = :day AND i.value ->> 'status' <> 'void'"
            " GROUP BY 1 ORDER BY q DESC, r DESC, 1 LIMIT 10"
        ),
    }


def shown(summary: Summary) -> dict[str, Any]:
    return {
        "orders": summary.orders,
        "revenue": summary.revenue,
        "methods": dict(summary.methods),
        "hours": {hour: (orders, amount) for hour, orders, amount in summary.hours},
        "products": [(name, float(quantity), revenue) for name, quantity, revenue in summary.products],
    }


@pytest.mark.parametrize("seed", range(2))
def test_each_day_of_a_month_is_right_to_the_rupiah(tmp_path: Path, seed: int) -> None:
    bench = Bench(tmp_path, SETTINGS_OF_BAR)
    bench.hurry()
    handed = list(month(seed))
    for at in range(0, len(handed), 500):
        bench.put_all(read(kind, _exact(data), operation) for kind, data, operation in handed[at : at + 500])
        count_due(bench.store, SETTINGS_OF_BAR)
    database = by_sql(handed)
    days = {date: figures(database, date) for date in MONTH}
    assert {date: shown(of_day(bench.store, SETTINGS_OF_BAR, date)) for date in MONTH} == days
    while count_due(bench.store, SETTINGS_OF_BAR):
        pass
    assert {date: shown(of_day(bench.store, SETTINGS_OF_BAR, date)) for date in MONTH} == days
    assert min(day["revenue"] for day in days.values()) > 0


def _exact(data: Json) -> Json:
    """Fractions as they are read from JSON."""
    exact: Json = json.loads(json.dumps(data), parse_float=Decimal)
    return exact
