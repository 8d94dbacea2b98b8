#!/usr/bin/env python3
"""Does all the set-up of a checkout, then runs it. Standard library only.

python3 packaging/dev.py demo [ARGUMENT…]   the program against a simulated cloud, with a sample outlet at work
python3 packaging/dev.py test [ARGUMENT…]   ruff, mypy, then pytest, which gets the arguments
python3 packaging/dev.py run [ARGUMENT…]    outlet-sync-gui with these arguments

On Windows `py packaging\\dev.py …`. The virtual environment is `.venv` in the checkout; system packages are installed
where that needs no question (root, or sudo without a password, on Debian and Ubuntu), else named. Exit code 2: a person
has to install something first; otherwise that of what ran.
"""

from __future__ import annotations  # a Python that is too old has to come as far as to its sentence

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
ENVIRONMENT = ROOT / ".venv"
OLDEST = (3, 11)
# Without the patch level: installing python3-venv may raise that under us, and nothing depends on it.
VERSION = ".".join(map(str, sys.version_info[:2]))
USAGE = "Usage: python3 packaging/dev.py demo|test|run [ARGUMENT…]"

# By soname: it is the same everywhere, while the names of packages differ between distributions and releases.
OFFSCREEN = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libbrotlidec.so.1": "libbrotli1",
}
DISPLAY = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
# What tests of the keyring, of real windows and of system calls start; without them these tests are skipped.
TEST_PROGRAMS = {
    "/usr/libexec/at-spi-bus-launcher": "at-spi2-core",
    "dbus-run-session": "dbus",
    "gdbus": "libglib2.0-bin",
    "gnome-keyring-daemon": "gnome-keyring",
    "strace": "strace",
    "trayer": "trayer",
    "xauth": "xauth",
    "Xvfb": "xvfb",
    "xwininfo": "x11-utils",
}
PARALLEL = ("-n", "auto", "--dist", "worksteal")  # where nobody chose: half of the time is waiting for processes
CHECKS = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))


class SetUpError(Exception):
    """What a person has to do before this can go on, as a sentence."""


def main(arguments: Sequence[str]) -> int:
    """Set up what the first argument needs, run it, and return its exit code."""
    if not arguments or arguments[0] not in {"demo", "test", "run"}:
        print(USAGE, file=sys.stderr)
        return 2
    task, rest = arguments[0], list(arguments[1:])
    try:
        set_up(for_tests=task == "test")
    except SetUpError as error:
        print(f"Set-up: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Set-up: the checkout has to be yours to write: {error}", file=sys.stderr)
        return 2
    if task == "test":
        return run_tests(rest)
    return run_program(["demo", *rest] if task == "demo" else rest[rest[:1] == ["--"] :])


def set_up(*, for_tests: bool) -> None:
    """Make the virtual environment and install what is missing; does next to nothing when all is there."""
    if sys.version_info < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise SetUpError(f"this is Python {sys.version.split()[0]}; start it with Python {needed} or later.")
    if sys.platform == "linux":
        provide_system_packages(for_tests=for_tests)
    provide_environment(for_tests=for_tests)


# --- the system ---


def provide_system_packages(*, for_tests: bool) -> None:
    """Install the system packages that are missing, or say which a person has to install. Raises SetUpError."""
    needed, wished = missing_packages(for_tests=for_tests)
    if not needed and not wished:
        return
    if (administrator := may_install()) is not None:
        apt_install(administrator, [*needed, *wished])
        needed, wished = missing_packages(for_tests=for_tests)
    if needed:
        raise SetUpError(f"please install these packages (names as on Debian), then start again: {' '.join(needed)}")
    if wished:
        say(f"not installed, so some tests will be skipped: {' '.join(wished)}")


def missing_packages(*, for_tests: bool) -> tuple[list[str], list[str]]:
    """The packages without which nothing goes, and those without which tests are skipped."""
    needed = missing_libraries(OFFSCREEN)
    if importlib.util.find_spec("ensurepip") is None:  # Debian takes it out of Python
        needed.insert(0, f"python{VERSION}-venv")
    windows = missing_libraries(DISPLAY)
    if for_tests:
        return needed, [*windows, *(package for name, package in TEST_PROGRAMS.items() if not shutil.which(name))]
    return ([*needed, *windows], []) if os.environ.get("DISPLAY") else (needed, [])


def missing_libraries(libraries: dict[str, str]) -> list[str]:
    """The packages of those libraries that can't be loaded."""
    return [package for soname, package in libraries.items() if not can_load(soname)]


def can_load(soname: str) -> bool:
    """Whether the system's loader finds this library."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def may_install() -> list[str] | None:
    """The words before apt-get where packages can be installed without a question, else None."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    if shutil.which("sudo") is None or subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode:
        return None
    return sudo


def apt_install(administrator: list[str], packages: list[str]) -> None:
    """Install Debian packages. Raises SetUpError."""
    say(f"installing system packages: {' '.join(packages)}")
    apt = [*administrator, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    for step in (["update"], ["install", "--no-install-recommends", *packages]):
        if failure := failure_of([*apt, *step]):
            sentence = f"apt-get {step[0]} failed ({failure}); please install these packages: {' '.join(packages)}"
            raise SetUpError(sentence)


# --- the virtual environment ---


def provide_environment(*, for_tests: bool) -> None:
    """Make `.venv` what pyproject.toml and the constraints ask for. Raises SetUpError and OSError."""
    digest = digest_of_what_is_asked()
    stamps = [ENVIRONMENT / "set-up-test", *([] if for_tests else [ENVIRONMENT / "set-up-run"])]
    if any(stamp.is_file() and stamp.read_text() == digest for stamp in stamps):
        return
    say("installing Python packages into .venv (once, about a minute)")
    if not works():
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
    # First the build backend, in its pinned version: in an isolated build pip would take the newest one.
    pip_install("hatchling", "editables")
    pip_install("--no-build-isolation", "--editable", f"{ROOT}[test]" if for_tests else str(ROOT))
    stamps[-1].write_text(digest)


def digest_of_what_is_asked() -> str:
    """Changes with the packages asked for, the interpreter, and the place of the checkout."""
    place = f"{ROOT} {VERSION}".encode()
    asked = [(ROOT / "pyproject.toml").read_bytes(), CONSTRAINTS.read_bytes(), place]
    return hashlib.sha256(b"\0".join(asked)).hexdigest()


def works() -> bool:
    """Whether the environment is there, whole, and of this Python."""
    question = "import pip, sys; print('.'.join(map(str, sys.version_info[:2])))"
    python = str(python_of_environment())
    try:
        answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == VERSION


def pip_install(*what: str) -> None:
    """Install into the environment, in the versions of the constraints. Raises SetUpError."""
    pip = [str(python_of_environment()), "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    if failure := failure_of([*pip, "install", "--constraint", str(CONSTRAINTS), *what]):
        raise SetUpError(f"pip could not install the Python packages ({failure}); its reason is above.")


def python_of_environment() -> Path:
    """The environment's interpreter."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


# --- what is run ---


def run_program(arguments: list[str]) -> int:
    """Run the program itself; where that is possible in the place of this script, so that signals reach it."""
    command = [str(python_of_environment()), "-m", "outlet_sync_gui", *arguments]
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(command[0], command)  # noqa: S606  a program and its arguments, no shell: that is the point
    return subprocess.call(command)


def run_tests(arguments: list[str]) -> int:
    """Run every check, and pytest last, whose closing line ends the output; the first failure is the result."""
    results = [(check, run_module(*check)) for check in CHECKS]
    failed = [" ".join(check) for check, code in results if code]
    if failed:
        say(f"failed, whatever pytest says now: {', '.join(failed)}")
    codes = [*(code for _, code in results), run_module("pytest", *(arguments or PARALLEL))]
    return next((code for code in codes if code), 0)


def run_module(*command: str) -> int:
    """Run a tool of the environment in the checkout, its output streamed."""
    say(" ".join(command))
    # Tests start the program again and again: not to compile it each time saves half of that.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.call([str(python_of_environment()), "-m", *command], cwd=ROOT, env=environment)


def failure_of(command: list[str]) -> str:
    """Run a set-up step, silent unless it fails; says how it failed, or nothing."""
    try:
        step = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    except OSError as error:
        return str(error)
    if not step.returncode:
        return ""
    print(*step.stdout.decode(errors="replace").splitlines()[-20:], sep="\n", file=sys.stderr)
    return f"exit code {step.returncode}"


def say(sentence: str) -> None:
    """One line about what goes on, apart from the output of what runs."""
    print(f"[dev] {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
