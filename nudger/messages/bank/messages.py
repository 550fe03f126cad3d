"""The message bank: what `templates/<language>/<kind>.toml` says, checked; and which of it goes out, and whom
it names: the same choice for the same occurrence, on every host.

A message is tagged with what it asks (`effort`), whether it names a contact, whether it only keeps company,
at which part of the day it fits, and for whom it is not meant (`avoid`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from hashlib import blake2b

from nudger.domain.errors import Problem
from nudger.domain.model import AskForm, Contact, Effort, History, Kind, Nudge, Plan, Topic, Window
from nudger.messages.bank.sandbox import Compiled, Vocabulary
from nudger.messages.bank.source import ALIKE, Forms, Source, compiled_in, faults_of_text, tables

MESSAGE = Vocabulary(
    frozenset({"name", "kind", "weekday", "part_of_day", "if_then", "snooze", "low", "high", "choices"}),
    (("contact", frozenset({"name", "relation"})),),
)
# What only a message that asks for this can name: the ends of a span, and the words of a choice.
ASKING = {"low": AskForm.NUMBER, "high": AskForm.NUMBER, "choices": AskForm.CHOICE}
_KEYS = ("key", "text", "effort", "contact", "company", "part", "avoid", "ask")
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FLAGS = {
    "contact": "leave it out where no contact is named",
    "company": "true stands on messages that ask for nothing",
}
Fault = tuple[str, str, str]  # the key, what is wrong, what to do


class Part(StrEnum):
    """When a message fits that does not fit at every hour. They may overlap."""

    MORNING = "morning"
    EVENING = "evening"
    BEDTIME = "bedtime"

    @property
    def window(self) -> Window:
        return _WINDOWS[self]


_WINDOWS = {
    Part.MORNING: Window(time(5), time(11)),
    Part.EVENING: Window(time(17), time(0)),
    Part.BEDTIME: Window(time(20), time(5)),
}
_PARTS_AT = tuple(frozenset(part for part in Part if time(hour) in part.window) for hour in range(24))


def parts_at(wall: time) -> frozenset[Part]:
    """Returns the parts of the day that this wall time is in."""
    return _PARTS_AT[wall.hour]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a bank. `key` is stable: history and plans name a message by it."""

    key: str
    text: str  # Jinja2 source
    effort: Effort
    compiled: Compiled
    contact: bool = False  # names one of the person's contacts
    company: bool = False  # asks for nothing
    parts: frozenset[Part] = frozenset()  # when it fits; none: at any time
    avoid: frozenset[Topic] = frozenset()  # it is not for people who want one of these left alone
    ask: AskForm | None = None  # puts a question of this form: for nudges that ask, and no others

    @property
    def is_for_everyone(self) -> bool:
        """At any time, whoever they have and whatever they avoid."""
        return not (self.contact or self.parts or self.avoid or self.ask)

    def fits(self, now: frozenset[Part], avoid: frozenset[Topic]) -> bool:
        return not self.avoid & avoid and (not self.parts or bool(self.parts & now))


@dataclass(frozen=True, slots=True)
class Bank:
    """The messages of one kind in one language and one form of address, in the order of the file."""

    messages: tuple[Message, ...]
    added: frozenset[str] = frozenset()  # keys of messages that the operator added to ours

    @staticmethod
    def parse(
        source: Source, forms: Forms = ALIKE, below: "Mapping[str, Bank] | None" = None
    ) -> "Mapping[str, Bank] | tuple[Problem, ...]":
        """Returns the bank in each form, or every problem of the file. With `extends = true` it goes on top
        of `below`: a message of the same key replaces, others add."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        extends = data.get("extends", False)
        base = below if below is not None and extends is True else {}
        problems = [*_extends(source, extends, below), *_problems(source, data, forms)]
        if problems:
            return tuple(problems)
        found = [table for _, table in tables(data["message"])]
        banks = {form: _on_top([_message(table, form) for table in found], base.get(form)) for form in forms}
        if not any(message.is_for_everyone for bank in banks.values() for message in bank.messages):
            hint = 'add [[message]] tables without "contact", "part" and "avoid"'
            return (source.problem("expected a message for everyone at any time, found none", hint),)
        return banks

    def message(self, key: str) -> Message | None:
        return next((message for message in self.messages if message.key == key), None)

    def fitting(
        self,
        *,
        contact: bool = False,
        most: Effort = Effort.MEDIUM,
        now: frozenset[Part] = frozenset(),
        avoid: frozenset[Topic] = frozenset(),
        ask: AskForm | None = None,
    ) -> tuple[Message, ...]:
        """Returns those to choose from, and never one that does not fit now or touches what to avoid: with a
        contact the ones that name one, where there are any; of them those that ask no more than `most`, where
        there are any. None only where they are to `ask`."""
        fitting = [one for one in self.messages if one.ask is ask and one.fits(now, avoid)]
        naming = [one for one in fitting if one.contact] if contact else []
        chosen = naming or [one for one in fitting if not one.contact]
        return tuple([one for one in chosen if one.effort.within(most)] or chosen)


def _on_top(own: Sequence[Message], below: Bank | None) -> Bank:
    if below is None:
        return Bank(tuple(own))
    left = {message.key: message for message in own}
    base = [left.pop(message.key, message) for message in below.messages]
    return Bank((*base, *left.values()), frozenset(left))


def _problems(source: Source, data: Mapping[str, object], forms: Forms) -> Iterator[Problem]:
    for stray in sorted(data.keys() - {"message", "extends"}):
        hint = "a bank holds [[message]] tables, and above them extends = true where it adds to ours"
        yield source.problem(f'unknown key "{stray}"', hint, key=stray)
    found = list(tables(data.get("message")))
    if not found:
        hint = (
            "write [[message]], with two brackets" if "message" in data else "templates/en/rest.toml has some"
        )
        yield source.problem("expected [[message]] tables, found none", hint)
    named = Counter(table.get("key") for _, table in found)
    for number, table in found:
        key = table.get("key")
        if named[key] > 1 and isinstance(key, str):
            yield _at(source, number, table, "key", f'"{key}" is used more than once', "rename one")
        for fault in _faults(table, forms):
            yield _at(source, number, table, *fault)


def _extends(source: Source, extends: object, below: Mapping[str, Bank] | None) -> Iterator[Problem]:
    if not isinstance(extends, bool):
        message = f"expected true or false, got {extends!r}"
        yield source.problem(message, "true adds to the messages that nudger brings", key="extends")
    elif extends and below is None:
        hint = "leave it out: the file is all there is of this kind"
        yield source.problem("nudger brings no messages of this kind in this language", hint, key="extends")


def _faults(table: Mapping[str, object], forms: Forms) -> Iterator[Fault]:
    yield from _unknown(table)
    key, effort = table.get("key"), table.get("effort")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        yield "key", f'expected a name like "sip-of-water", got {key!r}', "small letters, digits, hyphens"
    if effort not in tuple(Effort):
        expected = f'expected "tiny", "small" or "medium", got {effort!r}'
        yield "effort", expected, "tiny is a moment, where one is"
    for flag, hint in _FLAGS.items():
        if not isinstance(table.get(flag, False), bool):
            yield flag, f"expected true or false, got {table[flag]!r}", hint
    yield from _asks(table)
    yield from _tags(table, "part", Part)
    yield from _tags(table, "avoid", Topic)
    yield from _text(table, forms)


def _text(table: Mapping[str, object], forms: Forms) -> Iterator[Fault]:
    if "text" not in table:
        yield "text", "expected the words of the message, found none", "one idea, one segment"
        return
    faults = list(faults_of_text(table["text"], forms, MESSAGE))
    usual = "compare it with the other messages of the bank"
    yield from (("text", fault, hint or usual) for fault, hint in faults)
    if not faults:
        naming = {"contact" in compiled_in(table["text"], form, MESSAGE).uses for form in forms}
        if naming != {table.get("contact") is True}:
            hint = "contact = true stands on the messages that use contact.name, and on no others"
            yield "contact", "does not fit the text", hint
        for form in forms:
            uses = compiled_in(table["text"], form, MESSAGE).uses
            for name, asked in ASKING.items():
                if (name in uses) != (table.get("ask") == asked):
                    does = "uses" if name in uses else "does not name"
                    hint = f'"{name}" stands in messages with ask = "{asked}", and in no others'
                    yield "text", f'{does} "{name}"', hint


def _unknown(table: Mapping[str, object]) -> Iterator[Fault]:
    for key in sorted(table.keys() - set(_KEYS)):
        near = get_close_matches(key, _KEYS, n=1)
        known = ", ".join(_KEYS)
        yield key, "unknown key", f'did you mean "{near[0]}"?' if near else f"a message has {known}"


def _tags(table: Mapping[str, object], key: str, tags: type[StrEnum]) -> Iterator[Fault]:
    known = [tag.value for tag in tags]
    for value in _listed(table.get(key, [])):
        if value not in known:
            near = get_close_matches(str(value), known, n=1)
            hint = f'did you mean "{near[0]}"?' if near else "one word, or a list of them"
            yield key, f"expected {', '.join(known[:-1])} or {known[-1]}, got {value!r}", hint


def _asks(table: Mapping[str, object]) -> Iterator[Fault]:
    known = [one.value for one in AskForm]
    if "ask" in table and table["ask"] not in known:
        near = get_close_matches(str(table["ask"]), known, n=1)
        hint = f'did you mean "{near[0]}"?' if near else "leave it out where nothing is asked"
        yield "ask", f"expected {', '.join(known[:-1])} or {known[-1]}, got {table['ask']!r}", hint


def _listed(value: object) -> Sequence[object]:
    """Where a list is meant, one value will do."""
    return value if isinstance(value, list) else [value]


def _message(table: Mapping[str, object], form: str) -> Message:
    compiled = compiled_in(table["text"], form, MESSAGE)
    return Message(
        key=str(table["key"]),
        text=compiled.source,
        effort=Effort(str(table["effort"])),
        compiled=compiled,
        contact=table.get("contact") is True,
        company=table.get("company") is True,
        parts=frozenset(Part(str(one)) for one in _listed(table.get("part", []))),
        avoid=frozenset(Topic(str(one)) for one in _listed(table.get("avoid", []))),
        ask=AskForm(str(table["ask"])) if "ask" in table else None,
    )


def _at(
    source: Source, number: int, table: Mapping[str, object], key: str, message: str, hint: str
) -> Problem:
    where = f'message "{table.get("key", number)}": {key}'
    return source.problem(message, hint, where=where, table="message", nth=number, key=key)


KEPT = 10  # keys of each bank that a history holds; also the longest window without repetition
OWN_PLAN_SHARE = 5  # of the choices for someone with an if-then line, one in so many echoes it
_NEVER = datetime.min.replace(tzinfo=UTC)
_Asked = tuple[str, Kind, bool, Effort, frozenset[Part], tuple[Topic, ...], AskForm | None]


@dataclass(frozen=True, slots=True)
class MessageChoice:
    """What there is to choose from, by voice: a language, with its form of address where one is named."""

    banks: Mapping[tuple[str, Kind], Bank]
    own_plans: Mapping[str, Sequence[Message]]  # they echo the plan's if-then line
    questions: Mapping[str, Mapping[AskForm, Message]]  # one of each form, where a bank has none
    # What was asked for before. There are few: efforts, hours by their parts, topics to avoid.
    _fitting: dict[_Asked, Sequence[Message]] = field(default_factory=dict)

    def message(
        self,
        plan: Plan,
        nudge: Nudge,
        voice: str,
        has_contact: bool,
        tiny: bool,
        local_now: datetime,
        history: History,
        occurrence: Sequence[str],
    ) -> Message:
        """Returns the template that the nudge names, else one of those that fit, none of the last min(10, n -
        1): `tiny`, and the effort of the plan, keep to those that ask little.

        A template goes out at whatever hour the plan names, but touches nothing that the plan avoids.
        """
        named = self._named(plan, nudge, voice, has_contact)
        if named is not None:
            return named
        most = Effort.TINY if tiny else nudge.effort or plan.effort
        ask = AskForm.of(nudge.ask) if nudge.ask is not None else None
        now = parts_at(local_now.time())
        fitting = self._those((voice, nudge.kind, has_contact, most, now, plan.avoid, ask))
        said = history.recent.get(nudge.kind, ())
        if ask is not None:
            return self._question(voice, ask, fitting, said, occurrence)
        if plan.if_then is not None and not fitting[0].contact:
            own = [one for one in self.own_plans[voice] if one.key not in said]
            if own and _drawn("own plan", *occurrence) % OWN_PLAN_SHARE == 0:
                return own[_drawn(*occurrence) % len(own)]
        window = min(KEPT, len(fitting) - 1)
        free = [message for message in fitting if message.key not in said[:window]]
        return free[_drawn(*occurrence) % len(free)]

    def _question(
        self,
        voice: str,
        ask: AskForm,
        fitting: Sequence[Message],
        said: Sequence[str],
        occurrence: Sequence[str],
    ) -> Message:
        """One of few: none that is among the last but one of them."""
        if not fitting:
            return self.questions[voice][ask]
        keys = {message.key for message in fitting}
        last = [key for key in said if key in keys][: len(fitting) - 1]
        free = [message for message in fitting if message.key not in last]
        return free[_drawn(*occurrence) % len(free)]

    def _named(self, plan: Plan, nudge: Nudge, voice: str, has_contact: bool) -> Message | None:
        if nudge.template is None:
            return None
        named = self.banks[voice, nudge.kind].message(nudge.template)
        asked = named is not None and named.ask == (AskForm.of(nudge.ask) if nudge.ask else None)
        if (
            named is None
            or not asked
            or (named.contact and not has_contact)
            or not named.avoid.isdisjoint(plan.avoid)
        ):
            return None
        return named

    def _those(self, asked: _Asked) -> Sequence[Message]:
        fitting = self._fitting.get(asked)
        if fitting is None:
            voice, kind, contact, most, now, avoid, ask = asked
            fitting = self.banks[voice, kind].fitting(
                contact=contact, most=most, now=now, avoid=frozenset(avoid), ask=ask
            )
            self._fitting[asked] = fitting
        return fitting


def own_plans_of(sources: Mapping[str, str], compiled: Mapping[str, Compiled]) -> Sequence[Message]:
    """Returns the messages that echo a plan's if-then line."""
    return [Message(f"own-plan-{key}", sources[key], Effort.TINY, compiled[key]) for key in sorted(sources)]


def questions_of(sources: Mapping[str, str], compiled: Mapping[str, Compiled]) -> Mapping[AskForm, Message]:
    """Returns what is asked where a bank has no question of a form."""
    keys = {one: one.name.lower() for one in AskForm}
    return {
        one: Message(f"asks-{one.value}", sources[key], Effort.TINY, compiled[key], ask=one)
        for one, key in keys.items()
    }


def contacts_of(plan: Plan, nudge: Nudge) -> Sequence[Contact]:
    """Returns whom this nudge may name, in the order of the file."""
    if not nudge.contacts:
        return plan.contacts
    return [contact for contact in plan.contacts if contact.name in nudge.contacts]


def contact_now(plan: Plan, nudge: Nudge, history: History, local_now: datetime) -> Contact | None:
    """Returns the one whom the person has been least recently reminded of, or in touch with, and who is due;
    of several never named, the first of the file. None where nobody is due."""
    due = [one for one in contacts_of(plan, nudge) if _is_due(one, history, local_now)]
    return min(due, key=lambda contact: history.contacted.get(contact.name, _NEVER), default=None)


def _is_due(contact: Contact, history: History, local_now: datetime) -> bool:
    """By local dates: a fortnight after a Sunday afternoon is a Sunday morning too."""
    last_at = history.contacted.get(contact.name)
    if contact.every is None or last_at is None:
        return True
    last = last_at.astimezone(local_now.tzinfo).date()
    return local_now.date() - last >= timedelta(days=contact.every)


def _drawn(*words: str) -> int:
    return int.from_bytes(blake2b("\x1f".join(words).encode(), digest_size=8).digest(), "big")
