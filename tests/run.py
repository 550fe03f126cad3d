"""Runs every test: `make test`. What follows on the command line goes to pytest.

Three processes. Tests that start daemons wait for most of their time, so theirs runs beside the two
others, and what it said comes at the end. Browser tests have one of their own: Playwright's
synchronous face leaves an event loop running, which breaks the asynchronous tests that come after it.
Last stands what was skipped, and what would enable it.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

NOTHING_COLLECTED = 5
BESIDE = "daemon and not browser"
IN_TURN = ("browser", "not browser and not daemon")


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder, Path(folder, "output").open("w+b") as output:
        reports = [Path(folder, f"{number}.xml") for number in range(3)]
        beside = subprocess.Popen(
            _pytest(BESIDE, reports[0], arguments), stdout=output, stderr=subprocess.STDOUT
        )
        commands = [_pytest(*each, arguments) for each in zip(IN_TURN, reports[1:], strict=True)]
        codes = [subprocess.run(command, check=False).returncode for command in commands]
        codes.append(beside.wait())
        output.seek(0)
        print(f"\nTests that start daemons:\n{output.read().decode(errors='replace')}")
        skipped = Counter(reason for file in reports for reason in _skipped(file))
    if skipped:
        print("\nSkipped on this machine (docs/testing.md):")
        for reason, times in skipped.items():
            print(f"  {times:3} x {reason}")
    return next((code for code in codes if code not in (0, NOTHING_COLLECTED)), min(codes))


def _pytest(marker: str, report: Path, arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "-m", marker, f"--junit-xml={report}", *arguments]


def _skipped(report: Path) -> list[str]:
    if not report.exists():
        return []
    return [skip.get("message", "") for skip in ElementTree.parse(report).iter("skipped")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
