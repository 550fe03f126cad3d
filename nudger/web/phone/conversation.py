"""A conversation as the phone shows it: bubbles with local times, and lines as they come in."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from nudger.domain.model import ChannelName, Plan, State
from nudger.inbound.port import Line
from nudger.messages import Anchor
from nudger.web.doors import Conversation, Doors

QUICK_REPLIES = ("LATER", "DONE", "SKIP", "HELP")
ADDRESS = re.compile(r"(https?://[^\s<>\"]+)")
SHOWN = 60  # bubbles of one phone when the page opens
ARRIVED = (State.SENT, State.DELIVERED)
# Not strftime's: those follow the machine's locale, and the page speaks English.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

Zone = Callable[[str], tzinfo]
Below = Callable[[Line, str], Sequence[Anchor]]


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


def phones(
    plans: Sequence[Plan],
    lines: Mapping[str, Iterable[Line]],
    doors: Doors,
    now: datetime,
) -> list[Phone]:
    """Each person's phone, in the order of `plans`."""
    return [_phone(plan, lines.get(plan.person, ()), doors, now) for plan in plans]


def bubble(line: Line, plan: Plan, zone: Zone, below: Below) -> Bubble:
    local = line.at.astimezone(zone(plan.timezone))
    return Bubble(
        cursor=line.cursor,
        who=line.name if line.inbound else "nudger",
        inbound=line.inbound,
        email=line.channel is ChannelName.EMAIL,
        subject=line.subject,
        text=[(line.text, False)] if line.inbound else list(_pieces(line.text)),
        links=below(line, plan.voice) if line.channel is ChannelName.EMAIL and not line.inbound else (),
        iso=line.at.isoformat(),
        time=_clock(local, _hours(plan)),
        day=_day(local),
        language=plan.language,
        mark=_mark(line),
    )


def offset(plan: Plan, zone: Zone, now: datetime) -> int:
    """Minutes from UTC to the person's local time at `now`."""
    return (now.astimezone(zone(plan.timezone)).utcoffset() or timedelta(0)) // timedelta(minutes=1)


async def latest(conversation: Conversation, person: str | None) -> tuple[dict[str, deque[Line]], int]:
    """What each phone has lately received and sent, and the cursor from which to watch on."""
    watch = Watch(conversation, person, 0)
    kept: dict[str, deque[Line]] = {}
    while lines := await watch.look():
        for line in lines:
            kept.setdefault(line.person, deque(maxlen=SHOWN)).append(line)
    return kept, watch.after


class Watch:
    """What arrives in a conversation after a cursor, each line once."""

    def __init__(self, conversation: Conversation, person: str | None, after: int) -> None:
        self.after = after  # all up to here is told, or will never arrive
        self._conversation = conversation
        self._person = person
        self._told: set[int] = set()  # beyond `after`

    async def look(self) -> list[Line]:
        """The next lines; none when all that is there is told. May be more than fits one look."""
        while True:
            page = await self._conversation(self.after, self._person)
            new = [line for line in page if _arrived(line) and line.cursor not in self._told]
            before, self.after = self.after, _settled(page, self.after)
            told = self._told.union(line.cursor for line in new)
            self._told = {cursor for cursor in told if cursor > self.after}
            if new or self.after == before:
                return new


def _phone(plan: Plan, lines: Iterable[Line], doors: Doors, now: datetime) -> Phone:
    local = now.astimezone(doors.zone(plan.timezone))
    return Phone(
        person=plan.person,
        name=plan.name,
        zone=plan.timezone,
        hours=_hours(plan),
        offset=offset(plan, doors.zone, now),
        time=_clock(local, _hours(plan)),
        date=" ".join(word[:3] for word in _day(local).split()),
        language=plan.language,
        quick=[doors.commands(plan.language)[command] for command in QUICK_REPLIES],
        bubbles=[bubble(line, plan, doors.zone, doors.below) for line in lines],
    )


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
