"""Every text of a voice as a person may get it: once as usual, once with the longest of everything."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from nudger.domain.model import AskForm, At, Contact, Kind, Nudge, Plan
from nudger.messages.bank.messages import Message
from nudger.messages.wording.texts import CRISIS_KINDS, Segments, Texts, count, without_form
from nudger.messages.wording.wording import Wording

LONG_NAME = "N" * 20
LONG_CONTACT = Contact(name="C" * 20, relation="R" * 12)
BY_EMAIL = ("welcome_by_link", "welcome_again_by_link")
CRISIS = tuple(f"crisis_{kind}" for kind in CRISIS_KINDS)
SAYS_WHOM_TO_CALL = (*CRISIS, "concern", "concern_again")
# How many segments a text may take; one where it is not named here.
SEGMENTS = {
    **dict.fromkeys(("welcome", "welcome_again", "not_begun"), 2),
    **dict.fromkeys(
        ("said", "help", "unknown", "held", "quiet_helplines", "notice", "concern", "concern_again", "who"), 2
    ),
    **dict.fromkeys(CRISIS, 2),
    "crisis_told": 3,  # all of a crisis answer that names a contact
}

_USUAL = {
    "name": "Maya",
    "contact": "Sam",
    "limit": "3",
    "helplines": "call 988, or call 911 if you are in danger",
    "line": "call 988",
    "emergency": "call 911",
    "address": "nudger@example.org",
    "if_then": "When I make tea, I step outside.",
    "start": "8 pm",
    "end": "9 am",
    "kind": "rest",
    "number": "988",
    "press": "2",
    "word": "hello",
    "hours": "9:00-21:00",
    "low": "0",
    "high": "10",
    "choices": "calm, flat or tense",
    "day": "23",
    "month": "November",
}
# What a message asks for: as usual, and with long words.
_FORMS = {
    AskForm.LINE: "line",
    AskForm.NUMBER: "0-10",
    AskForm.YES_NO: "yes/no",
    AskForm.CHOICE: "calm|flat|tense",
}
_LONG_FORMS = _FORMS | {AskForm.NUMBER: "10-100", AskForm.CHOICE: "comfortable|in the middle|overwhelmed"}
_HELP = frozenset({"helplines", "line", "emergency"})
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
    segments: int | None  # how many it may take in GSM-7; None: as many as it likes
    uses: frozenset[str]
    words: frozenset[str]  # in small letters
    message: Message | None = None  # of the bank

    @property
    def contact(self) -> bool:
        return self.message is not None and self.message.contact

    def shouted(self, known: set[str]) -> Iterator[str]:
        """Returns the words in capitals, but for the known ones."""
        return (word for word in _CAPITALS.findall(self.text) if word not in known)


def voices(wording: Wording, language: str) -> Sequence[str]:
    """Returns the voices of a language: one for each form of address, or the one it has."""
    return [f"{language}.{form}" for form in wording.forms[language]] or [language]


def message_proofs(wording: Wording, voice: str) -> Iterator[Proof]:
    """Returns every message of every kind."""
    language, _, form = voice.partition(".")
    plan = Plan("maya", "Maya", "UTC", language, form=form or None)
    usual = replace(plan, contacts=(Contact("Sam", "friend"),))
    long = replace(plan, name=LONG_NAME, contacts=(LONG_CONTACT,))
    for kind in Kind:
        plain = Nudge(kind.value, kind, At((time(9),)), snooze=timedelta(hours=23, minutes=59))
        for message in wording.banks[voice, kind].messages:
            nudge = replace(plain, ask=_FORMS[message.ask]) if message.ask else plain
            text = wording.longest(message.text, usual, nudge)
            asking = replace(plain, ask=_LONG_FORMS[message.ask]) if message.ask else plain
            longest = count(wording.longest(message.text, long, asking))
            yield Proof(
                kind.value, message.key, text, longest, 1, message.compiled.uses, _words(text), message
            )


def text_proofs(wording: Wording, voice: str) -> Iterator[Proof]:
    """Returns everything that nudger itself says, subjects and the footer of emails included."""
    texts = wording.texts[voice]
    soon = texts.when(_NOW + timedelta(hours=2), _NOW)
    usual = {**_USUAL, "when": soon, "begins": soon}
    whens = [texts.when(_NOW + timedelta(days=days, hours=13), _NOW) for days in range(366)]
    names = {"name": LONG_NAME, "contact": LONG_CONTACT.name}
    latest = max(whens, key=lambda when: (len(when.at), len(when.until)))
    long = {**usual, **names, "when": latest, "begins": latest}
    dearest = _dearest(wording, voice)
    helped = list(_helped(wording, voice, texts, long, dearest))
    for section in ("texts", "if_then", "questions", "subjects", "email", "helplines"):
        for key, compiled in texts.compiled[section].items():
            # A phrase about a helpline is counted where it stands.
            free = section in ("questions", "subjects", "email", "helplines") or key in BY_EMAIL
            varied = helped if compiled.uses & _HELP else helped[:1]
            longest = _longest([texts.say(section, key, values) for values in varied])
            segments = None if free else SEGMENTS.get(key, 1)
            text = texts.say(section, key, usual)
            if key in (*CRISIS, "crisis_told"):
                longest = _longest(list(_crisis_answers(wording, voice, key, dearest)))
            kind = "helplines" if section == "helplines" else "system"
            yield Proof(kind, key, text, longest, segments, compiled.uses, _words(text))


def page_proofs(wording: Wording, voice: str) -> Iterator[Proof]:
    """Returns everything that web pages say: of any length, as they cost nothing."""
    pages = wording.pages[voice]
    when = wording.texts[voice].when(_NOW + timedelta(hours=2), _NOW)
    for section, keys in pages.compiled.items():
        for key, compiled in keys.items():
            for channel in ("sms", "email") if "channel" in compiled.uses else ("email",):
                text = pages.say(section, key, {**_USUAL, "when": when, "begins": when, "channel": channel})
                yield Proof("pages", f"{section}.{key}", text, count(text), None, compiled.uses, _words(text))


def _dearest(wording: Wording, voice: str) -> Sequence[str]:
    """The countries whose lines make a text the longest, whichever of them it names."""
    language, texts = without_form(voice), wording.texts[voice]
    found = set[str]()
    for safe in (False, True):
        said = {one: wording.lines.say(one, language, texts, safe) for one in sorted(wording.lines.countries)}
        found.add(max(said, key=lambda one: _cost(said[one].all)))
        found.add(max(said, key=lambda one: _cost(said[one].line)))
        found.add(max(said, key=lambda one: _cost(said[one].emergency)))
    return sorted(found)


def _crisis_answers(wording: Wording, voice: str, key: str, countries: Sequence[str]) -> Iterator[str]:
    """Whole answers, as these countries get them; for `crisis_told` those of every kind with the contact."""
    told = LONG_CONTACT.name if key == "crisis_told" else ""
    for country in countries:
        for kind in CRISIS_KINDS if told else [key.removeprefix("crisis_")]:
            yield wording.crisis(voice, kind, country, told=told)
            yield wording.crisis(voice, kind, country, stopped=True)


def _helped(
    wording: Wording, voice: str, texts: Texts, values: Mapping[str, object], countries: Sequence[str]
) -> Iterator[Mapping[str, object]]:
    """The values once with the helplines of each of these countries."""
    for country in countries:
        for safe in (False, True):
            lines = wording.lines.say(country, without_form(voice), texts, safe)
            yield {**values, "helplines": lines.all, "line": lines.line, "emergency": lines.emergency}


def _longest(texts: Sequence[str]) -> Segments:
    """What the dearest of them takes; one that leaves GSM-7 before all others."""
    return count(max(texts, key=_cost))


def _cost(text: str) -> tuple[bool, int]:
    cost = count(text)
    return cost.culprit is not None, cost.units


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))
