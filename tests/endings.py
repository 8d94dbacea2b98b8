"""Windows end with their test: Qt puts every later style sheet on what is left as well, which soon takes seconds."""

import threading

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication

from outlet_sync_gui.app import App


def stop(app: App) -> None:
    """Stop the desktop program in time; nothing that is still on its way to it finds it."""
    assert app.stop()
    _let_threads_tell()
    destroy(app)


def destroy(what: QObject) -> None:
    """End this alone, its children with it: whatever else waits for its end has its own time."""
    what.deleteLater()
    QCoreApplication.sendPostedEvents(what, QEvent.Type.DeferredDelete)


def destroy_windows() -> None:
    """End all that would be a window."""
    _let_threads_tell()
    for left in [each for each in QApplication.topLevelWidgets() if each.parent() is None]:
        left.hide()
        destroy(left)


def _let_threads_tell() -> None:
    """What was asked beside a window must not tell one that is just being destroyed."""
    for thread in [each for each in threading.enumerate() if each.name == "aside"]:
        thread.join(5)
