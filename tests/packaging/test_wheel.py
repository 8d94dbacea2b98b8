"""What `pip install` of the built wheel brings."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built by the installed backend."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    return next(folder.glob("*.whl"))


def test_it_holds_every_resource_and_migration(wheel: Path) -> None:
    resources, package = ROOT / "resources", ROOT / "src" / "outlet_sync_gui"
    expected = {f"outlet_sync_gui/_resources/{path.relative_to(resources)}" for path in resources.rglob("*.*")}
    expected |= {f"outlet_sync_gui/{path.relative_to(package)}" for path in package.rglob("*.sql")}
    assert expected - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_it_holds_nothing_but_the_package(wheel: Path) -> None:
    tops = {name.partition("/")[0].partition("-")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"outlet_sync_gui"}


def test_it_brings_a_command_and_its_windowed_twin(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert archive.read(entry_points).decode().split("\n\n") == [
        "[console_scripts]\noutlet-sync-gui = outlet_sync_gui.__main__:main",
        "[gui_scripts]\noutlet-sync-guiw = outlet_sync_gui.__main__:main\n",
    ]


def test_installed_it_finds_its_resources_inside_itself(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    ask = "from outlet_sync_gui.resources import resource; print(resource('i18n'))"
    # -P and an empty environment: neither this checkout nor its editable install is in reach.
    answer = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {ask}"],
        cwd=tmp_path,
        env={},
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert Path(answer.stdout.strip()) == tmp_path / "outlet_sync_gui" / "_resources" / "i18n"
