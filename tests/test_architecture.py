"""What the code as a whole keeps to: who imports whom, what stays unloaded, what never stands in a file."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from tests.fakes import configure, environment

ROOT = Path(__file__).resolve().parents[1]
PARTS = (".ci", "docs", "packaging", "resources", "src", "tests", "CHANGELOG.md", "README.md", "pyproject.toml")
SOURCE = ROOT / "src" / "outlet_sync_gui"
# Tests of more than one part.
ACROSS = {"guides", "architecture", "benchmarks", "end_to_end", "fakes", "faults", "packaging"}
LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))
"""
LOADED = """
import sys
from outlet_sync_gui.__main__ import main
try:
    code = main(sys.argv[1:])
except SystemExit as stopped:
    code = stopped.code
print()
print(code or 0, *sorted({name.partition(".")[0] for name in sys.modules} & {"PySide6", "shiboken6"}))
"""
START = """
import linecache
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from outlet_sync_gui import __main__
from outlet_sync_gui.commands import desktop
from outlet_sync_gui.process import leave, make_application
from outlet_sync_gui.start import Start

moment, directory = sys.argv[1:]
application = make_application()
start = Start(application, Path(directory), language="", is_minimized=moment != "window")
start.begin()
if moment == "work":
    look = QTimer(interval=50)
    look.timeout.connect(lambda: start._app is None or not start._app.status.is_running or leave())
    look.start()
    application.exec()
    assert start.stop()
print(*sys.modules, *(source.rpartition("/")[2] for source in linecache.cache))
"""
# What one waits for at a start needs none of these.
HEAVY = frozenset(
    {"asyncio", "dataclasses", "httpx", "jeepney", "keyring", "peewee", "polib", "pydantic", "simplejson", "tomlkit"}
)


def files(*endings: str) -> Iterator[Path]:
    """The project's own files; without git, which a bare machine lacks."""
    for part in PARTS:
        place = ROOT / part
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts and path.name.endswith(endings or ("",)):
                yield path


def lines_with(pattern: re.Pattern[str], *endings: str) -> list[str]:
    """Where the pattern stands in text files, as `path:line: what was found`."""
    found = []
    for path in files(*endings):
        text = path.read_bytes().decode("utf-8", "ignore")
        found += [
            f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}"
            for hit in pattern.finditer(text)
        ]
    return found


def test_a_module_imports_only_what_stands_below_it() -> None:
    # In a process of its own: the linter sets logging up anew and silences every logger there is.
    words = [sys.executable, "-c", LINT, str(ROOT / "pyproject.toml")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(importlib.util.find_spec("outlet_sync_gui.__main__") is None, reason="there is no command line yet")
@pytest.mark.parametrize(
    "command",
    ["status --json", "enqueue order", "queue list", "config list", "run --help", "sync --help", "--help", "--version"],
)
def test_a_command_does_without_qt(command: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", LOADED, "--data-dir", str(tmp_path), *command.split()],
        input="[]",
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    code, *loaded = result.stdout.splitlines()[-1].split()
    assert loaded == []
    assert code in {"0", "2"}, result.stderr  # 2: this data directory has no settings


def loaded_at(moment: str, directory: Path) -> set[str]:
    """What a desktop program holds when its `icon` or its `window` shows, or once it is at `work` minimized.

    Modules by name, and those of its sources whose text it keeps by file.
    """
    words = [sys.executable, "-c", START, moment, str(directory)]
    env = environment(directory, QT_QPA_PLATFORM="offscreen")
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=50, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(("moment", "shown"), [("icon", "ui.tray_icon"), ("window", "ui.main_window")])
def test_what_a_start_shows_first_is_there_before_the_program(moment: str, shown: str, tmp_path: Path) -> None:
    """Whatever is imported on this way is waited for at each start: an icon was seven times as late once."""
    loaded = loaded_at(moment, configure(tmp_path, "http://127.0.0.1:1"))
    assert loaded & HEAVY == set()
    assert f"outlet_sync_gui.{shown}" in loaded
    late = {"app", "settings", "words", "reader", "worker", "service", "ui.rail", "ui.status_page", "ui.theme"}
    assert loaded & {f"outlet_sync_gui.{name}" for name in late} == set()


def test_a_till_at_work_loads_no_window(tmp_path: Path) -> None:
    loaded = loaded_at("work", configure(tmp_path, "http://127.0.0.1:1"))
    assert "outlet_sync_gui.service" in loaded
    assert loaded & {"app.py", "service.py", "settings.py"} == set()
    seldom = "main_window", "status_page", "settings_page", "queue_page", "wizard", "about", "decisions"
    unwanted = {"outlet_sync_gui.demo", "outlet_sync_gui.simulator", *(f"outlet_sync_gui.ui.{name}" for name in seldom)}
    assert loaded & unwanted == set()


class Bell(QObject):
    """Emits what the worker's signals carry."""

    flag = Signal(bool)
    value = Signal(object)


def test_a_signal_takes_no_reference_from_true() -> None:
    """PySide6 6.12.0 does before Python 3.12, and the process aborts after a few thousand emits."""
    bell, truth = Bell(), True
    heard: list[object] = []
    bell.flag.connect(heard.append)
    bell.value.connect(heard.append)
    before = sys.getrefcount(truth)
    for _ in range(1000):
        bell.flag.emit(truth)
        bell.value.emit(truth)
        heard.clear()
    assert abs(sys.getrefcount(truth) - before) < 100


def test_a_suppressed_warning_has_its_reason_beside_it() -> None:
    codes = r"(?::[ ]*[A-Z]+\d+(?:,[ ]*[A-Z]+\d+)*|\[[\w, -]+\])"
    reason = r"[ #:–—-]+\w\S*[ ]+\w"
    without = re.compile(rf"#[ ]*(?:noqa|type:[ ]*ignore|pragma:)(?!{codes}{reason}).*")
    assert lines_with(without, ".py") == []


def test_no_file_names_a_machine() -> None:
    """Neither a folder of the machine it was written on nor a host, those aside that stand for any."""
    folder = r"(?<![\w.~})-])/(?:work|root|tmp)\b"
    reserved = (
        r"127\.0\.0\.1|localhost|(?:[\w-]+\.)*(?:example(?:\.\w+)?|test|invalid)|www\.w3\.org|www\.freedesktop\.org"
    )
    host = rf"\bhttps?://(?!(?:{reserved})(?![\w.-]))[\w-]+\.[\w.-]+"
    assert lines_with(re.compile(f"{folder}|{host}")) == []


def test_tests_stand_where_their_part_stands() -> None:
    known = ACROSS | {path.stem for path in SOURCE.iterdir()}
    tests = [path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")]
    assert [str(path) for path in tests if path.parts[0].removeprefix("test_").removesuffix(".py") not in known] == []
