"""What this machine knows of the place it stands in: guesses that a person is asked about."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

LOCALTIME = Path("/etc/localtime")  # a link into zoneinfo/ (man localtime)
TIMEZONE = Path("/etc/timezone")  # Debian's
UTC = "UTC"


def machine_zone(is_zone: Callable[[str], bool]) -> str:
    """The time zone of this machine, UTC where it says none that `is_zone` knows."""
    return next((name for name in _zone_names() if is_zone(name)), UTC)


def machine_language(known: Collection[str]) -> str:
    """The language of this terminal, where it is one of `known`; else English."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    language = next(filter(None, names), "")[:2].lower()
    return language if language in known else "en"


def _zone_names() -> Iterator[str]:
    yield os.environ.get("TZ", "").removeprefix(":")
    with suppress(OSError):  # a plain file, or none: it does not say its name
        yield os.readlink(LOCALTIME).rpartition("zoneinfo/")[2]
    with suppress(OSError, UnicodeDecodeError):
        yield TIMEZONE.read_text(encoding="utf-8").strip()
