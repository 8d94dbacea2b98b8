"""A sample outlet's day, for the demo and for trying `enqueue`: Indonesian names, real hours, sums that add up.

Everything follows from a seed, so the same day comes out each time. Records are in the contract's shape, without outlet
and in the order in which a till would hand them over.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

Record = dict[str, Any]  # {"entity_type", "operation", "data"}
WIB = timedelta(hours=7)
OPENS, CLOSES = 10, 22

MENU: dict[str, tuple[str, str, tuple[tuple[str, int], ...]]] = {
    "cat-nasi": (
        "Nasi & Mi",
        "kitchen",
        (
            *(("Nasi Goreng Spesial", 38000), ("Nasi Goreng Kampung", 32000), ("Nasi Goreng Seafood", 45000)),
            *(("Nasi Uduk Komplit", 35000), ("Nasi Liwet Solo", 36000), ("Nasi Kuning Manado", 37000)),
            *(("Mi Goreng Jawa", 33000), ("Mi Godog", 33000), ("Kwetiau Siram Sapi", 46000), ("Bihun Goreng", 30000)),
        ),
    ),
    "cat-ayam": (
        "Ayam & Daging",
        "kitchen",
        (
            *(("Ayam Bakar Taliwang", 52000), ("Ayam Goreng Kremes", 42000), ("Ayam Geprek Sambal Bawang", 34000)),
            *(("Ayam Betutu", 58000), ("Sate Ayam Madura", 40000), ("Sate Kambing", 62000), ("Rendang Sapi", 56000)),
            *(("Iga Bakar Madu", 89000), ("Empal Gentong", 54000), ("Semur Daging Betawi", 51000)),
        ),
    ),
    "cat-laut": (
        "Ikan & Laut",
        "kitchen",
        (
            *(("Ikan Bakar Jimbaran", 78000), ("Gurame Asam Manis", 96000), ("Gurame Goreng", 92000)),
            *(("Cumi Lada Garam", 64000), ("Udang Saus Padang", 72000), ("Kerang Hijau Rebus", 48000)),
            *(("Pepes Ikan Mas", 44000), ("Lele Penyet", 31000), ("Bandeng Presto", 45000), ("Sop Ikan Batam", 52000)),
        ),
    ),
    "cat-sayur": (
        "Sayur & Lauk",
        "kitchen",
        (
            *(("Gado-Gado Betawi", 32000), ("Karedok", 28000), ("Cah Kangkung", 25000), ("Capcay Kuah", 34000)),
            *(("Tahu Telur Surabaya", 29000), ("Tempe Mendoan", 18000), ("Tahu Gejrot", 17000), ("Sayur Asem", 19000)),
            *(("Urap Sayur", 21000), ("Perkedel Kentang", 12000)),
        ),
    ),
    "cat-minum": (
        "Minuman",
        "bar",
        (
            *(("Es Teh Manis", 8000), ("Teh Tarik", 18000), ("Es Jeruk Peras", 17000), ("Es Kelapa Muda", 24000)),
            *(("Es Cendol Dawet", 21000), ("Kopi Tubruk", 15000), ("Kopi Susu Gula Aren", 24000)),
            *(("Jus Alpukat", 25000), ("Wedang Jahe", 16000), ("Air Mineral", 7000)),
        ),
    ),
    "cat-manis": (
        "Manis & Camilan",
        "kitchen",
        (
            *(("Pisang Goreng Madu", 22000), ("Es Campur", 26000), ("Klepon", 15000), ("Serabi Solo", 18000)),
            *(("Martabak Manis Mini", 28000), ("Kolak Pisang", 17000), ("Puding Gula Merah", 19000)),
            *(("Singkong Keju", 20000), ("Kue Lumpur", 14000), ("Ketan Srikaya", 18000)),
        ),
    ),
}
GUESTS = (
    "Sari Wulandari",
    "Budi Santoso",
    "Made Wirawan",
    "Putri Lestari",
    "Agus Setiawan",
    "Dewi Anggraini",
    "Rizky Pratama",
)
CASHIERS = ("Rina Marlina", "Yusuf Hidayat", "Ni Luh Ayu")
METHODS = ("cash", "qris", "card")


@dataclass(frozen=True, slots=True)
class _Dish:
    name: str
    category: str
    destination: str
    price: int


def menu(at: datetime) -> list[Record]:
    """6 categories and 60 products."""
    time = _z(at)
    categories = [
        _record("category", {"local_id": key, "name": name, "version": 1, "updated_at": time})
        for key, (name, _, _) in MENU.items()
    ]
    number = count(1)
    products = [_record("product", _product(next(number), key, dish, time)) for key in MENU for dish in _dishes_of(key)]
    return [*categories, *products]


def day(date: datetime, *, orders: int = 150, seed: int = 1) -> list[Record]:
    """One day's orders and transactions in order of time; `date` is midnight UTC of the local date."""
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    times = sorted(date - WIB + timedelta(minutes=_minute(chance)) for _ in range(orders))
    records: list[Record] = []
    for n, at in enumerate(times, start=1):
        records += order(n, at, chance)
    return records


def order(n: int, at: datetime, chance: random.Random) -> list[Record]:
    """The n-th order of a day, opened at `at` (UTC), and the transactions that pay it."""
    made = _order(n, at, chance)
    is_void = chance.random() < 0.03
    paid = at + timedelta(minutes=chance.randint(25, 70))
    if is_void:
        made |= {"status": "voided", "void_reason": "Salah pesan", "updated_at": _z(paid), "version": 2}
        return [_record("order", made)]
    transactions = _payments(n, made, paid, chance)
    main = max(transactions, key=lambda transaction: transaction["total_amount"])
    info = {"method": main["payment_method"], "amount": made["total_amount"], "paid_at": _z(paid)}
    info |= {"payment_status": "paid", "paid_amount": made["total_amount"]}
    if len(transactions) > 1:
        info["split"] = [{"method": t["payment_method"], "amount": t["total_amount"]} for t in transactions]
    made |= {"status": "paid", "payment_info": info, "updated_at": _z(paid), "version": 2}
    return [_record("order", made), *(_record("transaction", transaction) for transaction in transactions)]


def unpaid(records: list[Record]) -> Iterator[Record]:
    """The same orders earlier on: served, not yet paid, under a version of their own."""
    for record in records:
        if record["entity_type"] == "order" and record["data"]["status"] == "paid":
            data = {name: value for name, value in record["data"].items() if name != "payment_info"}
            yield _record("order", {**data, "status": "served", "updated_at": data["created_at"], "version": 1})


def _order(n: int, at: datetime, chance: random.Random) -> Record:
    local = at + WIB
    dishes = chance.sample([dish for key in MENU for dish in _dishes_of(key)], chance.randint(1, 5))
    items = [_item(dish, chance.choice((1, 1, 1, 2, 2, 3))) for dish in dishes]
    made: Record = {"local_id": f"ORD-{local:%Y%m%d}-{n:04}"}
    if chance.random() < 0.8:
        made |= {"table_number": f"{chance.choice('ABC')}-{chance.randint(1, 12):02}", "pax": chance.randint(1, 6)}
    if chance.random() < 0.4:
        made["customer_name"] = chance.choice(GUESTS)
    total = sum(item["subtotal"] for item in items)
    return made | {"items": items, "total_amount": total, "status": "served", "version": 1, "created_at": _z(at)}


def _item(dish: _Dish, qty: int) -> Record:
    return {
        "product_name": dish.name,
        "category": dish.category,
        "qty": qty,
        "price": dish.price,
        "subtotal": qty * dish.price,
        "destination": dish.destination,
        "status": "served",
    }


def _payments(n: int, made: Record, at: datetime, chance: random.Random) -> list[Record]:
    total: int = made["total_amount"]
    parts = [total]
    if total > 150_000 and chance.random() < 0.3:
        half = total // 2000 * 1000
        parts = [half, total - half]
    methods = chance.choices(METHODS, weights=(55, 30, 15), k=len(parts))
    day = made["local_id"].split("-")[1]
    return [
        _transaction(f"TRX-{day}-{n:04}-{part}", made["local_id"], amount, method, at, chance)
        for part, (amount, method) in enumerate(zip(parts, methods, strict=True), start=1)
    ]


def _transaction(local_id: str, order_id: str, amount: int, method: str, at: datetime, chance: random.Random) -> Record:
    cash: Record = {}
    if method == "cash":
        note = 50_000 if amount < 100_000 else 100_000
        given = -(-amount // note) * note
        cash = {"cash_amount": given, "change_amount": given - amount}
    return {
        "local_id": local_id,
        "order_id": order_id,
        "total_amount": amount,
        "payment_method": method,
        **cash,
        "cashier_name": chance.choice(CASHIERS),
        "version": 1,
        "created_at": _z(at),
    }


def _product(n: int, category: str, dish: _Dish, time: str) -> Record:
    return {
        "local_id": f"prod-{n:03}",
        "name": dish.name,
        "category_id": category,
        "category_name": dish.category,
        "price": dish.price,
        "stock": 20 + n * 7 % 90,
        "destination": dish.destination,
        "version": 1,
        "updated_at": time,
    }


def _dishes_of(category: str) -> list[_Dish]:
    name, destination, dishes = MENU[category]
    return [_Dish(dish, name, destination, price) for dish, price in dishes]


def _minute(chance: random.Random) -> int:
    """A minute of the day: most guests come for lunch and dinner."""
    peak = chance.choices((12.5, 19.3, None), weights=(4, 5, 3))[0]
    hour = chance.uniform(OPENS, CLOSES) if peak is None else chance.gauss(peak, 0.9)
    return round(min(CLOSES - 0.1, max(OPENS, hour)) * 60)


def _record(entity_type: str, data: Record) -> Record:
    return {"entity_type": entity_type, "operation": "create", "data": data}


def _z(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
