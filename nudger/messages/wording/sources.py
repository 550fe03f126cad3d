"""Sorts the files of the message bank, and reads each as what its path says it is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain

from jinja2 import Template

from nudger.errors import Problem
from nudger.messages.bank.messages import Bank
from nudger.messages.bank.sandbox import Refused, compile_page
from nudger.messages.bank.source import Source, WordingError
from nudger.messages.wording.helplines import Helplines
from nudger.messages.wording.pages import Pages
from nudger.messages.wording.texts import Texts
from nudger.model import Kind

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


@dataclass(frozen=True, slots=True)
class Sources:
    """Every file of the bank, parsed; the rules of the tone are read by lint."""

    banks: Mapping[tuple[str, Kind], Bank]
    texts: Mapping[str, Texts]
    pages: Mapping[str, Pages]
    helplines: Helplines
    page: Template

    @staticmethod
    def read(sources: Mapping[str, str]) -> "Sources":
        """Parses all. What stands under SHIPPED is read where a file of the same name extends it. Raises
        WordingError with every problem of every file at once."""
        parsed = {
            path: _parsed(Source(path, text), sources.get(SHIPPED + path))
            for path, text in sources.items()
            if path.endswith((".toml", ".html"))
            and not path.endswith(f"/{TONE}")
            and not path.startswith(SHIPPED)
        }
        faulty = chain.from_iterable(one for one in parsed.values() if isinstance(one, tuple))
        problems = [*_missing(sources), *_misnamed(sources), *faulty]
        if problems:
            raise WordingError(sorted(problems, key=lambda problem: (problem.file, problem.line)))
        return Sources(
            {_language_and_kind(path): one for path, one in parsed.items() if isinstance(one, Bank)},
            {path.partition("/")[0]: one for path, one in parsed.items() if isinstance(one, Texts)},
            {path.partition("/")[0]: one for path, one in parsed.items() if isinstance(one, Pages)},
            next(one for one in parsed.values() if isinstance(one, Helplines)),
            next(one for one in parsed.values() if isinstance(one, Template)),
        )


def _parsed(
    source: Source, shipped: str | None
) -> Bank | Texts | Pages | Helplines | Template | tuple[Problem, ...]:
    if source.file == HELPLINES:
        return Helplines.parse(source)
    if source.file == PAGE:
        return _page(source)
    found = _PATH.fullmatch(source.file)
    if found is None or found[2] not in _OF_LANGUAGE:
        return (source.problem("is not a file of the message bank", _meant(found[2] if found else "")),)
    if found[2] == PAGES:
        return Pages.parse(source)
    if found[2] == SYSTEM:
        return Texts.parse(source)
    below = None if shipped is None else Bank.parse(Source(source.file, shipped))
    return Bank.parse(source, below if isinstance(below, Bank) else None)


def _language_and_kind(path: str) -> tuple[str, Kind]:
    language, _, name = path.partition("/")
    return language, Kind(name.removesuffix(".toml"))


def _missing(sources: Mapping[str, str]) -> Iterator[Problem]:
    languages = sorted({found[1] for path in sources if (found := _PATH.fullmatch(path))})
    needed = [f"{language}/{name}" for language in languages for name in _OF_LANGUAGE if name != TONE]
    for path in (HELPLINES, PAGE, *(needed or ["en/system.toml"])):
        if path not in sources:
            hint = "every language has all of its files; copy the English one and translate it"
            yield Source(path, "").problem("is missing", hint)


def _misnamed(sources: Mapping[str, str]) -> Iterator[Problem]:
    for path in sources:
        if found := _MISNAMED.fullmatch(path):
            hint = f'rename it to "{found[1]}.{(found[2] or "toml").lower()}"'
            yield Source(path, "").problem("is not read: its name ends otherwise", hint)


def _page(source: Source) -> Template | tuple[Problem, ...]:
    try:
        return compile_page(source.text, PAGE_NAMES)
    except Refused as refusal:
        return (source.problem(str(refusal), "compare it with the page that nudger comes with"),)


def _meant(name: str) -> str:
    near = get_close_matches(name, _OF_LANGUAGE, n=1)
    return f"did you mean {near[0]}?" if near else f"a language's folder holds {', '.join(_OF_LANGUAGE)}"
