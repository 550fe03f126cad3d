"""Reads the TOML of the bank, and says where a thing stands when something is wrong with it."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nudger.errors import PlanError, Problem

_SYNTAX_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


class WordingError(PlanError):
    """Files of the message bank have problems: all of them, at once."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the bank: its path from the bank's root, and its text."""

    file: str
    text: str

    def load(self) -> dict[str, object] | Problem:
        """The file's tables, or why it is no TOML."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as fault:
            return self._syntax(str(fault))

    def problem(
        self, message: str, hint: str = "", *, where: str = "", table: str = "", nth: int = 0, key: str = ""
    ) -> Problem:
        """A problem at `key` of the `nth` header `[table]` or `[[table]]` (0: before any header)."""
        line, column = self._position(table, nth, key)
        return Problem(self.file, line, column, where, message, hint)

    def _syntax(self, fault: str) -> Problem:
        lines = self.text.splitlines() or [""]
        found = _SYNTAX_AT.search(fault)
        line, column = len(lines), len(lines[-1]) + 1
        if found and found[1]:
            line, column = int(found[1]), int(found[2])
        message = f"is not valid TOML: {_SYNTAX_AT.sub('', fault)}"
        return Problem(self.file, line, column, "", message, "look at this line and the one before it")

    def _position(self, table: str, nth: int, key: str) -> tuple[int, int]:
        """A scan by lines: right for files as people write them, and only for messages to people."""
        header = re.compile(rf"\s*\[\[?\s*{re.escape(table)}\s*\]\]?\s*(?:#.*)?$")
        entry = re.compile(rf"\s*\"?{re.escape(key)}\"?\s*=\s*")
        seen, at = 0, (1, 1)
        for number, line in enumerate(self.text.splitlines(), 1):
            if table and header.match(line):
                seen += 1
                if seen == nth:
                    at = (number, line.index("[") + 1)
            elif key and seen == nth and (found := entry.match(line)):
                return number, found.end() + 1
        return at


def texts(value: object) -> Mapping[str, str] | None:
    """`value` as a table of texts, or None where it is none."""
    if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
        return value
    return None


def words(value: object) -> Sequence[str] | None:
    """`value` as a list of texts, or None where it is none."""
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return value
    return None


def tables(value: object) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The tables of an array of tables, numbered from 1; nothing where it is none."""
    if isinstance(value, list):
        for number, table in enumerate(value, 1):
            if isinstance(table, dict):
                yield number, table
