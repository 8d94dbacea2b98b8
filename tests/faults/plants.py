"""Mistakes, planted into the engine to prove that the simulation finds them."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from outlet_sync_gui.contract import requests
from outlet_sync_gui.contract.answers import ItemResult
from outlet_sync_gui.status import Lane
from outlet_sync_gui.store.conflicts import Conflicts
from outlet_sync_gui.store.messages import Messages
from outlet_sync_gui.store.outbox import Outbox
from outlet_sync_gui.store.records import Records
from outlet_sync_gui.sync import (
    disputes,
    door,
    engine,
    guard,
    holding,
    judge,
    lives,
    merge,
    pull,
    records,
    resolve,
    till,
)
from outlet_sync_gui.sync.budget import Budget
from outlet_sync_gui.sync.clock import FIRST_TIME
from outlet_sync_gui.sync.engine import Engine
from outlet_sync_gui.sync.exchange import Lost
from outlet_sync_gui.sync.guard import Guard
from outlet_sync_gui.sync.judge import RefusedWhole
from outlet_sync_gui.sync.pull import Application
from outlet_sync_gui.sync.push import Pusher

Plant = Callable[[pytest.MonkeyPatch], None]


def an_answer_settles_whatever_the_record_is_now(patch: pytest.MonkeyPatch) -> None:
    accept = Outbox.accept

    def careless(self: Outbox, accepted: Any, **more: Any) -> None:
        current = {p.record_id: p for p in self.load([a.parcel.record_id for a in accepted])}
        now = [a._replace(parcel=current[a.parcel.record_id]) for a in accepted]
        accept(self, now, **more)

    patch.setattr(Outbox, "accept", careless)


def the_limit_is_not_kept_across_restarts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "Budget", lambda per_minute, _stamps, *, now: Budget(per_minute, [], now=now))


def a_payment_does_not_wait_for_its_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Records, "block_behind_orders", lambda *_: None)
    patch.setattr(Records, "block_children", lambda *_: None)


def the_version_never_rises(patch: pytest.MonkeyPatch) -> None:
    load = Pusher.load

    def first_version(*given: Any, **more: Any) -> Any:
        return tuple(parcel._replace(version=1) for parcel in load(*given, **more))

    patch.setattr(Pusher, "load", first_version)


def a_lost_answer_counts_as_accepted(patch: pytest.MonkeyPatch) -> None:
    judged = judge.judge_push

    def hopeful(answer: Any, sent: Any, **more: Any) -> Any:
        is_lost = isinstance(answer, Lost)
        return judge.Judged([ItemResult(ok=True)] * len(sent)) if is_lost else judged(answer, sent, **more)

    patch.setattr(engine, "judge_push", hopeful)


def a_429_is_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    limited = Engine._limited
    patch.setattr(Engine, "_limited", lambda self, _seconds, now: limited(self, 0.1, now))


def an_item_without_a_result_counts_as_accepted(patch: pytest.MonkeyPatch) -> None:
    judged = judge.judge_push

    def hopeful(answer: Any, sent: Any, **more: Any) -> Any:
        verdict = judged(answer, sent, **more)
        if not isinstance(verdict, judge.Judged):
            return verdict
        return judge.Judged([result or ItemResult(ok=True) for result in verdict.results])

    patch.setattr(engine, "judge_push", hopeful)


def the_menu_does_not_wait_for_a_pull(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Engine, "_open_lanes", lambda _: list(Lane))


def a_refused_row_is_dropped(patch: pytest.MonkeyPatch) -> None:
    def forgetful(self: Outbox, refused: Any) -> None:
        for one in refused:
            self._db.execute("DELETE FROM outbox WHERE record_id = ?", (one.parcel.record_id,))

    patch.setattr(Outbox, "refuse", forgetful)


def a_server_error_is_blamed_on_the_record(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pusher, "broke", lambda _self, _parcels, words, **_: RefusedWhole(words))


def news_beside_an_unsent_edit_is_passed_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(disputes, "reconcile", lambda *_, **__: False)
    patch.setattr(door, "_keep", lambda *_: False)


def refusals_alike_are_never_doubted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("outlet_sync_gui.sync.halts.ALIKE", math.inf)


# -- headquarters' side


def the_merge_takes_headquarters_side(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "_merged", lambda _name, _base, _local, cloud, _sent: cloud)


def counts_are_not_added_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "_are_counts", lambda *_: False)
    merged = merge._merged
    patch.setattr(merge, "_merged", lambda name, *sides: sides[2] if name == "stock" else merged(name, *sides))


def a_choice_is_not_told(patch: pytest.MonkeyPatch) -> None:
    close = Conflicts.close

    def silent(self: Conflicts, conflict_id: int, **more: Any) -> None:
        close(self, conflict_id, **more)
        self._db.execute("UPDATE conflict_field SET told_at = 1 WHERE conflict_id = ?", (conflict_id,))

    patch.setattr(Conflicts, "close", silent)


def another_choice_is_told(patch: pytest.MonkeyPatch) -> None:
    body = requests.resolve_body
    patch.setattr(resolve, "resolve_body", lambda **told: body(**{**told, "strategy": "cloud_wins"}))


def a_choice_does_not_go_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resolve, "send", lambda store, known, *_: store.records.unqueue(known.record_id))


def a_choice_counts_for_whatever_there_is_now(patch: pytest.MonkeyPatch) -> None:
    choose = resolve.choose

    def careless(store: Any, settings: Any, decision: Any, **more: Any) -> None:
        choose(store, settings, replace(decision, revision=None), **more)

    patch.setattr(resolve, "choose", careless)


def a_repeat_has_its_effect_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Messages, "answer_to", lambda *_: None)
    patch.setattr(Messages, "remember", lambda *_, **__: None)


def what_is_held_is_sent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Conflicts, "restate", lambda *_: None)


def an_old_deletion_hits_a_new_record(patch: pytest.MonkeyPatch) -> None:
    is_stale = lives.is_stale

    def blind(store: Any, known: Any, change: Any) -> bool:
        return bool(change.action != "delete" and is_stale(store, known, change))

    patch.setattr(lives, "is_stale", blind)


def old_news_counts(patch: pytest.MonkeyPatch) -> None:
    is_stale = lives.is_stale

    def blind(store: Any, known: Any, change: Any) -> bool:
        return bool((change.action == "delete" or known.deleted_at) and is_stale(store, known, change))

    patch.setattr(lives, "is_stale", blind)


def nobody_is_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Guard, "asks", lambda *_: None)


def what_is_asked_about_is_passed_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guard, "hold", lambda *_, **__: False)


def the_cursor_goes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pull, "_later", lambda cursor, checkpoint: FIRST_TIME if cursor else checkpoint)


def the_cursor_moves_before_all_is_in(patch: pytest.MonkeyPatch) -> None:
    proceed = Application.proceed

    def hasty(self: Application, *, now_ms: int) -> bool:
        with self.store.write():
            self.store.outlet.pulled(cursor=self.updates.checkpoint, at_ms=now_ms, is_full=self.is_full)
        return proceed(self, now_ms=now_ms)

    patch.setattr(Application, "proceed", hasty)


def the_tills_count_overwrites_what_it_has_not_heard_of(patch: pytest.MonkeyPatch) -> None:
    told = till.till_of
    patch.setattr(records, "till_of", lambda *given: replace(told(*given), stock_on_the_way=0))


def what_the_till_writes_back_is_an_edit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(till, "_told", lambda known, *_: known.source)


def the_till_is_not_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(holding, "tell_till", lambda *_, **__: None)


def a_sale_is_headquarters_to_change(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(door, "CATALOGUE", frozenset({"product", "category", "order"}))


def an_open_conflict_needs_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("outlet_sync_gui.sync.state._needs_a_word", lambda _: False)


PLANTED: tuple[Plant, ...] = (
    an_answer_settles_whatever_the_record_is_now,
    the_limit_is_not_kept_across_restarts,
    a_payment_does_not_wait_for_its_order,
    the_version_never_rises,
    a_lost_answer_counts_as_accepted,
    a_429_is_not_waited_for,
    an_item_without_a_result_counts_as_accepted,
    the_menu_does_not_wait_for_a_pull,
    a_refused_row_is_dropped,
    a_server_error_is_blamed_on_the_record,
    news_beside_an_unsent_edit_is_passed_over,
    a_choice_is_not_told,
    a_choice_does_not_go_out,
    a_repeat_has_its_effect_again,
    what_is_held_is_sent,
    old_news_counts,
    what_is_asked_about_is_passed_over,
    the_cursor_goes_back,
    the_till_is_not_told,
    a_sale_is_headquarters_to_change,
    an_open_conflict_needs_nobody,
)
# Found as surely, after many more courses: most of the time of all. With the long runs.
RARE: tuple[Plant, ...] = (
    a_choice_counts_for_whatever_there_is_now,
    counts_are_not_added_up,
    an_old_deletion_hits_a_new_record,
    the_cursor_moves_before_all_is_in,
    another_choice_is_told,
    what_the_till_writes_back_is_an_edit,
    refusals_alike_are_never_doubted,
    the_merge_takes_headquarters_side,
    nobody_is_asked,
    the_tills_count_overwrites_what_it_has_not_heard_of,
)
