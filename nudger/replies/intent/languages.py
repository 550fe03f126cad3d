"""The word lists of all languages, each read when it is first needed.

What everybody is understood by, whatever their language, is known of every language from the start: its
opt-out keywords, the frames that phones and mail programs put around a text, and which words its lists of
danger have. Those lists themselves are compiled for whoever writes in that language, and for a text with a
word of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

from nudger.replies.intent.answers import KEYWORDS, LONE, Courtesy, OptOutWords, agrees, consent_lists
from nudger.replies.intent.answers import LISTS as OF_OPTOUT
from nudger.replies.intent.asked import AnswerWords
from nudger.replies.intent.commands import LISTS as OF_COMMANDS
from nudger.replies.intent.commands import Commands
from nudger.replies.intent.danger import (
    AIMS,
    FIGURES,
    Danger,
    Signs,
    Verdict,
    beside_figures,
    judged,
    signs,
)
from nudger.replies.intent.likelihood import Heard, Likelihood, read_weights
from nudger.replies.intent.meanings import Intent
from nudger.replies.language.normalisation import Spelling, fold, split, tokens
from nudger.replies.language.phrases import Index, Looked, Phrases
from nudger.replies.language.quoting import Automatic, Letters
from nudger.replies.language.wordlists import Kept, NothingKept, PhraseCompiler, Section, WordsError
from nudger.replies.time.lexicon import TimeWords

WEIGHTS = "weights.txt"  # among the files of a language: see `likelihood`
_FIRST_CLASS = 0x3B1  # classes are written as letters that no text of ours has
_PLAINLY = 0.8  # of the words of a text, those that a model of another language knows
_FEW = 4  # words
NOTHING_KEPT = NothingKept()
FALLBACK = "en"  # what anybody may write in, beside their own language


@dataclass(frozen=True, slots=True)
class Impression:
    """What a text sounds like, whatever it asks for."""

    verdict: Verdict
    alarm: bool  # it has a word beside which no command is obeyed
    heard: Heard | None  # by the model of the language that most of its words are of
    few: bool = False  # so few words that of danger the rules know best

    def wary(self, likely: float) -> bool:
        """Whether danger is as likely as this."""
        return self.heard is not None and not self.few and self.heard.danger >= likely


class Language:
    """What is known of one language: each part is made when it is first asked for."""

    def __init__(self, code: str, tables: Section, weights: str | None, kept: Kept) -> None:
        self.code, self._tables, self._source, self._kept = code, tables, weights, kept

    @classmethod
    def read(cls, code: str, sources: Mapping[str, str], kept: Kept) -> "Language":
        """Reads the tables and compiles nothing. Raises WordsError where they are not of the form that the
        code takes; those that are kept were."""
        weights = sources.get(WEIGHTS)
        if (known := kept.get(f"{code}.tables")) is not None:
            return cls(code, Section(f"words of {code!r}", known), weights, kept)
        tables = Section.read(code, {name: one for name, one in sources.items() if name != WEIGHTS})
        plain = tables.plain()
        found = cls(code, tables, weights, kept)
        _ = found.reactions, found.emoji, found.mail, found.hints, found.automatic, found._spelling
        _ = found.danger, found._lists, found.answers
        tables.close()
        kept.put(f"{code}.tables", plain)
        return found

    @cached_property
    def classes(self) -> Sequence[tuple[str, tuple[str, ...]]]:
        """The classes of words, as they are written."""
        return tuple(self._tables.section("classes").lists())

    @cached_property
    def _spelling(self) -> Section:
        return self._tables.section("spelling")

    @cached_property
    def mail(self) -> Section:
        """How programs frame what a person writes."""
        return self._tables.section("mail")

    @cached_property
    def reactions(self) -> Sequence[tuple[str, str]]:
        """What a phone puts before a text that was tapped on, with its meaning."""
        meanings = self._tables.section("reactions").lists()
        return [(fold(head), meaning) for meaning, heads in meanings for head in heads]

    @cached_property
    def emoji(self) -> Sequence[tuple[str, Intent]]:
        """The emoji that mean something."""
        intents = self._tables.section("emoji").lists()
        return [(mark, Intent(intent)) for intent, some in intents for mark in fold("".join(some))]

    @cached_property
    def danger(self) -> Danger:
        """The rules of danger."""
        return Danger(self._tables.section("crisis"), self.classes)

    @cached_property
    def hints(self) -> Mapping[str, tuple[str, ...]]:
        """Words with the classes of meaning that they are in, for the model."""
        return _hints(self._tables.section("hints"))

    @cached_property
    def automatic(self) -> Automatic:
        """How automatic replies are known."""
        return Automatic(self.code, self._tables.section("automatic"))

    @cached_property
    def optout(self) -> OptOutWords:
        """The words of opting out."""
        return self._optouts[0]

    @cached_property
    def commands(self) -> Commands:
        """The words of commands and of times."""
        return self._commands[0]

    @cached_property
    def answers(self) -> AnswerWords:
        """The words of answers to what was asked."""
        return AnswerWords.read(self._tables.section("answers"))

    @cached_property
    def _courtesy(self) -> Courtesy:
        return Courtesy.read(self._tables.section("courtesy"))

    @cached_property
    def _optouts(self) -> tuple[OptOutWords, Mapping[str, tuple[str, ...]]]:
        return OptOutWords.read(self._tables.section("optout"), self._courtesy)

    @cached_property
    def _commands(self) -> tuple[Commands, Mapping[str, tuple[str, ...]]]:
        times = TimeWords.read(self._tables.section("time"))
        return Commands.read(self._tables.section("commands"), self._courtesy, times, self.optout.single)

    @cached_property
    def _lists(self) -> Mapping[str, tuple[str, ...]]:
        """All phrase lists but those of danger."""
        return {**self._optouts[1], **self._commands[1], **consent_lists(self._tables.section("consent"))}

    @property
    def keywords(self) -> Mapping[str, tuple[str, ...]]:
        """The phrase lists of what opts out where it is all of a text."""
        return {self.keyword_list(name): self._optouts[1][name] for name in (KEYWORDS, LONE)}

    def keyword_list(self, name: str) -> str:
        """The name of a phrase list among those of all languages."""
        return f"{self.code}.{name}"

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that the lists of danger have."""
        words: frozenset[str] = _made(self._kept, f"{self.code}.words", lambda: self.danger.words)
        return words

    @cached_property
    def likelihood(self) -> Likelihood | None:
        """None where the language has no weights yet."""
        source = self._source
        if source is None:
            return None
        return Likelihood(
            *_made(self._kept, f"{self.code}.weights", lambda: (read_weights(source), dict(self.hints)))
        )

    def hear(self, looked: Looked, written: str) -> Heard | None:
        """What a text sounds like to the model, if the language has one: its words without figures of
        speech, and its letters as they were written."""
        return self.likelihood.of(beside_figures(looked), written) if self.likelihood is not None else None

    def share(self, words: Sequence[str]) -> float:
        """How many of the words its model knows, of one; without a model none."""
        return self.likelihood.share(words) if self.likelihood is not None else 0.0

    def spelt(self, text: str) -> tuple[str, ...]:
        """The words of a text, misspellings put right."""
        return self.spelling.correct(tokens(self.spelling.uncover(fold(text)))).words

    @cached_property
    def phrases(self) -> Phrases:
        """All phrase lists of what a text can say in this language."""
        return Phrases(Index(*_made(self._kept, f"{self.code}.phrases", lambda: tuple(self._index()))))

    def _index(self) -> Index:
        compiler = PhraseCompiler()
        classes = compiler.classes(self.classes)
        compiler.add(self._lists, classes)
        compiler.add(self.danger.lists, compiler.classes(self.danger.classes, classes))
        return compiler.index()

    @cached_property
    def spelling(self) -> Spelling:
        """How words come to be written otherwise."""
        return Spelling(*_made(self._kept, f"{self.code}.spelling", self._spellings))

    def _spellings(self) -> tuple[object, ...]:
        """What `Spelling` asks for. Words of opting out and in are known, and no aim: see `normalisation`."""
        vocabulary = self.phrases.vocabulary
        aims = vocabulary(*AIMS, *OF_COMMANDS).union(self.commands.vocabulary())
        known = aims.union(vocabulary(*FIGURES, *OF_OPTOUT), self.commands.known(), self.optout.around)
        section = self._spelling.copy()
        guarded = self.optout.single | self.optout.lone | section.words("guarded")
        writings = dict(section.section("writings").lists())
        keep, hidden = section.words("keep"), section.words("hidden")
        section.close()
        return writings, known | guarded | keep, aims - guarded, guarded, hidden

    def knows(self, word: str) -> bool:
        """Whether it is a word as far as the lists know."""
        known = self.likelihood is not None and self.likelihood.knows(word)
        return known or word in self.words or self.spelling.knows(word)

    def slipped(self, words: Sequence[str]) -> bool:
        """Whether a keyword of opting out, misspelt, is all of a text."""
        return len(words) == 1 and self.spelling.slip(words[0], self.optout.single)

    def compile(self) -> None:
        """Reads all that is otherwise read when it is needed. Raises WordsError for a phrase that is none."""
        _ = self.phrases, self.spelling, self.likelihood


class Words:
    """The languages by their code, and what all of them share."""

    def __init__(self, languages: Mapping[str, Language], kept: Kept) -> None:
        self.languages, self._kept = languages, kept
        every = languages.values()
        self.letters = Letters.read(one.mail for one in every)
        # What a phone puts before a text that was tapped on -> an intent, or "emoji".
        self.reactions = {head: meaning for one in every for head, meaning in one.reactions}
        self.emoji = {mark: intent for one in every for mark, intent in one.emoji}
        self._keywords = [one.keyword_list(name) for one in every for name in (KEYWORDS, LONE)]
        self._theirs: dict[tuple[str, ...], frozenset[str]] = {}  # by codes: the words of those languages

    @classmethod
    def parse(cls, sources: Mapping[str, Mapping[str, str]], kept: Kept = NOTHING_KEPT) -> "Words":
        """Reads language code -> the TOML files of its word lists, by their names; English must be among
        them. What was made of them before is taken from `kept`, and what is made is given to it.

        Raises WordsError where a list is not of the form that the code takes; for a phrase within one,
        `compile` does, or the first text that needs it.
        """
        if FALLBACK not in sources:
            raise WordsError(f"words: there is no list for {FALLBACK!r}, which every language falls back to")
        return cls({code: Language.read(code, files, kept) for code, files in sources.items()}, kept)

    @cached_property
    def shared(self) -> Phrases:
        """What everybody is understood by, whatever their language: opt-out keywords, automatic replies."""
        return Phrases(Index(*_made(self._kept, "shared", lambda: tuple(self._index()))))

    def _index(self) -> Index:
        compiler = PhraseCompiler()
        for one in self.languages.values():
            compiler.add({**one.keywords, **one.automatic.lists}, compiler.classes(one.classes))
        return compiler.index()

    def compile(self) -> "Words":
        """Reads every list of every language. Raises WordsError for a phrase that is none."""
        for one in self.languages.values():
            one.compile()
        _ = self.shared
        return self

    def near(self, code: str) -> list[Language]:
        """The person's language, if there is a list for it, then English."""
        codes = dict.fromkeys((code.split("-", maxsplit=1)[0].lower(), FALLBACK))
        return [self.languages[one] for one in codes if one in self.languages]

    def knows(self, word: str, code: str) -> bool:
        """Whether it is a word of the person's language, or of English, as far as the lists know."""
        return any(one.knows(word) for one in self.near(code))

    def is_keyword(self, words: Sequence[str]) -> bool:
        """Whether a keyword of any language is all there is. In all languages for everybody: who writes one
        means it."""
        return self.shared.look(words).whole(self._keywords) is not None

    def by_program(self, words: Sequence[str]) -> bool:
        """Whether it is an automatic reply in any language: a phone speaks its owner's."""
        looked = self.shared.look(words)
        return any(one.automatic.wrote(looked) for one in self.languages.values())

    def without_told(self, words: Sequence[str]) -> Sequence[str]:
        """The words of an automatic reply, without what it tells others to do."""
        told = [one.automatic.told for one in self.languages.values()]
        return self.shared.look(words).masked(*told).words

    def agrees(self, words: Sequence[str], near: Sequence[Language]) -> bool | None:
        """Whether all of a text says yes, or no, to the question for consent."""
        said = (agrees(one.phrases.look(words), one.commands.courtesy.soft) for one in near)
        return next((one for one in said if one is not None), None)

    def hear(
        self, texts: Sequence[Sequence[str]], written: str, near: Mapping[str, Sequence[Looked]]
    ) -> Impression:
        """What a text sounds like in any language: in distress people fall back to their first one.

        Args:
            texts: the forms of its words: put right, as `written`.
            near: how they look in the near languages, by their code.
        """
        verdict, alarm = Verdict(), False
        speaker = self._speaker(near)
        spoken = near[speaker.code][0 if speaker.code == next(iter(near)) else -1]  # put right in their own
        heard, few = speaker.hear(spoken, written), len(beside_figures(spoken)) < _FEW
        for one in self._spoken(texts[-1], near):
            looks = near.get(one.code) or [one.phrases.look(words) for words in texts]
            shown = reduce(Signs.joined, map(signs, looks))
            by_model = None if few or one.code not in near else heard
            found = judged(shown, by_model, speaker.danger.thresholds)
            verdict, alarm = verdict.joined(found), alarm or shown.alarm
        return Impression(verdict, alarm, heard, few)

    def _speaker(self, near: Mapping[str, Sequence[Looked]]) -> Language:
        """The near language whose model knows most of the words. Who speaks one without a model is not judged
        by another's, but for a text that is plainly in that."""
        own = self.languages[next(iter(near))]
        if own.likelihood is None:
            shares = {code: self.languages[code].share(near[code][-1].words) for code in near}
            other = max(shares, key=shares.__getitem__)
            return self.languages[other] if shares[other] >= _PLAINLY else own
        return max(
            (self.languages[code] for code in near), key=lambda one: one.share(near[one.code][0].words)
        )

    def _spoken(self, words: Sequence[str], near: Iterable[str]) -> Iterator[Language]:
        """The near languages, and every other of which a word is there that is none of theirs."""
        codes = tuple(near)
        if codes not in self._theirs:
            theirs = (self.languages[code].words for code in codes)
            self._theirs[codes] = frozenset().union(*theirs)
        yield from (self.languages[code] for code in codes)
        foreign = [word for word in words if word not in self._theirs[codes]]
        for code, one in self.languages.items():
            if code not in codes and not one.words.isdisjoint(foreign):
                yield one


def _made(kept: Kept, name: str, make: Callable[[], object]) -> Any:
    """What is kept under a name; else it is made, and kept."""
    found = kept.get(name)
    if found is None:
        found = make()
        kept.put(name, found)
    return found


def _hints(section: Section) -> Mapping[str, tuple[str, ...]]:
    """Each word with the classes of meaning that it is in: a letter for each, in the order of the table."""
    found: dict[str, list[str]] = {}
    for number, (_, members) in enumerate(section.lists()):
        for word in dict.fromkeys(
            one for member in members for written in member.split() for one in split(written)
        ):
            found.setdefault(word, []).append(chr(_FIRST_CLASS + number))
    section.close()
    return {word: tuple(names) for word, names in found.items()}
