"""Reading the word lists: tables of TOML whose every key is known and every value of the right form."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import time

from nudger.domain.errors import NudgerError
from nudger.replies.language.writing import split


class WordsError(NudgerError):
    """A word list is not of the form that the code takes."""


class Section:
    """One table of one language's word list. Its faults name the language and the way to the key."""

    def __init__(self, name: str, table: Mapping[str, object]) -> None:
        self.name = name
        self._table = dict(table)

    @classmethod
    def read(cls, language: str, sources: Mapping[str, str]) -> "Section":
        """All files of a language, by their names, as one table. Raises WordsError where one is no TOML, and
        where two have the same table."""
        whole: dict[str, object] = {}
        for name, source in sources.items():
            try:
                found = tomllib.loads(source)
            except tomllib.TOMLDecodeError as error:
                raise WordsError(f"words of {language!r}: {name}: {error}") from None
            twice = whole.keys() & found.keys()
            if twice:
                raise WordsError(f"words of {language!r}: {name}: {min(twice)!r} stands in another file too")
            whole |= found
        return cls(f"words of {language!r}", whole)

    def copy(self) -> "Section":
        """The same table, to be read again."""
        return Section(self.name, self._table)

    def section(self, key: str) -> "Section":
        """A table under this one; empty where there is none."""
        found = self._table.pop(key, {})
        if not isinstance(found, dict):
            raise self.wrong(key, "a table", found)
        return Section(f"{self.name}: {key}", found)

    def sections(self) -> Iterator[tuple[str, "Section"]]:
        """All tables under this one."""
        for key in list(self._table):
            yield key, self.section(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text will do, and a missing key is an empty list."""
        found = self._table.pop(key, [])
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise self.wrong(key, "a list of texts", found)
        return tuple(listed)

    def phrases(self, key: str) -> tuple[str, ...]:
        """A text of many lines, a phrase in each; those that begin with # are remarks. A list of phrases will
        do."""
        if isinstance(self._table.get(key), list):
            return self.texts(key)
        lines = (line.strip() for line in self.text(key).splitlines())
        return tuple(line for line in lines if line and not line.startswith("#"))

    def words(self, key: str) -> frozenset[str]:
        """A text of words with spaces between."""
        return frozenset(word for written in self.text(key).split() for word in split(written))

    def lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every key, with its list of texts."""
        for key in list(self._table):
            yield key, self.texts(key)

    def number(self, key: str, default: int) -> int:
        found = self._table.pop(key, default)
        if not isinstance(found, int):
            raise self.wrong(key, "a whole number", found)
        return found

    def numbers(self) -> Iterator[tuple[str, int]]:
        """Every key, with its number."""
        for key in list(self._table):
            yield key, self.number(key, 0)

    def flag(self, key: str) -> bool:
        found = self._table.pop(key, False)
        if not isinstance(found, bool):
            raise self.wrong(key, "true or false", found)
        return found

    def text(self, key: str) -> str:
        found = self._table.pop(key, "")
        if not isinstance(found, str):
            raise self.wrong(key, "a text", found)
        return found

    def wall(self, key: str) -> time | None:
        """A TOML local time."""
        found = self._table.pop(key, None)
        if found is not None and not isinstance(found, time):
            raise self.wrong(key, "a time like 09:30:00", found)
        return found

    def close(self) -> None:
        """Says that all is read. Raises WordsError if a key is left: it is unknown."""
        if self._table:
            raise WordsError(f"{self.name}: unknown key {next(iter(self._table))!r}")

    def wrong(self, key: str, expected: str, found: object) -> WordsError:
        return WordsError(f"{self.name}: {key}: expected {expected}, got {found!r}")
