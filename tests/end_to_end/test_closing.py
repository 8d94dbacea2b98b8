"""`summary` as scripts and people use it: shown, sent, written to files."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import OUTLET_CODE, OUTLET_ID, order, transaction
from tests.fakes import KEY, answer, command, configure, environment
from tests.ui.pdf_text import pages, texts

from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms

DAY = "2026-01-27"
ITEMS = [
    {"product_name": "Nasi Goreng", "qty": 2, "price": 35_000, "subtotal": 70_000},
    {"product_name": "=SUM(A1)", "qty": 0.5, "price": 160_000, "subtotal": 80_000},
]


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)) as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path, cloud: SimulatedCloud) -> Path:
    place = configure(tmp_path / "data", cloud.url)
    sold = [
        ("order", order("A1", total_amount=150_000, items=ITEMS)),
        ("transaction", transaction(total_amount=150_000)),
    ]
    lines = [{"entity_type": kind, "operation": "create", "data": data} for kind, data in sold]
    done = command(place, "enqueue", "order", given=json.dumps(lines), env=environment(place))
    assert done.returncode == 0, done.stderr
    return place


def summary(directory: Path, *words: str, language: str = "en") -> str:
    done = command(directory, "summary", *words, language=language)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_day_is_shown_sent_and_taken(directory: Path, cloud: SimulatedCloud) -> None:
    shown = json.loads(summary(directory, "show", DAY, "--json"))
    assert (shown["outlet_id"], shown["outlet_code"], shown["date"]) == (OUTLET_ID, OUTLET_CODE, DAY)
    assert shown["summary"]["total_revenue"] == 150_000
    assert "belum dikirim" in summary(directory, "show", DAY, language="id")
    assert answer(command(directory, "summary", "send", DAY, "--json")) == {"success": True}
    assert "menunggu dikirim" in summary(directory, "show", DAY, language="id")
    assert command(directory, "sync").returncode == 0
    assert cloud.cloud.summaries[DAY] == shown
    told = summary(directory, "show", DAY, language="id")
    assert "Terkirim" in told
    assert "Semua lengkap: 1 pesanan, Rp150.000, sudah di pusat." in told
    assert json.loads(summary(directory, "export", DAY, "--format", "json")) == shown


def test_a_spreadsheet_set_to_indonesian_reads_it(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "rekap.csv"
    summary(directory, "export", DAY, "--output", str(file), language="id")
    text = file.read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=";"))
    assert rows[:4] == [["Rekap harian", OUTLET_CODE, DAY], ["Omzet", "150000"], ["Pesanan", "1"], ["Transaksi", "1"]]
    assert ["Nasi Goreng", "2", "70000"] in rows
    assert ["'=SUM(A1)", "0,5", "80000"] in rows, "a decimal comma, and no formula from outside"
    assert ["10.00–11.00", "1", "150000"] in rows


def test_a_document_is_made_without_a_display(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "rekap.pdf"
    summary(directory, "export", DAY, "--format", "pdf", "--output", str(file), language="id")
    document = file.read_bytes()
    assert pages(document) == 1
    assert texts(document)[:3] == ["Rekap harian", OUTLET_CODE, "Sel, 27 Januari 2026"]
    assert {"Rp150.000", "Nasi Goreng", "=SUM(A1)", "0,5×"} <= set(texts(document))


@pytest.mark.parametrize("text", ["2026-13-01", "27-01-2026", "2026-1-27", "today", ""])
def test_what_is_no_day_is_said(directory: Path, text: str) -> None:
    done = command(directory, "summary", "show", text, language="id")
    assert done.returncode == 2
    assert "Tulis seperti 2026-01-27." in done.stderr


def test_a_file_that_can_not_be_written_is_said(directory: Path, tmp_path: Path) -> None:
    done = command(directory, "summary", "export", DAY, "--output", str(tmp_path), language="id")
    assert done.returncode == 2
    assert "tidak bisa ditulis" in done.stderr


def test_without_a_day_it_is_today(directory: Path) -> None:
    shown = json.loads(summary(directory, "show", "--json"))
    assert shown["summary"]["total_orders"] == 0
    assert shown["date"] > DAY
