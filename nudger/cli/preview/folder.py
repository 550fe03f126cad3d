"""How a preview of many people reads: sends per hour, so that a clinic sees its peaks; whether the texts get
out before they expire, and what to do where they do not."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nudger.agenda.forecast import Forecast
from nudger.agenda.rate_limit import Peak, PlannedText, enough, ordinary, peaks, too_full
from nudger.cli.preview.previewing import Preview
from nudger.cli.preview.tables import in_words, many, paragraph
from nudger.domain.model import ChannelName, Plan

PEAKS_SHOWN = 7  # peaks that are listed: one for each day of a week
MINUTE = timedelta(minutes=1)
ROUND = 5  # minutes, to which a window is rounded up
WIDEST = timedelta(hours=12)  # of a window that could be meant


@dataclass(frozen=True)
class Load:
    """Texts against the budget, in segments per second; times are told by the clock of `zone`."""

    texts: Sequence[PlannedText]
    per_second: float
    zone: tzinfo
    per_day: int | None = None

    @cached_property
    def peaks(self) -> list[Peak]:
        return list(peaks(self.texts, self.per_second))

    @cached_property
    def too_high(self) -> list[Peak]:
        """Those in which texts are missed."""
        return [peak for peak in self.peaks if peak.missed]

    def is_too_high(self, at: datetime) -> bool:
        """Tells whether what is due at this instant is part of such a peak."""
        before = bisect_right(self.too_high, at, key=lambda peak: peak.starts_at)
        return before > 0 and at <= self.too_high[before - 1].ends_at


def show_load(console: Console, load: Load) -> None:
    """Shows the peaks and days that the budget does not carry and what helps; else the longest wait."""
    if load.per_day is not None:
        for day, segments in too_full(load.texts, load.per_day).items():
            words = (
                f"On {day:%a %d %b} (GMT) {segments:,} segments are due, and {ordinary(load.per_day):,} may "
            )
            words += "go (NUDGER_SMS_PER_DAY without its reserve): what is left then is not sent."
            paragraph(console, words, "", "bold yellow")
    if load.too_high:
        _show_missed(console, load)
    elif load.texts:
        longest = max(load.peaks, key=lambda peak: peak.longest_wait, default=None)
        paragraph(console, f"{_rate(load)}, every text goes out in time{_slowest(load, longest)}.", "", "dim")


def _show_missed(console: Console, load: Load) -> None:
    missed = sum(peak.missed for peak in load.too_high)
    warning = (
        f"{_rate(load)} (NUDGER_SMS_PER_SECOND), {many(missed, 'text')} would expire before their turn "
        "and not be sent:"
    )
    paragraph(console, warning, "", "bold yellow")
    for peak in load.too_high[:PEAKS_SHOWN]:
        ends = peak.ends_at.astimezone(load.zone)
        line = (
            f"{_when(load, peak)} to {ends:%H:%M}  {many(peak.texts, 'text')} "
            f"({many(peak.segments, 'segment')}), {peak.missed:,} of them missed"
        )
        console.print(Text(f"  {line}"), soft_wrap=True)
    if len(load.too_high) > PEAKS_SHOWN:
        console.print(Text(f"  and {len(load.too_high) - PEAKS_SHOWN:,} more"))
    paragraph(console, _advice(load), "")


def _advice(load: Load) -> str:
    """A wider window, a higher rate, or both."""
    ways = []
    largest = max(peak.segments for peak in load.too_high)
    window = timedelta(seconds=largest / load.per_second)
    if window <= WIDEST:
        ways.append(
            f"spread them, with `between` in place of `at`, over windows of at least {_in_words(window)}"
        )
    late = [text for text in load.texts if load.is_too_high(text.due_at)]
    if (rate := enough(late, load.per_second)) is not None:
        ways.append(f"set NUDGER_SMS_PER_SECOND to {rate:,} or more, if your number may send so fast")
    return f"What helps: {'; or '.join(ways)}." if ways else "What helps: fewer texts, or spread over days."


def _slowest(load: Load, peak: Peak | None) -> str:
    if peak is None or peak.longest_wait < MINUTE:
        return ", none more than a minute late"
    return f"; the longest wait is {_in_words(peak.longest_wait, 1)} ({_when(load, peak)})"


def _when(load: Load, peak: Peak) -> str:
    return f"{peak.starts_at.astimezone(load.zone):%a %d %b %H:%M}"


def _rate(load: Load) -> str:
    return f"At {load.per_second:g} segment{'' if load.per_second == 1 else 's'} a second"


def _in_words(span: timedelta, step: int = ROUND) -> str:
    """Rounded up to whole steps of minutes."""
    hours, minutes = divmod(-(-span // (MINUTE * step)) * step, 60)
    return f"{hours} h {minutes:02} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


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
        """Counts one forecast."""
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
    """Shows many people, as sends per hour."""
    tally = Tally()
    for plan, rows in ahead.each(plans):
        tally.add(plan, rows, ahead.dates(plan))
    settings, zone = ahead.core.settings, ahead.core.zone(tally.zone)
    load = Load(tally.texts, settings.sms_per_second, zone, settings.sms_per_day)
    show_folder(console, tally, load)


def show_folder(console: Console, tally: Tally, load: Load) -> None:
    """Shows the sends of each hour, what the budget makes of them, and what is not sent."""
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
