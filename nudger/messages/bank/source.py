"""The files of the message bank: TOML read strictly, and where a thing stands that is wrong.

A text is one string, or one string for each form of address that its language has:

    text = "Some days are slow."
    text.tu = "Puedes ir despacio."
    text.usted = "Puede ir despacio."
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

import tomli

from nudger.domain.errors import PlanError, Problem
from nudger.messages.bank.sandbox import Compiled, Refused, Vocabulary, compile_source, is_blank

_SYNTAX_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
Forms = tuple[str, ...]  # how a language can speak to a person, the usual one first
ALIKE: Forms = ("",)  # the one form, without a name, of a language that speaks to everybody alike


_K = TypeVar("_K")
_T = TypeVar("_T")


class OnDemand(dict[_K, _T]):
    """What is asked for, with what was read beside it; `read` is called for a key that is not there yet."""

    def __init__(self, read: Callable[[_K], Mapping[_K, _T]]) -> None:
        self._read = read

    def __missing__(self, key: _K) -> _T:
        # Two threads may both read it: what they read is the same.
        self.update(found := self._read(key))
        return found[key]


class WordingError(PlanError):
    """Files of the message bank have problems: all of them, at once."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the bank: its path from the bank's root, and its text."""

    file: str
    text: str

    def load(self) -> dict[str, object] | Problem:
        """Returns the file's tables, or why it is no TOML."""
        try:
            return tomli.loads(self.text)
        except tomli.TOMLDecodeError as fault:
            return self._syntax(str(fault))

    def problem(
        self, message: str, hint: str = "", *, where: str = "", table: str = "", nth: int = 0, key: str = ""
    ) -> Problem:
        """Returns a problem at `key` of the `nth` header `[table]` or `[[table]]` (0: before any header)."""
        line, column = self._position(table, nth, key)
        return Problem(self.file, line, column, where, message, hint)

    def _syntax(self, fault: str) -> Problem:
        lines = self.text.splitlines() or [""]
        found = _SYNTAX_AT.search(fault)
        line, column = len(lines), len(lines[-1]) + 1
        if found and found[1]:
            line, column = int(found[1]), int(found[2])
        message = f"is not valid TOML: {_SYNTAX_AT.sub('', fault)}"
        return Problem(self.file, line, column, "", message, "look at this line and the one before it")

    def _position(self, table: str, nth: int, key: str) -> tuple[int, int]:
        """A scan by lines: right for files as people write them, and only for messages to people."""
        header = re.compile(rf"\s*\[\[?\s*{re.escape(table)}\s*\]\]?\s*(?:#.*)?$")
        entry = re.compile(rf"\s*\"?{re.escape(key)}\"?(?:\s*\.\s*[\w-]+)?\s*=\s*")
        seen, at = 0, (1, 1)
        for number, line in enumerate(self.text.splitlines(), 1):
            if table and header.match(line):
                seen += 1
                if seen == nth:
                    at = (number, line.index("[") + 1)
            elif key and seen == nth and (found := entry.match(line)):
                return number, found.end() + 1
        return at


def words(value: object) -> Sequence[str] | None:
    """Reads `value` as a list of texts; None where it is none."""
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return value
    return None


def tables(value: object) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Returns the tables of an array of tables, numbered from 1; nothing where it is none."""
    if isinstance(value, list):
        for number, table in enumerate(value, 1):
            if isinstance(table, dict):
                yield number, table


def in_form(value: object, form: str) -> str:
    """Returns a text without faults, as it is said in this form."""
    return str(value[form] if isinstance(value, dict) else value)


def faults_of_text(value: object, forms: Forms, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Returns what is wrong with a text, or with one of its forms; and what to do, where that is plain."""
    if not isinstance(value, dict):
        yield from _faults_of(value, vocabulary)
        return
    if forms == ALIKE:
        yield "has forms of address, and the language has none", "system.toml lists them as forms"
        return
    for form in value.keys() - set(forms):
        yield f'has the form "{form}"', f"the language has {_listed(forms)}"
    for form in forms:
        said = _faults_of(value[form], vocabulary) if form in value else [("is missing", "write it too")]
        yield from ((f"{form}: {fault}", hint) for fault, hint in said)


def compiled_in(value: object, form: str, vocabulary: Vocabulary) -> Compiled:
    """Returns a text without faults, ready to be rendered."""
    return compile_source(in_form(value, form), vocabulary)


@dataclass(frozen=True, slots=True)
class Sections:
    """Tables of texts, `[section]` with `key = "..."`: section -> key -> what its text may name.

    Read strictly, so that no language lacks anything. `model` is the file to look at.
    """

    keys: Mapping[str, Mapping[str, Vocabulary]]
    model: str

    def problems(
        self, source: Source, data: Mapping[str, object], forms: Forms, others: Iterable[str] = ()
    ) -> list[Problem]:
        """Returns every problem of the file; `others` are top-level names that someone else reads."""
        return [*self._strangers(source, data, others), *self._faults(source, data, forms)]

    def sources(self, data: Mapping[str, object], form: str) -> dict[str, Mapping[str, str]]:
        """Returns the texts of a file that has no problems, in this form."""
        return {
            section: {key: in_form(_table(data[section])[key], form) for key in keys}
            for section, keys in self.keys.items()
        }

    def compiled_on_demand(self, sources: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Compiled]]:
        """Makes the texts of a file that is known to be sound, each compiled when it is first asked for."""

        def compiler(section: str) -> Callable[[str], Mapping[str, Compiled]]:
            keys = self.keys[section]
            return lambda key: {key: compile_source(sources[section][key], keys[key])}

        return {section: OnDemand(compiler(section)) for section in self.keys}

    def compiled(self, sources: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Compiled]]:
        return {
            section: {
                key: compile_source(sources[section][key], vocabulary) for key, vocabulary in keys.items()
            }
            for section, keys in self.keys.items()
        }

    def _strangers(
        self, source: Source, data: Mapping[str, object], others: Iterable[str]
    ) -> Iterator[Problem]:
        known = (*self.keys, *others)
        for name in sorted(data.keys() - set(known)):
            yield source.problem(f'unknown "{name}"', _meant(name, known), table=name, nth=1, key=name)

    def _faults(self, source: Source, data: Mapping[str, object], forms: Forms) -> Iterator[Problem]:
        for section, keys in self.keys.items():
            if not isinstance(data.get(section), dict):
                message = f"expected a table [{section}] of texts"
                yield source.problem(message, self._copy, table=section, nth=1)
                continue
            found = _table(data[section])
            for key in sorted(found.keys() - keys.keys()):
                yield _at(source, section, key, "unknown key", _meant(key, keys))
            for key, vocabulary in keys.items():
                if key not in found:
                    yield _at(source, section, key, "is missing", self._copy)
                    continue
                for fault, hint in faults_of_text(found[key], forms, vocabulary):
                    usual = f"{self.model} shows what each text may use" if found[key] else self._copy
                    yield _at(source, section, key, fault, hint or usual)

    @property
    def _copy(self) -> str:
        return f"copy it from {self.model} and translate it"


def _table(value: object) -> Mapping[str, object]:
    assert isinstance(value, dict)
    return value


def _faults_of(text: object, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    if not isinstance(text, str):
        yield f"expected a text, got {text!r}", "put it in quotes"
    elif is_blank(text):
        yield "is empty", ""
    else:
        try:
            if compile_source(text, vocabulary).may_be_blank:
                hint = "give it words that are always there"
                yield "comes to nothing for some people or on some days", hint
        except Refused as refusal:
            yield str(refusal), ""


def _at(source: Source, section: str, key: str, message: str, hint: str) -> Problem:
    return source.problem(message, hint, where=f"[{section}] {key}", table=section, nth=1, key=key)


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f'did you mean "{near[0]}"?' if near else "known here: " + ", ".join(known)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
