"""What stands in a PDF that Qt wrote, read back from the file itself."""

import re
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj(.*?)endobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
FONT = re.compile(rb"/(F\d+) (\d+) 0 R")
SPOKEN = re.compile(rb"/ToUnicode (\d+) 0 R")
TEXT = re.compile(rb"BT\n/(F\d+).*?ET", re.DOTALL)
GLYPHS = re.compile(rb"<([0-9A-F]+)> Tj")
RANGE = re.compile(rb"<([0-9A-F]{4})> <[0-9A-F]{4}> \[(.*?)\]", re.DOTALL)


def pages(document: bytes) -> int:
    """How many there are."""
    return len(re.findall(rb"/Type /Page\n", document))


def texts(document: bytes) -> list[str]:
    """Each piece of text, from the top."""
    objects = {int(number): body for number, body in OBJECT.findall(document)}
    streams = {number: _inflated(body) for number, body in objects.items() if b"stream" in body}
    fonts = dict(FONT.findall(b"".join(objects[number] for number in objects if number not in streams)))
    letters = {name: _letters(objects, streams, int(number)) for name, number in fonts.items()}
    drawn = b"\n".join(stream for stream in streams.values() if b" Tj" in stream)
    return [_said(found[0], letters[found[1]]) for found in TEXT.finditer(drawn)]


def _inflated(body: bytes) -> bytes:
    found = STREAM.search(body)
    assert found is not None
    return zlib.decompress(found[1]) if b"FlateDecode" in body else found[1]


def _letters(objects: dict[int, bytes], streams: dict[int, bytes], font: int) -> dict[int, str]:
    spoken = SPOKEN.search(objects[font])
    assert spoken is not None
    letters: dict[int, str] = {}
    for first, listed in RANGE.findall(streams[int(spoken[1])]):
        for n, code in enumerate(re.findall(rb"<([0-9A-F]+)>", listed)):
            letters[int(first, 16) + n] = chr(int(code, 16))
    return letters


def _said(block: bytes, letters: dict[int, str]) -> str:
    codes = b"".join(GLYPHS.findall(block))
    glyphs = (int(codes[at : at + 4], 16) for at in range(0, len(codes), 4))
    return "".join(letters.get(glyph, "?") for glyph in glyphs).replace("\t", " ")  # Qt's word for a space
