"""What people say of their days and of whom they met: away, not today, whom they talked to, who this is; and
the last command, taken back. Each answer names what came of it, and how to take it back. Below it LESS, MORE
and TINY, a step at a time, and back. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo

from nudger.domain.effects import (
    Answer,
    Effect,
    GoAway,
    Hours,
    LowDays,
    Pause,
    Rate,
    Reached,
    Settle,
    Snooze,
    Undo,
)
from nudger.domain.model import Contact, Kind, Outcome, Plan, Standing
from nudger.inbound.port import Answered, LastCommand, Writer
from nudger.messages import When
from nudger.replies import Intent, Understood, same_form
from nudger.schedule import quieter

UNDONE_WITHIN = timedelta(hours=1)  # a last command that is older is taken back by a command of its own
ASKED_WITHIN = timedelta(hours=1)  # how long the question which contact is meant is open
WHICH = "met_which"  # the text that asks it

WISHES = frozenset({Intent.AWAY, Intent.TODAY, Intent.UNDO, Intent.HOURS, Intent.MET, Intent.WHO})
_PAUSES = (Intent.PAUSE, Intent.TODAY)

Effects = tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class WhoSends:
    """Who runs nudger for the people whom it writes to, and how they are reached; empty: nobody has said."""

    name: str = ""
    contact: str = ""


NOBODY_NAMED = WhoSends()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of them, understood, on its way to effects."""

    writer: Writer
    understood: Understood
    now: datetime
    said: str
    zone: tzinfo
    sender: WhoSends
    say: Callable[..., Answer]  # one of nudger's texts, with its values
    when: Callable[[datetime], When]
    say_time: Callable[[time], str]

    def effects(self) -> Effects:
        """Returns what follows from it, the answer last."""
        match self.understood.intent:
            case Intent.AWAY:
                return self._away()
            case Intent.TODAY:
                return self._today()
            case Intent.UNDO:
                return self._undo()
            case Intent.HOURS:
                return self._hours()
            case Intent.MET:
                return self._met()
            case _:
                return (self.say("who", name=self.sender.name, contact=self.sender.contact),)

    @property
    def _plan(self) -> Plan:
        return self.writer.person.plan

    @property
    def _standing(self) -> Standing:
        return self.writer.person.standing

    def _today(self) -> Effects:
        """Quiet until the next day begins; what rests for longer goes on resting, and the answer says so."""
        until, bound = self.understood.until, self.writer.bound
        skipped = (Settle(bound.occurrence, Outcome.SKIPPED),) if bound is not None else ()
        if until is None or self._standing.rests_until(until, self.now):
            return (*skipped, self._rests(self._standing))
        quiet = replace(self._standing, paused_at=self.now, paused_until=until)
        back_at = quiet.back_at(self.now) or until
        return (*skipped, Pause(until), self.say("today", when=self.when(back_at)))

    def _rests(self, standing: Standing) -> Answer:
        """Until when all is quiet."""
        back_at = standing.back_at(self.now)
        if back_at is None:
            return self.say("paused")
        return self.say("paused_until", when=self.when(back_at))

    def _away(self) -> Effects:
        """A span of quiet days, to come or begun."""
        begins, until = self.understood.begins, self.understood.until
        if begins is None or until is None or until <= max(begins, self.now):
            return (self.say("away_which"),)
        if begins.astimezone(self.zone).date() <= self.now.astimezone(self.zone).date():
            return (GoAway(self.now, until), self.say("away_now", when=self.when(until)))
        said = self.say("away", begins=self.when(begins), when=self.when(until))
        return (GoAway(begins, until), said)

    def _hours(self) -> Effects:
        """At these hours alone, beside what they asked for before as far as both leave something of the day.
        A plan's own quiet hours stay."""
        asked, old = self.understood, self._standing.wishes
        both = (asked.earliest or old.earliest, asked.latest or old.latest)
        for earliest, latest in (both, (asked.earliest, asked.latest)):
            quiet = quieter(self._plan.quiet, earliest, latest)
            if quiet is not None and (asked.earliest or asked.latest):
                start, end = self.say_time(quiet.end), self.say_time(quiet.start)
                return (Hours(earliest, latest), self.say("hours", start=start, end=end))
        return (self.say("hours_which"),)

    # --- undo ---------------------------------------------------------------------------------------------
    def _undo(self) -> Effects:
        """Takes the last command back; what is named in its place follows."""
        last = self.writer.last_command
        if last is None or self.now - last.at > UNDONE_WITHIN:
            return (self.say("undo_nothing"),)
        return (Undo(), *(self._instead(last) or (self.say("taken_back"),)))

    def _instead(self, last: LastCommand) -> Effects:
        """ "no, I meant 4pm": of a pause it is the end, of a nudge the time."""
        until, bound = self.understood.until, self.writer.bound
        if until is None:
            return ()
        if last.intent == Intent.AWAY:
            return self._away_until(until)
        entry = last.occurrence or (bound.occurrence if bound is not None else None)
        if last.intent in _PAUSES or self.understood.asked is None or entry is None:
            until = self.understood.asked or until
            return (Pause(until), self.say("paused_until", when=self.when(until)))
        key = "snoozed_moved" if self.understood.moved else "snoozed"
        return (Snooze(entry, until), self.say(key, when=self.when(until)))

    def _away_until(self, until: datetime) -> Effects:
        spans = self._standing.wishes.away
        if len(spans) != 1 or until <= spans[0].begins_at:
            return ()
        begins = spans[0].begins_at
        if begins <= self.now:
            return (GoAway(begins, until), self.say("away_now", when=self.when(until)))
        return (GoAway(begins, until), self.say("away", begins=self.when(begins), when=self.when(until)))

    # --- met ----------------------------------------------------------------------------------------------
    def _met(self) -> Effects:
        """Of one contact the time is now; which of several is asked once. Somebody whom the plan does not
        know is a contact all the same: what the nudge was for is done."""
        names = _meant(self.understood.contacts, self._plan, self.said)
        if len(names) > 1:
            return (self.say(WHICH, contact=self._listed(names)),)
        settled = self._done_with(names)
        if not names:
            return (*settled, self.say("done"))
        return (*settled, Reached(names[0]), self.say("met", contact=names[0]))

    def _done_with(self, names: Sequence[str]) -> Effects:
        """The nudge that asked for it is done."""
        bound = self.writer.bound
        if bound is None:
            return ()
        if not names:
            named = self._plan.contact(bound.contact)
            reached = (Reached(named.name),) if named is not None else ()
            return (Settle(bound.occurrence, Outcome.DONE), *reached)
        if bound.kind is Kind.SUPPORT or bound.contact in names:
            return (Settle(bound.occurrence, Outcome.DONE),)
        return ()

    def _listed(self, names: Sequence[str]) -> str:
        known = [contact for contact in self._plan.contacts if contact.name in names]
        return ", ".join(_named(one) for one in known)


def which(writer: Writer, understood: Understood, said: str, now: datetime) -> Understood:
    """Returns the same, or the answer to the question which contact is meant, where that is open: a name, or
    a relation, and nothing else that is understood."""
    if understood.intent not in (Intent.UNKNOWN, Intent.SAID, Intent.MET) or understood.automatic:
        return understood
    asked = [one for one in writer.answered if now - one.at <= ASKED_WITHIN]
    if not asked or _latest(asked).key != WHICH:
        return understood
    names = [contact.name for contact in writer.person.plan.contacts]
    meant = _meant(names, writer.person.plan, said)
    return Understood(Intent.MET, contacts=tuple(meant)) if len(meant) == 1 else understood


def _latest(answered: Sequence[Answered]) -> Answered:
    return max(answered, key=lambda one: one.at)


def _meant(names: Sequence[str], plan: Plan, said: str) -> Sequence[str]:
    """Of these contacts those of whom the text says most: "Sam Lee" is not Sam Roy."""
    if len(names) < 2:
        return names
    words = _words(said)
    most = {
        one.name: len(words & _words(f"{one.name} {one.relation}"))
        for one in plan.contacts
        if one.name in names
    }
    best = max(most.values(), default=0)
    return [name for name in names if best and most.get(name) == best]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", same_form(text)))


def _named(contact: Contact) -> str:
    return f"{contact.name} ({contact.relation})" if contact.relation else contact.name


LOWEST = 2  # steps of LESS: a quarter of the plan's nudges
LOW_DAYS = timedelta(days=7)

Eased = tuple[tuple[Effect, ...], str]  # what it does, and which text says so


def less(standing: Standing) -> Eased:
    """Halves the nudges; once more, to a quarter; and no further."""
    if standing.fewer >= LOWEST:
        return (), "less_lowest"
    return (Rate(standing.fewer + 1),), ("less", "less_again")[standing.fewer]


def more(standing: Standing, now: datetime, backs_off: bool) -> Eased:
    """Ends the low days, and takes one LESS back, or where there is none the hours that they asked for; that
    they say something ends a back-off."""
    effects: list[Effect] = [LowDays(None)] if standing.low(now) else []
    if standing.fewer or backs_off:
        effects.append(Rate(max(standing.fewer - 1, 0)))
    if not standing.fewer and standing.wishes.hours:
        effects.append(Hours(None, None))
    if standing.fewer > 1:
        return tuple(effects), "more_half"
    return tuple(effects), "more" if effects else "more_usual"


def low_days(now: datetime) -> Eased:
    """Lets only tiny messages come for a week; asked for once more, a week from then."""
    return (LowDays(now + LOW_DAYS),), "low_day"
