"""Sorts the files of the message bank, and reads each as what its path says it is, in every voice.

A voice is a language ("fr"), or a language with one of the forms of address that it has ("es.usted"). The
language alone stands for its usual form.

First what web pages say, `templates/<language>/pages.toml`: a text may use the values named for it here;
`channel` is "sms" or "email".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from jinja2 import Template

from nudger.domain.errors import Problem
from nudger.domain.model import Kind
from nudger.messages.bank.messages import Bank
from nudger.messages.bank.sandbox import Compiled, Refused, Vocabulary, compile_page
from nudger.messages.bank.source import ALIKE, Forms, OnDemand, Sections, Source, WordingError
from nudger.messages.wording.helplines import Helplines
from nudger.messages.wording.texts import Texts, forms_of, without_form

_WHEN = (("when", frozenset({"at", "until"})),)


def _text(*names: str) -> Vocabulary:
    plain = frozenset(name for name in names if name != "when")
    return Vocabulary(plain, _WHEN if "when" in names else ())


def _link(*names: str) -> Mapping[str, Vocabulary]:
    """The page behind one kind of link: asked before the button is pressed, said after it."""
    return {"title": _text(), "ask": _text(*names), "button": _text(), "said": _text(*names)}


_PLAIN = (
    *(
        "said",
        "nothing",
        "held",
        "removed",
        "unasked",
        "paused",
        "as_planned",
        "half",
        "quarter",
        "eased",
        "no_quiet",
        "put_off",
    ),
    *("today", "tomorrow_day", "tomorrow", "coming", "coming_none", "rules", "data", "data_text"),
    *("export", "erase", "later", "resume", "resume_text", "resume_button", "begin", "begin_text"),
    *("begin_button", "pause", "pause_text", "pause_day_button", "pause_week_button", "pause_button"),
    *("words", "words_text", "words_link"),
    *("today_button", "undo", "undo_text", "undo_button", "away", "away_text", "away_button"),
    *("away_off_button", "away_first", "away_last", "hours", "hours_text", "hours_late_button"),
    *("hours_early_button", "hours_usual_button"),
    *("rate", "rate_text", "less_button", "more_button", "stop", "stop_text", "stop_button"),
)

_JOURNAL = (
    *("title", "text", "erased", "kept", "goes", "table", "list", "none", "more", "earlier", "yes", "no"),
    *("erase", "erase_all", "file", "back", "decimal"),
)

_KEYS: Mapping[str, Mapping[str, Vocabulary]] = {
    "frame": {"automated": _text()},
    "later": _link("when"),
    "done": _link(),
    "skip": _link(),
    "pause": _link("when"),
    "stop": {**_link("channel"), "undo": _text("channel")},
    "confirm": {**_link("channel", "limit"), "undo": _text("channel")},
    # A link that was used before: there is nothing to do any more.
    "settled": {
        "title": _text(),
        "later": _text("when"),
        "done": _text(),
        "pause": _text(),
        "pause_until": _text("when"),
        "stop": _text("channel"),
        "confirm": _text(),
    },
    # The person's own page.
    "me": {
        **{key: _text() for key in _PLAIN},
        **{key: _text("when") for key in ("paused_until", "low")},
        "away_from": _text("begins", "when"),
        "title": _text("name"),
        "stopped": _text("channel"),
        "quiet": _text("start", "end"),
        "limit": _text("limit"),
        "later_text": _text("kind", "when"),
        "helplines": _text("helplines"),
    },
    "me_over": {"title": _text(), "text": _text()},
    "me_erase": {key: _text() for key in ("title", "text", "plan", "button", "back")},
    "me_erased": {"title": _text(), "text": _text()},
    # What the person has said, on a page of its own.
    "words": {
        **{key: _text() for key in _JOURNAL},
        **{key: _text("kind") for key in ("by_day", "by_weekday", "by_hour")},
        "date": _text("day", "month"),
    },
    "words_erase": {key: _text() for key in ("title", "text", "button", "back")},
    "over": {"title": _text(), "text": _text()},
    "forged": {"title": _text(), "text": _text()},
    "busy": {"title": _text(), "text": _text()},
    # Every event of a calendar has this title: it is read over someone's shoulder.
    "calendar": {"title": _text()},
}
SECTIONS = Sections(_KEYS, "templates/en/pages.toml")


@dataclass(frozen=True, slots=True)
class Pages:
    """The texts of pages in one language and one form of address."""

    compiled: Mapping[str, Mapping[str, Compiled]]

    @staticmethod
    def parse(
        source: Source, forms: Forms, sound: bool = False
    ) -> "Mapping[str, Pages] | tuple[Problem, ...]":
        """Returns the texts in each form of address, or every problem of the file, unless it is known to be
        `sound`."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        problems = () if sound else tuple(SECTIONS.problems(source, data, forms))
        compiled = SECTIONS.compiled_on_demand if sound else SECTIONS.compiled
        return problems or {form: Pages(compiled(SECTIONS.sources(data, form))) for form in forms}

    def say(self, section: str, key: str, values: Mapping[str, object]) -> str:
        return self.compiled[section][key].render(values)


HELPLINES = "helplines.toml"
PAGE = "email.html"
SYSTEM = "system.toml"
PAGES = "pages.toml"
TONE = "tone.toml"  # read by lint
PAGE_NAMES = frozenset({"language", "subject", "paragraphs", "ways", "calls", "links", "automated", "stop"})

_OF_LANGUAGE = (*(f"{kind}.toml" for kind in Kind), SYSTEM, PAGES, TONE)
SHIPPED = "shipped/"  # before the path of a file that one of the operator's own has taken the place of
_MISNAMED = re.compile(r"(.+)\.(?:(?:(toml|html)\.txt)|tml|(?-i:TOML|HTML))", re.IGNORECASE)
_PATH = re.compile(r"([a-z]{2,3}(?:-[A-Z]{2})?)/([^/]+)")
_T = TypeVar("_T")


@dataclass(slots=True)
class Sources:
    """Every file of the bank, parsed, by voice; the rules of the tone are read by lint."""

    banks: dict[tuple[str, Kind], Bank] = field(default_factory=dict)
    texts: dict[str, Texts] = field(default_factory=dict)
    pages: dict[str, Pages] = field(default_factory=dict)
    forms: dict[str, Sequence[str]] = field(default_factory=dict)  # by language
    helplines: dict[str, Helplines] = field(default_factory=dict)  # by file, of which there is one
    page: dict[str, Template] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    sound: bool = False  # the files are known to be

    @staticmethod
    def read(files: Mapping[str, str]) -> "Sources":
        """Parses all. What stands under SHIPPED is read where a file of the same name extends it. Raises
        WordingError with every problem of every file at once."""
        found = Sources(problems=[*_missing(files), *_misnamed(files)])
        for path in files:
            if path.endswith((".toml", ".html")) and not path.startswith(SHIPPED):
                found._read(Source(path, files[path]), files)
        if found.problems:
            raise WordingError(sorted(found.problems, key=lambda problem: (problem.file, problem.line)))
        return found

    @staticmethod
    def on_demand(files: Mapping[str, str]) -> "Sources":
        """Reads the same of files that are known to be sound: each is parsed when it is first asked for.
        Raises WordingError where one is missing, and, when it is asked for, where one is not sound after
        all."""
        languages = sorted({found[1] for path in files if (found := _PATH.fullmatch(path))})
        forms: dict[str, Sequence[str]] = {
            one: () if (its := _forms(one, files)) == ALIKE else its for one in languages
        }

        def read(path: str) -> Sources:
            one = Sources(forms=dict(forms), sound=True)
            if path in files:
                one._read(Source(path, files[path]), files)
            if one.problems:
                raise WordingError(one.problems)
            return one

        if missing := list(_missing(files)):
            raise WordingError(missing)
        return Sources(
            banks=OnDemand(lambda key: read(f"{without_form(key[0])}/{key[1]}.toml").banks),
            texts=OnDemand(lambda voice: read(f"{without_form(voice)}/{SYSTEM}").texts),
            pages=OnDemand(lambda voice: read(f"{without_form(voice)}/{PAGES}").pages),
            forms=forms,
            helplines=OnDemand(lambda path: read(path).helplines),
            page=OnDemand(lambda path: read(path).page),
        )

    def _read(self, source: Source, files: Mapping[str, str]) -> None:
        if source.file == HELPLINES:
            helplines = Helplines.parse(source)
            if isinstance(helplines, Helplines):
                self.helplines[HELPLINES] = helplines
            else:
                self.problems += helplines
        elif source.file == PAGE:
            self._page(source)
        elif (found := _PATH.fullmatch(source.file)) and found[2] in _OF_LANGUAGE:
            self._of_language(found[1], found[2], source, files)
        else:
            meant = _meant(source.file.rpartition("/")[2] if found else "")
            self.problems.append(source.problem("is not a file of the message bank", meant))

    def _of_language(self, language: str, name: str, source: Source, files: Mapping[str, str]) -> None:
        if language not in self.forms:
            forms = _forms(language, files)
            self.forms[language] = () if forms == ALIKE else forms
        forms = tuple(self.forms[language]) or ALIKE
        if name == SYSTEM:
            self.texts |= self._sound(language, Texts.parse(source, forms, self.sound))
        elif name == PAGES:
            self.pages |= self._sound(language, Pages.parse(source, forms, self.sound))
        elif name != TONE:
            kind = Kind(name.removesuffix(".toml"))
            shipped = files.get(SHIPPED + source.file)
            below = None if shipped is None else Bank.parse(Source(source.file, shipped), forms)
            over = below if isinstance(below, Mapping) else None
            banks = self._sound(language, Bank.parse(source, forms, over))
            self.banks |= {(voice, kind): bank for voice, bank in banks.items()}

    def _sound(self, language: str, parsed: Mapping[str, _T] | tuple[Problem, ...]) -> Mapping[str, _T]:
        """By voice, the language alone for its usual form; nothing where there are problems to keep."""
        if isinstance(parsed, tuple):
            self.problems += parsed
            return {}
        named = {f"{language}.{form}": one for form, one in parsed.items() if form}
        return {language: next(iter(parsed.values())), **named}

    def _page(self, source: Source) -> None:
        try:
            self.page[PAGE] = compile_page(source.text, PAGE_NAMES)
        except Refused as refusal:
            hint = "compare it with the page that nudger comes with"
            self.problems.append(source.problem(str(refusal), hint))


def _forms(language: str, files: Mapping[str, str]) -> Forms:
    """Those that its system.toml says it has, the operator's own or else ours below it."""
    paths = (f"{language}/{SYSTEM}", f"{SHIPPED}{language}/{SYSTEM}")
    found = (forms_of(Source(path, files.get(path, ""))) for path in paths)
    return next((forms for forms in found if forms != ALIKE), ALIKE)


def _missing(files: Mapping[str, str]) -> Iterator[Problem]:
    languages = sorted({found[1] for path in files if (found := _PATH.fullmatch(path))})
    needed = [f"{language}/{name}" for language in languages for name in _OF_LANGUAGE if name != TONE]
    for path in (HELPLINES, PAGE, *(needed or ["en/system.toml"])):
        if path not in files:
            hint = "every language has all of its files; copy the English one and translate it"
            yield Source(path, "").problem("is missing", hint)


def _misnamed(sources: Mapping[str, str]) -> Iterator[Problem]:
    for path in sources:
        if found := _MISNAMED.fullmatch(path):
            hint = f'rename it to "{found[1]}.{(found[2] or "toml").lower()}"'
            yield Source(path, "").problem("is not read: its name ends otherwise", hint)


def _meant(name: str) -> str:
    near = get_close_matches(name, _OF_LANGUAGE, n=1)
    return f"did you mean {near[0]}?" if near else f"a language's folder holds {', '.join(_OF_LANGUAGE)}"
