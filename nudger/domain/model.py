"""The vocabulary: people, plans, nudges, slots and their states; at the end, which numbers are one phone.

Everywhere in nudger, a name ending in `_at` is an aware UTC datetime; a wall time travels with a
local date and a zone; a duration is a `timedelta`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from nudger.domain.wishes import NO_WISHES, Wishes


class Kind(StrEnum):
    """What a nudge is about: the four of the mission first."""

    REST = "rest"
    MOVEMENT = "movement"
    REFLECTION = "reflection"
    SUPPORT = "support"
    MINDFULNESS = "mindfulness"
    CREATIVE = "creative"
    TRIGGERS = "triggers"
    COMPASSION = "compassion"
    CARE = "care"


class Effort(StrEnum):
    """What a message asks: a moment where one is, a few minutes, or a little more; the least first."""

    TINY = "tiny"
    SMALL = "small"
    MEDIUM = "medium"

    def within(self, most: "Effort") -> bool:
        """Tells whether it asks no more than `most`."""
        efforts = list(Effort)
        return efforts.index(self) <= efforts.index(most)


class AskForm(StrEnum):
    """What an ask wants to hear; the bank has questions for each."""

    LINE = "line"  # any words
    NUMBER = "number"  # a whole number of a span
    YES_NO = "yes/no"
    CHOICE = "choice"  # one of the plan's own words

    @classmethod
    def of(cls, form: str) -> "AskForm":
        """Returns it of the form of an ask: "line", "yes/no", "0-10", "calm|flat|tense"."""
        if form in (cls.LINE, cls.YES_NO):
            return cls(form)
        return cls.CHOICE if "|" in form else cls.NUMBER


class Topic(StrEnum):
    """What a person may want left alone: no message of the bank that touches it goes to them."""

    GRIEF = "grief"  # somebody who died, or was lost
    FOOD = "food"
    BODY = "body"  # attention to the body, its looks, its breath
    RELIGION = "religion"


class BackOff(StrEnum):
    """Whether somebody who has been silent gets fewer nudges by themselves."""

    OFF = "off"
    GENTLE = "gentle"


class ChannelName(StrEnum):
    """How a person is reached. Which adapter serves a channel is the operator's setting."""

    SMS = "sms"
    EMAIL = "email"


class Origin(StrEnum):
    """Where an entry of the agenda comes from; decides which rules of the gate hold for it."""

    FIXED = "fixed"  # `at` or `cron`: a time that the person named
    DRAWN = "drawn"  # `between`: a time that nudger drew
    SNOOZED = "snoozed"  # put off by the person to a time that the person named
    ON_DEMAND = "asked"  # as databases have it: the person texted NOW, or the operator typed `nudger send`
    ANSWER = "answer"  # the answer to a person's own text
    NOTICE = "notice"  # word to a trusted contact, which follows from a person's own text
    WELCOME = "welcome"  # asks for consent on one channel, once

    @property
    def is_nudge(self) -> bool:
        """Whether it is one of the plan's nudges: counted, put off, bound to replies."""
        return self not in (*FROM_A_TEXT, Origin.WELCOME)


# The texts that answer somebody in a crisis.
CRISIS_ANSWERS = frozenset({"crisis", "crisis_told", "stopped_crisis", "concern"})
# What goes out before all else, of all people, whatever budgets are used up.
URGENT = CRISIS_ANSWERS | {"stopped"}
# These, and what answers STOP and START: counted in no limit of answers.
APART = CRISIS_ANSWERS | {"stopped", "started", "declined"}
# What follows from a person's own text is no nudge: no pause, quiet hour or hold keeps it.
FROM_A_TEXT = (Origin.ANSWER, Origin.NOTICE)


class State(StrEnum):
    """The life of an entry of the agenda: planned -> sending -> one of the others."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What the person made of a nudge. None of these is a failure, and silence is no outcome."""

    DONE = "done"
    SNOOZED = "snoozed"
    SKIPPED = "skipped"
    ANSWERED = "answered"  # what it asked


@dataclass(frozen=True, slots=True)
class Window:
    """A span of wall time that includes `start` and not `end`; it passes midnight if end < start."""

    start: time
    end: time

    def __contains__(self, wall: time) -> bool:
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class At:
    """Fixed wall times, ascending, without repeats."""

    times: tuple[time, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """`times` random wall times, one in each of as many equal parts of what quiet leaves of `window`."""

    window: Window
    times: int = 1


@dataclass(frozen=True, slots=True)
class Cron:
    """A five-field cron expression, read as wall time."""

    expression: str


@dataclass(frozen=True, slots=True)
class OnDays:
    """Days of the week, Monday is 0."""

    weekdays: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Every:
    """Each `days`-th local date, counted from the nudge's `starts`, else from 2024-01-01."""

    days: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Someone of a person's support network.

    nudger never writes to a contact, but for one notice to a trusted one: `tell` and `agreed` are the
    words of record of the person's and of the contact's own opt-in.
    """

    name: str
    relation: str = ""
    phone: str | None = None
    email: str | None = None
    every: int | None = None  # days: not named earlier than so long after the last time
    tell: str | None = None
    agreed: str | None = None

    @property
    def trusted(self) -> bool:
        return self.tell is not None and self.agreed is not None


@dataclass(frozen=True, slots=True)
class Nudge:
    """One recurring intention of a plan."""

    id: str
    kind: Kind
    when: At | Between | Cron
    dates: OnDays | Every = OnDays()
    starts: date | None = None
    ends: date | None = None  # the last date
    message: str | None = None  # Jinja2 source
    template: str | None = None  # the key of one message of the bank
    contacts: tuple[str, ...] = ()  # names; empty means every contact of the plan
    expires: timedelta = timedelta(minutes=30)
    snooze: timedelta = timedelta(hours=1)
    channels: tuple[ChannelName, ...] = ()  # empty means the person's
    effort: Effort | None = None  # the most that the bank may ask; None means the plan's
    keep: bool = False  # at a fixed time: no back-off and no taper leaves it out
    ask: str | None = None  # the form of the one question it puts: see AskForm
    answer_within: timedelta = timedelta(hours=24)  # less where the next ask goes out sooner
    thanks: bool = True  # False: answers are kept in silence


@dataclass(frozen=True, slots=True)
class Plan:
    """A person's file, checked: who they are, how to reach them, when to leave them alone."""

    person: str
    name: str
    timezone: str
    language: str = "en"
    country: str | None = None  # ISO 3166 alpha-2
    phone: str | None = None  # E.164
    email: str | None = None
    channels: tuple[ChannelName, ...] = ()
    quiet: Window | None = Window(time(20), time(9))
    daily_limit: int = 3
    gap: timedelta = timedelta(hours=2)
    consent: str | None = None
    if_then: str | None = None
    nudges: tuple[Nudge, ...] = ()
    contacts: tuple[Contact, ...] = ()
    effort: Effort = Effort.MEDIUM  # the most that a message of the bank may ask
    avoid: tuple[Topic, ...] = ()  # what the bank leaves alone
    group: str | None = None  # what the operator sorts people by
    form: str | None = None  # of address, where the language has several: "tu", "usted"; None: the usual one
    back_off: BackOff = BackOff.OFF
    taper: int | None = None  # days from the plan's rate down to one a week
    starts: date | None = None  # the first date of the nudges that name none, and of the taper
    keep_words: bool = False  # what they have said stays until they erase it

    @property
    def voice(self) -> str:
        """The language, and the form of address where the plan names one: "es", "es.usted"."""
        return self.language if self.form is None else f"{self.language}.{self.form}"

    def nudge(self, nudge_id: str) -> Nudge | None:
        """Returns the nudge of this id, or None where an edit has removed it."""
        for nudge in self.nudges:
            if nudge.id == nudge_id:
                return nudge
        return None

    @property
    def trusted(self) -> Contact | None:
        """Whom a notice may go to: one at most."""
        return next((contact for contact in self.contacts if contact.trusted), None)

    def contact(self, name: str | None) -> Contact | None:
        for contact in self.contacts:
            if contact.name == name:
                return contact
        return None

    @property
    def sends_on(self) -> frozenset[ChannelName]:
        """The channels on which its nudges may go out."""
        return frozenset[ChannelName]().union(*(nudge.channels or self.channels for nudge in self.nudges))

    def address(self, channel: ChannelName) -> str | None:
        return self.phone if channel is ChannelName.SMS else self.email


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of one nudge on one local date, laid out: with its instant, or the reason why not."""

    nudge: str
    local_date: date
    number: int  # from 1, in the order of the day
    origin: Origin  # FIXED or DRAWN
    local_time: time | None = None
    due_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a person may be written to, as the store knows it."""

    paused_at: datetime | None = None
    paused_until: datetime | None = None  # None while paused means until RESUME
    removed_at: datetime | None = None  # the plan file is gone: paused, not erased
    held_at: datetime | None = None  # a crisis hold
    opted_out: frozenset[ChannelName] = frozenset()
    consented: frozenset[ChannelName] = frozenset()
    unreachable: frozenset[ChannelName] = frozenset()  # at this address too much in a row did not arrive
    fewer: int = 0  # steps of LESS: 0 the plan's rate, 1 half of it, 2 a quarter
    tiny_until: datetime | None = None  # low days: only tiny messages until then
    untold: str | None = None  # the person has withdrawn this opt-in (`tell`) to a notice
    asked: frozenset[ChannelName] = frozenset()  # for consent, at the address of now
    asks_again: frozenset[ChannelName] = frozenset()  # of these, where the question will be put once more
    asks_again_at: datetime | None = None
    silent_since: datetime | None = None  # from when silence counts: a sign, or the end of a gap of ours
    arrived_at: datetime | None = None  # the last nudge that is known to have arrived
    lost_at: datetime | None = None  # the first one since then that did not
    wishes: Wishes = NO_WISHES  # what they have said of their days
    set_aside: bool = False  # nudger fails over them; known where people are looked at, and nowhere else

    def low(self, now: datetime) -> bool:
        """Tells whether only tiny messages are wanted."""
        return self.tiny_until is not None and now < self.tiny_until

    def paused(self, now: datetime) -> bool:
        """Tells whether they want nothing now: a pause, or days away."""
        return self._in_pause(now) or self.wishes.away_at(now) is not None

    def back_at(self, now: datetime) -> datetime | None:
        """Returns when a pause of now ends, with the days away that follow it at once; None: at RESUME."""
        at = now
        while self.paused(at):
            if self._in_pause(at) and self.paused_until is None:
                return None
            span = self.wishes.away_at(at)
            ends = (self.paused_until if self._in_pause(at) else None, span.ends_at if span else None)
            at = max(end for end in ends if end is not None)
        return at

    def rests_until(self, at: datetime, now: datetime) -> bool:
        """Tells whether nothing comes between now and then anyway."""
        if not self.paused(now):
            return False
        back_at = self.back_at(now)
        return back_at is None or back_at >= at

    def _in_pause(self, now: datetime) -> bool:
        return self.paused_at is not None and (self.paused_until is None or now < self.paused_until)


@dataclass(frozen=True, slots=True)
class History:
    """What the gate and the choice of words need to know of what a person was lately sent.

    It is a fold: `messages` and `agenda.gate` compute the next one from the last, so that a preview
    that starts from the same history comes to the same words.
    """

    on: date | None = None  # the local date that `sent` counts
    sent: int = 0  # nudges on that date
    last_at: datetime | None = None  # when the last nudge went out
    recent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # bank -> keys, latest first
    contacted: Mapping[str, datetime] = field(default_factory=dict)  # contact name -> last named, or DONE
    left_out: Mapping[str, int] = field(default_factory=dict)  # nudge id -> times since one went, after LESS
    shown_at: datetime | None = None  # when the ways out were last shown in a text
    eased_at: datetime | None = None  # when they were last told that less comes while they are silent


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the store holds them."""

    plan: Plan
    standing: Standing = Standing()
    history: History = field(default_factory=History)
    spoilt: bool = False  # what is held of them cannot be read whole: this is what could be

    @property
    def id(self) -> str:
        return self.plan.person


# Some countries put a digit into mobile numbers, or took it out. Which of the forms a text comes from depends
# on the carriers on its way, so a STOP from any of them is that phone's. Numbers are kept, and written to, as
# they were given; only what compares them asks here.
_MEXICO = re.compile(r"\+521?([2-9][0-9]{9})")
_ARGENTINA = re.compile(r"\+549?([1-3][0-9]{9})")
# A subscriber's number that begins with 2 to 5 is a landline's: there is another phone with a 9 before it.
_BRAZIL = re.compile(r"\+55([1-9][0-9])9?([6-9][0-9]{7})")


def one_phone(number: str) -> str:
    """Returns the form in which all numbers of one phone are equal; what is no such number stays as it is.

    Mexico dropped the 1 after 52 in 2019 (IFT); Argentina has a 9 after 54 on the way to a mobile from
    abroad (ENACOM); Brazil's mobiles got a ninth digit from 2012 to 2016 (Anatel, resolution 553/2010).
    """
    return phone_forms(number)[0]


def phone_forms(number: str) -> Sequence[str]:
    """Returns all numbers of this phone, in an order that does not hang on which of them it is."""
    if found := _MEXICO.fullmatch(number):
        return f"+52{found[1]}", f"+521{found[1]}"
    if found := _ARGENTINA.fullmatch(number):
        return f"+549{found[1]}", f"+54{found[1]}"
    if found := _BRAZIL.fullmatch(number):
        return f"+55{found[1]}9{found[2]}", f"+55{found[1]}{found[2]}"
    return (number,)


def same_phone(number: str | None, other: str | None) -> bool:
    """Tells whether both are numbers of one phone."""
    return number == other or (
        number is not None and other is not None and one_phone(number) == one_phone(other)
    )
