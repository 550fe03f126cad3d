"""One text in one form, as words that are spelt right: what a phone, a mail program or a person's fingers add
is taken off.

Every function here takes time in proportion to the length of the text, and the text is cut to LONGEST
characters before any of them sees it.

Of misspelt words one rule stands above all: no typo becomes an opt-out, or stops being one. In this order:
1. A word that the lists know stays as it is. So do those under `keep`: ordinary words that are a
   letter or two away from one of ours ("mourning", "launch").
2. A writing that the lists name is what they say: "l8r", "tmrw", "2nite".
3. A letter written three times or more is tried twice, then once ("soooon").
4. Else the nearest word of commands, times and crisis that is one edit away (a letter more, less,
   other, or two neighbours swapped), two in words of nine letters and more; if one is nearest. What
   fingers do most, a swap and a doubled letter, counts as nearer. Words of four letters take only
   those two ("doen", "donee"), and shorter ones nothing.

Words of opting out and in are no aim of step 4, and a word that is as near to one of them is left as
it is. Only where it is all of a text is a word of opting out taken misspelt (`slip`): a swap or a
doubled letter ("stpo", "stopp"), two edits from nine letters on ("unsubcribe"). "Step", "shop" and
"spot" are none of these.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

LONGEST = 1600  # the longest text that SMS carries
_MOST_KNOWN = 4000  # characters; more are looked up each time
MOST_WORDS = 400  # a text of LONGEST characters has about 300

_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'"} | dict.fromkeys("“”„«»″", '"'))
_FRACTIONS = str.maketrans({"½": " 1/2", "¼": " 1/4", "¾": " 3/4"})
_CONTROLS: dict[int, str | None] = dict.fromkeys([*range(32), 127], None)
_CONTROLS.update({ord("\n"): "\n", ord("\t"): " ", 11: "\n", 12: "\n"})
_EDGES = ".,;:!?()[]\"'-"
_FEW_WORDS = 4
_LONG_RUN = re.compile(r"([^\W\d_])\1{3,}")
_POINTED_HALF = re.compile(r"\b([ap])\s?\.\s?m\b\.?")
_TOKEN = re.compile(
    r"""
    \d{4}-\d{1,2}-\d{1,2}              # 2026-12-10
    | \d{1,2}\.\d{1,2}\.(?:\d{2,4})?    # 10.12.
    | \d{1,2}-\d{1,2}-\d{2,4}           # 10-12-2026
    | \d\d-\d\d(?=\ (?:to|until|till|al|au)\ \d\d-\d\d\b) | (?<=-\d\d\ (?:to|al|au)\ )\d\d-\d\d  # both
    | (?:(?<=til\ )|(?<=till\ )|(?<=til\ the\ )|(?<=till\ the\ )|(?<=hasta\ )|(?<=hasta\ el\ )
      |(?<=jusqu'au\ )|(?<=jusqu'a\ )|(?<=jusquau\ ))
      \d{1,2}-\d{1,2}(?![\d:/-]|\.\d|\s?(?:[ap]m|h)\b)  # 05-12 behind a word for an end: "5-10 min" is none
    | (?<![\d/])[13]/[24](?![\d/])      # 1/2
    | \d{1,2}/\d{1,2}(?:/\d{2,4})?      # 24/12
    | \d+(?:[:.,]\d+)?                  # 20, 6:30, 1.5
    | [^\W\d_]+(?:'[^\W\d_]+)*          # don't
    | [@+]                              # @6
    """,
    re.VERBOSE,
)
_PAUSES = frozenset('.,;:!?¿¡\n()—–…&"')


def fold(text: str) -> str:
    """Lower case, plain quotes, no accents, no invisible characters; at most LONGEST characters.

    Lines stay lines. A letter written four times or more is left three times: "stooooop" is "stooop".
    """
    text = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = plain(text)[:LONGEST]
    else:
        text = text.lower() if text.isprintable() else text.translate(_CONTROLS).lower()
    return _LONG_RUN.sub(r"\1\1\1", _POINTED_HALF.sub(r"\1m", text))


def same_form(text: str) -> str:
    """A text as it is the same again: a program that tells the time in it sends no other text for that.

    Digits count in a short one: "10 min" is not "20 min".
    """
    words = fold(text).split()
    kept = [one for one in (word.strip(_EDGES) for word in words) if one and not any(map(str.isdigit, one))]
    return " ".join(kept if len(kept) >= _FEW_WORDS else words)


def plain(text: str) -> str:
    """Lower case, without accents and whatever else cannot be seen; of any length, one character can become
    eighteen."""
    text = text.translate(_FRACTIONS).translate(_QUOTES).translate(_CONTROLS)
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    # In this form an accent is a character of its own.
    return parts.translate(_VISIBLE)


class _Visible(dict[int, int | None]):
    """Characters by their number, None for one that cannot be seen: accents, joiners, variation selectors,
    control characters and halves of characters. It learns them as they come."""

    def __missing__(self, number: int) -> int | None:
        unseen = unicodedata.category(chr(number)) in {"Mn", "Me", "Cc", "Cf", "Cs", "Co", "Cn"}
        found = None if unseen else number
        if len(self) < _MOST_KNOWN:
            self[number] = found
        return found


_VISIBLE = _Visible({ord("\n"): ord("\n")})


@dataclass(frozen=True, slots=True)
class Tokens:
    """Words, and for each whether punctuation or a line's end stands before it."""

    words: tuple[str, ...]
    pauses: tuple[bool, ...]

    def clauses(self) -> Iterator[Sequence[str]]:
        """The words between pauses."""
        start = 0
        for at in range(1, len(self.words) + 1):
            if at == len(self.words) or self.pauses[at]:
                if at > start:
                    yield self.words[start:at]
                start = at


def tokens(folded: str) -> Tokens:
    """The words of a folded text. Letters written one by one ("S T O P") are a word."""
    words, pauses, end = [], [], 0
    for found in _TOKEN.finditer(folded):
        between = folded[end : found.start()]
        words.append(found.group().replace("'", ""))
        pauses.append(between != " " and (not _PAUSES.isdisjoint(between) or " - " in between))
        end = found.end()
        if len(words) == MOST_WORDS:
            break
    if len(words) > 2 and all(len(word) == 1 and word.isalpha() for word in words):
        return Tokens(("".join(words),), (False,))
    return Tokens(tuple(words), tuple(pauses))


@cache
def split(text: str) -> tuple[str, ...]:
    """The words of a text of ours, in the form that a person's are looked at in."""
    return tokens(fold(text)).words


# --- misspellings -------------------------------------------------------------------------------------
_SHORT, _LONG = 4, 9
_LONGEST = 20  # no word of ours has more letters
_HIDDEN = re.compile(r"[a-z][\d!*@$|]|[\d!*@$|][a-z]")
_LOOKS_LIKE = str.maketrans("0134578!|@$", "oieastbiias")
_AROUND = ".,;:!?\"'()"


class Spelling:
    """The words of one language, and how people come to write them."""

    def __init__(
        self,
        writings: Mapping[str, Sequence[str]],
        known: Collection[str],
        aims: Iterable[str],
        guarded: Collection[str],
        hidden: Iterable[str],
    ) -> None:
        """Takes `writings`, word by word how people write it; `known`, right as they stand; `aims`, to which
        a misspelt word may be put right; `guarded`, to which none is; `hidden`, which signs may hide."""
        self._writings = {
            fold(one).replace("'", ""): split(word) for word, ones in writings.items() for one in ones
        }
        self._known = frozenset(known) | {word for words in self._writings.values() for word in words}
        self._right_already = self._known - self._writings.keys()
        self._hidden = frozenset(hidden)
        self._guarded = frozenset(guarded)
        self._aims = frozenset(aims)

    @cached_property
    def _near(self) -> Mapping[str, Sequence[str]]:
        """What a word is shortened to by a letter or two -> the aims that it may be near to."""
        near: dict[str, list[str]] = defaultdict(list)
        aims = {one for one in self._guarded | self._aims if len(one) >= _SHORT and one.isalpha()}
        for aim in sorted(aims):
            for key in _shortened(aim, 2 if len(aim) >= _LONG else 1):
                near[key].append(aim)
        return near

    def uncover(self, folded: str) -> str:
        """Puts letters for what only looks like them: "2moro", "st0p", "k*ll"; most texts have none."""
        if not _HIDDEN.search(folded):
            return folded
        return re.sub(r"\S+", lambda chunk: self._uncovered(chunk.group()), folded)

    def correct(self, found: Tokens) -> Tokens:
        """The same text, each word put right. A writing may stand for two words ("gimme")."""
        if self._right_already.issuperset(found.words):
            return found
        words: list[str] = []
        pauses: list[bool] = []
        for word, pause in zip(found.words, found.pauses, strict=True):
            right = self._right(word)
            words += right
            pauses += [pause] + [False] * (len(right) - 1)
        return Tokens(tuple(words), tuple(pauses))

    def knows(self, word: str) -> bool:
        """Whether it is right as it stands."""
        return word in self._known

    def slip(self, word: str, keywords: Collection[str]) -> bool:
        """Whether a text of this one word is a keyword of opting out, misspelt."""
        if word in self._known or len(word) > _LONGEST:
            return False
        return any(_slipped(word, keyword, short=True) for keyword in keywords)

    def _right(self, word: str) -> Sequence[str]:
        if word in self._right_already:
            return (word,)
        if word in self._writings:
            return self._writings[word]
        if not word.isalpha():
            return (word,)
        for less in _run_shortened(word):
            if less in self._known or less in self._writings:
                return self._writings.get(less, (less,))
        return (self._nearest(word),)

    def _nearest(self, word: str) -> str:
        if not _SHORT <= len(word) <= _LONGEST:
            return word
        letters = 2 if len(word) >= _LONG - 2 else 1
        near = {aim for key in _shortened(word, letters) for aim in self._near.get(key, ())}
        costs = {aim: _cost(word, aim) for aim in near if aim in self._guarded or _slipped(word, aim)}
        least = min(costs.values(), default=0)
        nearest = [aim for aim, cost in costs.items() if cost == least]
        # "suicidl" is as near to "suicide" as to "suicidal": either will do, for both alarm.
        alike = len(nearest) == 1 or self._hidden.issuperset(nearest)
        return nearest[0] if nearest and alike and nearest[0] not in self._guarded else word

    def _uncovered(self, chunk: str) -> str:
        core = chunk.strip(_AROUND)
        if core in self._writings:
            return chunk.replace(core, " ".join(self._writings[core]))
        plain = core.translate(_LOOKS_LIKE)
        matches = [word for word in self._hidden if _covers(plain, word)]
        return chunk.replace(core, matches[0]) if len(matches) == 1 else chunk


def distance(one: str, other: str) -> int:
    """Counts the edits between two words: a letter more, less or other, or two neighbours swapped."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    if not one or not other:
        return len(one) + len(other)
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _slipped(word: str, aim: str, *, short: bool = False) -> bool:
    """Whether `word` is a likely misspelling of `aim`; `short`: by the rule of four letters up to eight."""
    if len(aim) >= _LONG:
        return distance(word, aim) <= 2
    if len(aim) > _SHORT and not short:
        return distance(word, aim) <= 1
    return len(aim) >= _SHORT and (_swapped(word, aim) or _doubled(word, aim))


def _cost(word: str, aim: str) -> float:
    """Edits; what fingers do most is less than one."""
    return 0.5 if _swapped(word, aim) or _doubled(word, aim) else distance(word, aim)


def _swapped(word: str, aim: str) -> bool:
    return len(word) == len(aim) and word != aim and sorted(word) == sorted(aim) and distance(word, aim) == 1


def _doubled(word: str, aim: str) -> bool:
    return len(word) == len(aim) + 1 and any(
        word[at] == word[at + 1] and word[:at] + word[at + 1 :] == aim for at in range(len(aim))
    )


def _shortened(word: str, letters: int) -> set[str]:
    """The word, and all that is left of it without up to that many letters.

    Two words within n edits have one of these in common, without n letters each; so what may be
    near is looked up and not searched for.
    """
    out = {word}
    last = out
    for _ in range(letters):
        last = {one[:at] + one[at + 1 :] for one in last for at in range(len(one))}
        out |= last
    return out


def _run_shortened(word: str) -> list[str]:
    """With each letter that stands three times put twice, then once; nothing for a word without."""
    twice = re.sub(r"(.)\1{2,}", r"\1\1", word)
    return [] if twice == word else [twice, re.sub(r"(.)\1{2,}", r"\1", word)]


def _covers(plain: str, word: str) -> bool:
    if len(plain) != len(word) or plain == "*" * len(plain):
        return False
    return all(a in (b, "*") for a, b in zip(plain, word, strict=True))
