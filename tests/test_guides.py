"""The guides for staff speak as the windows do, in both languages, and show the pictures that the command makes."""

import re
from pathlib import Path

import polib
import pytest
from tests.ui.guide_pictures import LANGUAGES, SCENES

from outlet_sync_gui.resources import resource

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = {"id": ("kasir.md", "manajer.md"), "en": ("cashier.md", "manager.md")}
CATALOGUE = polib.pofile(str(resource("i18n", "id.po")))
SAID = {
    "id": {text for entry in CATALOGUE for text in (entry.msgstr, *entry.msgstr_plural.values())},
    "en": {text for entry in CATALOGUE for text in (entry.msgid, entry.msgid_plural)},
}
EACH = [(language, name) for language in LANGUAGES for name in GUIDES[language]]


def text_of(name: str) -> str:
    return (DOCS / "guides" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("language", "name"), EACH)
def test_a_button_or_page_is_called_as_in_the_window(language: str, name: str) -> None:
    called = {name.rstrip("…") for name in re.findall(r"\*\*(.+?)\*\*", text_of(name))}
    assert called
    assert {name for name in called if not {name, f"{name}…"} & SAID[language]} == set()


@pytest.mark.parametrize(("language", "name"), EACH)
def test_a_picture_is_one_that_the_command_makes(language: str, name: str) -> None:
    shown = re.findall(r"!\[.+?\]\(\.\./pictures/(.+?)\)", text_of(name))
    assert shown
    assert set(shown) <= {f"{language}/{scene}.png" for scene in SCENES}
    assert all((DOCS / "pictures" / picture).is_file() for picture in shown)


@pytest.mark.parametrize("pair", list(zip(*GUIDES.values(), strict=True)), ids=lambda pair: pair[1])
def test_both_languages_tell_the_same(pair: tuple[str, str]) -> None:
    shapes = [re.findall(r"^(#+|\d\.|-|\||!\[)", text_of(name), re.MULTILINE) for name in pair]
    assert shapes[0] == shapes[1]
