"""What a language's texts do without, and what they are held to: `templates/<language>/tone.toml`, checked.

A rule is by words. Each holds a text that it must find, so that no slip in a list of words goes unseen.

First how easy a text is to read, by the formula that is usual for its language: data, in the same file.
English: Flesch-Kincaid grade (Kincaid 1975). Spanish: Fernandez-Huerta (1959). French: Kandel-Moles
(1958). The last two give an ease from 0 to 100, read by their own table: 70 and more is what a
sixth grade reads, 60 and more an eighth.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from nudger.domain.errors import Problem
from nudger.domain.model import Topic
from nudger.messages.bank.messages import Message, Part
from nudger.messages.bank.source import Source, tables, words

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PATTERNS = ("syllable", "more", "fewer")
_WEIGHTS = ("per_word", "per_syllable", "constant")
_SCALES = ("grade", "ease")
KEYS = ("rewrite", *_PATTERNS, *_WEIGHTS, "scale")


@dataclass(frozen=True, slots=True)
class Formula:
    """How a language's syllables are counted, and what they and the length of sentences say."""

    rewrite: Sequence[tuple[re.Pattern[str], str]]  # a word as it is counted
    syllable: re.Pattern[str]  # each is one
    more: re.Pattern[str]  # each is one more
    fewer: re.Pattern[str]  # each is one less
    per_word: float  # of a sentence, on average
    per_syllable: float  # of a word, on average
    constant: float
    is_ease: bool  # the formula gives an ease, not a grade

    @staticmethod
    def parse(table: Mapping[str, object]) -> "Formula":
        """Reads a table that has no faults."""
        rewrite = cast(list[list[str]], table.get("rewrite", []))
        syllable, more, fewer = (re.compile(str(table.get(key, "(?!)"))) for key in _PATTERNS)
        word, in_word, constant = (float(cast(float, table[key])) for key in _WEIGHTS)
        pairs = [(re.compile(find), put) for find, put in rewrite]
        return Formula(pairs, syllable, more, fewer, word, in_word, constant, table["scale"] == "ease")

    def syllables(self, word: str) -> int:
        """Counts those of one word; right for about nine in ten."""
        word = word.lower()
        for find, put in self.rewrite:
            word = find.sub(put, word)
        counts = [len(pattern.findall(word)) for pattern in (self.syllable, self.more, self.fewer)]
        return max(1, counts[0] + counts[1] - counts[2])

    def grade(self, texts: Sequence[str]) -> float | None:
        """Returns the grade of school that reads `texts`, taken as one; None where they have no words."""
        spoken = [words for text in texts for words in sentences(text)]
        if not spoken:
            return None
        words = [word for sentence in spoken for word in sentence]
        in_a_sentence = len(words) / len(spoken)
        in_a_word = sum(map(self.syllables, words)) / len(words)
        result = self.per_word * in_a_sentence + self.per_syllable * in_a_word + self.constant
        return _of_ease(result) if self.is_ease else result


def sentences(text: str) -> list[list[str]]:
    """Returns the words of each sentence that has any."""
    split = (_WORD.findall(sentence) for sentence in _SENTENCE_END.split(text))
    return [words for words in split if words]


def faults_of_formula(table: object) -> Iterator[str]:
    """Returns what is wrong with a [reading] table."""
    if not isinstance(table, dict) or table.keys() - set(KEYS):
        yield f"expected a table of {', '.join(KEYS)}"
        return
    for key in _WEIGHTS:
        if not isinstance(table.get(key), int | float):
            yield f"expected a number for {key}, got {table.get(key)!r}"
    if table.get("scale") not in _SCALES:
        yield f'expected scale = "grade" or "ease", got {table.get("scale")!r}'
    rewrite = table.get("rewrite", [])
    if not isinstance(rewrite, list) or not all(_is_pair(pair) for pair in rewrite):
        yield 'expected rewrite as pairs, [["qu", "k"]]'
    elif not all(_is_pattern(find) for find, _ in rewrite):
        yield "has a rewrite that is no regular expression"
    for key in _PATTERNS:
        if (key == "syllable" or key in table) and not _is_pattern(table.get(key)):
            yield f"expected a regular expression for {key}, got {table.get(key)!r}"


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair)


def _is_pattern(text: object) -> bool:
    try:
        re.compile(text if isinstance(text, str) else "(")
    except re.error:
        return False
    return True


def _of_ease(ease: float) -> float:
    """Ten points of ease are a grade down to 70, then five: 80 is grade 5, 70 is 6, 60 is 8."""
    return 13 - ease / 10 if ease >= 70 else 6 + (70 - ease) / 5


_LISTS = ("capitals", "automated", "delete")
_SWITCHES = ("full", "accents")
_TOP = (*_LISTS, *_SWITCHES, "reading", "rule", "allowed")
_RULE = ("name", "instead", "words", "finds")
# Where a rule does not hold for all that is said. At most one of these stands in it.
_LIMITS = ("unless_avoid", "unless_part", "unless_form", "company", "only")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is not said: everywhere, or by messages without a tag, or by some texts."""

    name: str
    pattern: re.Pattern[str]
    instead: str  # what to write, or to tag
    finds: str  # a text that it must find
    unless_avoid: Topic | None = None  # messages only: those that are tagged may say it
    unless_part: frozenset[Part] = frozenset()  # messages only: those for one of these parts alone may
    unless_form: str = ""  # texts that speak in another form of address may not
    company: bool = False  # messages that keep company may not
    only: frozenset[str] = frozenset()  # these texts may not

    def holds_for(self, key: str, form: str, message: Message | None) -> bool:
        """Tells whether a text is bound by it; `message` where it is one of the bank."""
        if self.unless_form:
            return form not in ("", self.unless_form)
        if self.only:
            return message is None and key in self.only
        if self.company:
            return message is not None and message.company
        if self.unless_avoid is not None:
            return message is not None and self.unless_avoid not in message.avoid
        if self.unless_part:
            return message is not None and not (message.parts and message.parts <= self.unless_part)
        return True


@dataclass(frozen=True, slots=True)
class Tone:
    """What one language's texts are held to; without a file it is little."""

    rules: Sequence[Rule] = ()
    full: bool = False  # the bank is whole, and is held to what a whole one has
    accents: bool = False  # its words need letters that GSM-7 lacks
    capitals: frozenset[str] = frozenset()
    automated: Sequence[str] = ()  # ways to say that nudger is a program
    delete: Sequence[str] = ()  # ways to say that a text can be taken off the phone
    formula: Formula | None = None
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)  # key of a text -> words

    @staticmethod
    def parse(source: Source) -> "Tone | tuple[Problem, ...]":
        """Returns the rules, or every problem of the file."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        problems = tuple(_problems(source, data))
        return problems or _tone(data)

    def broken(self, text: str, key: str, form: str, message: Message | None) -> Iterator[tuple[Rule, str]]:
        """Returns each rule that `text` breaks, with the words that break it."""
        allowed = self.allowed.get(key, frozenset())
        for rule in self.rules:
            if rule.holds_for(key, form, message):
                for found in rule.pattern.findall(text):
                    if found.lower() not in allowed:
                        yield rule, found

    def blind(self) -> Iterator[Rule]:
        """Returns the rules that do not find their own example."""
        return (rule for rule in self.rules if not rule.pattern.search(rule.finds))


def _problems(source: Source, data: Mapping[str, object]) -> Iterator[Problem]:
    for key in sorted(data.keys() - set(_TOP)):
        yield source.problem(f'unknown "{key}"', f"known here: {', '.join(_TOP)}", key=key)
    for key in _LISTS:
        if words(data.get(key, [])) is None:
            yield source.problem("expected a list of words", where=key, key=key)
    for key in _SWITCHES:
        if not isinstance(data.get(key, False), bool):
            yield source.problem(f"expected true or false, got {data[key]!r}", where=key, key=key)
    allowed = data.get("allowed", {})
    if not isinstance(allowed, dict) or any(words(value) is None for value in allowed.values()):
        yield source.problem("expected lists of words", where="allowed", table="allowed", nth=1)
    if "reading" in data:
        for fault in faults_of_formula(data["reading"]):
            yield source.problem(fault, where="reading", table="reading", nth=1)
    for number, table in tables(data.get("rule")):
        for message, hint in _faults(table):
            where = f'rule "{table.get("name", number)}"'
            yield source.problem(message, hint, where=where, table="rule", nth=number)


def _faults(table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    texts = all(isinstance(table.get(key), str) and table[key] for key in ("name", "instead", "finds"))
    if not texts or not words(table.get("words")) or table.keys() - {*_RULE, *_LIMITS}:
        hint = 'like name = "no-orders", instead = "offer it", words = ["must"], finds = "You must rest."'
        yield "expected name, instead, words and finds", hint
    limits = [key for key in _LIMITS if key in table]
    if len(limits) > 1:
        yield f"expected one of {' and '.join(limits)}", "make two rules of it"
    if "unless_avoid" in table and table["unless_avoid"] not in tuple(Topic):
        yield f"expected unless_avoid to be one of {', '.join(Topic)}", ""
    parts = words(table.get("unless_part", [Part.EVENING]))
    if not parts or any(part not in tuple(Part) for part in parts):
        yield f"expected unless_part to be a list of {', '.join(Part)}", ""
    if "only" in table and not words(table["only"]):
        yield "expected only to be a list of keys of texts", 'like only = ["crisis_danger"]'
    if not isinstance(table.get("unless_form", ""), str) or not isinstance(table.get("company", True), bool):
        yield "expected unless_form to be a form of address, and company to be true", ""


def _tone(data: Mapping[str, object]) -> Tone:
    allowed, reading = data.get("allowed", {}), data.get("reading")
    assert isinstance(allowed, dict)
    return Tone(
        rules=[_rule(table) for _, table in tables(data.get("rule"))],
        full=data.get("full") is True,
        accents=data.get("accents") is True,
        capitals=frozenset(words(data.get("capitals", [])) or ()),
        automated=words(data.get("automated", [])) or (),
        delete=words(data.get("delete", [])) or (),
        formula=Formula.parse(reading) if isinstance(reading, dict) else None,
        allowed={key: frozenset(map(str.lower, words(value) or ())) for key, value in allowed.items()},
    )


def _rule(table: Mapping[str, object]) -> Rule:
    topic = table.get("unless_avoid")
    return Rule(
        name=str(table["name"]),
        pattern=_pattern(words(table["words"]) or ()),
        instead=str(table["instead"]),
        finds=str(table["finds"]),
        unless_avoid=None if topic is None else Topic(str(topic)),
        unless_part=frozenset(Part(part) for part in words(table.get("unless_part", [])) or ()),
        unless_form=str(table.get("unless_form", "")),
        company=table.get("company") is True,
        only=frozenset(words(table.get("only", [])) or ()),
    )


def _pattern(avoided: Sequence[str]) -> re.Pattern[str]:
    """Whole words, longest first; a hyphen does not end a word ("self-care" is one), and a star stands for
    the rest of one ("pray*")."""
    longest_first = sorted(avoided, key=len, reverse=True)
    any_of = "|".join(re.escape(one).replace(r"\*", r"\w*") for one in longest_first)
    return re.compile(rf"(?<![\w-])(?:{any_of})(?![\w-])", re.IGNORECASE)
