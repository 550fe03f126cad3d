"""Editing while the daemon runs: nothing lost, nothing twice, and the status is right at each pause."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from nudger.store import open_store
from tests.support.running import Running, running

PEOPLE, EDITS, PAUSES = 12, 200, 10
PLAN = """
name = "P{number}"
timezone = "UTC"
phone = "+4477009001{number:02}"
consent = "2026-11-20, on paper"
quiet = "none"
gap = "0m"
daily_limit = 8
[[nudge]]
kind = "rest"
at = "{at:%H:%M}"
message = "soon"
[[nudge]]
kind = "movement"
at = "{later:%H:%M}"
message = "version {version}"
"""


class Editor:
    """Someone who saves plan files in every way that editors do, and half the time with a mistake."""

    def __init__(self, folder: Path, at: datetime) -> None:
        self.folder, self.at, self.random = folder, at, Random(7)
        # person -> the versions of which one ought to run: a good one that was overwritten with a
        # mistake before anybody looked may never have been seen.
        self.may_run: dict[str, set[int]] = {}
        self.broken: set[str] = set()
        for number in range(PEOPLE):
            self._write(number, 0, broken=False)

    def text(self, number: int, version: int) -> str:
        return PLAN.format(number=number, at=self.at, later=self.at + timedelta(hours=2), version=version)

    def _write(self, number: int, version: int, *, broken: bool) -> tuple[Path, bytes]:
        person = f"p{number}"
        text = self.text(number, version)
        if broken:
            text = self.random.choice(
                [text + 'kidn = "rest"\n', text.replace('"UTC"', '"Utopia"'), text[:40]]
            )
            self.broken.add(person)
        else:
            self.may_run.setdefault(person, set()).add(version)
            self.broken.discard(person)
        file = self.folder / f"{person}.toml"
        if version == 0:
            file.write_text(text)
        return file, text.encode()

    def right(self, versions: dict[str, int], broken: set[str]) -> bool:
        """Whether that is what ought to run; then it is what keeps running under later mistakes."""
        if broken != self.broken or versions.keys() != self.may_run.keys():
            return False
        for person, version in versions.items():
            newest = max(self.may_run[person])
            if version not in self.may_run[person] or (person not in broken and version != newest):
                return False
        self.may_run = {person: {version} for person, version in versions.items()}
        return True

    async def edit(self, version: int) -> None:
        file, data = self._write(self.random.randrange(PEOPLE), version, broken=self.random.random() < 0.5)
        if self.random.random() < 0.5:  # atomic: a new file, renamed over the old one
            new = file.with_name(f".{file.name}.new")
            new.write_bytes(data)
            new.replace(file)
        else:  # slow: in place, half now and half a moment later, as over a network
            with file.open("wb", buffering=0) as opened:
                opened.write(data[: len(data) // 2])
                await asyncio.sleep(0.02)  # the moment is the point: a reload may fall into it
                opened.write(data[len(data) // 2 :])


def standing(folder: Path) -> tuple[dict[str, int], set[str]]:
    """Which version of each plan runs, and whose file has problems, as the database says."""
    store = open_store(f"sqlite:///{folder}/state/nudger/nudger.db", create=False)
    try:
        running_versions = {
            person.id: int((person.plan.nudges[1].message or "version -1").split()[1])
            for person in store.people.people()
            if person.standing.removed_at is None
        }
        problems = store.overview.status(datetime.now(UTC)).problems
        return running_versions, {Path(one.file).stem for one in problems if one.severity == "error"}
    finally:
        store.close()


async def settled(daemon: Running, folder: Path, editor: Editor) -> None:
    """Waits until the daemon has taken over the last edit; each reload ends with READY."""
    async with asyncio.timeout(20):
        while True:
            seen = len(daemon.told.lines)
            if editor.right(*standing(folder)):
                return
            await daemon.told.wait_for("READY=1", since=seen)


async def test_two_hundred_edits_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    at = (datetime.now(UTC) + timedelta(seconds=100)).replace(second=0, microsecond=0)
    plans = tmp_path / "plans"
    plans.mkdir()
    editor = Editor(plans, at)

    async with asyncio.timeout(240), running(tmp_path, WEB_PORT="0", LOG_LEVEL="info") as daemon:
        for version in range(1, EDITS + 1):
            await editor.edit(version)
            if version % (EDITS // PAUSES) == 0:
                await settled(daemon, tmp_path, editor)
        store = open_store(f"sqlite:///{tmp_path}/state/nudger/nudger.db", create=False)
        async with asyncio.timeout(150):
            while len(store.people.conversation()) < PEOPLE:
                await daemon.told.news.wait()  # the watchdog's and the status lines come in between
                daemon.told.news.clear()
        sent = [(line.person, line.text) for line in store.people.conversation()]
        store.close()
        code = await daemon.stop()

    assert code == 0
    assert sorted(sent) == sorted((f"p{number}", "soon") for number in range(PEOPLE))
    assert "Traceback" not in daemon.log.read_text()
