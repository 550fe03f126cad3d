"""How often one person is answered: no loop goes on, and nobody in danger meets silence for long."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from nudger.domain.model import ChannelName, State
from nudger.inbound import inbox
from tests.support.maya import CRISIS, WANTS_TO_DIE
from tests.support.maya import TWO_A_DAY as MAYA
from tests.support.worlds.delivery import MONDAY_NINE, World

MINUTE = timedelta(minutes=1)
QUIET = "This program is quiet for a while now; STOP still works."
HELPLINES = "call Samaritans on 116 123"

# Commands that do something each time; no two the same.
COMMANDS = ("LESS", "MORE", "PAUSE", "RESUME", "PLAN", "HELP", "DONE", "SKIP", "TINY", "LINK")
ENDS = (
    "mum",
    "so much",
    "in the rain",
    "at last",
    "on the way home",
    "by the sea",
    "as ever",
    "here",
    "there",
)
DANGER = tuple(f"I want to die, {words}" for words in (*ENDS, "now", "then", "too"))


async def texted(world: World, *texts: str, apart: timedelta = timedelta(seconds=5)) -> list[str]:
    """What is answered to these texts, one after the other."""
    before = len(world.texts)
    for words in texts:
        world.clock.at += apart
        await world.text(words)
    return world.texts[before:]


def unanswered(world: World) -> list[str]:
    return [
        entry.reason for entry in reversed(world.store.people.log("maya")) if entry.what == "not answered"
    ]


async def test_ten_answers_an_hour_and_the_last_says_that_it_is_quiet_now_with_a_helpline(
    world: World,
) -> None:
    await world.start(maya=MAYA)

    answers = await texted(world, *COMMANDS, "less", "resume please")

    assert len(answers) == 10
    assert [QUIET in one for one in answers] == [False] * 9 + [True]
    assert HELPLINES in answers[-1]
    assert unanswered(world) == ["more texts than are answered"] * 2


async def test_what_is_not_answered_is_done_all_the_same(world: World) -> None:
    await world.start(maya=MAYA)
    await texted(world, *COMMANDS)

    assert await texted(world, "pause it all please") == []

    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.paused_at is not None


async def test_an_hour_later_there_are_answers_again(world: World) -> None:
    await world.start(maya=MAYA)
    await texted(world, *COMMANDS, "more")

    world.clock.at += timedelta(hours=1)

    assert (await texted(world, "PLAN"))[-1].startswith("The next nudge comes")


async def test_thirty_answers_a_day(world: World) -> None:
    await world.start(maya=MAYA)
    answers: list[str] = []
    for _ in range(5):
        answers += await texted(world, *COMMANDS)
        world.clock.at += timedelta(hours=1)

    assert len(answers) == 30
    assert [number for number, one in enumerate(answers) if QUIET in one] == [9, 19, 29]


async def test_the_same_text_over_and_over_is_answered_three_times(world: World) -> None:
    await world.start(maya=MAYA)

    answers = await texted(world, *["Thank you!"] * 50)

    assert [QUIET in one for one in answers] == [False, False, True]
    assert HELPLINES in answers[-1]
    assert set(unanswered(world)) == {"the same text over and over"}


async def test_the_same_command_after_each_nudge_is_confirmed_each_time(world: World) -> None:
    await world.start(maya=MAYA)

    answers = await texted(world, *["done"] * 8, apart=timedelta(minutes=15))

    assert answers.count("Noted. Thanks for saying so.") == 8


async def test_what_cannot_be_read_is_answered_three_times_a_day(world: World) -> None:
    await world.start(maya=MAYA)

    answers = await texted(world, *(f"{word} gloob" for word in ("bim", "bam", "bum", "zap", "zip", "zop")))

    assert [QUIET in one for one in answers] == [False, False, True]
    assert all(HELPLINES in one for one in answers)


async def test_a_command_is_answered_however_much_could_not_be_read(world: World) -> None:
    await world.start(maya=MAYA)
    await texted(world, *(f"{word} gloob" for word in ("bim", "bam", "bum", "zap", "zip", "zop")))

    answers = await texted(world, "HELP", "later", "PLAN", "NOW")

    assert len(answers) == 4


async def test_a_longer_text_that_comes_again_word_for_word_is_a_programs(world: World) -> None:
    await world.start(maya=MAYA)

    answers = await texted(
        world,
        "Bing bong the kettle number 3 sings",
        "Bing bong the kettle number 4 sings",
        "Bing bong, the kettle number 5 sings!",
        apart=timedelta(hours=2),
    )

    assert len(answers) == 1
    assert unanswered(world) == ["an automatic reply"] * 2


# --- danger -------------------------------------------------------------------------------------
async def test_whoever_is_in_danger_is_answered_however_many_other_answers_there_were(world: World) -> None:
    await world.start(maya=MAYA)
    await texted(world, *COMMANDS, "less", "more")

    assert await texted(world, WANTS_TO_DIE) == [CRISIS]


async def test_ten_texts_of_an_hour_in_danger_are_answered_at_once_and_the_next_after_a_pause(
    world: World,
) -> None:
    await world.start(maya=MAYA)

    answers = await texted(world, *DANGER)
    world.clock.at += inbox.PAUSE

    assert len(answers) == 10
    assert all(answer.startswith("Thank you for saying this.") for answer in answers)
    assert await texted(world, WANTS_TO_DIE) == [CRISIS]


async def test_the_same_words_again_are_answered_after_a_pause_all_day_long(world: World) -> None:
    await world.start(maya=MAYA)

    at_once = await texted(world, *[WANTS_TO_DIE] * 9)
    later = await texted(world, *[WANTS_TO_DIE] * 60, apart=11 * MINUTE)

    assert (len(at_once), len(later)) == (3, 60)


MAY_MEAN_DANGER = "whats the point of any of it"


@pytest.mark.parametrize(
    "before", [tuple(f"{word} gloob" for word in ("bim", "bam", "bum", "zap")), COMMANDS]
)
async def test_what_may_mean_danger_is_answered_however_many_other_answers_there_were(
    before: Sequence[str], world: World
) -> None:
    await world.start(maya=MAYA)
    await texted(world, *before)

    (answer,) = await texted(world, MAY_MEAN_DANGER)

    assert HELPLINES in answer
    assert QUIET not in answer


async def test_who_says_again_what_may_mean_danger_is_answered_again_and_a_loop_of_it_ends(
    world: World,
) -> None:
    await world.start(maya=MAYA)

    at_once = await texted(world, *[MAY_MEAN_DANGER] * 9)
    later = await texted(world, *[MAY_MEAN_DANGER] * 6, apart=11 * MINUTE)
    changing = await texted(world, *(f"{MAY_MEAN_DANGER}, {words}" for words in (*ENDS, *ENDS)))

    assert [sum(HELPLINES in one for one in answers) for answers in (at_once, later)] == [3, 6]
    assert 0 < sum(HELPLINES in one for one in changing) <= 10


async def test_an_automatic_reply_that_may_mean_danger_is_answered_once(world: World) -> None:
    await world.start(maya=MAYA)

    answers = await texted(
        world, *(f"Automatic reply {number}: in a crisis, or suicidal? Call 988" for number in range(6))
    )

    assert len(answers) == 1


async def test_a_crisis_answer_counts_for_nothing_else(world: World) -> None:
    await world.start(maya=MAYA)
    await texted(world, *DANGER)

    assert len(await texted(world, "RESUME", "HELP", "gloob")) == 3


@pytest.mark.parametrize("again", [0.5, 30, 120], ids=["half a second", "half a minute", "two minutes"])
async def test_a_loop_of_texts_that_speak_of_danger_ends(world: World, again: float) -> None:
    await world.start(maya=MAYA)

    answers = await loop(world, lambda number: DANGER[number % len(DANGER)], seconds=again)

    assert len(answers) <= 10


async def test_an_automatic_reply_with_such_words_draws_the_helplines_once_and_holds(world: World) -> None:
    await world.start(maya=MAYA)

    answers = await texted(world, *["Automatic reply: I am away. I want to die."] * 5)

    person = world.store.people.person("maya")
    assert person is not None
    assert answers == [CRISIS]
    assert person.standing.held_at is not None
    assert await texted(world, WANTS_TO_DIE) == [CRISIS]  # their own words are no automatic reply


async def test_stop_and_start_are_never_limited_away(world: World) -> None:
    world.inbox = world.new_inbox(provider_handles_stop=frozenset())
    await world.start(maya=MAYA)
    await texted(world, *COMMANDS, "less", "more")

    answers = await texted(world, "STOP", "START")

    assert len(answers) == 2
    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.opted_out == frozenset()


async def test_a_loop_of_yes_ends(world: World) -> None:
    await world.start(maya=MAYA)

    assert len(await loop(world, lambda _: "YES!")) == 3


# --- programs that answer -----------------------------------------------------------------------
AUTOMATIC = {
    "iPhone": "I’m driving with Driving Focus turned on. I’ll see your message when I get where I’m going.",
    "iPhone, Spanish": "Estoy conduciendo con la función No molestar al conducir activada.",
    "Android": "I'm driving right now - I'll get back to you later.",
    "vacation": "Thank you for your message. I am on vacation and will reply when I return.",
    "office": "Respuesta automática: estoy fuera de la oficina hasta el lunes, 12:{0:02}.",
    "French": "Réponse automatique : je suis en congés, je vous répondrai à mon retour.",
    "busy": "Auto-Reply: I'm busy right now and can't take your text. I will reply tomorrow",
    "no such number": "The number you are texting is no longer in service.",
}
UNKNOWN_PROGRAMS = {
    "thanks": "Thank you!",
    "the same": "Bing bong, the kettle sings.",
    "with a counter": "Kettle number {0} sings for you",
    "a shop": "Welcome to Kettle World, where kettles sing! Order {0}",
    "yes": "Yes please!",
    "done": "Done!",
    "later": "Later!",
    "help": "Help",
}


async def loop(world: World, says, seconds: float = 2.0, most: int = 200) -> list[str]:
    """A program that answers each of our texts; what it draws. The first text comes by itself."""
    answers: list[str] = []
    for number in range(most):
        said = await texted(world, says(number), apart=timedelta(seconds=seconds))
        if not said:
            return answers
        answers += said
    raise AssertionError("it never ends")


@pytest.mark.parametrize("words", AUTOMATIC.values(), ids=AUTOMATIC)
async def test_an_automatic_reply_is_answered_by_nobody_and_does_nothing(world: World, words: str) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + timedelta(hours=1))

    answers = await texted(world, *(words.format(number) for number in range(20)))

    person = world.store.people.person("maya")
    assert person is not None
    assert answers == []
    assert (person.standing.paused_at, person.standing.opted_out) == (None, frozenset())
    assert [one.outcome for one in entries(world)] == [None]
    assert set(unanswered(world)) == {"an automatic reply"}


@pytest.mark.parametrize("words", UNKNOWN_PROGRAMS.values(), ids=UNKNOWN_PROGRAMS)
async def test_a_program_that_nobody_here_knows_is_answered_a_few_times_and_no_more(
    world: World, words: str
) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + timedelta(hours=1))

    assert len(await loop(world, words.format)) <= 3


async def test_a_program_that_never_says_the_same_is_answered_ten_times(world: World) -> None:
    await world.start(maya=MAYA)

    assert (
        len(await loop(world, lambda number: COMMANDS[number % len(COMMANDS)].lower() + " please" * number))
        == 10
    )


async def test_stop_in_an_automatic_reply_counts_unless_it_tells_others_what_to_text(world: World) -> None:
    await world.start(maya=MAYA)

    await texted(world, "Auto-reply: thanks for contacting us. Reply STOP to opt out.")
    told = world.store.people.person("maya")
    await texted(world, "Automatic reply: wrong number, please stop texting me.")
    meant = world.store.people.person("maya")

    assert told is not None
    assert meant is not None
    assert (told.standing.opted_out, meant.standing.opted_out) == (frozenset(), {ChannelName.SMS})


def entries(world: World) -> Sequence:
    return [one for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.state is State.SENT]
