"""Pictures of the window in every state: python tests/ui/pictures.py FOLDER."""

import os
import sys
from itertools import product
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if len(sys.argv) > 2:
    os.environ["QT_SCALE_FACTOR"] = sys.argv[2]

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from tests.ui.states import NOW, ROWS, STATES, status

from outlet_sync_gui import words
from outlet_sync_gui.status import Pending, State
from outlet_sync_gui.ui.main_window import SIZE, MainWindow
from outlet_sync_gui.ui.theme import Theme


def main() -> None:
    """Draw all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(["pictures"])
    theme = Theme(app, is_dark=False)
    window = MainWindow(theme)
    window.show()
    huge = status(
        State.WAITING,
        outlet_code="JAKARTA-SELATAN-SENOPATI-000001",
        pending=Pending(high=1_000_000, medium=250_000, low=99_999),
        pending_amount=999_999_999_999,
        sent_today=1_234_567,
        sent_today_amount=999_999_999_999,
    )
    shown = {**STATES, "long": huge, "empty": status(State.IDLE)}
    for (name, value), language, is_dark in product(shown.items(), ("id", "en"), (False, True)):
        words.use(language)
        theme.apply(is_dark=is_dark)
        window.show_status(value, NOW)
        window.show_rows(ROWS.get(name, []))
        for size in (SIZE, QSize(480, 360)):
            window.resize(size)
            for _ in range(4):  # layouts settle one level at a time
                app.processEvents()
            scheme = "dark" if is_dark else "light"
            window.grab().save(str(folder / f"{name}-{language}-{scheme}-{size.width()}.png"))


if __name__ == "__main__":
    main()
