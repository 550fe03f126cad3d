"""Nothing lost, nothing twice, nothing after STOP, nothing at night: under kills and bad weather."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.support.doubles.postgres import binaries
from tests.support.faults import chaos, nursery
from tests.support.faults.chaos import Setup
from tests.support.faults.killing import CLAIM_TO_RECORD
from tests.support.faults.tally import table


async def test_kills_at_every_moment_lose_nothing_and_send_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if nursery.libfaketime() is None:
        pytest.skip(nursery.INSTALL)
    if binaries() is None:
        pytest.skip("runs a fleet on PostgreSQL: apt-get install postgresql")
    speed = await nursery.pace(12)
    lasts = max(60, 720 / speed)  # a slow machine takes longer for what people do in twelve minutes
    fleet = Setup(tmp_path / "fleet", seed=2, daemons=2, speed=speed, lasts=lasts, postgresql=True)
    alone = Setup(tmp_path / "alone", seed=1, speed=speed, lasts=lasts)
    outcomes = dict(
        zip(("alone", "fleet"), await asyncio.gather(*map(chaos.run, (alone, fleet))), strict=True)
    )

    with capsys.disabled():
        print(
            f"\n{speed} times as fast as life\n"
            + table({label: outcome.tally for label, outcome in outcomes.items()})
        )
    for outcome in outcomes.values():
        assert outcome.tally.details == []
        assert outcome.tally.broken == 0
        assert outcome.deaths == []  # a daemon that nobody killed lives on
        assert set(outcome.codes) == {0}
    kills = sum((outcome.by_step for outcome in outcomes.values()), Counter[str]())
    assert kills.total() > 20  # 100 on a machine that has nothing else to do
    assert [step for step in CLAIM_TO_RECORD if not kills[step]] == []
