"""The words that a language's texts do without: `templates/<language>/tone.toml`, checked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nudger.errors import Problem
from nudger.messages.bank.source import Source, tables, words

_TOP = ("capitals", "automated", "rule", "allowed")
_RULE = ("name", "instead", "words")


@dataclass(frozen=True, slots=True)
class Avoidance:
    """A rule by words: what it is called, what it finds, and what to write instead."""

    name: str
    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True, slots=True)
class Tone:
    """The rules by words of one language; without a file there are none."""

    avoidances: Sequence[Avoidance] = ()
    capitals: frozenset[str] = frozenset()
    automated: Sequence[str] = ()
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)  # key of a text -> words

    @staticmethod
    def parse(source: Source) -> "Tone | tuple[Problem, ...]":
        """The rules, or every problem of the file."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        problems = tuple(_problems(source, data))
        return problems or _tone(data)

    def avoided(self, text: str, key: str) -> Iterator[tuple[Avoidance, str]]:
        """Each rule that `text` breaks, with the words that break it."""
        allowed = self.allowed.get(key, frozenset())
        for avoidance in self.avoidances:
            for found in avoidance.pattern.findall(text):
                if found.lower() not in allowed:
                    yield avoidance, found


def _problems(source: Source, data: Mapping[str, object]) -> Iterator[Problem]:
    for key in sorted(data.keys() - set(_TOP)):
        yield source.problem(f'unknown "{key}"', f"known here: {', '.join(_TOP)}", key=key)
    for key in ("capitals", "automated"):
        if words(data.get(key, [])) is None:
            yield source.problem("expected a list of words", where=key, key=key)
    allowed = data.get("allowed", {})
    if not isinstance(allowed, dict) or any(words(value) is None for value in allowed.values()):
        yield source.problem("expected lists of words", where="allowed", table="allowed", nth=1)
    for number, table in tables(data.get("rule")):
        named = isinstance(table.get("name"), str) and isinstance(table.get("instead"), str)
        if not named or not words(table.get("words")) or table.keys() != set(_RULE):
            hint = 'like name = "no-orders", instead = "offer it", words = ["must"]'
            yield source.problem("expected name, instead and words", hint, table="rule", nth=number)


def _tone(data: Mapping[str, object]) -> Tone:
    avoidances = [
        Avoidance(str(table["name"]), _pattern(words(table["words"]) or ()), str(table["instead"]))
        for _, table in tables(data.get("rule"))
    ]
    allowed = data.get("allowed", {})
    assert isinstance(allowed, dict)
    return Tone(
        avoidances,
        frozenset(words(data.get("capitals", [])) or ()),
        words(data.get("automated", [])) or (),
        {key: frozenset(word.lower() for word in words(value) or ()) for key, value in allowed.items()},
    )


def _pattern(avoided: Sequence[str]) -> re.Pattern[str]:
    """Whole words, longest first; a hyphen does not end a word ("self-care" is one)."""
    longest_first = sorted(avoided, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])", re.IGNORECASE)
