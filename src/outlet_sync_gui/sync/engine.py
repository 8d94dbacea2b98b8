"""The engine: decides what leaves next, and what an answer changes. It has no network, thread or clock.

    engine.next(now)                    -> Send(flight, request) | WaitUntil(at, why)
    engine.settle(flight, answer, now)  -> events
    engine.go_on(now)                   -> events              while `is_applying`: the rest of a long pull
    engine.hear(letter, now)            -> what it is answered  a webhook, applied at once
    engine.do(command, now)             -> events

One request at a time; what is on its way is on disk before it leaves, so a crash between any two steps loses nothing.
"""

import math
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from outlet_sync_gui.contract.answers import Resolution, Updates
from outlet_sync_gui.contract.requests import BATCH, RESOLVE, UPDATES
from outlet_sync_gui.contract.webhooks import Letter
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Lane, Status, Trouble
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.conflicts import Conflict, Disagreement
from outlet_sync_gui.store.outbox import Parcel
from outlet_sync_gui.sync import closing, person, pull, resolve, undo, waits
from outlet_sync_gui.sync.budget import Budget, stamp_of
from outlet_sync_gui.sync.clock import Now, next_time, server_offset_ms
from outlet_sync_gui.sync.commands import (
    Command,
    Decision,
    GoOn,
    KeyChanged,
    LineUp,
    LookForReadings,
    Pause,
    Reconcile,
    Resume,
    SyncNow,
    Undo,
)
from outlet_sync_gui.sync.door import apply_kept_news
from outlet_sync_gui.sync.drain import Drain
from outlet_sync_gui.sync.events import Behind, Event, KeyRefused, Pulled, Sent, Stopped, Unfinished
from outlet_sync_gui.sync.exchange import Answer, Answered, Flight, Kind, Request, Ruling, Send, WaitUntil, Why
from outlet_sync_gui.sync.halts import Halts
from outlet_sync_gui.sync.hearing import Effect, hear
from outlet_sync_gui.sync.judge import (
    Broken,
    Fault,
    Forbidden,
    Judged,
    KeyRejected,
    Limited,
    RefusedWhole,
    judge_pull,
    judge_push,
    judge_resolve,
)
from outlet_sync_gui.sync.pacing import Backoff, BatchSize
from outlet_sync_gui.sync.pull import Application
from outlet_sync_gui.sync.push import STUCK, Pusher, sent_items
from outlet_sync_gui.sync.reading import Readings
from outlet_sync_gui.sync.state import REFUSALS, facts_of, status_of
from outlet_sync_gui.sync.summary import count_due

LINGER_MS = 200  # gathers a burst: an order and its payment leave together
KEY_PROBE_S = 60.0
COUNT_FROM = 200  # sales: fewer are counted as quickly when somebody asks, and each turn costs a write to the disk
STRANGERS = 3  # answers in a row that are not from headquarters: no passing fault of the line


class Engine:
    """One outlet's conversation with the cloud, over its store. All methods belong to the store's thread."""

    def __init__(
        self, store: Store, settings: Settings, now: Now, *, draw: Callable[[], float] = random.random
    ) -> None:
        self._store = store
        self._settings = settings
        self._halts = Halts(store)
        self._pusher = Pusher(store, settings, BatchSize(most=settings.batch_max_items), self._halts)
        self._backoff = Backoff(draw)
        self._pull_backoff = Backoff(draw)  # a pull that fails alone must not slow the sales
        self._drain = Drain()
        self._readings = Readings(store, settings, draw)
        with store.write():
            self._budget = Budget(settings.rate_limit_per_minute, store.outlet.stamps(stamp_of(now)), now=now)
            apply_kept_news(store, now_ms=now.wall_ms)  # nothing is out any more
        self._flight: Flight | None = None
        self._application: Application | None = None  # a pull's changes that are still on their way in
        self._busy_since: Now | None = None
        self._back_at: int | None = None  # since when the cloud is in reach again, while the backlog drains
        self._has_pulled = False  # since the start, or since the cloud was last out of reach
        self._is_in_doubt = False  # what the last pull brought waits for a person's answer
        self._pull_at = now.monotonic
        self._hold: WaitUntil = waits.limit_wait(store.outlet.read(), now)
        self._ordered: frozenset[Lane] = frozenset()  # lanes that a person wants sent now
        self._last: Kind | None = None
        self._last_failed: Kind | None = None
        self._strangers = 0  # answers in a row that were not from headquarters
        self._lives = False  # an exchange has succeeded since the last 5xx
        self._stuck_over: Ruling | None = None  # the choice over which the cloud fails, and how often it did
        self._stuck = 0
        self._closed: str | None = None  # the last business day that was seen to at closing time
        self._has_asked_key = False  # one 401 is no proof: the key is read once more first

    def next(self, now: Now) -> Send | WaitUntil:
        """What to do now. Raises StoreFailed."""
        assert self._flight is None, "one request at a time"
        assert not self.is_applying, "first what headquarters said"
        self._apply_policy(now)
        self._close_day(now)
        return (
            self._gate(now)
            or self._pull(now)
            or self._tell(now)
            or self._push(now)
            or self._read_back(now)
            or self._rest(now)
        )

    def settle(self, flight: Flight, answer: Answer, now: Now, *, news: Updates | Fault | None = None) -> list[Event]:
        """Apply what came of a flight. Raises StoreFailed; then nothing of the answer counts.

        `news`: what a pull's answer says, where `judge_pull` has read it already.
        """
        self._landed(now)
        if flight.kind is Kind.PULL:
            self._note_landing(flight, now)
            return self._settle_pull(flight, answer, news or judge_pull(answer, wall_ms=now.wall_ms), now)
        if flight.kind is Kind.RESOLVE:
            with self._store.write():
                self._note_landing(flight, now)
                return self._settle_told(flight, answer, now)
        if flight.kind is Kind.READ:
            self._note_landing(flight, now)
            return self._settle_reading(flight, answer, now)
        took_s = now.monotonic - flight.left.monotonic
        self._pusher.size.took(took_s, is_answered=isinstance(answer, Answered), body_bytes=flight.bytes)
        with self._store.write():
            self._note_landing(flight, now)
            return self._settle_push(flight, answer, now)

    @property
    def is_applying(self) -> bool:
        """Whether a pull's changes are still on their way into the store: `go_on` before anything else leaves."""
        return self._application is not None

    def go_on(self, now: Now) -> list[Event]:
        """Apply the next of them, a moment's work; what came of the pull, once it is whole. Raises StoreFailed."""
        assert self._application is not None
        if not self._application.proceed(now_ms=now.wall_ms):
            return []
        application, self._application = self._application, None
        self._has_pulled = True
        return [Pulled(application.applied)]

    def hear(self, letter: Letter, now: Now, *, fixed: Collection[str] = ()) -> Effect:
        """Obey a webhook, once. Raises StoreFailed, InputRefused: then nothing of it happened.

        `fixed`: names of settings that this outlet has set itself.
        """
        (found,) = self.hear_all([letter], now, fixed=fixed)
        if isinstance(found, InputRefused):
            raise found
        return found

    def hear_all(
        self, letters: Sequence[Letter], now: Now, *, fixed: Collection[str] = ()
    ) -> list[Effect | InputRefused]:
        """Obey what came together, in one transaction: what is refused of it undoes nothing of the rest.

        Raises StoreFailed: then nothing of any happened.
        """
        with self._store.write():
            found = [self._hear_one(letter, now, fixed) for letter in letters]
        if any(isinstance(effect, Effect) and effect.is_behind for effect in found):
            self._pull_at = now.monotonic
            self._has_pulled = False  # the menu waits for what lies between
        return found

    def _hear_one(self, letter: Letter, now: Now, fixed: Collection[str]) -> Effect | InputRefused:
        try:
            return hear(self._store, letter, self._settings, fixed=fixed, now_ms=now.wall_ms)
        except InputRefused as refusal:
            return refusal

    def abandon(self, flight: Flight, now: Now) -> None:
        """The program stops with a request out: its outcome stays unknown."""
        self._landed(now)
        self._note_landing(flight, now)

    def do(self, command: Command, now: Now) -> list[Event]:
        """Obey a person or the machine."""
        match command:
            case SyncNow(all_lanes):
                self._order(now, frozenset(Lane) if all_lanes else frozenset())
            case Pause(until_ms):
                with self._store.write():
                    self._store.outlet.pause(stamp_of(now), until_ms=until_ms)
            case Resume():
                self._resume(now)
            case LineUp():
                self._line_up(now)
            case KeyChanged():
                self._key_changed()
            case Reconcile():
                self._readings.ask(command)
                self._line_up(now)  # somebody waits for it: the line is tried at once
            case LookForReadings():
                self._readings.ask(command)
            case Undo():
                with self._store.write():
                    undo.undo(self._store, command, now_ms=now.wall_ms)
                    self._order(now, frozenset())
            case Decision():
                return self._decide(command, now)
        return []

    def _decide(self, decision: Decision, now: Now) -> list[Event]:
        with self._store.write():  # whole or not at all: it may be asked for again after a failure
            rest = person.decide(self._store, self._settings, decision, now_ms=now.wall_ms)
            if not isinstance(decision, GoOn):
                self._order(now, frozenset())
        return [Unfinished(rest)] if rest is not None else []

    def count_sales(self) -> bool:
        """While nothing is to be sent: count some of many sales for the day's figures; whether it did."""
        return count_due(self._store, self._settings, least=COUNT_FROM)

    def status(self, now: Now) -> Status:
        """A snapshot for people."""
        at_rest = facts_of(self._store, self._settings, self._halts.standing(now.wall_ms).told, now_ms=now.wall_ms)
        facts = replace(
            at_rest,
            outlet=waits.as_shown(at_rest.outlet, self._hold, now),
            busy_for_s=now.monotonic - self._busy_since.monotonic if self._busy_since else None,
            is_pulling=self.is_applying or (self._flight is not None and self._flight.kind is Kind.PULL),
            next_attempt_at=self._next_attempt_at(now),
            back_at=self._back_at,
        )
        pending = facts.counts.pending.total
        return status_of(facts, self._store.outlet.sent_on, progress=self._drain.progress(pending, now))

    # -- what to do next

    def _gate(self, now: Now) -> WaitUntil | None:
        """What stops everything that leaves."""
        outlet = self._store.outlet.read()
        if outlet.is_paused:
            at = waits.pause_ends(outlet, now)
            if at is None or at > now.monotonic:
                return self._resting(WaitUntil(at, Why.PAUSED))
            self._resume(now)
        if self._hold.at is not None and self._hold.at > now.monotonic:
            return self._resting(self._hold)
        return None

    def _pull(self, now: Now) -> Send | WaitUntil | None:
        if self._pull_at > now.monotonic or self._halts.standing(now.wall_ms).shut(UPDATES):
            return None
        if self._last is Kind.PULL and (self._untold(now) or self._due_lanes(now)):
            return None  # others wait for one pull, not for one that fails, nor for each press of Sync now
        if (free_at := self._budget.free_at(now, reserve=0)) > now.monotonic:
            return WaitUntil(free_at, Why.PACING)
        timeout = float(self._settings.request_timeout_s)
        is_full = pull.is_full_due(self._store.outlet.read(), now.wall_ms)
        request = pull.pull_request(
            self._store, outlet_id=self._settings.outlet_id, deadline_s=timeout, is_full=is_full
        )
        return self._leave(Kind.PULL, request, now, is_full=is_full)

    def _tell(self, now: Now) -> Send | WaitUntil | None:
        """Headquarters hears of a choice before the record's own push."""
        if (untold := self._untold(now)) is None:
            return None
        if (free_at := self._budget.free_at(now, reserve=0)) > now.monotonic:
            return WaitUntil(free_at, Why.PACING)
        conflict, field = untold
        request = resolve.resolve_request(conflict, field, self._settings)
        return self._leave(Kind.RESOLVE, request, now, ruling=Ruling(conflict.conflict_id, field.field))

    def _untold(self, now: Now) -> tuple[Conflict, Disagreement] | None:
        """The first choice that headquarters can be told now."""
        untold = self._store.conflicts.first_untold()
        return None if untold is None or self._halts.standing(now.wall_ms).shut(RESOLVE) else untold

    def _apply_policy(self, now: Now) -> None:
        """Not before headquarters' news is heard: a conflict may show what it said before."""
        if self._has_pulled and self._settings.conflict_policy != "ask" and self._store.conflicts.count():
            with self._store.write():
                resolve.by_policy(self._store, self._settings, now_ms=now.wall_ms)

    def _close_day(self, now: Now) -> None:
        """At closing time the daily summary goes by itself, where the outlet wants that; once for each day."""
        is_wanted = self._settings.summary_auto_send
        date = closing.last_closed(self._settings, now_ms=now.wall_ms) if is_wanted else None
        if date not in (None, self._closed) and closing.is_clock_right(self._store):
            with self._store.write():
                closing.send_unsent(self._store, self._settings, str(date), now_ms=now.wall_ms)
            self._closed = date

    def _push(self, now: Now) -> Send | WaitUntil | None:
        standing = self._halts.standing(now.wall_ms)
        lanes = self._due_lanes(now)
        if not (lanes or self._pusher.suspects or standing.due() or self._has_summary()):
            return None
        if (free_at := self._budget.free_at(now)) > now.monotonic:
            return WaitUntil(free_at, Why.PACING)
        with self._store.write():
            parcels = self._pusher.load(lanes, standing, open_lanes=self._open_lanes())
        if not parcels:
            return None
        request = self._pusher.request(parcels, standing, wall_ms=now.wall_ms)
        return self._leave(Kind.PUSH, request, now, parcels=parcels)

    def _read_back(self, now: Now) -> Send | None:
        """What people want to know of headquarters, when nothing else leaves."""
        at = self._reading_at(now)
        if at is None or at > now.monotonic:
            return None
        return self._leave(Kind.READ, self._readings.request(now), now)

    def _reading_at(self, now: Now) -> float | None:
        """When headquarters may be read back; None: not asked for, or a sale is about to leave."""
        gathering = self._store.outbox.oldest(Lane.HIGH)
        is_gathering = gathering is not None and self._due_at(Lane.HIGH, gathering, now) > now.wall_ms
        if self._readings.at is None or is_gathering:
            return None
        return max(self._readings.at, self._budget.idle_at(now))

    def _rest(self, now: Now) -> WaitUntil:
        """Nothing is due: tell until when."""
        if self._has_pulled:
            self._ordered = frozenset()
        self._drain.ended()
        self._back_at = None
        standing = self._halts.standing(now.wall_ms)
        shut = standing.shut(UPDATES)
        pull_at = self._pull_at if shut is None else max(self._pull_at, waits.monotonic_at(shut.probe_at or 0, now))
        times = [pull_at, *self._lane_times(now), *self._closing_times(now)]
        if (told := standing.shut(RESOLVE)) is not None and self._store.conflicts.first_untold() is not None:
            times.append(waits.monotonic_at(told.probe_at or 0, now))
        if (retry_at := self._store.outbox.next_retry_at()) is not None:
            times.append(waits.monotonic_at(retry_at, now))
        if (reading_at := self._reading_at(now)) is not None:
            times.append(reading_at)
        if (probe_at := standing.next_probe_at()) is not None:
            # A probe of the menu, too, waits for headquarters' news.
            times.append(max(waits.monotonic_at(probe_at, now), -math.inf if self._may_menu_go else pull_at))
        is_lingering = self._store.outbox.oldest(Lane.HIGH) is not None
        return self._resting(WaitUntil(min(times), Why.LINGER if is_lingering else Why.NOTHING_DUE))

    def _leave(
        self,
        kind: Kind,
        request: Request,
        now: Now,
        *,
        parcels: tuple[Parcel, ...] = (),
        ruling: Ruling | None = None,
        is_full: bool = False,
    ) -> Send:
        with self._store.write():
            number = self._store.outlet.depart(stamp_of(now))
            self._store.outbox.depart(parcels, flight=number)
        self._budget.depart()
        if kind is not Kind.READ:  # nothing of ours moves by it
            self._busy_since = self._busy_since or now
        if kind is Kind.PUSH:
            self._drain.leaves(self._store.outlet.counts().pending.total, now)
        self._last = kind
        self._flight = Flight(
            number=number,
            kind=kind,
            route=request.route,
            left=now,
            bytes=len(request.body),
            parcels=parcels,
            ruling=ruling,
            is_full=is_full,
        )
        return Send(self._flight, request)

    def _resting(self, wait: WaitUntil) -> WaitUntil:
        self._busy_since = None
        return wait

    # -- which lanes are due

    def _due_lanes(self, now: Now) -> list[Lane]:
        """Lanes to send from, in order: what is due, and along with it what has room."""
        if self._store.outbox.next_retry_at() is not None or self._halts.has_ended():
            with self._store.write():
                self._store.outbox.wake(now.wall_ms)
                self._store.halts.recall()
        oldest = {lane: self._store.outbox.oldest(lane) for lane in self._open_lanes()}
        waiting = {lane: since for lane, since in oldest.items() if since is not None}
        is_due = any(
            lane in self._ordered
            or self._due_at(lane, since, now) <= now.wall_ms
            or self._store.outbox.has_urgent(lane)
            for lane, since in waiting.items()
        )
        return list(waiting) if is_due else []

    def _open_lanes(self) -> list[Lane]:
        # An old local price must not overwrite a newer one: the menu waits for headquarters' news.
        return [lane for lane in Lane if lane is not Lane.MEDIUM or self._may_menu_go]

    @property
    def _may_menu_go(self) -> bool:
        return self._has_pulled and not self._is_in_doubt

    def _has_summary(self) -> bool:
        """Whether a daily summary may go though the menu may not."""
        return not self._may_menu_go and bool(self._store.outbox.summary())

    def _due_at(self, lane: Lane, since_ms: int, now: Now) -> int:
        if since_ms > now.wall_ms:
            return now.wall_ms  # a clock that was set back must not freeze a lane
        if lane is Lane.HIGH:
            return since_ms + max(LINGER_MS, round(self._budget.spread(now) * 1000))
        if lane is Lane.MEDIUM:
            return since_ms + self._settings.medium_interval_s * 1000
        waited = since_ms + self._settings.low_interval_s * 1000
        closing = self._settings.closing_time
        return min(waited, next_time(since_ms, closing, zone=self._settings.timezone)) if closing else waited

    def _lane_times(self, now: Now) -> list[float]:
        found = ((lane, self._store.outbox.oldest(lane)) for lane in self._open_lanes())
        return [waits.monotonic_at(self._due_at(lane, since, now), now) for lane, since in found if since is not None]

    def _closing_times(self, now: Now) -> list[float]:
        if not (self._settings.summary_auto_send and self._settings.closing_time):
            return []
        at = next_time(now.wall_ms, self._settings.closing_time, zone=self._settings.timezone)
        return [waits.monotonic_at(at, now)]

    def _order(self, now: Now, lanes: frozenset[Lane]) -> None:
        self._pull_at = now.monotonic
        self._ordered = lanes | {Lane.HIGH}
        self._last_failed = None
        with self._store.write():
            self._store.halts.probe_all_at(now.wall_ms)
        if self._hold.why is not Why.RATE_LIMITED:
            self._hold = WaitUntil(None, Why.NOTHING_DUE)

    def _resume(self, now: Now) -> None:
        with self._store.write():
            self._store.outlet.resume()
        self._was_away(now)

    def _was_away(self, now: Now) -> None:
        """What headquarters said meanwhile comes before the menu goes."""
        self._pull_at = now.monotonic
        self._has_pulled = False

    def _line_up(self, now: Now) -> None:
        """The line is back, or the machine woke: what was waited for because of the line is over."""
        for backoff in (self._backoff, self._pull_backoff):
            backoff.succeeded()
        if self._hold.why is Why.BACKOFF:
            self._hold = WaitUntil(None, Why.NOTHING_DUE)
        self._was_away(now)

    def _key_changed(self) -> None:
        with self._store.write():
            self._halts.key_changed()
        if self._hold.why is Why.REFUSED:
            self._hold = WaitUntil(None, Why.NOTHING_DUE)

    # -- what came of it

    def _landed(self, now: Now) -> None:
        self._flight = None
        self._budget.land(now)

    def _note_landing(self, flight: Flight, now: Now) -> None:
        with self._store.write():
            self._store.outlet.land(flight.number, stamp_of(now))

    def _settle_pull(self, flight: Flight, answer: Answer, verdict: Updates | Fault, now: Now) -> list[Event]:
        self._pull_at = now.monotonic + self._settings.pull_interval_s
        if not isinstance(verdict, Updates):
            return self._fault(Kind.PULL, UPDATES, verdict, now)
        application = Application(self._store, verdict, flight.is_full)
        may_apply = application.begin(now_ms=now.wall_ms)
        with self._store.write():
            self._halts.opened(UPDATES, now.wall_ms)
        self._succeeded(answer, now)
        self._pull_backoff.succeeded()
        self._has_pulled = self._has_pulled or not may_apply
        self._is_in_doubt = not may_apply
        if not may_apply:
            return [Pulled(0)]  # a person is asked first; the menu waits for the answer
        self._application = application
        return self.go_on(now)

    def _settle_told(self, flight: Flight, answer: Answer, now: Now) -> list[Event]:
        assert flight.ruling is not None
        verdict = judge_resolve(answer, wall_ms=now.wall_ms)
        if isinstance(verdict, Broken) and verdict.words is not None:
            self._pull_at = now.monotonic  # it shows whether the cloud lives
            verdict = self._broke_over(flight.ruling, verdict)
        if not isinstance(verdict, Resolution | RefusedWhole):
            return self._fault(Kind.RESOLVE, flight.route, verdict, now)
        self._halts.opened(flight.route, now.wall_ms)
        resolution = verdict if isinstance(verdict, Resolution) else None
        resolve.settle_told(self._store, flight.ruling, resolution, now_ms=now.wall_ms)
        if resolution is None:
            self._pull_at = now.monotonic  # what it has now, it tells
        self._succeeded(answer, now)
        return []

    def _settle_reading(self, flight: Flight, answer: Answer, now: Now) -> list[Event]:
        """Of the line it proves nothing: that it fails slows no sale, and that it passes is no news of headquarters."""
        found = self._readings.settle(answer, now)
        return [*found] if isinstance(found, list) else self._fault(Kind.READ, flight.route, found, now)

    def _broke_over(self, ruling: Ruling, broken: Broken) -> Broken | RefusedWhole:
        """A 5xx over a choice: the third while other calls pass is about it."""
        self._stuck = self._stuck + self._lives if self._stuck_over == ruling else 1
        self._stuck_over, self._lives = ruling, False
        if self._stuck < STUCK:
            return broken
        self._stuck_over = None
        return RefusedWhole(broken.words or "")

    def _settle_push(self, flight: Flight, answer: Answer, now: Now) -> list[Event]:
        is_batch = flight.route == BATCH
        verdict = judge_push(answer, sent_items(flight.parcels), wall_ms=now.wall_ms, is_batch=is_batch)
        if isinstance(verdict, Broken) and verdict.words is not None:
            self._pull_at = now.monotonic  # it shows whether the cloud lives
            verdict = self._pusher.broke(flight.parcels, verdict.words, lives=self._lives) or verdict
            self._lives = False
        if not isinstance(verdict, Judged | RefusedWhole):
            self._apply_kept_news(flight, now)
            return self._fault(Kind.PUSH, flight.route, verdict, now)
        self._halts.opened(flight.route, now.wall_ms)
        self._measure_clock(answer, now)  # a deletion that is accepted is dated by it
        events = self._pusher.settle(flight.parcels, verdict, wall_ms=now.wall_ms)
        self._apply_kept_news(flight, now)
        is_back = not self._has_pulled and self._last_failed is not Kind.PULL
        if is_back or Behind() in events:
            self._pull_at = now.monotonic  # headquarters' news before the menu goes
        self._succeeded(answer, now)
        self._drain.accepted(sum(event.n for event in events if isinstance(event, Sent)))
        return events

    def _apply_kept_news(self, flight: Flight, now: Now) -> None:
        """News that came while their records were out."""
        apply_kept_news(self._store, [parcel.record_id for parcel in flight.parcels], now_ms=now.wall_ms)

    def _succeeded(self, answer: Answer, now: Now) -> None:
        self._last_failed = None
        self._strangers = 0
        self._lives = True
        self._has_asked_key = False
        self._backoff.succeeded()
        self._hold = WaitUntil(None, Why.NOTHING_DUE)
        if self._store.outlet.read().failing_since is not None:
            self._back_at = now.wall_ms
        with self._store.write():
            self._store.outlet.succeeded(at_ms=now.wall_ms)
            self._measure_clock(answer, now)

    def _measure_clock(self, answer: Answer, now: Now) -> None:
        if isinstance(answer, Answered) and (offset := server_offset_ms(answer.headers, now)) is not None:
            self._store.outlet.measured_clock(offset_ms=offset)

    def _fault(self, kind: Kind, route: str, fault: Fault, now: Now) -> list[Event]:
        if kind is Kind.PULL:
            self._pull_at = now.monotonic + (self._pull_backoff.failed() if isinstance(fault, Broken) else 0.0)
        self._last_failed = kind
        if not isinstance(fault, Broken):
            self._reached()
        match fault:
            case Limited(seconds):
                return self._limited(seconds, now)
            case KeyRejected() if not self._has_asked_key:
                self._has_asked_key = True
                return [KeyRefused()]
            case KeyRejected():
                self._was_away(now)
                self._stop(Trouble(code="N-KEY"), KEY_PROBE_S, Why.REFUSED, now)
                return [Stopped("N-KEY")]
            case Forbidden():
                with self._store.write():
                    self._halts.forbid(route, now.wall_ms)
                return [Stopped("N-OUTLET")]
            case Broken(trouble, seconds=asked_s):
                self._has_pulled = False
                if kind is Kind.PUSH and self._store.outbox.oldest(Lane.HIGH) is None:
                    self._pull_at = now.monotonic  # the menu waits for it
                trouble = self._estranged(trouble)
                # A cloud that cannot tell its news may take sales all the same: only the pull waits then.
                is_alone = kind is Kind.PULL and trouble.code == "N-CLOUD" and "status" in dict(trouble.facts)
                seconds = 0.0 if is_alone else self._backoff.failed()
                self._stop(trouble, max(asked_s, seconds), Why.BACKOFF, now)
                return [Stopped(trouble.code)]

    def _reached(self) -> None:
        """Headquarters answered, if only to refuse."""
        self._strangers = 0
        with self._store.write():
            self._store.outlet.reached(but_for=REFUSALS)

    def _estranged(self, trouble: Trouble) -> Trouble:
        """One answer that isn't headquarters' is a glitch of the line, three in a row are somebody else's."""
        self._strangers = self._strangers + 1 if trouble.code == "N-PORTAL" else 0
        return Trouble(code="N-ANSWER", facts=trouble.facts) if self._strangers >= STRANGERS else trouble

    def _limited(self, seconds: float, now: Now) -> list[Event]:
        self._hold = WaitUntil(now.monotonic + seconds, Why.RATE_LIMITED)
        with self._store.write():
            self._store.outlet.wait(stamp_of(now), wait_ms=round(seconds * 1000))
        return [Stopped("N-RATE")]

    def _stop(self, trouble: Trouble, seconds: float, why: Why, now: Now) -> None:
        self._hold = WaitUntil(now.monotonic + seconds, why)
        with self._store.write():
            self._store.outlet.failed(trouble, at_ms=now.wall_ms)

    def _next_attempt_at(self, now: Now) -> int | None:
        """When something of what waits is tried next, UTC ms; None: not before something else happens."""
        held_until = self._hold.at or 0.0
        is_held = held_until > now.monotonic
        times = [held_until] if is_held else [*self._lane_times(now), *self._retry_times(now)]
        outlet = self._store.outlet.read()
        ends = waits.pause_ends(outlet, now) if outlet.is_paused else now.monotonic
        return waits.wall_at(max(ends, min(times)), now) if times and ends is not None else None

    def _retry_times(self, now: Now) -> list[float]:
        """When the first of what was put off, and of what stands still, is tried again."""
        found = (self._store.outbox.next_retry_at(), self._halts.standing(now.wall_ms).next_probe_at())
        return [waits.monotonic_at(at, now) for at in found if at is not None]
