"""The way in, and the story of a reply from top to bottom.

1. `Inbox.take` is given a text by the webhook, the poller or the phone page. The store finds who wrote it and
   which nudge it is about, and has what follows decided inside its own transaction: the text, its effects
   and its answer are committed together, or not at all. A replay and a stranger change nothing.
2. `answer` decides it. Pure, as all that follows here. `Responder.read` says what the text means: danger
   first, then opt-outs, then commands; what the provider took it for counts more than the words.
3. `Responder.follow` says what it does, and the one text that answers it.
4. While the question for consent is open, a text answers that: yes, no, or how to begin.
5. Of a text that reaches nudger late, `Late` keeps what still counts.
6. `allowance` says whether it is answered: what a text does is done all the same.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from nudger.domain.effects import (
    NOBODYS,
    Answer,
    Ask,
    Effect,
    GoAway,
    Hold,
    Hours,
    LowDays,
    OptIn,
    OptOut,
    Pause,
    Rate,
    Response,
    Resume,
    Settle,
    Snooze,
    Tell,
    Unanswered,
    Undo,
)
from nudger.domain.model import APART, CRISIS_ANSWERS, ChannelName
from nudger.inbound.needs import need_of
from nudger.inbound.port import Handled, Inbound, InboundStore, Logger, Writer
from nudger.inbound.respond import Responder
from nudger.replies import Intent, Understood, same_form
from nudger.schedule import quiet_ends
from nudger.sending.port import Observer

# What a contact says with what a provider took for a keyword: whether they stop notices; None: neither.
_KEYWORDS = {Handled.STOP: True, Handled.START: False, Handled.HELP: None}


@dataclass(frozen=True, slots=True)
class Inbox:
    """Takes replies from the webhook, the poller and the phone page alike."""

    store: InboundStore
    responder: Responder
    watch: Observer
    log: Logger  # given, so that whoever looks at words alone loads none

    async def take(self, inbound: Inbound) -> None:
        """Returns once the text and its effects are committed; a replay and a stranger change nothing."""
        response = await asyncio.to_thread(
            self.store.take_reply,
            inbound,
            lambda writer: answer(self.responder, writer, inbound),
        )
        if response is None or response.intent in (Intent.STOP, Intent.START):
            await self._from_contact(inbound)
        if response is None:
            # A stranger, or a replay: whoever has our number could fill the log with them.
            self.watch.replied("nobody")
            return
        self.watch.replied(response.intent)
        # The text itself is never logged; who wrote is known to the store alone.
        self.log.info("reply", intent=response.intent, channel=str(inbound.channel))

    async def _from_contact(self, inbound: Inbound) -> None:
        """A trusted contact's own STOP: taken, and answered by the provider alone."""
        if inbound.handled is None:
            stop = self.responder.contact_stops(inbound.text, inbound.received_at)
        else:
            stop = _KEYWORDS[inbound.handled]
        if stop is not None:
            await asyncio.to_thread(self.store.contact_said, inbound.address, stop, inbound.received_at)


def answer(responder: Responder, writer: Writer, inbound: Inbound) -> Response:
    """Returns all that follows from this text for the person who wrote it."""
    now = inbound.taken_at or inbound.received_at
    asked = is_open(writer, inbound.channel)
    understood = responder.read(writer, inbound.text, inbound.received_at, asked_consent=asked)
    if inbound.handled is not None:
        understood = _handled(understood, inbound.handled)
    response = responder.follow(writer, understood, inbound.channel, now, said=inbound.text)
    if asked:
        response = to_the_question(responder, writer, understood, response, inbound.channel)
    if inbound.taken_at is not None:
        response = Late(responder, writer, inbound, now).response(response)
    if inbound.handled is not None:
        response = replace(response, effects=_after(inbound, understood, response.effects))
    limited = _limited(responder, writer, understood, inbound.text, response, now)
    needs = need_of(understood, inbound.text, writer.person.plan.language)
    return replace(response, effects=tuple(limited), needs=needs)


def _handled(understood: Understood, by: Handled) -> Understood:
    """What the provider took it for is so, whatever the words say: its opt-out list holds what goes out.
    Nobody in danger is left to the provider's answer."""
    if by is Handled.STOP:
        return Understood(
            Intent.STOP,
            everywhere=understood.everywhere,
            crisis=understood.crisis,
            concern=understood.concern,
            danger=understood.danger,
        )
    if _in_danger(understood):
        return understood
    return Understood(Intent.START if by is Handled.START else Intent.HELP)


def _in_danger(understood: Understood) -> bool:
    return understood.crisis or understood.concern


def _after(inbound: Inbound, understood: Understood, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """What is left to do where the provider has answered; in danger nudger answers all the same."""
    if not _in_danger(understood):
        return tuple(effect for effect in effects if not isinstance(effect, Answer))
    if inbound.handled is Handled.START:
        return (OptIn(frozenset({inbound.channel}), "texted START"), *effects)
    return effects


_ANYWAY = (Intent.STOP, Intent.START, Intent.CRISIS)


def is_open(writer: Writer, channel: ChannelName) -> bool:
    """Tells whether they were asked here, and have said neither yes nor no nor STOP."""
    standing = writer.person.standing
    return channel in standing.asked - standing.consented - standing.opted_out


def to_the_question(
    responder: Responder, writer: Writer, understood: Understood, response: Response, channel: ChannelName
) -> Response:
    """Turns a response into an answer to the open question. A no closes the channel, until they say yes after
    all; whatever else it is, the answer says how to begin."""
    if understood.intent in _ANYWAY or understood.automatic or writer.person.standing.held_at is not None:
        return response
    plan = writer.person.plan
    if understood.agrees is False:
        declined = Answer(responder.wording.system(plan.language, "declined"), "declined")
        return replace(response, effects=(OptOut(frozenset({channel}), "said no to the question"), declined))
    words = responder.wording.system(plan.language, "not_begun", helplines=responder.lines(plan))
    kept: tuple[Effect, ...] = tuple(
        effect for effect in response.effects if not isinstance(effect, Answer | Ask | Settle | Snooze)
    )
    return replace(response, effects=(*kept, Answer(words, "not_begun")))


# What a text still does that reaches nudger late, and after others: it was down, or had a fault.
#
# 1. An opt-out, a danger, a pause, and their contraries count however late; what has been said since counts
#    more.
# 2. A time that has passed means nothing any more, and a nudge of hours ago is not put off.
# 3. The answer says how late it is; but for danger it waits for the end of quiet hours, for nobody is up and
#    waiting for it.
LATE = timedelta(minutes=15)  # from here on its answer says so
STALE = timedelta(hours=1)  # from here on it puts off no nudge, and asks for none
# What goes unanswered when it is stale: nobody waits for it any more.
_PASSED = frozenset(
    {"thanks", "said", "journal"}
    | {"done", "skipped", "plan_next", "plan_nothing", "link", "no_link", "nothing_to_snooze"}
    | {"now_enough", "now_quiet", "now_paused", "met", "undo_nothing"}
)

# What a person's log says that takes back what an effect of an earlier text would do.
_SINCE: dict[type[Effect], frozenset[str]] = {
    OptOut: frozenset({"opted in"}),
    OptIn: frozenset({"opted out"}),
    Pause: frozenset({"paused", "resumed"}),
    GoAway: frozenset({"resumed"}),
    Hours: frozenset({"hours"}),
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
        """Returns what is left of what it would have done and drawn in time."""
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
            case GoAway(_, until):
                return until > self.now
            case Undo():
                last = self.writer.last_command
                return self.age < STALE and last is not None and last.at <= self.inbound.received_at
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


# How often one person is answered has a limit: two programs that answer each other would never stop.
#
# 1. Only the answer falls away. The last one before that says so, with a helpline.
# 2. Who is in danger, stops or begins is never met with silence for long: some of such answers come at once,
#    and further ones as soon as a pause lies between them.
# 3. A program answers within seconds of each answer, so a pause ends its loop, whatever it says; a person who
#    writes again is answered.
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
AN_HOUR, A_DAY = 10, 30  # answers to one person, but those to STOP, START and a crisis
UNREAD_A_DAY = 3  # of them to texts that nobody here can read: once more the same words would be nagging
SAME_TEXT, OVER_AND_OVER = 3, timedelta(minutes=10)  # answers to the same text again and again
LEAST_WORDS = 4  # a text of so many words that asks for nothing, and comes again within a day, is a program's

AT_ONCE, SAME_AT_ONCE = 10, 3  # within an hour: answers to STOP, START and crises, and to the same such text
PAUSE = timedelta(minutes=10)  # between two of them from then on
_UNREAD = ("unknown", "not_begun")


class Allowance(Enum):
    """Whether a text is answered."""

    ANSWER = ""
    LAST = "the last answer before silence"
    AUTOMATIC = NOBODYS
    SAME_AGAIN = "the same text over and over"
    ENOUGH = "more texts than are answered"

    @property
    def answers(self) -> bool:
        return self in (Allowance.ANSWER, Allowance.LAST)


def allowance(writer: Writer, understood: Understood, text: str, key: str, now: datetime) -> Allowance:
    """Tells whether this text, understood so, is answered now with the text `key`."""
    form = same_form(text)
    same = [one.at for one in writer.answered if same_form(one.to) == form]
    if key in APART or understood.concern:
        return _apart(writer, understood, _since(same, now - HOUR), now)
    if understood.automatic:
        return Allowance.AUTOMATIC
    if understood.intent is Intent.UNKNOWN and same and len(form.split()) >= LEAST_WORDS:
        return Allowance.AUTOMATIC
    same_left = SAME_TEXT - _since(same, now - OVER_AND_OVER)
    left = min(_left(writer, key, now), same_left)
    if left <= 0:
        return Allowance.SAME_AGAIN if same_left <= 0 else Allowance.ENOUGH
    return Allowance.LAST if left == 1 else Allowance.ANSWER


def _apart(writer: Writer, understood: Understood, same: int, now: datetime) -> Allowance:
    # While the question for consent is open, what may mean danger is answered with helplines too.
    also = frozenset({"not_begun"}) if understood.concern else frozenset[str]()
    if understood.automatic and any(one.key in CRISIS_ANSWERS | also for one in writer.answered):
        return Allowance.AUTOMATIC  # such words in an automatic reply have drawn the helplines once
    earlier = [one.at for one in writer.answered if one.key in APART | also]
    at_once = same < SAME_AT_ONCE and _since(earlier, now - HOUR) < AT_ONCE
    if at_once or not earlier or now - max(earlier) >= PAUSE:
        return Allowance.ANSWER
    return Allowance.SAME_AGAIN if same >= SAME_AT_ONCE else Allowance.ENOUGH


def _left(writer: Writer, key: str, now: datetime) -> int:
    """How many more answers there are, this one counted."""
    counted = [one.at for one in writer.answered if one.key not in APART]
    left = min(AN_HOUR - _since(counted, now - HOUR), A_DAY - _since(counted, now - DAY))
    if key not in _UNREAD:
        return left
    unread = [one.at for one in writer.answered if one.key in _UNREAD]
    return min(left, UNREAD_A_DAY - _since(unread, now - DAY))


def _since(instants: Iterable[datetime], then: datetime) -> int:
    return sum(at > then for at in instants)


def _limited(
    responder: Responder, writer: Writer, understood: Understood, text: str, response: Response, now: datetime
) -> Iterator[Effect]:
    """The effects, without an answer where there are no more of them."""
    for effect in response.effects:
        if not isinstance(effect, Answer):
            yield effect
            continue
        allowed = allowance(writer, understood, text, effect.key, now)
        if allowed is Allowance.LAST:
            yield responder.last(writer.person.plan, effect)
        else:
            yield effect if allowed.answers else Unanswered(allowed.value)
