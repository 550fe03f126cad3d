"""Plans and histories as JSON: what goes in comes out."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite import dialect

from nudger.domain.errors import StoreError, Unreadable
from nudger.domain.model import (
    At,
    Between,
    ChannelName,
    Contact,
    Cron,
    Every,
    History,
    Kind,
    Nudge,
    OnDays,
    Plan,
    Window,
)
from nudger.store.sql.statements import EPOCH, Instant
from nudger.store.sql.transactions import PlanCache
from nudger.store.state.people import history_from_json, history_to_json, plan_from_json, plan_to_json
from tests.support.worlds.store import plan

words = st.text(min_size=1, max_size=8)
minutes = st.times().map(lambda at: at.replace(second=0, microsecond=0))
windows = st.builds(Window, minutes, minutes)
spans = st.timedeltas(timedelta(0), timedelta(days=400))
channels = st.lists(st.sampled_from(ChannelName), unique=True, max_size=2).map(tuple)
instants = st.integers(0, 10**16).map(lambda count: EPOCH + timedelta(microseconds=count))
nudges = st.builds(
    Nudge,
    words,
    st.sampled_from(Kind),
    st.one_of(
        st.builds(At, st.lists(minutes, min_size=1, max_size=3).map(tuple)),
        st.builds(Between, windows, st.integers(1, 8)),
        st.builds(Cron, words),
    ),
    st.one_of(st.builds(OnDays, st.frozensets(st.integers(0, 6))), st.builds(Every, st.integers(1, 90))),
    st.none() | st.dates(),
    st.none() | st.dates(),
    st.none() | words,
    st.none() | words,
    st.lists(words, max_size=2).map(tuple),
    spans,
    spans,
    channels,
)
plans = st.builds(
    Plan,
    words,
    words,
    words,
    words,
    st.none() | words,
    st.none() | words,
    st.none() | words,
    channels,
    st.none() | windows,
    st.integers(1, 8),
    spans,
    st.none() | words,
    st.none() | words,
    st.lists(nudges, max_size=3).map(tuple),
    st.lists(st.builds(Contact, words, words, st.none() | words, st.none() | words), max_size=2).map(tuple),
)
histories = st.builds(
    History,
    st.none() | instants.map(datetime.date),
    st.integers(0, 20),
    st.none() | instants,
    st.dictionaries(words, st.lists(words, max_size=4).map(tuple), max_size=3),
    st.dictionaries(words, instants, max_size=3),
)


@given(plans)
def test_a_plan_comes_back_equal(one: Plan) -> None:
    assert plan_from_json(one.person, *plan_to_json(one)) == one


@given(histories)
def test_a_history_comes_back_equal_and_in_order(history: History) -> None:
    back = history_from_json("maya", history_to_json(history))

    assert back == history
    assert list(back.recent) == list(history.recent)
    assert list(back.contacted) == list(history.contacted)


@given(instants)
def test_an_instant_comes_back_to_the_microsecond(at: datetime) -> None:
    kept, sqlite = Instant(), dialect()
    written = kept.bind_processor(sqlite)(at)

    assert isinstance(written, int)
    assert kept.result_processor(sqlite, None)(written) == at


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        Instant().bind_processor(dialect())(datetime(2026, 11, 23))  # noqa: DTZ001 (the point)


def test_people_with_the_same_nudges_share_them() -> None:
    maya, jonas = plan("maya"), plan("jonas")

    back = [plan_from_json(one.person, *plan_to_json(one)) for one in (maya, jonas)]

    assert back == [maya, jonas]
    assert back[0].nudges is back[1].nudges


@pytest.mark.parametrize(
    ("head", "where"),
    [
        ("", "its start"),
        ('{"person": "maya"}', "name"),
        (plan_to_json(plan())[0].replace('"daily_limit":3', '"daily_limit":"+447700900123"'), "daily_limit"),
    ],
)
def test_a_plan_that_cannot_be_read_is_told_without_its_values(head: str, where: str) -> None:
    with pytest.raises(StoreError) as caught:
        plan_from_json("maya", head, "[]")

    assert caught.value.message == f"the stored plan of maya cannot be read (at {where})"
    assert "+447700900123" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"on":"9999-12-31"}',
        '{"last_at":"9999-12-31T23:59:59Z"}',
        '{"shown_at":"2026-11-23T10:00:00"}',
        '{"contacted":{"Sam":"0001-01-01T00:00:00Z"}}',
    ],
)
def test_a_history_with_which_nothing_can_be_worked_out_is_told(text: str) -> None:
    with pytest.raises(Unreadable, match="the stored history of maya cannot be read"):
        history_from_json("maya", text)


def test_a_history_that_cannot_be_read_is_told() -> None:
    with pytest.raises(StoreError, match="the stored history of maya cannot be read"):
        history_from_json("maya", "[]")


def test_the_cache_keeps_the_plans_used_last() -> None:
    cache = PlanCache(size=2)
    one, two, three = plan("one"), plan("two"), plan("three")
    cache.put([("1", one), ("2", two)])
    cache.get({"one": "1"})

    cache.put([("3", three)])

    assert cache.get({"one": "1", "two": "2", "three": "3"}) == {"one": one, "three": three}


def test_the_cache_knows_a_plan_by_its_digest() -> None:
    cache = PlanCache()
    cache.put([("old", plan())])
    assert cache.get({"maya": "new"}) == {}

    cache.put([("new", replace(plan(), name="Maya B."))])
    assert cache.get({"maya": "new"})["maya"].name == "Maya B."
    assert cache.get({"maya": "old"}) == {}

    cache.drop("maya")
    cache.drop("nobody")
    assert cache.get({"maya": "new"}) == {}


def test_a_plan_of_defaults_keeps_them() -> None:
    head, nudges = plan_to_json(
        Plan("maya", "Maya", "UTC", nudges=(Nudge("rest", Kind.REST, At((time(13),))),))
    )

    assert '"daily_limit":3' in head
    assert '"snooze":"PT1H"' in nudges
