"""Simulated people have faultless plans, and nudger understands what they text as they mean it."""

from datetime import UTC, datetime, timedelta

import pytest

from nudger import plans
from nudger.app.core import Core
from nudger.cli.simulate import sayings
from nudger.cli.simulate.crowd import BEGINS, LANGUAGES, MOST_NUDGES, SHAPES, WEIGHTS, Actors, Crowd, mailed
from nudger.replies import understand

NOON = datetime(2026, 10, 24, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", range(len(sayings.ALL)))
def test_what_they_text_is_understood_as_they_mean_it(core: Core, language: str, number: int) -> None:
    saying = sayings.ALL[number][language]

    understood = understand(
        saying.text,
        language=language,
        now=NOON,
        zone=core.zone("Europe/London"),
        snooze=timedelta(hours=1),
        quiet=None,
        words=core.words,
    )

    wall = datetime(2026, 10, 25, 9, tzinfo=UTC) if saying.wall else None  # the clocks have gone back
    assert understood.intent == saying.means
    until = NOON + saying.span if saying.span else wall
    if saying.span == sayings.THREE_DAYS:  # when that day begins
        until = datetime(2026, 10, 27, tzinfo=UTC)
    assert understood.until == until


@pytest.mark.parametrize("nudges", range(1, MOST_NUDGES + 1))
def test_their_plans_have_neither_problems_nor_warnings(core: Core, nudges: int) -> None:
    crowd = Crowd(SHAPES, nudges, seed=1)

    reading = plans.read(list(crowd.rosters(SHAPES)), core.facts(BEGINS), crowd.shared())

    assert reading.problems == ()
    assert {len(plan.nudges) for plan in reading.plans.values()} == {nudges}


def test_a_plan_of_their_own_is_the_same_but_for_the_zone(core: Core) -> None:
    crowd, facts = Crowd(5, 3, seed=1), core.facts(BEGINS)
    before = plans.read(list(crowd.rosters(5)), facts, crowd.shared()).plans["p00000003"]

    own = plans.read([crowd.own_file(3, zone=5)], facts, crowd.shared())

    assert own.problems == ()
    assert own.plans["p00000003"].timezone == "Asia/Tokyo" != before.timezone
    assert own.plans["p00000003"].nudges == before.nudges
    assert own.plans["p00000003"].phone == before.phone


def test_as_many_answer_as_are_to_and_in_every_way() -> None:
    actors = Actors(Crowd(20_000, 3, seed=1), share=0.2)

    firsts = [next(actors.after_nudge(who, 1, 0), None) for who in range(20_000)]

    answered = [one for one in firsts if one is not None]
    able = sum(not mailed(who) for who in range(20_000))
    assert 0.19 < len(answered) / able < 0.21
    assert {one.saying.means if one.saying else None for one in answered} == {
        next(iter(first.values())).means if first else None for _, first, _ in WEIGHTS
    }
    assert all(one.at % 60 == 0 for one in answered)
