"""Rosters: many people in one table, `plans/*.csv`. A row is a plan of top-level keys, on one line.

Read is what spreadsheets write: UTF-8 or UTF-16, commas, semicolons or tabs, `sep=;` in the first line, keys
however they are capitalised and spaced. What they spoil of a value is told (faults.py).

No value of a plan has a line break, so a line is a row whatever stands in it: a quote that is never closed,
or a byte that is no UTF-8, spoils its own row and no other.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from nudger.plans.format.faults import (
    FAULTY,
    IN_A_FILE,
    WARNING,
    Facts,
    Fault,
    Path,
    PlanSource,
    Wrong,
    did_you_mean,
    is_spreadsheet_error,
    listed,
    meant,
    shown,
    spoilt_id,
    spoilt_whole,
)
from nudger.plans.parse.details import read_id
from nudger.plans.parse.keys import ALSO, PLAN, TABLES
from nudger.plans.parse.tables import Draft, read_plan

COLUMNS = ("id", *PLAN)
LARGEST = 32 * 1024 * 1024  # bytes: a hundred thousand people need a third of it
LONGEST_ROW = 8192  # characters
SEPARATORS = (",", ";", "\t")
_KEYS = {column.replace("_", ""): column for column in COLUMNS}
_BLANK = " \t,;"
_CELL = {
    one: re.compile(rf'[{blank}]*"((?:[^"]|"")*)"[{blank}]*|([^"{one}]*)')
    for one, blank in ((",", " \\t"), (";", " \\t"), ("\t", " "))
}
_SEP = re.compile(r'"?sep=([,;\t])"?[\s,;]*', re.IGNORECASE)
_SPACED = re.compile(r"[\s_\u00a0\u2010-]+")  # in the name of a key
_ANY_TEXT = (
    "name",
    "if_then",
)  # the readers of all other keys refuse the errors of a spreadsheet by themselves


class _Spoilt(Wrong):
    """A line whose cells cannot be told apart, from this offset on."""

    def __init__(self, message: str, hint: str, offset: int) -> None:
        super().__init__(message, hint)
        self.offset = offset


@dataclass
class RosterLine:
    """One line. Where its cells begin is found when that is asked for."""

    number: int
    text: str
    separator: str
    columns: Mapping[str, int]  # key -> which cell

    def find(self, path: Path) -> tuple[int, int]:
        """Finds where the cell of a key begins; the beginning of the row for a key that has none."""
        cell = self.columns.get(str(path[0])) if path else None
        return (self.number, 1 if cell is None or cell >= len(self.starts) else self.starts[cell])

    def find_key(self, path: Path) -> tuple[int, int]:
        return self.find(path)

    def cells(self) -> list[str]:
        """Returns the texts of the cells. Raises _Spoilt."""
        if '"' not in self.text:
            return [cell.strip() for cell in self.text.split(self.separator)]
        return [cell for _, cell in self._quoted()]

    @cached_property
    def starts(self) -> list[int]:
        return [start + 1 for start, _ in self._quoted()]

    def _quoted(self) -> Iterator[tuple[int, str]]:
        """Each cell with where it begins, blanks before it left out."""
        at, end = 0, -1
        while end < len(self.text):
            found = _CELL[self.separator].match(self.text, at)
            end = found.end() if found else at
            if not found or self.text[end : end + 1] not in ("", self.separator):
                hint = "put the whole cell in quotes, and write a quote inside it twice"
                raise _Spoilt("expected a quote to begin and to end a cell", hint, end)
            text = self.text[at:end]
            start = at + len(text) - len(text.lstrip())
            yield start, found[2].strip() if found[1] is None else found[1].replace('""', '"').strip()
            at = end + 1


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One person of a roster."""

    file: str
    line: RosterLine
    header: str
    readable: bool  # the header says what all of its cells are
    person: str | None  # None where the id is missing or wrong
    values: Mapping[str, object]  # by key, as TOML would give them
    faults: tuple[Fault, ...]
    spoilt: bool = False

    @property
    def data(self) -> bytes:
        """Returns what the plan is made of."""
        return f"{self.header}\n{self.line.text}".encode("utf-8", "surrogateescape")

    def draft(self, facts: Facts) -> Draft:
        """Reads what the row says, and what is wrong with it."""
        who = f'person "{self.person}"' if self.person else f"row {self.line.number}"
        draft = Draft(self.file, self.line, who, readable=self.readable and not self.spoilt)
        for fault in self.faults:
            draft.add(fault)
        if not self.spoilt:
            read_plan(draft, self.values, facts)
            _tell_of_errors(draft)
            draft.faults = {
                replace(fault, hint=fault.hint.removesuffix(IN_A_FILE)): None for fault in draft.faults
            }
        return draft


def _tell_of_errors(draft: Draft) -> None:
    """What a spreadsheet shows in place of a value is nobody's name."""
    for key in _ANY_TEXT:
        value = draft.values.get(key)
        if isinstance(value, str) and is_spreadsheet_error(value):
            hint = "a formula of the spreadsheet failed here: write the value itself, or leave the cell empty"
            draft.add(Fault((key,), f"expected a value, got {shown(value)}", hint))
            draft.values[key] = FAULTY


def read_roster(source: PlanSource) -> tuple[Draft, list[RosterRow]]:
    """Reads the header, with what is wrong with the file as a whole, and the rows. Never raises."""
    lines = _decoded(source.data[:LARGEST]).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    said = _SEP.fullmatch(lines[0].strip(" "))
    above = next(
        (number for number, line in enumerate(lines) if line.strip(_BLANK) and number >= bool(said)), 0
    )
    separator = said[1] if said else max(SEPARATORS, key=lines[above].count)
    header = RosterLine(above + 1, lines[above], separator, {})
    whole = Draft(source.file, header)
    for fault in (*_size(source.data), *_characters(header), *_read_header(header)):
        whole.add(fault)
    if "id" not in header.columns:
        return whole, []
    rows = [
        _read_row(
            source.file, RosterLine(number, line, header.separator, header.columns), header, not whole.failed
        )
        for number, line in enumerate(lines[above + 1 :], above + 2)
        if line.strip(_BLANK)
    ]
    if not rows:
        whole.add(Fault((), "has no rows: nobody is in it", "one row a person", WARNING))
    return whole, rows


def _decoded(data: bytes) -> str:
    """UTF-16 where a mark says so, or every other byte is none; else UTF-8, in which a bad byte spoils its
    row alone."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for order, nuls in (("utf-16-le", data[1:8:2]), ("utf-16-be", data[0:8:2])):
        if nuls == b"\0\0\0\0":
            return data.decode(order, "replace")
    return data.decode("utf-8-sig", "surrogateescape")


def _size(data: bytes) -> Iterator[Fault]:
    if len(data) >= LARGEST:
        message = f"expected a roster of less than {LARGEST >> 20} MB"
        yield Fault((), message, "is this the right file? if so, split it", spot=(1, 1))


def _read_header(header: RosterLine) -> Iterator[Fault]:
    """Finds out which key stands in which cell."""
    columns: dict[str, int] = {}
    header.columns = columns
    try:
        cells = header.cells()
    except _Spoilt as spoilt:
        yield Fault((), spoilt.message, spoilt.hint, spot=(header.number, spoilt.offset + 1))
        return
    while cells and not cells[-1]:
        cells.pop()
    for index, written in enumerate(cells):
        spot = (header.number, header.starts[index])
        name = _KEYS.get(_SPACED.sub("", written.casefold()), written)
        if name not in COLUMNS:
            yield Fault((), f"unknown key {shown(written)}", _hint(written), spot=spot)
        elif name in columns:
            yield Fault((), f'the column "{name}" is given twice', "take one of them away", spot=spot)
        columns.setdefault(name, index)
    if "id" not in columns:
        hint = "the first line names the keys: id,name,timezone,phone,extends"
        yield Fault((), 'expected the column "id", got none', hint, spot=(1, 1))


def _hint(name: str) -> str:
    if name in TABLES:
        return f"put [[{name}]] in a shared plan, and its name in the column extends"
    also = {word: key for word, key in ALSO.items() if key in COLUMNS}
    return did_you_mean(meant(name, COLUMNS, also), f"known here: {listed(COLUMNS, 'and')}")


def _read_row(file: str, line: RosterLine, header: RosterLine, readable: bool) -> RosterRow:
    values: dict[str, object] = {}
    person: str | None = None
    faults = _characters(line)
    spoilt = bool(faults)
    written: object = ""
    try:
        values = _values(line, header)
        written = values.pop("id", "")
        person = read_id(written)
    except _Spoilt as wrong:
        faults = (Fault((), wrong.message, wrong.hint, spot=(line.number, wrong.offset + 1)),)
        spoilt = True
    except Wrong as wrong:
        faults = (*faults, Fault(("id",), wrong.message, spoilt_id(str(written)) or wrong.hint))
    return RosterRow(file, line, header.text, readable, person, values, faults, spoilt)


def _values(line: RosterLine, header: RosterLine) -> dict[str, object]:
    """The cells that are not empty, as TOML would give them."""
    cells = line.cells()
    if len(line.text) > LONGEST_ROW:
        raise _Spoilt(f"expected at most {LONGEST_ROW} characters in a row, got {len(line.text)}", "", 0)
    expected = max(header.columns.values()) + 1
    if len(cells) < expected or any(cells[expected:]):
        at = line.starts[expected] - 1 if len(cells) > expected else 0
        hint = "as many as the first line has; put a cell that holds the separator in quotes"
        raise _Spoilt(f"expected {expected} cells, got {len(cells)}", hint, at)
    return {key: _typed(key, cells[index]) for key, index in header.columns.items() if cells[index]}


_TRUTHS = {"true": True, "false": False}  # as spreadsheets write them, in any case


def _typed(key: str, cell: str) -> object:
    if key == "daily_limit" and (number := spoilt_whole(cell) or cell).isascii() and number.isdecimal():
        return int(number[:9])
    if key == "starts":
        with suppress(ValueError):
            return date.fromisoformat(cell)
    if key == "keep_words":
        return _TRUTHS.get(cell.casefold(), cell)
    return cell.split() if key in PLAN and PLAN[key].form.many else cell


def _characters(line: RosterLine) -> tuple[Fault, ...]:
    """Bytes that are no text."""
    if line.text.isprintable() and "\ufffd" not in line.text:
        return ()
    for offset, one in enumerate(line.text):
        if one in "\0\ufffd" or "\udc80" <= one <= "\udcff":
            found = "a NUL byte" if one == "\0" else f"the byte 0x{ord(one) - 0xDC00:02x}"
            found = "a character that is none" if one == "\ufffd" else found
            message = f"expected UTF-8 text, got {found}"
            return (Fault((), message, "save the file as CSV in UTF-8", spot=(line.number, offset + 1)),)
    return ()
