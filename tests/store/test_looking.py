"""What people look at, what they may take with them, and what is erased."""

import json
from datetime import date, timedelta

from nudger.agenda.entries import Failure
from nudger.domain.effects import Answer, Hold, OptIn, OptOut, Pause, Settle, Snooze
from nudger.domain.errors import Problem
from nudger.domain.model import Kind, Origin, Outcome, State
from nudger.store.schema.tables import metadata
from nudger.store.sql.database import Database
from nudger.store.state import entries
from nudger.store.stores import Stores
from tests.support.worlds.store import (
    DAY,
    EMAIL,
    HOUR,
    MAYA_EMAIL,
    MAYA_PHONE,
    MINUTE,
    NOON,
    SMS,
    TODAY,
    World,
    drop,
    plan,
    slot,
)


# --- agenda -------------------------------------------------------------------------------------
def test_the_agenda_is_of_the_dates_that_were_asked_for(world: World) -> None:
    world.maya(NOON - 2 * DAY, NOON - DAY, NOON, NOON + DAY)
    world.deliver()

    entries = world.store.people.agenda("maya", TODAY)

    assert [(entry.due_at, entry.state) for entry in entries] == [(NOON, "sent"), (NOON + DAY, "planned")]


def test_the_agenda_has_what_is_planned_whatever_its_date(world: World) -> None:
    world.maya(NOON)
    (sending,) = world.deliver()
    world.text(Snooze(sending.occurrence, NOON + 2 * DAY))

    (entry,) = world.store.people.agenda("maya", TODAY + 2 * DAY)

    assert (entry.due_at, entry.local_date, entry.round) == (NOON + 2 * DAY, TODAY, 1)


def test_the_agenda_has_no_answers(world: World) -> None:
    world.load(plan())
    world.text(Answer("Noted."))

    assert world.store.people.agenda("maya", date.min) == []


# --- conversation -------------------------------------------------------------------------------
def test_a_conversation_is_what_went_out_and_came_in_oldest_first(world: World) -> None:
    world.maya(NOON)
    world.deliver()
    world.now += MINUTE
    world.text(Answer("OK."))
    world.deliver()

    out, came_in, answer = world.store.people.conversation()

    assert (out.text, out.inbound, out.state, out.channel) == ("A small rest nudge.", False, State.SENT, SMS)
    assert (out.person, out.name, out.at, out.subject) == ("maya", "Maya", NOON, "A small nudge")
    assert (came_in.text, came_in.inbound, came_in.state) == ("text 1", True, None)
    assert (came_in.at, came_in.channel, came_in.subject) == (NOON + MINUTE, SMS, "")
    assert answer.text == "OK."
    assert out.cursor < came_in.cursor < answer.cursor


def test_a_conversation_goes_on_after_a_cursor(world: World) -> None:
    world.load(plan())
    for _ in range(5):
        world.text()
    lines = world.store.people.conversation()

    assert world.store.people.conversation(after=lines[2].cursor) == lines[3:]
    assert world.store.people.conversation(after=lines[-1].cursor) == []
    assert world.store.people.conversation(limit=2) == lines[:2]


def test_a_conversation_of_one_is_theirs_alone(world: World) -> None:
    world.load(plan(), plan("jonas"))
    for person in ("maya", "jonas"):
        world.lay_out(person, slot(NOON))
    world.deliver()
    world.text(address="jonas@example.org")

    assert [line.person for line in world.store.people.conversation(person="jonas")] == ["jonas", "jonas"]
    assert len(world.store.people.conversation()) == 3
    assert world.store.people.conversation(person="nobody") == []


def test_what_was_stopped_is_no_line(world: World) -> None:
    world.maya(NOON)
    sendings = world.claim().sendings
    world.text(Hold())
    world.store.sending.stopped(sendings, NOON)

    assert [line.inbound for line in world.store.people.conversation()] == [True]


# --- log ----------------------------------------------------------------------------------------
def test_the_log_tells_what_happened_latest_first(world: World) -> None:
    world.maya(NOON, NOON + MINUTE)
    (sending,) = world.deliver()
    world.now += MINUTE
    world.claim(drop(State.SUPPRESSED, "less than 2h after the last one"))
    world.now += MINUTE
    world.text(Settle(sending.occurrence, Outcome.DONE))

    reply, suppressed, sent, added = world.store.people.log("maya")

    assert (reply.what, reply.state, reply.channel, reply.at) == ("reply", "tested", SMS, world.now)
    assert (suppressed.what, suppressed.state) == ("rest nudge", "suppressed")
    assert suppressed.reason == "less than 2h after the last one"
    assert (sent.state, sent.channel, sent.outcome) == ("sent", SMS, Outcome.DONE)
    assert (sent.at, sent.due_at, sent.local_date, sent.nudge, sent.slot) == (NOON, NOON, TODAY, "rest", 1)
    assert added.what == "plan added"


def test_the_log_names_snoozes_and_answers(world: World) -> None:
    world.maya(NOON)
    (sending,) = world.deliver()
    world.now += MINUTE
    world.text(Snooze(sending.occurrence, NOON + HOUR), Answer("OK."))
    world.deliver()
    world.now = NOON + HOUR
    world.deliver()

    assert [line.what for line in world.store.people.log("maya")] == [
        "rest nudge, snoozed",
        "answer",
        "reply",
        "rest nudge",
        "plan added",
    ]


def test_the_log_has_what_is_on_its_way_and_not_what_is_planned(world: World) -> None:
    world.maya(NOON, NOON + HOUR)
    world.claim()

    assert [line.state for line in world.store.people.log("maya") if line.nudge] == ["sending"]


def test_the_log_tells_how_the_standing_changed(world: World) -> None:
    world.load(plan())
    world.text(Pause(NOON + DAY), Hold(), OptOut(frozenset({SMS}), "texted STOP"))
    world.text(OptIn(frozenset({SMS}), "texted START"))

    told = {(line.what, line.reason) for line in world.store.people.log("maya")}

    assert {
        ("paused", "until 2026-11-24T12:00:00+00:00"),
        ("crisis hold", ""),
        ("opted out", "sms: texted STOP"),
        ("opted in", "sms: texted START"),
    } <= told


def test_the_log_holds_no_text_and_no_address(world: World) -> None:
    world.maya(NOON)
    world.deliver()
    world.text(Answer("OK."))

    told = repr(world.store.people.log("maya"))

    assert "text 1" not in told
    assert MAYA_PHONE not in told


def test_the_log_ends_where_it_was_asked_to(world: World) -> None:
    world.load(plan())
    for _ in range(5):
        world.now += MINUTE
        world.text()

    lines = world.store.people.log("maya", limit=2)

    assert [line.at for line in lines] == [NOON + 5 * MINUTE, NOON + 4 * MINUTE]
    assert world.store.people.log("nobody") == []


# --- status -------------------------------------------------------------------------------------
def test_an_empty_store_is_healthy(world: World) -> None:
    status = world.store.overview.status(NOON)

    assert (status.people, status.planned, status.states, status.unknown) == (0, 0, {}, 0)
    assert (status.next_due_at, status.oldest_due_at) == (None, None)
    assert (status.standings, status.problems) == ([], [])


def test_the_status_counts_the_last_day(world: World) -> None:
    world.maya(NOON - 25 * HOUR, NOON - 2 * HOUR, NOON - HOUR, NOON - MINUTE, NOON + HOUR, NOON + 2 * HOUR)
    for hours, end in ((25, None), (2, Failure.AMBIGUOUS), (1, Failure.SENDER)):
        world.now = NOON - hours * HOUR
        sending = world.claim_one()
        world.fail(sending, end) if end else world.accept(sending)

    status = world.store.overview.status(NOON)

    assert status.states == {State.UNKNOWN: 1, State.FAILED: 1, State.PLANNED: 1}
    assert (status.people, status.planned, status.unknown) == (1, 3, 1)
    assert (status.oldest_due_at, status.next_due_at) == (NOON - MINUTE, NOON + HOUR)


def test_the_status_names_those_whom_a_nudge_would_not_reach(world: World) -> None:
    names = ["fine", "held", "over", "paused", "removed", "stopped", "unasked"]
    plans = [plan(name, consent=None if name == "unasked" else "yes") for name in names]
    world.load(*plans)
    world.load(*(one for one in plans if one.person != "removed"))
    world.act(Hold(), person="held")
    world.act(Pause(NOON - MINUTE), person="over")
    world.act(Pause(None), person="paused")
    world.act(OptOut(frozenset({EMAIL}), "x"), person="stopped")

    status = world.store.overview.status(NOON)

    assert [one.id for one in status.standings] == ["held", "paused", "removed", "stopped", "unasked"]
    assert status.people == 6


def test_problems_come_back_as_they_were_and_in_order(world: World) -> None:
    problems = [
        Problem("plans/jonas.toml", 1, 1, "", "is empty", severity="warning"),
        Problem("plans/maya.toml", 14, 8, 'nudge "rest": at', 'expected a time, got "8h30"', "like 08:30"),
    ]
    world.load(problems=problems[::-1])

    assert world.store.overview.status(NOON).problems == problems


# --- export, forget, remember -------------------------------------------------------------------
def everything(world: World) -> None:
    world.maya(NOON, NOON + HOUR)
    (sending,) = world.deliver()
    world.text(Snooze(sending.occurrence, NOON + 2 * HOUR), Answer("OK."))
    world.text(OptOut(frozenset({SMS}), "texted STOP"))


def test_an_export_is_all_that_is_held_as_json(world: World) -> None:
    everything(world)

    held = json.loads(json.dumps(world.store.people.export("maya")))

    theirs = {
        "plan",
        "missing_plan",
        "reach",
        "set_aside",
        "away",
        "consent",
        "occurrence",
        "message",
        "reply",
        "answer",
        "event",
    }
    assert set(held) == {"person"} | theirs
    assert held["person"]["id"] == "maya"
    assert "Europe/London" in held["plan"][0]["json"]
    assert {(one["channel"], one["address"]) for one in held["reach"]} == {
        ("sms", MAYA_PHONE),
        ("email", MAYA_EMAIL),
    }
    assert (len(held["occurrence"]), len(held["message"]), len(held["reply"])) == (4, 1, 2)
    assert held["message"][0]["attempted_at"] == "2026-11-23T12:00:00+00:00"


def test_an_export_of_nobody_is_nothing(world: World) -> None:
    assert world.store.people.export("nobody") is None


def test_an_export_leaves_out_everybody_else(world: World) -> None:
    everything(world)
    world.load(plan(), plan("jonas"))
    world.lay_out("jonas", slot(NOON))
    world.deliver()

    assert "jonas" not in json.dumps(world.store.people.export("maya"))


def test_to_forget_erases_from_every_table(world: World, store: Stores) -> None:
    everything(world)
    world.load(present=["maya"], problems=[Problem("plans/maya.toml", 1, 1, "phone", MAYA_PHONE)])
    world.load(problems=[Problem("plans/maya.toml", 1, 1, "phone", MAYA_PHONE)])

    assert world.store.people.forget("maya")

    with store.transactions.database.read() as connection:
        held = "".join(repr(connection.execute(table.select()).all()) for table in metadata.sorted_tables)
    for trace in ("maya", "Maya", MAYA_PHONE, "text 1", "A small rest nudge"):
        assert trace not in held
    assert world.store.people.person("maya") is None


def test_to_forget_one_leaves_the_others(world: World) -> None:
    everything(world)
    world.load(plan(), plan("jonas"))
    world.lay_out("jonas", slot(NOON))
    world.deliver()
    before = world.store.people.export("jonas")

    world.store.people.forget("maya")

    assert world.store.people.export("jonas") == before


def test_nobody_cannot_be_forgotten(world: World) -> None:
    assert not world.store.people.forget("nobody")


def test_someone_forgotten_may_come_anew(world: World) -> None:
    everything(world)
    world.load()
    world.store.people.forget("maya")

    assert world.load(plan()).added == ("maya",)
    world.act(OptIn(frozenset({SMS}), "texted START"))
    world.lay_out("maya", slot(NOON))
    assert world.claim_one().person == "maya"


def test_who_is_forgotten_stays_so_while_their_file_is_there_and_the_file_is_reported(
    world: World,
) -> None:
    everything(world)
    world.store.people.forget("maya")

    changes = [world.load(plan(), plan("jonas")), world.load(plan(name="Maya B."), plan("jonas"))]

    assert world.store.people.person("maya") is None
    assert [change.added for change in changes] == [("jonas",), ()]
    assert [
        (problem.file, problem.message) for problem in world.store.overview.status(world.now).problems
    ] == [("plans/maya.toml", "this person's data was erased")]


def test_a_faulty_file_of_someone_forgotten_is_still_theirs(world: World) -> None:
    everything(world)
    world.store.people.forget("maya")
    world.load(present=["maya"])

    world.load(plan())

    assert world.store.people.person("maya") is None


def test_once_their_file_has_been_gone_a_new_one_is_somebody_new(world: World) -> None:
    everything(world)
    world.store.people.forget("maya")
    world.load()

    assert world.load(plan()).added == ("maya",)
    assert world.store.overview.status(world.now).problems == []


def test_the_number_of_someone_forgotten_stays_opted_out_in_whosever_plan_it_stands_until_their_start(
    world: World,
) -> None:
    everything(world)
    world.load()
    world.store.people.forget("maya")
    world.load(plan("jonas", phone=MAYA_PHONE, channels=(SMS,)))
    came_back = world.person("jonas").standing

    world.text(OptIn(frozenset({SMS}), "texted START"))
    after_start = world.person("jonas").standing
    world.load()
    world.store.people.forget("jonas")
    world.load(plan())

    assert (came_back.opted_out, came_back.consented) == ({SMS}, {SMS})
    assert (after_start.opted_out, after_start.consented) == (set(), {SMS})
    assert world.person().standing.opted_out == set()


def test_a_plan_that_moves_to_the_number_of_someone_forgotten_has_their_stop(world: World) -> None:
    everything(world)
    world.load(plan("jonas", phone="+447700900999", channels=(SMS,)))
    world.store.people.forget("maya")

    world.load(plan("jonas", phone=MAYA_PHONE, channels=(SMS,)))

    assert world.person("jonas").standing.opted_out == {SMS}


def test_no_alarm_names_someone_forgotten(world: World) -> None:
    world.load(plan())
    world.text(Hold(), Answer("Call 116 123.", "crisis"))
    world.fail(world.claim_one(), Failure.RECIPIENT)
    alarmed = [alarm.key for alarm in world.store.alarms.alarms()]

    world.store.people.forget("maya")

    assert (alarmed, world.store.alarms.alarms()) == (["crisis answer maya"], [])


def test_of_a_forgotten_number_no_digit_is_kept(world: World, store: Stores) -> None:
    everything(world)
    world.load()
    world.store.people.forget("maya")

    with store.transactions.database.read() as connection:
        held = "".join(repr(connection.execute(table.select()).all()) for table in metadata.sorted_tables)

    assert "stop: " in held
    assert MAYA_PHONE.strip("+") not in held


def test_an_entry_never_takes_the_id_of_one_forgotten(world: World) -> None:
    world.maya(NOON)
    forgotten = world.claim_one().occurrence
    world.store.people.forget("maya")
    world.load()

    world.maya(NOON)

    assert world.claim_one().occurrence > forgotten


def test_the_first_fact_under_a_key_is_kept(world: World) -> None:
    assert world.store.facts.remember("first_start", "2026-11-23") == "2026-11-23"
    assert world.store.facts.remember("first_start", "2026-11-24") == "2026-11-23"
    assert world.store.facts.remember("instance", "abc") == "abc"


def test_instants_come_back_aware_in_utc_to_the_microsecond(world: World) -> None:
    at = NOON + timedelta(microseconds=123_457)
    world.maya(at)

    (entry,) = world.store.people.agenda("maya", TODAY)

    assert entry.due_at == at
    assert str(entry.due_at.tzinfo) == "UTC"


def test_a_log_of_kinds_and_origins_is_complete(world: World) -> None:
    world.load(plan())
    world.lay_out("maya", slot(NOON, 1, "stretch", Origin.DRAWN))
    world.deliver()

    (entry,) = world.store.people.agenda("maya", TODAY)

    assert (entry.kind, entry.origin) == (Kind.MOVEMENT, Origin.DRAWN)


def test_when_something_is_due_next_is_read_from_the_index_of_what_waits(database: Database) -> None:
    asked = entries._FIRST_DUE.compile(dialect=database.engine.dialect)

    with database.read() as connection:
        if database.is_sqlite:
            values = dict.fromkeys(asked.params, 0)
            how = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values).all()
        else:
            # A test's table is so small that reading all of it would be chosen.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            how = connection.exec_driver_sql(f"EXPLAIN {asked}", asked.params).all()

    assert "occurrence_wake" in str(how)
