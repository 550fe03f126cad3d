"""Questions with defaults, checked as one types; the same answers as flags, for scripts."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from rich.markup import escape

from nudger.cli.show import out
from nudger.domain.errors import UsageError
from nudger.plans import Wrong
from nudger.plans.format.faults import IN_A_FILE

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
        """The answer. UsageError for a flag that is wrong, or a question that nobody may be asked."""
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
        """Every flag that is wrong, and with nobody to ask every one that is missing, at once.

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
