"""The answer to an open ask: a line, a whole number of a span, yes or no, or one of the plan's own words.

People answer in passing: "about a six i think", "the second one", "7/10", "usually 7 but today 5", "no...
bueno sí". What is said last counts, as a correction does. A number that tells a time or counts something
("until 6", "3 kids") is none, nor is a word that is taken back ("not tense, flat").
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from nudger.replies.intent.answers import Courtesy
from nudger.replies.language.normalisation import Tokens, split
from nudger.replies.language.wordlists import Section
from nudger.replies.time.expressions import TimeTokens
from nudger.replies.time.lexicon import TimeWords

LINE, YES_NO = "line", "yes/no"

_SPAN = re.compile(r"(\d{1,3})-(\d{1,3})")
_SHARE = re.compile(r"(?<!\S)(\d{1,3}) ?/ ?\d{1,3}(?!\S)")  # "7/10"
_BELOW_ZERO = re.compile(r"(?<![\w.])-\s?\d")
_ENDING = re.compile(r"(?:[aeo]{0,2}s?|isim[ao]s?)")  # after the stem of a word: tensa, tendue, pesadísima
_LEAST_STEM = 3  # letters
_ALIKE = 0.75  # of a word's letters, in their order
_SCORE = 20  # from here on a number may have ones after it: "forty five"
_OVER_TEN = (60, 80)  # so does French count: soixante-quinze, quatre-vingt-douze

Value = int | bool | str


class AnswerFormError(ValueError):
    """What was asked for is none of the forms."""


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """The words of one language that answers are made of."""

    yes: frozenset[tuple[str, ...]]
    no: frozenset[tuple[str, ...]]
    unsure: frozenset[tuple[str, ...]]  # begin like a yes or a no, and are neither
    numbers: Mapping[tuple[str, ...], int]  # besides those of times
    places: Mapping[str, int]  # "second" -> 1; "last" -> -1
    middle: frozenset[str]
    around: frozenset[str]  # around a place: "the ... one"
    small: frozenset[str]  # may follow a number that is an answer: it counts nothing
    times: frozenset[str]  # stand before a number that tells a time
    most: frozenset[str]  # stand between a number and how much there could be: "out of"
    no_more: frozenset[str]  # take back the word after them, or before: "not"
    joins: frozenset[str]  # lead from an answer to something else: "4 and pause tomorrow"

    @classmethod
    def read(cls, section: Section) -> "AnswerWords":
        """Reads the table `answers`."""
        yes, no, unsure = (frozenset(map(split, section.texts(key))) for key in ("yes", "no", "unsure"))
        numbers = {split(word): number for word, number in section.section("numbers").numbers()}
        places = dict(section.section("places").numbers())
        keys = ("middle", "around", "small", "times", "most", "no_more", "joins")
        sets = [section.words(key) for key in keys]
        section.close()
        return cls(yes, no, unsure, numbers, places, *sets)


@dataclass(frozen=True, slots=True)
class Offered:
    """A text that may be an answer, in the words of one language."""

    folded: str
    raw: Tokens  # as written
    put_right: Sequence[str]
    words: AnswerWords
    times: TimeWords
    courtesy: Courtesy

    def clauses(self) -> list[Sequence[str]]:
        return list(self.raw.clauses())


@dataclass(frozen=True, slots=True)
class TakenAnswer:
    """An answer, and the words after it, which may ask for something."""

    value: Value
    rest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """What an open ask wants: `span` a whole number within it, `choice` one of these words; `yes_no`; else a
    line."""

    span: tuple[int, int] | None = None
    choice: tuple[str, ...] = ()
    yes_no: bool = False

    @property
    def is_line(self) -> bool:
        return self.span is None and not self.choice and not self.yes_no

    @classmethod
    def read(cls, form: str) -> "AnswerForm":
        """Reads "line", "0-10", "yes/no" or "calm|flat|tense". Raises AnswerFormError for anything else."""
        if form == LINE:
            return cls()
        if form == YES_NO:
            return cls(yes_no=True)
        span = _SPAN.fullmatch(form)
        if span is not None and int(span[1]) < int(span[2]) <= 100:
            return cls(span=(int(span[1]), int(span[2])))
        choice = tuple(one.strip() for one in form.split("|"))
        if not 2 <= len(choice) <= 6 or not all(choice):
            raise AnswerFormError(
                f'expected "line", "yes/no", "0-10" or words like "calm|flat|tense", got {form!r}'
            )
        return cls(choice=choice)

    def find(self, offered: Offered) -> TakenAnswer | None:
        """Finds the answer in a text; None where it has none of this form. A line is nobody's here: any
        words are one."""
        if self.span is not None:
            return _number(offered, self.span)
        return _yes_or_no(offered) if self.yes_no else _chosen(offered, self.choice)

    def misses(self, offered: Offered) -> bool:
        """Tells whether a text has numbers and says no time, and so is meant for an ask that wants one."""
        return self.span is not None and any(True for _ in _numbers(offered))


# --- numbers ------------------------------------------------------------------------------------------
def without_shares(folded: str) -> str:
    """Returns the text with "7/10" as "7": under a span it is no date."""
    return _SHARE.sub(r"\1", folded)


def _number(offered: Offered, span: tuple[int, int]) -> TakenAnswer | None:
    """The last number that is within the span; of a text without any, one that is written wrongly."""
    if _BELOW_ZERO.search(offered.folded):
        return None
    numbers = list(_numbers(offered)) or [(value, ()) for value, _ in _of_clause(offered, offered.put_right)]
    within = [(value, rest) for value, rest in numbers if span[0] <= value <= span[1]]
    return TakenAnswer(*within[-1]) if within else None


def _numbers(offered: Offered) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each number that may be an answer, with what is said after it."""
    clauses = offered.clauses()
    for number, clause in enumerate(clauses):
        for value, end in _of_clause(offered, clause):
            yield value, _after(offered, clause[end:], clauses[number + 1 :])


def _after(offered: Offered, left: Sequence[str], later: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What is said beside an answer: by other clauses, or after "and". "9 de 10" says no more than "9"."""
    joined = next((left[at + 1 :] for at, word in enumerate(left) if word in offered.words.joins), ())
    return (*joined, *(word for clause in later for word in clause))


def _of_clause(offered: Offered, clause: Sequence[str]) -> Iterator[tuple[int, int]]:
    line, at, last = TimeTokens(offered.times, clause), 0, -1
    while at < len(clause):
        found = _number_at(offered, line, at)
        if found is None:
            at += 1
            continue
        value, end = found
        most = last >= 0 and all(word in offered.words.most for word in clause[last:at]) and last < at
        if not most and _answers(offered, line, at, end):
            yield value, end
            last = end
        at = end


def _number_at(offered: Offered, line: TimeTokens, at: int) -> tuple[int, int] | None:
    """The number at a place, and the place after it."""
    words, found = line.words, line.number(at)
    for length in (4, 3, 2, 1):
        known = offered.words.numbers.get(tuple(words[at : at + length]))
        if known is not None and (found is None or at + length >= found[1]):
            found = known, at + length
            break
    if found is None or found[0] < _SCORE or found[0] % 10 or words[at].isdecimal():
        return found
    more = line.number(line.skip(found[1], "plus"))
    most = _SCORE if found[0] in _OVER_TEN else 10
    return (found[0] + more[0], more[1]) if more is not None and 0 < more[0] < most else found


def _answers(offered: Offered, line: TimeTokens, at: int, end: int) -> bool:
    """Whether a number is nobody's time, and counts nothing."""
    before, after = line.word(at - 1) if at else "", line.word(end)
    if before in offered.words.times or line.unit(end) is not None or line.tells_half(end):
        return False
    if line.role("articles", at) is not None and end < len(line.words):
        return after in offered.words.most
    return (
        not after
        or after in offered.words.small
        or after in offered.words.most
        or after in offered.courtesy.words
    )


# --- yes and no ---------------------------------------------------------------------------------------
def _yes_or_no(offered: Offered) -> TakenAnswer | None:
    """What the text begins with, or what a later clause says that says nothing else."""
    clauses, found = offered.clauses(), None
    for number, clause in enumerate(clauses):
        said = _said(offered, clause)
        if said is None:
            continue
        value, end = said
        left = [word for word in clause[end:] if word not in offered.courtesy.words]
        if found is None or not left:
            found = TakenAnswer(value, _after(offered, clause[end:], clauses[number + 1 :]))
    if (
        found is None
        and len(clauses) == 1
        and (agrees := offered.courtesy.agrees(offered.put_right)) is not None
    ):
        unsure = _longest(offered.words.unsure, clauses[0], 0)
        return TakenAnswer(agrees) if not unsure else None
    return found


def _said(offered: Offered, clause: Sequence[str]) -> tuple[bool, int] | None:
    """Yes or no at the beginning of a clause, and the place after it. The last of several counts."""
    no, yes = (some for some, _ in offered.courtesy.meanings[:2])
    at, value = 0, None
    while at < len(clause):
        if _longest(offered.words.unsure, clause, at):
            return None
        agreed, refused = _longest(offered.words.yes, clause, at), _longest(offered.words.no, clause, at)
        if agreed > refused or (not refused and clause[at] in yes):
            at, value = at + max(agreed, 1), True
        elif refused or clause[at] in no:
            at, value = at + max(refused, 1), False
        elif value is None and clause[at] in offered.courtesy.words:
            at += 1
        else:
            break
    return (value, at) if value is not None else None


def _longest(phrases: frozenset[tuple[str, ...]], words: Sequence[str], at: int) -> int:
    """How many words of a phrase stand at this place."""
    return max(
        (n for n in range(1, 6) if tuple(words[at : at + n]) in phrases and at + n <= len(words)), default=0
    )


# --- the plan's own words -----------------------------------------------------------------------------
def _chosen(offered: Offered, choice: Sequence[str]) -> TakenAnswer | None:
    """The last word of the plan's that is named and not taken back; else the one whose place is told."""
    words = offered.raw.words
    stems = [(one, [_stem(word) for word in split(one)]) for one in choice]
    named = [
        (at, one, len(stem))
        for at in range(len(words))
        for one, stem in stems
        if stem and all(map(_is_of, words[at : at + len(stem)], stem)) and at + len(stem) <= len(words)
    ]
    kept = [(at, one, length) for at, one, length in named if not _taken_back(offered, at, length)]
    if kept:
        at, one, length = kept[-1]
        ends = next((n for n in range(at + length, len(words)) if offered.raw.pauses[n]), len(words))
        return TakenAnswer(one, _after(offered, words[at + length : ends], [words[ends:]]))
    return None if named else _placed(offered, choice) or _misspelt(words, choice)


def _misspelt(words: Sequence[str], choice: Sequence[str]) -> TakenAnswer | None:
    near = get_close_matches(words[0], choice, n=1, cutoff=_ALIKE) if len(words) == 1 else ()
    return TakenAnswer(near[0]) if near else None


def _stem(word: str) -> str:
    bare = re.sub(r"(?:es|[aeo]s?|s)$", "", word)
    return bare if len(bare) >= _LEAST_STEM else word


def _is_of(word: str, stem: str) -> bool:
    return word.startswith(stem) and _ENDING.fullmatch(word[len(stem) :]) is not None


def _taken_back(offered: Offered, at: int, length: int) -> bool:
    """Whether "not" stands before a word, or right after it where its clause ends: "alegría no, más bien"."""
    words, pauses, no_more = offered.raw.words, offered.raw.pauses, offered.words.no_more
    for back in range(at - 1, max(at - 3, -1), -1):
        if pauses[back + 1]:
            break
        if words[back] in no_more:
            return True
    after = at + length
    ends = after + 1 >= len(words) or pauses[after + 1]
    return after < len(words) and not pauses[after] and words[after] in no_more and ends


def _placed(offered: Offered, choice: Sequence[str]) -> TakenAnswer | None:
    """ "the second one", "number three", "4", "the last": all that a text says."""
    left = [
        one
        for one in offered.raw.words
        if one not in offered.words.around and one not in offered.courtesy.soft
    ]
    if len(left) != 1:
        return None
    if left[0] in offered.words.middle and len(choice) % 2:
        return TakenAnswer(choice[len(choice) // 2])
    line = TimeTokens(offered.times, left)
    number, place = line.number(0), offered.words.places.get(left[0])
    if place is None and number is not None:
        place = number[0] - 1
    return TakenAnswer(choice[place]) if place is not None and -1 <= place < len(choice) else None
