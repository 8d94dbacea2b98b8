"""What headquarters says and what a person decides over it, at a terminal, against the simulated cloud."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.builders import OUTLET_ID, product
from tests.fakes import KEY, answer, command, configure

from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.store import open_store
from outlet_sync_gui.store.conflicts import Disagreement, Source


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, rate_limit_per_minute=1000)) as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path, cloud: SimulatedCloud) -> Path:
    return configure(tmp_path / "data", cloud.url, rate_limit_per_minute=1000, timezone="Asia/Makassar")


@pytest.fixture
def disputed(directory: Path, cloud: SimulatedCloud) -> Path:
    """A menu item whose price both sides changed, and its name as well."""
    put(directory, product("P1", name="Nasi", price=35_000))
    command(directory, "sync", "--all")
    put(directory, product("P1", name="Nasi Kampung", price=38_000))
    cloud.call(lambda c: c.change_product("P1", name="Nasi Desa", price=40_000))
    assert command(directory, "sync", "--all").returncode == 3
    return directory


def put(directory: Path, *products: dict[str, Any]) -> None:
    lines = "\n".join(json.dumps(each) for each in products)
    assert command(directory, "enqueue", "product", given=lines).returncode == 0


def conflicts(directory: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer(command(directory, "conflicts", "list", "--json"))
    return found


def there(cloud: SimulatedCloud, local_id: str = "P1") -> dict[str, Any]:
    kept: dict[str, Any] = cloud.call(lambda c: dict(c.records[("product", local_id)].data))
    return kept


# -- conflicts


def test_a_conflict_is_listed_with_both_sides(disputed: Path) -> None:
    (conflict,) = conflicts(disputed)
    assert {name: conflict[name] for name in ("entity_type", "local_id", "source", "state", "revision", "name")} == {
        "entity_type": "product",
        "local_id": "P1",
        "source": "merge",
        "state": "open",
        "revision": 1,
        "name": "Nasi Kampung",
    }
    assert conflict["opened_at"].endswith("Z")
    assert [(each["field"], each["base"], each["local"], each["cloud"]) for each in conflict["fields"]] == [
        ("name", "Nasi", "Nasi Kampung", "Nasi Desa"),
        ("price", 35_000, 38_000, 40_000),
    ]
    assert {each["choice"] for each in conflict["fields"]} == {None}
    assert all(each["cloud_updated_at"].endswith("Z") for each in conflict["fields"])
    assert answer(command(disputed, "conflicts", "show", str(conflict["id"]), "--json")) == conflict


def test_a_conflict_is_told_in_plain_words(disputed: Path) -> None:
    for language, title, lines in (
        ("en", "Name and price of Nasi Kampung differ", ("  This outlet: Rp38.000", "  Last agreed: Rp35.000")),
        ("id", "Nama dan harga Nasi Kampung berbeda", ("  Toko ini: Rp38.000", "  Terakhir disepakati: Rp35.000")),
    ):
        listed = command(disputed, "conflicts", "list", language=language).stdout
        assert title in listed
        number = listed.partition(" ")[0]
        shown = command(disputed, "conflicts", "show", number, language=language).stdout.splitlines()
        assert shown[0] == title
        assert all(any(line.startswith(each) for line in shown) for each in lines)
        assert shown[-1].endswith(f"conflicts resolve {number} --strategy cloud_wins | local_wins | newest_wins")


def test_of_what_this_outlet_does_not_have_headquarters_side_alone_is_offered(directory: Path) -> None:
    with closing(open_store(directory, OUTLET_ID)) as store, store.write():
        number = store.conflicts.start(
            record_id=None,
            entity_type="product",
            local_id="P9",
            cloud_id=None,
            source=Source.WEBHOOK,
            now_ms=wall_ms(),
        )
        store.conflicts.put(number, Disagreement(field="price", cloud="40000"))
    shown = command(directory, "conflicts", "show", str(number)).stdout
    assert shown.strip().endswith(f"conflicts resolve {number} --strategy cloud_wins")


def test_headquarters_side_holds_when_it_is_chosen_and_the_till_hears_of_it(
    disputed: Path, cloud: SimulatedCloud
) -> None:
    (conflict,) = conflicts(disputed)
    done = command(disputed, "conflicts", "resolve", str(conflict["id"]), "--strategy", "cloud_wins", "--by", "Rina")
    assert (done.returncode, done.stdout.strip(), conflicts(disputed)) == (0, "Stored.", [])
    closed = answer(command(disputed, "conflicts", "show", str(conflict["id"]), "--json"))
    assert (closed["state"], closed["closed_by"], closed["fields"][1]["choice"]) == ("closed", "Rina", "cloud_wins")
    assert ", Rina · revision 1" in command(disputed, "conflicts", "show", str(conflict["id"])).stdout
    assert command(disputed, "sync", "--all").returncode == 0
    assert (there(cloud)["name"], there(cloud)["price"]) == ("Nasi Desa", 40_000)
    (change,) = answer(command(disputed, "changes", "list", "--json"))
    assert (change["local_id"], change["action"]) == ("P1", "update")
    assert change["fields"]["price"] == {"from": 38_000, "to": 40_000}
    said = command(disputed, "changes", "list", language="id").stdout
    assert "Harga Rp38.000 → Rp40.000" in said
    assert command(disputed, "changes", "ack", str(change["seq"])).returncode == 0
    assert answer(command(disputed, "changes", "list", "--json")) == []
    assert command(disputed, "changes", "ack", str(change["seq"])).returncode == 2


def test_each_field_can_have_its_own_choice_and_an_own_value(disputed: Path, cloud: SimulatedCloud) -> None:
    (conflict,) = conflicts(disputed)
    number, resolve = str(conflict["id"]), ("conflicts", "resolve")
    own = ("--strategy", "local_wins", "--field", "price", "--value", "39.000", "--revision", "1")
    done = command(disputed, *resolve, number, *own)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["Stored.", "Still to be chosen: name"])
    (half,) = conflicts(disputed)
    assert [(each["field"], each["choice"], each["value"]) for each in half["fields"]] == [
        ("name", None, None),
        ("price", "local_wins", 39_000),
    ]
    name = ("--strategy", "local_wins", "--field", "name", "--value", "Nasi Kota", "--notes", "agreed by phone")
    assert answer(command(disputed, *resolve, number, *name, "--json")) == {"success": True}
    assert command(disputed, "sync", "--all").returncode == 0
    assert (there(cloud)["name"], there(cloud)["price"]) == ("Nasi Kota", 39_000)


def test_a_choice_counts_only_for_what_was_seen(disputed: Path, cloud: SimulatedCloud) -> None:
    (conflict,) = conflicts(disputed)
    cloud.call(lambda c: c.change_product("P1", price=41_000))
    command(disputed, "sync", "--all")
    resolve = ("conflicts", "resolve", str(conflict["id"]), "--strategy", "cloud_wins")
    done = command(disputed, *resolve, "--revision", str(conflict["revision"]), "--json")
    assert (done.returncode, answer(done)["error"]) == (2, "conflict_changed")
    (again,) = conflicts(disputed)
    assert (again["revision"], again["fields"][1]["cloud"]) == (2, 41_000)
    assert command(disputed, *resolve, "--revision", "2").returncode == 0


REFUSED = (
    (("show", "77"), "There is no such conflict."),
    (("resolve", "77", "--strategy", "cloud_wins"), "There is no such conflict."),
    (("resolve", "1", "--strategy", "local_wins", "--field", "colour"), "That field does not differ."),
    (("resolve", "1", "--strategy", "cloud_wins", "--value", "1"), "An own value needs a field, and local_wins."),
    (
        ("resolve", "1", "--strategy", "local_wins", "--field", "price", "--value", "cheap"),
        "That value doesn't fit the field.",
    ),
    (("resolve", "1", "--strategy", "mine"), "invalid choice"),
    (("show", "99999999999999999999"), "invalid"),
)


def test_a_choice_that_can_not_be_is_refused_with_a_sentence(disputed: Path) -> None:
    for words, sentence in REFUSED:
        done = command(disputed, "conflicts", *words)
        assert (done.returncode, sentence in done.stderr) == (2, True), (words, done.stderr)
    (conflict,) = conflicts(disputed)
    assert {each["choice"] for each in conflict["fields"]} == {None}


def test_without_conflicts_it_says_so(directory: Path) -> None:
    assert command(directory, "conflicts", "list", language="id").stdout.strip() == "Sama dengan pusat"
    assert conflicts(directory) == []


# -- announcements


def test_an_announcement_is_listed_until_somebody_has_read_it(directory: Path) -> None:
    with closing(open_store(directory, OUTLET_ID)) as store, store.write():
        for n, level in enumerate(("info", "urgent")):
            text = f"Line one {n}\n\x1b[31mline two"
            store.messages.add(
                message_id=str(n), title=f"Title {n}", text=text, level=level, expires_at=None, now_ms=wall_ms()
            )
    newest, oldest = answer(command(directory, "messages", "list", "--json"))
    assert (newest["title"], newest["level"], newest["message"]) == (
        "Title 1",
        "urgent",
        "Line one 1\n\x1b[31mline two",
    )
    assert (oldest["expires_at"], oldest["read_at"]) == (None, None)
    said = command(directory, "messages", "list", language="id").stdout
    assert "Mendesak  Title 1" in said
    assert "\x1b" not in said  # nobody steers the terminal from outside
    assert command(directory, "messages", "ack", str(newest["id"])).returncode == 0
    assert [each["title"] for each in answer(command(directory, "messages", "list", "--json"))] == ["Title 0"]
    every = answer(command(directory, "messages", "list", "--all", "--json"))
    assert [(each["title"], bool(each["read_by"])) for each in every] == [("Title 1", True), ("Title 0", False)]
    again = command(directory, "messages", "ack", str(newest["id"]))
    assert (again.returncode, "There is no such announcement that waits." in again.stderr) == (2, True)


# -- questions


def test_many_deletions_are_held_named_and_applied_when_they_are_approved(
    directory: Path, cloud: SimulatedCloud
) -> None:
    put(directory, *(product(f"P{n}", name=f"Menu {n:02}") for n in range(12)))
    command(directory, "sync", "--all")
    cloud.call(lambda c: c.delete_products(12))
    assert command(directory, "sync", "--all").returncode == 3
    (question,) = answer(command(directory, "questions", "list", "--json"))
    assert (question["kind"], question["choices"], question["facts"]["n"]) == ("deletions", ["approve", "refuse"], 12)
    said = command(directory, "questions", "list", language="id").stdout
    assert "Pusat menghapus 12 menu: Menu" in said
    assert "approve (Setujui), refuse (Tolak)" in said
    wrong = command(directory, "questions", "answer", str(question["id"]), "keep")
    assert (wrong.returncode, "Choose one of: approve, refuse" in wrong.stderr) == (2, True)
    assert command(directory, "questions", "answer", str(question["id"]), "approve").returncode == 0
    assert answer(command(directory, "questions", "list", "--json")) == []
    gone = answer(command(directory, "changes", "list", "--json"))
    assert [change["action"] for change in gone] == ["delete"] * 12
    assert command(directory, "changes", "ack", "--all").returncode == 0
    assert command(directory, "changes", "list").stdout.strip() == "The till's menu is up to date"
    assert command(directory, "sync", "--all").returncode == 0
