"""The program through its command line, as a script or a person drives it, against the simulated cloud."""

import json
import os
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID, order, product, transaction
from tests.fakes import answer, command, configure, environment, program, running_service, until_running

from outlet_sync_gui.resources import resource
from outlet_sync_gui.simulator import Fault, SimulatedCloud
from outlet_sync_gui.status import State
from outlet_sync_gui.store.database import scripts
from outlet_sync_gui.sync.commands import Pause

PAYMENT = {"entity_type": "transaction", "operation": "create", "data": transaction("T1", "A1")}


def lines(*records: object) -> str:
    return "\n".join(json.dumps(record) for record in records)


def test_a_day_from_the_till_to_the_cloud(directory: Path, cloud: SimulatedCloud) -> None:
    sales = resource("sample", "sales.ndjson")
    taken = command(directory, "enqueue", "order", str(sales), "--json")
    n = len(sales.read_text(encoding="utf-8").splitlines())
    assert (taken.returncode, answer(taken)) == (0, {"accepted": n, "unchanged": 0, "rejected": []})
    assert answer(command(directory, "enqueue", "order", str(sales), "--json"))["unchanged"] == n
    synced = command(directory, "sync", "--all", "--json")
    result = answer(synced)
    assert (synced.returncode, result["sent"], result["failed"], result["pending"]) == (0, n, 0, 0)
    status = answer(command(directory, "status", "--json"))
    assert (status["state"], status["pending"]["total"], status["sent_today"]) == ("idle", 0, n)
    kept = cloud.call(lambda c: (len(c.records), c.violations, c.orphans, c.over_limit))
    assert kept == (n, [], [], 0)
    assert status["sent_today_amount"] == cloud.call(lambda c: c.total("order", "total_amount"))


def test_an_order_that_became_paid_is_what_the_cloud_ends_up_with(directory: Path, cloud: SimulatedCloud) -> None:
    command(directory, "enqueue", "order", str(resource("sample", "morning.ndjson")))
    command(directory, "sync")
    command(directory, "enqueue", "order", str(resource("sample", "sales.ndjson")))
    assert answer(command(directory, "sync", "--all", "--json"))["pending"] == 0
    states = cloud.call(lambda c: {held.data["status"] for (kind, _), held in c.records.items() if kind == "order"})
    assert states == {"paid", "voided"}


def test_bad_lines_are_reported_with_number_and_reason_and_the_good_ones_kept(directory: Path) -> None:
    given = (
        lines(order("A1"), order("A2", total_amount=1.5)) + "\n{nonsense\n" + lines({"total_amount": 1}, order("A3"))
    )
    done = command(directory, "enqueue", "order", "--json", given=given)
    report = answer(done)
    assert (done.returncode, report["accepted"]) == (2, 2)
    assert [(bad["line"], bad["local_id"]) for bad in report["rejected"]] == [(2, "A2"), (3, None), (4, None)]
    assert report["rejected"][0]["error"].startswith("total_amount is 1.5: money is whole rupiah.")


def test_a_bad_line_is_told_in_the_language_of_the_reader(directory: Path) -> None:
    given = lines(order("A2", total_amount=1.5))
    done = command(directory, "enqueue", "order", given=given, language="id")
    assert done.stderr == "Baris 1 (A2): total_amount berisi 1.5: uang harus rupiah utuh. Periksa ekspor dari kasir.\n"
    assert done.stdout == "0 data disimpan, 1 data ditolak\n"


def test_a_refused_record_needs_a_person_and_can_be_sent_again(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.call(lambda c: c.rejects.update({"A1": "Table B-12 not registered"}))
    command(directory, "enqueue", "order", given=lines(order("A1"), order("A2")))
    assert command(directory, "sync", "--json").returncode == 3
    (row,) = answer(command(directory, "queue", "list", "--state", "dead", "--json"))
    assert (row["local_id"], row["error_code"], row["error"]) == ("A1", "R-DATA", "Table B-12 not registered")
    assert answer(command(directory, "queue", "show", "order/A1", "--json"))["data"]["total_amount"] == 10
    cloud.call(lambda c: c.rejects.clear())
    assert command(directory, "queue", "retry", "order/A1").returncode == 0
    assert answer(command(directory, "sync", "--json")) | {"duration_s": 0} == {
        "sent": 1,
        "failed": 0,
        "pulled": 0,
        "conflicts": 0,
        "requests": 2,
        "duration_s": 0,
        "pending": 0,
        "stopped_by": None,
        "why": [],
    }


def test_a_price_of_headquarters_is_heard_before_the_menu_is_sent(directory: Path, cloud: SimulatedCloud) -> None:
    command(directory, "enqueue", "product", given=lines(product("P1", stock=50)))
    command(directory, "sync", "--all")
    cloud.call(lambda c: c.change_product("P1", price=40000))
    command(directory, "enqueue", "product", given=lines(product("P1", stock=47)))
    result = answer(command(directory, "sync", "--all", "--json"))
    assert (result["pulled"], result["pending"]) == (1, 0)
    there = cloud.call(lambda c: c.records[("product", "P1")].data)
    assert (there["price"], there["stock"]) == (40000, 47)


FAULTS = [
    (Fault(status=503), 4),
    (Fault(drop_before=True), 4),
    (Fault(drop_after=True), 4),
    (Fault(truncated=True), 4),
    (Fault(html=True), 4),
    (Fault(status=429, retry_after=30), 4),
    (Fault(status=401), 5),
    (Fault(status=403), 5),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=lambda value: str(value)[:60])
def test_whatever_fails_keeps_everything_and_heals(
    directory: Path, cloud: SimulatedCloud, fault: Fault, code: int
) -> None:
    command(directory, "enqueue", "order", given=lines(order("A1"), PAYMENT))
    cloud.set_fault("*", fault)
    assert command(directory, "sync", "--json").returncode == code
    assert answer(command(directory, "status", "--json"))["pending"]["total"] == 2
    cloud.clear_faults()
    if fault.status == 429:
        return  # the wait it asked for is kept, which the engine's own tests let pass
    assert command(directory, "sync", "--json").returncode == 0
    assert cloud.call(lambda c: (sorted(c.records), c.violations, c.orphans)) == (
        [("order", "A1"), ("transaction", "T1")],
        [],
        [],
    )


def test_one_glitch_of_the_news_ends_no_sync(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.set_fault("updates", Fault(status=500, times=1))
    done = command(directory, "sync", "--json")
    assert (done.returncode, answer(done)["requests"]) == (0, 2)


@pytest.mark.parametrize(("times", "code", "left"), [(1, 0, 0), (None, 4, 1)])
def test_a_sale_that_passes_hides_no_news_that_fails(
    directory: Path, cloud: SimulatedCloud, times: int | None, code: int, left: int
) -> None:
    command(directory, "enqueue", "order", given=lines(order("A1")))
    command(directory, "enqueue", "product", given=lines(product("P1")))
    cloud.set_fault("updates", Fault(status=500, times=times))
    done = command(directory, "sync", "--all", "--json")
    assert (done.returncode, answer(done)["pending"]) == (code, left), done.stdout


ASKED = "Headquarters asks to wait"


def test_a_sync_within_a_429s_wait_is_4_and_says_why(directory: Path, cloud: SimulatedCloud) -> None:
    command(directory, "enqueue", "order", given=lines(order("A1")))
    cloud.set_fault("*", Fault(status=429, retry_after=300, times=1))
    for _ in range(2):  # it is asked to wait, and it waits
        done = command(directory, "sync")
        assert (done.returncode, ASKED in done.stdout) == (4, True), done.stdout
    done = command(directory, "sync", "--json")
    told = answer(done)
    assert (done.returncode, told["pending"], told["requests"], told["stopped_by"]) == (4, 1, 0, "N-RATE")
    assert told["why"][0].startswith(ASKED)
    with running_service(directory):
        done = command(directory, "sync")
        assert (done.returncode, ASKED in done.stdout) == (4, True), done.stdout


def test_a_sync_during_a_pause_is_3_and_says_why(directory: Path) -> None:
    command(directory, "enqueue", "order", given=lines(order("A1")))
    with running_service(directory) as watched:
        watched.service.post(Pause())
        watched.until(lambda status: status.state is State.PAUSED)
        command(directory, "enqueue", "order", given=lines(order("A2")))
        beside = command(directory, "sync")
    for done in (beside, command(directory, "sync")):
        assert (done.returncode, done.stdout.splitlines()[1:]) == (3, ["Paused until resumed."])
    told = answer(command(directory, "sync", "--json"))
    assert (told["pending"] > 0, told["stopped_by"], told["why"]) == (True, "paused", ["Paused until resumed."])


NOT_DUE = "What waits is not due yet. It goes at once with: sync --all"
REFUSED = "What was refused, and why: queue list --state dead"


@pytest.mark.parametrize(
    ("kind", "data", "reason", "code", "why"),
    [
        ("cashier_shift", {"local_id": "S1"}, None, 0, [NOT_DUE]),
        ("order", order("A1"), " ", 0, ["What waits is tried again later."]),
        ("order", order("A1"), "no such table", 3, [REFUSED]),
        ("order", order("A1"), None, 0, []),
    ],
)
def test_a_sync_that_leaves_something_says_why(
    directory: Path,
    cloud: SimulatedCloud,
    kind: str,
    data: dict[str, object],
    reason: str | None,
    code: int,
    why: list[str],
) -> None:
    if reason is not None:
        cloud.call(lambda c: c.rejects.update({"A1": reason}))
    command(directory, "enqueue", kind, given=lines(data))
    done = command(directory, "sync")
    assert (done.returncode, done.stdout.splitlines()[1:]) == (code, why)


def test_no_route_is_4_and_keeps_everything(tmp_path: Path) -> None:
    directory = configure(tmp_path / "data", "http://127.0.0.1:1")
    command(directory, "enqueue", "order", given=lines(order("A1")))
    done = command(directory, "sync", "--timeout", "20")
    assert (done.returncode, "(N-CLOUD)" in done.stdout) == (4, True)
    shown = answer(command(directory, "status", "--json"))
    assert (shown["state"], shown["trouble"]["code"]) == ("offline", "N-CLOUD")


def test_without_a_key_it_is_5_and_says_what_to_do(directory: Path) -> None:
    env = environment(directory)
    del env["OUTLET_SYNC_API_KEY"]
    done = command(directory, "sync", env=env)
    assert done.returncode == 5
    assert done.stderr.endswith("Set OUTLET_SYNC_API_KEY, or install one (gnome-keyring).\n")


# -- settings and other bad input


def test_missing_settings_are_named(tmp_path: Path) -> None:
    done = command(tmp_path, "sync")
    assert done.returncode == 2
    assert "outlet_id, outlet_code, cloud_url" in done.stderr
    assert answer(command(tmp_path, "status", "--json"))["state"] == "setup"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("config", "set", "cloud_url", "http://cloud.example"), "can't be “http://cloud.example”. Expected: https://"),
        (("config", "set", "nonsense", "1"), "There is no setting nonsense."),
        (("config", "set", "rate_limit_per_minute", "5"), "The setting rate_limit_per_minute can't be “5”."),
        (("config", "set", "timezone", "Mars/Base"), "Expected: a time zone such as Asia/Jakarta"),
        (("queue", "show", "order/none"), "Nothing called “order/none” is queued."),
        (("enqueue", "order", "no-such-file"), "The file no-such-file can't be read"),
        (("enqueue", "Order!"), ""),
    ],
)
def test_bad_input_is_2_with_a_sentence(directory: Path, words: tuple[str, ...], sentence: str) -> None:
    done = command(directory, *words, given=lines(order()))
    assert done.returncode == 2
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("words", "indonesian", "english"),
    [
        (("queue", "discard", "order/A1"), "Alasannya belum diisi.", "A reason is missing."),
        (("queue", "discard", "--reason", "x"), "Data mana belum disebut.", "No record is named."),
        (("queue", "retry"), "Data mana belum disebut.", "No record is named."),
    ],
)
def test_what_is_missing_is_said_in_the_readers_language(
    directory: Path, words: tuple[str, ...], indonesian: str, english: str
) -> None:
    for language, sentence in (("id", indonesian), ("en", english)):
        done = command(directory, *words, language=language)
        assert done.returncode == 2
        assert done.stderr.startswith(f"outlet-sync-gui: {sentence} ")


@pytest.mark.parametrize(
    ("language", "nothing", "again"),
    [
        ("id", "Tidak ada yang perlu dicoba lagi.\n", "Dikirim lagi sekarang.\n"),
        ("en", "Nothing needs a retry.\n", "It goes again now.\n"),
    ],
)
def test_all_that_was_refused_may_be_nothing(
    directory: Path, cloud: SimulatedCloud, language: str, nothing: str, again: str
) -> None:
    assert command(directory, "queue", "retry", "--all", language=language).stdout == nothing
    cloud.call(lambda c: c.rejects.update({"A1": "Table B-12 not registered"}))
    command(directory, "enqueue", "order", given=lines(order("A1")))
    command(directory, "sync")
    assert command(directory, "queue", "retry", "--all", language=language).stdout == again


@pytest.mark.parametrize(
    "words", [("status",), ("status", "--json"), ("config", "list"), ("summary", "export"), ("queue", "show", "none/1")]
)
def test_a_reader_that_leaves_ends_a_command_quietly(directory: Path, words: tuple[str, ...]) -> None:
    """As `head` does once it has its lines; whether the output was still held back or not."""
    for unbuffered in ("", "1"):
        reader, pipe = os.pipe()
        os.close(reader)
        env = environment(directory, PYTHONUNBUFFERED=unbuffered)
        done = subprocess.run([*program(), *words], stdout=pipe, stderr=subprocess.PIPE, env=env, check=False)
        os.close(pipe)
        is_told = words[0] == "queue"  # a mistake goes to the other stream, which is read
        assert (done.returncode, bool(done.stderr)) == ((2, True) if is_told else (141, False)), done.stderr


def test_settings_are_stored_and_tell_where_they_come_from(directory: Path) -> None:
    assert command(directory, "config", "set", "pull_interval_s", "60").returncode == 0
    assert answer(command(directory, "config", "get", "pull_interval_s", "--json"))["value"] == 60
    env = environment(directory, OUTLET_SYNC_PULL_INTERVAL_S="90")
    listed = {row["key"]: row for row in answer(command(directory, "config", "list", "--json", env=env))}
    assert (listed["pull_interval_s"]["value"], listed["pull_interval_s"]["source"]) == (90, "environment")
    assert listed["cloud_url"]["source"] == "file"
    assert listed["language"]["source"] == "default"


def test_an_unknown_variable_of_ours_is_refused(directory: Path) -> None:
    done = command(directory, "status", env=environment(directory, OUTLET_SYNC_NONSENSE="1"))
    assert (done.returncode, "There is no setting nonsense." in done.stderr) == (2, True)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    env = environment(tmp_path / "file" / "data", OUTLET_SYNC_OUTLET_ID="a", OUTLET_SYNC_OUTLET_CODE="b")
    done = command(tmp_path, "enqueue", "order", given=lines(order()), env=env)
    assert done.returncode == 1
    assert "can't be written" in done.stderr


def test_a_database_of_a_newer_version_is_refused_with_both_versions(directory: Path) -> None:
    command(directory, "enqueue", "order", given=lines(order()))
    with sqlite3.connect(directory / "outlet-sync.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    done = command(directory, "sync", language="id")
    assert done.returncode == 1
    assert f"dibuat oleh versi yang lebih baru (99, versi ini mengenal {len(scripts())})" in done.stderr


def test_only_the_user_can_read_what_it_keeps(directory: Path) -> None:
    command(directory, "enqueue", "order", given=lines(order()))
    modes = {path.name: path.stat().st_mode & 0o077 for path in (directory, *directory.iterdir())}
    assert set(modes.values()) == {0}, modes


# -- beside a running service


@pytest.fixture
def service(directory: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([*program(), "run"], env=environment(directory), stderr=subprocess.DEVNULL)
    try:
        until_running(directory)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(2) == 0


@pytest.mark.usefixtures("service")
def test_a_second_service_is_6(directory: Path) -> None:
    done = command(directory, "run")
    assert done.returncode == 6
    assert "Another service already works on" in done.stderr


@pytest.mark.usefixtures("service")
def test_sync_hands_over_to_the_service_that_runs(directory: Path, cloud: SimulatedCloud) -> None:
    command(directory, "enqueue", "product", given=lines(product("P1")))
    result = answer(command(directory, "sync", "--all", "--json"))
    assert result["pending"] == 0
    assert ("product", "P1") in cloud.call(lambda c: dict(c.records))


@pytest.mark.usefixtures("service")
def test_what_is_queued_beside_it_leaves_at_once(directory: Path, cloud: SimulatedCloud) -> None:
    command(directory, "enqueue", "order", given=lines(order("A1")))
    assert answer(command(directory, "sync", "--json"))["pending"] == 0
    assert cloud.call(lambda c: [arrival.local_id for arrival in c.journal]) == ["A1"]


def test_a_service_takes_up_settings_that_are_set_beside_it(tmp_path: Path, cloud: SimulatedCloud) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    process = subprocess.Popen([*program(), "run"], env=environment(directory), stderr=subprocess.DEVNULL)
    try:
        until_running(directory)
        for key, value in (("outlet_id", OUTLET_ID), ("outlet_code", "JKT-001"), ("cloud_url", cloud.url)):
            command(directory, "config", "set", key, value)
        command(directory, "enqueue", "order", given=lines(order("A1")))
        assert answer(command(directory, "sync", "--json"))["pending"] == 0
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(2) == 0


@pytest.mark.parametrize("fault", [Fault(latency_s=30), Fault(latency_s=30, drop_before=True)])
def test_a_stop_takes_under_two_seconds_with_a_request_out(
    directory: Path, cloud: SimulatedCloud, fault: Fault
) -> None:
    cloud.set_fault("*", fault)
    command(directory, "enqueue", "order", given=lines(order("A1")))
    process = subprocess.Popen([*program(), "run"], env=environment(directory), stderr=subprocess.DEVNULL)
    until_running(directory)
    process.send_signal(signal.SIGTERM)
    assert process.wait(2) == 0
    assert answer(command(directory, "status", "--json"))["pending"]["total"] == 1


def test_the_simulated_cloud_alone_can_be_used_by_hand(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*program(), "--language", "en", "simulate-cloud"],
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().decode().split()[3].rstrip(".")
        directory = configure(tmp_path / "data", url)
        command(directory, "enqueue", "order", given=lines(order("A1")))
        assert answer(command(directory, "sync", "--json"))["sent"] == 1
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(2) == 0
        assert process.stdout is not None
        process.stdout.close()


def test_two_commands_that_queue_at_once_both_succeed(directory: Path, cloud: SimulatedCloud) -> None:
    done: list[int] = []

    def enqueue(letter: str) -> None:
        given = lines(*(order(f"{letter}{n}") for n in range(300)))
        done.append(command(directory, "enqueue", "order", given=given).returncode)

    threads = [threading.Thread(target=enqueue, args=(letter,)) for letter in "ABC"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [0, 0, 0]
    assert answer(command(directory, "sync", "--json"))["sent"] == 900
