"""Facts for checking plans: a Monday, the zones of the tzdata package, the shipped message bank."""

from collections.abc import Callable
from datetime import date, tzinfo
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nudger.messages import Wording
from nudger.plans import Facts, Reading, Source, read

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 23)  # a Monday
ZONE_NAMES = frozenset(files("tzdata").joinpath("zones").read_text().split())

Read = Callable[..., Reading]


@cache
def _zone(key: str) -> tzinfo | None:
    if key not in ZONE_NAMES:
        return None
    with files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key)


@pytest.fixture(scope="session")
def facts() -> Facts:
    templates = ROOT / "templates"
    sources = {
        path.relative_to(templates).as_posix(): path.read_text(encoding="utf-8")
        for path in templates.rglob("*")
        if path.is_file()
    }
    return Facts(TODAY, _zone, ZONE_NAMES, Wording.parse(sources))


@pytest.fixture(scope="session")
def read_files(facts: Facts) -> Read:
    """Reads files given as path -> text or bytes; those in shared/ are shared plans."""

    def read_all(given: dict[str, str | bytes], facts: Facts = facts) -> Reading:
        sources = [
            Source(file, text.encode() if isinstance(text, str) else text) for file, text in given.items()
        ]
        return read(sources, facts)

    return read_all


@pytest.fixture(scope="session")
def read_plan(read_files: Read) -> Read:
    """Reads one plan, plans/maya.toml: its text after a name, a timezone and a phone."""

    def read_one(text: str = "", head: str = HEAD, **others: str | bytes) -> Reading:
        return read_files({"plans/maya.toml": head + text, **others})

    return read_one


HEAD = 'name = "Maya"\ntimezone = "Europe/London"\nphone = "+447700900123"\n'
