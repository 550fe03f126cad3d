"""Every text of a language as a person may get it: once as usual, once with the longest of everything."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from nudger.messages.wording.saying import say_when
from nudger.messages.wording.segments import Segments, count
from nudger.messages.wording.wording import Wording
from nudger.model import At, Contact, Effort, Kind, Nudge, Plan

LONG_NAME = "N" * 20
LONG_CONTACT = Contact(name="C" * 20, relation="R" * 12)
BY_EMAIL = ("welcome_by_link",)
TWO_SEGMENTS = (
    "welcome",
    "help",
    "unknown",
    "held",
    "quiet_helplines",
    "crisis",
    "crisis_told",
    "stopped_crisis",
    "notice",
)

_USUAL = {
    "name": "Maya",
    "contact": "Sam",
    "limit": "3",
    "helplines": "call 988",
    "address": "nudger@example.org",
    "if_then": "When I make tea, I step outside.",
    "start": "8 pm",
    "end": "9 am",
    "kind": "rest",
}
_NOW = datetime(2026, 9, 2, 9, 30)  # noqa: DTZ001  a wall time
_WORD = re.compile(r"[^\W\d_]+")
_CAPITALS = re.compile(r"(?<![\w-])(?=[^\W_]*[^\W\d_]{2})[^\Wa-zà-ÿ_]+(?![\w-])")


@dataclass(frozen=True, slots=True)
class Proof:
    """One text, ready to be looked at."""

    kind: str  # "system" for nudger's own
    key: str
    text: str  # with usual values
    longest: Segments  # with the longest
    segments: int | None  # how many it may take; None: it goes by email only
    uses: frozenset[str]
    words: frozenset[str]  # in small letters
    contact: bool = False
    effort: Effort | None = None  # of a message

    def shouted(self, known: set[str]) -> Iterator[str]:
        """The words in capitals, but for the known ones."""
        return (word for word in _CAPITALS.findall(self.text) if word not in known)


def message_proofs(wording: Wording, language: str) -> Iterator[Proof]:
    """Every message of every kind."""
    usual = Plan("maya", "Maya", "UTC", language, contacts=(Contact("Sam", "friend"),))
    long = Plan("long", LONG_NAME, "UTC", language, contacts=(LONG_CONTACT,))
    for kind in Kind:
        nudge = Nudge(kind.value, kind, At((time(9),)), snooze=timedelta(hours=23, minutes=59))
        for message in wording.banks[language, kind].messages:
            text = wording.longest(message.text, usual, nudge)
            longest = count(wording.longest(message.text, long, nudge))
            uses = message.compiled.uses
            yield Proof(
                kind.value, message.key, text, longest, 1, uses, _words(text), message.contact, message.effort
            )


def text_proofs(wording: Wording, language: str) -> Iterator[Proof]:
    """Everything that nudger itself says, subjects and the footer of emails included."""
    texts = wording.texts[language]
    usual = {**_USUAL, "when": say_when(texts, _NOW + timedelta(hours=2), _NOW)}
    whens = [say_when(texts, _NOW + timedelta(days=days, hours=13), _NOW) for days in range(366)]
    names = {"name": LONG_NAME, "contact": LONG_CONTACT.name}
    long = {**usual, **names, "when": max(whens, key=lambda when: (len(when.at), len(when.until)))}
    helped = list(_helped(wording, language, long))
    for section in ("texts", "if_then", "subjects", "email"):
        for key, compiled in texts.compiled[section].items():
            text = texts.say(section, key, usual)
            longest = _longest([texts.say(section, key, values) for values in helped])
            by_email = section in ("subjects", "email") or key in BY_EMAIL
            segments = None if by_email else 2 if key in TWO_SEGMENTS else 1
            yield Proof("system", key, text, longest, segments, compiled.uses, _words(text))


def page_proofs(wording: Wording, language: str) -> Iterator[Proof]:
    """Everything that web pages say: of any length, as they cost nothing."""
    pages, texts = wording.pages[language], wording.texts[language]
    when = say_when(texts, _NOW + timedelta(hours=2), _NOW)
    for section, keys in pages.compiled.items():
        for key, compiled in keys.items():
            for channel in ("sms", "email") if "channel" in compiled.uses else ("email",):
                text = pages.say(section, key, {**_USUAL, "when": when, "channel": channel})
                yield Proof("pages", f"{section}.{key}", text, count(text), None, compiled.uses, _words(text))


def _helped(wording: Wording, language: str, values: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The values once with each country's helplines."""
    for country in wording.lines.by_country:
        yield {**values, "helplines": wording.lines.say(country, language)}


def _longest(texts: Sequence[str]) -> Segments:
    """What the dearest of them takes; one that leaves GSM-7 before all others."""
    return max((count(text) for text in texts), key=lambda cost: (cost.culprit is not None, cost.units))


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))
