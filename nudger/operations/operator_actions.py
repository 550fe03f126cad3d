"""What an operator does to a person: the same from the command line, the board and the API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from nudger.agenda import gate
from nudger.agenda.entries import Drop, Due
from nudger.domain.effects import Ask, Effect, GoAway, Pause, Response, Resume, reachable
from nudger.domain.errors import UsageError
from nudger.domain.model import ChannelName, Kind, Origin, Person
from nudger.inbound.port import InboundStore, Writer
from nudger.inbound.respond import Responder
from nudger.replies import Intent
from nudger.schedule import local_date


@dataclass(frozen=True, slots=True)
class Operator:
    """Acts on people. Each act is one transaction, and stands in the person's log; it blocks.

    Raises UsageError, with what to do, for what cannot be done; nothing is changed then.
    """

    store: InboundStore
    responder: Responder
    zone: Callable[[str], tzinfo]

    def send(self, who: Person, kind: Kind, now: datetime) -> None:
        """Makes one nudge of this kind due now, if the gate would let it out."""
        if not any(nudge.kind is kind for nudge in who.plan.nudges):
            kinds = ", ".join(sorted({str(nudge.kind) for nudge in who.plan.nudges})) or "no nudges"
            raise UsageError(f"the plan of {who.id} has no {kind} nudge", f"It has: {kinds}.")
        if reason := self._held_back(who, kind, now):
            raise UsageError(f"{who.plan.name} gets nothing now: {reason}")
        self._act(who, now, "send", Ask(kind))

    def pause(
        self, who: Person, until: datetime | None, now: datetime, begins_at: datetime | None = None
    ) -> None:
        """Pauses nudges until then, or until it is ended where that is None; from now on, or from a later
        instant."""
        if until is not None and until <= now:
            raise UsageError("a pause ends later than now")
        if until is not None and until > reachable(until, now):
            raise UsageError(
                "a pause ends within ten years", "Without an end it lasts until they, or you, end it."
            )
        if begins_at is None or begins_at <= now:
            self._act(who, now, "pause", Pause(until))
        elif until is None or until <= begins_at:
            raise UsageError("a pause that begins later has an end, after its beginning")
        else:
            self._act(who, now, "pause", GoAway(begins_at, until))

    def resume(self, who: Person, now: datetime) -> None:
        """Ends a pause. A crisis hold is lifted by `lift` alone, so that nobody does it in passing; while
        one stands nothing is changed, so that nobody takes the pause that ended for the hold."""
        if who.standing.held_at is not None:
            since = who.standing.held_at.astimezone(self.zone(who.plan.timezone))
            raise UsageError(
                f"{who.plan.name} is held after a crisis text, since {since:%a %d %b %H:%M}",
                "Nothing was changed. The hold ends when they text RESUME; or lift it apart, after you have"
                f" spoken with them: nudger resume {who.id} --lift-hold",
            )
        self._act(who, now, "resume", Resume(lifts=False))

    def lift(self, who: Person, now: datetime) -> None:
        """Ends a crisis hold, and a pause with it."""
        if who.standing.held_at is None:
            raise UsageError(f"{who.plan.name} is not held")
        self._act(who, now, "lift the hold", Resume())

    def when(self, who: Person, words: str, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Returns from when (None: now) until when (None: until it is ended) "3 days", "until monday" or
        "monday to friday" is, by the person's own clock."""
        text = f"pause {words}"
        response = self.responder.respond(Writer(who, None), text, ChannelName.SMS, now)
        away = next((one for one in response.effects if isinstance(one, GoAway)), None)
        if away is not None:
            return away.begins, away.until
        if response.intent != Intent.PAUSE or (words.strip() and response.until is None):
            raise UsageError(f'expected "3 days", "until monday" or "monday to friday", got {words!r}')
        return None, response.until

    def _held_back(self, who: Person, kind: Kind, now: datetime) -> str | None:
        """Why the gate would not let such a nudge out now: said at once, not left to the log."""
        zone = self.zone(who.plan.timezone)
        nudge = next(nudge for nudge in who.plan.nudges if nudge.kind is kind)
        today, expires_at = local_date(zone, now), now + nudge.expires
        due = Due(0, who.id, nudge.id, kind, Origin.ON_DEMAND, today, 0, 0, now, expires_at)
        answer = gate.ask(who, due, gate.Moment(now, zone))
        return answer.reason if isinstance(answer, Drop) else None

    def _act(self, who: Person, now: datetime, what: str, *effects: Effect) -> None:
        self.store.act(who.id, now, lambda _: Response(what, None, effects), what)
