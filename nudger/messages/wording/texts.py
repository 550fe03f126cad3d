"""What nudger itself says in one language: `templates/<language>/system.toml`, checked.

Every text is a Jinja2 source that may use the values named for it here, and the command words of
its language in capitals: `Reply {{ LATER }}`. The names of days, months and times stand beside them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nudger.errors import Problem
from nudger.messages.bank.sandbox import Compiled, Vocabulary
from nudger.messages.bank.sections import Sections
from nudger.messages.bank.source import Source, tables, words
from nudger.model import Kind

COMMANDS = (
    "LATER",
    "DONE",
    "SKIP",
    "PAUSE",
    "RESUME",
    "NOW",
    "PLAN",
    "LINK",
    "LESS",
    "MORE",
    "TINY",
    "UNTELL",
    "HELP",
    "STOP",
    "START",
    "YES",
)

# Each answer, and the values that it is given.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "welcome": ("name", "limit"),  # asks for YES; nothing else is sent before it
    "welcome_by_link": ("name", "limit"),  # the same by email, where a link below it says yes
    "reminder": (),  # monthly: who this is, and the ways out
    "started": (),
    "snoozed": ("when",),
    "snoozed_moved": ("when",),  # the time asked for was in quiet hours: this is their end
    "nothing_to_snooze": (),
    "done": (),
    "skipped": (),
    "paused": (),
    "paused_until": ("when",),
    "resumed": (),
    "stopped": (),
    "stopped_crisis": ("helplines",),
    "help": ("helplines",),
    "now_enough": (),  # the fourth on demand of a day
    "now_quiet": (),
    "now_paused": (),
    "less": (),  # half of the nudges
    "less_again": (),  # a quarter
    "less_lowest": (),
    "more": (),  # all of them, of any effort
    "more_half": (),
    "more_usual": (),
    "low_day": (),
    "plan_next": ("when",),
    "plan_nothing": (),
    "link": ("address",),
    "no_link": (),  # where no page can be reached from outside
    "unknown": ("helplines",),
    "late": ("when",),  # before the answer to a text that came in long before it was taken
    "too_late": ("when",),  # the answer, where it came too late for what it asked
    "quiet": (),  # behind the last answer before silence, where it has helplines
    "quiet_helplines": ("helplines",),  # where it has none
    "crisis": ("helplines",),
    "crisis_told": ("helplines", "contact"),  # the trusted contact gets a notice
    "held": ("helplines",),  # to a command while a crisis hold stands
    "notice": ("name", "contact"),  # goes to the trusted contact
    "untold": (),
}
MOMENTS = ("today", "tomorrow", "weekday", "date")
_MOMENT = ("time", "hour", "weekday", "day", "month", "year")
_PART = frozenset({"at", "until"})


def _plain(*names: str) -> Vocabulary:
    return Vocabulary(frozenset(names))


def _answer(names: Sequence[str]) -> Vocabulary:
    return Vocabulary(frozenset((*names, *COMMANDS)), (("when", _PART),) if "when" in names else ())


_KEYS: Mapping[str, Mapping[str, Vocabulary]] = {
    "commands": {command: _plain() for command in COMMANDS},
    "kinds": {kind.value: _plain() for kind in Kind},
    "subjects": {key: _plain() for key in (*(kind.value for kind in Kind), "answer", "consent")},
    "durations": {
        **{one: _plain() for one in ("minute", "hour", "and")},
        **{many: _plain("n") for many in ("minutes", "hours")},
    },
    "clock": {"time": _plain("hour", "hour12", "minute", "half")},
    "when": {key: _plain(*_MOMENT) for key in MOMENTS},
    "at": {key: _plain(*_MOMENT) for key in MOMENTS},
    "until": {key: _plain(*_MOMENT) for key in MOMENTS},
    "email": {
        "automated": _plain(*COMMANDS),
        "stop_link": _plain(),
        **{
            link: _plain()
            for link in ("confirm_link", "later_link", "done_link", "skip_link", "pause_link", "own_link")
        },
        "stop_by_mail": _plain("address", *COMMANDS),
        "stop_by_hand": _plain(),
        **{key: _plain("contact") for key in ("text_contact", "call_contact", "mail_contact", "hello")},
    },
    "if_then": {key: _plain("if_then") for key in ("1", "2", "3")},
    "texts": {key: _answer(names) for key, names in ANSWERS.items()},
}
SECTIONS = Sections(_KEYS, "templates/en/system.toml")
_LISTS = {"weekdays": 7, "months": 12}
_OTHERS = (*_LISTS, "parts_of_day")


@dataclass(frozen=True, slots=True)
class Texts:
    """One language's own words."""

    sources: Mapping[str, Mapping[str, str]]  # section -> key -> Jinja2 source
    compiled: Mapping[str, Mapping[str, Compiled]]
    weekdays: Sequence[str]  # Monday first
    months: Sequence[str]
    parts_of_day: Sequence[tuple[int, str]]  # from this hour on; ascending

    @staticmethod
    def parse(source: Source) -> "Texts | tuple[Problem, ...]":
        """The texts, or every problem of the file."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        problems = (*SECTIONS.problems(source, data, _OTHERS), *_lists(source, data))
        return problems or _texts(data)

    def say(self, section: str, key: str, values: Mapping[str, object]) -> str:
        """The text of `key`, with these values and the language's command words."""
        text = self.compiled[section][key]
        return text.render({**self.sources["commands"], **values}) if text.uses else text.render({})


def _lists(source: Source, data: Mapping[str, object]) -> Iterator[Problem]:
    for name, length in _LISTS.items():
        found = words(data.get(name))
        if found is None or len(found) != length:
            yield source.problem(f"expected a list of {length} names", where=name, key=name)
    parts = _parts_of_day(data)
    if not parts or [hour for hour, _ in parts] != sorted({hour for hour, _ in parts}):
        hint = 'like parts_of_day = [{ from = 5, word = "morning" }, { from = 12, word = "afternoon" }]'
        yield source.problem("expected hours in their order", hint, where="parts_of_day", key="parts_of_day")


def _parts_of_day(data: Mapping[str, object]) -> list[tuple[int, str]]:
    read = [(part.get("from"), part.get("word")) for _, part in tables(data.get("parts_of_day"))]
    return [(hour, word) for hour, word in read if isinstance(hour, int) and isinstance(word, str)]


def _texts(data: Mapping[str, object]) -> Texts:
    sources = SECTIONS.sources(data)
    weekdays, months = words(data["weekdays"]) or (), words(data["months"]) or ()
    return Texts(sources, SECTIONS.compiled(sources), weekdays, months, _parts_of_day(data))
