"""Charts as numbers: where each bar and cell of an SVG goes, and the table that says the same. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nudger.domain.model import Kind, Outcome, State
from nudger.operations.overview import Span

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LEVELS = 5  # shades of a cell, besides the empty one
TALL = 100.0  # a bar chart's height in its own units
MOST_BARS = 91
WIDE = 10.0  # one day's width in it
BAR = 8.0

# What an entry came to, in the operator's words, from the ground of a bar up.
ENDS = ("answered", "sent", "suppressed", "missed", "failed", "unknown")


@dataclass(frozen=True, slots=True)
class Piece:
    """One coloured part of a bar, in the chart's own units."""

    end: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of the table behind a chart: a label and its numbers."""

    label: str
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each day."""

    width: float
    top: int  # what the full height stands for
    pieces: Sequence[Piece]
    rows: Sequence[TableRow]  # columns: ENDS
    first: str
    last: str
    weekly: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of one weekday."""

    x: int
    y: int
    level: int  # 0: none


@dataclass(frozen=True, slots=True)
class Heat:
    """Replies by weekday and hour."""

    cells: Sequence[Cell]
    rows: Sequence[TableRow]  # columns: the hours
    most: int


@dataclass(frozen=True, slots=True)
class KindBar:
    """One kind: its bar and what it came to."""

    kind: str
    pieces: Sequence[Piece]
    numbers: Sequence[int]  # by ENDS


def end(state: State, outcome: Outcome | None) -> str | None:
    """Finds into which of ENDS an entry falls; None for what is still to come, or was taken away."""
    match state:
        case State.SENT | State.DELIVERED:
            return "sent" if outcome is None else "answered"
        case State.SUPPRESSED:
            return "suppressed"
        case State.MISSED | State.FAILED | State.UNKNOWN:
            return str(state)
        case _:
            return None


def ends(span: Span) -> dict[str, int]:
    """Counts what all of these days come to."""
    counts = dict.fromkeys(ENDS, 0)
    for (_, state, outcome), number in span.days.items():
        which = end(state, outcome)
        if which is not None:
            counts[which] += number
    return counts


def bars(span: Span, first: date, last: date) -> Bars:
    """Draws what was sent and what was not, day by day; of more than a quarter of a year, week by week."""
    length = (last - first).days + 1
    step = 1 if length <= MOST_BARS else 7
    days = [first + timedelta(days=number) for number in range(0, length, step)]
    ends = {day: dict.fromkeys(ENDS, 0) for day in days}
    for (day, state, outcome), number in span.days.items():
        which = end(state, outcome)
        if which is not None and first <= day <= last:
            ends[days[(day - first).days // step]][which] += number
    top = round_up(max(sum(counts.values()) for counts in ends.values()))
    pieces = [
        piece
        for index, day in enumerate(days)
        for piece in _stack(index * WIDE + (WIDE - BAR) / 2, ends[day], top)
    ]
    rows = [TableRow(f"{day:%a} {day.day} {day:%b}", list(ends[day].values())) for day in reversed(days)]
    return Bars(len(days) * WIDE, top, pieces, rows, _short(first), _short(last), step == 7)


def heat(span: Span) -> Heat:
    """Draws when people answer, by their own clocks."""
    table = [[0] * 24 for _ in DAYS]
    for (weekday, hour), number in span.hours.items():
        table[weekday][hour] += number
    most = max(max(row) for row in table)
    cells = [
        Cell(hour, day, -(-number * LEVELS // most) if most else 0)
        for day, row in enumerate(table)
        for hour, number in enumerate(row)
    ]
    return Heat(cells, [TableRow(name, row) for name, row in zip(DAYS, table, strict=True)], most)


def kinds(span: Span) -> Sequence[KindBar]:
    """Draws what became of each kind, those of the mission first; a kind that never came is left out."""
    ends: dict[Kind, dict[str, int]] = {}
    for (kind, state, outcome), number in span.kinds.items():
        which = end(state, outcome)
        if kind is not None and which is not None:
            ends.setdefault(kind, dict.fromkeys(ENDS, 0))[which] += number
    widest = max((sum(counts.values()) for counts in ends.values()), default=0)
    return [KindBar(str(kind), _lane(ends[kind], widest), list(ends[kind].values())) for kind in _known(ends)]


def round_up(number: int) -> int:
    """Finds the next number that reads well at the end of an axis: 1, 2, 5, 10, 20, 50 ..."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if number <= factor * step:
                return factor * step
        step *= 10


def _stack(x: float, counts: Mapping[str, int], top: int) -> list[Piece]:
    pieces, height = [], 0.0
    for name, number in counts.items():
        part = number / top * TALL
        height += part
        if number:
            pieces.append(Piece(name, round(x, 2), round(TALL - height, 2), BAR, round(part, 2)))
    return pieces


def _lane(counts: Mapping[str, int], widest: int) -> list[Piece]:
    pieces, x = [], 0.0
    for name, number in counts.items():
        part = number / widest * TALL if widest else 0.0
        if number:
            pieces.append(Piece(name, round(x, 2), 0, round(part, 2), 10))
        x += part
    return pieces


def _known(ends: Mapping[Kind, object]) -> list[Kind]:
    return [kind for kind in Kind if kind in ends]


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"
