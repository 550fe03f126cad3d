"""What follows from a text while the question for consent is open: yes, no, or how to begin. Pure."""

from dataclasses import replace

from nudger.delivery.inbound import Writer
from nudger.delivery.respond import Responder
from nudger.effects import Answer, Ask, Effect, OptOut, Response, Settle, Snooze
from nudger.model import ChannelName
from nudger.replies import Intent, Understood

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
