"""The command line's words, as argparse wants them."""

import argparse
import sys
from collections.abc import Callable, Sequence

from outlet_sync_gui import __version__

PROGRAM = "outlet-sync-gui"
DESKTOP = "desktop.app"


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What was typed. Without a command it is the desktop program: its icon waits for no other command's words."""
    words = sys.argv[1:] if argv is None else argv
    alone = _top(add_help=False, exit_on_error=False)
    try:
        arguments, rest = alone.parse_known_args(words)
    except argparse.ArgumentError:
        rest = [*words]  # told by the whole parser, with all that there is
    return parser().parse_args(words) if rest else arguments


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _top(add_help=True, exit_on_error=True)
    top.add_argument("--version", action="version", version=f"Outlet Sync {__version__}")
    commands = top.add_subparsers(metavar="COMMAND")
    add = _adder(commands)

    demo = add("demo", "the whole program against a simulated cloud", "desktop.demo")
    demo.add_argument("--seconds", type=_positive, default=None, help="end by itself after so many seconds")
    demo.add_argument("--pictures", metavar="DIR", default=None, help="where to put pictures when there is no display")
    setup = add("setup", "first set-up without a click; the API key from standard input", "setup.set_up", is_json=True)
    setup.add_argument("--from", dest="file", metavar="FILE.json", required=True, help="settings, one JSON object")
    add("run", "the service without a window", "service.run")
    sync = add("sync", "pull, send, end", "service.sync", is_json=True)
    sync.add_argument("--all", action="store_true", help="every lane, due or not")
    sync.add_argument("--timeout", type=_positive, default=None, metavar="S", help="end after so many seconds")
    enqueue = add("enqueue", "take records in", "records.enqueue", is_json=True)
    enqueue.add_argument("type", metavar="TYPE", help="order, transaction, product …")
    enqueue.add_argument("file", metavar="FILE", nargs="?", help="JSON, an array, or NDJSON; - is standard input")
    enqueue.add_argument("--operation", choices=("create", "update", "delete"), default="create")
    add("status", "what is sent and what waits", "service.status", is_json=True)
    _queue(add("queue", "what waits, row by row", "records.queue_list"))
    _conflicts(add("conflicts", "where this outlet and headquarters differ", "headquarters.conflicts_list"))
    _changes(add("changes", "headquarters' changes that the till has not taken", "headquarters.changes_list"))
    _messages(add("messages", "headquarters' announcements", "headquarters.messages_list"))
    _questions(add("questions", "what else waits for a person's word", "headquarters.questions_list"))
    _summary(add("summary", "a business day's figures", "closing.summary_show"))
    _config(add("config", "settings", "setup.config_list"))
    _secret(add("secret", "keys, in the password store", "setup.secret_check"))
    add("doctor", "look at everything, and say how to mend what is wrong", "service.doctor", is_json=True)
    _autostart(add("autostart", "start with the session", "autostart.status"))
    simulate = add("simulate-cloud", "the simulated cloud alone", "service.simulate_cloud")
    simulate.add_argument("--port", type=int, default=0, help="0: a free one")
    simulate.add_argument("--extras", action="store_true", help="it can be read back, and is as odd as a cloud in use")
    simulate.add_argument("--rate-limit", type=_positive_int, default=100, metavar="N", help="requests a minute")
    where = "where the outlet listens; '' tells it by pull only"
    simulate.add_argument("--webhook-url", type=_http_url, default="http://127.0.0.1:8765", metavar="URL", help=where)
    return top


def _top(*, add_help: bool, exit_on_error: bool) -> argparse.ArgumentParser:
    """The program's own words, without a command."""
    top = argparse.ArgumentParser(
        PROGRAM,
        description="Outlet Sync: every sale reaches headquarters.",
        parents=[_common()],
        add_help=add_help,
        exit_on_error=exit_on_error,
    )
    top.add_argument("--minimized", action="store_true", help="tray only, for auto-start")
    top.set_defaults(command=DESKTOP)
    return top


def _queue(queue: argparse.ArgumentParser) -> None:
    from outlet_sync_gui.status import RowState  # late, as all that only a command's words need

    add = _adder(queue.add_subparsers(metavar="ACTION", required=True))
    listing = add("list", "newest first", "records.queue_list", is_json=True)
    listing.add_argument("--state", choices=[state.value for state in RowState])
    listing.add_argument("--type")
    listing.add_argument("--search", default="", metavar="START", help="the start of a number")
    listing.add_argument("--limit", type=_positive_int, default=100)
    show = add("show", "one row with its content", "records.queue_show", is_json=True)
    show.add_argument("row", metavar="ID|TYPE/LOCAL_ID")
    retry = add("retry", "send again, sent and discarded ones too", "records.queue_retry", is_json=True)
    which = retry.add_mutually_exclusive_group()  # what is missing we say ourselves, in the reader's language
    which.add_argument("rows", metavar="ID|TYPE/LOCAL_ID", nargs="*", default=[])
    which.add_argument("--all", action="store_true", help="all that needs attention")
    discard = add("discard", "don't send; it stays in the history", "records.queue_discard", is_json=True)
    discard.add_argument("rows", metavar="ID|TYPE/LOCAL_ID", nargs="*")
    discard.add_argument("--reason", default="", metavar="WHY", help="must be given")
    edit = add("edit", "send other content, its JSON from standard input", "records.queue_edit", is_json=True)
    edit.add_argument("row", metavar="ID|TYPE/LOCAL_ID")


def _conflicts(conflicts: argparse.ArgumentParser) -> None:
    add = _adder(conflicts.add_subparsers(metavar="ACTION", required=True))
    add("list", "what is open, oldest first", "headquarters.conflicts_list", is_json=True)
    show = add("show", "one, field by field", "headquarters.conflicts_show", is_json=True)
    show.add_argument("id", metavar="ID", type=_number)
    resolve = add("resolve", "choose what holds", "headquarters.conflicts_resolve", is_json=True)
    resolve.add_argument("id", metavar="ID", type=_number)
    resolve.add_argument("--strategy", required=True, choices=("cloud_wins", "local_wins", "newest_wins"))
    resolve.add_argument("--field", metavar="F", help="for this field alone")
    resolve.add_argument("--value", metavar="V", help="an own value, as JSON or text; with local_wins and a field")
    resolve.add_argument("--revision", type=_number, metavar="N", help="only if it is still the one that was seen")
    resolve.add_argument("--by", default="", metavar="WHO", help="who chooses, in place of the user of this PC")
    resolve.add_argument("--notes", default="", metavar="T", help="for headquarters")


def _changes(changes: argparse.ArgumentParser) -> None:
    add = _adder(changes.add_subparsers(metavar="ACTION", required=True))
    listing = add("list", "what the till has not taken, oldest first", "headquarters.changes_list", is_json=True)
    listing.add_argument("--limit", type=_positive_int, default=100)
    ack = add("ack", "done on the till", "headquarters.changes_ack", is_json=True)
    which = ack.add_mutually_exclusive_group(required=True)
    which.add_argument("seqs", metavar="SEQ", nargs="*", type=_number, default=[])
    which.add_argument("--all", action="store_true")


def _messages(messages: argparse.ArgumentParser) -> None:
    add = _adder(messages.add_subparsers(metavar="ACTION", required=True))
    listing = add("list", "what nobody has acknowledged, newest first", "headquarters.messages_list", is_json=True)
    listing.add_argument("--all", action="store_true", help="the read ones, too")
    ack = add("ack", "it was read", "headquarters.messages_ack", is_json=True)
    ack.add_argument("id", metavar="ID", type=_number)


def _questions(questions: argparse.ArgumentParser) -> None:
    add = _adder(questions.add_subparsers(metavar="ACTION", required=True))
    add("list", "what waits for a person's word", "headquarters.questions_list", is_json=True)
    reply = add("answer", "answer one", "headquarters.questions_answer", is_json=True)
    reply.add_argument("id", metavar="ID", type=_number)
    reply.add_argument("choice", metavar="CHOICE")


def _summary(summary: argparse.ArgumentParser) -> None:
    add = _adder(summary.add_subparsers(metavar="ACTION", required=True))
    export = add("export", "for a spreadsheet, a printer, or a program", "closing.summary_export")
    compare = add("reconcile", "what headquarters has of it", "reconcile.summary_reconcile", is_json=True)
    for action in (
        add("show", "the day's figures; as JSON the very object that is sent", "closing.summary_show", is_json=True),
        add("send", "send it, as it is now", "closing.summary_send", is_json=True),
        compare,
        export,
    ):
        action.add_argument("date", metavar="DATE", nargs="?", help="a business day, as 2026-01-27; today's without it")
    compare.add_argument("--send-missing", action="store_true", help="send again what headquarters lacks")
    export.add_argument("--format", choices=("csv", "pdf", "json"), default="csv")
    export.add_argument("--output", metavar="FILE", help="standard output without it")


def _config(config: argparse.ArgumentParser) -> None:
    add = _adder(config.add_subparsers(metavar="ACTION", required=True))
    add("list", "all, and where each comes from", "setup.config_list", is_json=True)
    add("get", "one", "setup.config_get", is_json=True).add_argument("key", metavar="KEY")
    setting = add("set", "store one", "setup.config_set", is_json=True)
    setting.add_argument("key", metavar="KEY")
    setting.add_argument("value", metavar="VALUE")


def _secret(secret: argparse.ArgumentParser) -> None:
    from outlet_sync_gui.credentials import NAMES  # late, as all that only a command's words need

    add = _adder(secret.add_subparsers(metavar="ACTION", required=True))
    for action, text in (
        ("set", "from a prompt or standard input"),
        ("check", "is it there?"),
        ("delete", "forget it"),
    ):
        add(action, text, f"setup.secret_{action}", is_json=True).add_argument("name", metavar="NAME", choices=NAMES)
    show = add("show", "the till's token, for whoever connects it", "setup.secret_show", is_json=True)
    show.add_argument("name", metavar="NAME", choices=("intake-token",))


def _autostart(autostart: argparse.ArgumentParser) -> None:
    add = _adder(autostart.add_subparsers(metavar="ACTION", required=True))
    add("enable", "from the next log-in on", "autostart.enable", is_json=True)
    add("disable", "no more", "autostart.disable", is_json=True)
    add("status", "on, off, or another one", "autostart.status", is_json=True)


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--data-dir", metavar="DIR", help="where the data is")
    common.add_argument("--language", choices=("id", "en"))
    common.add_argument("--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return common


def _adder(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> Callable[..., argparse.ArgumentParser]:
    def add(name: str, text: str, function: str, *, is_json: bool = False) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[_common()])
        made.set_defaults(command=function)
        if is_json:
            made.add_argument("--json", action="store_true", help="one JSON document")
        return made

    return add


def _http_url(text: str) -> str | None:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        is_one = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if text and not is_one:
        raise argparse.ArgumentTypeError(f"{text} is no http address")
    return text or None


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise ValueError(text)
    return value


def _number(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**63:  # what the database can hold
        raise ValueError(text)
    return value


def _positive_int(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise ValueError(text)
    return value
