"""Strangers at the real daemon's port: by the hundred, with clever requests, and none of it matters."""

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from tests.support.crowds import HALF_A_FORM, HALF_A_HEAD, UNREAD, crowd
from tests.support.doubles.smtp_double import SmtpDouble
from tests.support.doubles.twilio_double import TwilioDouble
from tests.support.running import free_port, nudger, running

PUBLIC_URL = "https://nudger.example.org"
MAYA, PASSWORD, TOKEN = "+447700900123", "a-long-enough-password", "a-long-enough-token-for-programs"
PLAN = """
timezone = "UTC"
phone = "+447700900123"
email = "maya@example.org"
channels = ["email", "sms"]
consent = "2026-11-20, in person"
quiet = "none"
gap = "0m"
[[nudge]]
kind = "rest"
between = "00:00-23:59"
expires = "24h"
"""
LINES = 25  # of the log that a crowd may cost, whatever it does


def the_settings(port: int, twilio: TwilioDouble, smtp: SmtpDouble) -> dict[str, str]:
    return {
        **twilio.settings,
        "PUBLIC_URL": PUBLIC_URL,
        "WEB_PORT": str(port),
        "EMAIL": "smtp",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(smtp.port),
        "SMTP_SECURITY": "none",
        "EMAIL_FROM": "Nudger <nudger@example.org>",
        "OPERATOR_PASSWORD": PASSWORD,
        "API_TOKEN": TOKEN,
    }


async def test_strangers_by_the_hundred_hold_up_neither_a_text_nor_a_stop_and_fill_no_log(
    tmp_path: Path,
) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "maya.toml").write_text(PLAN)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    async with TwilioDouble() as twilio, SmtpDouble() as smtp, AsyncExitStack() as stack:
        settings = the_settings(port, twilio, smtp)
        daemon = await stack.enter_async_context(running(tmp_path, **settings))
        assert (await nudger(tmp_path, "send", "maya", "rest", **settings))[0] == 0
        await smtp.wait_for(lambda: len(smtp.mails) >= 1)
        stop = re.search(rf"<{PUBLIC_URL}(/l/[^>]+)>", str(smtp.mails[0].message["List-Unsubscribe"]))
        assert stop is not None
        before = len(daemon.log.read_text().splitlines())
        visitor = await stack.enter_async_context(aiohttp.ClientSession(address))
        for first in (HALF_A_HEAD, UNREAD, HALF_A_FORM):
            await stack.enter_async_context(crowd(address, ["127.0.0.1"] * 66, first))

        scanned = [(await visitor.get(stop[1])).status for _ in range(64)]
        guessed = [(await visitor.get(f"/l/guess-{number}")).status for number in range(64)]
        unsigned = [(await visitor.post("/twilio/inbound", data={"Body": "x"})).status for _ in range(64)]
        garbage = [await _garbage(port) for _ in range(64)]
        pressed = await visitor.post(stop[1], data={"List-Unsubscribe": "One-Click"})
        texted = await twilio.text(
            f"{address}/twilio/inbound", MAYA, "later", public=f"{PUBLIC_URL}/twilio/inbound"
        )
        figures = await (await visitor.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})).text()

        assert (pressed.status, texted) == (200, 200)
        assert scanned.count(200) >= 30
        assert set(guessed) == {404, 429}
        assert set(unsigned) == {403}
        assert all(answer.startswith(b"HTTP/1.1 400 ") for answer in garbage)
        assert 'nudger_web_refused_total{page="/twilio",why="403"} 64.0' in figures
        assert 'nudger_web_refused_total{page="",why="no HTTP"} 64.0' in figures
        assert await daemon.stop() == 0
        said = daemon.log.read_text().splitlines()
        assert len(said) - before <= LINES, "\n".join(said[before:])
        assert any("requests_refused" in line for line in said)
    log = await nudger(tmp_path, "log", "maya", "--json", **settings)
    assert "opted out" in log[1]


async def _garbage(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x16\x03\x01 what is this\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_signing_out_outlasts_a_restart_and_the_browser_stays_known(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "maya.toml").write_text(PLAN)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    ours = {"Origin": address}
    async with TwilioDouble() as twilio, SmtpDouble() as smtp:
        settings = the_settings(port, twilio, smtp)
        async with (
            running(tmp_path, **settings) as daemon,
            aiohttp.ClientSession(address, cookie_jar=aiohttp.DummyCookieJar()) as visitor,
        ):
            form = {"password": PASSWORD}
            answer = await visitor.post("/board/login", data=form, headers=ours, allow_redirects=False)
            cookies = {name: morsel.value for name, morsel in answer.cookies.items()}
            inside = await _board(visitor, cookies)
            await visitor.post("/board/logout", headers=ours, cookies=cookies, allow_redirects=False)
            outside = await _board(visitor, cookies)
            assert await daemon.stop() == 0
        async with (
            running(tmp_path, **settings),
            aiohttp.ClientSession(address, cookie_jar=aiohttp.DummyCookieJar()) as visitor,
        ):
            after_a_restart = await _board(visitor, cookies)
            guesses = [
                (await visitor.post("/board/login", data={"password": "guess"}, headers=ours)).status
                for _ in range(20)
            ]
            known = {"nudger_device": cookies["nudger_device"]}
            again = await visitor.post(
                "/board/login", data=form, headers=ours, cookies=known, allow_redirects=False
            )

    assert (inside, outside, after_a_restart) == (200, 303, 303)
    assert guesses[-1] == 429
    assert (again.status, again.headers["location"]) == (303, "/board")


async def _board(visitor: aiohttp.ClientSession, cookies: dict[str, str]) -> int:
    return (await visitor.get("/board", cookies=cookies, allow_redirects=False)).status
