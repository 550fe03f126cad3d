"""Facts for checking plans: a Monday, the zones of the tzdata package, the shipped message bank."""

import pytest

from nudger.messages import Wording
from nudger.plans import Facts, ParsedPlans, PlanSource, read
from tests.support.reading import ROOT, TODAY, ZONE_NAMES, Read, zone


@pytest.fixture(scope="session")
def facts() -> Facts:
    templates = ROOT / "templates"
    sources = {
        path.relative_to(templates).as_posix(): path.read_text(encoding="utf-8")
        for path in templates.rglob("*")
        if path.is_file()
    }
    return Facts(TODAY, zone, ZONE_NAMES, Wording.parse(sources))


@pytest.fixture(scope="session")
def read_files(facts: Facts) -> Read:
    """Reads files given as path -> text or bytes; those in shared/ are shared plans."""

    def read_all(given: dict[str, str | bytes], facts: Facts = facts) -> ParsedPlans:
        sources = [
            PlanSource(file, text.encode() if isinstance(text, str) else text) for file, text in given.items()
        ]
        return read(sources, facts)

    return read_all


@pytest.fixture(scope="session")
def read_plan(read_files: Read) -> Read:
    """Reads one plan, plans/maya.toml: its text after a name, a timezone and a phone."""

    def read_one(text: str = "", head: str = HEAD, **others: str | bytes) -> ParsedPlans:
        return read_files({"plans/maya.toml": head + text, **others})

    return read_one


HEAD = 'name = "Maya"\ntimezone = "Europe/London"\nphone = "+447700900123"\n'
