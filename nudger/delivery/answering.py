"""What is answered to a text that came in: what it means, what the provider has done with it, how late it is,
and whether it was answered often enough. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from nudger.delivery.agreeing import is_open, to_the_question
from nudger.delivery.answer_limits import Allowance, allowance
from nudger.delivery.inbound import Handled, Inbound, Writer
from nudger.delivery.late import Late
from nudger.delivery.respond import Responder
from nudger.effects import Answer, Effect, OptIn, Response, Unanswered
from nudger.replies import Intent, Understood


def answer(responder: Responder, writer: Writer, inbound: Inbound) -> Response:
    """All that follows from this text for the person who wrote it."""
    now = inbound.taken_at or inbound.received_at
    asked = is_open(writer, inbound.channel)
    understood = responder.read(writer, inbound.text, inbound.received_at, asked_consent=asked)
    if inbound.handled is not None:
        understood = _handled(understood, inbound.handled)
    response = responder.follow(writer, understood, inbound.channel, now)
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
