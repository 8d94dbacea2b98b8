"""The pages of the window."""

from enum import IntEnum


class Page(IntEnum):
    """The pages, from top to bottom."""

    STATUS = 0
    QUEUE = 1
    ATTENTION = 2
    CONFLICTS = 3  # opens its dialog: the page that was shown stays
    ACTIVITY = 4
    MESSAGES = 5
    CHANGES = 6
    SUMMARY = 7
    SETTINGS = 8  # at the foot
