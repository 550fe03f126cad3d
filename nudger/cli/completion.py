"""What the shell offers when Tab is pressed: options, people, kinds, plan files.

It answers as fast as `nudger --help`: no command is imported for it, no setting is checked and no plan is
read. What a command takes stands in a table that a test holds to the commands; people are the names of the
files in the plans folder. Where nothing is offered the shell completes files, as it does by itself.
"""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

from nudger.domain.model import Kind

# As in a usage line: first the arguments, the last of which may come again (...), then the options, a word
# behind those that take a value.
TAKES = {
    "demo": "--days N --speed N --port N --plans FOLDER",
    "run": "",
    "init": "FOLDER --name TEXT --id TEXT --timezone TEXT --language TEXT --phone TEXT --email TEXT "
    "--country TEXT --consent TEXT --quiet TEXT --kinds KIND --yes",
    "doctor": "--json --send-test-alert",
    "check": "PLAN... --json --strict",
    "preview": "PERSON... --from WHEN --days N --diff FOLDER --json",
    "schema": "",
    "lint": "FOLDER --json",
    "interpret": "TEXT --now WHEN --timezone TEXT --language TEXT --snooze TEXT --quiet TEXT --country TEXT "
    "--contacts TEXT --asked TEXT --after-nudge KIND --person PERSON --score FILE --show --json",
    "send": "PERSON KIND --json",
    "pause": "PERSON TEXT --json",
    "resume": "PERSON --lift-hold --json",
    "snooze": "PERSON TEXT --json",
    "export": "PERSON",
    "forget": "PERSON --yes",
    "status": "--json",
    "log": "PERSON --limit N --json",
    "replies": "--intent TEXT --person PERSON --group TEXT --since WHEN --until WHEN --waiting --handled "
    "--limit N --handle N --by TEXT --json",
    "answers": "PERSON --csv --json",
    "backup": "FILE --force",
    "restore": "FILE --yes",
    "migrate": "--to URL",
    "accept-restore": "--yes",
    "simulate": "--people N --days N --nudges N --seed TEXT --answers N --database URL --json",
    "plans push": "FOLDER --take-over --yes",
    "plans accept-removal": "--yes",
}
USUAL = (Path("settings.env"), Path("/etc/nudger/settings.env"))
SETTING = "NUDGER_PLANS_DIR"
MOST_BYTES = 1 << 20  # of a roster that is looked into: Tab is no time to wait


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One word that the shell offers, in the form in which typer prints it."""

    value: str
    help: str | None = None
    type: str = "plain"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command takes: its arguments in their order; its options, with what each takes, or None."""

    arguments: Sequence[str]
    options: Mapping[str, str | None]

    @classmethod
    def read(cls, line: str) -> "Usage":
        """Reads a line of TAKES."""
        words = line.split()
        options = [at for at, word in enumerate(words) if word.startswith("--")]
        behind = {at: words[at + 1] if at + 1 < len(words) else "--" for at in options}
        first = options[0] if options else len(words)
        return cls(
            words[:first],
            {words[at]: None if behind[at].startswith("--") else behind[at] for at in options},
        )

    def wanted(self, typed: Sequence[str]) -> str:
        """Tells what comes after these words: PERSON, KIND ...; "" where nothing does."""
        arguments, option = 0, None
        for word in typed:
            if word == "=":  # bash takes `--person=` apart
                continue
            if option is not None:
                option = None
            elif word.startswith("--"):
                option = None if "=" in word else self.options.get(word)
            else:
                arguments += 1
        if option is not None:
            return option
        if self.arguments and self.arguments[-1].endswith("..."):
            arguments = min(arguments, len(self.arguments) - 1)
        return self.arguments[arguments].rstrip(".") if arguments < len(self.arguments) else ""


class Completed(TyperCommand):
    """Stands in for a command while the shell asks: it takes any words, and knows what may follow them."""

    def __init__(self, name: str, takes: str) -> None:
        any_words = {"ignore_unknown_options": True, "allow_extra_args": True}
        super().__init__(name, context_settings=any_words)
        self._usage = Usage.read(takes)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Lists what may stand in the place of the word that is begun."""
        typed = ctx.args
        if incomplete.startswith("-"):
            found = [option for option in (*self._usage.options, "--help") if option not in typed]
        else:
            folder = plans_folder(ctx.find_root().params.get("settings"), os.environ)
            found = list(_offered(self._usage.wanted(typed), folder, incomplete))
        return [Suggestion(word) for word in found if word.startswith(incomplete) and word not in typed]


def completed(name: str) -> Completed:
    """Makes what stands in for the command of this name."""
    return Completed(name, TAKES.get(name, ""))


def plans_folder(settings: Path | None, environ: Mapping[str, str]) -> Path:
    """Finds the plans folder as the settings name it: by the environment, else by the settings file."""
    if named := environ.get(SETTING):
        return Path(named).expanduser()
    file = settings or next((one for one in USUAL if one.is_file()), None)
    with suppress(OSError, UnicodeDecodeError):
        for line in file.read_text(encoding="utf-8").splitlines() if file else ():
            key, equals, text = line.strip().removeprefix("export ").partition("=")
            if equals and key.strip() == SETTING and file is not None:
                return file.parent / Path(text.strip().strip("\"'")).expanduser()
    return Path("plans")


def _offered(what: str, folder: Path, incomplete: str) -> Iterator[str]:
    match what:
        case "PERSON":
            yield from sorted(_people(folder))
        case "KIND":
            yield from Kind
        case "PLAN":
            yield from _plan_files(folder, incomplete)


def _people(folder: Path) -> set[str]:
    """By the names of plan files, and the first columns of rosters."""
    people = {file.stem for file in _files(folder, ".toml")}
    for file in _files(folder, ".csv"):
        people |= _ids(file)
    return people


def _ids(roster: Path) -> set[str]:
    with suppress(OSError, UnicodeDecodeError, csv.Error):
        if roster.stat().st_size <= MOST_BYTES:
            lines = roster.read_text(encoding="utf-8-sig").splitlines()
            comma = ";" if lines and ";" in lines[0] else ","
            rows = csv.DictReader(lines, delimiter=comma)
            return {row["id"].strip() for row in rows if row.get("id")}
    return set()


def _plan_files(folder: Path, incomplete: str) -> Iterator[str]:
    """Plans and, below them, those that they share. What is typed otherwise is left to the shell."""
    files = [*_files(folder, ".toml"), *_files(folder, ".csv"), *_files(folder / "shared", ".toml")]
    begun = Path(incomplete or ".").parent if incomplete else None
    if begun in (None, Path("."), folder, folder / "shared"):
        yield from sorted(map(str, files))


def _files(folder: Path, suffix: str) -> list[Path]:
    with suppress(OSError):
        return [one for one in folder.iterdir() if one.suffix == suffix and not one.name.startswith(".")]
    return []
