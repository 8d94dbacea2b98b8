"""A sample outlet at work: the real program, a simulated cloud, and a day with everything that goes wrong in a day.

It ends with 0 only if what it shows is true at the cloud too, compared record by record with what the till handed over.
"""

import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QPushButton, QWidget

from outlet_sync_gui import sample, settings, words
from outlet_sync_gui.app import App
from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.credentials import WebhookSecret
from outlet_sync_gui.doors import WEBHOOK_PATH, Secrets
from outlet_sync_gui.intake import Origin, read_json
from outlet_sync_gui.process import SignalsQuit, has_display, leave, log_to_file, make_application
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.clock import iso, now
from outlet_sync_gui.sync.commands import SyncNow
from outlet_sync_gui.sync.records import accept
from outlet_sync_gui.ui.theme import Theme

OUTLET_ID, OUTLET_CODE = "550e8400-e29b-41d4-a716-446655440000", "JKT-001"
KEY = "demo-key-in-memory-only"
UNSEEN_SECONDS, SEEN_STORY_SECONDS = 30.0, 60.0
GRACE_MS = 20_000
NEW_ORDER_EVERY_MS = 1500
PRICE = {"price": 41_000}
DISPUTED, DISPUTED_PRICE = "prod-002", 34_000
WORDS_OF_REFUSAL = "Table B-12 not registered for JKT-001"
Key = tuple[str, str]


class Demo(QObject):
    """The outlet's day on a timetable, and the account of it."""

    def __init__(self, app: App, cloud: SimulatedCloud, directory: Path, pictures: Path | None) -> None:
        super().__init__()
        self._app = app
        self._cloud = cloud
        self._directory = directory
        self._pictures = pictures
        self._handed: dict[Key, sample.Record] = {}
        self._numbers = iter(range(151, 10_000))
        self._chance = random.Random(7)  # noqa: S311 - a sample, no secret
        self._status: Status | None = None
        self._seen: list[State] = []
        self._is_closing = False
        self._is_told = False  # headquarters knows where the till listens
        self._is_reviewed = False  # somebody looks at the conflict
        self.is_over = False
        self._till = QTimer(self, interval=NEW_ORDER_EVERY_MS)
        self._till.timeout.connect(self._new_order)
        app.worker.status_changed.connect(self._saw)

    def begin(self) -> None:
        """Hand over the menu and the morning's sales, before the first sending."""
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        yesterday = today - timedelta(days=1)
        records = [*sample.menu(today), *sample.day(yesterday, seed=2), *sample.day(today)]
        self._hand_over(records)
        self._cloud.set_fault("batch", Fault(latency_s=1.2, times=3))  # a slow line, so that there is something to see
        self._tell(f"{len(records)} records handed over: the menu, yesterday's sales and today's")
        self._app.ask(SyncNow())

    def plan(self, seconds: float) -> None:
        """Put the day on the clock; `seconds` for the whole story."""
        steps: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.12, self._till.start),
            (0.25, self._refuse_one),
            (0.40, self._internet_fails),
            (0.62, self._internet_returns),
            (0.66, self._headquarters_writes),
            (0.68, self._headquarters_disagrees),
            (0.72, self._price_changes),
            (0.79, self._manager_chooses),
        )
        for share, step in steps:
            QTimer.singleShot(round(share * seconds * 1000), self, step)

    def close_day(self) -> None:
        """No more guests: send all, then end."""
        self._till.stop()
        self._is_closing = True
        self._tell("closing time: the till stops")
        self._app.ask(SyncNow())
        QTimer.singleShot(GRACE_MS, self, self._end)

    def faults(self, *, is_story_over: bool) -> list[str]:
        """Where what was shown is not true at the cloud; empty: it is."""
        kept = self._cloud.call(lambda cloud: {key: dict(held.data) for key, held in cloud.records.items()})
        waiting = self._waiting()
        found = [
            f"{kind}/{local_id} counts as sent, and is not at the cloud as handed over"
            for (kind, local_id), data in self._handed.items()
            if (kind, local_id) not in waiting and not _is_same(data, kept.get((kind, local_id)))
        ]
        broken = self._cloud.call(
            lambda cloud: [*cloud.violations, *cloud.orphans, *["over the limit"] * cloud.over_limit]
        )
        found += [f"the cloud objects: {words_of_cloud}" for words_of_cloud in broken]
        status = self._status
        if status is not None and status.state is State.IDLE and waiting:
            found.append("green while unsent")
        return found + (self._unfinished(waiting) if is_story_over else [])

    def account(self) -> None:
        """Say what came of the day."""
        summary = self._cloud.call(lambda cloud: cloud.summary())
        states = ", ".join(dict.fromkeys(state.value for state in self._seen))
        self._tell(f"states seen: {states}")
        amount = summary["order_amount"]
        assert isinstance(amount, int)
        self._tell(f"at the cloud: {json.dumps(summary['records'])}, orders of {words.rupiah(amount)}")
        self._tell(f"requests: {json.dumps(summary['requests'])}, sent twice after lost answers: {summary['repeats']}")

    # -- the day

    def _new_order(self) -> None:
        self._hand_over(sample.order(next(self._numbers), datetime.now(UTC) - timedelta(hours=1), self._chance))

    def _refuse_one(self) -> None:
        n = next(self._numbers)
        records = sample.order(n, datetime.now(UTC) - timedelta(hours=1), self._chance)[:1]
        local_id = records[0]["data"]["local_id"]
        self._cloud.call(lambda cloud: cloud.rejects.update({local_id: WORDS_OF_REFUSAL}))
        self._hand_over(records)
        self._tell(f"headquarters will refuse {local_id}: {WORDS_OF_REFUSAL}")

    def _internet_fails(self) -> None:
        self._cloud.set_fault("*", Fault(drop_before=True))
        self._tell("the internet fails; sales go on")

    def _internet_returns(self) -> None:
        self._cloud.clear_faults()
        self._tell("the internet is back")

    def _price_changes(self) -> None:
        self._cloud.call(lambda cloud: cloud.change_product("prod-001", **PRICE))
        self._handed[("product", "prod-001")] |= PRICE
        self._tell(f"headquarters changes a price: Nasi Goreng Spesial {words.rupiah(PRICE['price'])}")

    def _headquarters_writes(self) -> None:
        title, text = "Rapat manajer", "Besok pukul 09.00 di kantor pusat."
        self._cloud.call(lambda cloud: cloud.broadcast(title, text, "warning"))
        self._tell("headquarters sends a message")

    def _headquarters_disagrees(self) -> None:
        self._cloud.call(lambda cloud: cloud.open_conflict(DISPUTED, "price", DISPUTED_PRICE))
        self._tell(f"headquarters asks about a price: Nasi Goreng Kampung {words.rupiah(DISPUTED_PRICE)}")

    def _manager_chooses(self) -> None:
        """As a person does it: headquarters' price, then Apply."""
        dialog = self._app.window.decisions.conflicts
        if dialog is not None:
            for name in (words.say("Keep cloud"), words.say("Apply")):
                next(button for button in dialog.findChildren(QPushButton) if button.accessibleName() == name).click()
            self._handed[("product", DISPUTED)]["price"] = DISPUTED_PRICE
            self._tell("the manager keeps headquarters' price")
            dialog.close()

    def _hand_over(self, records: Sequence[sample.Record]) -> None:
        origin = Origin(
            entity_type="order",
            operation="create",
            outlet_id=OUTLET_ID,
            outlet_code=OUTLET_CODE,
            now=iso(now().wall_ms),
        )
        read = [read_json(record, origin).record for record in records]
        store = open_store(self._directory, OUTLET_ID)
        try:
            accept(store, [record for record in read if isinstance(record, Incoming)], now_ms=now().wall_ms)
        finally:
            store.close()
        self._handed |= {(r["entity_type"], r["data"]["local_id"]): dict(r["data"]) for r in records}
        self._app.worker.poke()

    # -- watching it

    def _saw(self, status: Status) -> None:
        self._status = status
        if status.webhook_url and not self._is_told:
            self._is_told = True
            self._cloud.tell_at(status.webhook_url.removesuffix(WEBHOOK_PATH), KEY)
        if not self._seen or self._seen[-1] is not status.state:
            self._seen.append(status.state)
            self._tell(f"[{status.state.value}] {words.tooltip(status, now().wall_ms)}")
            QTimer.singleShot(400, self, lambda: self._picture(status.state.value))
        if status.conflicts and not self._is_reviewed:
            self._is_reviewed = True
            self._app.window.decisions.review()
            QTimer.singleShot(800, self, lambda: self._picture("conflict", self._app.window.decisions.conflicts))
        is_settled = status.pending.total == 0 and status.state in (State.IDLE, State.ATTENTION)
        if self._is_closing and is_settled and self._has_price():
            QTimer.singleShot(600, self, self._end)

    def _end(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._picture("end")
            leave()

    def _picture(self, name: str, window: QWidget | None = None) -> None:
        if self._pictures is not None:
            number = len(list(self._pictures.glob("*.png"))) + 1
            (window or self._app.window).grab().save(str(self._pictures / f"{number:02}-{name}.png"))

    def _waiting(self) -> set[Key]:
        store = open_store(self._directory, OUTLET_ID)
        try:
            return {(row.entity_type, row.local_id) for row in store.views.queue(limit=100_000)}
        finally:
            store.close()

    def _has_price(self) -> bool:
        store = open_store(self._directory, OUTLET_ID)
        try:
            known = store.records.find("product", "prod-001")
        finally:
            store.close()
        return known is not None and json.loads(known.payload)["price"] == PRICE["price"]

    def _unfinished(self, waiting: set[Key]) -> list[str]:
        missing = {State.OFFLINE, State.ATTENTION} - set(self._seen)
        found = [f"the state {state.value} was never shown" for state in missing]
        if len(waiting) != 1:
            found.append(f"{len(waiting)} records wait at the end instead of the refused one")
        if not self._has_price():
            found.append("headquarters' price has not come in")
        if self._status is None or self._status.messages != 1:
            found.append("headquarters' message has not come in")
        unsettled = self._cloud.call(lambda cloud: [c.id for c in cloud.conflicts.values() if c.resolution is None])
        return [*found, *(f"headquarters was not told of {conflict}" for conflict in unsettled)]

    def _tell(self, line: str) -> None:
        sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S}  {line}\n")
        sys.stdout.flush()


def run_demo(*, seconds: float | None, pictures: str | None) -> int:
    """Play the day; 0 if everything that was shown is true at the cloud."""
    is_seen = has_display()
    if not is_seen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="outlet-sync-demo-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        cloud = Cloud(now_ms=wall_ms, api_key=KEY, outlet_id=OUTLET_ID)
        running = stack.enter_context(SimulatedCloud(cloud))
        settings.save(directory, _settings(running.url))
        log_to_file(directory)
        return _play(
            running, directory, _picture_folder(pictures, is_seen), None if is_seen else UNSEEN_SECONDS, seconds
        )


def _play(
    cloud: SimulatedCloud, directory: Path, pictures: Path | None, usual: float | None, wanted: float | None
) -> int:
    application = make_application()
    theme = Theme(application)  # kept: it follows light and dark
    app = App(directory, theme, read_key=_key, door_secrets=Secrets(webhooks=_webhooks, token=_key), is_demo=True)
    demo = Demo(app, cloud, directory, pictures)
    seconds = wanted or usual
    demo.begin()
    app.start()
    demo.plan(seconds or SEEN_STORY_SECONDS)
    if seconds is not None:
        QTimer.singleShot(round(seconds * 850), demo, demo.close_day)
    with SignalsQuit():
        application.exec()
    is_clean = app.stop()
    demo.account()
    faults = demo.faults(is_story_over=demo.is_over) + ([] if is_clean else ["the service did not end in time"])
    for fault in faults:
        sys.stdout.write(f"NOT TRUE: {fault}\n")
    sys.stdout.write("What was shown is true at the cloud.\n" if not faults else "")
    if pictures is not None:
        sys.stdout.write(f"Pictures: {pictures}\n")
    return 1 if faults else 0


async def _key(_settings: Settings) -> str:
    await asyncio.sleep(0)
    return KEY


async def _webhooks(_settings: Settings) -> tuple[WebhookSecret, ...]:
    await asyncio.sleep(0)
    return (WebhookSecret(KEY),)


def _settings(url: str) -> dict[str, object]:
    return {
        "outlet_id": OUTLET_ID,
        "outlet_code": OUTLET_CODE,
        "cloud_url": url,
        "language": words.language(),
        "webhook_port": 0,  # beside the program itself
        "intake_port": 0,
        "pull_interval_s": 5,
        "medium_interval_s": 20,
    }


def _picture_folder(wanted: str | None, is_seen: bool) -> Path | None:
    if wanted is None and is_seen:
        return None
    folder = Path(wanted) if wanted else Path(tempfile.mkdtemp(prefix="outlet-sync-pictures-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _is_same(handed: sample.Record, kept: dict[str, object] | None) -> bool:
    """Every field that the till handed over stands at the cloud; numbers of versions are the program's own."""
    return kept is not None and all(
        kept.get(name) == value for name, value in handed.items() if name not in ("version", "updated_at")
    )
