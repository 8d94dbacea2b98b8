"""The tray app, the demo, and the start with the session. Qt is loaded late, so that no other command pays for it."""

from outlet_sync_gui import channel, words
from outlet_sync_gui.commands import DONE, Context, answer, say
from outlet_sync_gui.desktop import autostart
from outlet_sync_gui.desktop.autostart import State

STARTS = {
    State.ON: words.N_("Starts with the PC."),
    State.OFF: words.N_("Does not start with the PC. Switch it on with: autostart enable"),
    State.ELSEWHERE: words.N_("The PC starts another one: {command}. Change it with: autostart enable"),
}


def app(context: Context) -> int:
    """The program as people start it; a second start raises the first one's window."""
    shown = channel.ask(context.directory, {"do": "show"})
    if shown is not None and shown.get("shown"):
        return DONE
    from outlet_sync_gui import app as desktop

    desktop.run_app(context.directory, is_minimized=context.arguments.minimized)
    return DONE


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
