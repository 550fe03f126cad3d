"""A state carried from SQLite to PostgreSQL: every row, every number, and only one of the two is run."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from nudger.agenda.entries import Failure
from nudger.domain.effects import Answer, GoAway, Hold, Keep, OptOut, Pause, Snooze
from nudger.domain.errors import Problem, StoreError, UsageError
from nudger.domain.model import Origin
from nudger.operations.restore_guard import HighWater
from nudger.store import carry_over, open_store
from nudger.store.opening.copies import LEFT_BEHIND
from nudger.store.opening.opening import url_of
from nudger.store.schema.shared import alarm, counter, fact, sender
from nudger.store.schema.tables import contact_word, metadata, missing_plan, plan_file
from nudger.store.sql.database import Database
from nudger.store.state.facts import CARRIED
from nudger.store.stores import stores_of
from tests.support.worlds.store import DAY, HOUR, MINUTE, NOON, SMS, World, plan, slot

Rows = dict[str, list[Mapping[str, Any]]]


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A state with something in every table that a daemon fills."""
    url = f"sqlite:///{tmp_path}/nudger.db"
    store = open_store(url)
    world = World(store)
    problem = Problem("plans/noor.toml", 3, 1, "at", "expected a time", "", "error")
    others = (plan("jonas"), plan("ines"), plan("gone"), plan("new", consent=None))
    world.load(plan(), *others, problems=[problem])
    world.lay_out("maya", *(slot(NOON + number * MINUTE, number + 1) for number in range(5)))
    for name in ("jonas", "ines", "gone"):
        world.lay_out(name, slot(NOON), slot(NOON + DAY, 2))
    for sending in world.claim(limit=1).sendings:
        world.accept(sending)
    told = Keep(1, "about a four", 4, "0-10", "How is it?")
    world.text(told, Snooze(1, NOON + HOUR), Answer("It comes again at 13:00."))
    world.now = NOON + MINUTE
    world.fail(world.claim(limit=1).sendings[0], Failure.AMBIGUOUS)
    world.store.sending.release(world.claim(limit=1).sendings, world.now)  # numbers that nothing has any more
    world.now = NOON + 2 * MINUTE
    world.claim(limit=1, owner="a daemon that was killed")
    world.text(OptOut(frozenset({SMS}), "texted STOP"))
    world.act(Hold(), person="jonas")
    world.act(Pause(NOON + DAY), person="ines")
    world.act(GoAway(NOON + DAY, NOON + 2 * DAY), person="ines")
    world.store.people.forget("gone")
    world.store.agenda.ask_for_consent(world.now, 10, lambda _person, _channel: world.now)
    world.store.alarms.raise_alarm("disk alpha", "full", world.now)
    world.store.statistics.tally(NOON.date(), NOON.date())
    world.store.agenda.set_aside({"jonas": ValueError()}, 1, "judging", world.now)
    HighWater(store.restore, tmp_path, shared=False).begin(world.now)
    store.close()
    database = Database(url_of(url))
    with database.write() as connection:  # what takes a folder, contacts and a provider to come about
        connection.execute(insert(plan_file).values(file="plans/maya.toml", mark="as it was", lends=False))
        connection.execute(insert(contact_word).values(address="+447700900999", stopped=True, at=NOON))
        connection.execute(insert(counter).values(name="reconciled_found", value=7))
        connection.execute(insert(missing_plan).values(person="ines", host="here", since=NOON))
        connection.execute(
            insert(sender).values(
                channel="sms",
                bucket=0.5,
                filled_at=NOON,
                day=NOON.date(),
                day_segments=7,
                failures=0,
                reason="",
            )
        )
    database.close()
    return url


@pytest.fixture
def target(new_database: Callable[[str], str], request: pytest.FixtureRequest) -> str:
    """A new database on the server."""
    return new_database(f"carried_{abs(hash(request.node.name))}")


def rows(url: str) -> Rows:
    database = Database(url_of(url))
    with database.read() as connection:
        found = {
            table.name: [
                dict(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in metadata.sorted_tables
        }
    database.close()
    return found


def carry(source: str, target: str) -> dict[str, int]:
    return carry_over(source, target, lambda _table, _count: None)[1]


def numbers(url: str) -> Sequence[int]:
    """The next of each growing key."""
    database = Database(url_of(url))
    store = stores_of(database, ZoneInfo)
    with store.transactions.write() as tx:
        line = tx.next_line()
    World(store)
    with database.write() as connection:
        given = [
            connection.execute(insert(table).values(**_again(connection, table))).inserted_primary_key[0]
            for table in (metadata.tables["occurrence"], metadata.tables["event"])
        ]
        connection.rollback()
    database.close()
    return [line, *given]


def _again(connection: Any, table: Any) -> dict[str, Any]:
    """Any row of it once more, under a new number."""
    row = dict(connection.execute(select(table).limit(1)).mappings().one())
    row.pop("id")
    return row | ({"round": 99} if "round" in row else {})


def test_every_row_of_every_table_is_the_same_on_both_sides(source: str, target: str) -> None:
    before = rows(source)

    counts = carry(source, target)

    after = rows(target)
    for name, found in before.items():
        if name not in LEFT_BEHIND:
            assert after[name] == found, name
            assert counts[name] == len(found)
    assert [name for name, found in before.items() if not found] == ["turn"]
    assert after["lease"] == []


def test_no_number_is_given_twice(source: str, target: str) -> None:
    carry(source, target)
    database = Database(url_of(source))
    with database.read() as connection:
        used = dict(connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all())
        events = connection.exec_driver_sql("SELECT max(id) FROM event").scalar_one()
    database.close()

    assert numbers(target) == [used["message"] + 1, used["occurrence"] + 1, events + 1]


def test_what_was_under_way_is_taken_over_and_what_was_planned_goes_out_once(
    source: str, target: str
) -> None:
    carry(source, target)
    store = open_store(target)
    world = World(store)
    world.now = NOON + 10 * MINUTE

    assert store.sending.abandon(world.now) == 1
    sent = [one for _ in range(5) for one in world.deliver()]

    assert len({one.occurrence for one in sent}) == len(sent)
    attempted = {row["occurrence"] for row in rows(source)["message"]}
    assert not attempted & {one.occurrence for one in sent}
    assert not [one for one in sent if one.channel is SMS and one.origin is not Origin.ANSWER]
    store.close()


def test_the_new_database_is_taken_for_the_one_it_is(source: str, target: str, tmp_path: Path) -> None:
    carry(source, target)
    store = open_store(target)

    assert HighWater(store.restore, tmp_path, shared=True).begin(NOON + HOUR) is None
    store.close()


def test_the_old_one_is_not_worked_with_any_more(source: str, target: str) -> None:
    carry(source, target)

    with pytest.raises(StoreError, match=r"was carried to postgresql.*, and is not worked with") as told:
        open_store(source)

    assert "Set NUDGER_DATABASE_URL to that one" in (told.value.hint or "")


def test_cut_off_before_it_was_whole_it_goes_on_and_neither_is_run_meanwhile(
    source: str, target: str
) -> None:
    def cut_off(table: str, _count: int) -> None:
        if table == "message":
            raise OSError("cut off")

    before = rows(source)
    with pytest.raises(OSError, match="cut off"):
        carry_over(source, target, cut_off)
    with pytest.raises(StoreError, match="was carried to"):
        open_store(source)
    assert rows(target)["person"] == []

    carry(source, target)

    assert rows(target)["message"] == before["message"]


def test_said_twice_it_is_done_once(source: str, target: str) -> None:
    first = carry(source, target)
    there = rows(target)

    assert carry(source, target) == first
    assert rows(target) == there


def test_a_database_that_holds_something_is_left_alone(source: str, target: str) -> None:
    store = open_store(target)
    store.alarms.raise_alarm("disk", "full", NOON)
    store.close()

    with pytest.raises(StoreError, match="is not empty: it has rows in alarm") as told:
        carry(source, target)

    assert "createdb" in (told.value.hint or "")
    assert [row["key"] for row in rows(target)["alarm"]] == ["disk"]


def test_a_state_that_went_elsewhere_is_not_carried_again(
    source: str, target: str, new_database: Callable[[str], str]
) -> None:
    carry(source, target)

    with pytest.raises(StoreError, match=r"was carried to .* already"):
        carry(source, new_database("carried_elsewhere"))


def test_a_text_with_a_nul_in_it_loses_that_alone(source: str, target: str) -> None:
    database = Database(url_of(source))
    with database.write() as connection:
        connection.execute(insert(alarm).values(key="k", since=NOON, words="a\0b"))
    database.close()

    carry(source, target)

    assert {row["key"]: row["words"] for row in rows(target)["alarm"]}["k"] == "ab"


def test_only_from_sqlite_to_postgresql(source: str, target: str, tmp_path: Path) -> None:
    for one, other in ((source, f"sqlite:///{tmp_path}/other.db"), (target, source)):
        with pytest.raises(UsageError, match="from a SQLite file to PostgreSQL"):
            carry(one, other)

    database = Database(url_of(source))
    with database.read() as connection:
        assert connection.scalar(select(fact.c.value).where(fact.c.key == CARRIED)) is None
    database.close()
