"""What a person decides at a terminal, with and without a service beside it; and what `doctor` finds."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import order, transaction
from tests.fakes import KEY, answer, command, configure, environment, program, running_service

from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State

WORDS = "Table B-12 not registered"


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, rate_limit_per_minute=1000)) as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path, cloud: SimulatedCloud) -> Path:
    return configure(tmp_path / "data", cloud.url, rate_limit_per_minute=1000)


@pytest.fixture
def refused(directory: Path, cloud: SimulatedCloud) -> Path:
    """An order that headquarters refused."""
    cloud.call(lambda c: c.rejects.update({"A1": WORDS}))
    command(directory, "enqueue", "order", given=json.dumps(order("A1", table_number="B-12")))
    assert command(directory, "sync").returncode == 3
    cloud.call(lambda c: c.rejects.clear())
    return directory


def states(directory: Path) -> list[tuple[str, str]]:
    return [(row["local_id"], row["state"]) for row in answer(command(directory, "queue", "list", "--json"))]


def test_a_refused_order_is_mended_and_sent(refused: Path, cloud: SimulatedCloud) -> None:
    mended = order("A1", table_number="B-02")
    done = command(refused, "queue", "edit", "order/A1", given=json.dumps(mended))
    assert (done.returncode, done.stdout.strip()) == (0, "Stored, and it goes again now.")
    assert command(refused, "sync").returncode == 0
    there = cloud.call(lambda c: c.records[("order", "A1")])
    assert (there.data["table_number"], there.version) == ("B-02", 2)
    shown = answer(command(refused, "queue", "show", "order/A1", "--json"))
    assert (shown["state"], [deed["what"] for deed in shown["history"]]) == ("sent", ["edited"])


def test_a_refused_order_is_discarded_with_a_reason_and_can_come_back(refused: Path, cloud: SimulatedCloud) -> None:
    command(refused, "enqueue", "transaction", given=json.dumps(transaction("T1", "A1")))
    assert ("T1", "blocked") in states(refused)
    done = command(refused, "queue", "discard", "order/A1", "--reason", "entered twice", language="id")
    assert done.stdout.strip() == "Tidak dikirim. Tetap tersimpan di Riwayat, beserta alasannya."
    assert states(refused) == [("T1", "ready")]
    shown = answer(command(refused, "queue", "show", "order/A1", "--json"))
    assert (shown["state"], shown["history"][0]["why"]) == ("discarded", "entered twice")
    assert command(refused, "sync").returncode == 0
    assert command(refused, "queue", "retry", "order/A1").returncode == 0
    assert command(refused, "sync").returncode == 0
    assert cloud.call(lambda c: ("order", "A1") in c.records)


def test_all_that_was_refused_goes_again(refused: Path) -> None:
    assert answer(command(refused, "queue", "retry", "--all", "--json")) == {"success": True}
    assert answer(command(refused, "sync", "--json"))["pending"] == 0


def test_what_was_sent_goes_again_when_headquarters_lost_it(refused: Path, cloud: SimulatedCloud) -> None:
    command(refused, "queue", "retry", "--all")
    command(refused, "sync")
    cloud.call(lambda c: c.records.clear())
    command(refused, "queue", "retry", "order/A1")
    command(refused, "sync")
    assert cloud.call(lambda c: c.records[("order", "A1")].version) == 2


@pytest.mark.parametrize(
    ("words", "given", "sentence"),
    [
        (("queue", "retry", "order/none"), "", "Nothing called “order/none” is queued."),
        (("queue", "discard", "order/A1", "--reason", " "), "", "A reason is missing."),
        (("queue", "edit", "order/A1"), "{", "This is no JSON"),
        (("queue", "edit", "order/A1"), json.dumps(order("A2")), "The number can't change: A2 is not A1."),
        (("queue", "edit", "order/A1"), json.dumps(order("A1", total_amount=1.5)), "money is whole rupiah"),
        (("questions", "answer", "7", "retry"), "", "There is no open question 7."),
        (("questions", "answer", "7", "maybe"), "", "“maybe” is no answer here. Choose one of: retry, give_up"),
    ],
)
def test_a_decision_that_can_not_be_is_refused_with_a_sentence(
    refused: Path, words: tuple[str, ...], given: str, sentence: str
) -> None:
    done = command(refused, *words, given=given)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr
    assert states(refused) == [("A1", "dead")]


def test_a_service_beside_it_sends_at_once_what_a_person_lets_go(refused: Path, cloud: SimulatedCloud) -> None:
    with running_service(refused) as watched:
        watched.until(lambda status: status.dead == 1)
        command(refused, "queue", "retry", "order/A1")
        watched.until(lambda status: status.dead == 0 and status.pending.total == 0 and status.sent_today == 1)
    assert cloud.call(lambda c: ("order", "A1") in c.records)


@pytest.fixture
def out(directory: Path, cloud: SimulatedCloud) -> Iterator["subprocess.Popen[bytes]"]:
    """A service whose request with an order is on its way."""
    command(directory, "enqueue", "order", given=json.dumps(order("A1")))
    cloud.set_fault("orders", Fault(latency_s=30))
    process = subprocess.Popen([*program(), "run"], env=environment(directory), stderr=subprocess.DEVNULL)
    while states(directory) != [("A1", "sending")]:  # each question is a process of its own, so nothing spins
        assert process.poll() is None
    yield process
    process.kill()
    process.wait(5)


@pytest.mark.parametrize(("word", "more", "left"), [("discard", ("--reason", "twice"), []), ("retry", (), ["ready"])])
def test_what_was_out_when_the_service_was_killed_can_be_decided_over(
    directory: Path, out: "subprocess.Popen[bytes]", word: str, more: tuple[str, ...], left: list[str]
) -> None:
    assert command(directory, "queue", word, "order/A1", *more).returncode == 2
    out.kill()
    out.wait(5)
    assert command(directory, "queue", word, "order/A1", *more).returncode == 0
    assert [state for _, state in states(directory)] == left


def test_what_was_out_when_the_service_was_killed_is_shown_as_waiting(
    directory: Path, out: "subprocess.Popen[bytes]"
) -> None:
    out.kill()
    out.wait(5)
    assert states(directory) == [("A1", "ready")]
    assert "Sent when Outlet Sync runs." in command(directory, "queue", "list").stdout


def test_a_type_that_headquarters_does_not_take_waits_as_a_type_and_says_so(
    directory: Path, cloud: SimulatedCloud
) -> None:
    cloud.call(lambda c: c.rejects.update({"cashier_shift/*": "unknown entity type"}))
    shifts = "\n".join(json.dumps({"local_id": f"S{n}"}) for n in range(31))
    command(directory, "enqueue", "cashier_shift", given=shifts)
    assert command(directory, "sync", "--all").returncode == 0
    shown = answer(command(directory, "status", "--json"))
    assert (shown["dead"], shown["pending"]["total"]) == (0, 31)
    (wait,) = shown["waits"]
    assert (wait["code"], wait["name"], wait["n"]) == ("R-TYPE", "cashier_shift", 31)
    said = command(directory, "status", language="id").stdout
    assert "Pusat belum menerima shift kasir; 31 data menunggu. Kata pusat: “unknown entity type”" in said


def test_a_question_is_listed_and_answered(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.call(lambda c: c.rejects.update({"order/*": "outlet is closed"}))
    for n in range(3):  # one by one: three lone refusals
        command(directory, "enqueue", "order", given=json.dumps(order(f"A{n}")))
        command(directory, "sync")
    assert {state for _, state in states(directory)} == {"retry"}
    assert answer(command(directory, "questions", "list", "--json")) == []
    command(directory, "sync", "--all")  # the probe is refused, too
    (question,) = answer(command(directory, "questions", "list", "--json"))
    assert (question["kind"], question["choices"]) == ("refused_alike", ["retry", "give_up"])
    assert "outlet is closed" in command(directory, "questions", "list").stdout
    assert answer(command(directory, "status", "--json"))["state"] == "attention"
    command(directory, "questions", "answer", str(question["id"]), "give_up")
    assert {state for _, state in states(directory)} == {"dead"}
    assert command(directory, "questions", "list").stdout.strip() == "Nothing is asked."


# -- doctor


def said(directory: Path, language: str, *words: str) -> list[str]:
    return command(directory, *words, language=language).stdout.splitlines()


def test_while_headquarters_is_silent_status_and_the_list_say_so_and_when_it_is_tried_again(
    tmp_path: Path, cloud: SimulatedCloud
) -> None:
    directory = configure(tmp_path / "data", cloud.url, timezone="Asia/Makassar")
    cloud.set_fault("*", Fault(status=503))
    command(directory, "enqueue", "order", given=json.dumps(order("A1")))
    with running_service(directory) as watched:
        # A later try is told with its time; the first ones come within a second or two.
        watched.until(lambda status: status.state is State.OFFLINE)
        for language, silent, again in (
            ("id", "Pusat belum menjawab sejak ", "(Dicoba lagi pukul .* WITA|Sebentar lagi dicoba lagi)"),
            ("en", "Headquarters silent since ", "(Tried again at .* WITA|Tried again any moment)"),
        ):
            lines = said(directory, language, "status")
            assert re.fullmatch(silent + r"\d\d[.:]\d\d", lines[0])
            assert any(line.endswith("(N-CLOUD)") for line in lines)
            (row,) = said(directory, language, "queue", "list")
            assert re.search(re.escape(silent) + r"\d\d[.:]\d\d\. " + again + r"\.$", row), row


@pytest.mark.parametrize(
    ("language", "stopped", "where", "row_ends"),
    [
        (
            "id",
            "Program tidak berjalan. Belum ada yang dikirim sampai dijalankan: outlet-sync-gui",
            "Yang ditolak dan alasannya: queue list --state dead",
            f"Isi pesanan tidak diterima pusat. Kata pusat: “{WORDS}”",
        ),
        (
            "en",
            "The service does not run. Nothing is sent until it does: outlet-sync-gui",
            "What was refused, and why: queue list --state dead",
            f"Headquarters does not accept this order. Headquarters says: “{WORDS}”",
        ),
    ],
)
def test_without_a_service_status_promises_nothing_and_tells_what_to_do(
    refused: Path, language: str, stopped: str, where: str, row_ends: str
) -> None:
    lines = said(refused, language, "status")
    assert {stopped, where} <= set(lines)
    (row,) = said(refused, language, "queue", "list", "--state", "dead")
    assert row.endswith(row_ends)
    command(refused, "queue", "retry", "--all")
    assert not any("otomatis" in line or "by itself" in line for line in said(refused, language, "status"))


@pytest.mark.parametrize(
    ("language", "never", "long_ago"),
    [
        ("id", "Belum pernah tersambung ke pusat", "Sudah lama tidak tersambung ke pusat"),
        ("en", "Not connected to headquarters yet", "Out of touch with headquarters"),
    ],
)
def test_without_a_service_nobody_gets_news(directory: Path, language: str, never: str, long_ago: str) -> None:
    lines = said(directory, language, "status")
    assert lines[0] == never
    assert lines[1].endswith(": outlet-sync-gui")  # that it does not run, and how to start it
    command(directory, "sync")
    with sqlite3.connect(directory / "outlet-sync.db") as database:
        database.execute("UPDATE outlet SET last_success_at = last_success_at - 86400000")
    database.close()
    assert said(directory, language, "status")[0] == long_ago


def test_a_wait_that_headquarters_asks_for_is_said_once(directory: Path, cloud: SimulatedCloud) -> None:
    command(directory, "enqueue", "order", given=json.dumps(order("A1")))
    cloud.set_fault("*", Fault(status=429, retry_after=60))
    with running_service(directory) as watched:
        watched.until(lambda status: status.trouble is not None)
        (line,) = [line for line in said(directory, "en", "status") if "asks to wait" in line]
    assert re.fullmatch(r"Headquarters asks to wait \d+ s\. It goes on by itself\. \(N-RATE\)", line)


def test_one_endpoint_that_is_shut_is_told_as_such(directory: Path, cloud: SimulatedCloud) -> None:
    command(directory, "enqueue", "order", given=json.dumps(order("A1")))
    cloud.set_fault("updates", Fault(status=403))
    command(directory, "sync")
    lines = said(directory, "en", "status")
    assert lines[:2] == ["Headquarters closes one way in", "Sales take the other ways. Call headquarters."]
    failed = (
        "✗ Outlet enabled: headquarters closes one way in. Sales take the other ways. Call headquarters. (N-OUTLET)"
    )
    assert failed in said(directory, "en", "doctor")


def checks(directory: Path, **more: str) -> dict[str, str]:
    done = command(directory, "doctor", "--json", env=environment(directory, **more))
    return {check["check"]: check["result"] for check in json.loads(done.stdout)}


def test_a_healthy_outlet_passes_every_check(directory: Path) -> None:
    secrets = {"OUTLET_SYNC_INTAKE_TOKEN": "of-the-till", "OUTLET_SYNC_WEBHOOK_SECRET": "secret-of-headquarters"}
    done = command(directory, "doctor", language="id", env=environment(directory, **secrets))
    lines = done.stdout.splitlines()
    assert (done.returncode, {line[0] for line in lines}) == (0, {"✓", "–"})
    assert len([line for line in lines if line[0] == "–"]) == 3  # no tray, no autostart, and nobody can read back here
    assert "✓ Pusat menjawab" in done.stdout


@pytest.mark.parametrize(
    ("fault", "code", "failed"),
    [
        (Fault(status=503), 4, "N-CLOUD"),
        (Fault(html=True), 4, "N-PORTAL"),
        (Fault(status=401), 5, "N-KEY"),
        (Fault(status=403), 5, "N-OUTLET"),
        (Fault(status=429, retry_after=30), 4, "N-RATE"),
    ],
)
def test_the_rung_that_fails_is_named_and_the_rest_is_unchecked(
    directory: Path, cloud: SimulatedCloud, fault: Fault, code: int, failed: str
) -> None:
    cloud.set_fault("*", fault)
    done = command(directory, "doctor")
    assert done.returncode == code
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("✗")]
    assert line.endswith(f"({failed})")


def test_the_running_service_is_asked_and_sends_nothing_twice(directory: Path, cloud: SimulatedCloud) -> None:
    with running_service(directory) as watched:
        watched.until(lambda status: status.last_success_at is not None)
        found = checks(directory)
        assert (found.pop("webhook"), found.pop("intake")) == ("off", "off")  # neither secret nor token here
        assert (found.pop("tray"), found.pop("autostart"), found.pop("readings")) == ("off", "off", "off")
        assert set(found.values()) == {"passed"}
        assert found["N-RATE"] == "passed"


def test_without_set_up_it_says_what_is_missing(tmp_path: Path) -> None:
    done = command(tmp_path, "doctor")
    assert done.returncode == 2
    assert "outlet_id, outlet_code, cloud_url" in done.stdout


def test_a_missing_key_leaves_headquarters_unasked(directory: Path, cloud: SimulatedCloud) -> None:
    env = environment(directory, OUTLET_SYNC_API_KEY="", DBUS_SESSION_BUS_ADDRESS="disabled:")
    done = command(directory, "doctor", "--json", env=env)
    found = {check["check"]: check["result"] for check in json.loads(done.stdout)}
    assert (done.returncode, found["key"], found["N-TLS"], found["N-CLOUD"]) == (5, "failed", "passed", "unchecked")
    assert cloud.call(lambda c: c.summary())["requests"] == {}


def test_a_damaged_database_is_found(directory: Path) -> None:
    command(directory, "enqueue", "order", given="\n".join(json.dumps(order(f"A{n}")) for n in range(200)))
    file = directory / "outlet-sync.db"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    content = bytearray(file.read_bytes())
    content[-4096:] = b"\xff" * 4096
    file.write_bytes(content)
    done = command(directory, "doctor")
    assert done.returncode == 1
    assert "E-DATABASE-DAMAGED" in done.stdout
