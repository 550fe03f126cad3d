"""What a folder may look like, and what is made of it."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from nudger.app.plans import LARGEST_HERE, build_loading
from nudger.domain.errors import PlanError, SettingsError, StoreAway
from nudger.plan_sync.sync import only_plans
from tests.support.worlds.folder import World

MAYA = 'timezone = "UTC"\nphone = "+447700900123"\n[[nudge]]\nkind = "rest"\nat = "13:00"\n'
JO = MAYA.replace("123", "124")


def test_a_folder_that_is_not_mounted_pauses_nobody(world: World) -> None:
    world.put({"maya.toml": MAYA})
    world.load()
    shutil.move(world.folder, world.folder.with_name("elsewhere"))

    world.load()

    shutil.move(world.folder.with_name("elsewhere"), world.folder)
    assert world.runs.keys() == {"maya"}


def test_a_folder_that_is_not_there_is_told_to_the_operator_until_it_is_there_again(world: World) -> None:
    world.put({"maya.toml": MAYA})
    world.loading = world.new_loading(host="server")
    world.load()
    shutil.move(world.folder, world.folder.with_name("elsewhere"))
    world.load()
    told = world.alarms

    shutil.move(world.folder.with_name("elsewhere"), world.folder)
    world.load()

    assert list(told) == ["folder server"]
    assert f"the plans folder {world.folder} on server cannot be read" in told["folder server"]
    assert world.alarms == {}


def test_a_start_without_the_folder_goes_on_with_the_people_who_are_known(world: World) -> None:
    world.put({"maya.toml": MAYA})
    world.load()
    shutil.move(world.folder, world.folder.with_name("elsewhere"))
    world.loading = world.new_loading()

    world.load()

    world.loading.demand(world.now)
    shutil.move(world.folder.with_name("elsewhere"), world.folder)
    assert world.runs.keys() == {"maya"}


def test_a_start_without_the_folder_and_with_nobody_to_nudge_says_what_to_do(world: World) -> None:
    shutil.move(world.folder, world.folder.with_name("elsewhere"))
    world.load()

    with pytest.raises(SettingsError, match="expected a folder with plans") as refused:
        world.loading.demand(world.now)

    shutil.move(world.folder.with_name("elsewhere"), world.folder)
    assert "nudger init" in refused.value.hint


@pytest.mark.parametrize("how", ["told", "looked", "restarted"])
def test_a_folder_that_is_suddenly_empty_pauses_nobody_until_the_files_are_back(
    how: str, world: World
) -> None:
    people = {f"p{number}.toml": MAYA.replace("123", f"12{number}") for number in range(4)}
    world.put(people)
    world.load()

    emptied = world.put({})
    for _ in range(2):
        world.load(emptied if how == "told" else None)
        world.loading = world.new_loading() if how == "restarted" else world.loading
    missing = list(world.alarms)

    paths = world.put(people)
    for path in paths:  # as they were: a disk that is mounted again
        os.utime(path, (1_700_000_001,) * 2)
    world.load(paths if how == "told" else None)
    assert missing == ["removal"]
    assert world.runs.keys() == {"p0", "p1", "p2", "p3"}
    assert world.alarms == {}


@pytest.mark.parametrize("restarted", [False, True])
def test_an_empty_folder_in_place_of_the_one_that_was_read_pauses_nobody(
    restarted: bool, world: World
) -> None:
    """The disk is not mounted, and there is one person alone."""
    world.put({"maya.toml": MAYA})
    world.load()
    shutil.move(world.folder, world.folder.with_name("elsewhere"))
    world.folder.mkdir()
    world.loading = world.new_loading() if restarted else world.loading

    world.load()

    assert (world.runs.keys(), list(world.alarms)) == ({"maya"}, ["removal"])
    world.folder.rmdir()
    shutil.move(world.folder.with_name("elsewhere"), world.folder)
    world.load()
    assert (world.runs.keys(), world.alarms) == ({"maya"}, {})


def test_a_folder_that_takes_the_place_of_another_counts_as_it_is(world: World) -> None:
    world.put({"maya.toml": MAYA, "jo.toml": JO})
    world.load()
    shutil.move(world.folder, world.folder.with_name("elsewhere"))
    world.folder.mkdir()
    (world.folder / "jo.toml").write_text(JO)

    loaded = world.load()

    assert loaded.change.removed == ("maya",)
    (world.folder / "jo.toml").unlink()
    assert world.load().change.removed == ("jo",)


def test_a_shared_plan_that_is_gone_with_its_folder_leaves_all_who_extend_it_as_they_were(
    world: World,
) -> None:
    week = {"shared/week.toml": '[[nudge]]\nkind = "rest"\nat = "13:00"\n'}
    extends = 'timezone = "UTC"\nphone = "+447700900123"\nextends = "week"\n'
    world.put({"maya.toml": extends, **week})
    world.load()
    shutil.move(world.folder / "shared", world.folder.with_name("elsewhere"))

    world.load()

    shutil.move(world.folder.with_name("elsewhere"), world.folder / "shared")
    assert [nudge.id for nudge in world.runs["maya"].nudges] == ["rest"]
    assert [problem.severity for problem in world.problems] == ["error"]


def test_a_number_of_somebody_whose_plan_is_missing_is_no_reason_to_look_for_their_file(
    world: World,
) -> None:
    world.put({f"p{number}.toml": MAYA.replace("123", f"12{number}") for number in range(4)})
    world.load()
    world.load(world.put({}))
    new = world.write("new.toml", MAYA.replace("123", "121"))

    world.load([new])

    assert world.problems == []
    assert world.runs.keys() == {"new", "p0", "p2", "p3"}


def test_a_file_that_cannot_be_read_right_now_pauses_nobody(world: World) -> None:
    world.put({"maya.toml": MAYA, "jo.toml": JO})
    world.load()
    plan = world.folder / "maya.toml"
    plan.unlink()
    plan.mkdir()  # root reads whatever has no rights; a folder nobody reads

    world.load([plan])

    assert world.runs.keys() == {"maya", "jo"}
    assert [problem.message for problem in world.problems] == ["cannot be read: Is a directory"]
    plan.rmdir()


def test_a_file_changed_in_this_very_moment_is_looked_at_once_more(world: World) -> None:
    (world.folder / "maya.toml").write_text(MAYA)
    world.load()

    loaded = world.load()

    assert (loaded.files, loaded.change.changed) == (1, ())


def test_what_is_passed_over_is_known_and_told_until_it_is_gone(world: World) -> None:
    world.put({"maya.toml": MAYA})
    world.load()

    told = world.load([world.write("jo.toml.txt", JO)])

    assert (told.files, told.change.added) == (1, ())
    assert [Path(one.file).name for one in world.problems] == ["jo.toml.txt"]
    assert world.load().files == 0
    (world.folder / "jo.toml.txt").rename(world.folder / "jo.toml")
    assert world.load().change.added == ("jo",)
    assert world.problems == []


def test_a_copy_that_a_program_left_behind_changes_nothing_for_the_plan(world: World) -> None:
    world.put({"maya.toml": MAYA})
    world.load()
    copy = world.write("maya (1).toml", MAYA.replace("13:00", "9:30"))
    world.load([copy])

    changed = world.load([world.write("maya.toml", MAYA.replace("13:00", "14:00"))])

    assert changed.change.changed == ("maya",)
    assert [(Path(one.file).name, one.severity) for one in world.problems] == [("maya (1).toml", "warning")]


def test_a_copy_is_looked_at_again_once_what_it_is_a_copy_of_is_gone(world: World) -> None:
    rows = "id,timezone,phone\nmaya,UTC,+447700900123\n"
    world.put({"people.csv": rows, "people (1).csv": rows.replace("maya", "maya-b")})
    world.load()
    (world.folder / "people.csv").unlink()

    world.load()

    assert world.runs.keys() == {"maya-b"}


def test_a_link_that_leads_nowhere_for_a_while_pauses_nobody(world: World, tmp_path: Path) -> None:
    target = tmp_path / "maya.toml"
    target.write_text(MAYA)
    (world.folder / "maya.toml").symlink_to(target)
    world.load()
    target.rename(tmp_path / "away")

    world.load()

    assert world.runs.keys() == {"maya"}
    assert [problem.severity for problem in world.problems] == ["warning"]
    (tmp_path / "away").rename(target)
    world.load()
    assert world.problems == []


def test_a_file_whose_name_is_no_utf_8_ends_nothing_and_is_told_until_it_is_gone(world: World) -> None:
    world.write("maya.toml", MAYA)
    odd = Path(os.fsdecode(os.fsencode(world.folder) + b"/jos\xe9.toml"))
    odd.write_text(MAYA.replace("123", "124"))

    world.load([odd, world.folder / "maya.toml"])
    world.load()

    assert world.runs.keys() == {"maya"}
    assert [problem.file for problem in world.problems] == [str(world.folder / "jos\\xe9.toml")]
    odd.unlink()
    world.load()
    assert world.problems == []


def test_a_link_that_leads_to_itself_and_a_pipe_keep_no_edit_from_being_read(world: World) -> None:
    world.write("maya.toml", MAYA)
    world.load()
    (world.folder / "jo.toml").symlink_to(world.folder / "jo.toml")
    os.mkfifo(world.folder / "pipe.toml")
    sam = world.write("sam.toml", MAYA.replace("123", "124"))

    world.load([world.folder / "jo.toml", world.folder / "pipe.toml", sam])
    world.load()

    assert world.runs.keys() == {"maya", "sam"}


@pytest.mark.parametrize(
    "spoilt",
    [
        "name,timezone,phone\nMaya,UTC,+447700900123\nJo,UTC,+447700900124\n",
        'id,timezone,phone\n"maya,UTC,+447700900123\njo,UTC,+447700900124\n',
        "id,timezone,phone\n#REF!,UTC,+447700900123\njo,UTC,+447700900124\n",
        "",
    ],
    ids=["no column of ids", "a quote that is never closed", "an id that is none", "empty"],
)
def test_a_roster_of_which_it_cannot_be_told_who_is_in_it_pauses_nobody(spoilt: str, world: World) -> None:
    world.put({"people.csv": "id,timezone,phone\nmaya,UTC,+447700900123\njo,UTC,+447700900124\n"})
    world.load()

    world.load([world.write("people.csv", spoilt)])

    assert world.runs.keys() == {"maya", "jo"}
    assert [problem for problem in world.problems if problem.severity == "error"]


def test_a_new_day_is_a_reason_to_check_everything_and_changes_nothing(world: World) -> None:
    world.put({"maya.toml": MAYA, "jo.toml": JO})
    world.load()
    world.now += timedelta(days=1)

    loaded = world.load()

    assert (loaded.files, loaded.change.changed) == (2, ())


def test_other_words_or_zones_are_a_reason_to_check_everything(world: World) -> None:
    world.put({"maya.toml": MAYA, "jo.toml": JO})
    world.load()
    world.loading = world.new_loading(salt=lambda: "another version")

    loaded = world.load()

    assert loaded.files == 2


def test_new_zone_rules_and_the_look_of_a_new_date_that_find_the_store_away_are_not_forgotten(
    world: World,
) -> None:
    world.put({"maya.toml": MAYA})
    changed = iter((False, True, False))
    world.loading = world.new_loading(zones_changed=lambda: next(changed))
    world.load()
    database = world.store.transactions.database  # type: ignore[attr-defined]
    database.refuse(StoreAway("the database is away"))
    world.now += timedelta(days=1)
    with pytest.raises(StoreAway):
        world.load()
    database._refused = None

    loaded = world.load()

    assert loaded.files == 1
    assert [one.person.id for one in world.store.agenda.claim_layout(world.now, 10)] == ["maya"]


def test_an_edit_is_read_alone(world: World) -> None:
    world.put({"maya.toml": MAYA, "jo.toml": JO})
    world.load()
    edited = world.write("maya.toml", MAYA.replace("13:00", "14:00"))

    loaded = world.load([edited])

    assert (loaded.files, loaded.change.changed) == (1, ("maya",))


def test_an_edit_that_many_share_is_one_line_of_nudgers_log_and_one_of_each_persons(world: World) -> None:
    shared = 'timezone = "UTC"\n[[nudge]]\nkind = "rest"\nat = "13:00"\n'
    own = {
        f"p{number:02}.toml": f'email = "p{number}@example.org"\nextends = "all"\n' for number in range(40)
    }
    world.put({"shared/all.toml": shared, **own})
    world.load()
    walk = '[[nudge]]\nkind = "movement"\nat = "15:00"\n'
    world.put({"shared/all.toml": shared.replace("13:00", "13:30") + walk, **own})

    with capture_logs() as logs:
        loaded = world.load()

    assert len(loaded.change.changed) == 40
    # The one warning is of the shared plan.
    assert [line["event"] for line in logs] == ["plan_problem", "plans_loaded"]
    assert logs[-1]["changed"] == 40
    for person in loaded.change.changed:
        assert [(line.what, line.reason) for line in world.store.people.log(person)] == [
            ("plan changed", "rest, movement (new)"),
            ("plan added", ""),
        ]


def test_of_very_many_problems_the_log_names_twenty_errors_first(world: World) -> None:
    too_near = MAYA + '[[nudge]]\nid = "again"\nkind = "rest"\nat = "13:30"\n'
    files = {f"p{number:02}.toml": too_near.replace("123", f"1{number}") for number in range(10, 40)}

    world.put({**files, "x.toml": JO.replace("124", "999").replace("13:00", "13h")})
    with capture_logs() as logs:
        loaded = world.load()

    assert len(loaded.problems) >= 31
    assert [line["event"] for line in logs] == [*["plan_problem"] * 20, "plans_loaded"]
    assert (logs[0]["log_level"], "x.toml" in logs[0]["at"]) == ("error", True)


def test_a_consent_line_that_says_no_stops_the_nudges_of_the_plan_that_ran(world: World) -> None:
    agreed = 'consent = "2026-11-20, on paper"\n' + MAYA
    world.put({"maya.toml": agreed})
    world.load()
    before = world.store.people.person("maya")

    world.load([world.write("maya.toml", agreed.replace("2026-11-20, on paper", "refused"))])

    after = world.store.people.person("maya")
    assert before is not None
    assert after is not None
    assert (len(before.standing.consented), len(after.standing.consented)) == (1, 0)
    assert world.runs.keys() == {"maya"}
    assert [problem.where for problem in world.problems] == ["consent"]


def test_a_number_that_another_person_has_is_found_by_reading_both(world: World) -> None:
    world.put({"maya.toml": MAYA, "jo.toml": JO})
    world.load()
    edited = world.write("jo.toml", MAYA)

    world.load([edited])

    assert sorted(Path(problem.file).name for problem in world.problems) == ["jo.toml", "maya.toml"]


@pytest.mark.parametrize("name", ["..data", "shared/week.toml"])
def test_what_may_concern_every_plan_is_no_single_plan(name: str, world: World) -> None:
    assert only_plans({world.folder / name}, world.folder) is None


def test_an_editors_own_files_are_no_plans(world: World) -> None:
    paths = {world.folder / name for name in (".maya.toml.swp", "maya.toml~", "#maya.toml#", "4913")}

    assert only_plans(paths, world.folder) == frozenset()


def test_a_start_with_nobody_to_nudge_is_refused(world: World) -> None:
    world.load()

    with pytest.raises(SettingsError, match="expected a plan"):
        world.loading.demand(world.now)


def test_a_start_with_nothing_but_faulty_plans_is_refused_with_their_problems(world: World) -> None:
    world.put({"maya.toml": "broken"})
    world.load()

    with pytest.raises(PlanError, match=r"maya\.toml:1"):
        world.loading.demand(world.now)


def test_more_than_the_daemon_can_read_between_two_sends_is_read_by_another_process(world: World) -> None:
    world.put(
        {
            f"p{number}.toml": MAYA.replace("+447700900123", f"+44770{number:07}")
            for number in range(LARGEST_HERE + 1)
        }
    )
    world.loading = build_loading(world.core, world.store)

    loaded = world.load()

    assert len(loaded.change.added) == LARGEST_HERE + 1
    assert len(world.runs) == LARGEST_HERE + 1


def test_a_load_here_and_now_takes_all_of_it_however_much(world: World) -> None:
    texts = {f"p{number}.toml": MAYA.replace("+447700900123", f"+44770{number:07}") for number in range(1100)}
    world.put(texts)
    world.loading = build_loading(world.core, world.store)

    loaded = world.loading.load(world.now)

    assert len(loaded.change.added) == 1100


def test_a_file_that_is_gone_is_found_by_looking_at_the_folder(world: World) -> None:
    world.put({"maya.toml": MAYA, "jo.toml": JO})
    world.load()
    (world.folder / "jo.toml").unlink()

    loaded = world.load()

    assert loaded.change.removed == ("jo",)


def test_another_folder_takes_the_place_of_the_one_before(world: World) -> None:
    world.put({"maya.toml": MAYA, "jo.toml": JO})
    world.load()
    other = world.folder.with_name("others")
    other.mkdir()
    (other / "jo.toml").write_text(JO)
    world.loading = world.new_loading()
    world.loading.folder = other

    loaded = world.load()

    assert loaded.change.removed == ("maya",)
