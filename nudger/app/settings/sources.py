"""The places that a setting can stand in: the environment, a credential, the settings file.

Each is read strictly and remembers where a value stood, so that a problem can point at it.
"""

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import Binding, parse_stream
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

PREFIX = "NUDGER_"
# Kubernetes puts NUDGER_SERVICE_HOST and the like into the environment of what runs beside a service
# called nudger, so a name there is a problem only where it is plainly a slip of the pen.
SLIP = 0.8
SWITCHES = ("traceback",)  # read where a fault is shown, which may be before there are settings


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it stood somewhere."""

    text: str
    where: str  # "settings.env:12", "environment", "credential smtp_password"
    folder: Path  # what a relative path in it is relative to

    def path(self) -> Path:
        """Reads it as a path."""
        home, rest = self.text.startswith("~/"), self.text.removeprefix("~/")
        return Path.home() / rest if home else self.folder / self.text


class SettingsSource(PydanticBaseSettingsSource):
    """One place, read; `given` is by field name."""

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings)
        self.given: dict[str, Given] = {}
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        given = self.given.get(field_name)
        if given is None:
            return None, field_name, False
        return given.path() if self._is_path(field) else given.text, field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields
        return {name: self.get_field_value(fields[name], name)[0] for name in self.given}

    def take(self, name: str, given: Given) -> None:
        """Takes a value. An empty one is none: the next place is asked."""
        if given.text.strip():
            self.given[name] = given

    @property
    def known(self) -> Collection[str]:
        return self.settings_cls.model_fields

    @staticmethod
    def _is_path(field: FieldInfo) -> bool:
        return Path in (field.annotation, *getattr(field.annotation, "__args__", ()))


class Environment(SettingsSource):
    """The process's environment."""

    def __init__(self, settings: type[BaseSettings], environ: Mapping[str, str], cwd: Path) -> None:
        super().__init__(settings)
        for key, text in environ.items():
            if not key.upper().startswith(PREFIX):
                continue
            name = key.upper().removeprefix(PREFIX).lower()
            if name in self.known:
                self.take(name, Given(text, "environment", cwd))
            elif meant := _closest(name, self.known, SLIP):
                self.problems.append(f"environment: {key}: {_unknown(meant)}")
            elif name not in SWITCHES:
                self.warnings.append(f"environment: {key}: not a setting of nudger, ignored")


class Credentials(SettingsSource):
    """The files of `$CREDENTIALS_DIRECTORY`, named like a setting (NUDGER_ or nudger_ before it or not).

    A trailing newline does not count. Credentials of others may stand there too.
    """

    def __init__(self, settings: type[BaseSettings], folder: str | None) -> None:
        super().__init__(settings)
        for file in _files(Path(folder)) if folder else ():
            name = file.name.lower().removeprefix(PREFIX.lower())
            if name in self.known:
                self._read(name, file)
            elif not file.name.startswith(".") and (meant := _closest(name, self.known, SLIP)):
                self.problems.append(f"credential {file.name}: {_unknown(meant)}")

    def _read(self, name: str, file: Path) -> None:
        where = f"credential {file.name}"
        try:
            text = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as fault:
            self.problems.append(f"{where}: cannot be read: {_reason(fault)}")
        else:
            self.take(name, Given(text, where, file.parent))


class SettingsFile(SettingsSource):
    """A file of NUDGER_KEY=value lines: comments, blank lines, quotes and `export` as in a shell, but
    nothing in a value is expanded, so that a password may hold a dollar sign."""

    def __init__(self, settings: type[BaseSettings], file: Path | None, shown: str) -> None:
        super().__init__(settings)
        self.shown = shown
        bindings = [] if file is None else self._bindings(file)
        for binding in bindings:
            self._take(binding, file.parent if file else Path())
        keys = Counter(binding.key.upper() for binding in bindings if binding.key)
        for key in (key for key, times in keys.items() if times > 1):
            lines = ", ".join(str(_line(one)) for one in bindings if one.key and one.key.upper() == key)
            self.problems.append(f"{shown}: {key}: expected once, found on lines {lines}; keep one of them")

    def _bindings(self, file: Path) -> list[Binding]:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as fault:
            self.problems.append(f"{self.shown}: cannot be read: {_reason(fault)}")
            return []
        return [binding for binding in parse_stream(StringIO(text)) if binding.error or binding.key]

    def _take(self, binding: Binding, folder: Path) -> None:
        where = f"{self.shown}:{_line(binding)}"
        key = (binding.key or "").upper()
        if binding.error or binding.value is None:
            # What stands there may be half a secret: it is not repeated.
            self.problems.append(f"{where}: expected NUDGER_NAME=value, found none; check its quotes")
        elif (name := key.removeprefix(PREFIX).lower()) in self.known and key.startswith(PREFIX):
            self.take(name, Given(binding.value, where, folder))
        else:
            self.problems.append(f"{where}: {binding.key}: {_unknown(_closest(name, self.known))}")


def _line(binding: Binding) -> int:
    """The parser counts a binding from the blank lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _files(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        return ()
    return sorted(file for file in folder.iterdir() if file.is_file())


def _closest(name: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    return next(iter(difflib.get_close_matches(name, known, 1, cutoff)), None)


def _unknown(meant: str | None) -> str:
    advice = f"did you mean {PREFIX}{meant.upper()}?" if meant else "take it out"
    return f"expected a setting that nudger knows, found none of this name; {advice}"


def _reason(fault: OSError | UnicodeDecodeError) -> str:
    if isinstance(fault, UnicodeDecodeError):
        return "expected UTF-8, found something else; save it as UTF-8"
    hint = "; run nudger as a user that may read it, or name another with --settings"
    return (fault.strerror or type(fault).__name__) + (hint if isinstance(fault, PermissionError) else "")
