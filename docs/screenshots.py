"""Makes docs/images from the running demo: `make screenshots`. Needs Chromium (apt-get install chromium)."""

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SPEED = "120"  # times as fast as life: slow enough that a reply lands close to its nudge


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("make screenshots needs Chromium: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _demo(folder) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1080, "height": 780}, device_scale_factor=1.5)
        page.goto(address + "/phone")
        _converse(page)
        page.screenshot(path=IMAGES / "phone.png")
        browser.close()


@contextmanager
def _demo(folder: str) -> Iterator[str]:
    """The demo as somebody at a terminal sees it, at its own pace; gives its address."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "nudger", "demo", "--speed", SPEED]
    with subprocess.Popen(command, stdin=its, stdout=its, cwd=folder) as demo:
        try:
            yield _address(ours)
        finally:
            demo.terminate()


def _address(terminal: int) -> str:
    shown = ""
    while (found := re.search(r"http://\S+?(?=/phone)", shown)) is None:
        shown += os.read(terminal, 4096).decode()
    return found[0]


def _converse(page: Page) -> None:
    """A nudge, LATER, and the answer that names the time."""
    phone = page.locator("#phone-maya")
    phone.locator("li.theirs").first.wait_for(timeout=60_000)
    phone.get_by_role("button", name="LATER").click()
    phone.get_by_text(re.compile("OK, again at")).wait_for()
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(500)  # the last bubble fades in


if __name__ == "__main__":
    main()
