"""Fifty people, what they text in a year, and what must hold of all that they are sent."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from nudger.agenda.decide import Decider
from nudger.agenda.entries import Decision, Due, Receipt, Send, Sending
from nudger.agenda.forecast import Forecast, forecast
from nudger.domain.model import FROM_A_TEXT, Effort, Kind, Origin, Person, Plan
from nudger.messages import Wording, count
from nudger.messages.bank.source import Source
from nudger.messages.lint.tone import Tone
from nudger.plan_sync.files import read_templates
from tests.support.worlds.delivery import MONDAY_NINE, World

PEOPLE = range(50)

DAYS = 366
KEPT = 10  # a message of a bank does not come again within so many of its kind
ZONES = ["Europe/London", "Australia/Lord_Howe", "America/Santiago"]
LANGUAGES = ["en", "es", "fr"]
GRID = ["10:00", "12:00", "15:00", "18:00"]  # shared, so that a year of all takes a minute
WEEKDAYS = {'"weekdays"': range(5), '["mon", "wed", "sat"]': (0, 2, 5), '"weekends"': (5, 6), '"sun"': (6,)}
QUIET = ["20:00-09:00", "21:30-09:30", "19:00-08:00"]

# What people text, and how often after a hundred nudges.
PUTS_OFF = {
    "en": ["later", "snooze 2h", "tonight", "tmrw"],
    "es": ["luego", "en dos horas", "esta noche", "mañana"],
    "fr": ["plus tard", "dans deux heures", "ce soir", "demain"],
}
SETTLES = {"en": ["done", "not today"], "es": ["hecho", "hoy no"], "fr": ["fait", "pas aujourd'hui"]}
ASKS = {"en": "NOW", "es": "AHORA", "fr": "MAINTENANT"}
PUT_OFF_SHARE, SETTLED_SHARE, ASKED_SHARE = 9, 7, 3

# A few people text at set times, and nothing else. All of them speak English.
ASKS_FOR_LESS, HAS_A_LOW_WEEK, STOPS, PAUSES = 3, 9, 15, 21
LESS_AT, MORE_AT, LOW_AT = (MONDAY_NINE + timedelta(days=days, hours=14) for days in (56, 112, 70))
STOPPED = MONDAY_NINE + timedelta(days=100, hours=14), MONDAY_NINE + timedelta(days=130, hours=14)
# A pause of days ends with the quiet hours of its last night: on a day at nine.
PAUSED = MONDAY_NINE + timedelta(days=40, hours=14), MONDAY_NINE + timedelta(days=54)
SCRIPT = {
    ASKS_FOR_LESS: [(LESS_AT, "LESS"), (MORE_AT, "MORE")],
    HAS_A_LOW_WEEK: [(LOW_AT, "low day")],
    STOPS: [(STOPPED[0], "stop texting me"), (STOPPED[1], "START")],
    PAUSES: [(PAUSED[0], "pause 2 weeks")],
}


# Of those who never answer, some get less by themselves.
BACKS_OFF, TAPERS = (2, 16, 20, 32), (4, 22, 32)
TAPER_WEEKS = 12


@dataclass(frozen=True)
class Sent:
    """One nudge as the channel was handed it, with what was due and what was decided."""

    person: Person
    due: Due
    send: Send
    at: datetime
    text: str

    @property
    def local(self) -> datetime:
        return self.at.astimezone(ZoneInfo(self.person.plan.timezone))

    @property
    def turn(self) -> tuple[datetime, datetime, str, date, int]:
        """Of several at one moment, the order in which their words were chosen."""
        return (self.at, self.due.due_at, self.due.nudge, self.due.local_date, self.due.slot)


@dataclass
class NotingDecider:
    """The real decisions, noted: a message alone does not say of which kind it is."""

    inner: Decider
    noted: dict[int, tuple[Person, Due, Send]] = field(default_factory=dict)

    def decide(self, person, dues, *rest) -> Decision:
        decision = self.inner.decide(person, dues, *rest)
        for due, verdict in zip(dues, decision.verdicts, strict=True):
            if isinstance(verdict, Send):
                self.noted[due.id] = (person, due, verdict)
        return decision


@dataclass(frozen=True)
class Lived:
    """One person's year."""

    number: int
    plan: Plan
    nudges: list[Sent]
    said: list[tuple[datetime, str]]
    ends_at: datetime

    @property
    def scripted(self) -> bool:
        return self.number in SCRIPT


@dataclass
class Year:
    """The world with everybody in it, what goes out, and what is texted back. It is a channel, too."""

    world: World
    noting: NotingDecider
    ends_at: datetime
    foreseen: list[Forecast] = field(default_factory=list)
    nudges: list[Sent] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    said: dict[int, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))
    coming: list[tuple[datetime, int, str]] = field(default_factory=list)  # a heap of texts to nudger
    random: Random = field(default_factory=lambda: Random(12))
    places: int | None = None  # it takes any number at once

    def of(self, number: int) -> Lived:
        person = self.world.store.people.person(f"p{number}")
        assert person is not None
        nudges = sorted((one for one in self.nudges if one.person.id == person.id), key=lambda one: one.turn)
        return Lived(number, person.plan, nudges, self.said[number], self.ends_at)

    async def send(self, sending: Sending) -> Receipt:
        if sending.origin in FROM_A_TEXT:
            self.answers[sending.text] += 1
        else:
            person, due, send = self.noting.noted.pop(sending.occurrence)
            at = self.world.clock.now()
            self.nudges.append(Sent(person, due, send, at, sending.text))
            self._answer(int(person.id[1:]), person.plan.language, at)
        return Receipt(sending.message)

    async def close(self) -> None:
        """Holds nothing."""

    async def live(self) -> None:
        """Each due time and each text in its turn, as the daemon and the webhook would."""
        clock, laid_out_at = self.world.clock, self.world.clock.at
        while True:
            if clock.at - laid_out_at >= timedelta(hours=6):
                laid_out_at = clock.at
                await self.world.laying_out.run_once(clock.at)
            due_at = self.world.store.sending.next_due_at() or self.ends_at
            text_at = self.coming[0][0] if self.coming else self.ends_at
            if min(due_at, text_at) >= self.ends_at:
                return
            clock.at = max(clock.at, min(due_at, text_at))
            if text_at <= due_at:
                at, number, text = heappop(self.coming)
                self.said[number].append((at, text))
                await self.world.text(text, address=phone(number))
            else:
                await self.world.tick()

    def _answer(self, number: int, language: str, at: datetime) -> None:
        if silent(f"p{number}") or number in SCRIPT:
            return
        drawn = self.random.randrange(100)
        if drawn < PUT_OFF_SHARE:
            text = self.random.choice(PUTS_OFF[language])
        elif drawn < PUT_OFF_SHARE + SETTLED_SHARE:
            text = self.random.choice(SETTLES[language])
        elif drawn < PUT_OFF_SHARE + SETTLED_SHARE + ASKED_SHARE:
            text = ASKS[language]
        else:
            return
        heappush(self.coming, (at + timedelta(minutes=self.random.randrange(1, 30)), number, text))


async def live_a_year(world: World) -> Year:
    """Everybody's plan is loaded, everybody's year foretold, and the year lived."""
    # All zones have their last date behind them.
    year = Year(world, NotingDecider(world.core.decider), MONDAY_NINE + timedelta(days=DAYS - 2))
    vars(world.core)["decider"] = year.noting
    world.sms = year
    world.dispatcher = world.new_dispatcher()
    for number, texts in SCRIPT.items():
        for at, text in texts:
            heappush(year.coming, (at, number, text))
    await world.start(**{f"p{number}": plan(number) for number in PEOPLE})
    now = world.clock.now()
    for person in world.store.people.people():
        if silent(person.id):
            year.foreseen += forecast(person, (), now, DAYS, year.noting.inner)
    await year.live()
    return year


def silent(person: str) -> bool:
    return int(person[1:]) % 2 == 0


def phone(number: int) -> str:
    return f"+447700900{number:03}"


def fixed(number: int) -> Iterator[tuple[str, str, str]]:
    """Kind, time and days of a person's nudges at fixed times."""
    random = Random(number)
    kinds = random.sample([kind.value for kind in Kind if kind is not Kind.CREATIVE], 2)
    for kind, at in zip(kinds, random.sample(GRID, 2), strict=True):
        # Professional help at most weekly.
        yield kind, at, '"sun"' if kind == "care" else random.choice(list(WEEKDAYS)[:3])


def has_drawn(number: int) -> bool:
    """Whether a person has a time drawn afresh each day as well."""
    return number % 20 in (0, 5)


def plan(number: int) -> str:
    random = Random(number + 1_000)
    lines = [
        f'name = "P{number}"',
        f'timezone = "{ZONES[number % 7 % 3]}"',
        f'language = "{LANGUAGES[number % 3]}"',
        f'phone = "{phone(number)}"',
        'consent = "2026-11-20, on paper"',
        f'quiet = "{random.choice(QUIET)}"',
        f'gap = "{random.choice(["1h", "90m", "2h"])}"',
        f"daily_limit = {random.choice([3, 4] if has_drawn(number) else [2, 3])}",
        f'effort = "{"tiny" if number % 6 == 1 else "medium"}"',
    ]
    if number in BACKS_OFF:
        lines.append('back_off = "gentle"')
    if number in TAPERS:
        lines += [f'taper = "{TAPER_WEEKS} weeks"', f"starts = {MONDAY_NINE:%Y-%m-%d}"]
    if number in SCRIPT:
        lines[2] = 'language = "en"'
    for kind, at, days in fixed(number):
        lines += ["[[nudge]]", f'kind = "{kind}"', f'at = "{at}"', f"days = {days}"]
    if has_drawn(number):
        lines += ["[[nudge]]", 'kind = "creative"', 'between = "09:30-18:30"']
    return "\n".join([*lines, "[[contact]]", 'name = "Sam"', "[[contact]]", 'name = "Ines"'])


# --- what must hold ---------------------------------------------------------------------------------
def nothing_in_quiet_hours(lived: Lived) -> None:
    """Of any origin: a snooze and NOW keep them, too."""
    quiet = lived.plan.quiet
    assert quiet is not None
    assert [one.local for one in lived.nudges if one.local.time() in quiet] == []


def limits_kept(lived: Lived) -> None:
    """A snooze counts in place of the send that it put off; NOW has a limit of its own."""
    sent, asked = Counter[date](), Counter[date]()
    for one in lived.nudges:
        (asked if one.due.origin is Origin.ON_DEMAND else sent)[one.local.date()] += 1
    zone = ZoneInfo(lived.plan.timezone)
    put_off = Counter(
        at.astimezone(zone).date() for at, text in lived.said if text in PUTS_OFF[lived.plan.language]
    )
    assert [day for day in sent if sent[day] - put_off[day] > lived.plan.daily_limit] == []
    assert max(asked.values(), default=0) <= 3


def gaps_kept(lived: Lived) -> None:
    """A drawn time keeps the gap to what went out before it; where nobody answers, to all."""
    counted = [one for one in lived.nudges if one.due.origin is not Origin.ON_DEMAND]
    for before, after in pairwise(counted):
        drawn = [after] if lived.said else [before, after]
        if any(one.due.origin is Origin.DRAWN for one in drawn):
            assert after.at - before.at >= lived.plan.gap


def no_message_comes_again_soon(lived: Lived, wording: Wording) -> None:
    for kind in Kind:
        bank = wording.banks[lived.plan.language, kind]
        # Somebody with a low week has fewer to choose from for that week.
        most = Effort.TINY if lived.number == HAS_A_LOW_WEEK else lived.plan.effort
        window = min(KEPT, len(bank.fitting(contact=kind is Kind.SUPPORT, most=most)) - 1)
        keys = [one.send.bank_key for one in lived.nudges if one.due.kind is kind and one.send.bank_key]
        for at, key in enumerate(keys):
            assert key not in keys[max(0, at - window) : at], (lived.number, kind, at, key)
        if lived.plan.effort is Effort.TINY:
            assert {_effort(wording, lived.plan.language, kind, key) for key in keys} <= {Effort.TINY}


def kinds_come_as_planned(lived: Lived) -> None:
    """By the calendar, counted here and not by nudger: all of it where nobody answers, else nearly all."""
    if lived.number in (*BACKS_OFF, *TAPERS):
        return
    came = Counter(one.due.kind for one in lived.nudges if one.due.round == 0)
    planned = Counter(dict(_by_the_calendar(lived)))
    if silent(f"p{lived.number}"):
        assert {kind: came[kind] for kind in planned} == planned
    elif not lived.scripted:
        for kind, times in planned.items():
            assert 0.85 * times <= came[kind]
    if has_drawn(lived.number) and not lived.scripted:
        assert 0.8 * DAYS <= came[Kind.CREATIVE] <= DAYS + 3 * DAYS * (not silent(f"p{lived.number}"))


def less_comes_to_who_is_silent(lived: Lived) -> None:
    """Half of the nudges after two weeks, a quarter after four, one a week after eight, by the calendar."""
    came, planned = _sent_and_planned(lived)
    assert sum(came[:14]) == sum(planned[:14])
    assert abs(sum(came[14:28]) - sum(planned[14:28]) / 2) <= 1
    assert abs(sum(came[28:56]) - sum(planned[28:56]) / 4) <= 1
    for first in range(56, DAYS - 30):
        assert abs(sum(came[first : first + 28]) - 4) <= 1, (lived.number, first)
    said = [one.text.count("\n\n") for one in lived.nudges]
    assert sum(said) == 1, "it is said once"
    assert said.index(1) == sum(came[:14])


def less_and_less_comes(lived: Lived) -> None:
    """Evenly down to one a week, by the calendar."""
    came, planned = _sent_and_planned(lived)
    days = 7 * TAPER_WEEKS
    for last in range(days):
        wanted = 0.0
        for day in range(last):
            week = sum(planned[day - day % 7 : day - day % 7 + 7])
            wanted += planned[day] * (1 - day / days * (1 - 1 / week))
        assert abs(sum(came[:last]) - wanted) <= 1, (lived.number, last)
    for first in range(days, DAYS - 30):
        assert abs(sum(came[first : first + 28]) - 4) <= 1, (lived.number, first)


def _sent_and_planned(lived: Lived) -> tuple[list[int], list[int]]:
    """Nudges of each local date from the first one on: those that came, and those of the plan."""
    first = MONDAY_NINE.date()
    sent = Counter(one.local.date() for one in lived.nudges)
    dates = [first + timedelta(days=offset) for offset in range(DAYS - 2)]
    weekdays = [WEEKDAYS[days] for _, _, days in fixed(lived.number)]
    planned = [sum(day.weekday() in some for some in weekdays) for day in dates]
    return [sent[day] for day in dates], [sent[first], *planned[1:]]  # what was past at first is not made up


def asked_for_less_and_more(lived: Lived) -> None:
    """Half as many between LESS and MORE as in as many days before, and as after."""
    days = MORE_AT - LESS_AT
    before, between, after = (
        sum(since <= one.at < since + days for one in lived.nudges)
        for since in (LESS_AT - days, LESS_AT, MORE_AT)
    )
    assert abs(between - before / 2) <= 2
    assert abs(after - before) <= 2


def has_a_low_week(lived: Lived, wording: Wording) -> None:
    week = [one for one in lived.nudges if LOW_AT <= one.at < LOW_AT + timedelta(days=7)]
    later = [one for one in lived.nudges if one.at >= LOW_AT + timedelta(days=7)]
    tiny, any_size = (
        {
            _effort(wording, lived.plan.language, one.due.kind, one.send.bank_key)
            for one in some
            if one.send.bank_key
        }
        for some in (week, later)
    )
    assert tiny == {Effort.TINY}
    assert any_size == set(Effort)


def is_left_alone(lived: Lived, since: datetime, until: datetime) -> None:
    assert [one.at for one in lived.nudges if since <= one.at < until] == []
    assert any(one.at < since for one in lived.nudges)
    assert any(one.at >= until for one in lived.nudges)


def every_text_is_fit_to_send(year: Year) -> None:
    """Rendered to the end, short, and in no word against the tone."""
    tones = {language: _tone(language) for language in LANGUAGES}
    for language, text in {(one.person.plan.language, one.text) for one in year.nudges}:
        cost = count(text)
        most = 1 if cost.culprit is None else 2
        assert cost.segments <= most + ("\n\n" in text), text
        assert list(tones[language].broken(text, "", "", None)) == [], text
        assert not set("{}!¡") & set(text), text
    for text in year.answers:
        cost = count(text)
        assert cost.segments <= (2 if cost.culprit is None else 6), text
        assert not set("{}") & set(text), text


def _by_the_calendar(lived: Lived) -> Iterator[tuple[Kind, int]]:
    zone = ZoneInfo(lived.plan.timezone)
    for kind, at, days in fixed(lived.number):
        wall = time.fromisoformat(at)
        dates = (MONDAY_NINE.date() + timedelta(days=offset) for offset in range(-1, DAYS + 1))
        instants = (
            datetime.combine(day, wall, zone).astimezone(UTC)
            for day in dates
            if day.weekday() in WEEKDAYS[days]
        )
        yield Kind(kind), sum(MONDAY_NINE <= instant < lived.ends_at for instant in instants)


def _effort(wording: Wording, language: str, kind: Kind | None, key: str | None) -> Effort | None:
    assert kind is not None
    assert key is not None
    message = wording.banks[language, kind].message(key)
    return message.effort if message is not None else None


def _tone(language: str) -> Tone:
    path = f"{language}/tone.toml"
    tone = Tone.parse(Source(path, read_templates(None)[path]))
    assert isinstance(tone, Tone)
    return tone
