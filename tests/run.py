"""Runs every test: `make test`. What follows on the command line goes to pytest.

Browser tests run in a process of their own: Playwright's synchronous face leaves an event loop
running, which breaks the asynchronous tests that come after it. At the end stands what was skipped,
and what would enable it.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

NOTHING_COLLECTED = 5
RUNS = {"browser": "browser", "main": "not browser"}


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, f"{name}.xml") for name in RUNS}
        codes = [_pytest(RUNS[name], file, arguments) for name, file in files.items()]
        skipped = Counter(reason for file in files.values() for reason in _skipped(file))
    if skipped:
        print("\nSkipped on this machine (docs/testing.md):")
        for reason, times in skipped.items():
            print(f"  {times:3} x {reason}")
    return next((code for code in codes if code not in (0, NOTHING_COLLECTED)), min(codes))


def _pytest(marker: str, report: Path, arguments: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-m", marker, f"--junit-xml={report}", *arguments]
    return subprocess.run(command, check=False).returncode


def _skipped(report: Path) -> list[str]:
    if not report.exists():
        return []
    return [skip.get("message", "") for skip in ElementTree.parse(report).iter("skipped")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
