"""The command line: parse, call, and turn a known failure into its sentence and exit code."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from outlet_sync_gui import commands
from outlet_sync_gui.commands import Context, ReaderGone, to_reader
from outlet_sync_gui.commands.parser import DESKTOP, parse
from outlet_sync_gui.directory import data_directory
from outlet_sync_gui.errors import OutletSyncError, SettingsInvalid

log = logging.getLogger("outlet_sync_gui")

INTERRUPTED = 130  # as shells tell Ctrl-C
READER_GONE = 141  # as they tell SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code (see interface.md)."""
    arguments = parse(argv)
    os.umask(0o077)  # what we make is readable by its user alone
    context = Context(data_directory(getattr(arguments, "data_dir", None)), arguments)
    if arguments.command != DESKTOP:  # whose icon shows before it says a word
        _speak(context, context.language)
    _log_to_stderr(getattr(arguments, "log_level", "WARNING"))
    try:
        code = _run(context)
        with to_reader():
            print(end="", flush=True)
    except ReaderGone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is flushed at the very end
        return READER_GONE
    return code


def _run(context: Context) -> int:
    """The command's exit code. Raises ReaderGone."""
    try:
        return _command(context.arguments.command)(context)
    except ReaderGone:
        raise
    except OutletSyncError as error:
        from outlet_sync_gui import words

        _tell(context, error.code, words.problem(error))
        return commands.exit_code(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        from outlet_sync_gui import words

        log.exception("a mistake of the program")
        why = f"{type(error).__name__}: {error}"
        _tell(context, "bug", words.say("Unexpected mistake: {why}. Details are in the log.", why=why))
        return commands.BUG


def _command(name: str) -> Callable[[Context], int]:
    """The function of a command, as `module.function`; loaded late, so that a command costs only what it needs."""
    module, _, function = name.partition(".")
    found: Callable[[Context], int] = vars(import_module(f"outlet_sync_gui.commands.{module}"))[function]
    return found


def _speak(context: Context, wanted: str) -> None:
    from outlet_sync_gui import words  # late, with all that it takes: the tray's icon does without

    try:
        chosen = context.loaded().settings
    except SettingsInvalid:
        words.use(wanted)  # the command itself will say what is wrong with the settings
        return
    words.use(wanted or chosen.language)
    words.use_zone(chosen.timezone)


def _log_to_stderr(level: str) -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger().handlers[0].setLevel(level)  # the log file has a level of its own
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _tell(context: Context, code: str, sentence: str) -> None:
    if context.wants_json:
        commands.answer({"success": False, "error": code, "message": sentence})
    with to_reader():
        print(f"outlet-sync-gui: {sentence}", file=sys.stderr)  # without a console there is none, and print knows


if __name__ == "__main__":
    sys.exit(main())
