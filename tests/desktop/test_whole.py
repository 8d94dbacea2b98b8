"""The whole program on a desk of its own: a refusal is told, and a click on it lands where it is seen to."""

import json
import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from tests.builders import order
from tests.desktop.desk import Notifications, need, panel, soon
from tests.desktop.test_machine import Logind
from tests.desktop.test_panel import NOWHERE, started
from tests.fakes import KEY, command, configure, until_running

from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms


def is_shown(desk: dict[str, str]) -> bool:
    """Whether the window can be seen on this display."""
    found = subprocess.run(
        ["xwininfo", "-name", "Outlet Sync — JKT-001"], env={**os.environ, **desk}, capture_output=True, check=False
    )
    return b"IsViewable" in found.stdout


def test_a_refusal_while_the_window_is_hidden_is_told_once_and_a_click_brings_the_window(
    tmp_path: Path, desk: dict[str, str]
) -> None:
    need("xwininfo")
    cloud = Cloud(now_ms=wall_ms, api_key=KEY)
    cloud.rejects["A1"] = "Table B-12 not registered"
    with SimulatedCloud(cloud) as running, panel(desk) as tray, closing(Notifications(desk)) as service:
        directory = configure(tmp_path / "data", running.url, language="id")
        with started(directory, desk, "--minimized"):
            tray.next("RegisterStatusNotifierItem")
            until_running(directory)
            command(directory, "enqueue", "order", given=json.dumps(order("A1")))
            assert service.next_shown() == (0, "1 data perlu dicek", "Data lain tetap terkirim.")
            assert not is_shown(desk)
            service.click(1)
            assert soon(lambda: is_shown(desk))


def test_a_shutdown_with_unsent_records_is_told_of_and_let_go(tmp_path: Path, desk: dict[str, str]) -> None:
    address = desk["DBUS_SESSION_BUS_ADDRESS"]
    directory = configure(tmp_path / "data", NOWHERE, language="id")
    command(directory, "enqueue", "order", given=json.dumps(order("A1", total_amount=187_000)))
    env = {**desk, "DBUS_SYSTEM_BUS_ADDRESS": address}
    with (
        panel(desk) as tray,
        closing(Notifications(desk)) as service,
        closing(Logind(address)) as logind,
        started(directory, env, "--minimized"),
    ):
        tray.next("RegisterStatusNotifierItem")
        logind.next("Inhibit")
        until_running(directory)
        assert logind.is_held()
        logind.say("PrepareForShutdown", is_so=True)
        assert service.next_shown()[1:] == (
            "1 data (Rp187.000) belum terkirim",
            "Aman di PC ini, dikirim saat PC menyala lagi.",
        )
        assert any(not logind.is_held() for _ in range(1_000_000))


@pytest.mark.parametrize("words", [["--minimized"], []])
def test_a_first_run_is_told_of_only_where_nobody_asked_for_it(
    tmp_path: Path, desk: dict[str, str], words: list[str]
) -> None:
    """Whoever starts the program by hand sees the first run anyway."""
    directory = tmp_path / "data"
    with panel(desk) as tray, closing(Notifications(desk)) as service, started(directory, desk, *words):
        tray.next("RegisterStatusNotifierItem")
        until_running(directory)
        if words:
            assert service.next_shown()[1:] == (
                "Not set up yet",
                "Missing: outlet ID, outlet code, headquarters' address.",
            )
        else:
            assert "Notify" not in [member for member, _ in service.heard.queue]
