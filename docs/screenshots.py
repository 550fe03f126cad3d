"""Makes docs/images from the running demo: `make screenshots`. Needs Chromium (apt-get install chromium)."""

import re
import shutil
import subprocess
import sys
import tempfile
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
    with tempfile.TemporaryDirectory() as folder, _demo(folder) as demo, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 900, "height": 760}, device_scale_factor=1.5)
        page.goto(_address(demo) + "/phone")
        _converse(page)
        page.screenshot(path=IMAGES / "phone.png")
        browser.close()
        demo.terminate()


def _demo(folder: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-u", "-m", "nudger", "demo", "--days", "30", "--speed", SPEED]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)


def _address(demo: "subprocess.Popen[str]") -> str:
    assert demo.stdout is not None
    for line in demo.stdout:
        if found := re.search(r"http://\S+?(?=/phone)", line):
            return found[0]
    sys.exit("the demo ended before it served the phone")


def _converse(page: Page) -> None:
    """A nudge, LATER, the answer that names the time, the nudge again, and DONE."""
    phone = page.locator("#phone-maya")
    nudges = phone.locator("li.theirs")
    nudges.first.wait_for(timeout=60_000)
    phone.get_by_role("button", name="LATER").click()
    phone.get_by_text(re.compile("OK, again at")).wait_for()
    nudges.nth(2).wait_for(timeout=60_000)
    phone.get_by_role("button", name="DONE").click()
    nudges.nth(3).wait_for(timeout=60_000)


if __name__ == "__main__":
    main()
