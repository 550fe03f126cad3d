"""What people have said is kept for them, in both stores, and goes when they or the plan say so."""

from dataclasses import replace

import pytest

from nudger.domain.effects import Keep, Settle
from nudger.domain.model import Outcome
from nudger.inbound.port import OpenAsk
from tests.support.worlds.store import DAY, HOUR, MAYA_EMAIL, NOON, World, plan, send, slot

ASKS = "0-10"


def asking(world: World, *due_at: object, form: str | None = ASKS, hours: int = 24) -> list[int]:
    """Maya's nudges of these times went out, each with a question; their ids."""

    def judge(one, due, now):
        return replace(send(one, due, now), ask=form, ask_until=now + hours * HOUR if form else None)

    ids = []
    for at in due_at:
        world.now = at
        sendings = world.claim(judge).sendings
        world.accept(*sendings)
        ids += [sending.occurrence for sending in sendings]
    return ids


def open_ask(world: World) -> OpenAsk | None:
    writer = world.store.inbound.writer("maya", world.now)
    assert writer is not None
    return writer.open_ask


def kept(world: World, person: str = "maya") -> list[tuple[object, str, bool]]:
    return [(one.value, one.words, one.counts) for one in world.store.answers.answers(person)]


def test_an_ask_is_open_until_its_time_is_over(world: World) -> None:
    world.maya(NOON)
    (entry,) = asking(world, NOON, hours=6)

    at = {hours: (setattr(world, "now", NOON + hours * HOUR), open_ask(world))[1] for hours in (0, 5, 6)}

    assert at == {0: OpenAsk(entry, "rest", ASKS, "A small rest nudge."), 5: at[0], 6: None}


def test_the_ask_that_went_out_last_is_the_one_that_is_open(world: World) -> None:
    world.maya(NOON, NOON + HOUR)
    _, second = asking(world, NOON, NOON + HOUR)

    assert open_ask(world).occurrence == second


def test_a_nudge_that_asks_nothing_leaves_the_ask_open(world: World) -> None:
    world.maya(NOON, NOON + HOUR)
    (first,) = asking(world, NOON)
    asking(world, NOON + HOUR, form=None)

    assert open_ask(world).occurrence == first


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.SNOOZED])
def test_what_was_passed_over_or_put_off_asks_no_more(world: World, outcome: Outcome) -> None:
    world.maya(NOON)
    (entry,) = asking(world, NOON)

    world.text(Settle(entry, outcome))

    assert open_ask(world) is None


def test_what_was_answered_may_be_answered_once_more(world: World) -> None:
    world.maya(NOON)
    (entry,) = asking(world, NOON)

    world.text(Settle(entry, Outcome.ANSWERED))

    assert open_ask(world).occurrence == entry


def test_the_last_answer_to_an_ask_counts_and_all_are_kept(world: World) -> None:
    world.maya(NOON)
    (entry,) = asking(world, NOON)

    for value in (3, 4):
        world.now += HOUR
        world.text(Keep(entry, f"a {value}", value, ASKS, "How is it?"))
    world.text(Keep(entry, "it rains"))

    assert kept(world) == [(3, "a 3", False), (4, "a 4", True), (None, "it rains", True)]


@pytest.mark.parametrize("value", [0, 7, True, False, "calm", 'with "quotes"', "früh ☕"])
def test_every_form_of_an_answer_comes_back_as_it_was(world: World, value: object) -> None:
    world.maya(NOON)
    (entry,) = asking(world, NOON)

    world.text(Keep(entry, "as it came", value, ASKS, "How is it?"))

    ((found, _, _),) = kept(world)
    assert (found, type(found)) == (value, type(value))


def test_who_forgets_an_entry_erases_it_in_the_conversation_too(world: World) -> None:
    world.maya(NOON)
    (entry,) = asking(world, NOON)
    world.text(Keep(entry, "one"))
    world.text(Keep(entry, "two"))
    first, _ = world.store.answers.answers("maya")

    erased = world.store.answers.erase_answers("maya", world.now, [first.id])

    assert (erased, [words for _, words, _ in kept(world)]) == (1, ["two"])
    texts = [line.text for line in world.store.people.conversation(person="maya") if line.inbound]
    assert texts == ["", "text 2"]


def test_nobody_erases_what_another_has_said(world: World) -> None:
    world.load(plan(), plan("jonas"))
    world.lay_out("maya", slot(NOON))
    (entry,) = asking(world, NOON)
    world.text(Keep(entry, "mine"))
    (mine,) = world.store.answers.answers("maya")

    erased = world.store.answers.erase_answers("jonas", world.now, [mine.id])

    assert (erased, len(kept(world))) == (0, 1)


def test_all_of_it_can_be_erased_at_once(world: World) -> None:
    world.maya(NOON)
    (entry,) = asking(world, NOON)
    world.text(Keep(entry, "one"))
    world.text(Keep(entry, "two"), address=MAYA_EMAIL)

    erased = world.store.answers.erase_answers("maya", world.now)

    assert (erased, kept(world)) == (2, [])
    assert world.store.answers.erase_answers("maya", world.now) == 0


@pytest.mark.parametrize(("keeps", "left"), [(False, ["new"]), (True, ["old", "new"])])
def test_what_is_older_than_the_retention_goes_unless_the_plan_keeps_it(
    world: World, keeps: bool, left: list[str]
) -> None:
    world.maya(NOON, keep_words=keeps)
    (entry,) = asking(world, NOON)
    world.text(Keep(entry, "old"))
    world.now += 10 * DAY
    world.text(Keep(entry, "new"))

    while world.store.upkeep.blank(NOON + DAY):
        pass

    assert [words for _, words, _ in kept(world)] == left


def test_who_keeps_words_no_longer_has_the_old_ones_cleared(world: World) -> None:
    world.maya(NOON, keep_words=True)
    (entry,) = asking(world, NOON)
    world.text(Keep(entry, "old"))
    while world.store.upkeep.blank(NOON + DAY):
        pass

    world.load(plan(keep_words=False))
    while world.store.upkeep.blank(NOON + DAY):
        pass

    assert kept(world) == []


def test_it_is_in_what_is_handed_over_and_goes_with_the_person(world: World) -> None:
    world.maya(NOON)
    (entry,) = asking(world, NOON)
    world.text(Keep(entry, "a four", 4, ASKS, "How is it?"))

    held = world.store.people.export("maya")
    world.store.people.forget("maya")

    assert [row["words"] for row in held["answer"]] == ["a four"]
    assert kept(world) == []


def test_no_line_of_the_log_holds_a_word_of_it(world: World) -> None:
    world.maya(NOON)
    (entry,) = asking(world, NOON)
    world.text(Keep(entry, "a secret word", "secret", "line", "How is it?"))
    world.store.answers.erase_answers("maya", world.now)

    lines = [repr(line) for line in world.store.people.log("maya")]

    assert lines
    assert not any("secret" in line for line in lines)
