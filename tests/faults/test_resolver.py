"""Names that nobody resolves: the resolver's long waits hold up neither the store nor who writes in."""

import asyncio
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from os import geteuid
from pathlib import Path

import pytest

from tests.support.doubles.twilio_double import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioDouble
from tests.support.running import free_port, running

PUBLIC_URL = "https://nudger.example.org"
MAYA = "+447700900123"
MAILED = {f"p{number}": f'email = "p{number}@example.org"' for number in range(8)}
PLAN = """
timezone = "UTC"
{reach}
quiet = "none"
[[nudge]]
kind = "rest"
at = "12:00"
"""
SILENT = "127.0.0.153"
LOOK_UPS = 6  # at once: as many as Python's own threads for what blocks, on two cores
# nudger with a resolver of its own, which says nothing.
DEAF = """
import ctypes, os, subprocess
assert ctypes.CDLL(None, use_errno=True).unshare(0x00020000) == 0  # CLONE_NEWNS
subprocess.run(["mount", "--make-rprivate", "/"], check=True)
subprocess.run(["mount", "--bind", "resolv.conf", "/etc/resolv.conf"], check=True)
from nudger.cli import main
main()
"""


@contextmanager
def silent_resolver(folder: Path) -> Iterator[socket.socket]:
    (folder / "resolv.conf").write_text(f"nameserver {SILENT}\noptions timeout:30 attempts:3\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
        resolver.bind((SILENT, 53))
        resolver.setblocking(False)
        yield resolver


@pytest.mark.skipif(geteuid() != 0 or shutil.which("mount") is None, reason="mounts a file: needs root")
async def test_while_no_name_is_resolved_a_reply_is_taken_at_once(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "sam.toml").write_text("timezone =")  # of which the operator is told
    for person, reach in {"maya": f'phone = "{MAYA}"', **MAILED}.items():  # each is asked for consent
        (tmp_path / "plans" / f"{person}.toml").write_text(PLAN.format(reach=reach))
    port = free_port()
    settings = {
        "SMS": "twilio",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": NUMBER,
        "TWILIO_API_BASE": "http://twilio.nowhere.example",
        "PUBLIC_URL": PUBLIC_URL,
        "WEB_PORT": str(port),
        "EMAIL": "smtp",
        "SMTP_HOST": "mail.nowhere.example",
        "SMTP_SECURITY": "none",
        "EMAIL_FROM": "Nudger <nudger@example.org>",
        "ALERTS": "https://one.nowhere.example/topic https://two.nowhere.example/topic",
        "PING_URL": "https://ping.nowhere.example/uuid",
    }
    webhook = f"http://127.0.0.1:{port}/twilio/inbound", MAYA, "STOP"
    with silent_resolver(tmp_path) as resolver:
        async with TwilioDouble() as twilio, running(tmp_path, program=("-c", DEAF), **settings) as daemon:
            async with asyncio.timeout(60):
                for _ in range(LOOK_UPS * 2):  # each asks for both kinds of address
                    await asyncio.get_running_loop().sock_recv(resolver, 512)
            async with asyncio.timeout(3):
                status = await twilio.text(*webhook, public=f"{PUBLIC_URL}/twilio/inbound")
            daemon.process.kill()

    assert status == 200
