"""The set-up script, as far as it can be tried without setting anything up."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "packaging" / "dev.py"
CONSTRAINTS = (ROOT / "packaging" / "constraints.txt").read_text()


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("dev", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pinned() -> dict[str, str]:
    """Each constraint's version by its normalised name."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", CONSTRAINTS, re.MULTILINE))


def name_of(requirement: str) -> str:
    """The normalised name a requirement starts with."""
    found = re.match(r"[\w.-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


@pytest.mark.parametrize("arguments", [[], ["build"], ["--help"]])
def test_another_task_is_answered_with_the_usage(arguments: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False, timeout=30
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("Usage: ")


def test_a_library_that_is_missing_is_named_by_its_package(dev: ModuleType) -> None:
    libraries = {"libc.so.6": "libc6", "libno-such.so.1": "libno-such1"}
    assert dev.missing_libraries(libraries) == (
        ["libno-such1"] if sys.platform == "linux" else ["libc6", "libno-such1"]
    )


@pytest.mark.skipif(sys.platform != "linux", reason="system packages are Linux's")
def test_who_may_not_install_is_told_what_to_install_in_one_sentence(tmp_path: Path) -> None:
    """With no apt-get in reach, and a Python without ensurepip, as Debian's is."""
    bare = "import importlib.util as u, runpy, sys; real = u.find_spec\n"
    bare += "u.find_spec = lambda name, package=None: None if name == 'ensurepip' else real(name, package)\n"
    bare += f"sys.argv = ['dev.py', 'demo']; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    answer = subprocess.run(
        [sys.executable, "-c", bare],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode == 2, answer.stderr
    assert re.fullmatch(r"Set-up: please install these packages .*: python3\.\d+-venv.*\n", answer.stderr)


def test_every_package_asked_for_is_pinned_build_backend_included() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    assert {name_of(requirement) for requirement in asked} - pinned().keys() == set()


def test_the_pins_hold_no_address() -> None:
    assert not re.search(r"://|@|^-", CONSTRAINTS, re.MULTILINE)


def test_pyside_is_the_version_whose_signals_take_no_reference() -> None:
    assert pinned()["pyside6-essentials"] == pinned()["shiboken6"] == "6.11.3"
