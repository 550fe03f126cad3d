"""The word lists of all languages, read and compiled once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nudger.replies.commands import Commands
from nudger.replies.courtesy import Courtesy
from nudger.replies.crisis import Crisis
from nudger.replies.folding import fold
from nudger.replies.intent import Intent
from nudger.replies.letter import Letters
from nudger.replies.optout import OptOut
from nudger.replies.pattern import Some
from nudger.replies.phrases import Classes, read_classes
from nudger.replies.section import Section, WordsError
from nudger.replies.spelling import Spelling
from nudger.replies.timewords import TimeWords

FALLBACK = "en"  # what anybody may write in, beside their own language


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of one language, beside what is known of all together."""

    spelling: Spelling
    optout: OptOut
    commands: Commands

    def slipped(self, words: Sequence[str]) -> bool:
        """Whether a keyword of opting out, misspelt, is all of a text."""
        return len(words) == 1 and self.spelling.slip(words[0], self.optout.single)


@dataclass(frozen=True, slots=True)
class Words:
    """The languages by their code, and what all of them share."""

    languages: Mapping[str, Language]
    crisis: Crisis
    letters: Letters
    reactions: Mapping[
        str, str
    ]  # what a phone puts before a text that was tapped on -> an intent, or "emoji"
    emoji: Mapping[str, Intent]

    @classmethod
    def parse(cls, sources: Mapping[str, str]) -> "Words":
        """Language code -> the TOML of its word list; English must be among them.

        Raises WordsError where a list is not of the form that the code takes.
        """
        if FALLBACK not in sources:
            raise WordsError(f"words: there is no list for {FALLBACK!r}, which every language falls back to")
        files = {code: Section.read(code, source) for code, source in sources.items()}
        classes = {code: read_classes(file.section("classes").lists()) for code, file in files.items()}
        crisis = Crisis.read({code: (files[code].section("crisis"), classes[code]) for code in files})
        found = cls(
            languages={code: _language(code, file, classes[code], crisis) for code, file in files.items()},
            crisis=crisis,
            letters=Letters.read(file.section("mail") for file in files.values()),
            reactions={head: meaning for file in files.values() for head, meaning in _reactions(file)},
            emoji={mark: intent for file in files.values() for mark, intent in _emoji(file)},
        )
        for file in files.values():
            file.close()
        return found

    def near(self, code: str) -> list[Language]:
        """The person's language, if there is a list for it, then English."""
        codes = dict.fromkeys((code.split("-", maxsplit=1)[0].lower(), FALLBACK))
        return [self.languages[one] for one in codes if one in self.languages]


def _language(code: str, file: Section, classes: Classes, crisis: Crisis) -> Language:
    courtesy = Courtesy.read(file.section("courtesy"))
    times = TimeWords.read(file.section("time"))
    optout = OptOut.read(file.section("optout"), classes, courtesy)
    commands = Commands.read(file.section("commands"), classes, courtesy, times, optout)
    alarming, harmless = crisis.vocabularies(code)
    aims = alarming.union(commands.vocabulary())
    known = aims | harmless | optout.vocabulary() | commands.known()
    guarded = optout.single | optout.lone.vocabulary
    return Language(_spelling(file.section("spelling"), known, aims, guarded), optout, commands)


def _spelling(section: Section, known: Some, aims: Some, guarded: Some) -> Spelling:
    """Words of opting out and in are known, and no aim: see `spelling`."""
    guarded |= section.words("guarded")
    found = Spelling(
        writings=dict(section.section("writings").lists()),
        known=known | guarded | section.words("keep"),
        aims=aims - guarded,
        guarded=guarded,
        hidden=section.words("hidden"),
    )
    section.close()
    return found


def _reactions(file: Section) -> list[tuple[str, str]]:
    return [(fold(head), meaning) for meaning, heads in file.section("reactions").lists() for head in heads]


def _emoji(file: Section) -> list[tuple[str, Intent]]:
    marks = file.section("emoji").lists()
    return [(mark, Intent(intent)) for intent, some in marks for mark in fold("".join(some))]
