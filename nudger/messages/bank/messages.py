"""The message bank: what `templates/<language>/<kind>.toml` says, checked."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from nudger.errors import Problem
from nudger.messages.bank.blank import is_blank
from nudger.messages.bank.sandbox import Compiled, Refused, Vocabulary, compile_source
from nudger.messages.bank.source import Source, tables
from nudger.model import Effort

MESSAGE = Vocabulary(
    frozenset({"name", "kind", "weekday", "part_of_day", "if_then", "snooze"}),
    (("contact", frozenset({"name", "relation"})),),
)
_KEYS = ("key", "text", "effort", "contact")
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a bank. `key` is stable: history and plans name a message by it."""

    key: str
    text: str  # Jinja2 source
    effort: Effort
    contact: bool  # names one of the person's contacts
    compiled: Compiled


@dataclass(frozen=True, slots=True)
class Bank:
    """The messages of one kind in one language, in the order of the file."""

    messages: tuple[Message, ...]
    added: frozenset[str] = frozenset()  # keys of messages that the operator added to ours

    @staticmethod
    def parse(source: Source, below: "Bank | None" = None) -> "Bank | tuple[Problem, ...]":
        """The bank, or every problem of the file. With `extends = true` it goes on top of `below`: a message
        of the same key replaces, others add."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        extends = data.get("extends", False)
        read = [*_extends(source, extends, below), *_read(source, data)]
        base = below.messages if below is not None and extends is True else ()
        own = {one.key: one for one in read if isinstance(one, Message)}
        messages = (*(own.pop(one.key, one) for one in base), *own.values())
        problems = [one for one in read if isinstance(one, Problem)]
        if all(one.contact for one in messages) and not problems:
            hint = 'add [[message]] tables without "contact": people may have no contacts in their plan'
            problems.append(source.problem("every message names a contact", hint))
        return tuple(problems) or Bank(messages, frozenset(own) if base else frozenset())

    def message(self, key: str) -> Message | None:
        return next((message for message in self.messages if message.key == key), None)

    def fitting(self, *, contact: bool, most: Effort) -> tuple[Message, ...]:
        """Those to choose from, never none: with a contact the ones that name one, where there are any;
        of them those that ask no more than `most`, where there are any."""
        naming = tuple(one for one in self.messages if one.contact)
        fitting = naming if contact and naming else tuple(one for one in self.messages if not one.contact)
        return tuple(one for one in fitting if one.effort.within(most)) or fitting


def _read(source: Source, data: Mapping[str, object]) -> Iterator[Message | Problem]:
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
            yield _problem(source, number, table, "key", f'"{key}" is used more than once', "rename one")
        yield from _message(source, number, table)


def _extends(source: Source, extends: object, below: Bank | None) -> Iterator[Problem]:
    if not isinstance(extends, bool):
        message = f"expected true or false, got {extends!r}"
        yield source.problem(message, "true adds to the messages that nudger brings", key="extends")
    elif extends and below is None:
        hint = "leave it out: the file is all there is of this kind"
        yield source.problem("nudger brings no messages of this kind in this language", hint, key="extends")


def _message(source: Source, number: int, table: Mapping[str, object]) -> Iterator[Message | Problem]:
    problems = [
        _problem(source, number, table, *problem)
        for problem in (*_unknown(table), *_key(table), *_effort(table), *_contact(table))
    ]
    compiled = _compiled(table)
    if not isinstance(compiled, Compiled):
        yield _problem(source, number, table, "text", *compiled)
    elif ("contact" in compiled.uses) != (table.get("contact") is True):
        hint = "contact = true stands on the messages that use contact.name, and on no others"
        yield _problem(source, number, table, "contact", "does not fit the text", hint)
    elif not problems:
        effort, contact = Effort(str(table["effort"])), table.get("contact") is True
        yield Message(str(table["key"]), str(table["text"]), effort, contact, compiled)
    yield from problems


def _unknown(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    for key in sorted(table.keys() - set(_KEYS)):
        near = get_close_matches(key, _KEYS, n=1)
        known = ", ".join(_KEYS)
        yield key, "unknown key", f'did you mean "{near[0]}"?' if near else f"a message has {known}"


def _key(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    key = table.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        yield "key", f'expected a name like "sip-of-water", got {key!r}', "small letters, digits, hyphens"


def _effort(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    effort = table.get("effort")
    if effort not in tuple(Effort):
        yield (
            "effort",
            f'expected "tiny", "small" or "medium", got {effort!r}',
            "tiny is a moment, where one is",
        )


def _contact(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    contact = table.get("contact", False)
    if not isinstance(contact, bool):
        yield "contact", f"expected true or false, got {contact!r}", "leave it out where no contact is named"


def _compiled(table: Mapping[str, object]) -> Compiled | tuple[str, str]:
    text = table.get("text")
    if not isinstance(text, str) or is_blank(text):
        return f"expected the words of the message, got {text!r}", "one idea, one segment"
    try:
        compiled = compile_source(text, MESSAGE)
    except Refused as refusal:
        return str(refusal), "compare it with the other messages of the bank"
    if compiled.may_be_blank:
        return "comes to nothing for some people or on some days", "give it words that are always there"
    return compiled


def _problem(
    source: Source, number: int, table: Mapping[str, object], key: str, message: str, hint: str
) -> Problem:
    where = f'message "{table.get("key", number)}": {key}'
    return source.problem(message, hint, where=where, table="message", nth=number, key=key)
