"""`nudger plans push`: plans from a checkout become those of the database."""

from pathlib import Path

import pytest

from nudger.app.plans import COME_BY
from nudger.domain.errors import SettingsError
from nudger.store import open_store
from tests.support.commands import Typed
from tests.support.worlds.store import NOON, World, plan

PLAN = """timezone = "UTC"
email = "{0}@example.org"
consent = "2026-11-20"
[[nudge]]
kind = "rest"
at = "13:00"
"""


@pytest.fixture
def url(folder: Path) -> str:
    return f"sqlite:///{folder.parent}/home/state/nudger/nudger.db"


def write(folder: Path, *people: str) -> None:
    folder.mkdir(exist_ok=True)
    for one in people:
        (folder / f"{one}.toml").write_text(PLAN.format(one))


def states(url: str) -> dict[str, bool]:
    store = open_store(url)
    found = {one.id: one.standing.removed_at is None for one in store.people.people()}
    store.close()
    return found


def test_plans_are_taken_over_and_laid_out(folder: Path, nudger: Typed, url: str) -> None:
    write(folder / "checkout", "maya", "jonas")

    code, said = nudger("plans", "push", "checkout")

    assert (code, said) == (0, "2 files; people: 2 added, 0 changed, 0 paused (no plan any more), 0 back.\n")
    store = open_store(url)
    assert store.overview.status(NOON).planned == 2 * len(store.people.agenda("maya", NOON.date())) > 0
    store.close()


def test_pushed_from_another_place_nothing_changes_but_what_differs(
    folder: Path, nudger: Typed, url: str
) -> None:
    write(folder / "here", "maya", "jonas")
    nudger("plans", "push", "here")
    write(folder / "there", "maya", "ines")
    (folder / "there" / "maya.toml").write_text(PLAN.format("maya").replace("13:00", "14:00"))

    code, said = nudger("plans", "push", "there")

    assert (code, said) == (0, "2 files; people: 1 added, 1 changed, 1 paused (no plan any more), 0 back.\n")
    assert states(url) == {"ines": True, "jonas": False, "maya": True}


def test_a_faulty_plan_is_told_as_check_does_and_the_last_good_one_runs_on(
    folder: Path, nudger: Typed, url: str
) -> None:
    write(folder / "plans", "maya", "jonas")
    nudger("plans", "push")
    (folder / "plans" / "maya.toml").write_text(PLAN.format("maya").replace("13:00", "25:00"))

    code, said = nudger("plans", "push")

    assert code == 3
    assert (
        f'{folder}/plans/maya.toml:6:6: nudge "rest": at: expected a time like "09:30", got "25:00"' in said
    )
    assert states(url) == {"jonas": True, "maya": True}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere", "expected a folder of plans, found none at nowhere"),
        (".", "expected plans (.toml or .csv"),
    ],
)
def test_a_folder_without_plans_pauses_nobody(
    folder: Path, nudger: Typed, url: str, path: str, words: str
) -> None:
    write(folder / "plans", "maya")
    nudger("plans", "push")

    code, said = nudger("plans", "push", path)

    assert (code, words in said) == (2, True)
    assert states(url) == {"maya": True}


def test_a_folder_without_most_of_the_people_asks_to_be_sure(folder: Path, nudger: Typed, url: str) -> None:
    write(folder / "plans", "maya", "jonas", "ines")
    nudger("plans", "push")
    write(folder / "other", "noor")

    code, said = nudger("plans", "push", "other")

    assert code == 2
    assert "3 of 3 people have no plan in other, and would be paused" in said
    assert set(states(url).values()) == {True}
    assert nudger("plans", "push", "other", "--yes")[0] == 0
    assert states(url) == {"ines": False, "jonas": False, "maya": False, "noor": True}


def test_where_daemons_watch_a_folder_nothing_is_pushed_until_that_is_taken_over(
    folder: Path, nudger: Typed, url: str
) -> None:
    write(folder / "plans", "maya")
    (folder.parent / "home" / "state" / "nudger").mkdir(parents=True)
    store = open_store(url)
    store.facts.remember(COME_BY, "folder")
    store.close()

    code, said = nudger("plans", "push")

    assert code == SettingsError.exit_code == 3
    assert "the plans of this database come from a folder" in said
    assert "--take-over" in said
    assert nudger("plans", "push", "--take-over")[0] == 0
    assert nudger("plans", "push")[0] == 0


@pytest.mark.parametrize(("kept", "mine"), [("push", "folder"), ("folder", "push")])
def test_a_daemon_that_would_take_plans_another_way_than_the_others_does_not_start(
    folder: Path, nudger: Typed, url: str, monkeypatch: pytest.MonkeyPatch, kept: str, mine: str
) -> None:
    write(folder / "plans", "maya")
    (folder.parent / "home" / "state" / "nudger").mkdir(parents=True)
    store = open_store(url)
    store.facts.remember(COME_BY, kept)
    store.close()
    monkeypatch.setenv("NUDGER_PLANS", mine)
    monkeypatch.setenv("NUDGER_WEB_PORT", "0")

    code, said = nudger("run")

    assert code == 3
    assert f"NUDGER_PLANS={mine}: the plans of this database come" in said


def lose(folder: Path, url: str, *people: str) -> None:
    """Their plans were in a folder that is suddenly empty."""
    (folder.parent / "home" / "state" / "nudger").mkdir(parents=True)
    store = open_store(url)
    world = World(store)
    world.load(*(plan(one) for one in people))
    world.load()
    store.close()


def test_accepting_a_removal_says_who_goes_and_asks(folder: Path, nudger: Typed, url: str) -> None:
    lose(folder, url, "maya", "jonas", "ines")

    code, said = nudger("plans", "accept-removal", typed="n\n")

    assert code == 1
    assert [line.split()[:2] for line in said.splitlines()[1:4]] == [
        ["ines", "plans/ines.toml"],
        ["jonas", "plans/jonas.toml"],
        ["maya", "plans/maya.toml"],
    ]
    assert "3 people have no plan any more" in said
    assert states(url) == {"ines": True, "jonas": True, "maya": True}


def test_an_accepted_removal_pauses_those_who_had_lost_their_plan(
    folder: Path, nudger: Typed, url: str
) -> None:
    lose(folder, url, "maya", "jonas", "ines")

    code, said = nudger("plans", "accept-removal", "--yes")

    assert code == 0
    assert said.endswith("3 paused. What was planned for them is cancelled.\n")
    assert states(url) == {"ines": False, "jonas": False, "maya": False}
    assert nudger("plans", "accept-removal") == (0, "Nobody's plan is missing: there is nothing to accept.\n")


def test_a_roster_that_is_pushed_with_few_of_its_rows_leaves_the_others_until_that_is_accepted(
    folder: Path, nudger: Typed, url: str
) -> None:
    write(folder / "here", *(f"p{number}" for number in range(20)))
    rows = [f"r{number:02},UTC,r{number}@example.org,2026-11-20\n" for number in range(12)]
    roster = folder / "here" / "people.csv"
    roster.write_text("id,timezone,email,consent\n" + "".join(rows))
    nudger("plans", "push", "here")
    roster.write_text("id,timezone,email,consent\n" + "".join(rows[:3]))

    code, said = nudger("plans", "push", "here")

    assert code == 0
    assert "9 more have no plan any more, and are nudged on" in said
    assert set(states(url).values()) == {True}
    nudger("plans", "push", "here", "--yes")
    assert [one for one, runs in states(url).items() if not runs] == [
        f"r{number:02}" for number in range(3, 12)
    ]
