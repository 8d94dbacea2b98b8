"""The settings as they stand in the file: all that a start shows before they can be read properly.

Checking them takes longer than an icon may. What is wrong with them is left to those who do (`settings`).
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from outlet_sync_gui.directory import PREFIX, settings_file


def glimpse(directory: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings that are text, unchecked; environment over file. Empty where nothing can be read."""
    try:
        in_file = tomllib.loads(settings_file(directory).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        in_file = {}
    in_environment = {
        name.removeprefix(PREFIX).lower(): text.strip() for name, text in environment.items() if name.startswith(PREFIX)
    }
    return {key: text for key, text in {**in_file, **in_environment}.items() if isinstance(text, str)}
