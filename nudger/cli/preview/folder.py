"""How a preview of many people reads: sends per hour, so that a clinic sees its peaks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nudger.agenda.forecast import Forecast
from nudger.agenda.rate_limit import PlannedText
from nudger.cli.preview.load import Load, show_load
from nudger.cli.preview.previewing import Preview
from nudger.cli.preview.tables import in_words, many, paragraph
from nudger.domain.model import ChannelName, Plan

LABEL = 6  # columns of "13:00", and a space
CELL = 8  # columns of "Mon 23" or "12,345!", and a space
BAR = range(8, 31)  # columns, at least and at most
MOST_DATES = 9  # a week, seen from every zone on earth; more are shown by the day of the week
COUNT = 9  # columns of "  1,234  "
SHOWN = 5  # reasons that are listed


@dataclass
class Tally:
    """What the forecasts of many people come to, counted as they pass."""

    zones: Counter[str] = field(default_factory=Counter)  # people
    sends: Counter[datetime] = field(default_factory=Counter)
    texts: list[PlannedText] = field(default_factory=list)
    emails: int = 0
    skips: Counter[str] = field(default_factory=Counter)  # by reason
    held: Counter[str] = field(default_factory=Counter)  # people, by reason
    first: date = date.max
    last: date = date.min

    def add(self, plan: Plan, rows: Sequence[Forecast], dates: Sequence[date]) -> None:
        self.zones[plan.timezone] += 1
        self.first, self.last = min(self.first, dates[0]), max(self.last, dates[-1])
        self.held.update({row.reason for row in rows if row.status != "send"})
        for row in rows:
            self._count(row)

    def _count(self, row: Forecast) -> None:
        if row.due_at is None or row.until is None:
            self.skips[row.reason] += 1
            return
        self.sends[row.due_at] += 1
        if row.channel is ChannelName.SMS:
            self.texts.append(PlannedText(row.due_at, row.until, row.segments or 1))
        else:
            self.emails += 1

    @property
    def zone(self) -> str:
        """The zone that most people live in; of several the first by name."""
        return min(self.zones, key=lambda name: (-self.zones[name], name))


def show_everyone(console: Console, ahead: Preview, plans: Sequence[Plan]) -> None:
    """Many people, as sends per hour."""
    tally = Tally()
    for plan, rows in ahead.each(plans):
        tally.add(plan, rows, ahead.dates(plan))
    settings, zone = ahead.core.settings, ahead.core.zone(tally.zone)
    load = Load(tally.texts, settings.sms_per_second, zone, settings.sms_per_day)
    show_folder(console, tally, load)


def show_folder(console: Console, tally: Tally, load: Load) -> None:
    """The sends of each hour, what the budget makes of them, and what is not sent."""
    console.print(_heading(tally), soft_wrap=True)
    grid = _Grid(tally.sends, load)
    if tally.sends:
        console.print()
        paragraph(console, _whose_clock(tally, grid), "")
        for block in grid.blocks(console.width):
            console.print(block)
        console.print()
        show_load(console, load)
    _not_sent(console, tally)
    console.print()
    paragraph(console, "One person's days and words: nudger preview PERSON. Everything: --json.", "", "dim")


class _Grid:
    """Sends by the hour and the day; by the day of the week, of each the busiest, where days are many."""

    def __init__(self, sends: Mapping[datetime, int], load: Load) -> None:
        days: Counter[tuple[date, int]] = Counter()
        marked = set()
        for at, number in sends.items():
            here = at.astimezone(load.zone)
            days[here.date(), here.hour] += number
            if load.is_too_high(at):
                marked.add((here.date(), here.hour))
        dates = sorted({day for day, _ in days})
        self.by_weekday = len(dates) > MOST_DATES
        if self.by_weekday:
            dates.sort(key=lambda day: day.weekday())
        self.columns = list(dict.fromkeys(map(self._label, dates)))
        self._cells: dict[tuple[str, int], int] = {}
        for (day, hour), number in days.items():
            place = self._label(day), hour
            self._cells[place] = max(number, self._cells.get(place, 0))
        self.marked = {(self._label(day), hour) for day, hour in marked}

    def blocks(self, width: int) -> list[Table]:
        """One table where it fits, with bars where there is room for them; else some days at a time."""
        left = width - LABEL - len(self.columns) * CELL
        bar = min(left, BAR[-1]) if left >= BAR[0] else 0
        size = max(1, (width - LABEL) // CELL)
        return [
            self._table(self.columns[start : start + size], bar)
            for start in range(0, len(self.columns), size)
        ]

    def _table(self, columns: Sequence[str], bar: int) -> Table:
        shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
        shown.add_column("", width=LABEL - 1, style="bold")
        for column in columns:
            shown.add_column(Text(f"{column} "), justify="right", width=CELL - 1, no_wrap=True)
        highest = max(self._cells.values())
        if bar:
            shown.add_column("", width=bar, no_wrap=True)
        hours = [hour for _, hour in self._cells]
        for hour in range(min(hours), max(hours) + 1):
            cells = [self._cell((column, hour), highest) for column in columns]
            most = max(self._cells.get((column, hour), 0) for column in columns)
            length = -(-most * bar // highest)
            shown.add_row(f"{hour:02}:00", *cells, *([Text("█" * length, "cyan")] if bar else []))
        return shown

    def _cell(self, place: tuple[str, int], highest: int) -> Text:
        number = self._cells.get(place, 0)
        if not number:
            return Text("· ", "dim")
        if place in self.marked:
            return Text(f"{number:,}!", "bold yellow")
        return Text(f"{number:,} ", "bold" if number == highest else "")

    def _label(self, day: date) -> str:
        return f"{day:%a}" if self.by_weekday else f"{day:%a %d}"


def _heading(tally: Tally) -> Text:
    everyone = tally.zones.total()
    segments = sum(text.segments for text in tally.texts)
    parts = [f"{many(len(tally.texts), 'text')} ({many(segments, 'segment')})"] if tally.texts else []
    parts += [many(tally.emails, "email")] if tally.emails else []
    parts += [f"{tally.skips.total():,} not sent"] if tally.skips else []
    what = ", ".join(parts) or "nothing is sent"
    return Text.assemble((f"{everyone:,} people", "bold"), f", {in_words([tally.first, tally.last])}: {what}")


def _whose_clock(tally: Tally, grid: _Grid) -> str:
    here, everyone = tally.zones[tally.zone], tally.zones.total()
    most = "" if here == everyone else f", where {here:,} of the {everyone:,} live"
    day = "; of each day of the week the busiest" if grid.by_weekday else ""
    marked = "; more than the budget carries has a !" if grid.marked else ""
    return f"Sends per hour, by the clock of {tally.zone}{most}{day}{marked}:"


def _not_sent(console: Console, tally: Tally) -> None:
    """The commonest reasons, with how many sends and people they hold back."""
    if not tally.skips:
        return
    console.print()
    console.print(Text("Not sent", "bold"))
    for reason, number in tally.skips.most_common(SHOWN):
        people = tally.held[reason]
        words = f"{reason} ({people:,} {'person' if people == 1 else 'people'})"
        paragraph(console, words, " " * COUNT, first=f"{number:>{COUNT - 2},}  ")
    if len(tally.skips) > SHOWN:
        rest = tally.skips.total() - sum(number for _, number in tally.skips.most_common(SHOWN))
        console.print(Text(f"{rest:>{COUNT - 2},}  for {many(len(tally.skips) - SHOWN, 'other reason')}"))
