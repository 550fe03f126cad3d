"""What nudger's web pages say to people in one language: `templates/<language>/pages.toml`, checked.

A text may use the values named for it here; `channel` is "sms" or "email".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nudger.domain.errors import Problem
from nudger.messages.bank.sandbox import Compiled, Vocabulary
from nudger.messages.bank.source import Forms, Sections, Source

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
        "no_quiet",
        "put_off",
    ),
    *("today", "tomorrow_day", "tomorrow", "coming", "coming_none", "rules", "data", "data_text"),
    *("export", "erase", "later", "resume", "resume_text", "resume_button", "begin", "begin_text"),
    *("begin_button", "pause", "pause_text", "pause_day_button", "pause_week_button", "pause_button"),
    *("rate", "rate_text", "less_button", "more_button", "stop", "stop_text", "stop_button"),
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
    def parse(source: Source, forms: Forms) -> "Mapping[str, Pages] | tuple[Problem, ...]":
        """The texts in each form of address, or every problem of the file."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        problems = tuple(SECTIONS.problems(source, data, forms))
        return problems or {form: Pages(SECTIONS.compiled(SECTIONS.sources(data, form))) for form in forms}

    def say(self, section: str, key: str, values: Mapping[str, object]) -> str:
        return self.compiled[section][key].render(values)
