"""The first run at each of its questions, in every state, for tests and pictures."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication, QWidget
from tests.ui.kept import KEPT, SOURCES
from tests.ui.states import LONG, NOW, STATES, status

from outlet_sync_gui.errors import CredentialsMissing, InputRefused, OutletSyncError, StoreFailed
from outlet_sync_gui.settings import Loaded, Settings
from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.store.outlet import Heard
from outlet_sync_gui.support.ladder import STEPS, Result, Step
from outlet_sync_gui.ui.forms import Entry
from outlet_sync_gui.ui.keeper import CheckSecret, Errand, Kept, ShowToken
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.wizard import KINDS, Wizard
from outlet_sync_gui.ui.wizard_question import Question

NOTHING = Kept(loaded=Loaded(settings=Settings(), sources=dict.fromkeys(SOURCES, "default"), remote={}))
OPEN = status(State.IDLE, intake_url="http://127.0.0.1:8766")
TAKEN = status(State.IDLE, doors=(Trouble(code="D-PORT", facts=(("name", "intake"), ("port", 8766))),))
TOKEN = "3q2-7wXhYb0kQm9LrT5vZc8NdJf4Gs1Pu6Ae-o_EiHk"
FACTS: Mapping[str, int] = {"N-CLOCK": 7_200, "N-RATE": 45}  # seconds

HALF = len(STEPS) // 2


def climb(failed: str | None = None, **facts: str | int) -> Iterator[Step]:
    """The whole ladder, or up to the one that fails."""
    is_over = False
    for code in STEPS:
        result = Result.UNCHECKED if is_over else Result.FAILED if code == failed else Result.PASSED
        yield Step(code=code, result=result, facts=tuple(facts.items()) if code == failed else ())
        is_over = is_over or code == failed


class FirstRun:
    """A first run whose errands are answered at once, with what the test wants; errors are answers, too."""

    def __init__(self, parent: QWidget, theme: Theme, kept: Kept = KEPT) -> None:
        self.has_key: bool | OutletSyncError = False
        self.answer: object = kept  # to whatever keeps something; None: not yet
        self.failed: str | None = None
        self.error: OutletSyncError | None = None  # instead of a test
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.wizard = Wizard(parent, theme, self._test)
        self.wizard.asked.connect(self._do)
        self.wizard.show_kept(kept)
        self.wizard.show_status(OPEN, NOW)

    def go(self, question: Question) -> None:
        """Be at a question; at that of the test, until it is over or waits."""
        self.wizard._go(KINDS.index(type(question)))
        self.settle()

    def settle(self) -> None:
        """Let a test end, or come to where it waits."""
        test = self.wizard.test.test
        while test.is_running and (self.goes_on.is_set() or len(test.steps) < HALF):
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def type(self, entry: Entry, text: str) -> None:
        """As a person does, who then rests."""
        entry.control.selectAll()
        entry.control.insert(text)
        entry.tell_fault()

    def close(self) -> None:
        """Leave it."""
        self.goes_on.set()
        self.wizard.reject()

    def _do(self, errand: Errand) -> None:
        if isinstance(errand, CheckSecret):
            self.wizard.came(errand, self.has_key)
        elif isinstance(errand, ShowToken):
            self.wizard.came(errand, TOKEN)
        elif self.answer is not None:
            self.wizard.came(errand, self.answer)

    def _test(self) -> Iterator[Step]:
        if self.error is not None:
            raise self.error
        steps = list(climb(self.failed, seconds=FACTS.get(self.failed or "", 0)))
        yield from steps[:HALF]
        self.goes_on.wait(10)
        yield from steps[HALF:]


Scene = Callable[[FirstRun], None]  # brings it there


def _at(name: str) -> Scene:
    return lambda run: run.go(getattr(run.wizard, name))


def _outlet(*texts: str) -> Scene:
    def scene(run: FirstRun) -> None:
        run.go(run.wizard.outlet)
        for entry, text in zip(run.wizard.outlet.entries.values(), texts, strict=True):
            run.type(entry, text)

    return scene


def _outlet_unkept(run: FirstRun) -> None:
    _outlet("550e8400", "JKT-001", "https://cloud.example")(run)
    run.answer = StoreFailed("disk_full")
    run.wizard.next.click()


def _key(text: str = "", *, has_key: bool | OutletSyncError = False) -> Scene:
    def scene(run: FirstRun) -> None:
        run.has_key = has_key
        run.go(run.wizard.key)
        if text:
            run.type(run.wizard.key.entry, text)

    return scene


def _tested(failed: str | None = None, error: OutletSyncError | None = None, *, is_back: bool = False) -> Scene:
    def scene(run: FirstRun) -> None:
        run.has_key, run.failed, run.error = True, failed, error
        run.go(run.wizard.test)
        if is_back:
            run.wizard.back.click()

    return scene


def _testing(run: FirstRun) -> None:
    run.goes_on.clear()
    run.go(run.wizard.test)


def _webhook(text: str, port: str = "8765") -> Scene:
    def scene(run: FirstRun) -> None:
        run.go(run.wizard.webhook)
        run.type(run.wizard.webhook.entry, text)
        run.type(run.wizard.webhook.port, port)

    return scene


def _sources_shown(run: FirstRun) -> None:
    run.go(run.wizard.sources)
    run.wizard.sources.show_token.click()


def _sources_taken(run: FirstRun) -> None:
    run.wizard.show_status(TAKEN, NOW)
    run.go(run.wizard.sources)


def _autostart(answer: object) -> Scene:
    def scene(run: FirstRun) -> None:
        run.answer = answer
        run.go(run.wizard.autostart)
        run.wizard.autostart.switch.control.click()
        run.wizard.next.click()

    return scene


def _ready(name: str) -> Scene:
    def scene(run: FirstRun) -> None:
        run.wizard.show_status(STATES[name], NOW)
        run.go(run.wizard.ready)

    return scene


EMPTY: Mapping[str, Scene] = {  # of an outlet that was never set up
    "language": _at("language"),
    "outlet-empty": _at("outlet"),
    "outlet-invalid": _outlet("550e8400", "JKT-001", "http://cloud.example"),
    "outlet-long": _outlet("550e8400-e29b-41d4-a716-446655440000" * 2, LONG, f"https://{'cloud.' * 30}example"),
}
FILLED: Mapping[str, Scene] = {
    "outlet-filled": _at("outlet"),
    "outlet-disk": _outlet_unkept,
    "key-empty": _key(),
    "key-filled": _key("sk-outlet-0123456789"),
    "key-invalid": _key("kunci ☕"),
    "key-kept": _key(has_key=True),
    "key-locked": _key(has_key=CredentialsMissing("keyring_locked")),
    "key-passed": _tested(is_back=True),
    "key-refused": _tested("N-KEY", is_back=True),
    "test-running": _testing,
    "test-passed": _tested(),
    "test-paused": _tested(error=InputRefused("paused")),
    **{f"test-{code}": _tested(code) for code in STEPS},
    "webhook-empty": _at("webhook"),
    "webhook-filled": _webhook("a-secret-of-16-characters"),
    "webhook-invalid": _webhook("short", "99999"),
    "sources": _at("sources"),
    "sources-shown": _sources_shown,
    "sources-taken": _sources_taken,
    "autostart": _at("autostart"),
    "autostart-busy": _autostart(None),
    "autostart-refused": _autostart(OutletSyncError("autostart_unusable", {"why": "Permission denied"})),
    **{f"ready-{name}": _ready(name) for name in ("syncing", "idle", "waiting", "offline", "key", "setup", "error")},
}
NEVER_HEARD = replace(KEPT, heard=Heard())
SCENES: Mapping[str, tuple[Kept, Scene]] = {
    **{name: (NOTHING, scene) for name, scene in EMPTY.items()},
    **{name: (KEPT, scene) for name, scene in FILLED.items()},
    "webhook-unheard": (NEVER_HEARD, _at("webhook")),
}
