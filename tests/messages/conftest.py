"""The shipped message bank, read once; and plans to word."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from nudger.domain.model import At, Contact, History, Kind, Nudge, Plan
from nudger.messages import Worded, Wording

TEMPLATES = Path(__file__).parents[2] / "templates"
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # a Monday
TODAY = NOW.date()


@pytest.fixture(scope="session")
def sources() -> Mapping[str, str]:
    files = (path for path in TEMPLATES.rglob("*") if path.is_file())
    return {path.relative_to(TEMPLATES).as_posix(): path.read_text(encoding="utf-8") for path in files}


@pytest.fixture(scope="session")
def english(sources: Mapping[str, str]) -> Mapping[str, str]:
    return {path: text for path, text in sources.items() if path.startswith("en/") or "/" not in path}


@pytest.fixture(scope="session")
def wording(sources: Mapping[str, str]) -> Wording:
    return Wording.parse(sources)


@pytest.fixture(scope="session")
def plan_of() -> Callable[..., Plan]:
    """A plan in a language, with these contacts."""

    def plan(language: str = "en", *contacts: str, **changes: Any) -> Plan:
        people = tuple(Contact(name, "friend") for name in contacts)
        values = {"person": "maya", "name": "Maya", "timezone": "Europe/London", **changes}
        return Plan(language=language, contacts=people, **values)

    return plan


@pytest.fixture(scope="session")
def nudge_of() -> Callable[..., Nudge]:
    """A nudge of a kind."""

    def nudge(kind: Kind = Kind.REST, **changes: Any) -> Nudge:
        return Nudge(id=kind.value, kind=kind, when=At((time(13),)), **changes)

    return nudge


@pytest.fixture
def word(wording: Wording) -> Callable[..., Worded]:
    """Words one nudge, with everything that a test does not care about filled in."""

    def worded(
        plan: Plan,
        nudge: Nudge,
        history: History | None = None,
        *,
        by: Wording = wording,
        on: date = TODAY,
        **changes: Any,
    ) -> Worded:
        values = {"slot": 1, "round": 0, "local_now": NOW, "seed": "nudger", **changes}
        return by.nudge(plan, nudge, local_date=on, history=history or History(), **values)

    return worded
