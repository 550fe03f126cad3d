"""What runs in the event loop of the real daemon asks nothing of the machine that may take its time.

Python tells an audit hook of each file that is opened, each name that is looked up, each program that is
started (docs.python.org/3/library/audit_events.html), and in which thread."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import aiohttp

from tests.support.doubles.smtp_double import SmtpDouble
from tests.support.doubles.twilio_double import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioDouble
from tests.support.doubles.watchman import watchman
from tests.support.running import environment, fill, free_port, nudger, running

PUBLIC_URL = "https://nudger.example.org"
MAYA, PASSWORD = "+447700900123", "a-long-enough-password"
PLAN = """
timezone = "UTC"
{reach}
consent = "2026-11-20, in person"
quiet = "none"
gap = "0m"
[[nudge]]
kind = "rest"
between = "00:00-23:59"
expires = "24h"
"""
# From SIGUSR1 on, what the main thread does of WATCHED is written down, with the way to it. The program's own
# files are there, or it would not run.
AUDITED = """
import signal, sys, threading, traceback

WATCHED = {
    "open", "os.listdir", "os.scandir", "os.mkdir", "os.rename", "os.remove", "os.truncate", "os.posix_spawn",
    "subprocess.Popen", "os.system", "os.fork", "time.sleep", "sqlite3.connect", "fcntl.flock",
    "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo",
}
watches = False

def begin(*_):
    global watches
    watches = True

def look(event, arguments):
    global watches
    if not watches or event not in WATCHED or threading.current_thread() is not threading.main_thread():
        return
    what = arguments[0] if arguments else ""
    if isinstance(what, str) and what.startswith((sys.prefix, sys.base_prefix, OURS)):
        return
    watches = False
    way = " < ".join(f"{one.filename}:{one.lineno}" for one in reversed(traceback.extract_stack()[-12:-1]))
    with open("seen", "a") as file:
        file.write(f"{event} {what} {way}\\n")
    watches = True

OURS = __import__("nudger").__path__[0]
signal.signal(signal.SIGUSR1, begin)
sys.addaudithook(look)
from nudger.cli import main
main()
"""


async def test_the_event_loop_opens_no_file_looks_up_no_name_and_starts_no_program(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "maya.toml").write_text(PLAN.format(reach=f'phone = "{MAYA}"'))
    (tmp_path / "plans" / "jonas.toml").write_text(PLAN.format(reach='email = "jonas@example.org"'))
    (tmp_path / "plans" / "sam.toml").write_text("timezone =")  # of which the operator is told
    port = free_port()
    async with TwilioDouble() as twilio, SmtpDouble() as smtp, watchman() as operator:
        settings = {
            "SMS": "twilio",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM": NUMBER,
            "TWILIO_API_BASE": twilio.base_url.replace("127.0.0.1", "localhost"),
            "PUBLIC_URL": PUBLIC_URL,
            "WEB_PORT": str(port),
            "EMAIL": "smtp",
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(smtp.port),
            "SMTP_SECURITY": "none",
            "EMAIL_FROM": "Nudger <nudger@example.org>",
            "ALERTS": f"{operator.url}/topic",
            "PING_URL": f"{operator.url}/ping",
            "OPERATOR_PASSWORD": PASSWORD,
            "API_TOKEN": PASSWORD * 2,
        }
        async with asyncio.timeout(120), running(tmp_path, program=("-c", AUDITED), **settings) as daemon:
            daemon.process.send_signal(signal.SIGUSR1)
            for person in ("maya", "jonas"):
                assert (await nudger(tmp_path, "send", person, "rest", **settings))[0] == 0
            webhook = f"http://127.0.0.1:{port}/twilio/inbound"
            assert await twilio.text(webhook, MAYA, "help", public=f"{PUBLIC_URL}/twilio/inbound") == 200
            (tmp_path / "plans" / "maya.toml").write_text(PLAN.format(reach=f'name = "M"\nphone = "{MAYA}"'))
            daemon.process.send_signal(signal.SIGHUP)
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as visitor:
                form = {"password": PASSWORD}
                await visitor.post("/board/login", data=form, headers={"Origin": f"http://127.0.0.1:{port}"})
                for page in (
                    "readyz",
                    "metrics",
                    "board",
                    "board/people/maya",
                    "static/style.css",
                    "api/v1/people",
                ):
                    async with visitor.get(
                        f"/{page}", headers={"Authorization": f"Bearer {PASSWORD * 2}"}
                    ) as answer:
                        await answer.read()
            await smtp.wait_for(lambda: len(smtp.mails) >= 1)
            await twilio.wait_for(lambda: len(twilio.taken) >= 1)
            await operator.wait_for("/topic")
            await operator.wait_for("/ping")
            await daemon.stop()

    seen = tmp_path / "seen"
    assert not seen.exists(), seen.read_text()


async def test_a_service_manager_that_reads_nothing_holds_nobody_up_and_hears_later_that_nudger_is_ready(
    tmp_path: Path,
) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "maya.toml").write_text(PLAN.format(reach=f'phone = "{MAYA}"'))
    address, heard = str(tmp_path / "notify"), b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
        manager.bind(address)
        fill(address)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "nudger", "run"),
            cwd=tmp_path,
            env=environment(tmp_path, {"WEB_PORT": "0"})
            | {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000"},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        async with asyncio.timeout(30):
            await process.stderr.readuntil(b"event='service_manager_deaf'")
            await process.stderr.readuntil(b"event='ready'")
            while b"READY=1" not in heard:
                heard = await asyncio.get_running_loop().sock_recv(manager, 4096)
            process.send_signal(signal.SIGTERM)
            await process.stderr.read()
            code = await process.wait()

    assert code == 0
