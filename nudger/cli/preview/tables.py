"""How a preview of one person reads: the days at a glance, then the words, then what is not sent and why."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, tzinfo
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nudger.agenda.forecast import Forecast
from nudger.cli.preview.previewing import Preview
from nudger.domain.model import ChannelName, Plan

WEEK = 7
CELL = 8  # columns that a day takes: "Mon 23" or "(13:00)", and a space
LONGEST_NAME = 20  # of a nudge, in columns; longer ones are cut where they would push the rest aside
FEW = 6  # slots that are named one by one where they are not sent
INDENT = 9  # of the words below a time

NO_CONSENT = (
    'Where consent is on record, say so in the plan: consent = "2026-11-20, in person". Without it the '
    "person is asked once, and nothing else goes out before they say YES."
)


def show_people(console: Console, ahead: Preview, plans: Sequence[Plan]) -> None:
    """Shows one person after the other."""
    # All of them first: nothing is printed while a bar shows how far it is.
    for number, (plan, rows) in enumerate(list(ahead.each(plans))):
        if number:
            console.print()
        show_person(console, plan, rows, ahead.dates(plan), ahead.zone(plan))


def show_person(
    console: Console, plan: Plan, rows: Sequence[Forecast], dates: Sequence[date], zone: tzinfo
) -> None:
    """Shows one person's days as a timetable, the words of each send, and what is not sent."""
    rows = sorted(rows, key=clock_order(zone))
    sends = [row for row in rows if row.status == "send"]
    skips = [row for row in rows if row.status != "send"]
    console.print(_heading(plan, dates, sends, skips))
    if not rows:
        return
    for block in _blocks(console, plan, rows, dates):
        console.print()
        console.print(_timetable(plan, rows, block, zone))
    _words(console, sends, zone)
    _not_sent(console, skips, zone)


def clock_order(zone: tzinfo) -> Callable[[Forecast], tuple[date, str]]:
    """Sorts by what the calendar and the clock on the wall show; slots without room end their day."""
    return lambda row: (day_of(row, zone), row.local_time or "99")


def day_of(row: Forecast, zone: tzinfo) -> date:
    """Finds the date on which it comes: later than its own where it was put off past midnight."""
    return row.due_at.astimezone(zone).date() if row.due_at else row.local_date


def moment(row: Forecast, zone: tzinfo) -> str:
    """Says a moment, as in "Mon 23 Nov 13:00"; without the time for a slot that has none."""
    return f"{day_of(row, zone):%a %d %b} {row.local_time or ''}".rstrip()


def how(row: Forecast) -> str:
    """Says the channel, what it costs, and why it is sent."""
    parts = [str(row.channel)]
    if row.channel is ChannelName.SMS and row.segments is not None:
        parts.append(many(row.segments, "segment"))
    return ", ".join([*parts, row.reason])


def total(rows: Sequence[Forecast]) -> str:
    """Says a sum, as in "18 texts (20 segments), 3 emails"; segments where they are not simply the texts."""
    texts = [row.segments or 1 for row in rows if row.channel is ChannelName.SMS]
    emails = sum(row.channel is ChannelName.EMAIL for row in rows)
    costs = f" ({many(sum(texts), 'segment')})" if sum(texts) != len(texts) else ""
    parts = [f"{many(len(texts), 'text')}{costs}"] if texts else []
    parts += [many(emails, "email")] if emails else []
    return ", ".join(parts) or "nothing falls on these days"


def many(number: int, word: str) -> str:
    """Says how many: "1 text", "2 texts"."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def named(rows: Sequence[Forecast], zone: tzinfo) -> str:
    """Names each of a few with its nudge; of many how many they are, and from when to when."""
    if len(rows) > FEW:
        return f"{len(rows):,} times from {moment(rows[0], zone)} to {moment(rows[-1], zone)}"
    return ", ".join(f"{moment(row, zone)} {row.nudge}" for row in rows)


def paragraph(
    console: Console, text: str, before: str = "", style: str = "", *, first: str | None = None
) -> None:
    """Prints `text` as wide as the terminal allows, with `before` (on the first line `first`) on its left."""
    for line in Text(text, style).wrap(console, max(20, console.width - len(before))):
        line.rstrip()
        console.print(Text(before if first is None else first, style) + line, soft_wrap=True)
        first = None


def in_words(dates: Sequence[date]) -> str:
    """Says a span, as in "23 Nov to 29 Nov 2026"."""
    first, last = dates[0], dates[-1]
    if first == last:
        return f"{first:%a %d %b %Y}"
    return f"{first:%d %b}{'' if first.year == last.year else f' {first:%Y}'} to {last:%d %b %Y}"


def _heading(plan: Plan, dates: Sequence[date], sends: Sequence[Forecast], skips: Sequence[Forecast]) -> Text:
    what = total(sends) if sends or not skips else "nothing is sent: why is at the end"
    if sends and skips:
        what += f"; {len(skips):,} not sent, in ( ): why is at the end"
    return Text.assemble((plan.name, "bold"), f" ({plan.person}), {plan.timezone}, {in_words(dates)}\n", what)


def _blocks(
    console: Console, plan: Plan, rows: Sequence[Forecast], dates: Sequence[date]
) -> Iterator[Sequence[date]]:
    """The dates, as many at a time as fit beside the names: a week at most."""
    room = console.width - _name_width(_nudges(plan, rows)) - 1
    size = max(1, min(WEEK, room // CELL))
    return (dates[start : start + size] for start in range(0, len(dates), size))


def _timetable(plan: Plan, rows: Sequence[Forecast], dates: Sequence[date], zone: tzinfo) -> Table:
    """A row for each nudge, a column for each day."""
    names = _nudges(plan, rows)
    shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    shown.add_column(
        f"{dates[0]:%b %Y}", width=_name_width(names), no_wrap=True, overflow="ellipsis", style="bold"
    )
    for day in dates:
        shown.add_column(f"{day:%a %d}", width=CELL - 1, no_wrap=True)
    times: dict[tuple[str, date], list[Forecast]] = {}
    for row in rows:
        times.setdefault((row.nudge, day_of(row, zone)), []).append(row)
    for name in names:
        cells = (times.get((name, day), []) for day in dates)
        shown.add_row(Text(name), *(_cell(cell) for cell in cells))
    return shown


def _cell(rows: Sequence[Forecast]) -> Text:
    if not rows:
        return Text("·", style="dim")
    return Text("\n").join(
        Text(row.local_time or "") if row.status == "send" else Text(f"({row.local_time or '-'})", "yellow")
        for row in rows
    )


def _words(console: Console, sends: Sequence[Forecast], zone: tzinfo) -> None:
    """Each send: its time, how and why, and below them the words."""
    width = min(LONGEST_NAME, max((len(row.nudge) for row in sends), default=0))
    for day, rows in groupby(sends, key=lambda row: day_of(row, zone)):
        console.print()
        console.print(Text(f"{day:%a %d %b}", "bold"))
        for row in rows:
            console.print(
                Text.assemble(
                    f"  {row.local_time}  ", (f"{row.nudge:{width}}", "bold"), (f"  {how(row)}", "dim")
                ),
                soft_wrap=True,
            )
            paragraph(console, row.text or "", " " * INDENT)


def _not_sent(console: Console, skips: Sequence[Forecast], zone: tzinfo) -> None:
    """Each reason once, with what it holds back."""
    if not skips:
        return
    console.print()
    console.print(Text("Not sent", "bold"))
    for reason in dict.fromkeys(row.reason for row in skips):
        held = [row for row in skips if row.reason == reason]
        paragraph(console, reason, "  ", "yellow")
        paragraph(console, named(held, zone), " " * INDENT)
    if any("no consent" in row.reason for row in skips):
        console.print()
        paragraph(console, NO_CONSENT, "", "dim")


def _nudges(plan: Plan, rows: Sequence[Forecast]) -> list[str]:
    """The nudges that come up, in the order of the plan; those that left the plan last."""
    met = dict.fromkeys(row.nudge for row in rows)
    ordered = [nudge.id for nudge in plan.nudges if nudge.id in met]
    return ordered + [name for name in met if name not in ordered]


def _name_width(names: Sequence[str]) -> int:
    return min(LONGEST_NAME, max(8, *map(len, names))) + 1
