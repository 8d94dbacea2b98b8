"""The service in its thread, with real sockets: what it shows, and that nothing which hangs holds it."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID, order, read
from tests.fakes import KEY, configure, no_key, read_key, running_service

from outlet_sync_gui import channel, settings
from outlet_sync_gui.errors import AlreadyRunning, CredentialsMissing, StoreFailed
from outlet_sync_gui.lock import Lock
from outlet_sync_gui.service import PUBLISH_EVERY_S, SHOW_SYNCING_AFTER_S, Service
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.status import Deciding, State, Status
from outlet_sync_gui.store import open_store
from outlet_sync_gui.store.database import FILE_NAME
from outlet_sync_gui.sync.commands import KeyChanged, Pause, Resume, Retry, SyncNow
from outlet_sync_gui.sync.engine import COUNT_FROM
from outlet_sync_gui.sync.person import MANY
from outlet_sync_gui.sync.records import accept


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, outlet_id=OUTLET_ID)) as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path, cloud: SimulatedCloud) -> Path:
    return configure(tmp_path, cloud.url)


def enqueue(directory: Path, *local_ids: str) -> None:
    store = open_store(directory, OUTLET_ID)
    accept(store, [read("order", order(local_id)) for local_id in local_ids], now_ms=wall_ms())
    store.close()


def refuse(directory: Path, *, n: int) -> None:
    """So many orders that headquarters refused."""
    enqueue(directory, *(f"A{k}" for k in range(n)))
    store = open_store(directory, OUTLET_ID)
    with store.write():
        store._db.execute("UPDATE outbox SET state = 4, error_code = 'R-DATA', error_text = 'Table unknown'")
    store.close()


def is_idle(status: Status) -> bool:
    return status.state is State.IDLE


def is_offline(status: Status) -> bool:
    return status.state is State.OFFLINE


def test_what_waits_is_sent_at_the_start(directory: Path, cloud: SimulatedCloud) -> None:
    enqueue(directory, "A1")
    with running_service(directory) as watched:
        status = watched.until(is_idle)
    assert (status.sent_today, status.is_running) == (1, True)
    assert cloud.call(lambda c: [arrival.local_id for arrival in c.journal]) == ["A1"]


def test_it_is_never_green_while_something_is_unsent(directory: Path) -> None:
    shown: list[Status] = []
    enqueue(directory, *(f"A{n}" for n in range(600)))
    service = Service(directory, on_status=shown.append, read_key=read_key)
    assert service.run_cycle(all_lanes=True, timeout_s=20).sent == 600
    assert not [status for status in shown if status.state is State.IDLE and status.pending.total]


def test_many_requests_show_no_more_than_people_can_read(directory: Path, cloud: SimulatedCloud) -> None:
    shown: list[Status] = []
    configure(directory, cloud.url, batch_max_items=2)
    cloud.set_fault("*", Fault(latency_s=0.08))
    enqueue(directory, *(f"A{n}" for n in range(50)))
    service = Service(directory, on_status=shown.append, read_key=read_key)
    started = time.monotonic()
    assert service.run_cycle(all_lanes=True, timeout_s=30).sent == 50
    took = time.monotonic() - started
    assert took > 2 * SHOW_SYNCING_AFTER_S  # else it would say nothing about requests that are over
    assert 1 < len(shown) <= took / PUBLISH_EVERY_S + 1


def test_a_poke_sends_what_another_process_queued(directory: Path, cloud: SimulatedCloud) -> None:
    with running_service(directory) as watched:
        watched.until(is_idle)
        enqueue(directory, "A1")
        channel.ask(directory, {"do": "wake"})
        assert watched.until(lambda status: status.sent_today == 1).state is State.IDLE
    assert cloud.call(lambda c: len(c.journal)) == 1


def test_an_outage_shows_and_heals_by_itself(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.set_fault("*", Fault(status=503))
    enqueue(directory, "A1")
    with running_service(directory) as watched:
        status = watched.until(is_offline)
        assert (status.pending.total, status.trouble.code if status.trouble else "") == (1, "N-CLOUD")
        cloud.clear_faults()
        watched.service.post(SyncNow())
        assert watched.until(is_idle).sent_today == 1


def test_pause_holds_and_resume_sends(directory: Path, cloud: SimulatedCloud) -> None:
    with running_service(directory) as watched:
        watched.until(is_idle)
        watched.service.post(Pause())
        watched.until(lambda status: status.state is State.PAUSED)
        enqueue(directory, "A1")
        channel.ask(directory, {"do": "wake"})
        watched.until(lambda status: status.state is State.PAUSED and status.pending.total == 1)
        watched.service.post(Resume())
        watched.until(is_idle)
    assert cloud.call(lambda c: len(c.journal)) == 1


@pytest.mark.parametrize("fault", [Fault(latency_s=60), Fault(latency_s=60, drop_before=True)])
def test_it_ends_within_two_seconds_with_a_request_out(directory: Path, cloud: SimulatedCloud, fault: Fault) -> None:
    cloud.set_fault("*", fault)
    enqueue(directory, "A1")
    with running_service(directory) as watched:
        watched.until(lambda status: status.pending.total == 1)  # and `running_service` sees to the end


def test_it_ends_within_two_seconds_while_the_keyring_hangs(directory: Path) -> None:
    async def hangs(_: Settings) -> str:
        await asyncio.Event().wait()
        return ""

    with running_service(directory, read_key=hangs):
        assert channel.ask(directory, {"do": "status"}) is not None  # it answers all the while


def test_a_look_up_that_hangs_does_not_hold_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: never.wait())  # the machine's edge, not our code
    configure(tmp_path, "https://cloud.example")
    with running_service(tmp_path) as watched:
        watched.until(lambda status: status.state is State.SYNCING)
    never.set()


def test_a_stop_before_the_start_is_heeded(directory: Path) -> None:
    service = Service(directory, read_key=read_key)
    service.stop()
    service.run()


def test_without_settings_it_waits_to_be_set_up(tmp_path: Path, cloud: SimulatedCloud) -> None:
    with running_service(tmp_path) as watched:
        shown = channel.ask(tmp_path, {"do": "status"})
        assert shown is not None
        assert (shown["state"], shown["missing"]) == ("setup", ["outlet_id", "outlet_code", "cloud_url"])
        configure(tmp_path, cloud.url)
        channel.ask(tmp_path, {"do": "settings"})
        watched.until(is_idle)


def test_without_a_key_it_is_not_set_up_and_goes_on_when_there_is_one(directory: Path) -> None:
    keys = iter([no_key, read_key])
    current = [next(keys)]

    async def key(chosen: Settings) -> str:
        return await current[0](chosen)

    enqueue(directory, "A1")
    with running_service(directory, read_key=key) as watched:
        status = watched.until(lambda status: status.state is State.SETUP)
        assert (status.missing, status.pending.total) == (("api-key",), 1)
        current[0] = next(keys)
        watched.service.post(KeyChanged())
        watched.until(is_idle)


def test_a_locked_keyring_needs_a_person_and_keeps_everything(directory: Path) -> None:
    async def locked(_: Settings) -> str:
        raise CredentialsMissing("keyring_locked")

    enqueue(directory, "A1")
    with running_service(directory, read_key=locked) as watched:
        status = watched.until(lambda status: status.state is State.ATTENTION)
        assert (status.trouble.code if status.trouble else "", status.pending.total) == ("keyring_locked", 1)


def test_a_decision_over_many_records_lets_others_between_and_does_not_hold_the_end(directory: Path) -> None:
    gates = [threading.Event() for _ in range(3)]
    waiting = iter(gates)

    async def key(chosen: Settings) -> str:
        """Each time it is asked for is a moment between two parts."""
        await asyncio.to_thread(next(waiting).wait)
        return await no_key(chosen)

    refuse(directory, n=3 * MANY + 1)
    with running_service(directory, read_key=key) as watched:
        watched.service.post(Retry(who="Rina"))
        watched.service.post(KeyChanged())  # it is asked for after the first two parts
        gates[0].set()
        status = watched.until(lambda status: status.deciding)
        assert status.deciding == Deciding(is_retry=True, done=2 * MANY, n=3 * MANY + 1)
        watched.service.post(Pause())
        watched.service.post(KeyChanged())
        gates[1].set()
        watched.until(lambda status: status.deciding.done == 3 * MANY)
    store = open_store(directory, OUTLET_ID)
    assert (store.outlet.counts().dead, store.outlet.read().is_paused) == (1, True)
    store.close()
    gates[2].set()


def test_a_key_that_was_replaced_is_read_again_on_the_first_401(directory: Path, cloud: SimulatedCloud) -> None:
    keys = iter(["old-key", KEY])

    async def key(_: Settings) -> str:
        return next(keys)

    enqueue(directory, "A1")
    with running_service(directory, read_key=key) as watched:
        assert watched.until(is_idle).sent_today == 1
    assert cloud.call(lambda c: c.requests["updates"]) == 2


def test_a_refused_key_stops_everything_and_says_so(directory: Path, cloud: SimulatedCloud) -> None:
    async def wrong(_: Settings) -> str:
        return "wrong"

    with running_service(directory, read_key=wrong) as watched:
        status = watched.until(lambda status: status.state is State.ATTENTION)
        assert status.trouble is not None
        assert status.trouble.code == "N-KEY"
    assert cloud.call(lambda c: sum(c.requests.values())) == 2


def test_a_bug_shows_and_the_service_starts_again(directory: Path, cloud: SimulatedCloud) -> None:
    tries: list[int] = []

    async def key(_: Settings) -> str:
        tries.append(1)
        if len(tries) < 3:
            raise ZeroDivisionError("a bug")
        return KEY

    enqueue(directory, "A1")
    shown: list[State] = []
    service = Service(directory, on_status=lambda status: shown.append(status.state), read_key=key, revive_s=0)
    thread = threading.Thread(target=service.run)
    thread.start()
    while cloud.call(lambda c: not c.journal):
        assert thread.is_alive()
    service.stop()
    thread.join(2)
    assert not thread.is_alive()
    assert shown.count(State.ERROR) == 2


def test_a_bug_that_comes_back_ends_it_after_three_new_starts(directory: Path) -> None:
    tries: list[int] = []

    async def bug(_: Settings) -> str:
        tries.append(1)
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        Service(directory, read_key=bug, revive_s=0).run()
    assert len(tries) == 4


def test_only_one_service_holds_a_data_directory(directory: Path) -> None:
    with running_service(directory) as watched:
        watched.until(is_idle)
        with pytest.raises(AlreadyRunning):
            Service(directory, read_key=read_key).run()


def test_the_lock_is_free_after_the_end(directory: Path) -> None:
    with running_service(directory):
        pass
    with Lock(directory):
        pass


def test_a_service_that_is_just_ending_is_waited_for(directory: Path) -> None:
    ending = Lock(directory)
    ending.__enter__()
    threading.Timer(0.2, ending.__exit__).start()
    with Lock(directory):
        pass


def test_a_database_that_is_none_is_told_before_anything_is_sent(directory: Path, cloud: SimulatedCloud) -> None:
    (directory / FILE_NAME).write_bytes(b"no database" * 1000)
    with pytest.raises(StoreFailed):
        Service(directory, read_key=read_key).run()
    assert cloud.call(lambda c: sum(c.requests.values())) == 0


def test_a_cycle_beside_a_running_service_tells_its_failure(directory: Path) -> None:
    with running_service(directory, read_key=no_key) as watched:
        watched.until(lambda status: status.state is State.SETUP)
        answer = channel.ask(directory, {"do": "sync", "all": True})
        assert answer is not None
        assert (answer["error"], answer["code"]) == ("CredentialsMissing", "secret_missing")


def test_an_old_window_is_raised_by_a_second_start(directory: Path) -> None:
    shown: list[bool] = []
    with running_service(directory, on_show=lambda: shown.append(True)):
        assert channel.ask(directory, {"do": "show"}) == {"shown": True}
    assert shown == [True]


def test_a_service_without_a_window_says_so(directory: Path) -> None:
    with running_service(directory):
        assert channel.ask(directory, {"do": "show"}) == {"shown": False}


def test_settings_that_are_broken_while_it_runs_do_not_end_it(directory: Path) -> None:
    with running_service(directory) as watched:
        watched.until(is_idle)
        good = settings.settings_file(directory).read_text()
        settings.settings_file(directory).write_text("nonsense = [")
        channel.ask(directory, {"do": "settings"})
        watched.until(lambda status: status.state is not State.IDLE)
        settings.settings_file(directory).write_text(good)
        channel.ask(directory, {"do": "settings"})
        watched.until(is_idle)


def test_what_many_sales_come_to_is_counted_while_nothing_is_to_be_sent(directory: Path) -> None:
    enqueue(directory, "first")
    with running_service(directory) as watched:
        watched.until(is_idle)
        enqueue(directory, *(f"A{n}" for n in range(COUNT_FROM)))
        channel.ask(directory, {"do": "sync", "all": False})  # answered at the next rest
    store = open_store(directory, OUTLET_ID)
    assert store.sales.due(1) == []
    store.close()
