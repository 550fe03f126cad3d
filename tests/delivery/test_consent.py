"""Consent, from a plan without it to the first nudge: over the real store, dispatcher and words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nudger.core import Core
from nudger.delivery.asking import Asking
from nudger.delivery.doubts import judge
from nudger.delivery.sends import Failure, SendFailure
from nudger.model import ChannelName, Origin, State
from nudger.settings import load
from nudger.wiring import open_database
from tests.support.worlds.delivery import World

MAYA = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
[[nudge]]
kind = "rest"
at = "13:00"
[[nudge]]
kind = "movement"
at = "16:00"
"""
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 21, tzinfo=UTC)
NEXT_NINE = NINE + timedelta(days=1)
HOUR = timedelta(hours=1)


def origins(world: World) -> list[str]:
    return [str(sending.origin) for sending in world.sms.sent]


def record(world: World, person: str = "maya") -> list[dict[str, Any]]:
    held: Any = world.store.export(person)
    return list(held["consent"])


async def ask(world: World) -> None:
    """The duty, and what follows from it."""
    await world.asking.run_once(world.clock.now())
    await world.tick()


async def test_someone_without_consent_is_asked_once_and_gets_nothing_else(world: World) -> None:
    await world.start(maya=MAYA)

    await world.until(NINE + timedelta(days=5))

    assert origins(world) == ["welcome"]
    assert world.texts[0].startswith("Hi Maya, this is nudger.")
    assert "Reply YES to begin" in world.texts[0]


@pytest.mark.parametrize("word", ["YES", "yes.", "Yes please", "START"])
async def test_yes_begins_with_what_is_still_to_come_today(world: World, word: str) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    await world.text(word)
    await world.until(NINE + 8 * HOUR)

    assert origins(world) == ["welcome", "answer", "fixed", "fixed"]


async def test_who_has_consent_on_record_is_not_asked(world: World) -> None:
    await world.start(maya=f'consent = "2026-11-20, in person"\n{MAYA}')
    await ask(world)
    assert origins(world) == []


async def test_nobody_is_asked_in_the_night(world: World) -> None:
    world.clock.at = NIGHT
    await world.start(maya=MAYA)

    await world.until(NEXT_NINE - timedelta(minutes=1))
    assert origins(world) == []
    await ask_at(world, NEXT_NINE)
    assert origins(world) == ["welcome"]


async def ask_at(world: World, at: datetime) -> None:
    world.clock.at = at
    await ask(world)


async def test_a_question_that_falls_into_the_night_waits_for_the_morning(world: World) -> None:
    world.clock.at = NIGHT - 2 * HOUR
    await world.start(maya=MAYA)
    await world.asking.run_once(world.clock.now())  # planned, and then nudger was busy

    world.clock.at = NIGHT
    await world.tick()
    assert origins(world) == []
    await world.until(NEXT_NINE)

    assert origins(world) == ["welcome"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("pause", "resume"), ("pause until tomorrow 10am", None), ("I want to die", "resume")],
)
async def test_nobody_is_asked_while_paused_or_held_and_everyone_after_it(
    world: World, before: str, after: str | None
) -> None:
    await world.start(maya=MAYA)
    await world.text(before)
    await world.until(NINE + 6 * HOUR)
    assert "welcome" not in origins(world)

    if after:
        await world.text(after)
    await world.until(NEXT_NINE + HOUR)
    await ask(world)

    assert origins(world).count("welcome") == 1


async def test_someone_who_opted_out_before_is_never_asked(world: World) -> None:
    await world.start(maya=MAYA)
    await world.text("STOP")
    await world.until(NINE + timedelta(days=2))
    assert "welcome" not in origins(world)


async def test_stop_to_the_welcome_is_stop(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    await world.text("STOP")
    await world.until(NINE + timedelta(days=2))

    assert origins(world) == ["welcome", "answer"]
    assert world.store.person("maya").standing.opted_out == {ChannelName.SMS}  # type: ignore[union-attr]


async def test_later_to_the_welcome_puts_nothing_off(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    await world.text("LATER")
    await world.until(NINE + timedelta(days=2))

    assert origins(world) == ["welcome", "answer"]


async def test_a_removed_person_is_asked_once_the_plan_is_back(world: World) -> None:
    world.clock.at = NIGHT
    await world.start(maya=MAYA)
    world.load()
    await ask_at(world, NEXT_NINE)
    assert origins(world) == []

    world.load(maya=MAYA)
    await ask(world)

    assert origins(world) == ["welcome"]


async def test_a_changed_number_is_asked_and_the_old_one_not_again(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    await world.text("YES")

    world.load(maya=MAYA.replace("900123", "900124"))
    await ask(world)
    world.load(maya=MAYA)
    await ask(world)

    asked = [sending.address for sending in world.sms.sent if sending.origin is Origin.WELCOME]
    assert asked == ["+447700900123", "+447700900124"]
    # She had said yes at the old one, and still has.
    assert world.store.person("maya").standing.consented == {ChannelName.SMS}  # type: ignore[union-attr]


async def test_an_edit_asks_nobody_twice(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    for number in range(3):
        world.load(maya=MAYA.replace("13:00", f"13:0{number + 1}"))
        await ask(world)

    assert origins(world) == ["welcome"]


async def test_an_edit_of_a_plan_undoes_no_stop(world: World) -> None:
    await world.start(maya=MAYA)
    await world.text("STOP")

    world.load(maya=f'consent = "2026-11-24, by phone"\n{MAYA}')
    await world.until(NINE + timedelta(days=2))

    assert origins(world) == ["answer"]


def failing(kind: Failure) -> Callable[[object], SendFailure]:
    return lambda _: SendFailure(kind, "landline", "30006")


async def test_a_number_that_cannot_be_asked_is_not_asked_for_ever(world: World) -> None:
    world.sms.answer = failing(Failure.RECIPIENT)
    await world.start(maya=MAYA)

    await world.until(NINE + timedelta(days=3))

    assert origins(world) == ["welcome"]
    (said,) = record(world)
    assert (said["what"], said["how"], said["address"]) == ("not reached", "landline", "+447700900123")


async def test_a_fault_of_the_account_loses_no_question(world: World) -> None:
    world.sms.answer = failing(Failure.SENDER)
    await world.start(maya=MAYA)
    await ask(world)

    world.sms.answer = lambda _: None
    await ask_at(world, NINE + HOUR)

    assert origins(world) == ["welcome", "welcome"]
    assert [said["what"] for said in record(world)] == ["asked"]


async def test_a_question_of_unknown_end_is_not_repeated(world: World) -> None:
    world.sms.answer = failing(Failure.AMBIGUOUS)
    await world.start(maya=MAYA)
    await world.until(NINE + timedelta(days=2))
    assert origins(world) == ["welcome"]


async def test_a_question_that_the_provider_surely_does_not_have_is_asked_after_all(world: World) -> None:
    world.sms.answer = failing(Failure.AMBIGUOUS)
    await world.start(maya=MAYA)
    await ask(world)
    for _ in range(2):  # asked twice, a minute apart: it is not in the provider's list
        about = world.store.doubts(world.clock.at, frozenset({ChannelName.SMS}), 10)
        world.store.reconcile(
            about, (), lambda those, free: judge(those, free, world.clock.at), world.clock.at
        )
        world.clock.at += timedelta(minutes=1)
    nobody_was_asked = world.store.person("maya")
    world.sms.answer = lambda _: None
    await world.tick()

    assert nobody_was_asked is not None
    assert nobody_was_asked.standing.asked == frozenset()
    assert [said["what"] for said in record(world)] == ["asked", "not asked", "asked"]


async def test_every_question_and_answer_is_kept_as_it_came(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    await world.text("Yes, please")
    await world.text("stop texting me")

    question = world.texts[0]
    assert [(one["what"], one["how"], one["question"], one["answer"]) for one in record(world)] == [
        ("asked", "welcome", question, None),
        ("agreed", "texted START", question, "Yes, please"),
        ("opted out", "texted STOP", question, "stop texting me"),
    ]
    assert {one["address"] for one in record(world)} == {"+447700900123"}


async def test_what_the_plan_says_of_consent_is_kept_when_its_line_is_gone(world: World) -> None:
    world.load(maya=f'consent = "2026-11-20, in person"\n{MAYA}')
    world.load(maya=MAYA)

    assert [(one["what"], one["how"]) for one in record(world)] == [
        ("agreed", "plan: 2026-11-20, in person"),
        ("withdrawn", "plan: 2026-11-20, in person"),
    ]


async def test_to_forget_someone_erases_the_record(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    world.store.forget("maya")
    world.load()
    world.load(maya=MAYA)

    assert record(world) == []


async def test_only_channels_that_the_plan_sends_on_are_asked(world: World) -> None:
    await world.start(
        maya=MAYA.replace("[[nudge]]", 'email = "m@example.org"\nchannels = "sms"\n[[nudge]]', 1)
    )
    await ask(world)
    assert (origins(world), world.email.sent) == (["welcome"], [])


async def test_each_channel_is_asked_and_answers_for_itself(world: World) -> None:
    await world.start(maya=MAYA.replace("[[nudge]]", 'email = "m@example.org"\n[[nudge]]', 1))
    await ask(world)

    await world.text("YES")

    assert [sending.origin for sending in world.email.sent] == [Origin.WELCOME]
    assert world.store.person("maya").standing.consented == {ChannelName.SMS}  # type: ignore[union-attr]


@pytest.mark.parametrize(("public", "asked"), [(None, 0), ("https://nudger.example.org", 1)])
async def test_email_asks_only_where_a_link_can_answer(
    core: Core, tmp_path: Any, public: str | None, asked: int
) -> None:
    environ = {"NUDGER_STATE_DIR": str(tmp_path / "other"), "HOME": str(tmp_path), "NUDGER_EMAIL": "smtp"}
    environ |= {"NUDGER_SMTP_HOST": "localhost", "NUDGER_EMAIL_FROM": "nudger@example.org"}
    other = Core(load(None, environ | ({"NUDGER_PUBLIC_URL": public} if public else {}), tmp_path))
    vars(other).update(wording=core.wording, words=core.words, zones=core.zones)
    world = World(other, open_database(other))
    await world.start(maya=MAYA.replace("phone", "email").replace("+447700900123", "m@example.org"))

    await world.until(NINE + timedelta(days=1))

    assert len(world.email.sent) == asked
    if asked:
        assert "the link below begins" in world.email.sent[0].text
    world.store.close()


async def test_the_log_shows_that_someone_was_asked(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    assert ("welcome", str(State.SENT)) in [(entry.what, entry.state) for entry in world.store.log("maya")]


async def test_many_people_are_asked_in_batches(world: World) -> None:
    people = {f"p{number}": MAYA.replace("900123", f"9{number:05}") for number in range(20)}
    world.load(**people)
    asking = Asking(world.store, world.core.decider)

    assert await asking.run_once(world.clock.now()) == 20
    assert await asking.run_once(world.clock.now()) == 0
