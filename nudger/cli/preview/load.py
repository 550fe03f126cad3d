"""Whether the texts of a preview get out before they expire, and what to do where they do not."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cached_property

from rich.console import Console
from rich.text import Text

from nudger.agenda.rate_limit import Peak, PlannedText, enough, ordinary, peaks, too_full
from nudger.cli.preview.tables import many, paragraph

SHOWN = 7  # peaks that are listed: one for each day of a week
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
        """Whether what is due at this instant is part of such a peak."""
        before = bisect_right(self.too_high, at, key=lambda peak: peak.starts_at)
        return before > 0 and at <= self.too_high[before - 1].ends_at


def show_load(console: Console, load: Load) -> None:
    """The peaks and days that the budget does not carry and what helps; else the longest wait."""
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
    for peak in load.too_high[:SHOWN]:
        ends = peak.ends_at.astimezone(load.zone)
        line = (
            f"{_when(load, peak)} to {ends:%H:%M}  {many(peak.texts, 'text')} "
            f"({many(peak.segments, 'segment')}), {peak.missed:,} of them missed"
        )
        console.print(Text(f"  {line}"), soft_wrap=True)
    if len(load.too_high) > SHOWN:
        console.print(Text(f"  and {len(load.too_high) - SHOWN:,} more"))
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
