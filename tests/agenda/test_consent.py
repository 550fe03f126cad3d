"""Consent, from a plan without it to the first nudge: over the real store, dispatcher and words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nudger.agenda.entries import Failure, SendFailure
from nudger.agenda.forecast import forecast
from nudger.agenda.laying_out import Asking
from nudger.domain.model import ChannelName, Origin, State
from nudger.sending.receipts import judge
from tests.support.cores import core_in, database_of
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
    held: Any = world.store.people.export(person)
    return list(held["consent"])


async def ask(world: World) -> None:
    """The duty, and what follows from it."""
    await world.asking.run_once(world.clock.now())
    await world.tick()


async def test_someone_without_consent_is_asked_and_gets_nothing_else(world: World) -> None:
    await world.start(maya=MAYA)

    await world.until(NINE + timedelta(days=5))

    assert origins(world) == ["welcome"]
    assert world.texts[0].startswith("Hi Maya, this is nudger.")
    assert "Reply YES to begin" in world.texts[0]


BEGIN = "Nothing comes before you say so. Reply YES to begin."
LIKES = ("Liked “{}”", "Loved “{}”", "👍 to “{}”", "Gefällt „{}“")


@pytest.mark.parametrize(
    "word",
    [
        "YES",
        "yes.",
        "Yes please",
        "START",
        "ok",
        "OK 👍",
        "👍",
        "❤️",
        "sure, go ahead",
        "Sounds good!",
        "why not",
    ],
)
async def test_yes_begins_with_what_is_still_to_come_today(world: World, word: str) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    await world.text(word)
    await world.until(NINE + 8 * HOUR)

    assert origins(world) == ["welcome", "answer", "fixed", "fixed"]


@pytest.mark.parametrize("frame", LIKES)
async def test_a_like_of_the_question_is_a_yes(world: World, frame: str) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    await world.text(frame.format(world.texts[0][:60] + "…"))

    assert world.store.people.person("maya").standing.consented == {ChannelName.SMS}  # type: ignore[union-attr]
    assert world.texts[-1].startswith("All set.")


@pytest.mark.parametrize(
    "words",
    [
        "who is this?",
        "hm",
        "maybe",
        "thanks",
        "LATER",
        "done",
        "not sure",
        "ok but who is this",
        "HELP",
        "NOW",
    ],
)
async def test_where_it_is_unclear_the_answer_says_how_to_begin(world: World, words: str) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    await world.text(words)

    assert BEGIN in world.texts[-1]
    assert "116 123" in world.texts[-1]
    assert len(world.texts) == 2
    await world.text("yes")
    assert world.texts[-1].startswith("All set.")


@pytest.mark.parametrize("words", ["no", "No thanks", "nope", "👎", "I'd rather not"])
async def test_a_no_is_confirmed_and_nothing_comes_any_more_until_a_yes(world: World, words: str) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    await world.text(words)
    declined = world.texts[-1]

    await world.until(NINE + timedelta(days=40))
    nothing = world.texts[2:]
    await world.text("YES")

    assert declined == "That is fine, nothing will come. If you ever want it, reply YES."
    assert nothing == []
    assert record(world)[1]["how"] == "said no to the question"
    assert world.store.people.person("maya").standing.opted_out == frozenset()  # type: ignore[union-attr]


async def test_ok_is_no_consent_where_nobody_asked(world: World) -> None:
    world.clock.at = NIGHT
    await world.start(maya=MAYA)

    await world.text("ok")

    assert world.store.people.person("maya").standing.consented == frozenset()  # type: ignore[union-attr]


async def test_a_crisis_before_any_consent_is_a_crisis(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    await world.text("ok, but I want to die")

    assert "116 123" in world.texts[-1]
    assert BEGIN not in world.texts[-1]
    assert world.store.people.person("maya").standing.consented == frozenset()  # type: ignore[union-attr]


async def test_who_asks_what_it_is_over_and_over_is_told_three_times(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    for words in ("who is this", "hm", "what is it", "maybe", "eh", "who are you"):
        await world.text(words)

    assert [BEGIN in text for text in world.texts[1:]] == [True] * 3


# --- once more ------------------------------------------------------------------------------------
async def live(world: World, until: datetime) -> None:
    """Hour by hour, as the duty that asks looks much oftener."""
    while world.clock.at < until:
        await world.until(world.clock.at + HOUR)


async def test_a_question_left_open_is_put_once_more_after_a_week_and_never_a_third_time(
    world: World,
) -> None:
    await world.start(maya=MAYA)

    await live(world, NINE + timedelta(days=20))
    await world.until(NINE + timedelta(days=60))

    assert origins(world) == ["welcome", "welcome"]
    assert [sending.due_at for sending in world.sms.sent] == [NINE, NINE + timedelta(days=7)]
    assert "this was the last question" in world.texts[1]
    assert "Reply YES to begin" in world.texts[1]
    assert [said["what"] for said in record(world)] == ["asked", "asked"]


@pytest.mark.parametrize("answer", ["YES", "STOP", "no"])
async def test_who_has_answered_is_not_asked_once_more(world: World, answer: str) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    await world.text(answer)

    await world.until(NINE + timedelta(days=20))

    assert origins(world).count("welcome") == 1


async def test_who_answers_unclearly_is_asked_once_more(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    await world.text("who is this")

    await world.until(NINE + timedelta(days=20))

    assert origins(world).count("welcome") == 2


async def test_a_yes_to_the_second_question_begins(world: World) -> None:
    await world.start(maya=MAYA)
    await live(world, NINE + timedelta(days=7, hours=1))

    await world.text("ok")
    await world.until(NINE + timedelta(days=7, hours=8))

    assert origins(world) == ["welcome", "welcome", "answer", "fixed", "fixed"]


@pytest.mark.parametrize("edits", [1, 5])
async def test_no_edit_asks_sooner_nor_a_third_time(world: World, edits: int) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    for number in range(edits):
        world.load(maya=MAYA.replace("13:00", f"13:0{number + 1}"))
        await ask(world)
    before = origins(world).count("welcome")

    await world.until(NINE + timedelta(days=8))
    world.load(maya=MAYA.replace("13:00", "12:00"))
    await world.until(NINE + timedelta(days=40))

    assert (before, origins(world).count("welcome")) == (1, 2)


async def test_the_second_question_waits_for_a_pause_to_end(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    await world.text("pause 10 days")
    await world.until(NINE + timedelta(days=9))
    paused = origins(world).count("welcome")

    await world.until(NINE + timedelta(days=11))

    assert (paused, origins(world).count("welcome")) == (1, 2)


async def test_a_hold_that_is_lifted_does_not_lose_the_second_question(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    await world.text("I want to die")
    await world.until(NINE + timedelta(days=9))
    held = origins(world).count("welcome")

    await world.text("RESUME")
    await world.until(NINE + timedelta(days=10))

    assert (held, origins(world).count("welcome")) == (1, 2)


async def test_after_more_than_a_month_it_is_not_put_out_of_the_blue(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    await world.text("pause")
    world.clock.at = NINE + timedelta(days=38)

    await world.text("RESUME")
    await world.until(NINE + timedelta(days=50))

    assert origins(world).count("welcome") == 1


async def test_a_second_question_that_cannot_be_delivered_is_the_last(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    world.sms.answer = failing(Failure.RECIPIENT)

    await world.until(NINE + timedelta(days=30))

    assert origins(world) == ["welcome", "welcome"]


async def test_a_preview_shows_the_question_that_will_be_put_once_more(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)
    person = world.store.people.person("maya")
    assert person is not None

    rows = forecast(person, (), NINE + timedelta(days=6), 3, world.core.decider)

    (question,) = [row for row in rows if row.nudge == "welcome"]
    assert (question.due_at, question.status) == (NINE + timedelta(days=7), "send")
    assert question.reason == "asks for consent once more, the last time"
    assert "this was the last question" in (question.text or "")


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
    assert world.store.people.person("maya").standing.opted_out == {ChannelName.SMS}  # type: ignore[union-attr]


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
    assert world.store.people.person("maya").standing.consented == {ChannelName.SMS}  # type: ignore[union-attr]


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
        about = world.store.sending.doubts(world.clock.at, frozenset({ChannelName.SMS}), 10)
        world.store.sending.reconcile(
            about, (), lambda those, free: judge(those, free, world.clock.at), world.clock.at
        )
        world.clock.at += timedelta(minutes=1)
    nobody_was_asked = world.store.people.person("maya")
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

    world.store.people.forget("maya")
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
    assert world.store.people.person("maya").standing.consented == {ChannelName.SMS}  # type: ignore[union-attr]


@pytest.mark.parametrize(("public", "asked"), [(None, 0), ("https://nudger.example.org", 1)])
async def test_email_asks_only_where_a_link_can_answer(
    tmp_path: Path, public: str | None, asked: int
) -> None:
    settings = {"EMAIL": "smtp", "SMTP_HOST": "localhost", "EMAIL_FROM": "nudger@example.org"}
    core = core_in(tmp_path, **settings, **({"PUBLIC_URL": public} if public else {}))
    world = World(core, database_of(core))
    await world.start(maya=MAYA.replace("phone", "email").replace("+447700900123", "m@example.org"))

    await world.until(NINE + timedelta(days=1))

    assert len(world.email.sent) == asked
    if asked:
        assert "the link below begins" in world.email.sent[0].text
    world.store.close()


async def test_the_log_shows_that_someone_was_asked(world: World) -> None:
    await world.start(maya=MAYA)
    await ask(world)

    assert ("welcome", str(State.SENT)) in [
        (entry.what, entry.state) for entry in world.store.people.log("maya")
    ]


async def test_many_people_are_asked_in_batches(world: World) -> None:
    people = {f"p{number}": MAYA.replace("900123", f"9{number:05}") for number in range(20)}
    world.load(**people)
    asking = Asking(world.store.agenda, world.core.decider)

    assert await asking.run_once(world.clock.now()) == 20
    assert await asking.run_once(world.clock.now()) == 0
