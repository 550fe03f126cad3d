"""The parts that phrases are made of. Each says where it can end, given where it may begin.

The places reached are kept as sets, so that following a phrase takes time in proportion to its length
and its gaps, whatever the text: there is nothing to go back over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Words = Sequence[str]
Places = set[int]
Some = frozenset[str]

NOWHERE: Places = set()  # nobody adds to it
MASK = "\0"  # stands for a word that no phrase may use
NUMBER = "<n>"  # among first words: any number


class Part:
    """A part of a phrase."""

    def ends(self, words: Words, places: Places) -> Places:
        """From the places where this part may begin, those where it may end."""
        raise NotImplementedError

    def firsts(self) -> Some | None:
        """The words that it can begin with; None where there is no list of them."""
        return None

    def words(self) -> Some:
        """Every word in it."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class OneOf(Part):
    """One word of these."""

    some: Some

    def ends(self, words: Words, places: Places) -> Places:
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
class Number(Part):
    """A number in digits."""

    def ends(self, words: Words, places: Places) -> Places:
        return {at + 1 for at in places if at < len(words) and words[at].isdecimal()}

    def firsts(self) -> Some:
        return frozenset({NUMBER})


@dataclass(frozen=True, slots=True)
class Ending(Part):
    """A word that ends so."""

    ending: str

    def ends(self, words: Words, places: Places) -> Places:
        return {at + 1 for at in places if at < len(words) and words[at].endswith(self.ending)}


@dataclass(frozen=True, slots=True)
class Gap(Part):
    """Up to so many words, whatever they are."""

    most: int

    def ends(self, words: Words, places: Places) -> Places:
        reached, last = set(places), places
        for _ in range(self.most):
            last = {at + 1 for at in last if at < len(words) and words[at] != MASK}
            reached |= last
        return reached


@dataclass(frozen=True, slots=True)
class End(Part):
    """The end of the text."""

    def ends(self, words: Words, places: Places) -> Places:
        return places & {len(words)}


@dataclass(frozen=True, slots=True)
class Maybe(Part):
    """The part, or nothing."""

    part: Part

    def ends(self, words: Words, places: Places) -> Places:
        return places | self.part.ends(words, places)

    def firsts(self) -> Some | None:
        return self.part.firsts()

    def words(self) -> Some:
        return self.part.words()


@dataclass(frozen=True, slots=True)
class InOrder(Part):
    """One part after the other."""

    parts: tuple[Part, ...]

    def ends(self, words: Words, places: Places) -> Places:
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
class Either(Part):
    """One of these parts."""

    options: tuple[Part, ...]

    def ends(self, words: Words, places: Places) -> Places:
        reached: Places = set()
        for option in self.options:
            reached |= option.ends(words, places)
        return reached

    def firsts(self) -> Some | None:
        found: Some = frozenset()
        for option in self.options:
            some = option.firsts()
            if some is None:
                return None
            found |= some
        return found

    def words(self) -> Some:
        return frozenset().union(*(option.words() for option in self.options))


def either(options: Sequence[Part]) -> Part:
    """One of these; what is one word is looked up instead of tried."""
    flat = [inner for one in options for inner in (one.options if isinstance(one, Either) else (one,))]
    single: Some = frozenset().union(*(one.some for one in flat if isinstance(one, OneOf)))
    several = [one for one in flat if not isinstance(one, OneOf)]
    if not several:
        return OneOf(single)
    return Either((*([OneOf(single)] if single else []), *several))


def needed(part: Part) -> tuple[Some, ...]:
    """Lists of words of each of which any text must have one that the phrase is in, beside its first; the
    shortest first, as it is the surest sign that looking further is in vain."""
    if not isinstance(part, InOrder):
        return ()
    lists = {
        some
        for one in part.parts[1:]
        if not isinstance(one, Maybe | Gap) and (some := one.firsts()) is not None and NUMBER not in some
    }
    return tuple(sorted(lists, key=len))
