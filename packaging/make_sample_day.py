"""Write resources/sample/: the sample outlet's day as a till would hand it over, for trying `enqueue`.

python packaging/make_sample_day.py [YYYY-MM-DD]
"""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from outlet_sync_gui import sample

PLACE = Path(__file__).parents[1] / "resources" / "sample"


def main() -> None:
    """Write the files of one day."""
    text = sys.argv[1] if len(sys.argv) > 1 else "2026-01-27"
    date = datetime.fromisoformat(text).replace(tzinfo=UTC)
    day = sample.day(date)
    PLACE.mkdir(parents=True, exist_ok=True)
    _write("sales.ndjson", [*sample.menu(date), *day])
    _write("morning.ndjson", list(sample.unpaid(day))[:40])


def _write(name: str, records: Iterable[sample.Record]) -> None:
    lines = (json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records)
    (PLACE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
