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

from playwright.sync_api import Locator, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LARGEST = 200_000  # bytes of one picture
SPEED = "120"  # times as fast as life: slow enough that a reply lands close to its nudge


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("make screenshots needs Chromium: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _demo(folder) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1080, "height": 800}, device_scale_factor=1.25)
        page.goto(address + "/phone")
        _converse(page)
        _picture(page, "phone.png")
        own = browser.new_page(viewport={"width": 1080, "height": 960}, device_scale_factor=1.25)
        own.goto(_own_page(page))
        _picture(own, "person.png")
        browser.close()


def _picture(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.evaluate("() => { scrollTo(0, 0); document.activeElement.blur(); }")
    page.wait_for_timeout(500)  # the last bubble fades in
    page.screenshot(path=IMAGES / name)
    size = (IMAGES / name).stat().st_size
    if size > LARGEST:
        sys.exit(f"{name} has {size:,} bytes, more than {LARGEST:,}")


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
    """On one phone a nudge, LATER and the answer that names the time; on the other an email."""
    phone = page.locator("#phone-maya")
    _next(page, phone.locator("li.theirs"))
    phone.get_by_role("button", name="LATER").click()
    phone.get_by_text(re.compile("OK, again")).wait_for()
    _next(page, page.locator("#phone-jonas .mail"))


def _next(page: Page, bubbles: Locator) -> None:
    """Moves the clock on until there is one of these."""
    while not bubbles.count():
        page.get_by_role("button", name="Next nudge").click()
        page.wait_for_timeout(1000)


def _own_page(page: Page) -> str:
    """Where Maya's own page is: asked for by text, as she would."""
    phone = page.locator("#phone-maya")
    phone.get_by_label("Reply as Maya").fill("LINK")
    phone.get_by_label("Reply as Maya").press("Enter")
    link = phone.locator(".theirs .text a").last
    link.wait_for()
    return str(link.get_attribute("href"))


if __name__ == "__main__":
    main()
