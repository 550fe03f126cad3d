"""`nudger simulate` from its command: promises kept on both databases, the same by seed, and loud faults."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nudger import plans
from nudger.agenda.decide import Decider
from nudger.agenda.entries import Decision, Due
from nudger.app import service
from nudger.app.core import Core
from nudger.app.running import build_daemon
from nudger.app.settings import load
from nudger.app.state import open_database
from nudger.cli import app
from nudger.cli.simulate.crowd import Actors, Crowd
from nudger.cli.simulate.life import BrokenPromises, Life
from nudger.domain.errors import UsageError
from nudger.domain.model import ChannelName, Person, Standing
from nudger.plan_sync.port import PlanFile, PlanRead
from nudger.plans import PlanSource
from nudger.store import open_store
from tests.support.databases import Databases

pytestmark = pytest.mark.slow

OF_THE_MACHINE = {
    "seconds",
    "per_second",
    "messages_per_second",
    "behind_seconds",
    "phases",
    "cpu_seconds",
    "peak_memory",
    "database",
    "database_bytes",
}


def simulated(*arguments: str) -> dict[str, Any]:
    """The last line of what the command prints."""
    done = CliRunner().invoke(app, ["simulate", "--json", *arguments], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def figures(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the seed decides."""
    return {name: value for name, value in found.items() if name not in OF_THE_MACHINE}


@pytest.fixture(scope="module")
def database(databases: Databases) -> str:
    return databases.new("simulated")


@pytest.fixture(scope="module")
def on_sqlite() -> dict[str, Any]:
    return simulated("--people", "200", "--days", "3", "--answers", "0.3")


@pytest.fixture(scope="module")
def on_postgresql(database: str) -> dict[str, Any]:
    return simulated("--people", "200", "--days", "3", "--answers", "0.3", "--database", database)


def test_two_hundred_people_live_three_days_and_no_promise_is_broken(on_sqlite: dict[str, Any]) -> None:
    states = on_sqlite["states"]

    assert on_sqlite["broken"] == 0
    assert on_sqlite["sent"] == states["sent"] > 200 * 3 * 3 * 0.8
    assert on_sqlite["occurrences"] == sum(states.values()) - states["planned"] > on_sqlite["sent"]
    assert on_sqlite["late_seconds"]["max"] == 0
    assert sum(on_sqlite["reasons"].values()) == on_sqlite["occurrences"] - on_sqlite["sent"]
    assert {"done", "snooze", "skip", "pause", "stop", "start", "less", "now"} <= on_sqlite["said"].keys()
    assert on_sqlite["moves"] > 0


def test_the_same_people_live_the_same_days_on_postgresql(
    on_sqlite: dict[str, Any], on_postgresql: dict[str, Any]
) -> None:
    assert (on_sqlite["database"], on_postgresql["database"]) == ("sqlite", "postgresql")
    assert figures(on_postgresql) == figures(on_sqlite)


def test_programs_get_the_figures_in_the_last_line(on_sqlite: dict[str, Any]) -> None:
    assert list(on_sqlite)[:4] == ["occurrences", "sent", "seconds", "per_second"]
    assert on_sqlite["per_second"] == pytest.approx(on_sqlite["occurrences"] / on_sqlite["seconds"], rel=0.05)
    assert on_sqlite.keys() >= OF_THE_MACHINE
    assert on_sqlite["database_bytes"] > 0


def test_another_seed_is_another_life() -> None:
    one, other = (simulated("--people", "20", "--seed", seed) for seed in ("1", "2"))

    assert figures(one) != figures(other)


def test_people_read_a_table(tmp_path: Path) -> None:
    arguments = ["simulate", "--people", "5", "--nudges", "1"]
    done = CliRunner().invoke(app, arguments, standalone_mode=False, env={"COLUMNS": "200"})

    assert "promises broken" in done.stdout
    assert "occurrences/s" in done.stdout
    assert "memory at most" in done.stdout


def test_a_database_with_people_in_it_is_refused(core: Core, tmp_path: Path) -> None:
    url, now = f"sqlite:///{tmp_path}/real.db", datetime(2026, 11, 23, 9, tzinfo=UTC)
    maya = b'name = "Maya"\ntimezone = "Europe/London"\nphone = "+447700900123"\n'
    plan = plans.read([PlanSource("maya.toml", maya)], core.facts(now)).plans["maya"]
    store = open_store(url)
    store.plans.load_plans(PlanRead(None, [PlanFile(plan, "maya.toml", "1")], {"maya": "maya.toml"}, ()), now)
    store.close()

    with pytest.raises(UsageError) as refused:
        simulated("--people", "5", "--database", url)

    assert refused.value.exit_code == 2
    assert str(refused.value) == (
        "--database: expected an empty database, found people in it\n"
        "  A simulation writes to everybody whom it finds. Create a database for it: createdb simulation."
    )


class Deaf:
    """A gate that hears nobody's STOP, pause or crisis."""

    def __init__(self, inner: Decider) -> None:
        self._inner = inner
        self.asks_from = inner.asks_from

    def decide(self, person: Person, dues: Sequence[Due], *rest: Any) -> Decision:
        open_to_all = Standing(consented=frozenset(ChannelName))
        decision = self._inner.decide(replace(person, standing=open_to_all), dues, *rest)
        return replace(decision, person=replace(decision.person, standing=person.standing))


class Forgetful(Deaf):
    """A gate that says of everything that it waits, and never looks at it again."""

    def decide(self, person: Person, dues: Sequence[Due], *rest: Any) -> Decision:
        decision = self._inner.decide(replace(person, standing=Standing()), dues, *rest)
        return replace(decision, person=person)


@pytest.mark.parametrize(
    ("gate", "promises"),
    [
        (Deaf, ("nothing comes after STOP", "nothing comes while", "nothing comes without consent")),
        (Forgetful, ("nothing is lost",)),
    ],
)
async def test_an_engine_that_breaks_a_promise_is_found_out(
    tmp_path: Path, core: Core, gate: type[Deaf], promises: tuple[str, ...]
) -> None:
    environ = {"NUDGER_STATE_DIR": str(tmp_path), "HOME": str(tmp_path)}
    service.configure("error")
    broken = Core(load(None, environ, tmp_path))
    vars(broken).update(wording=core.wording, words=core.words, zones=core.zones, decider=gate(core.decider))
    store = open_database(broken)
    crowd = Crowd(100, 3, seed=1)
    life = Life(broken, store, crowd, Actors(crowd, 1.0), 1, lambda _: None)

    await life.live(build_daemon(broken, store, life.clock, shown=life.shown))
    await life.balance()
    store.close()

    with pytest.raises(BrokenPromises) as found:
        life.judge()
    assert found.value.exit_code == 1
    assert any(promise in found.value.message for promise in promises)
    assert "p000000" in found.value.message
