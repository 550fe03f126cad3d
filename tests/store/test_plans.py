"""People and plans: taken over, changed, gone and back; consent and opt-outs with them."""

from dataclasses import replace
from datetime import date, time, timedelta

from nudger.domain.effects import Answer, OptIn, OptOut
from nudger.domain.errors import Problem
from nudger.domain.model import Contact, Cron, Every, History, Kind, Nudge, Window
from nudger.plan_sync.port import PlanRead
from tests.support.worlds.store import (
    DAY,
    EMAIL,
    HOUR,
    MAYA_PHONE,
    MINUTE,
    NOON,
    REST,
    SMS,
    World,
    plan,
    plan_file,
    slot,
)

PROBLEM = Problem("plans/maya.toml", 3, 8, 'nudge "rest": at', "expected a time", "write it like 09:30")


def test_a_new_plan_is_added_and_comes_back_whole(world: World) -> None:
    whole = plan(
        quiet=None,
        country="GB",
        gap=timedelta(minutes=90),
        if_then="If it is 3 pm, I step outside",
        nudges=(
            REST,
            Nudge("diary", Kind.REFLECTION, Cron("30 16 * * sun"), message="One line, {{ name }}?"),
            Nudge("walk", Kind.MOVEMENT, REST.when, Every(3), date(2026, 12, 1), date(2027, 2, 28)),
            Nudge("sam", Kind.SUPPORT, REST.when, contacts=("Sam",), channels=(EMAIL,), snooze=2 * HOUR),
        ),
        contacts=(Contact("Sam", "brother", "+447700900456"),),
    )

    change = world.load(whole)

    assert change.added == ("maya",)
    assert world.person().plan == whole
    assert world.person().history == History()


def test_a_plan_that_did_not_change_is_left_alone(world: World) -> None:
    world.load(plan())
    world.lay_out("maya")

    change = world.load(plan())

    assert (change.added, change.changed, change.removed, change.restored) == ((), (), (), ())
    assert not world.store.agenda.claim_layout(world.now, 10)


def test_a_changed_plan_is_stored_and_due_to_be_laid_out_afresh(world: World) -> None:
    world.load(plan())
    world.lay_out("maya")
    world.now += HOUR

    change = world.load(plan(quiet=Window(time(21), time(8))))

    assert change.changed == ("maya",)
    (layable,) = world.store.agenda.claim_layout(world.now, 10)
    assert layable.afresh
    assert layable.person.plan.quiet == Window(time(21), time(8))


def test_a_plan_read_before_is_not_read_stale(world: World) -> None:
    world.load(plan())
    world.person()

    world.load(plan(name="Maya B."))

    assert world.person().plan.name == "Maya B."


def test_a_person_whose_file_is_gone_is_removed_and_what_is_planned_is_cancelled(world: World) -> None:
    world.maya(NOON + HOUR)

    change = world.load(plan("jonas"))

    assert change.removed == ("maya",)
    assert world.person().standing.removed_at == world.now
    (entry,) = world.store.people.agenda("maya", NOON.date())
    assert (entry.state, entry.reason) == ("cancelled", "the plan file was removed")
    assert [one.person.id for one in world.store.agenda.claim_layout(world.now, 10)] == ["jonas"]


def test_a_faulty_file_keeps_the_last_good_plan_running(world: World) -> None:
    world.maya(NOON + HOUR)

    change = world.load(present=["maya"], problems=[PROBLEM])

    assert change.removed == ()
    assert world.states() == ["planned"]
    assert world.store.overview.status(world.now).problems == [PROBLEM]


def test_the_problems_of_a_load_replace_those_of_the_last(world: World) -> None:
    world.load(present=["maya"], problems=[PROBLEM])

    world.load(plan())

    assert world.store.overview.status(world.now).problems == []


def test_a_removed_person_whose_file_is_back_is_restored_and_laid_out_afresh(world: World) -> None:
    world.maya(NOON + HOUR)
    world.load()

    change = world.load(plan())

    assert (change.restored, change.changed, change.added) == (("maya",), (), ())
    assert world.person().standing.removed_at is None
    (layable,) = world.store.agenda.claim_layout(world.now, 10)
    assert layable.afresh


def test_someone_who_comes_back_with_another_plan_has_the_new_one(world: World) -> None:
    world.load(plan())
    world.load()

    change = world.load(plan(name="Maya B."))

    assert change.restored == ("maya",)
    assert world.person().plan.name == "Maya B."


def test_nobody_is_removed_twice(world: World) -> None:
    world.load(plan())
    world.load()
    world.now += HOUR

    assert world.load().removed == ()
    assert world.person().standing.removed_at == NOON


def test_a_consent_line_gives_consent_on_each_channel_of_the_plan(world: World) -> None:
    world.load(plan(), plan("jonas", consent=None))

    assert world.person("maya").standing.consented == {SMS, EMAIL}
    assert world.person("jonas").standing.consented == set()


def test_a_channel_that_only_a_nudge_names_is_one_of_the_plan(world: World) -> None:
    by_email = Nudge("sam", Kind.SUPPORT, REST.when, channels=(EMAIL,))

    world.load(plan(channels=(SMS,), nudges=(REST, by_email)))

    assert world.person().standing.consented == {SMS, EMAIL}


def test_a_channel_that_the_plan_does_not_use_has_no_consent(world: World) -> None:
    world.load(plan(channels=(SMS,)))

    assert world.person().standing.consented == {SMS}


def test_a_consent_line_that_is_added_later_gives_consent(world: World) -> None:
    world.load(plan(consent=None))

    world.load(plan())

    assert world.person().standing.consented == {SMS, EMAIL}


def test_a_consent_line_that_is_taken_out_takes_its_consent_with_it(world: World) -> None:
    world.load(plan())

    world.load(plan(consent=None))

    assert world.person().standing.consented == set()


def faulty(world: World, **said: tuple[str, ...]) -> None:
    """Maya's plan is read again, and is faulty for a line of record that says that there is none."""
    people = {"maya": "plans/maya.toml"}
    world.store.plans.load_plans(PlanRead(None, (), people, (), **said), world.now)


def test_a_consent_line_that_says_no_takes_its_consent_with_it_though_the_plan_is_faulty(
    world: World,
) -> None:
    world.maya(NOON)

    faulty(world, refused=("maya",))

    assert world.person().standing.consented == set()
    assert world.person().standing.removed_at is None
    assert [entry.what for entry in world.store.people.log("maya")] == ["plan changed", "plan added"]
    assert world.store.agenda.ask_for_consent(world.now, 10, lambda _person, _channel: world.now) == 0
    faulty(world, refused=("maya",))
    assert len(world.store.people.log("maya")) == 2


def test_a_consent_line_that_is_put_right_word_for_word_counts_again(world: World) -> None:
    world.load(plan())
    faulty(world, refused=("maya",))

    change = world.load(plan())

    assert change.changed == ("maya",)
    assert world.person().standing.consented == {SMS, EMAIL}


def test_a_consent_line_that_says_no_leaves_what_the_person_said_themselves(world: World) -> None:
    world.load(plan(consent=None))
    world.text(OptIn(frozenset({SMS}), "texted YES"))
    world.load(plan())

    faulty(world, refused=("maya",))

    assert world.person().standing.consented == {SMS}


def test_an_opt_in_that_says_no_ends_the_one_that_runs(world: World) -> None:
    told = "2026-11-20, on paper: yes, tell Sam"
    world.load(plan(contacts=(Contact("Sam", "brother", "+447700900456", tell=told, agreed=told),)))

    faulty(world, untold=("maya",))

    assert world.person().plan.trusted is None
    assert world.person().standing.consented == {SMS, EMAIL}


def test_a_consent_given_in_words_outlives_the_line(world: World) -> None:
    world.load(plan())
    world.text(OptIn(frozenset({SMS}), "texted YES"))

    world.load(plan(consent=None))

    assert world.person().standing.consented == {SMS}


def test_a_changed_phone_number_asks_again(world: World) -> None:
    world.load(plan(consent=None))
    world.text(OptIn(frozenset({SMS}), "texted YES"))

    world.load(plan(consent=None, phone="+447700900999"))

    assert world.person().standing.consented == set()


def test_a_consent_line_never_undoes_an_opt_out(world: World) -> None:
    world.load(plan(consent=None))
    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    world.load(plan())

    assert world.person().standing.opted_out == {SMS}


def test_an_opt_out_outlives_a_changed_number(world: World) -> None:
    world.load(plan())
    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    world.load(plan(phone="+447700900999"))
    world.load(plan(phone=None, channels=(EMAIL,)))
    world.load(plan())

    assert world.person().standing.opted_out == {SMS}


def test_an_opt_out_outlives_a_renamed_file(world: World) -> None:
    world.load(plan())
    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    world.load(plan("maya-b", phone=MAYA_PHONE, channels=(SMS, EMAIL)))

    assert world.person("maya-b").standing.opted_out == {SMS}


def test_an_opt_out_of_a_channel_without_address_holds_when_one_is_added(world: World) -> None:
    world.load(plan(phone=None, channels=(EMAIL,)))
    world.act(OptOut(frozenset({SMS}), "told the operator"))

    world.load(plan())

    assert world.person().standing.opted_out == {SMS}


def test_removal_and_return_undo_no_opt_out(world: World) -> None:
    world.load(plan())
    world.text(OptOut(frozenset({SMS, EMAIL}), "texted STOP"))

    world.load()
    world.load(plan())

    assert world.person().standing.opted_out == {SMS, EMAIL}


def test_everyone_is_listed_by_id_removed_ones_too(world: World) -> None:
    names = [f"person-{number:04}" for number in range(1203)]
    world.load(*(plan(name) for name in reversed(names)))
    world.load(present=names[1:])

    everyone = list(world.store.people.people())

    assert [one.id for one in everyone] == names
    assert [one.id for one in everyone if one.standing.removed_at] == names[:1]
    assert all(one.plan == plan(one.id) for one in everyone)


def test_digests_are_of_the_plans_that_run(world: World) -> None:
    world.load(plan(), plan("jonas"))
    world.load(plan(name="Maya B."))

    assert world.store.plans.digests(["maya", "ann"]) == {"maya": plan_file(plan(name="Maya B.")).digest}


def test_faulty_files_are_those_with_errors_each_once(world: World) -> None:
    warning = replace(PROBLEM, file="plans/ann.toml", severity="warning")
    world.load(plan(), problems=[PROBLEM, replace(PROBLEM, line=9), warning])

    assert world.store.overview.faulty_files() == [PROBLEM.file]


def test_places_are_each_country_and_zone_in_which_somebodys_plan_runs(world: World) -> None:
    at_home = plan(timezone="Europe/London", country="GB")
    elsewhere = plan("noor", timezone="Asia/Tokyo")
    gone = plan("jonas", timezone="Africa/Cairo", country="EG")
    world.load(at_home, plan("ann", timezone="Europe/London", country="GB"), elsewhere, gone)
    world.load(present=("maya", "ann", "noor"))

    places = world.store.overview.places()

    assert set(places) == {("GB", "Europe/London"), (None, "Asia/Tokyo")}
    assert len(places) == 2


def test_nobody_is_nobody(world: World) -> None:
    assert world.store.people.person("maya") is None
    assert list(world.store.people.people()) == []
    assert world.store.plans.digests(["maya"]) == {}


def test_an_answer_under_way_is_not_cancelled_with_a_removal(world: World) -> None:
    world.maya(NOON + MINUTE)
    world.text(Answer("Noted."))

    world.load()

    assert [due.origin for due in world.claim().sendings] == ["answer"]


def test_a_load_of_thousands_counts_each_once(world: World) -> None:
    names = [f"person-{number:04}" for number in range(1100)]
    world.load(*(plan(name) for name in names))
    world.now += DAY

    change = world.load(*(plan(name, daily_limit=1 if name < "person-0600" else 3) for name in names))

    assert change.changed == tuple(names[:600])
    assert len(world.store.agenda.claim_layout(world.now, 5000)) == 1100
    world.lay_out("person-0000", slot(world.now + HOUR))
    assert world.states("person-0000") == ["planned"]
