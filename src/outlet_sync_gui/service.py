"""The service: the asyncio host of the engine. It carries requests, keeps the timers, and opens the doors.

It runs in one thread, which owns the writing connection, and knows no Qt. What may hang (a look-up, the keyring, a
request) is cancelled or left behind at the stop, so that it takes under two seconds.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from outlet_sync_gui import credentials, settings
from outlet_sync_gui.channel import Asked, Channel, ask
from outlet_sync_gui.cloud import CloudClient
from outlet_sync_gui.contract.answers import Updates
from outlet_sync_gui.contract.webhooks import Letter
from outlet_sync_gui.doors import FROM_KEYRING, Doors, Room, Secrets
from outlet_sync_gui.errands import Errands
from outlet_sync_gui.errors import (
    AlreadyRunning,
    CloudUnreachable,
    CredentialsMissing,
    InputRefused,
    OutletSyncError,
    SettingsInvalid,
    StoreFailed,
)
from outlet_sync_gui.hosting import ended, new_loop
from outlet_sync_gui.letterbox import Letterbox
from outlet_sync_gui.lock import Lock
from outlet_sync_gui.settings import Loaded, Settings
from outlet_sync_gui.status import Deciding, Status, Trouble
from outlet_sync_gui.store import Store, open_store, with_remote
from outlet_sync_gui.sync import clock
from outlet_sync_gui.sync.commands import (
    Command,
    GoOn,
    KeyChanged,
    KeyringOpened,
    LineUp,
    LookForReadings,
    Reading,
    Reconcile,
    Retry,
    SyncNow,
)
from outlet_sync_gui.sync.cycle import STOPPED, TIMED_OUT, Cycle, Tally
from outlet_sync_gui.sync.engine import Engine
from outlet_sync_gui.sync.events import KeyRefused, ReadBack, Unfinished
from outlet_sync_gui.sync.exchange import Answer, Answered, Kind, Lost, Request, Send
from outlet_sync_gui.sync.hearing import Effect
from outlet_sync_gui.sync.judge import Fault, judge_pull
from outlet_sync_gui.sync.state import as_json, not_set_up, with_error, with_key_trouble

log = logging.getLogger(__name__)

PUBLISH_EVERY_S = 0.25
LONG_BYTES = 200_000  # of an answer: reading it takes some 10 ms
GATHER_S = 0.05  # far under the linger of a sale
SHOW_SYNCING_AFTER_S = 1.05
KEY_AGAIN_S = 60.0
LOOK_S = 5.0  # whether headquarters can be read back is asked along with a check, which must not wait for it long
STORE_AGAIN_S = 5.0
IDLE_FROM_S = 1.0  # a rest that is longer than those within a backlog: time for what is not urgent
HEALS = ("disk_full", "disk_failed", "database_locked", "read_only")  # of a store that can't be opened: worth waiting
REVIVE_S, REVIVALS, REVIVALS_WITHIN_S = 5.0, 3, 600.0

ReadKey = Callable[[Settings], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Session:
    """What one set of settings needs; made anew when they change."""

    loaded: Loaded
    store: Store
    engine: Engine
    cloud: CloudClient
    letters: Letterbox

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.loaded.settings

    def is_outdated(self) -> bool:
        """Whether headquarters has set something else since, or a person undone it."""
        return self.store.outlet.remote_settings() != self.loaded.remote


class Ending:
    """Said once, from any thread. A signal's handler may say it while it says it: an Event would wait for itself."""

    def __init__(self) -> None:
        self._is_said = False
        self._said: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """It is to end."""
        self._is_said = True
        self._said.put(None)

    def is_set(self) -> bool:
        """Whether it is to end."""
        return self._is_said

    def wait(self, seconds: float) -> None:
        """Until it is to end, so long at the most."""
        with suppress(Empty):
            self._said.get(timeout=seconds)


async def key_from_keyring(chosen: Settings) -> str:
    """The outlet's API key. Raises CredentialsMissing, at the latest after the keyring's deadline."""
    return await credentials.read_async("api-key", outlet_id=chosen.outlet_id)


class Service:
    """Runs until `stop`. `post`, `poke` and `stop` may be called from any thread; callbacks come from its own."""

    def __init__(
        self,
        directory: Path,
        *,
        on_status: Callable[[Status], None] = lambda _: None,
        on_show: Callable[[], None] | None = None,
        on_declined: Callable[[Command, InputRefused], None] = lambda *_: None,
        on_read_back: Callable[[ReadBack], None] = lambda _: None,
        read_key: ReadKey = key_from_keyring,
        door_secrets: Secrets = FROM_KEYRING,
        revive_s: float = REVIVE_S,
    ) -> None:
        self._directory = directory
        self._revive_s = revive_s
        self._on_status = on_status
        self._on_show = on_show
        self._on_declined = on_declined
        self._on_read_back = on_read_back
        self._read_key = read_key
        self._door_secrets = door_secrets
        self._inbox: deque[Command] = deque()
        self._unfinished: deque[Command] = deque()  # what is left of decisions over very many records
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[Any] | None = None
        self._ending = Ending()
        self._is_cut = False  # the run under way is told to end
        self._is_brief = False  # one cycle, check or reading, and then the end
        self._is_stale = False  # settings changed: build the session anew
        self._woken = asyncio.Event()
        self._settings = Settings()
        self._session: Session | None = None
        self._key: str | None = None
        self._tried_key: str | None = None  # the last one in use: another one ends what that stopped
        self._key_at = 0.0  # when to ask the keyring again: it may prompt, so not with every sale
        self._trouble: OutletSyncError | None = None  # no key, or the store fails
        self._errands = Errands(self._present_trouble)
        self._doors = self._new_doors()
        self._published: Status | None = None
        self._publishing: asyncio.TimerHandle | None = None
        self._waking: asyncio.TimerHandle | None = None

    # -- from any thread

    def post(self, command: Command) -> None:
        """Hand a command to the engine; kept until it runs."""
        self._inbox.append(command)
        self.poke()

    def poke(self) -> None:
        """Something was written by somebody else: look again."""
        self._call(self._wake)

    def reload(self) -> None:
        """The settings were changed: take them up."""
        self._call(self._renew)

    def reread(self) -> None:
        """Secrets of the doors were changed: read them again."""
        self._call(self._reread)

    def stop(self) -> None:
        """End soon, whatever hangs. Returns at once; safe before the start and after the end."""
        self._ending.set()
        self._call(self._cancel)

    # -- the thread that runs it

    def run(self) -> None:
        """Run until stopped; started again after a bug, but not for ever.

        Raises AlreadyRunning, SettingsInvalid or a StoreFailed that does not heal before anything is sent, and a bug
        that keeps coming back.
        """
        with self._held():  # between two runs, too: nobody else is to begin meanwhile
            self._run()

    def _run(self) -> None:
        bugs: list[float] = []
        while not self._ending.is_set():
            try:
                self._host(self._drive, has_doors=True)
            except OutletSyncError:
                raise
            except Exception:
                at = clock.now().monotonic
                bugs = [*(earlier for earlier in bugs if earlier > at - REVIVALS_WITHIN_S), at]
                if len(bugs) > REVIVALS:
                    raise
                log.exception("a bug ended the service; it starts again in %s s", self._revive_s)
                shown = with_error(self._published or not_set_up(self._settings, ()), OutletSyncError("bug"))
                self._published = shown  # what holds afterwards is told, and be it what held before
                self._on_status(shown)
                self._ending.wait(self._revive_s)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """The data directory's lock; a command that has it for one cycle is waited for. Raises AlreadyRunning."""
        is_last = False
        with ExitStack() as held:
            while True:
                try:
                    held.enter_context(Lock(self._directory))
                    break
                except AlreadyRunning:
                    if self._ending.is_set():
                        break  # who is to end while it waits has not failed: nothing runs
                    holder = ask(self._directory, {"do": "wake"}, timeout_s=1.0)
                    if is_last or not (holder is None or holder.get("brief")):
                        raise
                    is_last = holder is None  # it may have ended just now: once more
            yield

    def run_cycle(self, *, all_lanes: bool, timeout_s: float | None) -> Tally:
        """One foreground cycle, ended after `timeout_s` at the latest. Raises like `run`, and CredentialsMissing."""
        tallies: list[Tally] = []

        async def job() -> None:
            tallies.append(await self._drive_once(all_lanes, timeout_s))

        self._host_briefly(job)
        nothing = Tally(sent=0, failed=0, pulled=0, requests=0, stopped_by=STOPPED)  # ended before it began
        return tallies[0] if tallies else nothing

    def run_check(self, *, timeout_s: float) -> Trouble | None:
        """One exchange, to see whether headquarters answers; its trouble. Raises like `run_cycle`."""
        found: list[Trouble | None] = []

        async def job() -> None:
            driver = asyncio.create_task(self._drive())
            try:
                async with asyncio.timeout(timeout_s):
                    found.append(await self._check())
            except TimeoutError:
                found.append(Trouble(code="N-CLOUD", facts=(("seconds", round(timeout_s)),)))
            finally:
                await ended(driver)

        self._host_briefly(job)
        return found[0] if found else Trouble(code="N-CLOUD")

    def run_reading(self, what: Reading) -> None:
        """Read headquarters back; what is found is in the store. Raises like `run_cycle`, and why it can't be read."""

        async def job() -> None:
            driver, over = asyncio.create_task(self._drive()), asyncio.ensure_future(self._read_back(what))
            try:
                await asyncio.wait([driver, over], return_when=asyncio.FIRST_COMPLETED)
                await (driver if driver.done() else over)  # of the first a bug: raises
            finally:
                await ended(over)
                await ended(driver)

        self._host_briefly(job)

    def _host_briefly(self, job: Callable[[], Awaitable[None]]) -> None:
        self._is_brief = True
        with Lock(self._directory):
            self._host(job)

    def _host(self, job: Callable[[], Awaitable[None]], *, has_doors: bool = False) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            self._loop = runner.get_loop()
            with suppress(asyncio.CancelledError):
                runner.run(self._live(job, has_doors))

    async def _live(self, job: Callable[[], Awaitable[None]], has_doors: bool) -> None:
        self._main, self._is_cut = asyncio.current_task(), False
        self._woken, self._doors = asyncio.Event(), self._new_doors()  # of this run's loop
        self._publishing = self._waking = None
        channel = Channel(self._directory, self._answer)
        async with AsyncExitStack() as closing:  # each of them, whatever becomes of those before
            closing.push_async_callback(self._close_session)
            closing.push_async_callback(self._doors.close)
            closing.push_async_callback(channel.close)
            self._begin()
            if has_doors:
                await self._doors.start()  # before anybody is told that it runs
            await channel.serve()
            if not self._ending.is_set():
                await job()

    async def _drive(self) -> None:
        self._publish_soon()
        while True:
            self._woken.clear()
            wait_s = await self._advance()
            self._doors.news()
            self._publish_soon()
            if wait_s == 0:
                await asyncio.sleep(0)  # whoever else waits for this loop gets a turn
            else:
                # Not wait_for: before Python 3.12 that swallows a stop which comes together with a wake-up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._woken.wait()

    async def _drive_once(self, all_lanes: bool, timeout_s: float | None) -> Tally:
        driver = asyncio.create_task(self._drive())
        cycle, over = self._begin_cycle(all_lanes=all_lanes)
        try:
            waited: set[asyncio.Future[Any]] = {driver, over}
            await asyncio.wait(waited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if driver.done():
                driver.result()  # a bug: raises
            return over.result() if over.done() else _cut_short(cycle)
        except asyncio.CancelledError:
            return replace(cycle.tally(), stopped_by=STOPPED)  # by a person: what was done is told
        finally:
            await ended(driver)

    # -- one step

    async def _advance(self) -> float | None:
        """Do the next thing; seconds until there may be another (None: not before something happens)."""
        self._doors.check()
        try:
            if self._is_stale:
                await self._rebuild()
            if self._session is not None:
                wait_s = await self._step(self._session)
                return 0 if self._unfinished else wait_s
            self._wait_for_set_up()
        except StoreFailed as error:
            log.error("the store failed: %s", error)  # no traceback: known, and it heals by itself
            self._trouble = error
            self._errands.fail(error)
            return STORE_AGAIN_S
        return None

    async def _step(self, session: Session) -> float | None:
        self._obey(session)
        if isinstance(self._trouble, StoreFailed):
            self._trouble = None
        if session.is_outdated():
            self._is_stale = True
            return 0
        if session.engine.is_applying:  # some at a time: webhooks and commands get their turn between
            self._errands.applied(session.engine.go_on(clock.now()))
            return 0
        if self._key is None and not await self._fetch_key(session):
            return max(0.001, self._key_at - clock.now().monotonic)
        step = session.engine.next(clock.now())
        if isinstance(step, Send):
            await self._carry(session, step)
            return 0
        self._errands.rest(step)
        wait_s = None if step.at is None else max(0.0, step.at - clock.now().monotonic)
        is_idle = wait_s is None or wait_s > IDLE_FROM_S
        return 0 if is_idle and session.engine.count_sales() else wait_s

    def _wait_for_set_up(self) -> None:
        if isinstance(self._trouble, SettingsInvalid):  # they were fine: what was said meanwhile counts when they are
            self._errands.fail(self._trouble)
            return
        self._inbox.clear()
        self._unfinished.clear()
        self._errands.fail(SettingsInvalid("setting_missing", {"key": ", ".join(self._settings.missing)}))

    async def _carry(self, session: Session, step: Send) -> None:
        slow = asyncio.get_running_loop().call_later(SHOW_SYNCING_AFTER_S, self._publish)
        try:
            answer = await self._exchange(session.cloud, step.request)
            news = await _read(answer) if step.flight.kind is Kind.PULL else None
        except BaseException:
            with suppress(StoreFailed):
                session.engine.abandon(step.flight, clock.now())
            raise
        finally:
            slow.cancel()
        if isinstance(news, Updates) and news.broken:
            log.warning("%s of headquarters' changes can't be read, and are left out", news.broken)
        events = session.engine.settle(step.flight, answer, clock.now(), news=news)
        self._errands.settled(events, is_pull=step.flight.kind is Kind.PULL)
        if any(isinstance(event, KeyRefused) for event in events):
            self._key, self._key_at = None, 0.0
        for event in events:
            if isinstance(event, ReadBack):
                self._on_read_back(event)
        log.info("%s %s: %s", step.request.method, step.request.path.partition("?")[0], events)

    async def _exchange(self, cloud: CloudClient, request: Request) -> Answer:
        assert self._key is not None
        try:
            reply = await cloud.exchange(
                method=request.method,
                path=request.path,
                body=request.body,
                api_key=self._key,
                deadline_s=request.deadline_s,
            )
        except CloudUnreachable as error:
            log.warning("no answer: %s", error)
            return Lost(Trouble(code=error.code, facts=tuple(error.facts.items())))
        return Answered(status=reply.status, headers=reply.headers, body=reply.body)

    async def _fetch_key(self, session: Session) -> bool:
        if clock.now().monotonic < self._key_at:
            return False
        try:
            self._key = await self._read_key(session.settings)
        except CredentialsMissing as error:
            log.warning("no API key: %s", error)
            self._trouble = error
            self._key_at = clock.now().monotonic + KEY_AGAIN_S
            self._errands.fail(error)
            return False
        self._trouble = None
        self._doors.look()  # a keyring that gave this may give more
        if self._key != self._tried_key and self._tried_key is not None:
            session.engine.do(KeyChanged(), clock.now())
        self._tried_key = self._key
        return True

    # -- commands, from the window and from other processes

    def _obey(self, session: Session) -> None:
        """All that was asked; of what is unfinished one part, so that whatever is asked meanwhile comes between."""
        while self._inbox:
            self._do(session, self._inbox)
        if self._unfinished:
            self._do(session, self._unfinished)

    def _do(self, session: Session, asked: deque[Command]) -> None:
        command = asked.popleft()
        if isinstance(command, KeyChanged):
            self._key = None
        if isinstance(command, KeyChanged | KeyringOpened | SyncNow):
            self._key_at = 0.0
            self._doors.look(is_told=isinstance(command, KeyringOpened))
        try:
            events = session.engine.do(command, clock.now())
        except StoreFailed:
            asked.appendleft(command)  # said once is enough: it counts when the store is well again
            raise
        except InputRefused as refusal:  # a decision over what is not as it was seen any more
            log.info("declined: %s", refusal)
            if isinstance(command, Reading):
                self._errands.end_reading(command, refusal)
                self._on_read_back(ReadBack(command, refusal))
            else:
                self._on_declined(command, refusal)
            return
        # What somebody decided last is done first: they are looking at it.
        self._unfinished.extendleft(event.rest for event in events if isinstance(event, Unfinished))

    def _deciding(self) -> Deciding | None:
        rest = next(iter(self._unfinished), None)
        if not isinstance(rest, GoOn):
            return None
        return Deciding(is_retry=isinstance(rest.of, Retry), done=rest.done, n=rest.n)

    async def _answer(self, asked: Asked) -> Asked:
        match asked.get("do"):
            case "status":
                return as_json(self._status())
            case "sync":
                return await self._answer_sync(all_lanes=bool(asked.get("all")), timeout_s=asked.get("timeout"))
            case "check":
                return await self._answer_check()
            case "reconcile":
                return await self._answer_reading(Reconcile(str(asked.get("date"))))
            case "show":
                if self._on_show is not None:
                    self._on_show()
                return {"shown": self._on_show is not None}
            case "key":
                self.post(KeyChanged())
            case "secrets":
                self._reread()
            case "settings":
                self._renew()
            case _:
                self._wake()
        return {"brief": self._is_brief}

    async def _answer_sync(self, *, all_lanes: bool, timeout_s: object) -> Asked:
        cycle, over = self._begin_cycle(all_lanes=all_lanes)
        try:
            try:
                async with asyncio.timeout(timeout_s if isinstance(timeout_s, int | float) else None):
                    tally = await over
            except TimeoutError:
                tally = _cut_short(cycle)
            return {"tally": asdict(tally), "status": as_json(self._status())}
        except OutletSyncError as error:
            return _refused(error)

    async def _answer_check(self) -> Asked:
        try:
            trouble = await self._check()
        except OutletSyncError as error:
            return _refused(error)
        return {"trouble": {"code": trouble.code, "facts": dict(trouble.facts)} if trouble else None}

    async def _check(self) -> Trouble | None:
        """Headquarters' news now, within the limit: what came of it. Raises what keeps it from being asked."""
        over = self._errands.begin_check()
        self.post(SyncNow(all_lanes=False))
        trouble = await over
        if trouble is None:
            with suppress(OutletSyncError, TimeoutError):  # nobody has to be able to
                async with asyncio.timeout(LOOK_S):
                    await self._read_back(LookForReadings())
        return trouble

    async def _answer_reading(self, what: Reading) -> Asked:
        try:
            await self._read_back(what)
        except OutletSyncError as error:
            return _refused(error)
        return {}

    async def _read_back(self, what: Reading) -> None:
        """Raises why it can't be read."""
        over = self._errands.begin_reading(what)
        self.post(what)
        await over

    def _begin_cycle(self, *, all_lanes: bool) -> tuple[Cycle, asyncio.Future[Tally]]:
        begun = self._errands.begin_cycle()
        self.post(SyncNow(all_lanes))
        return begun

    def _present_trouble(self) -> Trouble | None:
        return self._session.engine.status(clock.now()).trouble if self._session else None

    # -- the session

    def _build(self) -> None:
        self._settings = settings.load(self._directory).settings
        self._doors.want(self._settings)
        if self._settings.missing:
            return
        store = open_store(self._directory, self._settings.outlet_id)
        try:
            loaded = with_remote(self._directory, store)
            self._settings = loaded.settings
            engine = Engine(store, self._settings, clock.now())
            letters = Letterbox(partial(self._hear, engine, loaded.fixed))
            session = Session(loaded, store, engine, CloudClient(self._settings), letters)
            self._doors.admit(Room(store=store, settings=self._settings, deliver=letters.deliver))
        except BaseException:
            store.close()
            raise
        self._session = session

    def _begin(self) -> None:
        try:
            self._build()
        except StoreFailed as error:
            if error.code not in HEALS:
                raise
            self._is_stale = True

    async def _rebuild(self) -> None:
        orders = [command for command in self._inbox if isinstance(command, SyncNow | LineUp)]
        await self._close_session()
        self._inbox.extend(orders)  # of the engine that hears them, as readings below
        try:
            self._build()
            self._trouble = None
        except SettingsInvalid as error:
            log.error("settings not usable: %s", error)
            self._trouble = error
        self._inbox.extend(self._errands.readings)  # the new session knows nothing of them
        self._is_stale = False  # but not after a failure of the store, which heals
        self._key, self._key_at = None, 0.0

    async def _close_session(self) -> None:
        session, self._session = self._session, None
        self._doors.shut()
        if session is not None:
            try:
                session.letters.empty()
                with suppress(StoreFailed):
                    while self._inbox:  # what was said while a request was out holds, though nobody waits for it now
                        self._do(session, self._inbox)
            finally:
                try:
                    await session.cloud.close()
                finally:
                    session.store.close()

    # -- the doors

    def _new_doors(self) -> Doors:
        return Doors(self._door_secrets, status=self._status, on_change=self._wake, on_written=self._wake_soon)

    def _hear(
        self, engine: Engine, fixed: frozenset[str], letters: Sequence[Letter]
    ) -> Sequence[Effect | InputRefused]:
        """Webhooks; whatever of them concerns others, and be it other settings, waits until they are answered."""
        effects = engine.hear_all(letters, clock.now(), fixed=fixed)
        self._doors.news()
        self._wake_soon()
        return effects

    # -- what people see

    def _status(self) -> Status:
        return self._doors.shown(self._own_status())

    def _own_status(self) -> Status:
        if self._session is None:
            status = replace(not_set_up(self._settings, self._settings.missing), is_running=True)
            return with_error(status, self._trouble) if self._trouble else status
        try:
            status = self._session.engine.status(clock.now())
            status = replace(status, is_running=True, deciding=self._deciding())
        except StoreFailed as error:
            return with_error(replace(not_set_up(self._settings, ()), is_running=True), error)
        if isinstance(self._trouble, CredentialsMissing):
            return with_key_trouble(status, self._trouble)
        return with_error(status, self._trouble) if self._trouble else status

    def _publish_soon(self) -> None:
        if self._publishing is None:
            self._publishing = asyncio.get_running_loop().call_later(PUBLISH_EVERY_S, self._publish)

    def _publish(self) -> None:
        self._publishing = None
        try:
            status = self._status()
        except Exception:  # a loop's callback would only tell asyncio; what is sent goes on
            log.exception("a bug in what is shown")
            status = with_error(self._published or not_set_up(self._settings, ()), OutletSyncError("bug"))
        if status != self._published:
            self._published = status
            self._on_status(status)

    # -- plumbing

    def _call(self, function: Callable[[], object]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: the service has ended
                self._loop.call_soon_threadsafe(function)

    def _wake(self) -> None:
        self._waking = None
        self._woken.set()
        self._doors.news()
        self._publish_soon()

    def _renew(self) -> None:
        self._is_stale = True
        self._wake()

    def _reread(self) -> None:
        self._doors.look(is_told=True)
        self._wake()

    def _wake_soon(self) -> None:
        """Many that come at once are looked at once."""
        if self._waking is None:
            self._waking = asyncio.get_running_loop().call_later(GATHER_S, self._wake)

    def _cancel(self) -> None:
        if self._main is not None and not self._is_cut:  # a second one would cut what cleans up
            self._is_cut = True
            self._main.cancel()


def _refused(error: OutletSyncError) -> Asked:
    return {"error": type(error).__name__, "code": error.code, "facts": dict(error.facts)}


def _cut_short(cycle: Cycle) -> Tally:
    return replace(cycle.tally(), stopped_by=cycle.stopped_by or TIMED_OUT)


async def _read(answer: Answer) -> Updates | Fault | None:
    """A long pull's answer, read beside the loop: webhooks don't wait for it. A short one the engine reads itself."""
    if isinstance(answer, Lost) or len(answer.body) < LONG_BYTES:
        return None
    judge = partial(judge_pull, answer, wall_ms=clock.now().wall_ms)
    return await asyncio.get_running_loop().run_in_executor(None, judge)
