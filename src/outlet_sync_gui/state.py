"""The states of the program; apart from `status`, as the tray's icon needs no more of it."""

from enum import StrEnum


class State(StrEnum):
    """The states of the program, in the order in which they win when several hold."""

    SETUP = "setup"
    ERROR = "error"
    PAUSED = "paused"
    OFFLINE = "offline"
    ATTENTION = "attention"
    SYNCING = "syncing"
    WAITING = "waiting"
    IDLE = "idle"
