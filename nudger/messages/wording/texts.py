"""What nudger itself says in one language: `templates/<language>/system.toml`, checked; what a text costs.

Every text is a Jinja2 source that may use the values named for it here, and the command words of
its language in capitals: `Reply {{ LATER }}`. Beside them stands how the language says an instant, a
duration, a day, and which forms of address it has.

At the end: how many SMS segments a text takes, and how to keep it in the cheap alphabet (GSM 03.38 and
03.40). One segment holds 160 septets of GSM-7 or 70 UTF-16 units of UCS-2; several hold 153 or 67 each.
Twilio charges and paces by segment.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from nudger.domain.errors import Problem
from nudger.domain.model import Kind
from nudger.messages.bank.sandbox import LONGEST_SOURCE, Compiled, Vocabulary
from nudger.messages.bank.source import ALIKE, Forms, Sections, Source, tables, words

PLAINLY_NEXT = 330  # days: a date within so many is the one that comes next
MINUTE = timedelta(minutes=1)
_MINUTES = {"hour": 60, "minute": 1}

COMMANDS = (
    *("LATER", "DONE", "SKIP", "PAUSE", "RESUME", "NOW", "PLAN", "LINK", "JOURNAL", "LESS", "MORE", "TINY"),
    *("UNDO", "UNTELL", "HELP", "STOP", "START", "YES"),
)

# `line`: somebody who listens; `emergency`: what to call at once; `helplines`: both in one phrase.
_HELP = ("helplines", "line", "emergency")
CRISIS_KINDS = ("self", "taken", "danger", "other")
# Each answer, and the values that it is given.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "welcome": ("name", "limit"),  # asks for YES; nothing else is sent before it
    "welcome_by_link": ("name", "limit"),  # the same by email, where a link below it says yes
    "welcome_again": ("name",),  # a week later, where nobody answered
    "welcome_again_by_link": ("name",),
    "not_begun": ("helplines",),  # to whatever is neither yes nor no while that is open
    "declined": (),  # to a no
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
    "backed_off": (),  # below a nudge, once: less comes while the person is silent
    "today": ("when",),  # quiet until tomorrow
    "away": ("begins", "when"),  # quiet from then until then
    "away_now": ("when",),
    "away_which": (),  # from when until when?
    "hours": ("start", "end"),  # only between these from now on
    "hours_which": (),
    "taken_back": (),  # the last command is taken back
    "undo_nothing": (),
    "met": ("contact",),  # they were in touch
    "met_which": ("contact",),  # several may be meant: all of them
    "who": ("name", "contact"),  # who runs nudger, and how they are reached; each may be empty
    "plan_next": ("when",),
    "plan_nothing": (),
    "link": ("address",),
    "journal": ("address",),  # to the page of what they have said
    "no_link": (),  # where no page can be reached from outside
    "unknown": ("helplines",),
    "thanks_1": (),  # for an answer to an ask
    "thanks_2": (),
    "thanks_3": (),
    "said": _HELP,  # to people's own words, once a day
    "late": ("when",),  # before the answer to a text that came in long before it was taken
    "too_late": ("when",),  # the answer, where it came too late for what it asked
    "quiet": (),  # behind the last answer before silence, where it has helplines
    "quiet_helplines": ("helplines",),  # where it has none
    # By kind of crisis, whom to call; one or two of the three lines below follow it.
    "crisis_self": _HELP,
    "crisis_taken": _HELP,  # something was taken or done: the emergency number first
    "crisis_danger": _HELP,  # somebody harms them, and may read their phone
    "crisis_other": _HELP,  # worry about somebody else
    "crisis_held": (),
    "crisis_told": ("contact",),  # the trusted contact gets a notice
    "crisis_stopped": (),  # in place of crisis_held, after STOP
    "concern": _HELP,  # perhaps a crisis: helplines, and a quiet day
    "concern_again": _HELP,  # the same where nothing comes for longer than that anyway
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
    # A line as the end of a sentence that begins "please": helplines.py puts it together.
    "helplines": {
        "call": _plain("number", "name"),
        "press": _plain("press"),
        "text": _plain("number"),
        "text_word": _plain("number", "word"),
        "call_text": _plain("number"),
        "or": _plain(),
        "any_time": _plain(),
        "hours": _plain("hours"),
        "web": _plain("address"),
        "all": _plain("line", "emergency"),
        "emergency_elsewhere": _plain("number", "name"),
    },
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
    # What is asked where a bank has no question of this form; `or` stands before the last choice.
    "questions": {
        **{key: _plain() for key in ("or", "line", "yes_no")},
        "number": _plain("low", "high"),
        "choice": _plain("choices"),
    },
    "texts": {key: _answer(names) for key, names in ANSWERS.items()},
}
SECTIONS = Sections(_KEYS, "templates/en/system.toml")
_LISTS = {"weekdays": 7, "months": 12}
_OTHERS = (*_LISTS, "parts_of_day", "forms")
_FORM = re.compile(r"[a-z]{1,20}")


class When(str):
    """An instant in words, bare ("3:30 pm"), and the two other forms that sentences take it in."""

    __slots__ = ("at", "until")
    at: str  # "at 3:30 pm", "on Monday at 9 am"
    until: str  # "until 3:30 pm"

    def __new__(cls, bare: str, at: str, until: str) -> "When":
        when = super().__new__(cls, bare)
        when.at = at
        when.until = until
        return when


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of one language, in one form of address."""

    sources: Mapping[str, Mapping[str, str]]  # section -> key -> Jinja2 source
    compiled: Mapping[str, Mapping[str, Compiled]]
    weekdays: Sequence[str]  # Monday first
    months: Sequence[str]
    parts_of_day: Sequence[tuple[int, str]]  # from this hour on; ascending

    @staticmethod
    def parse(
        source: Source, forms: Forms, sound: bool = False
    ) -> "Mapping[str, Texts] | tuple[Problem, ...]":
        """Returns the texts in each form of address, the usual one first; or every problem of the file,
        unless it is known to be `sound`."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        problems = (
            (*SECTIONS.problems(source, data, forms, _OTHERS), *_lists(source, data)) if not sound else ()
        )
        return problems or {form: _texts(data, form, sound) for form in forms}

    def of(self, section: str) -> tuple[Mapping[str, str], Mapping[str, Compiled]]:
        """Returns the texts of a section, as they are written and ready to be rendered."""
        return self.sources[section], self.compiled[section]

    def say(self, section: str, key: str, values: Mapping[str, object]) -> str:
        """Returns the text of `key`, with these values and the language's command words."""
        text = self.compiled[section][key]
        return text.render({**self.sources["commands"], **values}) if text.uses else text.render({})

    def when(self, local_at: datetime, local_now: datetime) -> When:
        """Says `local_at` as one would at `local_now`; both are wall times of the same zone.

        Today needs no day, tomorrow is called so, the six days from then have their names; what is
        further away, or past, has its date, and its year where that is not plain.
        """
        ahead = (local_at.date() - local_now.date()).days
        key = "today" if ahead == 0 else "tomorrow" if ahead == 1 else "weekday" if 1 < ahead < 7 else "date"
        values = {
            "time": self.time(local_at.time()),
            "hour": str(local_at.hour),
            "weekday": self.weekday(local_at.date()),
            "day": str(local_at.day),
            "month": self.months[local_at.month - 1],
            "year": str(local_at.year) if abs(ahead) > PLAINLY_NEXT else "",
        }
        bare, at, until = (self.say(sentence, key, values) for sentence in ("when", "at", "until"))
        return When(bare, at, until)

    def time(self, wall: time) -> str:
        """Says a wall time as this language tells it: "3:30 pm", "15:30"."""
        values = {
            "hour": str(wall.hour),
            "hour12": str(wall.hour % 12 or 12),
            "minute": f"{wall.minute:02}",
            "half": "am" if wall.hour < 12 else "pm",
        }
        return self.say("clock", "time", values)

    def duration(self, span: timedelta) -> str:
        """Says `span` in words, in hours and minutes; at least one minute."""
        left = max(1, round(span / MINUTE))
        said = []
        for unit, minutes in _MINUTES.items():
            number, left = divmod(left, minutes)
            if number:
                key = unit if number == 1 else f"{unit}s"
                said.append(self.say("durations", key, {"n": str(number)}))
        return self.sources["durations"]["and"].join(said)

    def asking(self, form: str) -> Mapping[str, str]:
        """Returns what a question of this form can name: the ends of a span, "calm, flat or tense"."""
        low, _, high = form.partition("-")
        *first, last = form.split("|")
        either = f"{', '.join(first)}{self.sources['questions']['or']}{last}" if first else last
        return {"low": low, "high": high, "choices": either}

    def weekday(self, day: date) -> str:
        return self.weekdays[day.weekday()]

    def part_of_day(self, local_now: datetime) -> str:
        """Returns the part that this hour is in; the last one of the day goes on past midnight."""
        begun = [word for hour, word in self.parts_of_day if hour <= local_now.hour]
        return begun[-1] if begun else self.parts_of_day[-1][1]


def without_form(voice: str) -> str:
    """Returns the language of a voice: "es" of "es.usted"."""
    return voice.partition(".")[0]


def forms_of(source: Source) -> Forms:
    """Returns the forms of address that a language's texts say it has; ALIKE where it has none, or cannot be
    read."""
    data = source.load()
    return ALIKE if isinstance(data, Problem) else _forms(data)


def _forms(data: Mapping[str, object]) -> Forms:
    found = words(data.get("forms")) or ()
    return tuple(found) if _are_forms(found) else ALIKE


def _are_forms(found: Sequence[str]) -> bool:
    return len(set(found)) == len(found) > 1 and all(map(_FORM.fullmatch, found))


def _lists(source: Source, data: Mapping[str, object]) -> Iterator[Problem]:
    if "forms" in data and not _are_forms(words(data["forms"]) or ()):
        hint = 'like forms = ["tu", "usted"], the usual one first; leave it out where there is one'
        yield source.problem("expected two or more forms of address", hint, where="forms", key="forms")
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


def _texts(data: Mapping[str, object], form: str, sound: bool) -> Texts:
    sources = SECTIONS.sources(data, form)
    weekdays, months = words(data["weekdays"]) or (), words(data["months"]) or ()
    compiled = SECTIONS.compiled_on_demand(sources) if sound else SECTIONS.compiled(sources)
    return Texts(sources, compiled, weekdays, months, _parts_of_day(data))


LONGEST_TEXT = LONGEST_SOURCE  # characters; Twilio takes no more
GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENDED = frozenset("^{}\\[~]|€\f")  # an escape and the character: two septets
GSM7 = GSM7_BASIC | GSM7_EXTENDED
# Asked of each text that goes out: one pass of the expression takes a third of a set's time.
_find_foreign = re.compile(f"[^{re.escape(''.join(sorted(GSM7)))}]").search
_find_extended = re.compile(f"[{re.escape(''.join(sorted(GSM7_EXTENDED)))}]").search

_LIKENESS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´`ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\t\u00a0\u2002\u2003\u2007\u2009\u200a\u202f", " "),
        **dict.fromkeys("\u00ad\u200b\ufeff", ""),
        "…": "...",
    }
)


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs. `units` are septets (GSM-7) or UTF-16 code units (UCS-2)."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int
    culprit: str | None = None  # the first character that forces UCS-2


def count(text: str) -> Segments:
    """Counts the segments of `text`; an empty text takes one. No escape or surrogate pair is split."""
    foreign = _find_foreign(text)
    if foreign is None:
        if not _find_extended(text) and len(text) <= 160:
            return Segments("GSM-7", len(text), 1)
        units = len(text) + sum(text.count(character) for character in GSM7_EXTENDED)
        costs = (2 if character in GSM7_EXTENDED else 1 for character in text)
        return Segments("GSM-7", units, _segments(units, costs, alone=160, joined=153))
    units = len(text) + sum(character > "\uffff" for character in text)
    costs = (2 if character > "\uffff" else 1 for character in text)
    return Segments("UCS-2", units, _segments(units, costs, alone=70, joined=67), foreign[0])


def to_gsm7(text: str) -> str:
    """Returns `text` with curly quotes, dashes, ellipses and odd spaces in their plain form.

    Nothing that carries meaning changes: letters, accents and emoji stay, and so may the UCS-2.
    """
    if _find_foreign(text) is None:
        return text
    return unicodedata.normalize("NFC", text).translate(_LIKENESS)


def tidied(text: str) -> str:
    """Returns a text as it goes out: in plain characters, cut between words where no provider takes more."""
    text = plain(text)
    if len(text) <= LONGEST_TEXT:
        return text
    return text[: LONGEST_TEXT + 1].rpartition(" ")[0] or text[:LONGEST_TEXT]


def plain(text: str) -> str:
    """Returns a text in plain characters, without spaces around it."""
    text = to_gsm7(text).strip()
    return text if text.isprintable() else "".join(_printable(text))


def _printable(text: str) -> Iterator[str]:
    """Without control characters and halves of characters: no provider's XML or database takes them."""
    return (one for one in text if one == "\n" or unicodedata.category(one) not in ("Cc", "Cs"))


def _segments(units: int, costs: Iterable[int], *, alone: int, joined: int) -> int:
    if units <= alone:
        return 1
    segments, room = 1, joined
    for cost in costs:
        if cost > room:
            segments, room = segments + 1, joined
        room -= cost
    return segments
