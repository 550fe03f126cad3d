"""What follows from a reply: its effects and the one text that answers it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

from nudger.agenda.thinning import backs_off
from nudger.domain.effects import (
    FIRST,
    Answer,
    Ask,
    Effect,
    Hold,
    OptIn,
    OptOut,
    Pause,
    Reached,
    Response,
    Resume,
    Settle,
    Snooze,
    Tell,
    Unanswered,
    Untell,
    reachable,
)
from nudger.domain.model import ChannelName, Contact, Outcome, Plan, Standing
from nudger.inbound import words as telling
from nudger.inbound.port import Writer
from nudger.inbound.wishes import NOBODY_NAMED, WISHES, Wanted, WhoSends, less, low_days, more, which
from nudger.messages import When, Wording
from nudger.replies import NOBODYS, CrisisKind, Intent, Understood, Words, as_today, understand
from nudger.schedule import is_quiet

UNBOUND_SNOOZE = timedelta(hours=1)
QUIET_DAY = timedelta(hours=24)  # after a concern
MOST_ASKED = 3  # nudges on demand of one local date

# Answers that name helplines already.
_HELPFUL = frozenset({"help", "unknown", "held", "not_begun", telling.SAID})

# What providers take for an opt-out, and confirm, where it is all that a text says (Twilio, "Customizing User
# Opt-Out Keywords": its defaults). An opt-out in other words is nudger's alone to confirm.
_KEYWORDS = frozenset(["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"])

# What a tap means for the nudge that it is on.
_OF_NUDGES = (Intent.DONE, Intent.SKIP, Intent.SNOOZE)

# Of these a trusted contact is told.
_TOLD = (CrisisKind.SELF, CrisisKind.TAKEN)

# What would change nothing, or promise what does not come, while a crisis hold stands.
_HELD_BACK = (
    Intent.START,
    Intent.SNOOZE,
    Intent.NOW,
    Intent.PLAN,
    Intent.LESS,
    Intent.MORE,
    Intent.TINY,
    Intent.AWAY,
    Intent.TODAY,
    Intent.ANSWER,
    Intent.SAID,
    Intent.HOURS,
)


@dataclass(frozen=True, slots=True)
class Responder:
    """Understands replies and decides what they do."""

    words: Words
    wording: Wording
    zone: Callable[[str], tzinfo]
    provider_handles_stop: frozenset[ChannelName] = frozenset()
    tells_contacts: bool = False  # the operator's switch for notices to trusted contacts
    sender: WhoSends = NOBODY_NAMED
    # (person, channel, now): the address of their own page. None: no link can lead to one.
    own_page: Callable[[str, ChannelName, datetime], str] | None = None

    def respond(self, writer: Writer, text: str, channel: ChannelName, now: datetime) -> Response:
        """Returns what this text does to the person who wrote it, on this channel."""
        return self.follow(writer, self.read(writer, text, now), channel, now, said=text)

    def read(self, writer: Writer, text: str, now: datetime, *, asked_consent: bool = False) -> Understood:
        """Returns what this text means to this person, in the intents that are acted on so far: see
        `as_today`."""
        understood = self.understand(writer, text, now, asked_consent=asked_consent)
        return as_today(which(writer, understood, text, now))

    def understand(
        self, writer: Writer, text: str, now: datetime, *, asked_consent: bool = False
    ) -> Understood:
        """Returns what this text means to this person. `asked_consent`: whether nudger may write to them is
        open."""
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
            ours=[sent.text for sent in writer.sent],
            after_nudge=writer.after.kind if writer.after else None,
            country=plan.country,
            contacts={contact.name: contact.relation for contact in plan.contacts},
            ask=telling.open_form(writer),
            asked_consent=asked_consent,
        )
        tapped = None if understood.tapped is None else writer.sent[understood.tapped].origin
        if understood.intent in _OF_NUDGES and tapped is not None and not tapped.is_nudge:
            return NOBODYS  # "OK, again at 11 am." is liked, and comes at 11 all the same
        until = understood.until and reachable(understood.until, now)
        return understood if until == understood.until else replace(understood, until=until)

    def follow(
        self, writer: Writer, understood: Understood, channel: ChannelName, now: datetime, *, said: str
    ) -> Response:
        """Returns what follows from a text that is understood so; `said` are its words."""
        reading = _Reply(self, writer, understood, channel, now, said)
        effects = (*telling.kept(writer, understood, said), *reading.effects())
        if writer.person.standing.held_at is not None and understood.intent in _HELD_BACK:
            effects = reading.held(effects)
        if channel in writer.person.standing.opted_out:
            effects = reading.unasked_for(effects)
        return Response(str(understood.intent), understood.until, effects)

    def say_at(self, plan: Plan, key: str, at: datetime, now: datetime) -> str:
        """Returns one of nudger's texts about an instant, as one says it now."""
        zone = self.zone(plan.timezone)
        when = self.wording.say_when(plan.language, at.astimezone(zone), now.astimezone(zone))
        return self.wording.system(plan.language, key, when=when)

    def last(self, plan: Plan, answer: Answer) -> Answer:
        """Turns an answer into the last one for a while: it says so, and where somebody is."""
        quiet = self.wording.system(plan.voice, "quiet")
        if answer.key not in _HELPFUL:
            quiet = self.wording.system(plan.voice, "quiet_helplines", helplines=self.lines(plan))
        return replace(answer, text=f"{answer.text} {quiet}")

    def lines(self, plan: Plan) -> str:
        """Returns the helplines of their country, in words."""
        return self.wording.helplines(plan.country, plan.voice)

    def contact_stops(self, text: str, now: datetime) -> bool | None:
        """Returns what a trusted contact says of notices, in any language: True for STOP, False for START."""
        meanings = {
            understand(
                text,
                language=language,
                now=now,
                zone=UTC,
                snooze=UNBOUND_SNOOZE,
                quiet=None,
                words=self.words,
            ).intent
            for language in sorted(self.wording.languages)
        }
        if Intent.STOP in meanings:
            return True
        return False if Intent.START in meanings else None


def reached(writer: Writer) -> tuple[Effect, ...]:
    """Returns what follows from DONE for the contact whom the nudge named."""
    contact = writer.person.plan.contact(writer.bound.contact) if writer.bound else None
    return (Reached(contact.name),) if contact is not None else ()


@dataclass(frozen=True, slots=True)
class _Reply:
    """One reply, understood, on its way to effects."""

    responder: Responder
    writer: Writer
    understood: Understood
    channel: ChannelName
    now: datetime
    said: str

    @property
    def plan(self) -> Plan:
        return self.writer.person.plan

    def effects(self) -> tuple[Effect, ...]:
        match self.understood.intent:
            case Intent.STOP:
                return self._stop()
            case Intent.CRISIS:
                return self._crisis()
            case Intent.CONCERN:
                return self._concern()
            case Intent.START:
                return (OptIn(frozenset({self.channel}), "texted START"), self._say("started"))
            case intent if intent in WISHES:
                return self._wish()
            case Intent.PAUSE:
                return (Pause(self.understood.until), self._paused())
            case Intent.RESUME:
                return (Resume(), self._say("resumed"))
            case Intent.UNTELL:
                return self._untell()
            case Intent.ANSWER | Intent.SAID:
                return (telling.acknowledged(self.responder.wording, self.writer, self.understood),)
            case Intent.HELP | Intent.UNKNOWN as key:
                return (self._say(key, helplines=self._helplines()),)
            case _:
                return self._of_nudges()

    def _of_nudges(self) -> tuple[Effect, ...]:
        match self.understood.intent:
            case Intent.SNOOZE:
                return self._snooze()
            case Intent.DONE:
                return self._settle(Outcome.DONE)
            case Intent.SKIP:
                return self._settle(Outcome.SKIPPED)
            case Intent.NOW:
                return self._now()
            case Intent.PLAN:
                return (self._next(),)
            case Intent.LINK:
                return self._own_page()
            case _:
                return self._ease()

    def held(self, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        """While a hold stands nothing is planned or promised; what is agreed to is kept."""
        kept = tuple(
            effect for effect in effects if not isinstance(effect, Answer | Ask | Snooze | Unanswered)
        )
        return (*kept, self._say("held", helplines=self._helplines()))

    def unasked_for(self, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        """After STOP only STOP's own answer, START's and those to a danger go out."""
        if self.understood.intent in (Intent.STOP, Intent.START, Intent.CRISIS, Intent.CONCERN):
            return effects
        return tuple(effect for effect in effects if not isinstance(effect, Answer | Ask))

    def _stop(self) -> tuple[Effect, ...]:
        channels = frozenset(ChannelName) if self.understood.everywhere else frozenset({self.channel})
        stop = OptOut(channels, "texted STOP")
        if self.understood.crisis:
            return (stop, Hold(), self._crisis_answer("stopped_crisis"))
        if self.understood.concern:
            return (stop, self._crisis_answer("stopped_crisis"))
        if self.channel in self.responder.provider_handles_stop and _is_keyword(self.said):
            return (stop,)  # the provider has confirmed it already
        if self.channel in self.writer.person.standing.opted_out:
            return (stop,)  # confirmed once is enough
        return (stop, self._say("stopped"))

    def _snooze(self) -> tuple[Effect, ...]:
        until, bound = self.understood.until, self.writer.bound
        if bound is None or until is None:
            return (self._say("nothing_to_snooze"),)
        key = "snoozed_moved" if self.understood.moved else "snoozed"
        return (Snooze(bound.occurrence, until), self._say(key, when=self._when(until)))

    def _settle(self, outcome: Outcome) -> tuple[Effect, ...]:
        answer, bound = self._say(str(outcome)), self.writer.bound
        if bound is None:
            return (answer,)
        in_touch = reached(self.writer) if outcome is Outcome.DONE else ()
        return (Settle(bound.occurrence, outcome), *in_touch, answer)

    def _crisis(self) -> tuple[Effect, ...]:
        """A hold, and one static text."""
        if self.channel in self._standing.opted_out:
            return (Hold(), self._crisis_answer("stopped_crisis"))
        told = self._told()
        if told is None:
            return (Hold(), self._crisis_answer("crisis"))
        notice = self._say("notice", name=self.plan.name, contact=told.name)
        answer = self._crisis_answer("crisis_told", told.name)
        return (Hold(), answer, Tell(told.name, notice.text))

    def _concern(self) -> tuple[Effect, ...]:
        """Helplines at once, and a quiet day: no hold. What rests for longer goes on resting, and no quiet
        day is promised where nothing comes anyway."""
        until, standing = self.now + QUIET_DAY, self._standing
        stopped = self.channel in standing.opted_out
        quiet = standing.held_at is None and not standing.rests_until(until, self.now)
        words = self.responder.wording.concern(
            self.plan.voice, self._danger, self.plan.country, quiet=quiet and not stopped
        )
        return (*((Pause(until),) if quiet else ()), Answer(words, "concern"))

    def _crisis_answer(self, key: str, told: str = "") -> Answer:
        """The answer of this key, by the kind of danger that the text speaks of."""
        text = self.responder.wording.crisis(
            self.plan.voice, self._danger, self.plan.country, told=told, stopped=key == "stopped_crisis"
        )
        return Answer(text, key)

    @property
    def _danger(self) -> CrisisKind:
        return self.understood.danger or CrisisKind.SELF

    def _told(self) -> Contact | None:
        """Whom this hold is told to: once, when it begins, and only by the opt-in of both.

        Nobody where somebody else does the person harm: it may be this contact, and a call may be the
        wrong thing now. Nobody where the worry is about another person either.
        """
        contact, standing = self.plan.trusted, self._standing
        if not self.responder.tells_contacts or standing.held_at is not None or contact is None:
            return None
        if self._danger not in _TOLD:
            return None
        refused = self.writer.contact_stopped or contact.tell == standing.untold
        return None if refused or contact.phone is None else contact

    def _untell(self) -> tuple[Effect, ...]:
        contact = self.plan.trusted
        withdrawn = (Untell(contact.tell),) if contact is not None and contact.tell is not None else ()
        return (*withdrawn, self._say("untold"))

    def _now(self) -> tuple[Effect, ...]:
        """One at once, or a word on why not: who asks is never met with silence."""
        quiet, plan = self.plan.quiet, self.plan
        if self._standing.paused(self.now):
            return (self._say("now_paused"),)
        if quiet is not None and is_quiet(self.responder.zone(plan.timezone), quiet, self.now):
            return (self._say("now_quiet"),)
        if self.writer.asked_today >= MOST_ASKED:
            return (self._say("now_enough"),)
        kind = self.understood.kind
        return (Ask(kind if any(nudge.kind is kind for nudge in plan.nudges) else None),)

    def _ease(self) -> tuple[Effect, ...]:
        match self.understood.intent:
            case Intent.LESS:
                effects, key = less(self._standing)
            case Intent.MORE if self._rests_of_concern():
                effects, key = (Resume(lifts=False),), "resumed"
            case Intent.MORE:
                zone = self.responder.zone(self.plan.timezone)
                effects, key = more(self._standing, self.now, backs_off(self.writer.person, self.now, zone))
            case _:
                effects, key = low_days(self.now)
        return (*effects, self._say(key))

    def _rests_of_concern(self) -> bool:
        """Whether the quiet day after a concern is what keeps nudges back: they asked for no pause."""
        until = self._standing.paused_until
        concerns = [one.at for one in self.writer.answered if one.key == "concern"]
        return until is not None and self.now < until <= max(concerns, default=FIRST) + QUIET_DAY

    def _paused(self) -> Answer:
        until = self.understood.until
        return self._say("paused_until", when=self._when(until)) if until else self._say("paused")

    def _next(self) -> Answer:
        at = self.writer.next_due_at
        return self._say("plan_next", when=self._when(at)) if at else self._say("plan_nothing")

    def _wish(self) -> tuple[Effect, ...]:
        wish = Wanted(
            self.writer,
            self.understood,
            self.now,
            self.said,
            self.responder.zone(self.plan.timezone),
            self.responder.sender,
            self._say,
            self._when,
            partial(self.responder.wording.say_time, self.plan.voice),
        )
        return wish.effects()

    def _own_page(self) -> tuple[Effect, ...]:
        page = self.responder.own_page
        if page is None:
            return (self._say("no_link"),)
        address = page(self.plan.person, self.channel, self.now)
        if telling.asks_for_words(self.responder.wording, self.plan, self.said):
            return (self._say("journal", address=f"{address}/{telling.JOURNAL}"),)
        return (self._say("link", address=address),)

    def _say(self, key: str, **values: str) -> Answer:
        return Answer(self.responder.wording.system(self.plan.voice, key, **values), key)

    @property
    def _standing(self) -> Standing:
        return self.writer.person.standing

    def _when(self, at: datetime) -> When:
        zone = self.responder.zone(self.plan.timezone)
        return self.responder.wording.say_when(
            self.plan.voice, at.astimezone(zone), self.now.astimezone(zone)
        )

    def _helplines(self) -> str:
        return self.responder.lines(self.plan)


def _is_keyword(said: str) -> bool:
    return said.strip().lower() in _KEYWORDS
