"""What people tell: the answer to an open ask, and their own words after a nudge.

They are kept for them whatever else a text does, and answered in a few words: nobody reads them here. Pure.
"""

from collections.abc import Iterator

from nudger.domain.effects import Answer, Effect, Keep, Settle, Unanswered
from nudger.domain.model import Outcome, Plan
from nudger.inbound.port import Writer
from nudger.messages import Wording
from nudger.replies import AnswerForm, AnswerFormError, Intent, Understood

SAID = "said"  # the key of the text that answers people's own words
SAID_BEFORE = "their own words, kept: the last 24 hours have had an answer to such"
IN_SILENCE = "an answer, kept in silence as the plan says"
THANKS = ("thanks_1", "thanks_2", "thanks_3")
JOURNAL = "words"  # the page of what they have said, below their own


def open_form(writer: Writer) -> AnswerForm | None:
    """Returns the form of the ask that is open; None where none is, or one that is no form any more."""
    if writer.open_ask is None:
        return None
    try:
        return AnswerForm.read(writer.open_ask.form)
    except AnswerFormError:
        return None


def kept(writer: Writer, understood: Understood, said: str) -> Iterator[Effect]:
    """Yields what is kept of a text, beside all that it does."""
    ask, after = writer.open_ask, writer.after
    if ask is not None and understood.value is not None:
        yield Keep(ask.occurrence, said.strip(), understood.value, ask.form, ask.question)
        yield Settle(ask.occurrence, Outcome.ANSWERED)
    elif understood.intent is Intent.SAID and (after is not None or ask is not None):
        follows = after.occurrence if after is not None else ask.occurrence if ask is not None else 0
        yield Keep(follows, said.strip())


def acknowledged(wording: Wording, writer: Writer, understood: Understood) -> Effect:
    """Returns the answer to a text that does nothing but tell: a few words of thanks, or none where the plan
    says so; to people's own words, at most once in 24 hours, who is there to listen."""
    plan = writer.person.plan
    if understood.intent is Intent.SAID:
        if any(one.key == SAID for one in writer.answered):
            return Unanswered(SAID_BEFORE)
        return Answer(wording.said(plan.voice, plan.country), SAID)
    nudge = plan.nudge(writer.open_ask.nudge) if writer.open_ask is not None else None
    if nudge is not None and not nudge.thanks:
        return Unanswered(IN_SILENCE)
    return Answer(wording.system(plan.voice, _thanks(writer)), "thanks")


def _thanks(writer: Writer) -> str:
    """One of a few ways to say it, in turn."""
    entry = writer.open_ask.occurrence if writer.open_ask is not None else 0
    return THANKS[entry % len(THANKS)]


def asks_for_words(wording: Wording, plan: Plan, said: str) -> bool:
    """Tells whether a text that asks for the person's page asks for what they have said: JOURNAL."""
    return said.strip(" .!?").casefold() == wording.command(plan.voice, "JOURNAL").casefold()
