"""What the program promises, held against a scene whose command was killed, or ran to its end."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from tests.faults.day import Bad, Json, Key, Role, Scene, Till, Truth

from outlet_sync_gui import settings
from outlet_sync_gui.simulator import Cloud
from outlet_sync_gui.store.database import FILE_NAME


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of a command under strace."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The JSON document that it printed, None if it did not get that far."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None


def check(scene: Scene, till: Till, killed: Killed) -> None:
    if "Traceback" in killed.err:
        raise Bad(killed.err)
    is_done = killed.answer is not None or scene.role is Role.SERVICE
    _check_moment(scene, till, scene.after if is_done else scene.before)
    if not is_done:
        _again(scene, till)
    _finish(scene, till)


def _check_moment(scene: Scene, till: Till, known: Truth) -> None:
    """Right after the kill: what the till was told holds, and it is told nothing better than it is."""
    _check_requests(scene, till)
    shown = till.do("status")
    is_behind = [*_missing(known, till.stage.cloud), *till.rows("SELECT 1 FROM outbox LIMIT 1")]
    if shown["state"] == "idle" and is_behind:
        raise Bad(f"idle while unsent: {is_behind[:5]}")
    _check_database(till)


def _check_requests(scene: Scene, till: Till) -> None:
    """Each request that the cloud counts is known here: else the next process would go over the limit."""
    counted = till.stage.call(lambda cloud: sum(cloud.requests.values())) - sum(scene.cloud().requests.values())
    last = _last_stamp(scene)
    noted = till.rows(f"SELECT count(*) FROM request_stamp WHERE id > {last}")[0][0] if counted else 0
    if noted < counted:
        raise Bad(f"{counted} requests left, {noted} are known")


def _last_stamp(scene: Scene) -> int:
    file = scene.folder / "data" / FILE_NAME
    if not file.exists():
        return 0
    connection = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)
    try:
        return int(connection.execute("SELECT coalesce(max(id), 0) FROM request_stamp").fetchone()[0])
    finally:
        connection.close()


def _again(scene: Scene, till: Till) -> None:
    """It got no answer: the till says the same again, a person decides the same again."""
    match scene.words:
        case ("enqueue", *_):
            answer = till.do(*scene.words, given=scene.given)
            n = len(scene.given.splitlines())
            if answer["rejected"] or answer["accepted"] + answer["unchanged"] != n:
                raise Bad(f"a second time: {answer}")
        case ("queue", "discard", name, *_):
            if till.do("queue", "show", name)["state"] != "discarded":
                till.do(*scene.words)
        case ("queue" | "config", *_):
            till.do(*scene.words, given=scene.given)


def _finish(scene: Scene, till: Till) -> None:
    """All goes to headquarters now, and both sides agree."""
    truth = scene.after
    till.sync(codes=(3,) if truth.waiting else (0,))
    state = till.do("status")["state"]
    queued = till.rows("SELECT type, local_id, state, error_text FROM outbox JOIN record ON record_id = record.id")
    waiting = frozenset((entity_type, local_id) for entity_type, local_id, *_ in queued)
    if waiting != truth.waiting or state != ("attention" if truth.waiting else "idle"):
        raise Bad(f"{state}, and in the line: {queued}")
    if missing := _missing(truth, till.stage.cloud):
        raise Bad(f"the cloud lacks {missing[:5]}")
    _check_cloud(till.stage.cloud)
    _check_menu(truth, till)
    _check_database(till)
    if settings.load(till.directory, {}).settings.pull_interval_s != truth.pull_interval_s:
        raise Bad("the settings are not as they were set")


def _missing(truth: Truth, cloud: Cloud) -> list[str]:
    """The till's last words that the cloud does not have."""
    return [
        f"{key}: here {data}, there {cloud.records.get(key)}"
        for key, data in truth.said.items()
        if key not in truth.waiting | truth.discarded and not _is_there(cloud, key, data, truth.menu.get(key[1], {}))
    ]


def _is_there(cloud: Cloud, key: Key, data: Json | None, menu: Json) -> bool:
    kept = cloud.records.get(key)
    if data is None:
        return kept is None or kept.is_deleted
    wanted = {**data, **menu}
    return kept is not None and not kept.is_deleted and wanted.items() <= {k: kept.data.get(k) for k in wanted}.items()


def _check_cloud(cloud: Cloud) -> None:
    wrong = {"violations": cloud.violations, "orphans": cloud.orphans, "over the limit": cloud.over_limit}
    if any(wrong.values()):
        raise Bad(str(wrong))


def _check_menu(truth: Truth, till: Till) -> None:
    """Headquarters' word holds here too."""
    rows = till.rows(
        "SELECT local_id, payload, deleted_at FROM record JOIN content ON record_id = id WHERE type = 'product'"
    )
    here = {local_id: None if deleted_at else json.loads(payload) for local_id, payload, deleted_at in rows}
    for local_id, fields in truth.menu.items():
        held = here.get(local_id) or {}
        if any(held.get(name) != value for name, value in fields.items()):
            raise Bad(f"{local_id}: {held} here, headquarters said {fields}")
    if gone := {key[1] for key, data in truth.said.items() if data is None} & {n for n, held in here.items() if held}:
        raise Bad(f"deleted, and still here: {gone}")


def _check_database(till: Till) -> None:
    """Every page is as it should be, and what is counted is what is there."""
    if till.rows("PRAGMA quick_check") not in ([], [("ok",)]):
        raise Bad("the database is damaged")
    counted = till.rows(
        "SELECT outlet, lane, state, n, amount FROM counter WHERE n <> 0 OR amount <> 0 ORDER BY 1, 2, 3"
    )
    real = till.rows("SELECT outlet, lane, state, count(*), sum(amount) FROM outbox GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
    if sorted(counted) != sorted(real):
        raise Bad(f"counted {counted}, really {real}")
