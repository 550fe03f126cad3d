"""From one machine to a fleet: the state is carried over, and nothing of it goes out twice."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.doubles.postgres import binaries, throw_away_cluster
from tests.support.doubles.twilio_double import TwilioDouble
from tests.support.running import nudger, running

PLAN = """
timezone = "UTC"
phone = "+447700900123"
consent = "2026-11-20, on paper"
quiet = "none"
gap = "0m"
daily_limit = 8
[[nudge]]
kind = "rest"
at = "13:00"
message = "Rest a little."
[[nudge]]
kind = "movement"
at = "14:00"
message = "A few steps?"
"""


async def test_a_state_is_carried_to_postgresql_and_runs_on_there(tmp_path: Path) -> None:
    if binaries() is None:
        pytest.skip("apt-get install postgresql")
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "maya.toml").write_text(PLAN)
    with throw_away_cluster() as database:
        url = database("fleet")
        async with TwilioDouble() as twilio:
            settings = _settings(tmp_path, twilio)
            async with running(tmp_path, **settings) as daemon:
                await _send(tmp_path, "rest", twilio, 1, settings)
                code, _, said = await nudger(tmp_path, "migrate", "--to", url, **settings)
                assert (code, "another nudger is running" in said) == (4, True)
                assert await daemon.stop() == 0

            code, told, said = await nudger(tmp_path, "migrate", "--to", url, **settings)
            assert (code, said) == (0, "")
            assert ": 1 people." in told
            assert "Now set NUDGER_DATABASE_URL to it" in told

            code, _, said = await nudger(tmp_path, "run", **settings)
            assert (code, "was carried to postgresql" in said) == (4, True)
            async with running(tmp_path, **settings, DATABASE_URL=url) as daemon:
                await _send(tmp_path, "movement", twilio, 2, settings | {"DATABASE_URL": url})
                assert await daemon.stop() == 0
                assert "database_was_restored" not in daemon.log.read_text()

            bodies = [message["body"] for message in twilio.taken]
            assert sorted(bodies) == ["A few steps?", "Rest a little."]


def _settings(folder: Path, twilio: TwilioDouble) -> dict[str, str]:
    return {**twilio.settings, "POLL_SECONDS": "600", "WEB_PORT": "0", "STATE_DIR": str(folder / "state")}


async def _send(
    folder: Path, kind: str, twilio: TwilioDouble, count: int, settings: Mapping[str, str]
) -> None:
    """By the operator, and now; the daemon takes it up."""
    assert (await nudger(folder, "send", "maya", kind, **settings))[0] == 0
    await twilio.wait_for(lambda: len(twilio.taken) == count)
