"""What follows from a reply: its effects and the one text that answers it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from nudger.delivery.inbound import Writer
from nudger.effects import Answer, Ask, Effect, Hold, OptIn, OptOut, Pause, Response, Resume, Settle, Snooze
from nudger.messages import Wording
from nudger.model import ChannelName, Outcome, Plan
from nudger.replies import Intent, Understood, Words, understand

UNBOUND_SNOOZE = timedelta(hours=1)
MOST_ANSWERS = 3  # automatic answers to what is not understood, in 24 h


@dataclass(frozen=True, slots=True)
class Responder:
    """Understands replies and decides what they do."""

    words: Words
    wording: Wording
    zone: Callable[[str], tzinfo]
    provider_handles_stop: frozenset[ChannelName] = frozenset()

    def respond(self, writer: Writer, text: str, channel: ChannelName, now: datetime) -> Response:
        """What this text does to the person who wrote it, on this channel."""
        plan, bound = writer.person.plan, writer.bound
        nudge = plan.nudge(bound.nudge) if bound else None
        understood = understand(
            text,
            language=plan.language,
            now=now,
            zone=self.zone(plan.timezone),
            snooze=nudge.snooze if nudge else UNBOUND_SNOOZE,
            quiet=plan.quiet,
            words=self.words,
        )
        reading = _Reading(self, writer, understood, channel, now)
        effects = reading.effects()
        if channel in writer.person.standing.opted_out:
            effects = reading.unasked_for(effects)
        return Response(str(understood.intent), understood.until, effects)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reply, understood, on its way to effects."""

    responder: Responder
    writer: Writer
    understood: Understood
    channel: ChannelName
    now: datetime

    @property
    def plan(self) -> Plan:
        return self.writer.person.plan

    def effects(self) -> tuple[Effect, ...]:
        match self.understood.intent:
            case Intent.STOP:
                return self._stop()
            case Intent.CRISIS:
                return (Hold(), self._say("crisis", helplines=self._helplines()))
            case Intent.START:
                return (OptIn(frozenset({self.channel}), "texted START"), self._say("started"))
            case Intent.SNOOZE:
                return self._snooze()
            case Intent.DONE:
                return self._settle(Outcome.DONE)
            case Intent.SKIP:
                return self._settle(Outcome.SKIPPED)
            case Intent.PAUSE:
                return (Pause(self.understood.until), self._paused())
            case Intent.RESUME:
                return (Resume(), self._say("resumed"))
            case Intent.NOW:
                return (Ask(self.understood.kind),)
            case Intent.PLAN:
                return (self._next(),)
            case Intent.HELP:
                return self._sparing(self._say("help", helplines=self._helplines()))
            case _:
                return self._sparing(self._say("unknown", helplines=self._helplines()))

    def unasked_for(self, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        """After STOP only STOP's own answer, START's and a crisis answer go out."""
        if self.understood.intent in (Intent.STOP, Intent.START, Intent.CRISIS):
            return effects
        return tuple(effect for effect in effects if not isinstance(effect, Answer | Ask))

    def _stop(self) -> tuple[Effect, ...]:
        channels = frozenset(ChannelName) if self.understood.everywhere else frozenset({self.channel})
        stop = OptOut(channels, "texted STOP")
        if self.understood.crisis:
            return (stop, Hold(), self._say("stopped_crisis", helplines=self._helplines()))
        if self.channel in self.responder.provider_handles_stop:
            return (stop,)  # the provider has confirmed it already
        if self.channel in self.writer.person.standing.opted_out:
            return (stop,)  # confirmed once is enough
        return (stop, self._say("stopped"))

    def _snooze(self) -> tuple[Effect, ...]:
        until, bound = self.understood.until, self.writer.bound
        if bound is None or until is None:
            return self._sparing(self._say("nothing_to_snooze"))
        key = "snoozed_moved" if self.understood.moved else "snoozed"
        return (Snooze(bound.occurrence, until), self._say(key, when=self._when(until)))

    def _settle(self, outcome: Outcome) -> tuple[Effect, ...]:
        answer = self._say(str(outcome))
        if self.writer.bound is None:
            return (answer,)
        return (Settle(self.writer.bound.occurrence, outcome), answer)

    def _paused(self) -> Answer:
        until = self.understood.until
        return self._say("paused_until", when=self._when(until)) if until else self._say("paused")

    def _next(self) -> Answer:
        at = self.writer.next_due_at
        return self._say("plan_next", when=self._when(at)) if at else self._say("plan_nothing")

    def _sparing(self, answer: Answer) -> tuple[Effect, ...]:
        """Two automatic programs must not answer each other for ever."""
        return (answer,) if self.writer.answers_today < MOST_ANSWERS else ()

    def _say(self, key: str, **values: str) -> Answer:
        return Answer(self.responder.wording.system(self.plan.language, key, **values))

    def _when(self, at: datetime) -> str:
        zone = self.responder.zone(self.plan.timezone)
        return self.responder.wording.say_when(
            self.plan.language, at.astimezone(zone), self.now.astimezone(zone)
        )

    def _helplines(self) -> str:
        return self.responder.wording.helplines(self.plan.country, self.plan.language)
