"""The tray app and the demo. Qt is loaded here, late, so that no other command pays for it."""

from outlet_sync_gui import channel
from outlet_sync_gui.commands import DONE, Context


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
