"""Weeks under faults: nothing grows but the rows that retention keeps (`make faults`: 90 days)."""

from pathlib import Path

from tests.support.faults.soak import Sample, grown, soak


async def test_two_weeks_leave_no_file_open_and_no_old_words(tmp_path: Path) -> None:
    samples: list[Sample] = []

    await soak(tmp_path, weeks=2, people=3, seed=1, told=samples.append)

    assert len(samples) == 2
    assert samples[-1].rows > 200
    assert grown(samples) == []


def test_what_grows_is_found() -> None:
    good = Sample(3, 100 * 2**20, 20, 2**20, 5000, 0)

    assert grown([good]) == []
    assert "memory grew" in grown([good, good, good, Sample(4, 130 * 2**20, 20, 2**20, 5000, 0)])[0]
    assert "open files" in grown([good, good, good, Sample(4, 100 * 2**20, 30, 2**20, 5000, 0)])[0]
    assert "older than" in grown([Sample(3, 0, 0, 0, 5000, 7)])[0]
    assert "bytes for" in grown([Sample(3, 0, 0, 9 * 2**20, 5000, 0)])[0]
