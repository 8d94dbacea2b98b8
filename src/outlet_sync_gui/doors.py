"""The service's two doors: headquarters' webhooks and the POS's intake. They open, tell why they can't, and heal.

One task minds both: it reads the secrets, binds what is wanted, and then sleeps until it is asked to look again, or,
only while something is wrong, for half a minute. Whoever comes while there is nothing behind a door is told to come
again.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from outlet_sync_gui import credentials, webhook
from outlet_sync_gui.contract.webhooks import Letter, Told
from outlet_sync_gui.credentials import WebhookSecret
from outlet_sync_gui.errors import CredentialsMissing, NeedsPerson, StoreFailed
from outlet_sync_gui.hosting import new_loop
from outlet_sync_gui.intake.call import busy
from outlet_sync_gui.intake.http import MOST_BYTES, SETUP_AGAIN_S, STORE_AGAIN_S, Intake
from outlet_sync_gui.listener import Handler, Limits, Listener, Request, Response, serve
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Status, Trouble
from outlet_sync_gui.store import Store
from outlet_sync_gui.sync import clock
from outlet_sync_gui.sync.resolve import is_clock_trusted
from outlet_sync_gui.sync.state import not_set_up
from outlet_sync_gui.webhook.signature import usable

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"  # the intake's, whatever is set
WEBHOOK_PATH = "/api/v1/webhooks/cloud"
WEBHOOKS, INTAKE = "webhook", "intake"
START_S = 1.0  # a keyring that answers late does not hold the start
# When to look again by itself. What is missing here ends only by a person's doing, who asks.
AGAIN_S: Mapping[str, float] = MappingProxyType({"D-PORT": 30, "D-ADDRESS": 30, "D-CERT": 30, "D-KEYRING": 60})
NO_KEYRING = "keyring_missing"


async def _webhook_secrets(chosen: Settings) -> tuple[WebhookSecret, ...]:
    return await credentials.webhook_secrets(outlet_id=chosen.outlet_id)


async def _intake_token(chosen: Settings) -> str:
    return await credentials.intake_token(outlet_id=chosen.outlet_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """How the doors come by what they check; each may take its time. Raises CredentialsMissing."""

    webhooks: Callable[[Settings], Awaitable[tuple[WebhookSecret, ...]]] = _webhook_secrets
    token: Callable[[Settings], Awaitable[str]] = _intake_token


FROM_KEYRING = Secrets()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is behind the doors while there is a session. `deliver` raises StoreFailed, InputRefused."""

    store: Store
    settings: Settings
    deliver: webhook.Deliver


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a door stands; another one is bound anew. Certificate and key are paths, empty without TLS."""

    host: str
    port: int
    certificate: str = ""
    key: str = ""


class Door:
    """One listener: bound, or with the reason why not."""

    def __init__(self, name: str, handler: Handler, limits: Limits) -> None:
        self._name = name
        self._handler = handler
        self._limits = limits
        self._place: Place | None = None
        self._listener: Listener | None = None
        self.trouble: Trouble | None = None

    @property
    def address(self) -> str | None:
        """Its URL without a path, while it is bound."""
        if self._listener is None or self._place is None:
            return None
        host = f"[{self._place.host}]" if ":" in self._place.host else self._place.host
        return f"{'https' if self._place.certificate else 'http'}://{host}:{self._listener.port}"

    async def stand(self, place: Place | None) -> None:
        """Be bound there, or nowhere. What stands there already is left alone."""
        if self._listener is not None and place == self._place:
            return
        await self.close()
        if place is None:
            return
        try:
            tls = _tls(place) if place.certificate or place.key else None
            self._listener = await serve(self._handler, host=place.host, port=place.port, limits=self._limits, tls=tls)
        except NeedsPerson as error:
            log.warning("%s: %s", self._name, error)
            facts = {"name": self._name, **error.facts}
            self.trouble = Trouble(code=CODES[error.code], facts=tuple(facts.items()))
        self._place = place

    async def close(self) -> None:
        """Be bound nowhere, and nothing is wrong with that."""
        listener, self._listener, self.trouble = self._listener, None, None
        if listener is not None:
            await listener.close()


CODES: Mapping[str, str] = MappingProxyType(
    {"port_taken": "D-PORT", "port_unusable": "D-ADDRESS", "certificate_unusable": "D-CERT"}
)


class Doors:
    """Both doors, in the loop of whoever calls. `want` with all settings that come, `start` and `close` once."""

    def __init__(
        self,
        secrets: Secrets,
        *,
        status: Callable[[], Status],
        on_change: Callable[[], None],
        on_written: Callable[[], None],
    ) -> None:
        self._read = secrets
        self._on_change = on_change
        self._settings = Settings()
        self._room: Room | None = None
        self._intake = Intake(status=status, on_written=on_written)
        self._webhook_door = Door(WEBHOOKS, self._hear, webhook.LIMITS)
        self._intake_door = Door(INTAKE, self._intake.answer, Limits(body_bytes=MOST_BYTES))
        self._secrets: tuple[WebhookSecret, ...] | None = None  # None: not known
        self._unsure = {WEBHOOKS, INTAKE}  # whose secret is to be read, for the first time or again
        self._unread: dict[str, Trouble] = {}  # why it could not be
        self._asked = asyncio.Event()
        self._looked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # -- what people see

    def shown(self, status: Status) -> Status:
        """The status, with addresses that are really bound and what is wrong with the others."""
        webhooks, intake = self._webhook_door.address, self._intake_door.address
        return replace(
            status,
            webhook_url=f"{webhooks}{WEBHOOK_PATH}" if webhooks else None,
            intake_url=intake,
            doors=self.troubles,
        )

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """Why a door is not open, or open to nobody."""
        found = (
            self._unread.get(WEBHOOKS),
            self._webhook_door.trouble,
            _too_short(self._secrets) if self._webhook_door.address else None,
            self._unread.get(INTAKE),
            self._intake_door.trouble,
        )
        return tuple(trouble for trouble in found if trouble is not None)

    # -- opening and closing

    async def start(self, *, wait_s: float = START_S) -> None:
        """Open both; what takes longer comes by itself."""
        self._task = asyncio.create_task(self._mind())
        self._task.add_done_callback(lambda _: self._on_change())
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._looked.wait()

    def want(self, settings: Settings) -> None:
        """Other settings: what they change is bound anew."""
        if settings.outlet_id != self._settings.outlet_id:
            self._secrets, self._intake.token = None, ""
            self._unsure = {WEBHOOKS, INTAKE}
        self._settings = settings
        self.look()

    def look(self, *, is_told: bool = False) -> None:
        """Try again what is closed; `is_told`: secrets were changed, too."""
        if is_told:
            self._unsure = {WEBHOOKS, INTAKE}
        self._asked.set()

    def admit(self, room: Room) -> None:
        """There is a session. Raises StoreFailed."""
        self._intake.open(room.store, room.settings)
        self._room = room

    def shut(self) -> None:
        """The session ends: nothing behind the doors is to be touched any more."""
        self._room = None
        self._intake.shut()

    def news(self) -> None:
        """Something happened that the POS may be waiting for."""
        with suppress(StoreFailed):  # told elsewhere; who waits goes on waiting
            self._intake.news()

    def check(self) -> None:
        """Raises a bug of the one who minds the doors."""
        if self._task is not None and self._task.done():
            self._task.result()

    async def close(self) -> None:
        """Cut what is open."""
        self.shut()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for door in (self._webhook_door, self._intake_door):
            await door.close()

    # -- the one who minds them

    async def _mind(self) -> None:
        while True:
            self._asked.clear()
            await self._try(self._settings)
            self._looked.set()
            self._on_change()
            waits = [AGAIN_S[trouble.code] for trouble in self.troubles if trouble.code in AGAIN_S]
            with suppress(TimeoutError):
                async with asyncio.timeout(min(waits, default=None)):
                    await self._asked.wait()

    async def _try(self, chosen: Settings) -> None:
        self._unread.clear()
        if chosen.outlet_id:
            await asyncio.gather(self._learn_secrets(chosen), self._learn_token(chosen))
        webhooks = Place(
            host=chosen.webhook_host,
            port=chosen.webhook_port,
            certificate=chosen.webhook_tls_cert,
            key=chosen.webhook_tls_key,
        )
        intake = Place(host=LOOPBACK, port=chosen.intake_port)
        async with asyncio.TaskGroup() as both:  # a look-up of the one's host must not keep the till out
            both.create_task(
                self._webhook_door.stand(webhooks if self._may_open(WEBHOOKS, chosen.webhook_enabled) else None)
            )
            both.create_task(self._intake_door.stand(intake if self._may_open(INTAKE, chosen.intake_enabled) else None))

    def _may_open(self, name: str, is_enabled: bool) -> bool:
        return is_enabled and name not in self._unread

    async def _learn_secrets(self, chosen: Settings) -> None:
        """None at all is no trouble: webhooks are optional, and are refused until there is one."""
        if WEBHOOKS not in self._unsure or not chosen.webhook_enabled:
            return
        self._unsure.discard(WEBHOOKS)  # before: who changes it meanwhile makes it unsure again
        try:
            found = await self._read.webhooks(chosen)
        except CredentialsMissing as error:
            if error.code != NO_KEYRING:
                self._unread[WEBHOOKS] = _unread(WEBHOOKS, error)
                self._unsure.add(WEBHOOKS)
                return
            found = ()
        if chosen is self._settings:
            self._secrets = found
        else:  # it is asked again for those that there are now
            self._unsure.add(WEBHOOKS)

    async def _learn_token(self, chosen: Settings) -> None:
        if INTAKE not in self._unsure or not chosen.intake_enabled:
            return
        self._unsure.discard(INTAKE)
        try:
            found = await self._read.token(chosen)
        except CredentialsMissing as error:
            self._unread[INTAKE] = _unread(INTAKE, error)
            self._unsure.add(INTAKE)
            return
        if chosen is self._settings:
            self._intake.token = found
        else:
            self._unsure.add(INTAKE)

    # -- webhooks

    async def _hear(self, request: Request) -> Response:
        room = self._room
        if request.path != webhook.HEALTH and (room is None or self._secrets is None):
            return busy("not_set_up", after_s=SETUP_AGAIN_S)
        try:
            return await webhook.answer(request, self._terms(room), room.deliver if room else _nobody)
        except StoreFailed as error:
            return busy(error.code, after_s=STORE_AGAIN_S)

    def _terms(self, room: Room | None) -> webhook.Terms:
        now_ms = clock.now().wall_ms
        chosen = room.settings if room else self._settings
        offset_ms = room.store.outlet.read().clock_offset_ms if room else None
        return webhook.Terms(
            outlet_id=chosen.outlet_id,
            outlet_code=chosen.outlet_code,
            secrets=[each.value for each in self._secrets or () if each.until_ms is None or now_ms < each.until_ms],
            is_clock_trusted=is_clock_trusted(offset_ms),
            now_ms=now_ms,
        )


def try_doors(settings: Settings, secrets: Secrets = FROM_KEYRING) -> tuple[Trouble, ...]:
    """What would keep the doors from opening: they are, for a moment, and let nobody in."""

    async def run() -> tuple[Trouble, ...]:
        doors = Doors(secrets, status=lambda: not_set_up(settings, ()), on_change=lambda: None, on_written=lambda: None)
        doors.want(settings)
        try:
            await doors.start(wait_s=credentials.DEADLINE_S + START_S)
            return doors.troubles
        finally:
            await doors.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(run())


async def _nobody(_: Letter) -> Told:
    raise AssertionError("without a room there is nobody to hear it")


def _too_short(secrets: tuple[WebhookSecret, ...] | None) -> Trouble | None:
    return Trouble(code="D-SHORT", facts=(("name", WEBHOOKS),)) if secrets and not usable([secrets[0].value]) else None


def _unread(name: str, error: CredentialsMissing) -> Trouble:
    log.warning("%s: %s", name, error)
    return Trouble(code="D-TOKEN" if error.code == NO_KEYRING else "D-KEYRING", facts=(("name", name),))


def _tls(place: Place) -> ssl.SSLContext:
    """What the listener speaks with. Raises NeedsPerson(certificate_unusable)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    path = place.certificate or place.key
    try:
        for path in filter(None, (place.key, place.certificate)):
            Path(path).open("rb").close()  # ssl does not tell which of them is missing
        context.load_cert_chain(place.certificate, place.key or None, password=_no_password)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NeedsPerson("certificate_unusable", {"path": path, "why": why.partition(" (_ssl")[0]}) from error
    return context


def _no_password() -> str:
    """Without this, one would be asked for at a terminal that there may not be."""
    return ""
