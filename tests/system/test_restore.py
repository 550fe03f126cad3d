"""An old backup is put back under the real daemon: nothing of the past goes out again, no STOP is lost."""

import json
from pathlib import Path

from tests.support.doubles.twilio_double import TwilioDouble
from tests.support.running import nudger, running

PHONE = "+447700900123"
PLAN = f"""
timezone = "UTC"
phone = "{PHONE}"
quiet = "none"
gap = "0m"
consent = "2026-11-20, on paper"
[[nudge]]
kind = "rest"
between = "00:00-23:59"
expires = "24h"
"""


async def test_a_backup_that_is_put_back_sends_nothing_again_and_learns_of_the_stop(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "maya.toml").write_text(PLAN)
    async with TwilioDouble() as twilio:
        settings = {
            **twilio.settings,
            "REPLIES": "webhook",  # what came in while the database was another one is nowhere else
            "PUBLIC_URL": "https://nudger.example.org",
            "WEB_PORT": "0",
        }
        async with running(tmp_path, **settings) as daemon:
            assert (await nudger(tmp_path, "send", "maya", "rest", **settings))[0] == 0
            # Copied with the nudge still planned in it, or sent: either way it goes out once.
            assert (await nudger(tmp_path, "backup", "old.db", **settings))[0] == 0
            await twilio.wait_for(lambda: len(twilio.taken) >= 1)
            assert await daemon.stop() == 0
        twilio.arrive(PHONE, "STOP")
        sent = len(twilio.taken)

        code, _, err = await nudger(tmp_path, "restore", "old.db", "--yes", **settings)
        assert code == 0, err
        async with running(tmp_path, **settings) as daemon:
            asked = len(twilio.requests)
            await twilio.wait_for(lambda: any(one.method == "GET" for one in twilio.requests[asked - 1 :]))
            assert "database_was_restored" in daemon.log.read_text()
            code, said, _ = await nudger(tmp_path, "accept-restore", "--yes", **settings)
            _, status, _ = await nudger(tmp_path, "status", "--json", **settings)
            assert await daemon.stop() == 0

    assert code == 0
    assert "the backup old.db was restored" in said
    assert len(twilio.taken) == sent
    assert json.loads(status)["standings"] == [{"person": "maya", "standing": "opted out of sms"}]
