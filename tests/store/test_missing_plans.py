"""Plans that are gone by one look: who leaves, and who goes on until the operator has accepted it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nudger.agenda.entries import is_sudden
from nudger.domain.errors import Problem
from nudger.domain.model import Plan
from nudger.plan_sync.port import PlanChange, PlanRead
from nudger.store.plans import loading, plan_files
from nudger.store.plans.plan_files import ALARM
from nudger.store.sql.transactions import Transaction
from tests.support.worlds.store import HOUR, MAYA_PHONE, MINUTE, NOON, World, plan, plan_file, slot

SECOND = timedelta(seconds=1)
PROBLEM = Problem("plans/people.csv", 1, 1, "", 'expected the column "id", got none')


def people(number: int) -> list[Plan]:
    return [plan(f"p{one:02}") for one in range(number)]


def alarm(world: World) -> str | None:
    return next(
        (one.words for one in world.store.alarms.alarms() if one.key == ALARM and one.cleared_at is None),
        None,
    )


def run(world: World) -> set[str]:
    return {one.id for one in world.store.people.people() if one.standing.removed_at is None}


def missing(world: World) -> list[str]:
    return [one.person for one in world.store.plans.missing()]


def look(world: World, *files: str, plans: Sequence[Plan] = (), host: str = "here") -> PlanChange:
    """A look at these files alone, which hold these plans."""
    there = [plan_file(one) for one in plans]
    names = {one.plan.person: one.file for one in there}
    marks = dict.fromkeys(names.values(), "mark")
    read = PlanRead({*files, *names.values()}, there, names, (), marks, host=host)
    return world.store.plans.load_plans(read, world.now)


def roster(world: World, *rows: Plan, file: str = "plans/people.csv") -> PlanChange:
    """A look at a roster that has these rows."""
    there = [replace(plan_file(one), file=file) for one in rows]
    names = {one.person: file for one in rows}
    return world.store.plans.load_plans(PlanRead({file}, there, names, (), {file: "mark"}), world.now)


@pytest.mark.parametrize(
    ("lost", "of", "sudden"),
    [
        (1, 1, False),
        (2, 2, False),
        (3, 3, True),
        (8, 9, False),
        (5, 10, False),
        (6, 10, True),
        (2, 3, False),
        (500, 1000, False),
        (501, 1000, True),
    ],
)
def test_all_of_three_or_more_than_half_of_ten_is_no_edit(lost: int, of: int, sudden: bool) -> None:
    assert is_sudden(lost, of) is sudden


@pytest.mark.parametrize(("before", "left"), [(3, 0), (10, 4), (40, 0)])
def test_many_who_are_gone_by_one_look_go_on_and_the_operator_is_told(
    before: int, left: int, world: World
) -> None:
    everyone = people(before)
    world.load(*everyone)
    world.lay_out("p09" if before > 9 else "p02", slot(world.now + HOUR))
    world.now += HOUR

    change = world.load(*everyone[:left])

    lost = [one.person for one in everyone[left:]]
    assert (change.removed, change.missing) == ((), tuple(lost))
    assert run(world) == {one.person for one in everyone}
    assert len(world.claim().sendings) == 1
    assert missing(world) == lost[:50]
    assert f"the plans of {len(lost)} people are gone" in (alarm(world) or "")
    assert "nudger plans accept-removal" in (alarm(world) or "")


@pytest.mark.parametrize(("before", "left"), [(1, 0), (2, 0), (3, 2), (3, 1), (9, 1), (10, 5), (40, 38)])
def test_a_few_who_are_gone_are_an_edit(before: int, left: int, world: World) -> None:
    everyone = people(before)
    world.load(*everyone)

    change = world.load(*everyone[:left])

    assert change.removed == tuple(one.person for one in everyone[left:])
    assert alarm(world) is None


def test_a_second_look_at_what_is_gone_changes_nothing(world: World) -> None:
    world.load(*people(4))
    world.load()
    world.now += HOUR

    change = world.load()

    assert change == PlanChange()
    assert [one.since for one in world.store.plans.missing()] == [NOON] * 4
    assert [entry.what for entry in world.store.people.log("p00")] == ["plan missing", "plan added"]


def test_one_after_the_other_within_a_minute_is_one_look_and_who_left_first_is_back(world: World) -> None:
    everyone = people(12)
    world.load(*everyone)
    world.lay_out("p00", slot(world.now + HOUR))
    world.now += HOUR - MINUTE

    for left in (8, 6, 3):
        world.now += 10 * SECOND
        world.load(*everyone[12 - left :])

    assert run(world) == {one.person for one in everyone}
    assert missing(world) == [f"p{one:02}" for one in range(9)]
    world.lay_out("p00", slot(NOON + HOUR), afresh=True)
    assert world.states("p00") == ["planned"]


def test_one_after_the_other_over_an_hour_is_so_many_edits(world: World) -> None:
    everyone = people(12)
    world.load(*everyone)

    for left in (9, 6, 3):
        world.now += HOUR
        world.load(*everyone[12 - left :])

    assert run(world) == {"p09", "p10", "p11"}
    assert missing(world) == []


def test_whose_plan_is_back_goes_on_and_the_others_stay_missing(world: World) -> None:
    everyone = people(12)
    world.load(*everyone)
    world.load()

    change = world.load(*everyone[:8])

    assert change == PlanChange()
    assert missing(world) == ["p08", "p09", "p10", "p11"]
    assert "the plans of 4 people" in (alarm(world) or "")
    world.load(*everyone)
    assert (missing(world), alarm(world)) == ([], None)
    assert world.store.people.log("p11")[0].what == "plan found"


def test_what_the_operator_accepts_is_removed_and_one_file_is_an_edit_again(world: World) -> None:
    everyone = people(12)
    world.load(*everyone)
    world.lay_out("p00", slot(world.now + HOUR))
    world.load(*everyone[10:])
    world.now += SECOND

    accepted = world.store.plans.accept_removal(world.now)

    assert sorted(accepted) == [f"p{one:02}" for one in range(10)]
    assert run(world) == {"p10", "p11"}
    assert world.states("p00") == ["cancelled"]
    assert (missing(world), alarm(world)) == ([], None)
    world.now += SECOND
    assert world.load(everyone[11]).removed == ("p10",)
    assert run(world) == {"p11"}


def test_there_is_nothing_to_accept_where_nobody_is_missing(world: World) -> None:
    world.load(*people(3))

    assert list(world.store.plans.accept_removal(world.now)) == []
    assert len(run(world)) == 3


def test_who_was_let_go_and_has_a_plan_again_is_back(world: World) -> None:
    world.load(*people(3))
    world.load()
    world.store.plans.accept_removal(world.now)

    change = world.load(*people(3))

    assert change.restored == ("p00", "p01", "p02")


@pytest.mark.parametrize("left", [0, 4])
def test_a_roster_that_lost_its_rows_is_held_among_any_number_of_other_people(
    left: int, world: World
) -> None:
    rows = people(12)
    others = [plan(f"other-{one:02}") for one in range(40)]
    look(world, plans=others)
    roster(world, *rows)

    change = roster(world, *rows[:left])

    assert change.missing == tuple(one.person for one in rows[left:])
    assert len(run(world)) == 52
    roster(world, *rows)
    assert missing(world) == []


def test_a_roster_that_lost_a_few_rows_is_an_edit(world: World) -> None:
    rows = people(12)
    roster(world, *rows)

    change = roster(world, *rows[5:])

    assert change.removed == tuple(one.person for one in rows[:5])


@pytest.mark.parametrize(("before", "held"), [(2, 0), (3, 3), (12, 12)])
def test_of_a_roster_that_cannot_be_read_nobody_is_removed_and_many_are_told(
    before: int, held: int, world: World
) -> None:
    rows, file = people(before), "plans/people.csv"
    look(world, plans=[plan(f"other-{one:02}") for one in range(40)])
    roster(world, *rows)

    read = PlanRead({file}, (), {}, (PROBLEM,), {file: "mark"}, opaque={file})
    change = world.store.plans.load_plans(read, world.now)

    assert (change.removed, len(change.missing)) == ((), held)
    assert len(run(world)) == 40 + before
    assert len(world.store.plans.accept_removal(world.now)) == held


def test_one_file_among_others_that_are_missing_is_told_by_all_of_them_together(world: World) -> None:
    """A disk that comes and goes, seen by two hosts: whom one of them finds, the other misses again."""
    everyone = people(5)
    look(world, plans=everyone)
    look(world, *(f"plans/{one.person}.toml" for one in everyone))
    look(world, plans=everyone[:1], host="there")
    assert "p00" not in missing(world)

    look(world, "plans/p00.toml")

    assert len(missing(world)) == 5


def test_who_comes_back_under_another_id_is_not_nudged_under_both(world: World) -> None:
    old = [plan(f"p{one}", phone=f"+44770090010{one}") for one in range(4)]
    world.load(*old)
    new = [plan(f"new-{one.person}", phone=one.phone) for one in old]

    change = world.load(*new)

    assert change.removed == ("p0", "p1", "p2", "p3")
    assert run(world) == {one.person for one in new}


def test_who_was_missing_and_comes_back_under_another_id_is_not_nudged_under_both(world: World) -> None:
    old = [plan(f"p{one}", phone=f"+44770090010{one}") for one in range(4)]
    world.load(*old)
    world.load()

    change = look(world, plans=[plan("new", phone="+447700900102", email=None)])

    assert change.removed == ("p2",)
    assert missing(world) == ["p0", "p1", "p3"]


def test_a_file_whose_people_this_host_misses_is_read_once_it_is_there_again(world: World) -> None:
    everyone = people(3)
    look(world, plans=everyone)
    files = [f"plans/{one.person}.toml" for one in everyone]

    world.store.plans.load_plans(
        PlanRead(set(files), (), {}, (), dict.fromkeys(files, "mark"), host="here"), NOON
    )

    assert set(world.store.plans.plan_marks(files, "here").values()) == {""}
    assert set(world.store.plans.plan_marks(None, "here").values()) == {""}
    assert set(world.store.plans.plan_marks(files, "there").values()) == {"mark"}


def test_what_was_asked_for_by_the_operator_is_no_loss(world: World) -> None:
    world.load(*people(12))

    change = world.store.plans.load_plans(PlanRead(None, (), {}, (), accepted=True), world.now)

    assert len(change.removed) == 12
    assert (missing(world), alarm(world)) == ([], None)


def test_someone_who_is_missing_can_be_forgotten(world: World) -> None:
    world.load(*people(3))
    world.load()

    assert world.store.people.forget("p00")
    assert missing(world) == ["p01", "p02"]


def test_who_was_erased_stays_erased_when_the_folder_is_lost_and_back(world: World) -> None:
    everyone = people(4)
    world.load(*everyone)
    world.store.people.forget("p00")
    world.load()

    world.load(*everyone)

    assert run(world) == {"p01", "p02", "p03"}


# large loads
FILES = 23


@contextmanager
def cut(monkeypatch: pytest.MonkeyPatch, world: World, at_once: int, ends_after: int) -> Iterator[list[int]]:
    """Loads are cut into transactions of this size; after so many of them the machine is switched off."""
    monkeypatch.setattr(loading, "AT_ONCE", at_once)
    monkeypatch.setattr(plan_files, "AT_ONCE", at_once)
    monkeypatch.setattr("nudger.store.sql.database.ROOM_SECONDS", 0)
    counted: list[int] = []
    transactions = world.store.transactions
    whole = transactions.write

    @contextmanager
    def write(*, wakes: bool = False) -> Iterator[object]:
        if len(counted) == ends_after:
            raise KeyboardInterrupt
        with whole(wakes=wakes) as tx:
            yield tx
        counted.append(1)

    monkeypatch.setattr(transactions, "write", write)
    yield counted
    monkeypatch.setattr(transactions, "write", whole)


def large(present: Sequence[Plan]) -> PlanRead:
    """Two rosters and a file each for the others."""
    names = {
        one.person: f"plans/{('a.csv', 'b.csv', f'{one.person}.toml')[number % 3]}"
        for number, one in enumerate(present)
    }
    marks = {**dict.fromkeys(names.values(), "mark"), "plans": "basis"}
    files = [replace(plan_file(one), file=names[one.person]) for one in present]
    return PlanRead(None, files, names, (), marks)


@pytest.mark.parametrize("ends_after", range(8))
def test_a_large_load_that_is_cut_off_loses_nothing_and_does_nothing_twice(
    ends_after: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = people(FILES)
    world.load(*everyone[:4], plan("gone"))
    read = large(everyone)

    with cut(monkeypatch, world, 5, ends_after), pytest.raises(KeyboardInterrupt):
        world.store.plans.load_plans(read, world.now)
    marked = world.store.plans.plan_marks()
    known = {one.id for one in world.store.people.people()}
    assert all(person in known for person, file in read.people.items() if marked.get(file) == "mark")
    with cut(monkeypatch, world, 5, 99):
        world.store.plans.load_plans(read, world.now)

    assert run(world) == {one.person for one in everyone}
    assert world.store.plans.plan_marks() == read.marks
    for one in everyone:
        assert [entry.what for entry in world.store.people.log(one.person)] == ["plan added"]
    assert [entry.what for entry in world.store.people.log("gone")] == ["plan removed", "plan added"]


def test_no_transaction_of_a_large_load_is_larger_than_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = people(FILES)

    with cut(monkeypatch, world, 5, 99) as transactions:
        world.store.plans.load_plans(large(everyone), world.now)
        assert len(transactions) >= FILES // 5
        before = len(transactions)
        world.store.plans.load_plans(PlanRead(None, (), {}, (), {"plans": "basis"}), world.now)
        assert len(transactions) - before >= FILES // 5
        before = len(transactions)
        world.store.plans.accept_removal(world.now)
        assert len(transactions) - before >= FILES // 5

    assert run(world) == set()


def test_a_large_load_comes_to_the_same_as_one_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = people(FILES)
    world.load(*everyone[:9], *(plan(f"q{one}") for one in range(3)), plan("maya", phone=MAYA_PHONE))

    with cut(monkeypatch, world, 4, 99):
        change = world.store.plans.load_plans(large(everyone), world.now)

    assert (len(change.added), change.removed, len(change.changed)) == (14, ("maya", "q0", "q1", "q2"), 0)
    assert run(world) == {one.person for one in everyone}
    assert set(world.store.plans.plan_marks()) == set(large(everyone).marks)


def test_a_large_load_is_judged_while_others_write(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = plan_files.judge

    def judged(tx: Transaction, *arguments: Any) -> plan_files.Departures:
        world.store.facts.keep(
            "somebody else", "writes meanwhile"
        )  # waits for ever where this holds the lock
        return judge(tx, *arguments)

    monkeypatch.setattr(plan_files, "judge", judged)

    with cut(monkeypatch, world, 5, 99):
        change = world.store.plans.load_plans(large(people(FILES)), world.now)

    assert len(change.added) == FILES
