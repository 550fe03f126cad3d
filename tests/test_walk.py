"""docs/architecture.md tells the way of one nudge as it is walked."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The walk begins with a plan's text and ends with a channel that records: it meets none of these.
NOT_WALKED = ("channels/", "plan_sync/", "web/")


def test_the_way_of_one_nudge_is_walked_through_each_file_that_is_named() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    way = page.partition("## The way of one nudge\n")[2].partition("\n## ")[0]
    named = {file for file in re.findall(r"`(\w[\w/]+\.py)`", way) if not file.startswith(NOT_WALKED)}

    walk = subprocess.run(
        [sys.executable, "-m", "tests.walk", "--list"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    figures, *lines = walk.stdout.splitlines()
    met = {line.strip() for line in lines if " -> " not in line}
    assert re.fullmatch(r"\d+ files, \d+ crossings", figures)
    assert len(named) > 12
    assert named - met == set()
