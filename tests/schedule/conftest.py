"""Zones from the tzdata package, whatever the machine has, so that every run reads the same rules."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest


@cache
def _zone(key: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key)


@pytest.fixture(scope="session")
def zone() -> Callable[[str], ZoneInfo]:
    return _zone


@pytest.fixture(scope="session")
def zone_names() -> list[str]:
    return files("tzdata").joinpath("zones").read_text().split()
