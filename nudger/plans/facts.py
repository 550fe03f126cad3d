"""What comes in: the files, and what checking them needs of the world."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, tzinfo

from nudger.messages import Wording


@dataclass(frozen=True, slots=True)
class Source:
    """A plan file or a roster (its name ends in .csv). `file` is shown in problems: "plans/maya.toml"."""

    file: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Facts:
    """What checking plans needs of the world."""

    today: date  # for `ends` in the past and the look-ahead
    zone: Callable[[str], tzinfo | None]  # None: unknown
    zone_names: frozenset[str]  # for did-you-mean
    wording: Wording  # the languages, the templates, the check of a message
    seed: str = "nudger"
    country: str | None = None  # the setting COUNTRY
