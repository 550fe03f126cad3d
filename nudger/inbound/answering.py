"""What is answered to a text that came in: what it means, what the provider has done with it, how late it is,
and whether it was answered often enough. Pure.

While the question for consent is open, a text answers that: yes, no, or how to begin.

How often one person is answered has a limit: two programs that answer each other would never stop. What
a text does is done all the same: only its answer falls away. The last answer before that says so, with a
helpline. Who is in danger, stops or begins is never met with silence for long: some of such answers come
at once, and further ones as soon as a pause lies between them. A program answers within seconds of each
answer, so a pause ends its loop, whatever it says; a person who writes again is answered.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from nudger.domain.effects import Answer, Ask, Effect, OptIn, OptOut, Response, Settle, Snooze, Unanswered
from nudger.domain.model import APART, CRISIS_ANSWERS, ChannelName
from nudger.inbound.late import Late
from nudger.inbound.replies import Handled, Inbound, Writer
from nudger.inbound.respond import Responder
from nudger.replies import Intent, Understood, same_form

_ANYWAY = (Intent.STOP, Intent.START, Intent.CRISIS)


def is_open(writer: Writer, channel: ChannelName) -> bool:
    """Whether they were asked here, and have said neither yes nor no nor STOP."""
    standing = writer.person.standing
    return channel in standing.asked - standing.consented - standing.opted_out


def to_the_question(
    responder: Responder, writer: Writer, understood: Understood, response: Response, channel: ChannelName
) -> Response:
    """The same, as an answer to the open question. A no closes the channel, until they say yes after all;
    whatever else it is, the answer says how to begin."""
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
    AUTOMATIC = "an automatic reply"
    SAME_AGAIN = "the same text over and over"
    ENOUGH = "more texts than are answered"

    @property
    def answers(self) -> bool:
        return self in (Allowance.ANSWER, Allowance.LAST)


def allowance(writer: Writer, understood: Understood, text: str, key: str, now: datetime) -> Allowance:
    """Whether this text, understood so, is answered now with the text `key`."""
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
    # What may mean danger is answered in the words that what cannot be read is.
    also = frozenset(_UNREAD) if understood.concern else frozenset[str]()
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


def answer(responder: Responder, writer: Writer, inbound: Inbound) -> Response:
    """All that follows from this text for the person who wrote it."""
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
    return replace(response, effects=tuple(limited))


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
