"""R10: whatever headquarters delivers again, and whenever the program is killed, each letter has exactly one effect.

Its first answer is told again byte for byte, by whatever way the repeat comes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import pytest
from tests.builders import OUTLET_ID
from tests.fakes import configure, running_service
from tests.faults.replays import NOWHERE, SECRET, SEQUELS, Answer, Letter, effects, post, sequel, signed

from outlet_sync_gui import channel, settings, webhook
from outlet_sync_gui.contract.webhooks import Kind, read_letter
from outlet_sync_gui.credentials import WebhookSecret
from outlet_sync_gui.doors import Secrets
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.simulator import wall_ms
from outlet_sync_gui.store.messages import Messages
from outlet_sync_gui.webhook.signature import is_signed

OTHER_ID, OTHER_SECRET = "550e8400-e29b-41d4-a716-446655440001", "another-secret-of-theirs"
EVERY = {what: sequel(what, 1) for what in SEQUELS}  # of each kind one, behind what makes room for it
MEANT = {what: letters[-1] for what, letters in EVERY.items()}
Told = dict[str, Answer]
Headers = Mapping[str, str] | None  # in the place of those that are right
FOR_OTHER = {"X-Outlet-ID": OTHER_ID}


def effects_of(*letters: Letter) -> Counter[str]:
    return Counter(letter.effect for letter in letters)


ROOM = effects_of(*(letter for letters in EVERY.values() for letter in letters[:-1]))
ONCE = ROOM + effects_of(*MEANT.values())  # one of each


class Outlet:
    """A data directory, and the service over it, with secrets that can be replaced."""

    def __init__(self, folder: Path, outlet_id: str = OUTLET_ID) -> None:
        self.directory = configure(folder, NOWHERE, outlet_id=outlet_id, intake_enabled=False)
        self.secrets: tuple[WebhookSecret, ...] = (WebhookSecret(SECRET),)

    @contextmanager
    def open(self) -> Iterator["Line"]:
        """While the service runs."""

        async def webhooks(_: Settings) -> tuple[WebhookSecret, ...]:
            return self.secrets

        async def token(_: Settings) -> str:
            return ""

        with running_service(self.directory, door_secrets=Secrets(webhooks=webhooks, token=token)) as watched:
            status = watched.until(lambda status: bool(status.webhook_url))
            yield Line(urlsplit(str(status.webhook_url)).port or 0)

    @property
    def effects(self) -> Counter[str]:
        return effects(self.directory)


class Line:
    """To a service that runs, for one outlet."""

    def __init__(self, port: int) -> None:
        self._port = port

    def tell(self, letter: Letter, headers: Headers = None, *, kind: Kind | None = None) -> Answer:
        """Deliver it, again while the service is busy (with other settings)."""
        while (answer := post(self._port, letter, kind=kind, headers=headers)).status == 503:
            pass
        return answer

    def make_room(self, headers: Headers = None) -> None:
        """What the letters that are meant build on."""
        for letters in EVERY.values():
            assert [self.tell(each, headers).message for each in letters[:-1]] == [each.says for each in letters[:-1]]

    def tell_all(self, headers: Headers = None) -> Told:
        """Each letter that is meant."""
        return {what: self.tell(letter, headers) for what, letter in MEANT.items()}

    def tell_first(self, headers: Headers = None) -> Told:
        """The same, and each must be news."""
        self.make_room(headers)
        told = self.tell_all(headers)
        assert {what: answer.message for what, answer in told.items()} == {
            what: letter.says for what, letter in MEANT.items()
        }
        return told


@pytest.fixture
def outlet(tmp_path: Path) -> Outlet:
    return Outlet(tmp_path / "data")


# -- the same body again


def test_the_same_again_gets_the_first_answer_and_does_nothing(outlet: Outlet) -> None:
    with outlet.open() as line:
        told = line.tell_first()
        assert outlet.effects == ONCE
        assert [line.tell_all() for _ in range(3)] == [told] * 3
    assert outlet.effects == ONCE


def test_the_same_after_a_restart_gets_the_first_answer_and_does_nothing(outlet: Outlet) -> None:
    with outlet.open() as line:
        told = line.tell_first()
    for _ in range(2):
        with outlet.open() as line:
            assert line.tell_all() == told
    assert outlet.effects == ONCE


def test_the_same_many_times_at_once_has_one_effect(outlet: Outlet) -> None:
    with outlet.open() as line, ThreadPoolExecutor(16) as pool:
        line.make_room()
        answers = {what: {*pool.map(line.tell, [letter] * 48)} for what, letter in MEANT.items()}
        assert {what: len(different) for what, different in answers.items()} == dict.fromkeys(MEANT, 1)
        assert line.tell_all() == {what: answer for what, (answer,) in answers.items()}
    assert outlet.effects == ONCE


# -- at another path


def without_event(letter: Letter) -> Letter:
    """A headquarters that says less than the contract shows."""
    body = {name: value for name, value in json.loads(letter.body).items() if name != "event"}
    return replace(letter, body=json.dumps(body).encode())


def below(letter: Letter) -> Letter:
    """What it is about stands under `data`, where that is read."""
    body = json.loads(letter.body)
    if letter.kind in (Kind.UPDATE, Kind.CONFLICT):
        return letter
    around = {name: body.pop(name) for name in ("event", "timestamp") if name in body}
    return replace(letter, body=json.dumps({**around, "data": body.get("config", body)}).encode())


FORMS: Mapping[str, Callable[[Letter], Letter]] = {
    "as in the contract": lambda letter: letter,
    "without its event": without_event,
    "under data": below,
    "under data, without its event": lambda letter: without_event(below(letter)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_at_another_path_is_refused_and_does_nothing(form: str, outlet: Outlet) -> None:
    sent = {what: FORMS[form](letter) for what, letter in MEANT.items()}
    elsewhere = [(what, kind) for what, letter in sent.items() for kind in Kind if kind is not letter.kind]
    with outlet.open() as line:
        line.make_room()
        early = {(what, kind): line.tell(sent[what], kind=kind).status for what, kind in elsewhere}
        assert outlet.effects == ROOM
        told = {what: line.tell(letter) for what, letter in sent.items()}
        late = {(what, kind): line.tell(sent[what], kind=kind).status for what, kind in elsewhere}
        assert {what: line.tell(letter) for what, letter in sent.items()} == told
    assert (early, late) == (dict.fromkeys(elsewhere, 422), dict.fromkeys(elsewhere, 422))
    assert outlet.effects == ONCE


# -- for another outlet


@pytest.mark.parametrize("place", ["outlet_id", "outlet_code"])
def test_another_outlets_letter_is_refused_and_does_nothing(place: str, outlet: Outlet) -> None:
    theirs = {
        what: replace(letter, body=json.dumps({**json.loads(letter.body), place: OTHER_ID}).encode())
        for what, letter in MEANT.items()
    }
    with outlet.open() as line:
        line.make_room()
        for headers in (None, FOR_OTHER):
            assert {line.tell(letter, headers).status for letter in theirs.values()} == {403}
    assert outlet.effects == ROOM


def test_two_outlets_with_one_secret_have_an_effect_each(outlet: Outlet, tmp_path: Path) -> None:
    other = Outlet(tmp_path / "other", OTHER_ID)
    with outlet.open() as ours, other.open() as theirs:
        told = ours.tell_first()
        assert {answer.status for answer in theirs.tell_all().values()} == {403}
        assert other.effects == Counter()
        told_there = theirs.tell_first(FOR_OTHER)
        assert (ours.tell_all(), theirs.tell_all(FOR_OTHER)) == (told, told_there)
    assert (outlet.effects, other.effects) == (ONCE, ONCE)


def test_an_outlet_in_the_place_of_another_has_heard_nothing_yet(outlet: Outlet) -> None:
    """One data directory, other settings: what the one outlet remembers is none of the other's."""
    with outlet.open() as line:
        told = line.tell_first()
    settings.save(outlet.directory, {"outlet_id": OTHER_ID})
    with outlet.open() as line:
        told_there = line.tell_first(FOR_OTHER)
        assert line.tell_all(FOR_OTHER) == told_there
    settings.save(outlet.directory, {"outlet_id": OUTLET_ID})
    with outlet.open() as line:
        assert line.tell_all() == told
    assert outlet.effects == ONCE + ONCE


# -- signed in another way


WAYS: Mapping[str, Callable[[str], str]] = {
    "in upper case": str.upper,
    "with its prefix": lambda right: f"sha256={right}",
    "behind others": lambda right: ", ".join(["0" * 64, f"sha256={'1' * 64}", right]),
    "in two ways": lambda right: f"{right.upper()},sha256={right}",
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_signed_in_another_way_is_the_same(way: str, outlet: Outlet) -> None:
    with outlet.open() as line:
        told = line.tell_first()
        for what, letter in MEANT.items():
            right = signed(letter.body)["X-Cloud-Signature"]
            assert line.tell(letter, {"X-Cloud-Signature": WAYS[way](right)}) == told[what]
    assert outlet.effects == ONCE


def test_the_same_after_the_secret_was_replaced_is_the_same(outlet: Outlet) -> None:
    anew = {what: signed(letter.body, OTHER_SECRET) for what, letter in MEANT.items()}
    with outlet.open() as line:
        told = line.tell_first()
        outlet.secrets = (WebhookSecret(OTHER_SECRET), WebhookSecret(SECRET, until_ms=wall_ms() + 60_000))
        channel.ask(outlet.directory, {"do": "secrets"})
        while line.tell(MEANT["update"], anew["update"]).status == 401:  # until it has read them
            pass
        assert {what: line.tell(letter, anew[what]) for what, letter in MEANT.items()} == told
        assert line.tell_all() == told
    outlet.secrets = (WebhookSecret(OTHER_SECRET),)
    with outlet.open() as line:
        assert {what: line.tell(letter, anew[what]) for what, letter in MEANT.items()} == told
        assert {answer.status for answer in line.tell_all().values()} == {401}
    assert outlet.effects == ONCE


# -- mistakes, planted to prove that each of these finds its own

Plant = Callable[[pytest.MonkeyPatch], None]


def _remembered_by(patch: pytest.MonkeyPatch, memory: Callable[[Messages], dict[str, str]]) -> None:
    """Not in the transaction of the effect, but somewhere in the process."""
    patch.setattr(Messages, "answer_to", lambda self, digest: memory(self).get(digest))

    def remember(self: Messages, digest: str, answer: str, *, now_ms: int) -> None:
        memory(self)[digest] = answer

    patch.setattr(Messages, "remember", remember)


def nothing_is_remembered(patch: pytest.MonkeyPatch) -> None:
    _remembered_by(patch, lambda _: {})


def it_is_remembered_until_the_end(patch: pytest.MonkeyPatch) -> None:
    kept: WeakKeyDictionary[Messages, dict[str, str]] = WeakKeyDictionary()
    _remembered_by(patch, lambda messages: kept.setdefault(messages, {}))


def it_is_remembered_for_all_outlets(patch: pytest.MonkeyPatch) -> None:
    kept: dict[str, str] = {}
    _remembered_by(patch, lambda _: kept)


def any_outlet_named_within_will_do(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhook, "check_ours", lambda *_, **__: None)


def a_path_takes_what_it_can_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("outlet_sync_gui.contract.webhooks._check_path", lambda *_: None)


def it_is_known_by_its_signature(patch: pytest.MonkeyPatch) -> None:
    """As it is written, and not by what it signs."""
    said: list[str] = [""]

    def looked(body: bytes, header: str, secrets: Sequence[str]) -> bool:
        said[0] = hashlib.sha256(header.encode()).hexdigest()
        return is_signed(body, header, secrets)

    patch.setattr(webhook, "is_signed", looked)
    patch.setattr(webhook, "read_letter", lambda *given, **more: read_letter(*given, **{**more, "digest": said[0]}))


PLANTED: tuple[tuple[Plant, Callable[[Outlet], None]], ...] = (
    (nothing_is_remembered, test_the_same_again_gets_the_first_answer_and_does_nothing),
    (nothing_is_remembered, test_the_same_many_times_at_once_has_one_effect),
    (it_is_remembered_until_the_end, test_the_same_after_a_restart_gets_the_first_answer_and_does_nothing),
    (it_is_remembered_for_all_outlets, test_an_outlet_in_the_place_of_another_has_heard_nothing_yet),
    (any_outlet_named_within_will_do, partial(test_another_outlets_letter_is_refused_and_does_nothing, "outlet_id")),
    (a_path_takes_what_it_can_read, partial(test_the_same_at_another_path_is_refused_and_does_nothing, "under data")),
    (it_is_known_by_its_signature, partial(test_the_same_signed_in_another_way_is_the_same, "in upper case")),
    (it_is_known_by_its_signature, test_the_same_after_the_secret_was_replaced_is_the_same),
)


@pytest.mark.parametrize(("plant", "check"), PLANTED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_mistake_is_found(
    plant: Plant, check: Callable[[Outlet], None], outlet: Outlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        check(outlet)
