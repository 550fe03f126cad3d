"""Instants that nobody can reckon with get in by no way; whatever did get in works in every zone."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.domain.effects import (
    FARTHEST,
    FIRST,
    LAST,
    LowDays,
    Pause,
    Response,
    Snooze,
    checked,
    computable,
    nearest,
    reachable,
)
from nudger.domain.model import ChannelName
from nudger.inbound.port import Inbound
from nudger.schedule import day_bounds, local_date

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEST, EAST = timezone(-timedelta(hours=23, minutes=59)), timezone(timedelta(hours=23, minutes=59))
OUTSIDE = [
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=WEST),
    datetime(1, 1, 1, tzinfo=EAST),
    datetime(1969, 12, 31, tzinfo=UTC),
    datetime(2026, 11, 23, 12),  # noqa: DTZ001 (without an offset it is no instant)
]


@pytest.mark.parametrize("at", [FIRST, NOW, LAST])
def test_what_may_come_in_can_be_reckoned_with_in_every_zone(at: datetime) -> None:
    assert checked(at) == at
    for name in available_timezones():
        zone = ZoneInfo(name)
        for far in (timedelta(0), timedelta(days=1000), -timedelta(days=400)):
            start, end = day_bounds(zone, local_date(zone, at + far))
            assert start < end or name in ("Pacific/Apia", "Pacific/Kiritimati")


@pytest.mark.parametrize("at", OUTSIDE)
def test_nothing_else_can_be_done_or_kept(at: datetime) -> None:
    assert not computable(at)
    for what in (
        lambda: Pause(at),
        lambda: Snooze(1, at),
        lambda: LowDays(at),
        lambda: Response("pause", at),
        lambda: Inbound("IN1", ChannelName.SMS, "+447700900123", "LATER", at),
    ):
        with pytest.raises(ValueError, match="expected an instant of the years 1970 to 8999"):
            what()


@given(st.datetimes(timezones=st.sampled_from([None, UTC, WEST, EAST])))
def test_what_others_say_of_their_clocks_becomes_the_nearest_that_can_be_reckoned_with(at: datetime) -> None:
    taken = nearest(at)

    assert computable(taken)
    assert taken.tzinfo is UTC
    if computable(at):
        assert taken == at


def test_nothing_is_put_off_for_more_than_ten_years() -> None:
    assert reachable(NOW + timedelta(days=1), NOW) == NOW + timedelta(days=1)
    assert reachable(LAST, NOW) == NOW + FARTHEST
