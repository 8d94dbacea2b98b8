"""The demo as a person starts it: it ends by itself, and only with 0 if what it showed is true."""

import subprocess
import sys
from pathlib import Path

from tests.fakes import environment


def test_the_demo_tells_a_day_that_is_true_at_the_cloud(tmp_path: Path) -> None:
    env = environment(tmp_path / "unused")
    del env["OUTLET_SYNC_API_KEY"], env["OUTLET_SYNC_DATA_DIR"]
    env.pop("DISPLAY", None)
    words = [sys.executable, "-m", "outlet_sync_gui", "--language", "en", "demo", "--seconds", "15", "--pictures"]
    done = subprocess.run(
        [*words, str(tmp_path / "pictures")], env=env, capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "What was shown is true at the cloud." in done.stdout
    for state in ("[offline]", "[attention]", "the internet is back", "headquarters changes a price"):
        assert state in done.stdout
    assert len(list((tmp_path / "pictures").glob("*.png"))) >= 4
    assert "Traceback" not in done.stderr
