"""Settings as somebody's outlet keeps them, and what their page shows of them."""

from dataclasses import replace

from tests.ui.states import NOW, STATES

from outlet_sync_gui.errors import CredentialsMissing
from outlet_sync_gui.settings import Loaded, Settings, Source
from outlet_sync_gui.status import Question, Trouble
from outlet_sync_gui.store.outlet import Heard
from outlet_sync_gui.ui.keeper import CheckSecret, Errand, Kept, Look, Save
from outlet_sync_gui.ui.settings_page import SettingsPage

CHOSEN = Settings(
    outlet_id="550e8400-e29b-41d4-a716-446655440000",
    outlet_code="JKT-001",
    cloud_url="https://pusat.warung-senopati.example",
    closing_time="22:00",
)
SOURCES: dict[str, Source] = {
    **dict.fromkeys(Settings.model_fields, "default"),
    **dict.fromkeys(("outlet_id", "cloud_url", "closing_time"), "file"),
    "outlet_code": "environment",
    "pull_interval_s": "headquarters",
}
KEPT = Kept(
    loaded=Loaded(settings=CHOSEN, sources=SOURCES, remote={"pull_interval_s": 300, "closing_time": "23:00"}),
    heard=Heard(webhook_at=NOW - 120_000, record_at=NOW - 30_000),
    is_started=True,
)
KEYS = {"api-key": True, "webhook-secret": False, "intake-token": CredentialsMissing("keyring_locked")}
CHANGED = Question(
    question_id=1,
    kind="config_changed",
    choices=("keep", "undo"),
    n=1,
    facts=(("pull_interval_s", "60 → 300"),),
    asked_at=NOW - 3_600_000,
)
STATUS = replace(
    STATES["offline"],
    outlet_id=CHOSEN.outlet_id,
    intake_url="http://127.0.0.1:8766",
    doors=(Trouble(code="D-PORT", facts=(("name", "webhook"), ("port", 8765))),),
    asked=(CHANGED,),
)


class Answering:
    """Answers a page's errands from memory."""

    def __init__(self, page: SettingsPage) -> None:
        self._page, self._kept = page, KEPT
        page.asked.connect(self._answer)
        page.show_came(Look(), KEPT)

    def _answer(self, errand: Errand) -> None:
        if isinstance(errand, CheckSecret):
            self._page.show_came(errand, KEYS[errand.name])
        elif isinstance(errand, Save):
            chosen = self._kept.loaded.settings.model_copy(update=dict(errand.changes))
            self._kept = replace(self._kept, loaded=replace(self._kept.loaded, settings=chosen))
            self._page.show_came(errand, self._kept)
        elif isinstance(errand, Look):
            self._page.show_came(errand, self._kept)
