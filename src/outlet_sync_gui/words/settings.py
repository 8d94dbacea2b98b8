"""What a setting's value should have been, for whoever has just typed it."""

import re
from collections.abc import Mapping

from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.words.failures import problem
from outlet_sync_gui.words.speech import N_, number, say, say_n

# By what `settings` says that it wanted.
WANTED: Mapping[str, str] = {
    "an address such as https://cloud.example": N_("Write it like https://cloud.example"),
    "https:// (http:// only to this machine)": N_("The address begins with https://"),
    "a port from 1 to 65535": N_("The port is a number from 1 to 65,535"),
    "a time zone such as Asia/Jakarta": N_("Write it like Asia/Jakarta"),
    "letters, digits and signs without accents": N_("Only letters, digits and signs, without accents"),
    "a whole number": N_("Write a whole number, such as 30"),
    "HH:MM": N_("Write the time like 22:00"),
    "something": N_("This is needed: nothing can be sent without it"),
    "http://proxy.example:3128": N_("Write it like http://proxy.example:3128"),
    "a file": N_("There is no such file, or it can't be read"),
    "16 or more": N_("At least 16 characters"),
}
LIMIT = re.compile(r"([≥≤]) ([0-9]+)")
AT_LEAST, AT_MOST = N_("At least {n}"), N_("At most {n}")
TOO_LONG = N_("Too long")


def wrong(error: OutletSyncError) -> str:
    """What is wrong with a text that somebody types: one short sentence that says how it would be right."""
    why = str(error.facts.get("why", ""))
    if why in WANTED:
        return say(WANTED[why])
    if limit := LIMIT.fullmatch(why):
        return say(AT_LEAST if limit[1] == "≥" else AT_MOST, n=number(int(limit[2])))
    if error.code == "setting_invalid":
        return say(TOO_LONG) if "at most" in why else why
    return problem(error)


def interval(seconds: int) -> str:
    """Every so many seconds, in the largest unit that tells it exactly: 90 seconds, 5 minutes, 1 hour, 1 day."""
    if seconds % 86_400 == 0:
        return say_n("{n} day", "{n} days", seconds // 86_400)
    if seconds % 3_600 == 0:
        return say_n("{n} hour", "{n} hours", seconds // 3_600)
    if seconds % 60 == 0:
        return say_n("{n} minute", "{n} minutes", seconds // 60)
    return say_n("{n} second", "{n} seconds", seconds)
