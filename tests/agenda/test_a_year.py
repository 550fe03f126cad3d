"""A year of fifty people through the real store and dispatcher, on a stepped clock.

Half of them never answer: what preview foretold is, to the text, what the daemon sends them. Half put
off, note, skip and ask for more, as people do, and a few pause, stop, or ask for less. For all of them
each promise about what goes out, when, and in which words is checked on what the channel was handed.
"""

import pytest

from tests.support import a_year
from tests.support.a_year import Year, live_a_year
from tests.support.worlds.delivery import World


@pytest.mark.slow
async def test_a_year_of_fifty_people_keeps_every_promise(world: World) -> None:
    year = await live_a_year(world)

    assert len(year.nudges) > 12_000
    assert sum(map(len, year.said.values())) > 1_000
    _is_what_preview_foretold(year)
    for number in a_year.PEOPLE:
        lived = year.of(number)
        a_year.nothing_in_quiet_hours(lived)
        a_year.limits_kept(lived)
        a_year.gaps_kept(lived)
        a_year.no_message_comes_again_soon(lived, world.core.wording)
        a_year.kinds_come_as_planned(lived)
    for number in {*a_year.BACKS_OFF} - {*a_year.TAPERS, 20}:
        a_year.less_comes_to_who_is_silent(year.of(number))
    for number in {*a_year.TAPERS} - {*a_year.BACKS_OFF}:
        a_year.less_and_less_comes(year.of(number))
    a_year.asked_for_less_and_more(year.of(a_year.ASKS_FOR_LESS))
    a_year.has_a_low_week(year.of(a_year.HAS_A_LOW_WEEK), world.core.wording)
    a_year.is_left_alone(year.of(a_year.STOPS), *a_year.STOPPED)
    a_year.is_left_alone(year.of(a_year.PAUSES), *a_year.PAUSED)
    a_year.every_text_is_fit_to_send(year)


def _is_what_preview_foretold(year: Year) -> None:
    told = [
        (row.person, row.due_at, row.text)
        for row in year.foreseen
        if row.status == "send" and row.due_at is not None and row.due_at <= year.ends_at
    ]
    sent = [(one.person.id, one.at, one.text) for one in year.nudges if a_year.silent(one.person.id)]
    assert len(told) > 4_000
    assert sorted(sent) == sorted(told)
