"""The voice of nudger: which words go to whom. Parsed once, then pure and fast.

Nothing here reads a file: the sources come in as texts by their path ("en/rest.toml").
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import blake2b
from itertools import product

from jinja2 import Template

from nudger.errors import NudgerError
from nudger.messages import saying
from nudger.messages.bank import MESSAGE, Bank, Message
from nudger.messages.helplines import Helplines
from nudger.messages.pages import Pages
from nudger.messages.sandbox import LONGEST_SOURCE, Compiled, Refused, compile_source
from nudger.messages.segments import count, to_gsm7
from nudger.messages.sources import Sources
from nudger.messages.texts import Texts
from nudger.model import Contact, History, Kind, Nudge, Plan

LONGEST_TEXT = LONGEST_SOURCE  # characters; Twilio takes no more
KEPT = 10  # keys of each bank that a history holds; also the longest window without repetition
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Worded:
    """One nudge in words."""

    text: str
    subject: str
    bank_key: str | None  # None: the plan's own message
    contact: str | None  # the contact whom it names
    segments: int


@dataclass(frozen=True, slots=True)
class Wording:
    """The banks and texts of every language."""

    banks: Mapping[tuple[str, Kind], Bank]
    texts: Mapping[str, Texts]
    pages: Mapping[str, Pages]
    lines: Helplines
    email: Template  # the HTML of emails
    fitting: Mapping[tuple[str, Kind, bool, bool], Sequence[Message]]  # by contact, by tiny

    @classmethod
    def parse(cls, sources: Mapping[str, str]) -> "Wording":
        """Reads "<language>/<kind>.toml", "<language>/system.toml", "<language>/pages.toml",
        "helplines.toml" and "email.html".

        An operator's own files stand in `sources` in place of ours. Raises WordingError with every
        problem of every file at once.
        """
        read = Sources.read(sources)
        fitting = {
            (language, kind, contact, tiny): bank.fitting(contact=contact, tiny=tiny)
            for (language, kind), bank in read.banks.items()
            for contact, tiny in product((False, True), repeat=2)
        }
        return cls(read.banks, read.texts, read.pages, read.helplines, read.page, fitting)

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(self.texts)

    def template_keys(self, language: str, kind: Kind) -> frozenset[str]:
        """The keys that a plan may name as `template`."""
        return frozenset(message.key for message in self._bank(language, kind).messages)

    def template(self, language: str, kind: Kind, key: str) -> str | None:
        """The Jinja2 source of that message, for `check` and `longest`."""
        message = self._bank(language, kind).message(key)
        return message.text if message else None

    def nudge(
        self,
        plan: Plan,
        nudge: Nudge,
        *,
        local_date: date,
        slot: int,
        round: int,
        local_now: datetime,
        history: History,
        seed: str,
        tiny: bool = False,
    ) -> Worded:
        """The words of one occurrence: the same for the same arguments, on every host.

        The plan's own message, or the template it names, or a choice of the bank that was not among
        the last min(10, n - 1) from it. A template that the bank has lost since the plan was checked
        leaves the choice to the bank. Raises NudgerError where the plan's message is none.
        """
        contacts = _contacts(plan, nudge)
        if nudge.message is not None:
            key, compiled = None, _compiled(nudge.message)
        else:
            occurrence = (seed, plan.person, nudge.id, local_date.isoformat(), str(slot), str(round))
            message = self._message(plan, nudge, bool(contacts), tiny, history, occurrence)
            key, compiled = message.key, message.compiled
        contact = _longest_ago(contacts, history) if "contact" in compiled.uses else None
        values = self._values(plan, nudge, contact, local_now, compiled)
        text = _tidy(compiled.render(values))
        subject = self.subject(plan.language, nudge.kind)
        return Worded(text, subject, key, contact.name if contact else None, count(text).segments)

    def after(self, history: History, worded: Worded, kind: Kind, now: datetime) -> History:
        """The history once these words have gone out: what was said, and whom it named."""
        recent, contacted = history.recent, history.contacted
        if worded.bank_key is not None:
            bank = (worded.bank_key, *recent.get(kind.value, ()))[:KEPT]
            recent = {**recent, kind.value: bank}
        if worded.contact is not None:
            contacted = {**contacted, worded.contact: now}
        return replace(history, recent=recent, contacted=contacted)

    def system(self, language: str, key: str, **values: object) -> str:
        """One of nudger's own texts (`texts.ANSWERS` lists them and the values that each takes)."""
        texts = self._texts(language)
        missing = texts.compiled["texts"][key].uses - values.keys() - texts.sources["commands"].keys()
        if missing:
            raise NudgerError(f'the text "{key}" was not given {", ".join(sorted(missing))}')
        return _tidy(texts.say("texts", key, values))

    def page(self, language: str, section: str, key: str, **values: object) -> str:
        """A text of a web page (`pages.SECTIONS` lists them and the values that each takes)."""
        return self.pages[language].say(section, key, values)

    def command(self, language: str, command: str) -> str:
        """The word with which people of this language say LATER, DONE and the like."""
        return self._texts(language).sources["commands"][command]

    def subject(self, language: str, kind: Kind | None) -> str:
        """The email subject of a nudge of this kind, or (None) of an answer."""
        return self._texts(language).sources["subjects"][kind.value if kind else "answer"]

    def say_when(self, language: str, local_at: datetime, local_now: datetime) -> saying.When:
        """`local_at` in words ("tomorrow at 9:30 am"), as seen from `local_now`."""
        return saying.say_when(self._texts(language), local_at, local_now)

    def helplines(self, country: str | None, language: str = "en") -> str:
        """Whom to call, as the end of a sentence that begins "please"."""
        return self.lines.say(country, language)

    def stale_helplines(self, today: date) -> tuple[str, ...]:
        """The countries whose helplines nobody has looked at for 180 days."""
        return self.lines.stale(today)

    def check(self, source: str, *, has_contact: bool, has_if_then: bool = True) -> str | None:
        """What is wrong with a plan's own message, or None. What passes never fails to render."""
        try:
            compiled = compile_source(source, MESSAGE)
        except Refused as refusal:
            return str(refusal)
        if not source.strip():
            return "is empty"
        if "contact" in compiled.uses and not has_contact:
            return "names a contact, and the nudge has none"
        if "if_then" in compiled.uses and not has_if_then:
            return 'uses "if_then", and the plan has none'
        return None

    def longest(self, source: str, plan: Plan, nudge: Nudge) -> str:
        """The text that takes the most segments, over every day, part of day and contact of the plan."""
        texts, compiled = self._texts(plan.language), _compiled(source)
        ranges = {
            "weekday": texts.weekdays,
            "part_of_day": [word for _, word in texts.parts_of_day],
            "contact": _contacts(plan, nudge) or [Contact("")],
        }
        varied = [name for name in ranges if name in compiled.uses]
        fixed = self._values(plan, nudge, None, _NEVER, compiled)
        rendered = (
            _plain(compiled.render({**fixed, **dict(zip(varied, values, strict=True))}))
            for values in product(*(ranges[name] for name in varied))
        )
        return max(rendered, key=_cost)

    def _message(
        self,
        plan: Plan,
        nudge: Nudge,
        has_contact: bool,
        tiny: bool,
        history: History,
        occurrence: Sequence[str],
    ) -> Message:
        bank = self._bank(plan.language, nudge.kind)
        if nudge.template is not None:
            named = bank.message(nudge.template)
            if named is not None and (has_contact or not named.contact):
                return named
        fitting = self.fitting[plan.language, nudge.kind, has_contact, tiny]
        window = min(KEPT, len(fitting) - 1)
        said = history.recent.get(nudge.kind.value, ())[:window]
        free = [message for message in fitting if message.key not in said]
        digest = blake2b("\x1f".join(occurrence).encode(), digest_size=8).digest()
        return free[int.from_bytes(digest, "big") % len(free)]

    def _values(
        self, plan: Plan, nudge: Nudge, contact: Contact | None, local_now: datetime, compiled: Compiled
    ) -> dict[str, object]:
        """What the message uses, and no more: most use little."""
        texts, values = self._texts(plan.language), dict[str, object]()
        for name in compiled.uses:
            match name:
                case "name":
                    values[name] = plan.name
                case "contact":
                    values[name] = contact or Contact("")
                case "kind":
                    values[name] = texts.sources["kinds"][nudge.kind.value]
                case "weekday":
                    values[name] = saying.weekday(texts, local_now.date())
                case "part_of_day":
                    values[name] = saying.part_of_day(texts, local_now)
                case "if_then":
                    values[name] = plan.if_then or ""
                case "snooze":
                    values[name] = saying.say_duration(texts, nudge.snooze)
        return values

    def _texts(self, language: str) -> Texts:
        if language not in self.texts:
            raise NudgerError(f'no words in "{language}"', f"there are {', '.join(sorted(self.texts))}")
        return self.texts[language]

    def _bank(self, language: str, kind: Kind) -> Bank:
        self._texts(language)
        return self.banks[language, kind]


def _contacts(plan: Plan, nudge: Nudge) -> Sequence[Contact]:
    """Whom this nudge may name, in the order of the file."""
    if not nudge.contacts:
        return plan.contacts
    return [contact for contact in plan.contacts if contact.name in nudge.contacts]


def _longest_ago(contacts: Sequence[Contact], history: History) -> Contact | None:
    """The one least recently named; of several never named, the first of the file."""
    return min(contacts, key=lambda contact: history.contacted.get(contact.name, _NEVER), default=None)


def _compiled(source: str) -> Compiled:
    try:
        return compile_source(source, MESSAGE)
    except Refused as refusal:
        raise NudgerError(f"the message {refusal}", "`nudger check` shows where it stands") from refusal


def _tidy(text: str) -> str:
    """As it goes out: in plain characters, no longer than a provider takes, cut between words."""
    text = _plain(text)
    if len(text) <= LONGEST_TEXT:
        return text
    return text[: LONGEST_TEXT + 1].rpartition(" ")[0] or text[:LONGEST_TEXT]


def _plain(text: str) -> str:
    text = to_gsm7(text).strip()
    return text if text.isprintable() else "".join(_printable(text))


def _printable(text: str) -> Iterator[str]:
    """Without control characters and halves of characters: no provider's XML or database takes them."""
    return (one for one in text if one == "\n" or unicodedata.category(one) not in ("Cc", "Cs"))


def _cost(text: str) -> tuple[int, int]:
    cost = count(text)
    return cost.segments, cost.units
