"""Finds where keys and values stand in TOML. Runs only when there is something to say about one of them.

tomllib says what a file holds and not where. This scanner says where and not what: it trusts that the
text is TOML, and where it is not, it stops and keeps what it has found so far. It reads each character a
bounded number of times.
"""

import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field

from nudger.plans.format.faults import Path

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
        positions = cls(text)
        with suppress(_Lost, RecursionError):  # what was found up to there still stands
            _Scanner(positions).run()
        return positions

    def find(self, path: Path) -> tuple[int, int]:
        """Line and column, from 1, of what is at `path`, or of what it is in; 1:1 for the file."""
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
        if path in self.spots:
            self.twice = self.twice or (str(path[-1]), key)
        else:
            self.spots[path] = Spot(key, value)

    def mention(self, path: Path, key: int, value: int) -> None:
        """A table that something is put into, at its first mention."""
        self.spots.setdefault(path, Spot(key, value))

    def declare(self, path: Path, header: int, many: bool) -> Path:
        """A header `[path]`, or `[[path]]` for one more table; returns the path of the table that begins."""
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
        """The table that a header's `path` leads into: the last one of an array of tables."""
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
        """The parts of a dotted key, each with where it begins."""
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
