"""The real daemon tells the operator; and what it says, logs and shows gives no secret away."""

import json
from pathlib import Path

from tests.support.doubles.twilio_double import ACCOUNT_SID, NUMBER, TwilioDouble
from tests.support.doubles.watchman import watchman
from tests.support.running import nudger, running

TOKEN, TOPIC, UUID, PASSWORD = "planted-token", "planted-topic", "planted-uuid", "planted-password"
PHONE, EMAIL, NAME, WORDS = "+447700900123", "maya@example.org", "Mayaline", "a walk by the river"
PLAN = f"""
name = "{NAME}"
timezone = "UTC"
phone = "{PHONE}"
email = "{EMAIL}"
quiet = "none"
consent = "2026-11-20, on paper"
[[nudge]]
kind = "rest"
at = "12:00"
message = "{WORDS}"
"""


def folder_with_plans(folder: Path) -> None:
    (folder / "plans").mkdir()
    (folder / "plans" / "maya.toml").write_text(PLAN)
    (folder / "plans" / "sam.toml").write_text(f'timezone = "UTC"\nphone = "{PHONE}9999999999"\n')


def process_list(pid: int) -> str:
    """What `ps` shows to everybody: command lines, of the daemon and of all that it started."""
    shown = [Path(f"/proc/{pid}/cmdline")]
    shown += [path for task in Path(f"/proc/{pid}/task").iterdir() for path in (task / "comm",)]
    return "".join(path.read_text(errors="replace") for path in shown)


async def test_faults_are_told_each_minute_is_pinged_and_no_secret_is_given_away(tmp_path: Path) -> None:
    folder_with_plans(tmp_path)
    async with watchman() as operator, TwilioDouble() as twilio:
        settings = {
            "ALERTS": f"{operator.url}/{TOPIC} json:{operator.url}/{TOPIC}/json",
            "PING_URL": f"{operator.url}/{UUID}",
            "SMS": "twilio",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": TOKEN,  # not the account's: every request is refused
            "TWILIO_FROM": NUMBER,
            "TWILIO_API_BASE": twilio.base_url,
            "REPLIES": "poll",
            "POLL_SECONDS": "1",
            "OPERATOR_PASSWORD": PASSWORD,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_USERNAME": "nudger",
            "SMTP_PASSWORD": PASSWORD,
            "LOG_LEVEL": "debug",
            "WEB_PORT": "0",
        }
        async with running(tmp_path, **settings) as daemon:
            asked = await nudger(tmp_path, "send", "maya", "rest", **settings)
            assert asked[0] == 0, asked
            alert = await operator.wait_for(f"/{TOPIC}")
            ping = await operator.wait_for(f"/{UUID}")
            await twilio.wait_for(lambda: any(one.method == "POST" for one in twilio.requests))
            shown = [
                await nudger(tmp_path, *command, **settings)
                for command in (
                    ["status"],
                    ["status", "--json"],
                    ["log", "maya"],
                    ["doctor"],
                    ["export", "maya"],
                )
            ]
            listed = process_list(daemon.process.pid)
            assert await daemon.stop() == 0

    assert ping.method == "GET"
    assert "plans/sam.toml" in alert.body
    assert json.loads(shown[1][1])["alarms"][0]["key"] == "plans"
    said = f"{shown}{listed}{daemon.log.read_text()}{daemon.told.lines}"
    assert [secret for secret in (TOKEN, TOPIC, UUID, PASSWORD) if secret in said] == []
    told = f"{alert}{daemon.log.read_text()}"
    assert [one for one in (PHONE, EMAIL, NAME, WORDS) if one in told] == []
