"""Somebody whom nudger fails over, as the operator sees them, and what they can do about it."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import time_machine

from nudger.store import open_store
from tests.support.commands import Typed
from tests.support.worlds.store import NOON, World, plan

Spoil = Callable[[str], None]


@pytest.fixture
def place(folder: Path) -> Path:
    state = folder.parent / "home" / "state" / "nudger"
    state.mkdir(parents=True)
    return state / "nudger.db"


@pytest.fixture
def world(place: Path) -> World:
    """Maya and Jo, known to the store of this machine."""
    world = World(open_store(f"sqlite:///{place}"))
    world.load(plan(), plan("jo"))
    return world


@pytest.fixture
def spoil(place: Path, world: World) -> Spoil:
    """Something is written past nudger; Maya is set aside for it, as the next claim would."""

    def run(statement: str) -> None:
        with closing(sqlite3.connect(place)) as database, database:
            database.execute(statement)
        world.store.agenda.claim_layout(NOON, 10)

    return run


NO_HISTORY = "UPDATE person SET history = '{' WHERE id = 'maya'"


def test_status_names_them_and_what_to_do(spoil: Spoil, nudger: Typed) -> None:
    spoil(NO_HISTORY)

    said = nudger("status")[1]
    told = json.loads(nudger("status", "--json")[1])

    assert "nudger fails over maya, in laying out their days (the stored history of maya cannot be" in said
    assert "or type: nudger resume maya." in said
    assert [one["person"] for one in told["set_aside"]] == ["maya"]
    assert {"person": "maya", "standing": "set aside, as nudger fails over them"} in told["standings"]


def people_check(said: str) -> dict[str, str]:
    (found,) = (one for one in json.loads(said)["findings"] if one["check"] == "people")
    return found


def test_doctor_fails_over_them_too_and_says_so(spoil: Spoil, nudger: Typed) -> None:
    well = people_check(nudger("doctor", "--json")[1])
    spoil(NO_HISTORY)

    code, said = nudger("doctor", "--json")
    found = people_check(said)

    assert (well["grade"], found["grade"]) == ("ok", "failure")
    assert found["sentence"] == "nudger fails over maya: they get no nudges, and all others go on"
    assert code != 0


@pytest.mark.parametrize(
    "statement",
    [
        NO_HISTORY,
        "UPDATE person SET paused_at = 1, paused_until = 253402300799000000 WHERE id = 'maya'",
        "UPDATE person SET held_at = 'no date' WHERE id = 'maya'",
        "UPDATE person SET opted_out = 'fax' WHERE id = 'maya'",
        "UPDATE reach SET failures = 'many', rested_at = 'no date' WHERE person = 'maya'",
    ],
)
def test_log_and_resume_work_and_put_right_what_cannot_be_read(
    statement: str, spoil: Spoil, world: World, nudger: Typed
) -> None:
    spoil(statement)

    held = ["--lift-hold"] if "held_at" in statement else []
    log, resumed = nudger("log", "maya"), nudger("resume", "maya", *held)

    assert (log[0], resumed[0]) == (0, 0)
    assert world.store.agenda.trial("maya") is not None


@time_machine.travel(NOON, tick=False)
def test_they_can_be_exported_and_forgotten(spoil: Spoil, nudger: Typed, world: World) -> None:
    spoil("UPDATE person SET paused_at = 'no date', history = '{' WHERE id = 'maya'")

    code, held = nudger("export", "maya")
    forgotten = nudger("forget", "maya", "--yes")

    assert (code, json.loads(held)["person"]["paused_at"]) == (0, "no date")
    assert forgotten[0] == 0
    assert world.store.people.person("maya") is None
