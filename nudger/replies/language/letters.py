"""What a person wrote themselves: without the text of ours that is quoted below it, and signatures."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nudger.replies.language.lists import Section
from nudger.replies.language.writing import fold

_RULE = re.compile(r"\s*(?:_{5,}|--|-{2,}\s*(?:original|forwarded|mensaje|message)\b.*)\s*\Z")
_FROM = re.compile(r"\s*\*?(?:from|de|von)\*?\s*:")


@dataclass(frozen=True, slots=True)
class Letters:
    """How mail programs and phones frame what a person writes.

    They speak the language of their owner, whatever the plan says: those of all languages count.
    """

    opens: re.Pattern[str]  # begins the line above a quote: "On Mon"
    wrote: tuple[str, ...]  # ends it: "wrote:"
    headers: tuple[str, ...]  # begins a line under a quoted "From:": "sent:", "to:"
    signatures: tuple[str, ...]  # begins a line that a device adds: "sent from my"

    @classmethod
    def read(cls, sections: Iterable[Section]) -> "Letters":
        """From each language's table `mail`."""
        opens, wrote, headers, signatures = [], [], [], []
        for section in sections:
            opens += [re.escape(fold(one)) for one in section.texts("opens")]
            wrote += [fold(one) for one in section.texts("wrote")]
            headers += [fold(one) for one in section.texts("headers")]
            signatures += [fold(one) for one in section.texts("signatures")]
            section.close()
        opening = re.compile(rf"\b(?:{'|'.join(opens)})\b(?=.{{0,20}}\d)")
        return cls(opening, tuple(wrote), tuple(headers), tuple(signatures))

    def own_words(self, folded: str) -> str:
        """The lines that are the person's own; empty where all of it is quoted.

        What is marked with ">" goes, wherever it stands. From a "From:" or "--" on, and from
        "On Monday ... wrote:" on where nothing after it is marked, nobody can tell where a quote
        ends: all of the rest goes.
        """
        lines = folded.split("\n")
        marked = [line.lstrip().startswith(">") for line in lines]
        last_marked = max((number for number, is_marked in enumerate(marked) if is_marked), default=-1)
        openings = self._openings(lines)
        kept = []
        for number, line in enumerate(lines):
            if _RULE.match(line) or self._is_header(lines, number):
                break
            if number in openings:
                kept.append(self._before_opening(line))
                if number > last_marked:
                    break
            elif not marked[number] and not line.lstrip().startswith(self.signatures):
                kept.append(line)
        return "\n".join(kept)

    def _openings(self, lines: list[str]) -> set[int]:
        """The lines "On Monday ... wrote:", which mail programs break in two."""
        found = set()
        for number, line in enumerate(lines):
            if not line.rstrip().endswith(self.wrote):
                continue
            if _has_digit(line):
                found.add(number)
            elif number and _has_digit(lines[number - 1]):
                found |= {number - 1, number}
        return found

    def _before_opening(self, line: str) -> str:
        """What somebody wrote on the same line: "STOP On Monday ... wrote:"."""
        found = self.opens.search(line)
        return line[: found.start()] if found else ""

    def _is_header(self, lines: list[str], number: int) -> bool:
        """Whether this is the "From:" of a quoted header."""
        below = lines[number + 1 : number + 4]
        return bool(_FROM.match(lines[number])) and any(
            one.lstrip().startswith(self.headers) for one in below
        )


def _has_digit(line: str) -> bool:
    return any(one.isdigit() for one in line)
