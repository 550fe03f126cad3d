"""Runs every test: `make test`. What follows on the command line goes to pytest.

Six processes. Tests that start daemons wait for most of their time, so theirs run beside the others,
and what they said comes at the end. So do the slow ones, which work for minutes: they step back for whatever
has a clock to keep. Browser tests have one of their own: Playwright's synchronous face
leaves an event loop running, which breaks the asynchronous tests that come after it. Last stands what
was skipped, and what would enable it.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

NOTHING_COLLECTED = 5
BESIDE = {
    "faults": "faults and not browser",
    "system": "system and not browser",
    "slow": "slow and not browser and not faults and not system",
    "slow store": "slow and not browser and not faults and not system",
}
WHERE = {"slow": ["--ignore=tests/store"], "slow store": ["tests/store"]}
IN_TURN = {"browser": "browser", "rest": "not slow and not browser and not faults and not system"}
BEHIND = ["nice", "-n", "10"]
PATIENCE = ["-o", "faulthandler_timeout=1200"]  # for who steps back; the others are ended after five minutes


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        beside = {name: _start(name, Path(folder), arguments) for name in BESIDE}
        codes = [
            subprocess.run(_pytest(name, Path(folder), arguments), check=False).returncode for name in IN_TURN
        ]
        for name, process in beside.items():
            codes.append(process.wait())
            print(f"\n{name}:\n{_output(name, Path(folder)).read_text(errors='replace')}", flush=True)
        skipped = Counter(reason for file in Path(folder).glob("*.xml") for reason in _skipped(file))
    if skipped:
        print("\nSkipped on this machine (docs/testing.md):")
        for reason, times in skipped.items():
            print(f"  {times:3} x {reason}")
    return next((code for code in codes if code not in (0, NOTHING_COLLECTED)), min(codes))


def _start(name: str, folder: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    command = _pytest(name, folder, arguments)
    if name in WHERE:
        command = [*BEHIND, *command, *PATIENCE]
    with _output(name, folder).open("wb") as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def _output(name: str, folder: Path) -> Path:
    return folder / f"{name}.txt"


def _pytest(name: str, folder: Path, arguments: list[str]) -> list[str]:
    chosen, report = (BESIDE | IN_TURN)[name], folder / f"{name}.xml"
    where = WHERE.get(name, ())
    return [sys.executable, "-m", "pytest", "-q", "-m", chosen, f"--junit-xml={report}", *where, *arguments]


def _skipped(report: Path) -> list[str]:
    return [skip.get("message", "") for skip in ElementTree.parse(report).iter("skipped")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
