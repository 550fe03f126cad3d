"""What `nudger init` writes, a first plan and settings that a person can read and edit on; and the folder
that it writes to: what is there stays, what is new is whole or not there."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from nudger import plans
from nudger.app.core import Core
from nudger.app.settings import load
from nudger.domain.errors import Problem, UsageError
from nudger.domain.model import Kind, Plan
from nudger.plan_sync.files import Found, bundled, find_plans
from nudger.plans import PlanSource

SCHEMA = "plan.schema.json"  # beside the folder of plans
COMFORTABLE = 3  # nudges a day: the default of daily_limit
COMMENT = 36  # the column at which comments begin
QUIET = "20:00-09:00"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# When a kind comes where nobody says otherwise. Any three of them leave each other room.
USUAL: Mapping[Kind, str] = {
    Kind.REST: "13:00",
    Kind.MOVEMENT: "10:00-17:00",
    Kind.REFLECTION: "19:00",
    Kind.SUPPORT: "16:30",
    Kind.MINDFULNESS: "09:30",
    Kind.CREATIVE: "10:00-19:00",
    Kind.TRIGGERS: "10:00-17:00",
    Kind.COMPASSION: "10:00-19:00",
    Kind.CARE: "10:00-17:00",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One kind of nudge, and when: a time, or a window."""

    kind: Kind
    when: str
    days: tuple[str, ...] = ()  # "mon", ...; empty: every day

    @property
    def key(self) -> str:
        return "between" if "-" in self.when else "at"


@dataclass(frozen=True, slots=True)
class FirstPlan:
    """The answers, each as it is written into the file; "" for what was left out."""

    person: str
    name: str
    timezone: str
    language: str = "en"
    country: str = ""
    phone: str = ""
    email: str = ""
    consent: str = ""
    quiet: str = QUIET
    wishes: tuple[Wish, ...] = ()

    def with_wish(self, wish: Wish) -> "FirstPlan":
        return replace(self, wishes=(*self.wishes, wish))

    @property
    def toml(self) -> str:
        """The plan file."""
        head = [
            f"#:schema ../{SCHEMA}",
            f"# {self.name}'s plan. Change what you like and save it; then: nudger check",
            "# A # at the start of a line switches it off. docs/plans.md knows every key.",
            "",
        ]
        blocks = [[*head, *self._person()], *map(_nudge, self.wishes), list(CONTACT)]
        return "\n\n".join("\n".join(block) for block in blocks) + "\n"

    def _person(self) -> Iterator[str]:
        yield _line("name", self.name)
        yield _line("timezone", self.timezone)
        yield _line("language", self.language)
        if self.country:
            yield _line("country", self.country, "whose helplines are named in a crisis")
        yield from _reach("phone", self.phone, "+447700900123", "with + and the country's code")
        yield from _reach("email", self.email, "maya@example.org", "")
        yield _line("quiet", self.quiet, 'nothing is sent inside; "none" switches it off')
        yield _line("daily_limit", COMFORTABLE, "at most so many a day, snoozes included")
        yield _line("gap", "2h", "at least so long between two nudges")
        yield _line("back_off", "gentle", "less comes after silent weeks, until they say something")
        if self.consent:
            yield _line("consent", self.consent, "where it is on record")
        else:
            yield "# Without this line nudger asks them once, and sends nothing else before they say YES."
            yield _line("#consent", "2026-11-20, in person")


CONTACT = (
    '# Someone whom "support" nudges may name. nudger never writes to them.',
    "#[[contact]]",
    '#name     = "Sam"',
    '#relation = "brother"',
    '#phone    = "+447700900456"',
)


def spread(kinds: Sequence[Kind]) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    """Gives each kind its days: every day for up to three kinds, else in turn, so that no day has more;
    care once a week, for oftener it would urge."""
    for number, kind in enumerate(kinds):
        turns = ((number - COMFORTABLE * day) % len(kinds) < COMFORTABLE for day in range(len(WEEK)))
        days = tuple(day for day, comes in zip(WEEK, turns, strict=True) if comes)
        if kind is Kind.CARE:
            yield kind, days[:1]
        else:
            yield kind, days if len(kinds) > COMFORTABLE else ()


def settings(example: str) -> str:
    """Writes the settings file: what one is likely to change first. `example` names the file with all the
    rest."""
    return f"""\
# nudger's settings. Here stand only the first ones to change; every other one, with its default and
# what it is for, is in {example}
# With a secret in it, this file is for nudger's eyes only: leave its mode at 600.

# How texts go out: phone shows them on the phone page, and nothing leaves this machine.
# For real ones: twilio, with NUDGER_TWILIO_ACCOUNT_SID, _AUTH_TOKEN and _FROM; or smsgate, an Android phone
# of your own, with NUDGER_SMSGATE_URL and _PASSWORD (docs/smsgate.md).
NUDGER_SMS=phone

# How emails go out: phone, or smtp, with NUDGER_SMTP_HOST, _USERNAME, _PASSWORD and NUDGER_EMAIL_FROM.
NUDGER_EMAIL=phone
"""


def _nudge(wish: Wish) -> list[str]:
    days = json.dumps(list(wish.days)) if wish.days else '"daily"'
    when = "a time drawn from this window, afresh each day" if wish.key == "between" else ""
    return [
        "[[nudge]]",
        _line("kind", wish.kind.value),
        _line(wish.key, wish.when, when),
        _commented(f"{'days':<8} = {days}", 'or "weekdays", "weekends", ["mon", "thu"]'),
    ]


def _reach(key: str, value: str, example: str, comment: str) -> Iterator[str]:
    yield _line(key, value, comment) if value else _line(f"#{key}", example, comment)


def _line(key: str, value: object, comment: str = "") -> str:
    # A JSON string is a TOML string, as names have no control characters.
    return _commented(f"{key:<8} = {json.dumps(value, ensure_ascii=False)}", comment)


def _commented(text: str, comment: str) -> str:
    return f"{text:<{COMMENT}} # {comment}" if comment else text


SECRET = 0o600
SHARED = 0o640  # on a server, plans are read by nudger's group


@dataclass(frozen=True)
class Place:
    """A folder by its absolute path, at one time."""

    folder: Path
    now: datetime

    @property
    def settings_file(self) -> Path:
        return self.folder / "settings.env"

    @cached_property
    def core(self) -> Core:
        """By the settings that are there; else as those will be that are written."""
        if self.settings_file.exists():
            return Core(load(self.settings_file, os.environ, self.folder, running=False))
        environ = {"NUDGER_PLANS_DIR": str(self.folder / "plans"), **os.environ}
        return Core(load(Path(os.devnull), environ, self.folder, running=False))

    def file_of(self, person: str) -> Path:
        return self.core.settings.plans_dir / f"{person}.toml"

    def check(self) -> None:
        """Raises UsageError where nothing can be written, before anybody is asked anything."""
        nearest = next(one for one in (self.folder, *self.folder.parents) if one.exists())
        if not nearest.is_dir():
            raise UsageError(f"FOLDER: expected a folder, got {self.folder}", f"{nearest} is a file.")
        if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            hint = "Name a folder of your own, or run this as the user whose folder it is."
            raise UsageError(f"FOLDER: this user may not write to {nearest}", hint)

    def taken(self, person: str) -> str:
        """Says why this id cannot be had: a plan of this name is there. Else ""."""
        file = self._reading.files.get(person)
        if file is None and self.file_of(person).exists():
            file = str(self.file_of(person))
        return f"{file} has a plan of the name {person} already, and it stays as it is" if file else ""

    def problems_of(self, made: FirstPlan, beside_others: bool) -> Sequence[Problem]:
        """Finds what a plan file with these answers would add to the problems that are there."""
        known = {str(problem) for problem in self._reading.problems} if beside_others else set()
        problems = self._read(made, beside_others).problems
        return [one for one in problems if one.severity == "error" and str(one) not in known]

    def plan(self, made: FirstPlan) -> Plan:
        return self._read(made, False).plans[made.person]

    def write(self, made: FirstPlan) -> list[Path]:
        """Writes the new files, whole; none of them, and no new folder, if anything comes between."""
        schema = json.dumps(plans.schema(), indent=2, ensure_ascii=False) + "\n"
        plan_file = self.file_of(made.person)
        files = {
            self.settings_file: (settings(str(bundled("settings.example.env"))), SECRET),
            plan_file.parent.parent / SCHEMA: (schema, SHARED),
            plan_file: (made.toml, SHARED),
        }
        new = [file for file in files if file == plan_file or not file.exists()]
        try:
            with ExitStack() as undo:
                for file in new:
                    _make_folder(file.parent, undo)
                    _write_new(file, *files[file], undo)
                undo.pop_all()
        except OSError as fault:
            where = fault.filename or self.folder
            raise UsageError(f"FOLDER: {where} cannot be written: {fault.strerror}") from fault
        return new

    @cached_property
    def _found(self) -> Found:
        return find_plans([self.core.settings.plans_dir])

    @cached_property
    def _reading(self) -> plans.ParsedPlans:
        return plans.read(self._found.sources, self.core.facts(self.now), self._found.shared)

    def _read(self, made: FirstPlan, beside_others: bool) -> plans.ParsedPlans:
        new = PlanSource(str(self.file_of(made.person)), made.toml.encode())
        others = self._found.sources if beside_others else ()
        return plans.read([*others, new], self.core.facts(self.now), self._found.shared)


def _make_folder(folder: Path, undo: ExitStack) -> None:
    for one in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        one.mkdir()
        undo.callback(one.rmdir)


def _write_new(file: Path, text: str, mode: int, undo: ExitStack) -> None:
    """RACE: a file that came in between is not written over, either."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    undo.callback(file.unlink)
    with open(opened, "w", encoding="utf-8") as new:
        new.write(text)
