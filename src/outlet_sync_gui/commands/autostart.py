"""The start with the session."""

from outlet_sync_gui import words
from outlet_sync_gui.commands import DONE, Context, answer, say
from outlet_sync_gui.desktop import autostart
from outlet_sync_gui.desktop.autostart import State

STARTS = {
    State.ON: words.N_("Starts with the PC."),
    State.OFF: words.N_("Does not start with the PC. Switch it on with: autostart enable"),
    State.ELSEWHERE: words.N_("The PC starts another one: {command}. Change it with: autostart enable"),
}


def enable(context: Context) -> int:
    """Start this program with the session."""
    autostart.enable(context.directory)
    return status(context)


def disable(context: Context) -> int:
    """Start it with the session no more."""
    autostart.disable(context.directory)
    return status(context)


def status(context: Context) -> int:
    """Whether the session starts this program with this data directory."""
    found = autostart.look(context.directory)
    if context.wants_json:
        answer({"state": found.state.value, "command": found.command})
    else:
        say(words.say(STARTS[found.state], command=found.command or ""))
    return DONE
