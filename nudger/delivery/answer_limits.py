"""How often one person is answered. Two programs that answer each other would never stop. Pure.

What a text does is done all the same: only its answer falls away. The last answer before that says so,
with a helpline. Who is in danger, stops or begins is never met with silence for long: some of such answers
come at once, and further ones as soon as a pause lies between them. A program answers within seconds of
each answer, so a pause ends its loop, whatever it says; a person who writes again is answered.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from nudger.delivery.inbound import Writer
from nudger.model import APART, CRISIS_ANSWERS
from nudger.replies import Intent, Understood, same_form

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
