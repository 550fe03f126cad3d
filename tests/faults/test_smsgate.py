"""A phone of one's own under kills and bad weather: nothing lost, twice, at night, after STOP or unknown."""

from pathlib import Path

import pytest

from tests.support.faults import nursery, phone
from tests.support.faults.chaos import Setup
from tests.support.faults.tally import table


async def test_kills_and_a_bad_phone_lose_nothing_and_leave_no_end_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if nursery.libfaketime() is None:
        pytest.skip(nursery.INSTALL)
    speed = await nursery.pace(12)

    outcome = await phone.run(Setup(tmp_path / "phone", seed=3, people=18, speed=speed, lasts=25))

    with capsys.disabled():
        print(f"\n{speed} times as fast as life\n" + table({"phone": outcome.tally}))
    assert outcome.tally.details == []
    assert outcome.tally.broken == 0
    assert outcome.tally.kills > 0
    assert outcome.deaths == []
    assert set(outcome.codes) == {0}
