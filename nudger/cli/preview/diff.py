"""What an edit of plans changes in the days ahead: lines with + and -, for people who are not the same."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from rich.console import Console
from rich.text import Text

from nudger.agenda.forecast import Forecast
from nudger.cli.preview.previewing import Preview, by_time
from nudger.cli.preview.tables import clock_order, how, moment, named, paragraph
from nudger.domain.model import Plan

INDENT = 9  # of the words below a line
FEW = 6  # times that are not sent for one reason: each has its line
STYLES = {"-": "red", "+": "green"}


@dataclass(frozen=True)
class DiffLine:
    """A row that only the old plan has ("-") or only the new one ("+"), in the zone of that plan."""

    sign: str
    row: Forecast
    zone: tzinfo

    @property
    def sent(self) -> bool:
        return self.row.status == "send"


@dataclass(frozen=True)
class PlanDiff:
    """What is gone and what is new in the days ahead of one person; one of the plans may be missing."""

    old: Plan | None
    new: Plan | None
    lines: Sequence[DiffLine]

    def sends(self, sign: str) -> int:
        """Counts the sends that only one of the plans has."""
        return sum(line.sent for line in self.lines if line.sign == sign)


def edits(ahead: Preview, old: Mapping[str, Plan], new: Mapping[str, Plan]) -> list[PlanDiff]:
    """Finds the people whose days ahead are not the same by both, by id. Both are seen from the same instant,
    with what the database knows."""
    touched = sorted(person for person in old.keys() | new.keys() if old.get(person) != new.get(person))
    before, after = _forecasts(ahead, old, touched), _forecasts(ahead, new, touched)
    found = (
        PlanDiff(old.get(person), new.get(person), _lines(before.get(person, []), after.get(person, [])))
        for person in touched
    )
    return [edit for edit in found if edit.lines]


def edits_json(found: Sequence[PlanDiff]) -> list[dict[str, object]]:
    """Makes the rows of `preview --json`, each with `change` before the rest, "-" or "+"; sorted by
    due_at."""
    lines = [line for edit in found for line in edit.lines]
    lines.sort(key=lambda line: (by_time(line.row), line.sign == "+"))
    return [{"change": line.sign, **line.row.as_json()} for line in lines]


def show_edits(console: Console, found: Sequence[PlanDiff], people: int) -> None:
    """Shows a heading and the lines of each person, and how many people that are of `people`."""
    for edit in found:
        _show_edit(console, edit)
        console.print()
    if not found:
        console.print("Nothing changes in these days.")
        return
    come, gone = (sum(edit.sends(sign) for edit in found) for sign in "+-")
    who = f"{len(found):,} of {people:,} {'person' if people == 1 else 'people'}"
    console.print(f"Changed: {who}, +{come:,} -{gone:,} sends.")


def _forecasts(ahead: Preview, plans: Mapping[str, Plan], people: Sequence[str]) -> dict[str, list[DiffLine]]:
    """Every row of these people's plans, as yet without a sign."""
    chosen = [plans[person] for person in people if person in plans]
    return {
        plan.person: [DiffLine("", row, ahead.zone(plan)) for row in rows]
        for plan, rows in ahead.each(chosen)
    }


def _lines(before: Sequence[DiffLine], after: Sequence[DiffLine]) -> list[DiffLine]:
    """What only one of both has, by the clock on the wall; where a time moved, the old and then the new."""
    lines = [*_only("-", before, after), *_only("+", after, before)]
    starts: dict[tuple[str, date, int], tuple[date, str]] = {}
    for line in lines:
        slot, at = _slot(line), clock_order(line.zone)(line.row)
        starts[slot] = min(at, starts.get(slot, at))
    return sorted(lines, key=lambda line: (starts[_slot(line)], _slot(line), line.sign == "+"))


def _only(sign: str, lines: Sequence[DiffLine], others: Sequence[DiffLine]) -> Iterator[DiffLine]:
    """Those that are not among the others, as often as they are."""
    left = Counter(_seen(line.row) for line in others)
    for line in lines:
        left[_seen(line.row)] -= 1
        if left[_seen(line.row)] < 0:
            yield DiffLine(sign, line.row, line.zone)


def _seen(row: Forecast) -> tuple[object, ...]:
    """What a person would notice: not a slot's number, which changes with the slots before it."""
    return (row.nudge, row.local_date, row.due_at, row.channel, row.text, row.status, row.reason)


def _slot(line: DiffLine) -> tuple[str, date, int]:
    return (line.row.nudge, line.row.local_date, line.row.slot)


def _show_edit(console: Console, edit: PlanDiff) -> None:
    console.print(_heading(edit), soft_wrap=True)
    held: dict[tuple[str, str], list[DiffLine]] = {}
    for line in edit.lines:
        if not line.sent:
            held.setdefault((line.sign, line.row.reason), []).append(line)
    many = {key: lines for key, lines in held.items() if len(lines) > FEW}
    shared = _words(edit, "-") & _words(edit, "+")
    for line in edit.lines:
        if line.sent or (line.sign, line.row.reason) not in many:
            _show_line(console, line, (_slot(line), line.row.text) in shared)
    for (sign, reason), lines in many.items():
        when = named([line.row for line in lines], lines[0].zone)
        paragraph(console, f"{when}  not sent: {reason}", f"{sign}   ", STYLES[sign], first=f"{sign} ")


def _heading(edit: PlanDiff) -> Text:
    plans = [plan for plan in (edit.old, edit.new) if plan is not None]
    names = ", now ".join(dict.fromkeys(plan.name for plan in plans))
    zones = ", now ".join(dict.fromkeys(plan.timezone for plan in plans))
    side = "" if len(plans) == 2 else ", a new plan" if edit.new else ", the plan is gone"
    counts = f"+{edit.sends('+'):,} -{edit.sends('-'):,}"
    return Text.assemble((names, "bold"), f" ({plans[0].person}), {zones}{side}: {counts}")


def _words(edit: PlanDiff, sign: str) -> set[tuple[tuple[str, date, int], str | None]]:
    return {(_slot(line), line.row.text) for line in edit.lines if line.sign == sign and line.sent}


def _show_line(console: Console, line: DiffLine, same_words: bool) -> None:
    """One line, and the words below it unless the other side says them too."""
    row, sign, style = line.row, line.sign, STYLES[line.sign]
    what = how(row) if line.sent else f"not sent: {row.reason}"
    if same_words and sign == "+":
        what += "; the same words"
    paragraph(
        console, f"{moment(row, line.zone)}  {row.nudge}  {what}", f"{sign}   ", style, first=f"{sign} "
    )
    if line.sent and not same_words:
        paragraph(console, row.text or "", f"{sign}{' ' * (INDENT - 1)}", style)
