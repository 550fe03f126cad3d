"""Any bytes at all at the doors: each target holds its promise (`make faults` goes on by coverage)."""

from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nudger.domain import tokens
from nudger.domain.model import ChannelName
from tests.support.faults.targets import KEY, NOW, TARGETS, seeds

SEEDS = {name: list(seeds(name)) for name in TARGETS}


@st.composite
def near(draw: st.DrawFn, name: str) -> bytes:
    """Bytes at random, or a seed with a piece cut out and another put in its place."""
    new = draw(st.binary(max_size=400))
    if draw(st.booleans()):
        return new
    seed, at = draw(st.sampled_from(SEEDS[name])), draw(st.integers(0, 80))
    return seed[:at] + new[:9] + seed[at + draw(st.integers(0, 20)) :]


@pytest.mark.parametrize("name", ["webhook", "reply", "token"])
@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_break_a_promise(name: str, data: st.DataObject) -> None:
    TARGETS[name](data.draw(near(name)))


@pytest.mark.parametrize("name", TARGETS)
def test_each_seed_is_one_that_holds(name: str) -> None:
    for seed in islice(SEEDS[name], 60):
        TARGETS[name](seed)


def test_the_target_of_tokens_finds_a_link_that_is_right() -> None:
    link = tokens.Link(tokens.Action.ME, "maya", ChannelName.SMS, NOW.replace(year=2027))

    with pytest.raises(AssertionError, match="nobody has signed"):
        TARGETS["token"](tokens.sign(link, KEY).encode())
