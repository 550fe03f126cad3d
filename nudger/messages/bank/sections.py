"""Tables of texts, `[section]` with `key = "..."`: read strictly, so no language lacks anything."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from nudger.errors import Problem
from nudger.messages.bank.blank import is_blank
from nudger.messages.bank.sandbox import Compiled, Refused, Vocabulary, compile_source
from nudger.messages.bank.source import Source, texts


@dataclass(frozen=True, slots=True)
class Sections:
    """What a file holds: section -> key -> what its text may name. `model` is the file to look at."""

    keys: Mapping[str, Mapping[str, Vocabulary]]
    model: str

    def problems(
        self, source: Source, data: Mapping[str, object], others: Iterable[str] = ()
    ) -> list[Problem]:
        """Every problem of the file; `others` are top-level names that someone else reads."""
        return [*self._strangers(source, data, others), *self._faults(source, data)]

    def sources(self, data: Mapping[str, object]) -> dict[str, Mapping[str, str]]:
        """The texts of a file that has no problems."""
        return {section: texts(data[section]) or {} for section in self.keys}

    def compiled(self, sources: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Compiled]]:
        return {
            section: {
                key: compile_source(sources[section][key], vocabulary) for key, vocabulary in keys.items()
            }
            for section, keys in self.keys.items()
        }

    def _strangers(
        self, source: Source, data: Mapping[str, object], others: Iterable[str]
    ) -> Iterator[Problem]:
        known = (*self.keys, *others)
        for name in sorted(data.keys() - set(known)):
            yield source.problem(f'unknown "{name}"', _meant(name, known), table=name, nth=1, key=name)

    def _faults(self, source: Source, data: Mapping[str, object]) -> Iterator[Problem]:
        for section, keys in self.keys.items():
            found = texts(data.get(section))
            if found is None:
                yield source.problem(
                    f"expected a table [{section}] of texts", self._copy, table=section, nth=1
                )
                continue
            for key in sorted(found.keys() - keys.keys()):
                yield _at(source, section, key, "unknown key", _meant(key, keys))
            for key, vocabulary in keys.items():
                yield from self._text(source, section, key, found.get(key), vocabulary)

    def _text(
        self, source: Source, section: str, key: str, text: str | None, vocabulary: Vocabulary
    ) -> Iterator[Problem]:
        if text is None or is_blank(text):
            yield _at(source, section, key, "is missing" if text is None else "is empty", self._copy)
            return
        try:
            compiled = compile_source(text, vocabulary)
        except Refused as refusal:
            yield _at(source, section, key, str(refusal), f"{self.model} shows what each text may use")
            return
        if compiled.may_be_blank:
            yield _at(
                source, section, key, "comes to nothing at times", "give it words that are always there"
            )

    @property
    def _copy(self) -> str:
        return f"copy it from {self.model} and translate it"


def _at(source: Source, section: str, key: str, message: str, hint: str) -> Problem:
    return source.problem(message, hint, where=f"[{section}] {key}", table=section, nth=1, key=key)


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f'did you mean "{near[0]}"?' if near else "known here: " + ", ".join(known)
