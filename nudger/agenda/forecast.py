"""What will be sent, and why: the daemon's own days, gate and words, walked through ahead of time.

Below it, what an edit changes in a plan, as the person's own log says it, in the words of the file. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from nudger.agenda.decide import Decider
from nudger.agenda.entries import Drop, Due, Planned, Send, Verdict
from nudger.agenda.set_aside import in_words, is_theirs
from nudger.domain.model import ChannelName, Kind, Origin, Person, Slot, State
from nudger.schedule import day_bounds, lay_out, local_date


@dataclass(frozen=True, slots=True)
class Forecast:
    """One slot to come: sent with these words, or skipped for this reason."""

    person: str
    nudge: str
    kind: Kind | None  # None: it asks for consent
    slot: int
    local_date: date
    local_time: str | None  # the actual HH:MM; None for a slot without room
    due_at: datetime | None
    channel: ChannelName | None
    text: str | None
    segments: int | None
    status: str  # "send" or "skip"
    reason: str
    until: datetime | None = None  # the last instant at which it may still go out; in no JSON

    def as_json(self) -> dict[str, object]:
        """Returns JSON-able values; the instant as `2026-11-23T10:00:00+00:00`."""
        values = {name: getattr(self, name) for name in _IN_JSON}
        due_at = self.due_at.isoformat() if self.due_at else None
        return {**values, "local_date": self.local_date.isoformat(), "due_at": due_at}


_IN_JSON = tuple(field.name for field in fields(Forecast) if field.name != "until")


def foreseen(
    person: Person, planned: Sequence[Planned], now: datetime, days: int, decider: Decider
) -> tuple[Sequence[Forecast], str]:
    """Forecasts for looking: nothing, and why, where nudger fails over this person."""
    try:
        return forecast(person, planned, now, days, decider), ""
    except Exception as fault:
        if not is_theirs(fault):
            raise
        return (), f"what comes next for {person.id} cannot be worked out ({in_words(fault)})"


def forecast(
    person: Person, planned: Sequence[Planned], now: datetime, days: int, decider: Decider
) -> list[Forecast]:
    """Returns the next `days` local dates of one person from `now` on, in the order of their time.

    `planned` is what the agenda already holds of them: an identity that was attempted is not sent
    again, and a snooze that waits comes at its time.
    """
    zone = decider.zone(person.plan.timezone)
    today = local_date(zone, now)
    end_at = day_bounds(zone, today + timedelta(days=days - 1))[1]
    roomless: list[Forecast] = []
    coming: list[Due] = []
    gone = {_identity(one) for one in planned if one.state is not State.PLANNED and not _replanned(one)}
    for offset in range(days):
        for slot in lay_out(person.plan, today + timedelta(days=offset), decider.seed, zone):
            if slot.due_at is None:
                roomless.append(_roomless(person, slot))
            elif slot.due_at >= now and (slot.nudge, slot.local_date, slot.number, 0) not in gone:
                coming.append(_due(person, slot, slot.due_at))
    waiting = [one for one in planned if one.state is State.PLANNED and one.origin in _WAITING]
    coming += [_waiting(person, one) for one in waiting if now <= one.due_at < end_at]
    coming += _questions(person, now, end_at, decider)
    shown = [*_walk(person, coming, decider), *roomless]
    return sorted(shown, key=lambda row: (row.due_at is None, row.due_at or now, row.local_date, row.nudge))


QUESTION = "welcome"  # the name under which the question for consent is shown
_WHY = {
    Origin.FIXED: "its time",
    Origin.DRAWN: "drawn for this day",
    Origin.SNOOZED: "put off",
    Origin.WELCOME: "asks for consent, once; nothing else before YES",
}
_WAITING = (Origin.SNOOZED, Origin.ON_DEMAND)


def _walk(person: Person, coming: list[Due], decider: Decider) -> Iterator[Forecast]:
    """Sends each at its time, as the dispatcher would, and carries the history on."""
    coming.sort(key=lambda due: (due.due_at, due.nudge, due.slot))
    numbered = [replace(due, id=number) for number, due in enumerate(coming)]
    for at, group in groupby(numbered, key=lambda due: due.due_at):
        dues = list(group)
        decision = decider.decide(person, dues, at)
        person = decision.person
        for due, verdict in zip(dues, decision.verdicts, strict=True):
            yield _shown(person, due, verdict, decider)


def _shown(person: Person, due: Due, verdict: Verdict, decider: Decider) -> Forecast:
    here = due.due_at.astimezone(decider.zone(person.plan.timezone))
    nudge = person.plan.nudge(due.nudge)
    sent = verdict if isinstance(verdict, Send) else None
    return Forecast(
        person=person.id,
        nudge=due.nudge,
        kind=None if due.origin is Origin.WELCOME else nudge.kind if nudge else Kind.REST,
        slot=due.slot,
        local_date=due.local_date,
        local_time=f"{here:%H:%M}",
        due_at=due.due_at,
        channel=sent.channel if sent else None,
        text=sent.text if sent else None,
        segments=sent.segments if sent else None,
        status="send" if sent else "skip",
        reason=_why(person, due) if sent else _why_not(verdict),
        until=_until(due, sent) if sent else None,
    )


def _until(due: Due, sent: Send) -> datetime:
    """Until it expires, that instant included; where quiet hours begin before that, until just before."""
    until = due.due_at + sent.valid_for
    return until if until >= due.expires_at else until - timedelta(microseconds=1)


def _why(person: Person, due: Due) -> str:
    if due.origin is Origin.WELCOME and due.channel in person.standing.asked:
        return "asks for consent once more, the last time"
    why = _WHY.get(due.origin, "asked for")
    return f"{why}; a low day: tiny ones only" if person.standing.low(due.due_at) else why


def _why_not(verdict: Verdict) -> str:
    return verdict.reason if isinstance(verdict, Drop) else "waits"


def _roomless(person: Person, slot: Slot) -> Forecast:
    nudge = person.plan.nudge(slot.nudge)
    return Forecast(
        person=person.id,
        nudge=slot.nudge,
        kind=nudge.kind if nudge else Kind.REST,
        slot=slot.number,
        local_date=slot.local_date,
        local_time=None,
        due_at=None,
        channel=None,
        text=None,
        segments=None,
        status="skip",
        reason=slot.reason or "no room",
    )


def _due(person: Person, slot: Slot, due_at: datetime) -> Due:
    nudge = person.plan.nudge(slot.nudge)
    expires = nudge.expires if nudge else timedelta(minutes=30)
    return Due(
        id=0,
        person=person.id,
        nudge=slot.nudge,
        kind=nudge.kind if nudge else None,
        origin=slot.origin,
        local_date=slot.local_date,
        slot=slot.number,
        round=0,
        due_at=due_at,
        expires_at=due_at + expires,
    )


def _questions(person: Person, now: datetime, end_at: datetime, decider: Decider) -> Iterator[Due]:
    """The welcomes to come: one for each channel whose consent is not on record, if it was not asked yet."""
    zone = decider.zone(person.plan.timezone)
    for channel in sorted(person.plan.sends_on):
        at = decider.asks_from(person, channel, now)
        if at is not None and at < end_at:
            day = local_date(zone, at)
            yield Due(0, person.id, QUESTION, None, Origin.WELCOME, day, 0, 0, at, end_at, channel=channel)


def _waiting(person: Person, one: Planned) -> Due:
    return Due(
        id=0,
        person=person.id,
        nudge=one.nudge,
        kind=one.kind,
        origin=one.origin,
        local_date=one.local_date,
        slot=one.slot,
        round=one.round,
        due_at=one.due_at,
        expires_at=one.expires_at,
    )


def _identity(one: Planned) -> tuple[str, date, int, int]:
    return (one.nudge, one.local_date, one.slot, one.round)


def _replanned(one: Planned) -> bool:
    """What an opt-out, a hold or a removal cancelled comes back once that ends."""
    return one.state is State.CANCELLED


Keys = Mapping[str, object]  # of a plan or of a nudge, as JSON has them

SAME = "the file alone: nothing in the plan is another"


def in_keys(before: Keys, after: Keys) -> list[str]:
    """Returns the keys that another value stands under, in the order of the plan."""
    return [key for key in {**before, **after} if before.get(key) != after.get(key)]


def in_nudges(before: Sequence[Keys], after: Sequence[Keys]) -> list[str]:
    """Returns the nudges that are other ones, by id: those of the plan first, then those that are gone."""
    old, new = ({str(nudge["id"]): nudge for nudge in nudges} for nudges in (before, after))
    found = [f"{one} (new)" if one not in old else one for one in new if new[one] != old.get(one)]
    found += [f"{one} (gone)" for one in old if one not in new]
    return found or (["the order of nudges"] if list(old) != list(new) else [])


def error_in_words(nudges: Sequence[str], keys: Sequence[str]) -> str:
    """Puts both into one line."""
    return ", ".join((*nudges, *keys)) or SAME
