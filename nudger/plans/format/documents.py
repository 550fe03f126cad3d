"""One TOML file: what its name says, its tables, or what keeps them from being read, and where all stands.

tomllib says what a file holds and not where. `Positions` says where and not what, and runs only when there
is something to say about a place: it trusts that the text is TOML, and where it is not, it stops and keeps
what it has found so far. It reads each character a bounded number of times.
"""

import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from nudger.plans.format.faults import Fault, Path

SHARED = "shared"  # the folder of shared plans, beside the plans
ROSTER = ".csv"


def name_of(file: str) -> str:
    """Returns `maya.toml` of `plans/maya.toml`."""
    return file.rpartition("/")[2]


def stem_of(file: str) -> str:
    """Returns `maya` of `plans/maya.toml`."""
    name = name_of(file)
    return name.rpartition(".")[0] or name


def is_shared(file: str) -> bool:
    """Tells whether a file stands in the folder of shared plans."""
    return _parts(file.rpartition("/")[0])[-1:] == (SHARED,)


def is_roster(file: str) -> bool:
    """Tells whether a file is a roster, by its name."""
    return file.endswith(ROSTER)


def folder_of(file: str) -> str:
    """Returns the folder of plans that a plan, or a shared plan, belongs to; "." for the current one."""
    parts = _parts(file.rpartition("/")[0])
    parts = parts[:-1] if parts[-1:] == (SHARED,) else parts
    return "/".join(parts).replace("//", "/") or "."


@lru_cache(maxsize=1024)
def _parts(folder: str) -> tuple[str, ...]:
    root = ("/",) if folder.startswith("/") else ()
    return (*root, *(part for part in folder.split("/") if part not in ("", ".")))


SUFFIXES = (".toml", ".csv")

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
    def positions(self) -> "Positions":
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
    """Parses TOML in UTF-8, with or without a byte order mark, with either line ending. Never raises."""
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
    """Returns line and column, from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def single_header(name: str) -> tuple[str, str]:
    """Returns the message and the hint for `[nudge]` in place of `[[nudge]]`."""
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


_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_LITERAL = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'(?:[^']|'(?!\'\'))*\'{3,5}'''
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\[\]{},#\n"']+""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Offsets of a key (0 for an element of a list) and of its value; of both for a table, its header."""

    key: int
    value: int


@dataclass(slots=True)
class Positions:
    """Where everything in one text stands."""

    text: str
    spots: dict[Path, Spot] = field(default_factory=dict)
    twice: tuple[str, int] | None = None  # the first key or header that is given a second time, and where
    latest: int = 0  # where the value of the last key began
    _tables: dict[Path, int] = field(default_factory=dict)  # arrays of tables: the index of the last
    _declared: set[Path] = field(default_factory=set)  # [tables]

    @classmethod
    def scan(cls, text: str) -> "Positions":
        """Notes where everything stands, up to where the text is no TOML."""
        positions = cls(text)
        with suppress(_Lost, RecursionError):  # what was found up to there still stands
            _Scanner(positions).run()
        return positions

    def find(self, path: Path) -> tuple[int, int]:
        """Finds line and column, from 1, of what is at `path`, or of what it is in; 1:1 for the file."""
        spot = self._spot(path)
        return self.line_and_column(spot.value) if spot else (1, 1)

    def find_key(self, path: Path) -> tuple[int, int]:
        spot = self._spot(path)
        return self.line_and_column(spot.key) if spot else (1, 1)

    def _spot(self, path: Path) -> Spot | None:
        while path and path not in self.spots:
            path = path[:-1]
        return self.spots.get(path)

    def line_and_column(self, offset: int) -> tuple[int, int]:
        return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)

    def add(self, path: Path, key: int, value: int) -> None:
        """Notes a key and its value."""
        if path in self.spots:
            self.twice = self.twice or (str(path[-1]), key)
        else:
            self.spots[path] = Spot(key, value)

    def mention(self, path: Path, key: int, value: int) -> None:
        """Notes a table that something is put into, at its first mention."""
        self.spots.setdefault(path, Spot(key, value))

    def declare(self, path: Path, header: int, many: bool) -> Path:
        """Notes a header `[path]`, or `[[path]]` for one more table; returns the path of the table that
        begins."""
        if path in self._declared or (path in self._tables and not many):
            self.twice = self.twice or (str(path[-1]), header)
        if not many:
            self._declared.add(path)
            return path
        self._tables[path] = self._tables.get(path, -1) + 1
        table = (*path, self._tables[path])
        self.spots[table] = Spot(header, header)
        return table

    def inside(self, path: Path) -> Path:
        """Returns the table that a header's `path` leads into: the last one of an array of tables."""
        return (*path, self._tables[path]) if path in self._tables else path


class _Lost(Exception):
    """The text is no TOML from here on."""


class _Scanner:
    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self.text = positions.text
        self.at = 0

    def run(self) -> None:
        table: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)

    def header(self) -> Path:
        start = self.at
        many = self.text.startswith("[[", start)
        self.at += 2 if many else 1
        path: Path = ()
        for part, offset in self.key():
            path = (*self.positions.inside(path), part)
            self.positions.mention(path, offset, start)
        path = self.positions.declare(path, start, many)
        self.skip(_SPACE)
        self.expect("]]" if many else "]")
        return path

    def pair(self, table: Path) -> None:
        path = table
        *outer, (last, offset) = self.key()
        for part, mentioned in outer:
            path = (*path, part)
            self.positions.mention(path, mentioned, mentioned)
        self.skip(_SPACE)
        self.expect("=")
        self.skip(_SPACE)
        path = (*path, last)
        self.positions.latest = self.at
        self.positions.add(path, offset, self.at)
        self.value(path)

    def key(self) -> list[tuple[str, int]]:
        """Returns the parts of a dotted key, each with where it begins."""
        parts = []
        while True:
            self.skip(_SPACE)
            found = _PART.match(self.text, self.at)
            if not found:
                raise _Lost
            parts.append((_unquoted(found[0]), self.at))
            self.at = found.end()
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def value(self, path: Path) -> None:
        if self.text.startswith("[", self.at):
            self.list(path)
        elif self.text.startswith("{", self.at):
            self.inline_table(path)
        elif found := _LITERAL.match(self.text, self.at):
            self.at = found.end()
        else:
            raise _Lost

    def list(self, path: Path) -> None:
        self.at += 1
        index = 0
        self.skip(_BLANK)
        while not self.text.startswith("]", self.at):
            self.positions.add((*path, index), self.at, self.at)
            self.value((*path, index))
            index += 1
            self.skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
                self.skip(_BLANK)
            elif not self.text.startswith("]", self.at):
                raise _Lost
        self.at += 1

    def inline_table(self, path: Path) -> None:
        self.at += 1
        self.skip(_SPACE)
        while not self.text.startswith("}", self.at):
            self.pair(path)
            self.skip(_SPACE)
            if self.text.startswith(",", self.at):
                self.at += 1
                self.skip(_SPACE)
            elif not self.text.startswith("}", self.at):
                raise _Lost
        self.at += 1

    def skip(self, blank: re.Pattern[str]) -> None:
        found = blank.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def expect(self, mark: str) -> None:
        if not self.text.startswith(mark, self.at):
            raise _Lost
        self.at += len(mark)


def _unquoted(part: str) -> str:
    if part[0] not in "\"'":
        return part
    try:
        return next(iter(tomllib.loads(f"{part}=0")))
    except tomllib.TOMLDecodeError:
        raise _Lost from None
