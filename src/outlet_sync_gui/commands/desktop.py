"""The tray app and the demo. Qt is loaded late, for no other command pays for it, and so is what no icon needs."""

import gc
from contextlib import ExitStack
from threading import Event

from outlet_sync_gui.commands import DONE, Context
from outlet_sync_gui.directory import prepare_directory
from outlet_sync_gui.errors import AlreadyRunning, StoreFailed
from outlet_sync_gui.lock import DESKTOP_LOCK_NAME, ENDING_S, Lock

STARTING_S, STARTING_LOOKS = 10.0, 50


def app(context: Context) -> int:
    """The program as people start it; a second start raises the first one's window, one with the session nothing."""
    is_minimized: bool = context.arguments.minimized
    with ExitStack() as held:
        if _is_first(context, held, is_minimized=is_minimized):
            gc.disable()  # what is loaded at the start is no garbage; `start` lets it go on
            from outlet_sync_gui.start import run_app

            run_app(context.directory, language=context.language, is_minimized=is_minimized)
    return DONE


def _is_first(context: Context, held: ExitStack, *, is_minimized: bool) -> bool:
    """Whether we are the one that has windows; else the one that is has been raised. Raises AlreadyRunning."""
    for wait_s in (0, ENDING_S):  # at its end, or killed just now, another one holds the lock a moment longer
        try:
            held.enter_context(Lock(prepare_directory(context.directory), DESKTOP_LOCK_NAME, wait_s=wait_s))
        except AlreadyRunning:
            if not is_minimized and _raises_first(context):
                return False
        except (StoreFailed, OSError):  # no place to write: the window says so
            return True
        else:
            return True
    if is_minimized or _raises_starting(context):
        return False
    raise AlreadyRunning("already_running", {"path": str(context.directory)})


def _raises_first(context: Context) -> bool:
    """Whether another one has windows; they come up then."""
    from outlet_sync_gui import channel  # late: who is the first asks nobody

    shown = channel.ask(context.directory, {"do": "show"})
    return shown is not None and bool(shown.get("shown"))


def _raises_starting(context: Context) -> bool:
    """The same, as soon as it listens: it was started at the same moment."""
    pause = Event()
    return any(_raises_first(context) or pause.wait(STARTING_S / STARTING_LOOKS) for _ in range(STARTING_LOOKS))


def demo(context: Context) -> int:
    """The whole program against a simulated cloud, in a throw-away data directory."""
    from outlet_sync_gui import demo as show

    return show.run_demo(seconds=context.arguments.seconds, pictures=context.arguments.pictures)
