"""Headquarters by hand: the page in a browser, curl, and the command that starts it all."""

import hashlib
import hmac
import http.client
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from tests.builders import OUTLET_ID, START_MS
from tests.fakes import environment, program
from tests.simulator.asking import HEADERS, OWNER, Json, order, product, push
from tests.simulator.receiver import Till

from outlet_sync_gui.listener import Response
from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud
from outlet_sync_gui.simulator.control import ACTIONS

DESK = "/simulator/headquarters"
TAGS = {
    *("html", "meta", "title", "style", "h1", "h2", "p", "br", "table", "tr", "th", "td"),
    *("form", "input", "select", "option", "button"),
}
ATTRIBUTES = {
    *("lang", "charset", "method", "action", "name", "value", "type", "class"),
    *("placeholder", "aria-label", "autocomplete"),
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HOSTILE = '"><script>alert(1)</script><img src=x onerror="alert(2)">\'&lt;'


def menu() -> Cloud:
    cloud = Cloud(now_ms=lambda: START_MS, outlet_id=OUTLET_ID)
    push(cloud, *(product(f"P{n:02}", stock=5) for n in range(12)), order("A"))
    return cloud


@pytest.fixture
def running() -> Iterator[SimulatedCloud]:
    with Till() as till, SimulatedCloud(menu(), webhook_url=till.url, webhook_secret="s", waits_s=()) as cloud:
        yield cloud


@pytest.fixture
def pull_only() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(menu()) as cloud:
        yield cloud


def send(url: str, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, bytes]:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        connection.request(method, path, body=body, headers={**FORM, **headers})
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def fill_in(cloud: SimulatedCloud, **values: str) -> int:
    return send(cloud.url, "POST", DESK, urlencode(values).encode())[0]


def order_by_json(cloud: SimulatedCloud, value: Json) -> tuple[int, Json]:
    status, _, body = send(cloud.url, "POST", DESK, json.dumps(value).encode())
    answer: Json = json.loads(body)
    return status, answer


def state(cloud: SimulatedCloud) -> Any:
    """All that an order can change, and what was told of it."""
    told = [(each.webhook, each.is_forged, each.status) for each in cloud.delivered()]
    kept = cloud.call(lambda c: (dict(c.records), dict(c.conflicts), dict(c.rejects), c.checkpoint))
    switches = cloud.call(lambda c: (c.announces_conflicts, c.unknown_conflict_status))
    return told, kept, switches, dict(cloud.faults.by_endpoint)


# -- a form and JSON

BOTH: list[tuple[dict[str, str], Json]] = [
    (
        {"action": "change_product", "local_id": "P01", "fields.price": "40000", "fields.name": "Nasi & Mi = 2"},
        {"action": "change_product", "local_id": "P01", "fields": {"price": 40000, "name": "Nasi & Mi = 2"}},
    ),
    (
        {"action": "zero_price", "local_id": "P01"},
        {"action": "change_product", "local_id": "P01", "fields": {"price": 0}},
    ),
    (
        {"action": "change_product", "local_id": "P01", "fields.name": "7", "fields.price": "", "webhook": "none"},
        {"action": "change_product", "local_id": "P01", "fields": {"name": "7"}, "webhook": "none"},
    ),
    (
        {"action": "add_product", "local_id": "N", "fields.name": "Es", "fields.price": "9000", "webhook": "forged"},
        {"action": "add_product", "local_id": "N", "fields": {"name": "Es", "price": 9000}, "webhook": "forged"},
    ),
    ({"action": "delete_product", "local_id": "P01"}, {"action": "delete_product", "local_id": "P01"}),
    ({"action": "delete_products", "n": ""}, {"action": "delete_products", "n": 11}),
    ({"action": "add_category", "name": "Minuman"}, {"action": "add_category", "name": "Minuman"}),
    (
        {"action": "conflict", "local_id": "P01", "field": "price", "value": "40000"},
        {"action": "conflict", "local_id": "P01", "field": "price", "value": 40000},
    ),
    (
        {"action": "conflict", "local_id": "P01", "field": "name", "value": "40000"},
        {"action": "conflict", "local_id": "P01", "field": "name", "value": "40000"},
    ),
    (
        {"action": "broadcast", "title": "Rapat", "message": "Besok", "level": "urgent", "expires_at": ""},
        {"action": "broadcast", "title": "Rapat", "message": "Besok", "level": "urgent"},
    ),
    (
        {
            "action": "config",
            "config.pull_interval_s": "60",
            "config.closing_time": "22:00",
            "config.conflict_policy": "",
        },
        {"action": "config", "config": {"pull_interval_s": 60, "closing_time": "22:00"}},
    ),
    ({"action": "restore", "back_minutes": "90"}, {"action": "restore", "back_minutes": 90}),
    ({"action": "reinstall"}, {"action": "reinstall"}),
    (
        {"action": "fault", "endpoint": "orders", "fault": "429"},
        {"action": "fault", "endpoint": "orders", "fault": "429"},
    ),
    ({"action": "reject", "local_id": "A", "words": "Tidak"}, {"action": "reject", "local_id": "A", "words": "Tidak"}),
    (
        {"action": "switch", "fields.announces_conflicts": "true", "fields.unknown_conflict_status": "500"},
        {"action": "switch", "fields": {"announces_conflicts": True, "unknown_conflict_status": 500}},
    ),
]


@pytest.mark.parametrize(("form", "wanted"), BOTH, ids=[form["action"] for form, _ in BOTH])
def test_a_form_and_json_do_the_same(running: SimulatedCloud, form: dict[str, str], wanted: Json) -> None:
    with Till() as till, SimulatedCloud(menu(), webhook_url=till.url, webhook_secret="s", waits_s=()) as other:
        before = state(other)
        assert fill_in(running, **form) == 303
        assert order_by_json(other, wanted) == (200, {"success": True})
        assert before != state(other)
        assert state(running) == state(other)


def test_after_a_form_the_page_is_shown_again(running: SimulatedCloud) -> None:
    status, headers, body = send(running.url, "POST", DESK, b"action=heal")
    assert (status, headers["location"], body) == (303, "/", b"")


def test_a_replay_by_hand_sends_the_last_one_again(running: SimulatedCloud) -> None:
    fill_in(running, action="broadcast", title="Rapat", message="Besok")
    assert [fill_in(running, action="replay"), fill_in(running, action="replay", webhook="forged")] == [303, 303]
    first, again, forged = running.delivered()
    assert (first.webhook, first.webhook) == (again.webhook, forged.webhook)
    assert [each.is_forged for each in (first, again, forged)] == [False, False, True]


def test_the_line_is_healed_by_hand(running: SimulatedCloud) -> None:
    running.set_fault("*", Fault(status=503))
    fill_in(running, action="reject", local_id="A", words="Tidak")
    fill_in(running, action="heal")
    assert running.call(lambda cloud: (running.faults.by_endpoint, cloud.rejects)) == ({}, {})


NONSENSE: list[tuple[bytes, str]] = [
    (b"", "action: a text"),
    (b"action=explode", "action: one of change_product"),
    (b"action=change_product&local_id=P01", "fields: what to change"),
    (b"action=change_product&local_id=X&fields.price=1", "there is no product X"),
    (b"action=change_product&local_id=P01&fields.price=1.000", "price: a whole number"),
    (b"action=change_product&local_id=P01&fields.local_id=P02", "fields: what to change"),
    (b"action=change_product&local_id=P01&fields=1&fields.price=1", "fields.price: what is it?"),
    (b"action=delete_product", "local_id: a text"),
    (b"action=delete_product&local_id=P01&webhook=maybe", "'maybe' is not a valid Telling"),
    (b"action=delete_products&n=0", "n: a whole number above 0"),
    (b"action=delete_products&n=\xd9\xa3", "n: a whole number above 0"),
    (b"action=delete_products&n=-1", "n: a whole number above 0"),
    (b"action=conflict&local_id=P01&field=price", "value: what headquarters says"),
    (b"action=conflict&local_id=P01&field=colour&value=red", "the till has never told a colour of P01"),
    (b"action=broadcast&title=x", "message: a text"),
    (b"action=config", "config: what to change"),
    (b"action=fault&fault=fire", "fault: one of cut before"),
    (b"action=fault&fault=500&endpoint=tables", "fault: one of cut before"),
    (b"action=switch&fields.is_strict=false", "fields: announces_conflicts"),
    (b"action=switch&fields.announces_conflicts=1", "fields: announces_conflicts"),
    (b"action=replay", "no webhook was sent yet"),
    (b'{"action": 5}', "action: a text"),
    (b'{"action": "config", "config": [1]}', "config: what to change"),
    (b'{"action": ', "Expecting value"),
    (b"{" + b'"a":{' * 100_000, "too deep"),
    (b"\xff", "'utf-8' codec"),
]


@pytest.mark.parametrize(("body", "sentence"), NONSENSE, ids=range(len(NONSENSE)))
def test_what_makes_no_sense_is_told_in_a_sentence_and_changes_nothing(
    running: SimulatedCloud, body: bytes, sentence: str
) -> None:
    before = state(running)
    status, _, said = send(running.url, "POST", DESK, body)
    answer = json.loads(said)
    assert (status, answer["success"], answer["error"]) == (400, False, "bad_request")
    assert answer["message"].startswith(sentence)
    assert state(running) == before


def test_a_replay_without_an_address_is_told_so(pull_only: SimulatedCloud) -> None:
    assert order_by_json(pull_only, {"action": "replay"})[1]["message"] == "there is no webhook address"


def test_the_state_tells_what_the_till_answered(running: SimulatedCloud) -> None:
    fill_in(running, action="delete_product", local_id="P01")
    running.delivered()
    told = json.loads(send(running.url, "GET", "/simulator/state")[2])
    assert [(each["kind"], each["tries"], each["status"]) for each in told["webhooks"]] == [("delete", 1, 200)]
    assert told["conflicts"] == {"open": 0, "resolved": 0}


# -- the page


class Page(HTMLParser):
    """What a browser makes of it: tags, attributes, text, and the forms that can be sent."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.forms: list[tuple[dict[str, str], list[str]]] = []
        self._select = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes |= given.keys()
        if tag == "form":
            assert (given["method"], given["action"]) == ("post", DESK)
            self.forms.append(({}, []))
        elif tag == "input":
            self.forms[-1][0][given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option":
            self.forms[-1][0].setdefault(self._select, given["value"])
        elif tag == "button":
            self.forms[-1][1].append(given["value"])

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page(cloud: SimulatedCloud) -> Page:
    status, headers, body = send(cloud.url, "GET", "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in headers["content-security-policy"]
    return Page(body.decode())


def test_the_page_says_what_arrived_and_what_the_menu_is(running: SimulatedCloud) -> None:
    fill_in(running, action="conflict", local_id="P01", field="price", value="40000")
    running.delivered()
    text = " ".join(page(running).words)
    for words in (OUTLET_ID, '{"product": 12, "order": 1}', "P11", "conflict-1", "40000 (version 2)", "200"):
        assert words in text


def test_without_an_address_the_page_says_that_it_is_by_pull_only(pull_only: SimulatedCloud) -> None:
    assert "No webhook address: the outlet learns of everything by pull only." in page(pull_only).words


def test_every_button_of_the_page_orders_what_the_desk_knows(running: SimulatedCloud) -> None:
    shown = page(running)
    buttons = {action for _, actions in shown.forms for action in actions}
    assert buttons == ACTIONS.keys() - {"switch"}
    blank = {"title": "Rapat", "message": "Besok", "words": "Tidak", "name": "Minuman", "value": "1", "local_id": "P00"}
    more = {"fields.name": "Nasi", "config.pull_interval_s": "60"}
    for fields, actions in shown.forms:
        filled = {name: value or {**blank, **more}.get(name, "") for name, value in fields.items()}
        for action in set(actions) - {"replay"}:
            assert fill_in(running, action=action, **filled) == 303, (action, filled)


def test_hostile_names_stay_text(running: SimulatedCloud) -> None:
    push_by_till(running.url, product(HOSTILE, name=HOSTILE)["data"])
    push_by_till(running.url, {**product(f"{HOSTILE}2")["data"], "price": HOSTILE})
    running.call(lambda cloud: cloud.open_conflict(HOSTILE, "name", HOSTILE * 2))
    running.call(lambda cloud: cloud.broadcast(HOSTILE, "\ud800"))
    running.call(lambda cloud: cloud.rejects.update({HOSTILE: HOSTILE}))
    running.delivered()
    shown = page(running)
    assert shown.tags <= TAGS
    assert shown.attributes <= ATTRIBUTES
    assert HOSTILE in shown.words
    assert HOSTILE in {fields.get("local_id") for fields, _ in shown.forms}


def test_what_a_till_answers_stays_text_and_short() -> None:
    def answer(_: object) -> Response:
        return Response(status=400, body=HOSTILE.encode() * 100 + b"\xff")

    with Till(otherwise=answer) as till, SimulatedCloud(menu(), webhook_url=till.url) as running:
        fill_in(running, action="broadcast", title="Rapat", message="Besok")
        running.delivered()
        shown = page(running)
    [words] = [words for words in shown.words if words.startswith("400")]
    assert HOSTILE in words
    assert len(words) < 400
    assert "script" not in shown.tags


def test_a_long_menu_is_cut_and_says_so(pull_only: SimulatedCloud) -> None:
    for n in range(300):
        pull_only.call(partial(Cloud.add_product, local_id=f"N{n}", name="x", price=1))
    shown = page(pull_only)
    assert "And 112 more." in shown.words
    assert sum(actions == ["conflict"] for _, actions in shown.forms) == 200


# -- the command


def push_by_till(url: str, data: Json) -> Json:
    headers = {name.title(): value for name, value in HEADERS.items()}
    path = f"/api/v1/outlets/{OUTLET_ID}/products"
    answer: Json = json.loads(send(url, "POST", path, json.dumps(data).encode(), **headers)[2])
    return answer


@pytest.fixture
def till() -> Iterator[Till]:
    with Till() as listening:
        yield listening


def start(tmp_path: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    env = environment(tmp_path, PYTHONUNBUFFERED="1", **more)
    command = [*program(), "--language", "en", "simulate-cloud", *words]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, encoding="utf-8")


def said(process: subprocess.Popen[str], n: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(n)]


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert process.stdout is not None
    process.stdout.close()


def test_the_command_makes_up_a_secret_tells_how_to_connect_and_plays_headquarters(till: Till, tmp_path: Path) -> None:
    process = start(tmp_path, "--webhook-url", till.url)
    try:
        lines = said(process, 6)
        url = lines[0].split()[3].rstrip(".")
        secret = lines[4].rpartition(" ")[2]
        assert lines[2:4] == [
            f"  outlet-sync-gui config set cloud_url {url}",
            "  outlet-sync-gui secret set webhook-secret",
        ]
        assert (len(secret), lines[5]) == (32, f"Webhooks go to {till.url}.")
        assert push_by_till(url, product("P")["data"])["success"]
        change = {"action": "change_product", "local_id": "P", "fields.price": "40000"}
        assert send(url, "POST", DESK, urlencode(change).encode())[0] == 303
        assert not push_by_till(url, product("P", 2, price=11)["data"])["success"]
        update, conflict = till.until(2)
        for request in (update, conflict):
            wanted = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
            assert request.headers["x-cloud-signature"] == wanted
            assert request.headers["x-outlet-id"] == OWNER["outlet_id"]
        assert json.loads(update.body)["data"]["price"] == 40000
        assert json.loads(conflict.body)["conflict"]["local_value"] == 11
    finally:
        end(process)


def test_a_secret_that_is_given_is_used_and_not_shown(till: Till, tmp_path: Path) -> None:
    secret = "from the environment"
    process = start(tmp_path, "--webhook-url", till.url, OUTLET_SYNC_WEBHOOK_SECRET=secret)
    try:
        lines = said(process, 5)
        assert secret not in "".join(lines)
        url = lines[0].split()[3].rstrip(".")
        push_by_till(url, product("P")["data"])
        send(url, "POST", DESK, b"action=delete_product&local_id=P")
        [request] = till.until(1)
        wanted = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
        assert request.headers["x-cloud-signature"] == wanted
    finally:
        end(process)


def test_the_command_without_an_address_says_that_nothing_is_sent(tmp_path: Path) -> None:
    process = start(tmp_path, "--webhook-url", "")
    try:
        assert said(process, 4)[3] == "It sends no webhooks: the outlet learns of everything when it asks."
    finally:
        end(process)


@pytest.mark.parametrize("url", ["https://127.0.0.1:8765", "127.0.0.1:8765", "http://[", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_bad_usage(tmp_path: Path, url: str) -> None:
    done = subprocess.run(
        [*program(), "simulate-cloud", "--webhook-url", url],
        env=environment(tmp_path),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, f"{url} is no http address" in done.stderr.decode()) == (2, True)
