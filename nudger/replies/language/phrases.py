"""Many phrases at once: the lists of one language, looked for in a text.

A phrase is tried only where the text has, for each of its parts, one of the words that the part can begin
with; and it is thought of only where the text has one of the words of its rarest part. So most of the
thousands of phrases cost a text nothing at all.

Each part of a phrase says where it can end, given where it may begin. The places reached are kept as
sets, so that following a phrase takes time in proportion to its length and its gaps, whatever the text:
there is nothing to go back over.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Places = set[int]
Some = frozenset[str]

NOWHERE: Places = set()  # nobody adds to it
MASK = "\0"  # stands for a word that no phrase may use
SHAPES = {  # of words in digits; among first words: any that has the form
    "<n>": re.compile(r"\d+"),
    "<date>": re.compile(r"\d+[/-]\d+(?:[/-]\d+)?|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?|\d{1,2}\.(?:0[1-9]|1[0-2])"),
    "<time>": re.compile(r"\d{1,2}[:.]\d{2}"),
}


class Pattern:
    """A part of a phrase."""

    def ends(self, words: Sequence[str], places: Places) -> Places:
        """From the places where this part may begin, those where it may end."""
        raise NotImplementedError

    def firsts(self) -> Some | None:
        """The words that it can begin with; None where there is no list of them."""
        return None

    def words(self) -> Some:
        """Every word in it."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class OneOf(Pattern):
    """One word of these."""

    some: Some

    def ends(self, words: Sequence[str], places: Places) -> Places:
        if len(places) != 1:
            return {at + 1 for at in places if at < len(words) and words[at] in self.some}
        for at in places:  # nearly always one, and most of the time of a reply is spent here
            if at < len(words) and words[at] in self.some:
                return {at + 1}
        return NOWHERE

    def firsts(self) -> Some:
        return self.some

    def words(self) -> Some:
        return self.some


@dataclass(frozen=True, slots=True)
class Shape(Pattern):
    """A word in digits of this form."""

    mark: str

    def ends(self, words: Sequence[str], places: Places) -> Places:
        return {at + 1 for at in places if at < len(words) and self.mark in shapes_of(words[at])}

    def firsts(self) -> Some:
        return frozenset({self.mark})


@dataclass(frozen=True, slots=True)
class Suffix(Pattern):
    """A word that ends so."""

    ending: str

    def ends(self, words: Sequence[str], places: Places) -> Places:
        return {at + 1 for at in places if at < len(words) and words[at].endswith(self.ending)}


@dataclass(frozen=True, slots=True)
class Gap(Pattern):
    """Up to so many words, whatever they are."""

    most: int

    def ends(self, words: Sequence[str], places: Places) -> Places:
        reached, last = set(places), places
        for _ in range(self.most):
            last = {at + 1 for at in last if at < len(words) and words[at] != MASK}
            reached |= last
        return reached


@dataclass(frozen=True, slots=True)
class End(Pattern):
    """The end of the text."""

    def ends(self, words: Sequence[str], places: Places) -> Places:
        return places & {len(words)}


@dataclass(frozen=True, slots=True)
class Maybe(Pattern):
    """The part, or nothing."""

    part: Pattern

    def ends(self, words: Sequence[str], places: Places) -> Places:
        return places | self.part.ends(words, places)

    def firsts(self) -> Some | None:
        return self.part.firsts()

    def words(self) -> Some:
        return self.part.words()


@dataclass(frozen=True, slots=True)
class InOrder(Pattern):
    """One part after the other."""

    parts: tuple[Pattern, ...]

    def ends(self, words: Sequence[str], places: Places) -> Places:
        for part in self.parts:
            places = part.ends(words, places)
            if not places:
                break
        return places

    def firsts(self) -> Some | None:
        found: Some = frozenset()
        for part in self.parts:
            some = part.firsts()
            if some is None:
                return None
            found |= some
            if not isinstance(part, Maybe):
                return found
        return None

    def words(self) -> Some:
        return frozenset().union(*(part.words() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Either(Pattern):
    """One of these parts."""

    options: tuple[Pattern, ...]

    def ends(self, words: Sequence[str], places: Places) -> Places:
        reached: Places = set()
        for option in self.options:
            reached |= option.ends(words, places)
        return reached

    def firsts(self) -> Some | None:
        found: set[str] = set()
        for option in self.options:
            some = option.firsts()
            if some is None or isinstance(option, Maybe):
                return None
            found |= some
        return frozenset(found)

    def words(self) -> Some:
        return frozenset().union(*(option.words() for option in self.options))


Classes = Mapping[str, Pattern]


def shapes_of(word: str) -> Sequence[str]:
    """The marks of the forms that a word has: of one without digits none."""
    if not word[:1].isdecimal():
        return ()
    return [mark for mark, form in SHAPES.items() if form.fullmatch(word)]


def needed(part: Pattern) -> tuple[Some, ...]:
    """Lists of words of each of which any text must have one that the phrase is in."""
    parts = part.parts if isinstance(part, InOrder) else (part,)
    return tuple(
        some for one in parts if not isinstance(one, Maybe | Gap) and (some := one.firsts()) is not None
    )


# --- many phrases -------------------------------------------------------------------------------------
_NONE: tuple["Phrase", ...] = ()


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of a list, and what a text must have to be looked through for it."""

    listed: str  # the list that it stands in
    rank: int
    part: Pattern
    begins: bool  # it begins the text
    firsts: Some
    needs: int  # a bit for each list of words of which the text must have one

    def starts(self, words: Sequence[str]) -> Iterable[int]:
        """The places where it may begin."""
        if self.begins:
            return (0,) if words and self._may_begin(words[0]) else ()
        return [at for at, word in enumerate(words) if self._may_begin(word)]

    def ends(self, words: Sequence[str], start: int) -> Places:
        return self.part.ends(words, {start})

    def _may_begin(self, word: str) -> bool:
        return word in self.firsts or any(mark in self.firsts for mark in shapes_of(word))


class Phrases:
    """The phrase lists of a language, by their names."""

    def __init__(self, read: Sequence[tuple[str, bool, Pattern]]) -> None:
        """Indexes them: of each the list that it stands in, whether it begins the text, and the pattern."""
        self._words: dict[str, set[str]] = {}
        self._bits: dict[str, int] = defaultdict(int)  # word -> a bit for each list of words it is in
        self._thought_of: dict[str, list[Phrase]] = defaultdict(list)  # by the words of its rarest part
        self._index([(name, begins, part, needed(part)) for name, begins, part in read])

    def _index(self, read: Sequence[tuple[str, bool, Pattern, tuple[Some, ...]]]) -> None:
        places = {
            some: at for at, some in enumerate(dict.fromkeys(one for *_, needs in read for one in needs))
        }
        for some, at in places.items():
            for word in some:
                self._bits[word] |= 1 << at
        often = Counter(word for *_, needs in read for some in needs for word in some)
        for rank, (name, begins, part, needs) in enumerate(read):
            self._words.setdefault(name, set()).update(part.words())
            bits = sum(1 << at for at in {places[some] for some in needs})
            phrase = Phrase(name, rank, part, begins, part.firsts() or frozenset(), bits)
            for word in min(needs, key=lambda some: sum(often[word] for word in some)):
                self._thought_of[word].append(phrase)

    def vocabulary(self, *names: str) -> Some:
        """Every word of these lists."""
        return frozenset().union(*(self._words.get(name, ()) for name in names))

    def look(self, words: Sequence[str]) -> "Looked":
        """The phrases that may be in these words, ready to be tried."""
        distinct = dict.fromkeys([*words, *(mark for word in words for mark in shapes_of(word))])
        known = [word for word in distinct if word in self._bits]
        bits = 0
        for word in known:
            bits |= self._bits[word]
        found: dict[str, dict[int, Phrase]] = {}
        for word in known:
            for phrase in self._thought_of.get(word, _NONE):
                if phrase.needs & bits == phrase.needs:
                    found.setdefault(phrase.listed, {})[phrase.rank] = phrase
        return Looked(words, {name: tuple(phrases.values()) for name, phrases in found.items()})


@dataclass(frozen=True, slots=True)
class Looked:
    """A text, and the phrases that may be in it. Every question may be put to a form of the text instead that
    leaves words out."""

    words: Sequence[str]
    _found: Mapping[str, Sequence[Phrase]]

    @property
    def any(self) -> bool:
        """Whether any phrase at all may be there."""
        return bool(self._found)

    def spans(self, name: str, words: Sequence[str] | None = None) -> Iterator[tuple[int, int]]:
        """Every phrase of a list that is there: from its first word to before what follows it."""
        words = self.words if words is None else words
        for phrase in self._found.get(name, _NONE):
            for start in phrase.starts(words):
                ends = phrase.ends(words, start)
                if ends:
                    yield start, max(ends)

    def found(self, name: str, words: Sequence[str] | None = None) -> bool:
        """Whether any phrase of a list is anywhere in the words."""
        return next(self.spans(name, words), None) is not None

    def among(self, names: Iterable[str]) -> list[str]:
        """Those of the lists, in their order, of which a phrase may be there."""
        return [name for name in names if name in self._found]

    def whole(self, name: str, *texts: Sequence[str]) -> bool:
        """Whether a phrase of a list is all of one of these texts."""
        for phrase in self._found.get(name, _NONE):
            for words in texts:
                if words and phrase.starts(words[:1]) and len(words) in phrase.ends(words, 0):
                    return True
        return False

    def masked(self, *names: str, words: Sequence[str] | None = None) -> Sequence[str]:
        """The words, with those of every phrase of these lists out of the way."""
        words = self.words if words is None else words
        for name in names:
            out: list[str] = []
            for start, end in self.spans(name, words):
                out = out or list(words)
                out[start:end] = [MASK] * (end - start)
            words = out or words
        return words
