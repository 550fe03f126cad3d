"""What a text still does that reaches nudger late, and after others: it was down, or had a fault. Pure.

An opt-out, a danger, a pause, and their contraries count however late; what has been said since counts more.
A time that has passed means nothing any more, and a nudge of hours ago is not put off. The answer says how
late it is; but for danger it waits for the end of quiet hours, for nobody is up and waiting for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nudger.domain.effects import (
    Answer,
    Ask,
    Effect,
    Hold,
    LowDays,
    OptIn,
    OptOut,
    Pause,
    Rate,
    Response,
    Resume,
    Snooze,
    Tell,
    Unanswered,
)
from nudger.domain.model import CRISIS_ANSWERS
from nudger.inbound.replies import Inbound, Writer
from nudger.inbound.respond import Responder
from nudger.schedule import quiet_ends

LATE = timedelta(minutes=15)  # from here on its answer says so
STALE = timedelta(hours=1)  # from here on it puts off no nudge, and asks for none
# What goes unanswered when it is stale: nobody waits for it any more.
_PASSED = frozenset(
    {"done", "skipped", "plan_next", "plan_nothing", "link", "no_link", "nothing_to_snooze"}
    | {"now_enough", "now_quiet", "now_paused"}
)

# What a person's log says that takes back what an effect of an earlier text would do.
_SINCE: dict[type[Effect], frozenset[str]] = {
    OptOut: frozenset({"opted in"}),
    OptIn: frozenset({"opted out"}),
    Pause: frozenset({"paused", "resumed"}),
    Resume: frozenset({"paused", "crisis hold", "crisis text, held already"}),
    Rate: frozenset({"nudges"}),
    LowDays: frozenset({"low days"}),
}
# Of a text from before a plan named its writer these count alone.
_OF_STRANGERS = (OptOut, Hold, Tell)


@dataclass(frozen=True, slots=True)
class Late:
    """A text that was taken later than it came in."""

    responder: Responder
    writer: Writer
    inbound: Inbound
    now: datetime

    @property
    def age(self) -> timedelta:
        return self.now - self.inbound.received_at

    def response(self, response: Response) -> Response:
        """What is left of what it would have done and drawn in time."""
        done = [effect for effect in response.effects if self._counts(effect)]
        left_out = len(done) < len(response.effects)
        return replace(response, effects=tuple(self._said(done, left_out=left_out)))

    def _counts(self, effect: Effect) -> bool:
        if isinstance(effect, Answer):
            return True
        known_since = self.writer.known_since
        if known_since is not None and self.inbound.received_at < known_since:
            return isinstance(effect, _OF_STRANGERS)
        if self.writer.since & _SINCE.get(type(effect), frozenset()):
            return False
        match effect:
            case Snooze(_, until):
                return self.age < STALE and until > self.now
            case Ask():
                return self.age < LATE
            case Pause(until):
                return until is None or until > self.now
        return True

    def _said(self, done: list[Effect], *, left_out: bool) -> Iterator[Effect]:
        """The answers, as late as they are."""
        for effect in done:
            if not isinstance(effect, Answer):
                yield effect
            elif self._has_had(effect):
                yield Unanswered("answered since")
            elif self.inbound.again and effect.key not in CRISIS_ANSWERS:
                yield Unanswered("answered, perhaps, before the database was restored")
            elif effect.key in CRISIS_ANSWERS:
                yield self._late(effect)
            elif left_out:
                yield self._put_off(replace(effect, key="too_late", text=self._words("too_late")))
            elif self.age >= STALE and effect.key in _PASSED:
                yield Unanswered("too late for an answer")
            else:
                yield self._put_off(self._late(effect))

    def _has_had(self, answer: Answer) -> bool:
        """Whether they got this very answer since they wrote."""
        after = self.inbound.received_at
        return any(one.key == answer.key and one.at > after for one in self.writer.answered)

    def _late(self, answer: Answer) -> Answer:
        if self.age < LATE:
            return answer
        return replace(answer, text=f"{self._words('late')} {answer.text}")

    def _put_off(self, answer: Answer) -> Answer:
        """At night nobody waits for an answer that is hours late."""
        plan = self.writer.person.plan
        if self.age < STALE or plan.quiet is None:
            return answer
        return replace(answer, at=quiet_ends(self.responder.zone(plan.timezone), plan.quiet, self.now))

    def _words(self, key: str) -> str:
        return self.responder.say_at(self.writer.person.plan, key, self.inbound.received_at, self.now)
