"""Webhooks: each does its work once, whatever comes twice, late, out of order, or of a record that we don't know."""

from pathlib import Path
from typing import Any

import pytest
from tests.builders import SETTINGS, START_MS, Bench, Json, accepted, body, order, product, pulled, sent
from tests.sync.headquarters import (
    AT_4,
    AT_5,
    AT_6,
    agree,
    agreed,
    answer,
    feed,
    hear,
    here,
    known,
    news,
    notice,
    question,
    rest,
    tell,
    told_delete,
    told_update,
    tombstone,
)
from tests.sync.rows import decide

from outlet_sync_gui.contract.webhooks import Kind as Letter
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.messages import Message
from outlet_sync_gui.store.questions import QuestionKind
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import ReadMessage
from outlet_sync_gui.sync.exchange import Kind, Send

MESSAGE: Json = {"event": "broadcast", "title": "Closed", "message": "Closed on Friday.", "timestamp": AT_4}
CONFIG: Json = {"config": {"pull_interval_s": 60}, "timestamp": AT_4}
LETTERS = [
    (Letter.UPDATE, told_update(price=40000)),
    (Letter.DELETE, told_delete()),
    (Letter.CONFLICT, notice()),
    (Letter.BROADCAST, MESSAGE),
    (Letter.CONFIG, CONFIG),
]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.pull()
    agree(made)
    return made


def all_of(bench: Bench) -> list[Any]:
    """All that a webhook may change."""
    tables = ("record", "content", "outbox", "news", "conflict", "conflict_field", "change", "question", "message")
    rows = [bench.store._db.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables]
    return [*rows, bench.store.outlet.remote_config()]


# -- once


@pytest.mark.parametrize(("path", "letter"), LETTERS)
@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_repeat_gets_its_first_answer_and_changes_nothing(
    bench: Bench, path: Letter, letter: Json, is_restarted: bool
) -> None:
    before = all_of(bench)
    first = tell(bench, path, letter)
    after = all_of(bench)
    assert (first.is_repeat, after != before) == (False, True)
    bench.later(3600)
    if is_restarted:
        bench.restart()
    again = tell(bench, path, letter)
    assert (again.is_repeat, again.is_behind, again.told, all_of(bench)) == (True, False, first.told, after)


@pytest.mark.parametrize(("path", "letter"), [each for each in LETTERS if each[0] is not Letter.BROADCAST])
def test_the_same_said_in_another_letter_changes_nothing_more(bench: Bench, path: Letter, letter: Json) -> None:
    tell(bench, path, letter)
    before = all_of(bench)
    tell(bench, path, letter | {"attempt": 2})
    assert all_of(bench) == before


def test_a_body_at_another_path_is_another_letter(bench: Bench) -> None:
    both = {**told_update(price=40000), "deleted_at": AT_5} | {"event": None}
    assert tell(bench, Letter.UPDATE, both).is_repeat is False
    assert tell(bench, Letter.DELETE, both).is_repeat is False
    assert known(bench).deleted_at == AT_5


def test_what_was_refused_was_not_heard(bench: Bench) -> None:
    before = all_of(bench)
    letter = {"config": {"pull_interval_s": 60, "closing_time": "noon"}, "timestamp": AT_4}
    for _ in range(2):
        with pytest.raises(InputRefused, match="field_invalid"):
            tell(bench, Letter.CONFIG, letter)
    assert all_of(bench) == before


@pytest.mark.parametrize(("days", "is_known"), [(30, True), (30.01, False)])
def test_a_body_is_known_for_30_days(bench: Bench, days: float, is_known: bool) -> None:
    """Whoever sends it later is refused for its age; what is forgotten goes when the next is remembered."""
    tell(bench, Letter.BROADCAST, MESSAGE)
    bench.later(days * 86_400)
    tell(bench, Letter.BROADCAST, MESSAGE | {"title": "Open"})
    assert tell(bench, Letter.BROADCAST, MESSAGE).is_repeat is is_known


# -- what it is answered


@pytest.mark.parametrize(
    ("letter", "message", "version"),
    [
        (told_update(version=2, price=40000), "Update applied successfully", 2),
        (told_update(version=2, name="Nasi", price=35000), "Update applied successfully", 2),  # the number is news
        (told_update(version=1, name="Nasi", price=35000), "Nothing new in it", 1),  # our own echo
        (told_update(version=0, price=40000), "Nothing new in it", 1),
        (told_update("P9", version=7, name="Es Teh"), "Update applied successfully", 7),
        (told_update("A1", version=7, status="void") | {"entity_type": "order"}, "Nothing new in it", 0),
    ],
)
def test_an_update_is_answered_with_the_version_in_force(
    bench: Bench, letter: Json, message: str, version: int
) -> None:
    told = tell(bench, Letter.UPDATE, letter).told
    assert (told.message, told.local_version, told.applied_at) == (message, version, iso(bench.wall_ms))


def test_a_deletion_is_answered_alike(bench: Bench) -> None:
    assert tell(bench, Letter.DELETE, told_delete()).told.message == "Update applied successfully"
    assert tell(bench, Letter.DELETE, told_delete() | {"again": 1}).told.message == "Nothing new in it"


def test_a_sale_is_none_of_headquarters(bench: Bench) -> None:
    bench.put("order", order("A1"))
    before = all_of(bench)
    tell(bench, Letter.UPDATE, told_update("A1", version=7, status="void") | {"entity_type": "order"})
    tell(bench, Letter.DELETE, told_delete("A1") | {"entity_type": "order"})
    assert all_of(bench) == before


# -- what it shows to be missing


@pytest.mark.parametrize(
    ("local_id", "version", "is_behind"),
    [("P1", 1, False), ("P1", 2, False), ("P1", 3, True), ("P1", 0, False), ("P9", 1, False), ("P9", 5, True)],
)
def test_a_version_beyond_the_next_one_is_merged_and_asks_for_a_pull(
    bench: Bench, local_id: str, version: int, is_behind: bool
) -> None:
    effect = tell(bench, Letter.UPDATE, told_update(local_id, version=version, price=40000))
    assert effect.is_behind is is_behind
    assert here(bench, f"product/{local_id}")["price"] == (35000 if version == 0 else 40000)
    step = bench.next()
    assert isinstance(step, Send) is is_behind
    assert not isinstance(step, Send) or step.flight.kind is Kind.PULL


# -- out of order


def test_of_two_updates_the_higher_number_holds_whichever_comes_first(bench: Bench) -> None:
    tell(bench, Letter.UPDATE, told_update(version=3, price=43000, at=AT_5))
    tell(bench, Letter.UPDATE, told_update(version=2, price=42000, at=AT_4))
    assert (here(bench)["price"], known(bench).base_version, len(feed(bench))) == (43000, 3, 1)


@pytest.mark.parametrize("by", ["pull", "webhook"])
@pytest.mark.parametrize(("deleted_at", "is_gone"), [(AT_4, False), (AT_5, True), (AT_6, True)])
def test_a_deletion_older_than_what_headquarters_said_since_is_old(
    bench: Bench, by: str, deleted_at: str, is_gone: bool
) -> None:
    tell(bench, Letter.UPDATE, told_update(version=5, price=43000, at=AT_5))
    delete(bench, by, deleted_at)
    assert (known(bench).deleted_at is not None) is is_gone


@pytest.mark.parametrize("first", ["update", "delete"])
@pytest.mark.parametrize(("deleted_at", "is_gone"), [(AT_4, False), (AT_5, True), (AT_6, True)])
def test_an_update_and_a_deletion_that_come_while_the_record_is_out_end_as_the_later_one(
    bench: Bench, first: str, deleted_at: str, is_gone: bool
) -> None:
    bench.put("product", product(stock=4))
    step = bench.push()
    letters = [
        (Letter.UPDATE, told_update(version=5, price=43000, at=AT_5)),
        (Letter.DELETE, told_delete(at=deleted_at)),
    ]
    for letter in letters if first == "update" else reversed(letters):
        tell(bench, *letter)
    bench.settle(step, accepted(step.flight))
    assert (known(bench).deleted_at, here(bench)["price"]) == ((deleted_at, 35000) if is_gone else (None, 43000))


@pytest.mark.parametrize("numbers", [(3, 4), (4, 3)])
def test_of_updates_that_come_while_the_record_is_out_the_higher_number_holds(
    bench: Bench, numbers: tuple[int, int]
) -> None:
    bench.put("product", product(stock=4))
    step = bench.push()
    for number in numbers:
        fields = {"price": 40000 + number, f"field{number}": number}
        tell(bench, Letter.UPDATE, told_update(version=number, at=AT_5) | {"data": fields})
    bench.settle(step, accepted(step.flight))
    assert (here(bench)["price"], here(bench)["field3"], here(bench)["field4"]) == (40004, 3, 4)
    assert known(bench).base_version == 4


def delete(bench: Bench, by: str, at: str, local_id: str = "P1") -> None:
    if by == "pull":
        hear(bench, deleted=[tombstone(local_id, at=at)])
    else:
        tell(bench, Letter.DELETE, told_delete(local_id, at=at))


@pytest.mark.parametrize("by", ["pull", "webhook"])
def test_an_old_deletion_can_not_hit_what_headquarters_made_anew(bench: Bench, by: str) -> None:
    delete(bench, by, AT_4)
    tell(bench, Letter.UPDATE, told_update(version=5, name="Nasi baru", price=1000, at=AT_5))
    for at in (AT_4, "2026-01-27T03:59:00Z"):
        delete(bench, by, at)
    assert (known(bench).deleted_at, here(bench)) == (None, {"local_id": "P1", "name": "Nasi baru", "price": 1000})
    assert [change.action for change in feed(bench)] == ["delete", "create"]


@pytest.mark.parametrize("by", ["pull", "webhook"])
@pytest.mark.parametrize("was_here", [True, False])
def test_an_old_deletion_can_not_hit_what_the_till_made_anew(bench: Bench, by: str, was_here: bool) -> None:
    name = "P1" if was_here else "P9"
    delete(bench, by, AT_4, name)
    with bench.store.write():  # the till has heard of it, so it is no edit of what was deleted
        bench.store.changes.acknowledge("pos", bench.store.changes.last_seq(), now_ms=bench.wall_ms)
    bench.put("product", product(name, price=1000))
    delete(bench, by, AT_4, name)
    assert (dict(bench.queued()), known(bench, f"product/{name}").deleted_at) == ({name: "ready"}, None)
    step = bench.push()
    assert step.flight.parcels[0].operation == "create"
    bench.settle(step, accepted(step.flight))
    rest(bench)
    delete(bench, by, AT_4, name)
    assert known(bench, f"product/{name}").deleted_at is None


@pytest.mark.parametrize("by", ["pull", "webhook"])
@pytest.mark.parametrize(
    ("made_at", "is_gone"), [("2026-01-27T05:00:00Z", False), ("2026-01-27T03:00:00Z", True), (None, True)]
)
def test_a_deletion_from_before_a_record_that_never_left_was_made_is_old(
    bench: Bench, by: str, made_at: str | None, is_gone: bool
) -> None:
    """A number that the till uses again; a till that tells no times can't say so."""
    fields = {name: value for name, value in product("P9").items() if name != "updated_at"}
    bench.put("product", fields | ({"updated_at": made_at} if made_at else {}))
    delete(bench, by, AT_4, "P9")
    assert (known(bench, "product/P9").deleted_at is not None) is is_gone
    assert dict(bench.queued()) == ({} if is_gone else {"P9": "ready"})


@pytest.mark.parametrize("by", ["pull", "webhook"])
def test_a_deletion_of_what_was_never_here_is_remembered(bench: Bench, by: str) -> None:
    delete(bench, by, AT_5, "P9")
    tell(bench, Letter.UPDATE, told_update("P9", version=3, name="Es Teh", at=AT_4))
    assert (known(bench, "product/P9").deleted_at, feed(bench)) == (AT_5, [])
    tell(bench, Letter.UPDATE, told_update("P9", version=4, name="Es Teh", at=AT_6))
    assert (known(bench, "product/P9").deleted_at, feed(bench)[0].action) == (None, "create")


@pytest.mark.parametrize("order_of", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("edit", [{}, {"stock": 4}, {"price": 38000}, {"name": "Nasi Uduk", "stock": 4}])
def test_whatever_the_order_in_which_whole_news_comes_the_end_is_the_same(
    bench: Bench, order_of: tuple[int, ...], edit: Json
) -> None:
    bench.put("product", product(**edit))
    said = [
        told_update(version=2, name="Nasi", price=40000),
        told_update(version=3, name="Nasi Goreng", price=41000, at=AT_5),
        told_update(version=4, name="Nasi Goreng", price=35000, at=AT_6),
    ]
    for number in order_of:
        tell(bench, Letter.UPDATE, said[number])
    for _ in range(2):  # and a pull of them says nothing new
        hear(bench, news(version=4, name="Nasi Goreng", price=35000, at=AT_6))
    conflicts = [
        (field.field, field.local, field.cloud) for found in bench.store.conflicts.open() for field in found.fields
    ]
    assert conflicts == ([("name", '"Nasi Uduk"', '"Nasi Goreng"')] if "name" in edit else [])
    assert (here(bench)["price"], known(bench).base_version) == (edit.get("price", 35000), 4)
    assert (here(bench)["name"], here(bench).get("stock")) == (edit.get("name", "Nasi Goreng"), edit.get("stock"))
    assert agreed(bench)["price"] == 35000


# -- announcements


def unread(bench: Bench) -> list[Message]:
    return bench.store.messages.unread(bench.wall_ms)


@pytest.mark.parametrize(
    "again",
    [
        {**MESSAGE, "message_id": "M1", "message": "Closed on Saturday."},
        {**MESSAGE, "message_id": "M1", "attempt": 2},
        {"data": {"broadcast_id": "M1", "title": "x", "message": "y"}},
    ],
)
def test_an_announcement_is_kept_once_by_its_own_number(bench: Bench, again: Json) -> None:
    tell(bench, Letter.BROADCAST, {**MESSAGE, "message_id": "M1"})
    effect = tell(bench, Letter.BROADCAST, again)
    assert (effect.told.message, [message.text for message in unread(bench)]) == (
        "Message known already",
        ["Closed on Friday."],
    )


def test_an_announcement_is_shown_until_somebody_acknowledges_it(bench: Bench) -> None:
    tell(bench, Letter.BROADCAST, MESSAGE)
    assert bench.engine.status(bench.now).messages == 1
    decide(bench, ReadMessage(who="Rina", number=unread(bench)[0].number))
    assert (unread(bench), bench.engine.status(bench.now).messages) == ([], 0)
    tell(bench, Letter.BROADCAST, MESSAGE)
    assert unread(bench) == []
    (kept,) = bench.store.messages.latest(limit=5)
    assert (kept.read_by, kept.read_at) == ("Rina", bench.wall_ms)
    with pytest.raises(InputRefused, match="message_unknown"):
        decide(bench, ReadMessage(who="Rina", number=kept.number))


@pytest.mark.parametrize(("expires_ms", "n"), [(START_MS + 60_000, 1), (START_MS, 0), (START_MS - 1000, 0)])
def test_an_announcement_that_has_expired_is_not_shown(bench: Bench, expires_ms: int, n: int) -> None:
    tell(bench, Letter.BROADCAST, {**MESSAGE, "expires_at": iso(expires_ms)})
    assert len(unread(bench)) == n
    bench.later(60)
    assert unread(bench) == []


# -- settings


REMOTE: list[tuple[str, Any, bool]] = [
    ("pull_interval_s", 60, True),
    ("medium_interval_s", 60, True),
    ("low_interval_s", 60, True),
    ("closing_time", "22:00", True),
    ("business_day_start", "04:00", True),
    ("conflict_policy", "cloud_wins", True),
    ("conflict_policy", {"product": "local_wins"}, True),
    *(
        (name, value, False)
        for name, value in [
            ("outlet_id", "x"),
            ("outlet_code", "x"),
            ("cloud_url", "https://evil.example"),
            ("api_key", "x"),
            ("webhook_secret", "x"),
            ("webhook_enabled", False),
            ("webhook_host", "0.0.0.0"),
            ("webhook_port", 1),
            ("webhook_tls_cert", "/x"),
            ("intake_enabled", False),
            ("intake_port", 1),
            ("intake_folder", "/x"),
            ("proxy", "http://evil.example"),
            ("ca_file", "/x"),
            ("pos_database", "/x"),
            ("pos_url", "http://evil.example"),
            ("retention_days", 1),
            ("rate_limit_per_minute", 100_000),
            ("cloud_extras", True),
            ("nonsense", 1),
        ]
    ),
]


@pytest.mark.parametrize(("name", "value", "may"), REMOTE)
def test_only_a_few_settings_can_be_set_from_outside(bench: Bench, name: str, value: Any, may: bool) -> None:
    effect = tell(bench, Letter.CONFIG, {"config": {name: value}, "timestamp": AT_4})
    values, _ = bench.store.outlet.remote_config()
    assert values["values"] == ({name: value} if may else {})
    assert (effect.told.message == "Configuration received") is may
    assert [q.kind for q in bench.store.questions.open()] == ([QuestionKind.CONFIG_CHANGED] if may else [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pull_interval_s", 0),
        ("pull_interval_s", "soon"),
        ("pull_interval_s", 31 * 86_400 + 1),
        ("pull_interval_s", True),
        ("closing_time", "25:00"),
        ("business_day_start", ""),
        ("conflict_policy", "cloud"),
        ("conflict_policy", {"product": "cloud"}),
        ("conflict_policy", None),
    ],
)
def test_a_value_that_a_person_could_not_set_is_refused_with_all_that_came_with_it(
    bench: Bench, name: str, value: Any
) -> None:
    before = all_of(bench)
    with pytest.raises(InputRefused) as refusal:
        tell(bench, Letter.CONFIG, {"config": {"low_interval_s": 60, name: value}, "timestamp": AT_4})
    assert (refusal.value.code, refusal.value.facts["field"]) == ("field_invalid", name)
    assert all_of(bench) == before


@pytest.mark.parametrize(("at", "is_taken"), [(AT_4, False), (AT_5, False), (AT_6, True)])
def test_only_what_is_newer_than_the_last_is_applied(bench: Bench, at: str, is_taken: bool) -> None:
    tell(bench, Letter.CONFIG, {"config": {"pull_interval_s": 60}, "timestamp": AT_5})
    tell(bench, Letter.CONFIG, {"config": {"pull_interval_s": 90}, "timestamp": at})
    values, last_at = bench.store.outlet.remote_config()
    assert (values["values"], last_at) == (
        ({"pull_interval_s": 90}, AT_6) if is_taken else ({"pull_interval_s": 60}, AT_5)
    )


def test_what_changed_is_shown_and_what_this_outlet_set_itself_is_none(bench: Bench) -> None:
    config = {
        "pull_interval_s": 60,
        "low_interval_s": 86_400,
        "closing_time": "22:00",
        "cloud_url": "https://x.example",
    }
    tell(bench, Letter.CONFIG, {"config": config, "timestamp": AT_4}, fixed=("closing_time",))
    assert question(bench).facts == {"pull_interval_s": "300 → 60"}


def test_nothing_that_changes_is_no_question(bench: Bench) -> None:
    tell(bench, Letter.CONFIG, {"config": {"pull_interval_s": SETTINGS.pull_interval_s}, "timestamp": AT_4})
    assert bench.store.questions.open() == []


@pytest.mark.parametrize(
    ("choice", "values"), [("keep", {"pull_interval_s": 60, "closing_time": "22:00"}), ("undo", {})]
)
@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_changed_can_be_undone_back_to_what_was_before_the_question(
    bench: Bench, choice: str, values: Json, is_restarted: bool
) -> None:
    tell(bench, Letter.CONFIG, {"config": {"pull_interval_s": 60}, "timestamp": AT_4})
    tell(bench, Letter.CONFIG, {"config": {"closing_time": "22:00"}, "timestamp": AT_5})
    assert question(bench).facts.keys() == {"pull_interval_s", "closing_time"}
    if is_restarted:
        bench.restart()
    answer(bench, choice)
    assert (bench.store.outlet.remote_config()[0]["values"], bench.store.questions.open()) == (values, [])
    tell(bench, Letter.CONFIG, {"config": {"pull_interval_s": 60}, "timestamp": AT_5, "attempt": 2})
    assert bench.store.outlet.remote_config()[0]["values"] == values  # told once more it does not come back


def test_what_changed_twice_is_told_from_what_an_undo_goes_back_to(bench: Bench) -> None:
    for at, seconds in ((AT_4, 120), (AT_5, 88)):
        tell(bench, Letter.CONFIG, {"config": {"pull_interval_s": seconds}, "timestamp": at})
        bench.settings = SETTINGS.model_copy(update={"pull_interval_s": seconds})
        bench.restart()
    assert question(bench).facts == {"pull_interval_s": f"{SETTINGS.pull_interval_s} → 88"}


def test_an_undo_after_what_was_kept_goes_back_to_that(bench: Bench) -> None:
    tell(bench, Letter.CONFIG, {"config": {"pull_interval_s": 60}, "timestamp": AT_4})
    answer(bench, "keep")
    tell(bench, Letter.CONFIG, {"config": {"pull_interval_s": 90}, "timestamp": AT_5})
    answer(bench, "undo")
    assert bench.store.outlet.remote_config()[0]["values"] == {"pull_interval_s": 60}


# -- a conflict


def test_a_conflict_that_needs_nobody_is_in_the_history_alone(bench: Bench) -> None:
    bench.put("product", product(price=38000))
    effect = tell(bench, Letter.CONFLICT, notice(resolution_required=False))
    assert (effect.told.message, bench.store.conflicts.open(), bench.store.conflicts.telling()) == ("Noted", [], [])
    assert [(deed.what, deed.why) for deed in bench.store.activity.of(known(bench).record_id)] == [(What.TOLD, "price")]
    step = bench.push()
    assert (body(step.request)["price"], sent(step)) == (38000, [("P1", 2)])


def test_a_conflict_over_a_deleted_record_is_one_over_an_unknown_one(bench: Bench) -> None:
    hear(bench, deleted=[tombstone()])
    tell(bench, Letter.CONFLICT, notice())
    (opened,) = bench.store.conflicts.open()
    assert (opened.record_id, opened.local_id) == (None, "P1")
    bench.settle(bench.later(301).send(), pulled())
    assert known(bench).deleted_at == AT_4
