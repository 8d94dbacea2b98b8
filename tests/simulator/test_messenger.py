"""Headquarters' webhooks over real sockets: signed, in order, again while nobody answers, and not for ever."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic

import pytest
from tests.builders import OUTLET_ID, START_MS
from tests.simulator.asking import HEADERS, Json, ask, product, push
from tests.simulator.receiver import NO_ANSWER, Till

from outlet_sync_gui.listener import Request, Response
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, Telling

SECRET = "a secret of sixteen and more"
AT_ONCE = (0.01, 0.01)  # two more tries


@contextmanager
def headquarters(
    url: str | None, *, outlet_id: str | None = OUTLET_ID, waits_s: tuple[float, ...] = AT_ONCE
) -> Iterator[SimulatedCloud]:
    cloud = Cloud(now_ms=lambda: START_MS, outlet_id=outlet_id, announces_conflicts=True)
    push(cloud, product("P"), product("Q"))
    with SimulatedCloud(cloud, webhook_url=url, webhook_secret=SECRET, waits_s=waits_s) as running:
        yield running


def announce(running: SimulatedCloud, title: str = "Rapat", telling: Telling = Telling.SIGNED) -> None:
    running.call(lambda cloud: cloud.broadcast(title, "Besok jam 8"), telling=telling)


def is_signed(request: Request) -> bool:
    wanted = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(request.headers["x-cloud-signature"], wanted)


def bodies(till: Till) -> list[Json]:
    return [json.loads(request.body) for request in till.received]


def test_a_webhook_is_posted_signed_to_its_path_for_its_outlet() -> None:
    with Till() as till, headquarters(till.url) as running:
        running.call(lambda cloud: cloud.change_product("P", price=40000))
        [delivery] = running.delivered()
        [request] = till.received
    assert (request.method, request.path) == ("POST", "/api/v1/webhooks/cloud/update")
    named = {name: request.headers[name] for name in ("content-type", "x-outlet-id", "host")}
    assert named == {"content-type": "application/json", "x-outlet-id": OUTLET_ID, "host": till.url[7:]}
    assert is_signed(request)
    assert json.loads(request.body)["data"]["price"] == 40000
    assert (delivery.status, delivery.tries, delivery.is_over) == (200, 1, True)
    assert json.loads(delivery.answer)["message"] == "Update applied successfully"


def test_all_kinds_go_each_to_its_own_path_in_the_order_of_what_was_done() -> None:
    def work(cloud: Cloud) -> None:
        cloud.open_conflict("P", "price", 40000)
        cloud.delete_product("Q")
        cloud.add_category("Minuman")
        cloud.broadcast("Rapat", "Besok")
        cloud.configure(pull_interval_s=60)

    with Till() as till, headquarters(f"{till.url}/") as running:
        running.call(work)
        running.delivered()
        kinds = [request.path.removeprefix("/api/v1/webhooks/cloud/") for request in till.received]
    assert kinds == ["conflict", "delete", "update", "broadcast", "config"]
    assert all(is_signed(request) for request in till.received)


# What the till does, how often it is asked, what is noted in the end.
ANSWERS: list[tuple[list[Response | int], int, int | None]] = [
    ([200], 1, 200),
    ([401], 1, 401),
    ([422], 1, 422),
    ([503, 200], 2, 200),
    ([NO_ANSWER, 200], 2, 200),
    ([500, NO_ANSWER, 403], 3, 403),
    ([503, 503, 503, 200], 3, 503),
    ([NO_ANSWER, NO_ANSWER, NO_ANSWER, 200], 3, None),
]


@pytest.mark.parametrize(("script", "tries", "status"), ANSWERS)
def test_what_is_not_answered_is_told_again_byte_for_byte_so_often_and_no_more(
    script: list[Response | int], tries: int, status: int | None
) -> None:
    with Till(script) as till, headquarters(till.url) as running:
        announce(running)
        [delivery] = running.delivered()
        sent = {(request.body, request.headers["x-cloud-signature"]) for request in till.received}
    assert (delivery.tries, len(till.received), delivery.status, len(sent)) == (tries, tries, status, 1)


def test_a_till_that_is_not_there_is_given_up() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with headquarters(f"http://127.0.0.1:{nobody.getsockname()[1]}") as running:
            announce(running)
            [delivery] = running.delivered()
    assert (delivery.status, delivery.answer, delivery.tries) == (None, "ConnectionRefusedError", 3)


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b""]
)
def test_an_answer_that_is_none_counts_as_none(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(said)

        stranger = threading.Thread(target=answer)
        stranger.start()
        with headquarters(f"http://127.0.0.1:{server.getsockname()[1]}", waits_s=()) as running:
            announce(running)
            [delivery] = running.delivered()
        stranger.join(5)
    assert (delivery.status, delivery.tries, delivery.is_over) == (None, 1, True)


def test_an_endless_answer_is_kept_as_far_as_a_page_has_room() -> None:
    with Till([Response(status=200, body=b"x" * 300_000)]) as till, headquarters(till.url) as running:
        announce(running)
        [delivery] = running.delivered()
    assert (delivery.status, len(delivery.answer)) == (200, 65_536)


def test_one_that_is_refused_holds_up_no_other() -> None:
    def answer(request: Request) -> Response:
        return Response(status=503 if request.path.endswith("update") else 200)

    with Till(otherwise=answer) as till, headquarters(till.url, waits_s=(60.0,)) as running:
        running.call(lambda cloud: cloud.change_product("P", price=40000))
        with pytest.raises(TimeoutError):
            running.delivered(timeout_s=0.01)
        announce(running)
        kinds = [request.path.rpartition("/")[2] for request in till.until(2)]
    assert kinds == ["update", "broadcast"]


def test_many_arrive_in_order_and_each_once() -> None:
    with Till() as till, headquarters(till.url) as running:
        for price in range(30):
            running.call(partial(Cloud.change_product, local_id="P", price=price))
        running.delivered()
    assert [body["version"] for body in bodies(till)] == list(range(2, 32))


def test_nothing_leaves_before_an_outlet_has_called_then_it_goes_to_that_one() -> None:
    with Till() as till, headquarters(till.url, outlet_id=None) as running:
        assert running.call(lambda cloud: cloud.outlet) == OUTLET_ID  # it pushed its menu
        running.call(lambda cloud: setattr(cloud, "_first_caller", None))
        announce(running)
        with pytest.raises(TimeoutError):
            running.delivered(timeout_s=0.05)
        assert till.received == []
        stranger = {**HEADERS, "x-outlet-id": "toko-2"}
        path = "/api/v1/outlets/toko-2/updates?since=2026-01-27T00:00:00Z"
        running.call(lambda cloud: ask(cloud, path, headers=stranger))
        running.delivered()
        assert [request.headers["x-outlet-id"] for request in till.received] == ["toko-2"]


def test_a_conflict_that_a_push_opens_is_told_to_the_till() -> None:
    with Till() as till, headquarters(till.url) as running:
        running.call(lambda cloud: cloud.change_product("P", price=40000), telling=Telling.NONE)
        running.call(lambda cloud: push(cloud, product("P", 2, price=11)))
        running.delivered()
    assert [(body["event"], body["conflict"]["local_value"]) for body in bodies(till)] == [("sync.conflict", 11)]


# -- ways to tell


def test_by_pull_only_nothing_is_posted_and_nothing_later() -> None:
    with Till() as till, headquarters(till.url) as running:
        announce(running, "one", Telling.NONE)
        announce(running, "two")
        running.delivered()
    assert [body["title"] for body in bodies(till)] == ["two"]


def test_a_forged_one_is_whole_but_for_its_signature() -> None:
    with Till([401]) as till, headquarters(till.url) as running:
        announce(running, telling=Telling.FORGED)
        [delivery] = running.delivered()
        [request] = till.received
    assert (is_signed(request), len(request.headers["x-cloud-signature"]), delivery.status) == (False, 64, 401)


@pytest.mark.parametrize("is_forged", [False, True])
def test_a_replay_is_the_last_one_byte_for_byte(is_forged: bool) -> None:
    with Till() as till, headquarters(till.url) as running:
        announce(running, "one")
        announce(running, "two")
        running.replay(is_forged=is_forged)
        running.delivered()
        *_, last, again = till.received
    assert (last.body, is_signed(again)) == (again.body, not is_forged)


@pytest.mark.parametrize("has_address", [True, False])
def test_without_anything_said_there_is_nothing_to_replay(has_address: bool) -> None:
    with Till() as till, headquarters(till.url if has_address else None) as running:
        with pytest.raises(ValueError, match=r"no webhook"):
            running.replay()
        assert running.delivered() == []


def test_what_was_done_before_it_started_is_no_news() -> None:
    cloud = Cloud(now_ms=lambda: START_MS, outlet_id=OUTLET_ID)
    cloud.add_product("P", name="Nasi", price=1)
    with Till() as till, SimulatedCloud(cloud, webhook_url=till.url, webhook_secret=SECRET) as running:
        running.call(lambda _: None)
        assert running.delivered() == []


def test_an_end_does_not_wait_for_a_silent_till() -> None:
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with headquarters(f"http://127.0.0.1:{silent.getsockname()[1]}") as running:
            announce(running)
            silent.accept()[0].close()
            at = monotonic()
        assert monotonic() - at < 1
    assert threading.active_count() == before


@pytest.mark.parametrize("url", ["", "127.0.0.1:8765", "https://127.0.0.1", "ftp://x", "http://", "http://:80"])
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(ValueError, match="no http address"):
        SimulatedCloud(webhook_url=url)
