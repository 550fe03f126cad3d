"""Whether an entry of the agenda may go out now. Read inside the claim's transaction, on every path.

First the counts of a person's history that it goes by: folds, so that a preview counts as the daemon
does. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property

from nudger.agenda.entries import EVERY_WAY, Drop, Due, Later, Restored, Ways
from nudger.domain.model import FROM_A_TEXT, ChannelName, History, Nudge, Origin, Person, Plan, State
from nudger.schedule import quiet_ends

# A send this little late counts as on time: the next drawn time keeps its gap from the planned one.
ON_TIME = timedelta(seconds=60)
# At least every 30 days, for a weekly nudge too.
SHOWN_EVERY = timedelta(days=28)


def sent_on(history: History, day: date) -> int:
    """Counts the nudges that count for the daily limit of this local date."""
    return history.sent if history.on == day else 0


def count_send(history: History, day: date, due_at: datetime, now: datetime) -> History:
    """Counts one nudge more on this local date."""
    last_at = due_at if now - due_at < ON_TIME else now
    h = history  # by position: `replace` takes three times as long, and every send comes by here
    return History(
        day, sent_on(h, day) + 1, last_at, h.recent, h.contacted, h.left_out, h.shown_at, h.eased_at
    )


def thin_out(history: History, plan: Plan, nudge_id: str, fewer: int) -> tuple[bool, History]:
    """Returns whether this time of a nudge goes after so many LESS, and the history after it.

    Each nudge's own times are counted, so one of every two (of four) goes of a weekly nudge as well as
    of a daily one. The nudges of a plan take turns: the first begins with a time left out, the next
    with one that goes.
    """
    if not fewer and not history.left_out:
        return True, history
    every = 2**fewer
    ids = [nudge.id for nudge in plan.nudges]
    waited = history.left_out.get(nudge_id, ids.index(nudge_id) % every)
    goes = waited + 1 >= every
    kept = {one: count for one, count in history.left_out.items() if fewer and one in ids}
    return goes, replace(history, left_out={**kept, nudge_id: 0 if goes else waited + 1} if fewer else kept)


def shows_ways_out(history: History, local_now: datetime) -> bool:
    """Tells whether it is time that a text says who sends it, and how to have less of it or none."""
    if history.shown_at is None:
        return False
    last = history.shown_at.astimezone(local_now.tzinfo).date()
    return local_now.date() - last >= SHOWN_EVERY


def in_touch(history: History, contact: str, at: datetime) -> History:
    """Notes that the person was in touch with this contact: others come before them for a while."""
    return replace(history, contacted={**history.contacted, contact: at})


def put_off(history: History) -> History:
    """Counts a snooze in place of the send that it put off."""
    return replace(history, sent=max(0, history.sent - 1))


ALREADY = "the database was restored from a backup: it may have gone out before"

QUARANTINE = timedelta(minutes=15)  # how often a welcome looks whether a restored database is accepted


@dataclass(frozen=True, slots=True)
class Pass:
    """It may go out, on this channel."""

    channel: ChannelName
    address: str


@dataclass(frozen=True, slots=True)
class Full:
    """It may go out on this channel, when its turn comes."""

    channel: ChannelName
    reason: str


@dataclass(frozen=True)
class Moment:
    """When and under which outer conditions the gate is asked."""

    now: datetime
    zone: tzinfo
    ways: Ways = EVERY_WAY
    restored: Restored | None = None  # where the database was restored from a backup
    mute: frozenset[ChannelName] = frozenset()  # on which a welcome could not be answered

    @cached_property
    def local(self) -> datetime:
        """What the clock on the wall shows."""
        return self.now.astimezone(self.zone)

    def clock(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%H:%M}"


Answer = Pass | Full | Drop | Later


def ask(person: Person, due: Due, moment: Moment) -> Answer:
    """Asks every rule of the gate but the two that count what else was sent (see `count`).

    The first that says no gives the reason that people read, so the order is part of the promise:

    1. A welcome has rules of its own: it waits for what a nudge is dropped for (`_welcome`).
    2. What has expired is missed, with what held it up: nothing stale goes out by any path.
    3. After a restore, what may have gone out before never goes again, and no nudge goes until the operator
       has accepted the database. Before all rules of the plan, for that may be an old one too.
    4. What follows from a person's own text (an answer, a notice) needs no more than an address and a sender:
       no pause, quiet hour or hold keeps it.
    5. A nudge that an edit has taken away is cancelled.
    6. Who is to be left alone is: removed, held after a crisis, paused, in quiet hours; the gravest is named.
    7. The first channel of the plan that has an address, consent, no STOP and a closed circuit. An open
       circuit is passed over for the next channel, and waited for where there is none.
    """
    if due.origin is Origin.WELCOME:
        return _welcome(person, due, moment)
    if moment.now > due.expires_at:
        return _late(due, f"before {moment.clock(due.expires_at)}")
    if reason := _of_before(due, moment.restored):
        return _missed(reason)
    if due.origin is Origin.ANSWER:
        return _answer(person, due, moment)
    if due.origin is Origin.NOTICE:
        return _notice(person, due, moment)
    nudge = person.plan.nudge(due.nudge)
    if nudge is None:
        return Drop(State.CANCELLED, "no longer in the plan")
    if reason := _left_alone(person, moment):
        # Its turn did not come in time, and that is why, not the quiet hours that it ran into.
        return (
            _late(due, f"before {reason}")
            if due.held_up and reason == _quiet(person)
            else _suppressed(reason)
        )
    return _channel(person, due, nudge, moment)


def asks_from(person: Person, channel: ChannelName, moment: Moment) -> datetime | None:
    """Returns from when on this person may be asked for consent on this channel; None: not as things
    stand."""
    if _needless(person, channel, moment):
        return None
    if channel in person.standing.asked:
        again_at = person.standing.asks_again_at
        if again_at is None or channel not in person.standing.asks_again:
            return None
        moment = replace(moment, now=max(moment.now, again_at))
    return _opens_at(person, moment)


def count(person: Person, due: Due, moment: Moment) -> Drop | None:
    """Asks the rules that count: the daily limit, and the gap that a drawn time keeps."""
    if due.origin in (*FROM_A_TEXT, Origin.ON_DEMAND):
        return None
    plan, history = person.plan, person.history
    if sent_on(history, moment.local.date()) >= plan.daily_limit:
        return _suppressed(f"the daily limit of {plan.daily_limit} is reached")
    # A fixed time and a snooze are times that the person named: kept. A drawn one gives way.
    at = due.due_at if moment.now - due.due_at < ON_TIME else moment.now
    if due.origin is Origin.DRAWN and history.last_at is not None and at - history.last_at < plan.gap:
        return _suppressed(f"less than {_minutes(plan.gap)} after the last one")
    return None


def catching_up(passed: Sequence[Due], now: datetime) -> bool:
    """Tells whether of one person's due nudges only the latest goes: one of several is late."""
    return len(passed) > 1 and any(now - due.due_at >= ON_TIME for due in passed)


def overtaken() -> Drop:
    return _missed("a later nudge went out in its place when nudger caught up")


def _of_before(due: Due, restored: Restored | None) -> str | None:
    """What a restored database plans may have gone out before it was restored."""
    if restored is None:
        return None
    if due.origin in FROM_A_TEXT:
        return ALREADY if due.due_at <= restored.noticed_at else None
    if restored.accepted_at is None:
        return "held back: the database was restored, and nobody had typed nudger accept-restore"
    return ALREADY if due.due_at <= restored.done_until else None


def _late(due: Due, when: str) -> Drop:
    return _missed(f"could not go out {when}" + (f": {due.held_up}" if due.held_up else ""))


def _answer(person: Person, due: Due, moment: Moment) -> Pass | Full | Drop:
    channel = due.channel or ChannelName.SMS
    address = person.plan.address(channel)
    if address is None:
        return Drop(State.CANCELLED, f"no address for {channel} any more")
    if channel in due.refused:
        return _failed(due, f"{channel} refused it")
    if due.urgent:
        fault = moment.ways.open_circuits.get(channel)
        return Full(channel, fault) if fault else Pass(channel, address)
    if (spent := moment.ways.unanswered.get(channel)) is not None:
        return _missed(spent)
    return _passes(channel, address, moment)


def _passes(channel: ChannelName, address: str, moment: Moment) -> Pass | Full:
    """There is no other channel to go to: an open circuit is waited for, too."""
    reason = moment.ways.open_circuits.get(channel) or moment.ways.full.get(channel)
    return Full(channel, reason) if reason else Pass(channel, address)


def _notice(person: Person, due: Due, moment: Moment) -> Pass | Full | Drop:
    """To the trusted contact whom the plan names now, unless the person has withdrawn it meanwhile."""
    contact = person.plan.trusted
    if contact is None or contact.phone is None:
        return Drop(State.CANCELLED, "the plan has no trusted contact any more")
    if contact.tell == person.standing.untold:
        return Drop(State.CANCELLED, "withdrawn by the person")
    if ChannelName.SMS in due.refused:
        return _failed(due, f"{ChannelName.SMS} refused it")
    return _passes(ChannelName.SMS, contact.phone, moment)


def _welcome(person: Person, due: Due, moment: Moment) -> Pass | Full | Drop | Later:
    """The question for consent waits, however long, for quiet hours, pauses and open circuits to end."""
    channel = due.channel or ChannelName.SMS
    address, opens_at = person.plan.address(channel), _opens_at(person, moment)
    if (restored := moment.restored) is not None:
        if due.due_at <= restored.done_until:
            return _missed(ALREADY)
        if restored.accepted_at is None:
            return Later(moment.now + QUARANTINE, "held back: the database was restored")
    if (reason := _needless(person, channel, moment)) is not None or address is None:
        return Drop(State.CANCELLED, reason or f"no address for {channel} any more")
    if channel in due.refused:
        return _failed(due, f"{channel} refused it")
    if opens_at is None or opens_at > moment.now:
        reason = _left_alone(person, moment) or "left alone for now"
        return Later(opens_at, reason) if opens_at else _suppressed(reason)
    return _passes(channel, address, moment)


def _needless(person: Person, channel: ChannelName, moment: Moment) -> str | None:
    """Why there is nothing to ask on this channel, or no way to."""
    if person.plan.address(channel) is None:
        return f"no address for {channel} any more"
    if channel in person.standing.opted_out:
        return f"opted out of {channel}"
    if channel in person.standing.consented:
        return f"consent is on record for {channel}"
    if channel not in person.plan.sends_on:
        return f"the plan sends nothing by {channel}"
    if channel in moment.mute:
        return f"{channel} cannot ask: nobody could answer it"
    return None


def _opens_at(person: Person, moment: Moment) -> datetime | None:
    """When a pause and quiet hours are over; None where nobody knows."""
    standing, at, quiet = person.standing, moment.now, person.plan.quiet
    if standing.removed_at is not None or standing.held_at is not None:
        return None
    if standing.paused(at):
        back_at = standing.back_at(at)
        if back_at is None:
            return None
        at = back_at
    return quiet_ends(moment.zone, quiet, at) if quiet is not None else at


def _left_alone(person: Person, moment: Moment) -> str | None:
    standing, quiet = person.standing, person.plan.quiet
    if standing.removed_at is not None:
        return "the plan file was removed"
    if standing.held_at is not None:
        return "held until RESUME"
    if standing.paused(moment.now):
        until, away = standing.back_at(moment.now), standing.wishes.away_at(moment.now)
        what = "away" if away is not None and until == away.ends_at else "paused"
        return f"{what} until {until.astimezone(moment.zone):%Y-%m-%d %H:%M}" if until else "paused"
    if quiet is not None and moment.local.time() in quiet:
        return _quiet(person)
    return None


def _channel(person: Person, due: Due, nudge: Nudge, moment: Moment) -> Pass | Full | Drop:
    """The first channel of the plan that is open to this person; else why none is."""
    ways, broken, reasons = moment.ways, list[Full](), list[str]()
    for channel in nudge.channels or person.plan.channels:
        if reason := _shut(person, due, channel):
            reasons.append(reason)
        elif channel in ways.open_circuits:
            broken.append(Full(channel, ways.open_circuits[channel]))
        elif channel in ways.full:
            return Full(channel, ways.full[channel])
        else:
            return Pass(channel, person.plan.address(channel) or "")
    if broken:
        return broken[0]
    why = "; ".join(reasons) or "no channel"
    # Tried, and no way is left: that is a failure, and no rule that kept it from the person.
    return _failed(due, why) if due.refused else _suppressed(why)


def _shut(person: Person, due: Due, channel: ChannelName) -> str | None:
    """Why this channel is not for this person, or not for this entry."""
    if person.plan.address(channel) is None:
        return f"no address for {channel}"
    if channel in person.standing.opted_out:
        return f"opted out of {channel}"
    if channel not in person.standing.consented:
        return f"no consent on record for {channel}"
    if channel in due.refused:
        return f"{channel} refused it"
    if channel in person.standing.unreachable:
        return f"unreachable by {channel}: too much in a row did not arrive"
    return None


def _quiet(person: Person) -> str:
    return f"quiet hours {person.plan.quiet}"


def _failed(due: Due, reason: str) -> Drop:
    return Drop(State.FAILED, reason + (f" ({due.held_up})" if due.held_up else ""))


def _suppressed(reason: str) -> Drop:
    return Drop(State.SUPPRESSED, reason)


def _missed(reason: str) -> Drop:
    return Drop(State.MISSED, reason)


def _minutes(span: timedelta) -> str:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours}h{minutes:02}m" if hours and minutes else f"{hours}h" if hours else f"{minutes}m"
