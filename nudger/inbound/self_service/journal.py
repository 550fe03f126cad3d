"""Your words: what a person has said to nudger, on a page of their own. A list; for numbers a line by day, by
weekday and by hour, with the table behind it; as a file; and erased, one by one or all.

Nothing in it judges: no mean of a mean, no comparison, no word on how often."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import TypeVar

import structlog

from nudger.domain.model import Plan
from nudger.domain.tokens import Link
from nudger.inbound.email_links import GONE, Card, closed, language_of
from nudger.inbound.port import AnswerStore, KeptAnswer
from nudger.inbound.self_service.page import Mine
from nudger.messages import Wording
from nudger.schedule import local_date

LISTED = 100  # the latest; the file has all
CHARTED_DAYS = 92  # of a chart by day: a quarter of a year
FEWEST = 2  # numbers that make a line
NOTICES = frozenset({"erased"})
COLUMNS = ("at", "nudge", "kind", "form", "question", "value", "words", "counts")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would reckon with such a cell

log = structlog.get_logger("nudger.links")


@dataclass(frozen=True, slots=True)
class Entered:
    """One thing that was said."""

    id: int
    at: str
    question: str  # empty: their own words
    answer: str
    note: str


@dataclass(frozen=True, slots=True)
class Point:
    """One number of a chart, in its own units."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class NumberLine:
    """Numbers as a line, and as the table behind it."""

    title: str
    low: str
    high: str
    first: str  # what stands at the ends of the axis
    last: str
    points: Sequence[Point]
    rows: Sequence[tuple[str, str]]

    @property
    def path(self) -> str:
        """Returns the line as SVG has it."""
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)


@dataclass(frozen=True, slots=True)
class JournalPage:
    """The page in words that are ready."""

    language: str
    title: str
    text: str
    notice: str
    kept: str  # for how long
    charts: Sequence[NumberLine]
    table: str  # what opens the table behind a chart
    list_title: str
    told: Sequence[Entered]
    none: str
    more: str  # where there is more than is listed
    erase: str
    erase_all: str
    file: str
    back: str
    automated: str


@dataclass(frozen=True, slots=True)
class Journal:
    """From a token to what the person whom it names has said. A Card says why there is none.

    `languages` are those the browser asks for, best first: for tokens that name nobody.
    """

    mine: Mine
    answers: AnswerStore

    def look(
        self, token: str, languages: Sequence[str], now: datetime, notice: str = ""
    ) -> JournalPage | Card:
        """Returns the page, under one of NOTICES. Changes nothing."""
        plan = self._plan(token, languages, now)
        if isinstance(plan, Card):
            return plan
        zone = self.mine.responder.zone(plan.timezone)
        words = JournalWords(plan, self._wording, self.mine.responder.zone, zone, now)
        return words.page(self.answers.answers(plan.person), notice if notice in NOTICES else "")

    def erase(self, token: str, entry: str, languages: Sequence[str], now: datetime) -> str | Card:
        """Erases one thing that was said, and nothing where it is another's, or gone: the notice to show."""
        plan = self._plan(token, languages, now)
        if isinstance(plan, Card):
            return plan
        which = [int(entry)] if entry.isascii() and entry.isdecimal() and len(entry) < 19 else []
        self.answers.erase_answers(plan.person, now, which)
        log.info("own_page", step="erase words")
        return "erased"

    def ask_erase(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        """Returns what erasing all of it does, before it is done."""
        plan = self._plan(token, languages, now)
        if isinstance(plan, Card):
            return plan
        card = closed(self._wording, "words_erase", plan.voice, 200)
        button, back = (self._wording.page(plan.voice, "words_erase", key) for key in ("button", "back"))
        return replace(card, button=button, undo=back)

    def erase_all(self, token: str, languages: Sequence[str], now: datetime) -> str | Card:
        """Erases all that was said: the notice to show."""
        plan = self._plan(token, languages, now)
        if isinstance(plan, Card):
            return plan
        self.answers.erase_answers(plan.person, now)
        log.info("own_page", step="erase all words")
        return "erased"

    def file(self, token: str, languages: Sequence[str], now: datetime) -> str | Card:
        """Returns all of it as CSV."""
        plan = self._plan(token, languages, now)
        if isinstance(plan, Card):
            return plan
        return as_csv(self.answers.answers(plan.person), self.mine.responder.zone)

    def busy(self, languages: Sequence[str]) -> Card:
        """Returns the page for an address that asks too often."""
        return self.mine.busy(languages)

    def _plan(self, token: str, languages: Sequence[str], now: datetime) -> Plan | Card:
        link = self.mine.link(token, languages, now)
        if not isinstance(link, Link):
            return link
        known = self.mine.people.person(link.person)
        if known is None:
            return closed(self._wording, "me_over", language_of(self._wording, languages), GONE)
        return known.plan

    @property
    def _wording(self) -> Wording:
        return self.mine.responder.wording


@dataclass(frozen=True, slots=True)
class JournalWords:
    """The words for what a person has said."""

    plan: Plan
    wording: Wording
    zones: Callable[[str], tzinfo]
    zone: tzinfo  # theirs, now
    now: datetime

    def page(self, answers: Sequence[KeptAnswer], notice: str) -> JournalPage:
        """Returns the page: the latest first."""
        listed = list(reversed(answers))[:LISTED]
        return JournalPage(
            language=self.plan.language,
            title=self._says("title"),
            text=self._says("text"),
            notice=self._says(notice) if notice else "",
            kept=self._says("kept" if self.plan.keep_words else "goes"),
            charts=[*self._charts(answers)],
            table=self._says("table"),
            list_title=self._says("list"),
            told=[self._told(one) for one in listed],
            none="" if listed else self._says("none"),
            more=self._says("more") if len(answers) > LISTED else "",
            erase=self._says("erase"),
            erase_all=self._says("erase_all") if listed else "",
            file=self._says("file") if listed else "",
            back=self._says("back"),
            automated=self.wording.page(self.plan.voice, "frame", "automated"),
        )

    def _told(self, one: KeptAnswer) -> Entered:
        answer = self._value(one)
        note = "" if one.counts else self._says("earlier")
        if answer != one.words:  # a line is its words
            note = " ".join(part for part in (f'"{one.words}"', note) if part)
        return Entered(one.id, self._at(one), one.question, answer, note)

    def _value(self, one: KeptAnswer) -> str:
        match one.value:
            case bool(said):
                return self._says("yes" if said else "no")
            case None:
                return one.words
            case value:
                return str(value)

    def _at(self, one: KeptAnswer) -> str:
        here, now = one.at.astimezone(self.zone), self.now.astimezone(self.zone)
        when = self.wording.say_when(self.plan.voice, here, now)
        if here.date() != now.date():
            return when[:1].upper() + when[1:]
        return f"{self.wording.page(self.plan.voice, 'me', 'today')}, {when}"

    def _charts(self, answers: Sequence[KeptAnswer]) -> Iterator[NumberLine]:
        """Three lines for each ask that numbers answer, of those that count."""
        numbers = [one for one in answers if type(one.value) is int and one.counts and one.form]
        for (_, form), group in groupby(sorted(numbers, key=_ask), key=_ask):
            low, high = (int(end) for end in form.split("-"))
            span = Scale(self, self._kind(group_of := list(group)), low, high)
            yield from span.lines([(self._here(one), int(one.value or 0)) for one in group_of])

    def _here(self, one: KeptAnswer) -> datetime:
        """When it was said, by the clock that they had then."""
        return one.at.astimezone(self.zones(one.timezone))

    def _kind(self, group: Sequence[KeptAnswer]) -> str:
        kind = group[-1].kind
        words = self.wording.kind(self.plan.voice, kind) if kind is not None else group[-1].nudge
        return words[:1].upper() + words[1:]

    def _says(self, key: str, **values: object) -> str:
        return self.wording.page(self.plan.voice, "words", key, **values)


WIDE, TALL, EDGE = 300.0, 100.0, 6.0  # of a chart, in its own units; so far from its edges


@dataclass(frozen=True, slots=True)
class Scale:
    """One ask that numbers answer, and how they are drawn."""

    words: JournalWords
    name: str
    low: int
    high: int

    def lines(self, said: Sequence[tuple[datetime, int]]) -> Iterator[NumberLine]:
        """Yields the numbers by day, by weekday and by hour, where there are enough for a line."""
        last = local_date(self.words.zone, self.words.now)
        lately = [(at, number) for at, number in said if (last - at.date()).days < CHARTED_DAYS]
        if len({at.date() for at, _ in lately}) < FEWEST:
            return
        first = min(at.date() for at, _ in lately)
        days = max(1, (max(at.date() for at, _ in lately) - first).days)
        by_day = _means((at.date(), number) for at, number in lately)
        positions = {day: (day - first).days / days for day in by_day}
        yield self._line("by_day", [(self._day(day), positions[day], by_day[day]) for day in by_day])
        by_weekday = _means((at.weekday(), number) for at, number in lately)
        names = self.words.wording.texts_of(self.words.plan.voice).weekdays
        yield self._line("by_weekday", [(names[day], day / 6, mean) for day, mean in by_weekday.items()])
        by_hour = _means((at.hour, number) for at, number in lately)
        yield self._line("by_hour", [(self._hour(hour), hour / 23, mean) for hour, mean in by_hour.items()])

    def _line(self, key: str, numbers: Sequence[tuple[str, float, float]]) -> NumberLine:
        return NumberLine(
            title=self.words.wording.page(self.words.plan.voice, "words", key, kind=self.name),
            low=str(self.low),
            high=str(self.high),
            first=numbers[0][0],
            last=numbers[-1][0] if len(numbers) > 1 else "",
            points=[Point(_along(x, WIDE), _along(self._height(mean), TALL)) for _, x, mean in numbers],
            rows=[(label, self._number(mean)) for label, _, mean in reversed(numbers)]
            if key == "by_day"
            else [(label, self._number(mean)) for label, _, mean in numbers],
        )

    def _height(self, number: float) -> float:
        """From the top; what lies outside, as the span was another one before, at its edge."""
        return 1 - min(max((number - self.low) / (self.high - self.low), 0), 1)

    def _number(self, number: float) -> str:
        written = f"{number:.1f}".removesuffix(".0")
        return written.replace(".", self.words.wording.page(self.words.plan.voice, "words", "decimal"))

    def _day(self, day: date) -> str:
        months = self.words.wording.texts_of(self.words.plan.voice).months
        values = {"day": str(day.day), "month": months[day.month - 1]}
        return self.words.wording.page(self.words.plan.voice, "words", "date", **values)

    def _hour(self, hour: int) -> str:
        at = datetime(2000, 1, 1, hour)  # noqa: DTZ001 (a wall time)
        return self.words.wording.say_time(self.words.plan.voice, at.time())


_Key = TypeVar("_Key", date, int)


def _ask(one: KeptAnswer) -> tuple[str, str]:
    return one.nudge, one.form or ""


def _means(numbers: Iterable[tuple[_Key, int]]) -> dict[_Key, float]:
    found: dict[_Key, list[int]] = {}
    for key, number in numbers:
        found.setdefault(key, []).append(number)
    return {key: sum(found[key]) / len(found[key]) for key in sorted(found)}


def _along(share: float, length: float) -> float:
    return round(EDGE + share * (length - 2 * EDGE), 1)


def as_csv(answers: Iterable[KeptAnswer], zone: Callable[[str], tzinfo]) -> str:
    """Returns all of it as CSV, the oldest first; `at` by the clock that they had then."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    for one in answers:
        at = one.at.astimezone(zone(one.timezone)).isoformat(timespec="seconds")
        value = (
            "" if one.value is None else str(one.value).lower() if isinstance(one.value, bool) else one.value
        )
        cells = (
            at,
            one.nudge,
            one.kind or "",
            one.form or "",
            one.question,
            value,
            one.words,
            int(one.counts),
        )
        writer.writerow([_plain(cell) for cell in cells])
    return file.getvalue()


def _plain(cell: object) -> object:
    """A text that no spreadsheet reckons with (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
