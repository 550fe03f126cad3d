"""A conversation as the phone shows it: bubbles with local times, and lines as they come in."""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import islice

from nudger.agenda.port import Clock
from nudger.domain.model import ChannelName, Plan, State
from nudger.inbound.email_links import links_of
from nudger.inbound.port import Line, PeopleStore
from nudger.messages import Anchor, Wording, links_below

QUICK_REPLIES = ("LATER", "DONE", "SKIP", "HELP")
ADDRESS = re.compile(r"(https?://[^\s<>\"]+)")
SHOWN = 60  # bubbles of one phone when the page opens
MOST_PHONES = 50  # that are offered at once
ARRIVED = (State.SENT, State.DELIVERED)
# Not strftime's: those follow the machine's locale, and the page speaks English.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text or email on a phone; times as the person's clock shows them."""

    cursor: int
    who: str
    inbound: bool  # the person's own
    email: bool
    subject: str
    text: Sequence[tuple[str, bool]]  # in pieces: words, and whether they are an address to follow
    links: Sequence[Anchor]  # below an email
    iso: str  # the instant, for machines
    time: str  # "3:30 pm", local
    day: str  # "Monday 23 November", local
    language: str  # of the texts
    mark: str  # what is known of its way beyond that it is here: "delivered", "received" by nudger, ""


@dataclass(frozen=True, slots=True)
class Phone:
    """One person's phone, as the page opens."""

    person: str
    name: str
    zone: str  # "Europe/London"
    hours: int  # of the clock's face: 12 or 24
    offset: int  # minutes from UTC to the local time
    time: str
    date: str  # "Mon 23 Nov"
    language: str
    quick: Sequence[str]  # what one tap replies, in the person's language
    bubbles: Sequence[Bubble]


@dataclass(frozen=True, slots=True)
class Conversations:
    """Everyone's conversations, in their own words and times."""

    people: PeopleStore
    wording: Wording
    zone: Callable[[str], tzinfo]
    clock: Clock
    key: bytes  # signs the links below emails

    async def plans(self, person: str | None) -> Sequence[Plan]:
        """Lists whose phones there are, by id, the first MOST_PHONES of them; with an id only that one, and
        none where nobody has it."""
        return await asyncio.to_thread(self._plans, person)

    async def lines(self, after: int, person: str | None) -> Sequence[Line]:
        """Reads the next lines after a cursor, oldest first, of one person or of all."""
        return await asyncio.to_thread(self.people.conversation, after, person)

    async def latest(self, person: str | None) -> tuple[dict[str, deque[Line]], int]:
        """Reads what each phone has lately received and sent, and the cursor from which to watch on."""
        watch = Watch(self, person, 0)
        kept: dict[str, deque[Line]] = {}
        while lines := await watch.look():
            for line in lines:
                kept.setdefault(line.person, deque(maxlen=SHOWN)).append(line)
        return kept, watch.after

    def phones(self, plans: Sequence[Plan], lines: Mapping[str, Iterable[Line]]) -> list[Phone]:
        """Makes each person's phone, in the order of `plans`."""
        now = self.clock.now()
        return [self._phone(plan, lines.get(plan.person, ()), now) for plan in plans]

    def bubble(self, line: Line, plan: Plan) -> Bubble:
        """Makes the bubble of a line."""
        local = line.at.astimezone(self.zone(plan.timezone))
        return Bubble(
            cursor=line.cursor,
            who=line.name if line.inbound else "nudger",
            inbound=line.inbound,
            email=line.channel is ChannelName.EMAIL,
            subject=line.subject,
            text=[(line.text, False)] if line.inbound else list(_pieces(line.text)),
            links=self._below(line, plan),
            iso=line.at.isoformat(),
            time=_clock(local, _hours(plan)),
            day=_day(local),
            language=plan.language,
            mark=_mark(line),
        )

    def offset(self, plan: Plan, now: datetime) -> int:
        """Counts the minutes from UTC to the person's local time at `now`."""
        here = now.astimezone(self.zone(plan.timezone))
        return (here.utcoffset() or timedelta(0)) // timedelta(minutes=1)

    def _plans(self, only: str | None) -> list[Plan]:
        if only is not None:
            found = self.people.person(only)
            people = [found] if found else []
        else:
            people = list(islice(self.people.people(), MOST_PHONES))
        return [person.plan for person in people if person.standing.removed_at is None]

    def _phone(self, plan: Plan, lines: Iterable[Line], now: datetime) -> Phone:
        local = now.astimezone(self.zone(plan.timezone))
        commands = self.wording.texts_of(plan.language).sources["commands"]
        return Phone(
            person=plan.person,
            name=plan.name,
            zone=plan.timezone,
            hours=_hours(plan),
            offset=self.offset(plan, now),
            time=_clock(local, _hours(plan)),
            date=" ".join(word[:3] for word in _day(local).split()),
            language=plan.language,
            quick=[commands[command] for command in QUICK_REPLIES],
            bubbles=[self.bubble(line, plan) for line in lines],
        )

    def _below(self, line: Line, plan: Plan) -> Sequence[Anchor]:
        """The links that an email would have: on the on-screen phone they lead to this very machine."""
        if line.inbound or line.channel is not ChannelName.EMAIL:
            return ()
        return links_below(self.wording, plan.voice, links_of(line, "", self.key, self.clock.now()))


class Watch:
    """What arrives in a conversation after a cursor, each line once."""

    def __init__(self, conversations: Conversations, person: str | None, after: int) -> None:
        self.after = after  # all up to here is told, or will never arrive
        self._conversations = conversations
        self._person = person
        self._told: set[int] = set()  # beyond `after`

    async def look(self) -> list[Line]:
        """Reads the next lines; none when all that is there is told. May be more than fits one look."""
        while True:
            page = await self._conversations.lines(self.after, self._person)
            new = [line for line in page if _arrived(line) and line.cursor not in self._told]
            before, self.after = self.after, _settled(page, self.after)
            told = self._told.union(line.cursor for line in new)
            self._told = {cursor for cursor in told if cursor > self.after}
            if new or self.after == before:
                return new


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text cut where an address begins and ends."""
    for number, piece in enumerate(ADDRESS.split(text)):
        if piece:
            yield piece, number % 2 == 1


def _mark(line: Line) -> str:
    """A reply that is in the conversation is committed; what a provider says of a text may be known."""
    if line.inbound:
        return "received"
    return "delivered" if line.state is State.DELIVERED else ""


def _arrived(line: Line) -> bool:
    """Whether a phone would show it: what was not accepted never reached one."""
    return line.inbound or line.state in ARRIVED


def _settled(page: Sequence[Line], after: int) -> int:
    """The last cursor before the first line that is still on its way."""
    for line in page:
        if line.state is State.SENDING:
            break
        after = line.cursor
    return after


def _hours(plan: Plan) -> int:
    return 12 if plan.language == "en" else 24  # as the texts themselves tell the time


def _clock(local: datetime, hours: int) -> str:
    if hours == 24:
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def _day(local: datetime) -> str:
    return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"
