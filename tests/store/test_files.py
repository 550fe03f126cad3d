"""What stands in SQLite's files: nothing of who was forgotten, and no growth without end."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nudger.store import open_store
from tests.support.worlds.store import DAY, NOON, World, plan, slot

PEOPLE = 120


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(open_store(f"sqlite:///{tmp_path}/nudger.db"))
    yield made
    made.store.close()


def content(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def name(number: int) -> str:
    return f"Zaphod{number:03}Quux"


def test_among_many_no_byte_of_a_forgotten_person_is_left(world: World, tmp_path: Path) -> None:
    """Rows move from page to page as others grow: what they leave behind has to go too."""
    people = [
        plan(f"p{number:03}", name=name(number), email=f"{name(number)}@x.org") for number in range(PEOPLE)
    ]
    world.load(*people)
    for day in range(5):
        world.now = NOON + day * DAY
        for one in people:
            world.lay_out(one.person, slot(world.now))
        world.deliver()
        for number in range(0, PEOPLE, 3):
            world.text(address=f"{name(number)}@x.org")
    assert name(7).encode() in content(tmp_path)

    for number in range(1, PEOPLE, 6):
        world.store.people.forget(f"p{number:03}")

    left = content(tmp_path)
    forgotten = [name(number) for number in range(1, PEOPLE, 6)]
    assert [one for one in forgotten if one.encode() in left or one.lower().encode() in left] == []
    assert name(2).encode() in left


@pytest.mark.slow
def test_a_database_that_is_tidied_uses_its_room_again(world: World, tmp_path: Path) -> None:
    world.load(plan())
    sizes = []
    for day in range(80):
        world.now = NOON + day * DAY
        world.lay_out("maya", *(slot(world.now, number) for number in range(1, 61)))
        world.deliver()
        world.text()
        while world.store.upkeep.clear_away(world.now - 10 * DAY):
            pass
        if day % 20 == 19:
            with closing(sqlite3.connect(tmp_path / "nudger.db")) as file:
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            sizes.append((tmp_path / "nudger.db").stat().st_size)

    assert sizes[-1] <= 1.05 * sizes[0], sizes
