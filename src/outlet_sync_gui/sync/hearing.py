"""What a webhook does: each body once, in one transaction with the memory of it and of what it was answered."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.webhooks import Broadcast, Config, Disputed, Letter, Told
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.records import CATALOGUE, Known
from outlet_sync_gui.sync import configuration, disputes
from outlet_sync_gui.sync.clock import iso, to_ms
from outlet_sync_gui.sync.door import apply_change
from outlet_sync_gui.sync.guard import watch
from outlet_sync_gui.sync.lives import is_unheard_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What came of a letter. `is_behind`: it shows that there is news which a pull would bring."""

    told: Told
    is_repeat: bool = False
    is_behind: bool = False


def hear(store: Store, letter: Letter, settings: Settings, *, fixed: Collection[str], now_ms: int) -> Effect:
    """Obey a letter, once; a repeat gets its first answer. Raises StoreFailed, InputRefused: then nothing happened.

    `fixed`: names of settings that this outlet has set itself.
    """
    key = f"{letter.kind}:{letter.digest}"
    with store.write(), store.part():
        if (answer := store.messages.answer_to(key)) is not None:
            return Effect(told=Told(**json.loads(answer)), is_repeat=True)
        effect = _obey(store, letter, settings, fixed, now_ms)
        store.messages.remember(key, json.dumps(asdict(effect.told)), now_ms=now_ms)
    return effect


def _obey(store: Store, letter: Letter, settings: Settings, fixed: Collection[str], now_ms: int) -> Effect:
    match letter.heard:
        case CloudChange() as change:
            return _change(store, change, now_ms)
        case Broadcast() as broadcast:
            return _told(_broadcast(store, broadcast, letter, now_ms), now_ms)
        case Config() as config:
            return _told(configuration.take(store, config, settings, fixed=fixed, now_ms=now_ms), now_ms)
        case disputed:
            return _disputes(store, disputed, now_ms)


def _change(store: Store, change: CloudChange, now_ms: int) -> Effect:
    before = _find(store, change.entity_type, change.local_id, change.cloud_id)
    is_news = apply_change(store, change, now_ms=now_ms, watch=watch(store, [change], now_ms=now_ms))
    known = _find(store, change.entity_type, change.local_id, change.cloud_id)
    version = known.base_version if known is not None else 0
    is_gap = change.action == "update" and change.version > (before.base_version if before else 0) + 1
    message = "Update applied successfully" if is_news else "Nothing new in it"
    return Effect(
        told=Told(message=message, local_version=version, applied_at=iso(now_ms)),
        is_behind=is_gap and change.entity_type in CATALOGUE,
    )


def _disputes(store: Store, disputed: Sequence[Disputed], now_ms: int) -> Effect:
    asked = [notice for notice in disputed if notice.is_required]
    first = disputed[0]
    known = _find(store, first.entity_type, first.local_id, first.cloud_id)
    for _ in disputed[len(asked) :]:
        store.activity.note(What.TOLD, known.record_id if known else None, now_ms=now_ms, why=first.field)
    if not asked:
        return _told("Noted", now_ms)
    if known is None or known.deleted_at is not None or _is_former(store, known, first):
        disputes.asked_of_unknown(store, asked, now_ms=now_ms)
    else:
        disputes.asked_there(store, known, asked, now_ms=now_ms)
    return _told("Conflict recorded", now_ms)


def _is_former(store: Store, known: Known, notice: Disputed) -> bool:
    """Whether this is of another record of headquarters, or of a former life: it had the same id of the POS."""
    is_other = None not in (known.cloud_id, notice.cloud_id) and known.cloud_id != notice.cloud_id
    at, end = notice.cloud_updated_at or notice.at, known.deleted_until
    is_of_this_life = end is not None and to_ms(at) > to_ms(end) and (notice.cloud_version or 0) > known.base_version
    return is_other or (is_unheard_of(store, known) and not is_of_this_life)


def _broadcast(store: Store, broadcast: Broadcast, letter: Letter, now_ms: int) -> str:
    expires_at = None if broadcast.expires_at is None else to_ms(broadcast.expires_at)
    is_new = store.messages.add(
        message_id=broadcast.message_id or letter.digest,
        title=broadcast.title,
        text=broadcast.text,
        level=broadcast.level,
        expires_at=expires_at,
        now_ms=now_ms,
    )
    return "Message received" if is_new else "Message known already"


def _told(message: str, now_ms: int) -> Effect:
    return Effect(told=Told(message=message, local_version=None, applied_at=iso(now_ms)))


def _find(store: Store, entity_type: str, local_id: str | None, cloud_id: str | None) -> Known | None:
    ours = store.records.find(entity_type, local_id) if local_id else None
    return ours or (store.records.find_cloud(entity_type, cloud_id) if cloud_id else None)
