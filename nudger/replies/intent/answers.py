"""Answers to an open ask: a line, a number of a span, yes or no, one of the plan's own words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nudger.replies.intent.courtesy import Courtesy
from nudger.replies.language.writing import split
from nudger.replies.time.durations import Line
from nudger.replies.time.timewords import TimeWords

LINE, YES_NO = "line", "yes/no"

_SPAN = re.compile(r"(\d{1,3})-(\d{1,3})")
_FEW = 4  # words around a number that is an answer: "about a 4 today"


class AskError(ValueError):
    """What was asked for is none of the forms."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What an open ask wants: `span` a whole number within it, `choice` one of these words; `yes_no`; else a
    line."""

    span: tuple[int, int] | None = None
    choice: tuple[str, ...] = ()
    yes_no: bool = False

    @property
    def is_line(self) -> bool:
        return self.span is None and not self.choice and not self.yes_no

    @classmethod
    def read(cls, form: str) -> "Ask":
        """From a form: "line", "0-10", "yes/no", "calm|flat|tense". Raises AskError for anything else."""
        if form == LINE:
            return cls()
        if form == YES_NO:
            return cls(yes_no=True)
        span = _SPAN.fullmatch(form)
        if span is not None and int(span[1]) < int(span[2]) <= 100:
            return cls(span=(int(span[1]), int(span[2])))
        choice = tuple(one.strip() for one in form.split("|"))
        if not 2 <= len(choice) <= 6 or not all(choice):
            raise AskError(f'expected "line", "yes/no", "0-10" or words like "calm|flat|tense", got {form!r}')
        return cls(choice=choice)

    def value(self, words: Sequence[str], times: TimeWords, courtesy: Courtesy) -> int | bool | str | None:
        """The answer that these words are, in the form that was asked for; None where they are none. A line
        is nobody's here: any words are one."""
        if self.span is not None:
            return self._number(words, times)
        if self.yes_no:
            return courtesy.agrees(words)
        named = [one for one in self.choice if _within(split(one), words)]
        return named[0] if len(named) == 1 else None

    def _number(self, words: Sequence[str], times: TimeWords) -> int | None:
        line = Line(times, words)
        for at in range(min(len(words), _FEW)):
            found = line.number(at)
            if found is None or line.role("articles", at) is not None:
                continue
            told = line.unit(found[1]) is None and times.leads.at(words, at - 1) is None if at else True
            low, high = self.span or (0, 0)
            return found[0] if told and len(words) - found[1] <= _FEW and low <= found[0] <= high else None
        return None


def _within(phrase: Sequence[str], words: Sequence[str]) -> bool:
    return any(tuple(words[at : at + len(phrase)]) == tuple(phrase) for at in range(len(words)))
