"""A business day of ten thousand paid orders, beside the same figures by JSON1 over the payloads."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.benchmarks.measure import ROUNDS, seconds, tell, tell_times
from tests.builders import SETTINGS, START_MS, Bench, order, read, transaction

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.store.database import Row
from outlet_sync_gui.sync.bills import Rules
from outlet_sync_gui.sync.clock import iso, to_ms
from outlet_sync_gui.sync.engine import COUNT_FROM
from outlet_sync_gui.sync.summary import Summary, count_due, of_day, of_sales

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]
ORDERS, DAY = 10_000, "2026-01-27"
BEGIN, END = "2026-01-26T17:00:00Z", "2026-01-27T17:00:00Z"
MENU = [f"Menu {n}" for n in range(60)]
FIELDS = """
CREATE TEMP VIEW sold AS SELECT r.type kind, r.local_id number, r.parent_ref bill, c.payload,
  lower(json_extract(c.payload, '$.status')) status, json_extract(c.payload, '$.total_amount') amount,
  coalesce(json_extract(c.payload, '$.payment_info.paid_at'), json_extract(c.payload, '$.created_at')) at
FROM record r JOIN content c ON c.record_id = r.id
"""
VOID = "('void', 'voided', 'cancelled', 'canceled', 'batal')"
THAT_DAY = "at >= ?1 AND at < ?2"
HOUR = "strftime('%H', at, '+7 hours')"
BY_HOUR = f"SELECT {HOUR}, count(*) FROM sold WHERE kind = 'order' AND status NOT IN {VOID} AND {THAT_DAY} GROUP BY 1"
BY_METHOD = f"""
SELECT {HOUR}, json_extract(payload, '$.payment_method'), count(*), sum(amount) FROM sold p
WHERE kind = 'transaction' AND {THAT_DAY} AND coalesce(status, '') NOT IN {VOID} AND NOT EXISTS (
  SELECT 1 FROM record r JOIN content c ON c.record_id = r.id
  WHERE r.outlet = 1 AND r.type = 'order' AND r.local_id = p.bill
  AND lower(json_extract(c.payload, '$.status')) IN {VOID}) GROUP BY 1, 2
"""
BY_PRODUCT = f"""
SELECT i.value ->> 'product_name', sum(i.value ->> 'qty') q, sum(i.value ->> 'subtotal')
FROM sold, json_each(payload, '$.items') i WHERE kind = 'order' AND status NOT IN {VOID} AND {THAT_DAY}
GROUP BY 1 ORDER BY q DESC LIMIT 10
"""


def sales() -> Iterator[Incoming]:
    chance = random.Random(1)  # noqa: S311 - the same day each time
    for n in range(ORDERS):
        paid_at = iso(to_ms(BEGIN) + chance.randrange(86_400) * 1000)
        items = [_line(chance.choice(MENU), chance.randint(1, 3)) for _ in range(3)]
        info = {"method": "cash", "amount": 150_000, "paid_at": paid_at}
        yield read("order", order(f"O{n}", total_amount=150_000, items=items, payment_info=info))
        yield read("transaction", transaction(f"T{n}", f"O{n}", total_amount=150_000, created_at=paid_at))


def _line(name: str, qty: int) -> dict[str, object]:
    return {
        "product_name": name,
        "category": "Food",
        "qty": qty,
        "price": 25_000,
        "subtotal": qty * 25_000,
        "destination": "kitchen",
        "status": "served",
    }


def test_a_day_of_ten_thousand_orders(tmp_path: Path) -> None:
    bench = Bench(tmp_path, wall_ms=START_MS)
    bench.put_all(sales())
    store, database = bench.store, bench.store._db
    database.execute(FIELDS)
    rules = Rules.of(SETTINGS)
    sold = store.sales.of(store.sales.touched(*rules.days.span(DAY)))
    counting = seconds(lambda: count_all(bench))

    def by_json1() -> list[list[Row]]:
        return [database.rows(query, (BEGIN, END)) for query in (BY_HOUR, BY_METHOD, BY_PRODUCT)]

    def beside_json1(figure: str, ours: Callable[[], Summary], goal: str = "-") -> None:
        times = [(seconds(ours), seconds(by_json1)) for _ in range(ROUNDS)]
        tell_times(figure, *zip(*times, strict=True), goal=goal, bare="JSON1 over the payloads")

    assert of_day(store, SETTINGS, DAY).revenue == sum(row[3] for row in by_json1()[1]) == ORDERS * 150_000
    beside_json1("a day of 10,000 orders", lambda: of_day(store, SETTINGS, DAY), goal="<= 0.15, <= 60 ms")
    with store.write():
        database.execute("INSERT INTO tally_due SELECT outlet, bill FROM sale WHERE is_order LIMIT ?", (COUNT_FROM,))
    beside_json1(f"the same, {COUNT_FROM} of them not counted", lambda: of_day(store, SETTINGS, DAY), goal="<= 0.15")
    beside_json1("the same from its sales alone", lambda: of_sales(DAY, sold.sales, sold.merged, rules))
    tell("counting an order ahead of time, durably", f"{counting / ORDERS * 1e6:.0f} us", "-", "-", "-")


def count_all(bench: Bench) -> None:
    while count_due(bench.store, SETTINGS):
        pass
