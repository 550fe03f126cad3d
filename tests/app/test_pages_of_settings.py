"""Which pages the settings ask for, and what is imported for them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = """
import asyncio, json, sys
from pathlib import Path
from nudger.app.clock import SystemClock
from nudger.app.core import Core
from nudger.app.running import build_daemon
from nudger.app.settings import load
from nudger.app.state import open_database
folder = Path(sys.argv[1])
core = Core(load(None, json.loads(sys.argv[2]), folder))
store = open_database(core)
async def look():
    daemon = build_daemon(core, store, SystemClock())
    async with daemon.web() as address:
        pass
asyncio.run(look())
print(json.dumps(sorted(sys.modules)))
"""
OPERATOR = {"NUDGER_OPERATOR_PASSWORD": "correct horse battery"}
PROGRAMS = {"NUDGER_API_TOKEN": "a-token-of-some-length"}


def _imported(folder: Path, **settings: str) -> set[str]:
    """What a daemon with these settings has imported once its pages are served."""
    environ = {"HOME": str(folder), "NUDGER_STATE_DIR": str(folder), "NUDGER_WEB_PORT": "0", **settings}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), json.dumps(environ)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "there", "not_there"),
    [
        ({}, {"nudger.web.phone.phone"}, {"nudger.web.board.pages", "nudger.web.api.routes"}),
        (OPERATOR, {"nudger.web.board.pages"}, {"nudger.web.api.routes"}),
        (PROGRAMS, {"nudger.web.api.routes"}, {"nudger.web.board.pages"}),
    ],
    ids=["no operator", "a password", "a token"],
)
def test_a_start_imports_the_pages_that_the_settings_ask_for(
    tmp_path: Path, settings: dict[str, str], there: set[str], not_there: set[str]
) -> None:
    imported = _imported(tmp_path, **settings)

    assert there <= imported
    assert not (not_there | {"nudger.web.webhooks.twilio", "icalendar", "aiohttp", "twilio"}) & imported
