"""The tray app, the demo, and the start with the session. Qt is loaded late, so that no other command pays for it."""

from contextlib import ExitStack
from threading import Event

from outlet_sync_gui import channel, settings, words
from outlet_sync_gui.commands import DONE, Context, answer, say
from outlet_sync_gui.desktop import autostart
from outlet_sync_gui.desktop.autostart import State
from outlet_sync_gui.errors import AlreadyRunning, StoreFailed
from outlet_sync_gui.hosting import DESKTOP_LOCK_NAME, Lock

STARTING_S, STARTING_LOOKS = 10.0, 50

STARTS = {
    State.ON: words.N_("Starts with the PC."),
    State.OFF: words.N_("Does not start with the PC. Switch it on with: autostart enable"),
    State.ELSEWHERE: words.N_("The PC starts another one: {command}. Change it with: autostart enable"),
}


def app(context: Context) -> int:
    """The program as people start it; a second start raises the first one's window, one with the session nothing."""
    is_minimized: bool = context.arguments.minimized
    if not is_minimized and _raises_first(context):
        return DONE
    with ExitStack() as held:
        try:
            held.enter_context(Lock(settings.prepare_directory(context.directory), DESKTOP_LOCK_NAME))
        except AlreadyRunning:  # started at the same moment: it does not listen yet
            if is_minimized or _raises_starting(context):
                return DONE
            raise
        except (StoreFailed, OSError):  # no place to write: the window says so
            pass
        from outlet_sync_gui import app as desktop

        desktop.run_app(context.directory, is_minimized=is_minimized)
    return DONE


def _raises_first(context: Context) -> bool:
    """Whether another one has windows; they come up then."""
    shown = channel.ask(context.directory, {"do": "show"})
    return shown is not None and bool(shown.get("shown"))


def _raises_starting(context: Context) -> bool:
    """The same, as soon as it listens."""
    pause = Event()
    return any(_raises_first(context) or pause.wait(STARTING_S / STARTING_LOOKS) for _ in range(STARTING_LOOKS))


def demo(context: Context) -> int:
    """The whole program against a simulated cloud, in a throw-away data directory."""
    from outlet_sync_gui import demo as show

    return show.run_demo(seconds=context.arguments.seconds, pictures=context.arguments.pictures)


def autostart_enable(context: Context) -> int:
    """Start this program with the session."""
    autostart.enable(context.directory)
    return autostart_status(context)


def autostart_disable(context: Context) -> int:
    """Start it with the session no more."""
    autostart.disable(context.directory)
    return autostart_status(context)


def autostart_status(context: Context) -> int:
    """Whether the session starts this program with this data directory."""
    found = autostart.look(context.directory)
    if context.wants_json:
        answer({"state": found.state.value, "command": found.command})
    else:
        say(words.say(STARTS[found.state], command=found.command or ""))
    return DONE
