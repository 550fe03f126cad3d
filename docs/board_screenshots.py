"""Makes the pictures of the board in docs/images: `make screenshots`. Needs Chromium.

The board stands over a database of 240 people with four weeks behind them (benchmarks/population.py).
"""

import asyncio
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bench_board import PASSWORD, Steps  # noqa: E402
from benchmarks.population import Size, populate  # noqa: E402
from nudger.app.core import Core  # noqa: E402
from nudger.app.settings import load  # noqa: E402
from nudger.app.state import open_database  # noqa: E402
from nudger.app.web import build_desk  # noqa: E402
from nudger.web.app import build_app  # noqa: E402
from nudger.web.board.pages import BoardPages  # noqa: E402
from nudger.web.security.connections import Throttle  # noqa: E402
from nudger.web.serve import serve  # noqa: E402

IMAGES = ROOT / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SIZE = Size(240, days=28, every=1, dense=240)
PICTURES = {
    "board": ("/board", "light", 880),
    "board-figures": ("/board/figures", "light", 1080),
    "board-person": ("/board/people/p000005", "dark", 1000),
}


class Morning(Steps):
    """Today, late in the morning: some have gone out, some are to come."""

    def now(self) -> datetime:
        return datetime.now(UTC).replace(hour=14, minute=20, second=0, microsecond=0)


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("make screenshots needs Chromium: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _board(Path(folder)) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, (path, scheme, height) in PICTURES.items():
            _take(browser, address, path, scheme, height, IMAGES / f"{name}.png")
        browser.close()


def _take(browser: Browser, address: str, path: str, scheme: str, height: int, file: Path) -> None:
    page = browser.new_page(viewport={"width": 1080, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address + "/board/login")
    page.get_by_label("The operator’s password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/board")
    page.goto(address + path)
    page.screenshot(path=file)
    page.close()


@contextmanager
def _board(folder: Path) -> Iterator[str]:
    """The board over a database with people in it; gives its address."""
    core = Core(load(None, {"NUDGER_STATE_DIR": str(folder), "HOME": str(folder)}, folder))
    store, clock = open_database(core), Morning()
    populate(store, SIZE, clock.now())
    desk = build_desk(core, store, clock, clock)
    board = BoardPages(desk, store.upkeep, PASSWORD, b"k" * 32, Throttle(time.monotonic))
    up, ends, found = threading.Event(), threading.Event(), []

    async def run() -> None:
        app = build_app([board])
        async with serve(app, "127.0.0.1", 0) as address:
            found.append(address)
            up.set()
            await asyncio.to_thread(ends.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    up.wait()
    try:
        yield found[0]
    finally:
        ends.set()
        thread.join()
        store.close()


if __name__ == "__main__":
    main()
