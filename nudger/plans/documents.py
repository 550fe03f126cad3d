"""From the bytes of a plan file to TOML's tables, or to what keeps them from being read."""

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nudger.plans.faults import Fault, Path
from nudger.plans.positions import Positions

LARGEST = 256 * 1024  # bytes: a plan of a thousand nudges is smaller
MOST_PARTS = 16  # of a dotted key: tomllib's time grows with the square of them

_SYNTAX_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_SINGLE = re.compile(r"^([ \t]*)\[([ \t]*(?:nudge|contact)[ \t]*)\](?=[ \t]*(?:#.*)?$)", re.MULTILINE)
_DEEP_KEY = re.compile(
    rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}""", re.ASCII
)
_FEW_DOTS = 400  # in a file: fewer can do no harm
_BARE = re.compile(r"""\s*([\w-]+)\s*=\s*([^\s"'\[{#][^"'#]*?)\s*(?:#.*)?""")
_COLON = re.compile(r"\s*[\w-]+\s*:\s*\S.*")
_CURLY = re.compile("[“”„‘’«»]")
_BROKEN_HEADER = re.compile(r"\s*(?:\[\[\s*([\w-]+)\s*\]|\[\s*([\w-]+)\s*\]\])\s*(?:#.*)?")
_NESTED = re.compile(r"(?:[\[{]\s*){30}")
_HUGE_NUMBER = re.compile(r"[0-9]{1000}")
_OPENING = tuple("[{\"'")


@dataclass
class Document:
    """A file's text. Positions in it are found when they are asked for."""

    text: str

    @cached_property
    def positions(self) -> Positions:
        return Positions.scan(self.text)

    def find(self, path: Path) -> tuple[int, int]:
        return self.positions.find(path)

    def find_key(self, path: Path) -> tuple[int, int]:
        return self.positions.find_key(path)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file holds. `data` is None where it cannot be read; `faults` may be there beside it."""

    document: Document
    data: dict[str, Any] | None
    faults: tuple[Fault, ...] = ()


def parse(data: bytes) -> Parsed:
    """TOML in UTF-8, with or without a byte order mark, with either line ending. Never raises."""
    if len(data) > LARGEST:
        sizes = f"expected a plan of at most {LARGEST // 1024} KB, got {-(-len(data) // 1024)} KB"
        return _unreadable(Document(""), sizes, "is this the right file?", (1, 1))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return _not_utf8(data, fault.start)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    document = Document(text)
    if "\0" in text:
        spot = document_spot(text, text.index("\0"))
        return _unreadable(document, "expected text, got a NUL byte", "is this the right file?", spot)
    if text.count(".") > _FEW_DOTS and (found := _DEEP_KEY.search(text)):
        message = f"expected a key of at most {MOST_PARTS} parts"
        return _unreadable(document, message, "no key of a plan has dots", document_spot(text, found.start()))
    try:
        return Parsed(document, tomllib.loads(text))
    except RecursionError:
        deep = _NESTED.search(text)
        spot = document_spot(text, deep.start() if deep else 0)
        return _unreadable(document, "is nested too deeply", "no list of a plan holds other lists", spot)
    except ValueError as fault:  # TOMLDecodeError, and a number with more digits than Python reads
        return _mended(document) or _not_toml(document, str(fault))


def document_spot(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def single_header(name: str) -> tuple[str, str]:
    """The message and the hint for `[nudge]` in place of `[[nudge]]`."""
    return f"expected [[{name}]], got [{name}]", f"write [[{name}]] in double brackets: there may be several"


def _unreadable(document: Document, message: str, hint: str, spot: tuple[int, int]) -> Parsed:
    return Parsed(document, None, (Fault((), message, hint, spot=spot),))


def _not_utf8(data: bytes, offset: int) -> Parsed:
    before = data[:offset].decode("utf-8-sig").replace("\r\n", "\n")
    hint = "save the file as UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        hint = "the file looks like UTF-16; save it as UTF-8"
    message = f"expected UTF-8 text, got the byte 0x{data[offset]:02x}"
    return _unreadable(Document(before), message, hint, document_spot(before, len(before)))


def _mended(document: Document) -> Parsed | None:
    """The file with `[nudge]` read as `[[nudge]]`, which given twice is no TOML; None where it has none.

    So the other problems of the file come to light as well.
    """
    headers = list(_SINGLE.finditer(document.text))
    if not headers:
        return None
    faults = []
    for header in headers:
        message, hint = single_header(header[2].strip())
        spot = document_spot(document.text, header.end(1))
        faults.append(Fault((), message, hint, spot=spot))
    mended = Document(_SINGLE.sub(r"\1[[\2]]", document.text))
    try:
        return Parsed(mended, tomllib.loads(mended.text), tuple(faults))
    except RecursionError:
        return None
    except ValueError as fault:
        more = _not_toml(mended, str(fault))
        return Parsed(mended, None, (*faults, *more.faults))


def _not_toml(document: Document, fault: str) -> Parsed:
    found = _SYNTAX_AT.search(fault)
    reason = _SYNTAX_AT.sub("", fault)
    twice, latest = document.positions.twice, document.positions.latest
    if twice is not None and reason.startswith(("Cannot", "Duplicate")):
        name, offset = twice
        spot = document_spot(document.text, offset)
        return _unreadable(document, f'"{name}" is given twice', "take one of them away", spot)
    if huge := _HUGE_NUMBER.search(document.text) if found is None else None:
        line, column = document_spot(document.text, huge.start())
        reason = "A number with thousands of digits"
    elif found and found[1]:
        line, column = int(found[1]), int(found[2])
    elif document.text[latest : latest + 1] in _OPENING:
        line, column = document_spot(document.text, latest)
        reason = "What begins here has no end"
    else:
        line, column = document_spot(document.text, len(document.text.rstrip()))
    hint = _hint(document.text.split("\n")[line - 1], reason)
    return _unreadable(document, f"is not valid TOML: {reason[:1].lower()}{reason[1:]}", hint, (line, column))


def _hint(line: str, reason: str) -> str:
    """What is most often wrong with such a line."""
    if "date" in reason:
        return "there is no such date, or no such time"
    if _CURLY.search(line):
        return 'use straight quotes: "..."'
    if found := _BROKEN_HEADER.fullmatch(line):
        return f"write [[{found[1] or found[2]}]], with two brackets on each side"
    if _COLON.fullmatch(line):
        return "write key = value, with an equals sign"
    if len(line) < 200 and (found := _BARE.fullmatch(line)):
        return f'put the value in quotes: {found[1]} = "{found[2]}"'
    if line.count('"') % 2:
        return "a quote is missing"
    return "look at this line and the one before it"
