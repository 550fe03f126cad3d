"""What in a text no person typed: a quote below it, a signature, a tap on a message, our own words sent back,
an automatic reply.

Where the other side is no phone of its kind, a phone writes a tap as a text: a few words in its owner's
language around the message that was tapped on, whole or cut. Nobody can know all of these words. So what
was lately sent to a person is looked for in what they send, and taken out; what is left around it is a tap.

Two programs that answer each other never stop, and what an automatic reply says ("I will reply tomorrow") is
nobody's wish. Some words prove it by themselves; others are what people write too, and prove it where two
different signs come together: "I'm driving" beside "I'll get back to you".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nudger.replies.language.normalisation import fold
from nudger.replies.language.phrases import Looked
from nudger.replies.language.wordlists import Section

_RULE = re.compile(r"\s*(?:_{5,}|--|-{2,}\s*(?:original|forwarded|mensaje|message)\b.*)\s*\Z")
_FROM = re.compile(r"\s*\*?(?:from|de|von)\*?\s*:")


@dataclass(frozen=True, slots=True)
class Letters:
    """How mail programs and phones frame what a person writes.

    They speak the language of their owner, whatever the plan says: those of all languages count.
    """

    opens: re.Pattern[str]  # begins the line above a quote: "On Mon"
    wrote: tuple[str, ...]  # ends it: "wrote:"
    headers: tuple[str, ...]  # begins a line under a quoted "From:": "sent:", "to:"
    signatures: tuple[str, ...]  # begins a line that a device adds: "sent from my"

    @classmethod
    def read(cls, sections: Iterable[Section]) -> "Letters":
        """From each language's table `mail`."""
        opens, wrote, headers, signatures = [], [], [], []
        for section in sections:
            opens += [re.escape(fold(one)) for one in section.texts("opens")]
            wrote += [fold(one) for one in section.texts("wrote")]
            headers += [fold(one) for one in section.texts("headers")]
            signatures += [fold(one) for one in section.texts("signatures")]
            section.close()
        opening = re.compile(rf"\b(?:{'|'.join(opens)})\b(?=.{{0,20}}\d)")
        return cls(opening, tuple(wrote), tuple(headers), tuple(signatures))

    def own_words(self, folded: str) -> str:
        """The lines that are the person's own; empty where all of it is quoted.

        What is marked with ">" goes, wherever it stands. From a "From:" or "--" on, and from
        "On Monday ... wrote:" on where nothing after it is marked, nobody can tell where a quote
        ends: all of the rest goes.
        """
        lines = folded.split("\n")
        if len(lines) == 1 and folded[:1].isalnum() and not _FROM.match(folded):
            start = folded.startswith(self.signatures)
            if not start and not folded.rstrip().endswith(self.wrote):
                return folded
        marked = [line.lstrip().startswith(">") for line in lines]
        last_marked = max((number for number, is_marked in enumerate(marked) if is_marked), default=-1)
        openings = self._openings(lines)
        kept = []
        for number, line in enumerate(lines):
            if _RULE.match(line) or self._is_header(lines, number):
                break
            if number in openings:
                kept.append(self._before_opening(line))
                if number > last_marked:
                    break
            elif not marked[number] and not line.lstrip().startswith(self.signatures):
                kept.append(line)
        return "\n".join(kept)

    def _openings(self, lines: list[str]) -> set[int]:
        """The lines "On Monday ... wrote:", which mail programs break in two."""
        found = set()
        for number, line in enumerate(lines):
            if not line.rstrip().endswith(self.wrote):
                continue
            if _has_digit(line):
                found.add(number)
            elif number and _has_digit(lines[number - 1]):
                found |= {number - 1, number}
        return found

    def _before_opening(self, line: str) -> str:
        """What somebody wrote on the same line: "STOP On Monday ... wrote:"."""
        found = self.opens.search(line)
        return line[: found.start()] if found else ""

    def _is_header(self, lines: list[str], number: int) -> bool:
        """Whether this is the "From:" of a quoted header."""
        below = lines[number + 1 : number + 4]
        return bool(_FROM.match(lines[number])) and any(
            one.lstrip().startswith(self.headers) for one in below
        )


def _has_digit(line: str) -> bool:
    return any(one.isdigit() for one in line)


# --- taps, and our own words --------------------------------------------------------------------------
LONGEST_FRAME = 60  # characters of all that a phone writes around a message
LEAST = 12  # characters of a message that was cut: who puts "LATER" in quotes means it
_LEAST_QUOTED = 3  # of a message that stands in a text without quotes
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
        if len(words) >= _LEAST_QUOTED and one in flat:
            own = re.sub(r"\s+".join(map(re.escape, words)), " ", own)
    return Left(own.strip()) if own != folded else None


def _flat(text: str) -> str:
    return " ".join(text.split())


# --- programs -----------------------------------------------------------------------------------------
# Where the owner is, how little they can be reached, that they will answer, thanks, whom to ask, what for.
_SIGNS = ("away", "reach", "answer", "thanks", "urgent", "program")
_SURE, _TOLD = "sure", "told"
_LEAST_WORDS = 6  # two signs in fewer words are a person's


class Automatic:
    """The lists of one language: the table `automatic`."""

    def __init__(self, code: str, section: Section) -> None:
        signs = section.section("signs")
        lists = {_SURE: section.phrases(_SURE), _TOLD: section.phrases(_TOLD)}
        lists |= {sign: signs.phrases(sign) for sign in _SIGNS}
        signs.close()
        section.close()
        names = {name: f"automatic.{code}.{name}" for name in lists}
        self.lists = {names[name]: some for name, some in lists.items()}
        self._sure, self._signs, self.told = names[_SURE], [names[sign] for sign in _SIGNS], names[_TOLD]

    def wrote(self, looked: Looked) -> bool:
        """Whether a program wrote this text."""
        if looked.none_of(self.lists):
            return False
        if looked.found(self._sure):
            return True
        return len(looked.words) >= _LEAST_WORDS and sum(map(looked.found, self._signs)) >= 2
