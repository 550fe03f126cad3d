"""Three hosts on one database: nothing lost, nothing twice, STOP obeyed everywhere, the dead replaced."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.doubles.postgres import binaries
from tests.support.faults import fleet, nursery


async def test_whatever_befalls_one_host_the_fleet_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if nursery.libfaketime() is None:
        pytest.skip(nursery.INSTALL)
    if binaries() is None:
        pytest.skip("runs a fleet on PostgreSQL: apt-get install postgresql")
    speed = await nursery.pace(16)

    figures = await fleet.run(tmp_path, speed, minutes=30)

    with capsys.disabled():
        print("", *figures.lines(), sep="\n")
    assert figures.tally.details == []
    assert figures.tally.broken == 0
    assert figures.tally.unknown == 0
    assert figures.stops >= 5
    assert figures.stop <= timedelta(seconds=1)
    assert len(figures.taken_over) == 4
    assert max(figures.taken_over.values()) <= fleet.LEASE
    assert any("the clock of" in one and "5 min ahead" in one for one in figures.alarms)
