"""The questions of `nudger init`, each with a default that this machine lets one guess, and checked as one
types; the same answers as flags, for scripts."""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.markup import escape

from nudger.cli.init.writing import COMFORTABLE, QUIET, USUAL, FirstPlan, Wish, spread
from nudger.cli.show import out
from nudger.domain.errors import Problem, UsageError
from nudger.domain.model import Kind
from nudger.plans import Facts, Wrong, check_field
from nudger.plans.format.faults import IN_A_FILE
from nudger.plans.parse.details import read_id, slug

Read = Callable[[str], str]  # the answer as it is kept; raises Wrong where it is none


@dataclass(frozen=True, slots=True)
class Question:
    """`flag` is its name for scripts. Enter takes the default, which "" makes an answer that may be left
    out; None asks until there is one."""

    flag: str
    words: str
    read: Read
    default: str | None = None
    empty: str = "none"  # what the default "" means, in a word or two


@dataclass(frozen=True, slots=True)
class Interview:
    """`given`: flag -> what came with it. `silent`: nobody is asked, defaults are taken."""

    given: Mapping[str, str]
    silent: bool

    def ask(self, question: Question) -> str:
        """Returns the answer. Raises UsageError for a flag that is wrong, or a question that nobody may be
        asked."""
        if question.flag in self.given:
            return _read_flag(question, self.given[question.flag])
        if self.silent:
            return question.default or ""
        while True:
            try:
                typed = _typed(question)
                if typed:
                    return question.read(typed)
                if question.default is not None:
                    return question.default
                out.print("  [yellow]this one is needed[/]")
            except Wrong as wrong:
                out.print(f"  [yellow]{escape(_one_line(wrong))}[/]")

    def check_flags(self, readers: Mapping[str, Read], needed: Collection[tuple[str, ...]]) -> None:
        """Reports every flag that is wrong, and with nobody to ask every one that is missing, at once.

        `needed`: of each tuple one flag at least.
        """
        faults = [fault for flag, text in self.given.items() if (fault := _fault(readers[flag], flag, text))]
        if self.silent:
            missing = [
                " or ".join(flags) for flags in needed if not any(flag in self.given for flag in flags)
            ]
            faults += [f"{flags}: expected a value, as --yes asks nobody; got none" for flags in missing]
        if faults:
            lines = "\n".join(f"  {fault}" for fault in faults)
            raise UsageError(f"Nothing was written:\n{lines}", "What each flag takes: nudger init --help")


def _fault(read: Read, flag: str, text: str) -> str:
    try:
        read(text)
    except Wrong as wrong:
        return f"{flag}: {_one_line(wrong)}"
    return ""


def _read_flag(question: Question, text: str) -> str:
    try:
        return question.read(text)
    except Wrong as wrong:
        raise UsageError(f"{question.flag}: {wrong.message}", wrong.hint) from None


def _typed(question: Question) -> str:
    shown = "" if question.default is None else f" [{question.default or question.empty}]"
    try:
        typed = input(f"{question.words}{shown}: ").strip()
    except EOFError:
        out.print()
        hint = "In a script, give the answers as flags: nudger init --yes --name ... (see --help)."
        raise UsageError(f"{question.flag}: there is nobody to answer; nothing was written", hint) from None
    except UnicodeDecodeError:
        raise Wrong("expected a line of text, got something else") from None
    if len(typed) > 1 and typed[0] == typed[-1] and typed[0] in "\"'":  # as in the plan file
        typed = typed[1:-1]
    if not typed.isprintable():  # what no terminal shows, no file should hold
        raise Wrong("expected a line of text, got characters that cannot be shown")
    return typed


def _one_line(wrong: Wrong) -> str:
    hint = wrong.hint.removesuffix(IN_A_FILE)
    return f"{wrong.message}; {hint}" if hint else wrong.message


LOCALTIME = Path("/etc/localtime")  # a link into zoneinfo/ (man localtime)
TIMEZONE = Path("/etc/timezone")  # Debian's
UTC = "UTC"


def machine_zone(is_zone: Callable[[str], bool]) -> str:
    """Finds the time zone of this machine, UTC where it says none that `is_zone` knows."""
    return next((name for name in _zone_names() if is_zone(name)), UTC)


def machine_language(known: Collection[str]) -> str:
    """Finds the language of this terminal, where it is one of `known`; else English."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    language = next(filter(None, names), "")[:2].lower()
    return language if language in known else "en"


def _zone_names() -> Iterator[str]:
    yield os.environ.get("TZ", "").removeprefix(":")
    with suppress(OSError):  # a plain file, or none: it does not say its name
        yield os.readlink(LOCALTIME).rpartition("zoneinfo/")[2]
    with suppress(OSError, UnicodeDecodeError):
        yield TIMEZONE.read_text(encoding="utf-8").strip()


NOBODY = "me"  # the id of somebody whose name has no letter that an id may have
FIRST_KINDS = (Kind.REST, Kind.MOVEMENT)
NEEDED = (("--name",), ("--timezone",), ("--phone", "--email"))


@dataclass(frozen=True, slots=True)
class Questions:
    """`taken`: why an id cannot be had, "" where it can. `problems_of`: what is wrong with a plan so far,
    on its own or beside the plans that are there."""

    interview: Interview
    facts: Facts
    taken: Callable[[str], str]
    problems_of: Callable[[FirstPlan, bool], Sequence[Problem]]

    def ask(self) -> FirstPlan:
        """Collects every answer, sound together."""
        self.interview.check_flags(self._readers(), NEEDED)
        if not self.interview.silent:
            out.print("A first plan, in a few questions. Enter takes what stands in \\[brackets].\n")
        plan = self._reach(self._person())
        agreed = f"When and how did {plan.name} agree to get nudges, as in: 2026-11-20, in person"
        plan = replace(plan, consent=self._ask("--consent", agreed, "", empty="not yet"))
        plan = replace(plan, quiet=self._ask("--quiet", "Quiet hours, when nothing is sent", QUIET))
        return self._nudges(plan)

    def _person(self) -> FirstPlan:
        name = self._ask("--name", "Who is it for? Name")
        person = self._id(slug(name) or NOBODY)
        here = machine_zone(self._is_zone)
        if here == UTC and not self.interview.silent:
            out.print(
                "  [dim]This machine runs on UTC, as servers do. A person has a city: Europe/London.[/]"
            )
        timezone = self._ask("--timezone", "Time zone", here)
        languages = self.facts.wording.languages
        which = f"Language of the messages ({', '.join(sorted(languages))})"
        # A script is to do the same on every machine.
        usual = "en" if self.interview.silent else machine_language(languages)
        language = self._ask("--language", which, usual)
        return FirstPlan(person, name, timezone, language)

    def _id(self, usual: str) -> str:
        """A plan file that is there is never written over."""
        if "--id" in self.interview.given:
            return self._ask("--id", "Name of the plan's file", also=self._check_free)
        if not (why := self.taken(usual)):
            return usual
        free = next(one for number in range(2, 1000) if not self.taken(one := f"{usual[:60]}-{number}"))
        if self.interview.silent:
            raise UsageError(f"--id: {why}", f"Give this plan another name: --id {free}")
        out.print(f"  [yellow]{escape(why)}[/]")
        return self._ask("--id", "Another name for this plan's file", free, also=self._check_free)

    def _reach(self, plan: FirstPlan) -> FirstPlan:
        def is_nobody_elses(phone: str) -> None:
            self._check(replace(plan, phone=phone), beside_others=True)

        words = "Phone number, with + and the country's code"
        plan = replace(plan, phone=self._ask("--phone", words, "", also=is_nobody_elses))
        plan = replace(plan, email=self._ask("--email", "Email", "" if plan.phone else None))
        if plan.phone:
            return plan  # its country is theirs
        words = "Country, whose helplines a crisis reply names, as in GB"
        return replace(plan, country=self._ask("--country", words, "", empty="not known"))

    def _nudges(self, plan: FirstPlan) -> FirstPlan:
        words = f"Which kinds of nudges? Of {', '.join(USUAL)}"
        wanted = _wishes(self._ask("--kinds", words, ", ".join(FIRST_KINDS)))
        if len(wanted) > COMFORTABLE and not self.interview.silent:
            out.print(f"  [dim]More than {COMFORTABLE} a day is much: each will come on some days.[/]")
        turns = spread([kind for kind, _ in wanted])
        for (kind, when), (_, days) in zip(wanted, turns, strict=True):
            plan = plan.with_wish(self._wish(plan, kind, when, days))
        return plan

    def _wish(self, plan: FirstPlan, kind: Kind, when: str, days: tuple[str, ...]) -> Wish:
        def fits(answer: str) -> str:
            read = _read_when(self.facts, answer)
            self._check(plan.with_wish(Wish(kind, read, days)))
            return read

        if when or self.interview.silent:
            try:
                return Wish(kind, fits(when or USUAL[kind]), days)
            except Wrong as wrong:
                hint = f"Name another time: {kind}=17:00, or a window: {kind}=10:00-17:00"
                raise UsageError(f"--kinds: {kind}: {wrong.message}", hint) from None
        words = f"  When does {kind} come? A time, or a window like 10:00-17:00"
        usual = self._fitting(fits, USUAL[kind])
        return Wish(kind, self.interview.ask(Question(f"--kinds {kind}=", words, fits, usual)), days)

    def _ask(
        self,
        flag: str,
        words: str,
        default: str | None = None,
        *,
        empty: str = "none",
        also: Callable[[str], None] | None = None,
    ) -> str:
        def read(text: str) -> str:
            answer = READERS[flag](self.facts, text)
            if also is not None:
                also(answer)
            return answer

        return self.interview.ask(Question(flag, words, read, default, empty))

    def _check(self, plan: FirstPlan, *, beside_others: bool = False) -> None:
        """Wrong, with the first problem that this plan would have."""
        for problem in self.problems_of(plan, beside_others):
            raise Wrong(problem.message, problem.hint)

    def _check_free(self, person: str) -> None:
        if why := self.taken(person):
            raise Wrong(why, "choose another name")

    def _fitting(self, read: Read, usual: str) -> str | None:
        """The usual time, unless the answers so far speak against it."""
        try:
            return read(usual)
        except Wrong:
            return None

    def _is_zone(self, name: str) -> bool:
        try:
            return bool(check_field("timezone", name, self.facts))
        except Wrong:
            return False

    def _readers(self) -> Mapping[str, Read]:
        return {flag: partial(read, self.facts) for flag, read in READERS.items()}


def _read_kinds(facts: Facts, text: str) -> str:
    """ "rest=13:00, movement": kinds, each alone or with a time or a window."""
    asked = [one for one in re.split(r"[\s,;]+", re.sub(r"\s*=\s*", "=", text)) if one]
    if not asked:
        raise Wrong("expected one kind at least", f"the kinds are {', '.join(USUAL)}")
    read = []
    for one in asked:
        kind, _, when = one.partition("=")
        name = str(check_field("kind", kind, facts))
        read.append(f"{name}={_read_when(facts, when)}" if when else name)
    return ", ".join(dict.fromkeys(read))


def _wishes(kinds: str) -> list[tuple[Kind, str]]:
    """What _read_kinds has read."""
    parts = (one.partition("=") for one in kinds.split(", "))
    return [(Kind(kind), when) for kind, _, when in parts]


def _read_when(facts: Facts, text: str) -> str:
    key = "between" if "-" in text else "at"
    value = check_field(key, text, facts)
    return f"{value:%H:%M}" if key == "at" else str(value)


def _read_id(_: Facts, text: str) -> str:
    return read_id(text.strip())


def _field(key: str) -> Callable[[Facts, str], str]:
    def read(facts: Facts, text: str) -> str:
        value = check_field(key, text, facts)
        return "none" if value is None else str(value)  # quiet hours that are switched off

    return read


READERS: Mapping[str, Callable[[Facts, str], str]] = {
    "--name": _field("name"),
    "--id": _read_id,
    "--timezone": _field("timezone"),
    "--language": _field("language"),
    "--phone": _field("phone"),
    "--email": _field("email"),
    "--country": _field("country"),
    "--consent": _field("consent"),
    "--quiet": _field("quiet"),
    "--kinds": _read_kinds,
}
