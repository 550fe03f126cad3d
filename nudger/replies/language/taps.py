"""A tap on one of our messages, and our own words in a text that came in: neither is what a person typed.

Where the other side is no phone of its kind, a phone writes a tap as a text: a few words in its owner's
language around the message that was tapped on, whole or cut. Nobody can know all of these words. So what
was lately sent to a person is looked for in what they send, and taken out; what is left around it is a tap.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nudger.replies.language.writing import fold

LONGEST_FRAME = 60  # characters of all that a phone writes around a message
LEAST = 12  # characters of a message that was cut: who puts "LATER" in quotes means it
_LEAST_WORDS = 3  # of a message that stands in a text without quotes
_MOST_MARKS = 6  # quotation marks of one text that are looked at
_CUT = "..."


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a folded text without our words. `frame`: what a phone wrote around them; None where
    they were no tap. `which` of the messages it was."""

    own: str
    frame: str | None = None
    which: int | None = None


def without_ours(folded: str, ours: Iterable[str]) -> Left | None:
    """A folded text without what of `ours`, the messages lately sent to its writer, stands in it; None where
    there is nothing of them."""
    if len(folded) < LEAST and '"' not in folded:
        return None
    known = [_flat(fold(one)) for one in ours]
    return _quoted(folded, known) or _whole(folded, known)


def frame(folded: str) -> str | None:
    """What stands before a quoted text that is all the rest: `liked` in `liked "A short rest?"`."""
    head, mark, quoted = folded.partition('"')
    if not mark or len(head) > LONGEST_FRAME or not quoted.rstrip().endswith('"'):
        return None
    return " ".join(head.split())


def words_of(around: str) -> str:
    """The words of a frame, without emoji and digits."""
    return " ".join(one for one in around.split() if one.replace("'", "").isalpha())


def _quoted(folded: str, known: Sequence[str]) -> Left | None:
    """Ours stand between quotation marks, or from one to the end, where the phone has cut all of it off."""
    marks = [at for at, mark in enumerate(folded) if mark == '"'][:_MOST_MARKS]
    for start in marks:
        for end in (*reversed(marks), len(folded)):
            which = _which(_flat(folded[start + 1 : end]), known) if end > start else None
            if which is not None:
                return _around(folded[:start], folded[end + 1 :], which)
    return None


def _around(before: str, after: str, which: int) -> Left:
    above, _, head = before.rpartition("\n")
    tail, _, below = after.partition("\n")
    own = "\n".join((above, below)).strip()
    if not head.strip() or len(head) + len(tail) > LONGEST_FRAME:
        # A person has quoted it, and says something to it.
        return Left("\n".join((above, head, tail, below)).strip())
    return Left(own, " ".join((head + " " + tail).split()), which)


def _which(inner: str, known: Sequence[str]) -> int | None:
    """Which of ours it is: whole, or cut before, behind or between."""
    if not inner:
        return None
    parts = [part for one in inner.split(_CUT) if (part := one.strip())]
    size = sum(len(part) for part in parts)
    found = (at for at, one in enumerate(known) if inner == one or (size >= LEAST and _in_order(parts, one)))
    return next(found, None)


def _in_order(parts: Sequence[str], own: str) -> bool:
    at = 0
    for part in parts:
        found = own.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _whole(folded: str, known: Sequence[str]) -> Left | None:
    """Ours stand in it from the first word to the last, as programs quote that answer by themselves."""
    flat, own = _flat(folded), folded
    for one in sorted(known, key=len, reverse=True):
        words = one.split()
        if len(words) >= _LEAST_WORDS and one in flat:
            own = re.sub(r"\s+".join(map(re.escape, words)), " ", own)
    return Left(own.strip()) if own != folded else None


def _flat(text: str) -> str:
    return " ".join(text.split())
