"""The plans folder, edited, moved away and replaced in every way: each change is told within two seconds."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path

import pytest
import pytest_asyncio

from nudger.plan_sync.changes import changes
from nudger.plan_sync.sync import only_plans

BUSY = 3.0  # seconds: two are promised, and the machine may do other things as well


class Follower:
    """Listens to what is told of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = changes(folder)

    async def begin(self) -> None:
        assert not await anext(self.told)

    async def hears(self, what: Collection[str] | None = None) -> float:
        """Waits until these plan files are told, or (None) the folder; how long that took."""
        began = time.monotonic()
        async with asyncio.timeout(15):
            while True:
                paths = await anext(self.told)
                plans = only_plans(paths, self.folder)
                if plans is None or (what is not None and set(what) <= {Path(one).name for one in plans}):
                    return time.monotonic() - began

    async def is_listening(self) -> None:
        """An edit is heard of, and nothing else is still to be told."""
        (self.folder / "settled.toml").write_text(str(time.monotonic()))
        await self.hears(["settled.toml"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "etc" / "plans"
    (made / "shared").mkdir(parents=True)
    (made / "maya.toml").write_text("1")
    (made / "shared" / "week.toml").write_text("1")
    return made


@pytest_asyncio.fixture
async def follower(folder: Path) -> AsyncIterator[Follower]:
    made = Follower(folder)
    await made.begin()
    yield made
    await made.told.aclose()  # type: ignore[attr-defined]


async def test_an_edit_is_told_by_its_file(folder: Path, follower: Follower) -> None:
    (folder / "maya.toml").write_text("2")

    assert await follower.hears(["maya.toml"]) < BUSY


async def test_an_edit_between_two_looks_and_before_the_kernel_listens_is_not_lost(folder: Path) -> None:
    follower = Follower(folder)
    await follower.begin()
    (folder / "jo.toml").write_text("1")

    assert await follower.hears(["jo.toml"]) < BUSY
    await follower.told.aclose()  # type: ignore[attr-defined]


def move(folder: Path, to: Path) -> None:
    folder.rename(to)


def renamed(folder: Path) -> None:
    new = folder.with_name("new")
    shutil.copytree(folder, new)
    folder.rename(folder.with_name("old"))
    new.rename(folder)


def parent_renamed(folder: Path) -> None:
    new = folder.parent.with_name("new")
    shutil.copytree(folder.parent, new)
    folder.parent.rename(folder.parent.with_name("old"))
    new.rename(folder.parent)


def removed_and_made(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def shared_replaced(folder: Path) -> None:
    shared = folder / "shared"
    new = folder.parent / "shared-new"
    shutil.copytree(shared, new)
    shared.rename(folder.parent / "shared-old")
    new.rename(shared)


def as_a_link(folder: Path) -> None:
    """The folder is a link from the beginning."""
    folder.rename(folder.with_name("first"))
    folder.symlink_to("first")


def link_pointed_elsewhere(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name("second"))
    link = folder.with_name("link")
    link.symlink_to("second")
    link.replace(folder)


REPLACED: list[tuple[Callable[[Path], None] | None, Callable[[Path], None]]] = [
    (None, renamed),
    (None, parent_renamed),
    (None, removed_and_made),
    (None, shared_replaced),
    (as_a_link, link_pointed_elsewhere),
    (None, as_a_link),
]


@pytest.mark.parametrize(("before", "replace"), REPLACED, ids=lambda one: one.__name__ if one else "")
async def test_a_folder_that_is_replaced_is_told_and_goes_on_being_watched(
    before: Callable[[Path], None] | None, replace: Callable[[Path], None], folder: Path
) -> None:
    if before is not None:
        before(folder)
    follower = Follower(folder)
    await follower.begin()
    await follower.is_listening()

    for _ in range(2 if replace in (renamed, removed_and_made) else 1):
        shutil.rmtree(folder.with_name("old"), ignore_errors=True)
        replace(folder)
        assert await follower.hears() < BUSY
        await follower.is_listening()
        (folder / "maya.toml").write_text("edited")
        assert await follower.hears(["maya.toml"]) < BUSY
        (folder / "shared").mkdir(exist_ok=True)
        (folder / "shared" / "week.toml").write_text("edited")
        assert await follower.hears() < BUSY
    await follower.told.aclose()  # type: ignore[attr-defined]


async def test_a_folder_that_is_gone_is_told_and_that_it_is_back(folder: Path, follower: Follower) -> None:
    await follower.is_listening()
    move(folder, folder.with_name("away"))
    assert await follower.hears() < BUSY

    move(folder.with_name("away"), folder)

    assert await follower.hears() < BUSY
    (folder / "maya.toml").write_text("edited")
    assert await follower.hears(["maya.toml"]) < BUSY


async def test_a_folder_that_is_not_there_at_first_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "srv" / "plans"
    follower = Follower(folder)
    await follower.begin()

    folder.mkdir(parents=True)

    assert await follower.hears() < BUSY
    (folder / "maya.toml").write_text("1")
    assert await follower.hears(["maya.toml"]) < BUSY
    await follower.told.aclose()  # type: ignore[attr-defined]


async def test_a_plan_that_is_a_link_is_told_when_what_it_points_to_changes(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.toml").write_text("1")
    (folder / "linked.toml").symlink_to(tmp_path / "elsewhere.toml")
    follower = Follower(folder)
    await follower.begin()
    await follower.is_listening()

    (tmp_path / "elsewhere.toml").write_text("another one")

    assert await follower.hears() < BUSY
    await follower.told.aclose()  # type: ignore[attr-defined]


@pytest.fixture
def mounted(folder: Path) -> Callable[..., None]:
    """Mounts an empty disk there, or takes it away."""

    def mount(*arguments: str) -> None:
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"{' '.join(arguments)}: needs the right to mount ({done.stderr.strip()})")

    return mount


async def test_a_disk_that_is_mounted_and_one_that_is_taken_away_are_told(
    folder: Path, follower: Follower, mounted: Callable[..., None]
) -> None:
    await follower.is_listening()
    mounted("mount", "-t", "tmpfs", "none", str(folder))
    try:
        assert await follower.hears() < BUSY
        await follower.is_listening()
        (folder / "jo.toml").write_text("1")
        assert await follower.hears(["jo.toml"]) < BUSY
    finally:
        mounted("umount", "--lazy", str(folder))

    assert await follower.hears() < BUSY
    (folder / "maya.toml").write_text("edited")
    assert await follower.hears(["maya.toml"]) < BUSY


async def test_what_git_and_synchronisers_keep_beside_the_plans_is_no_news(
    folder: Path, follower: Follower
) -> None:
    await follower.is_listening()
    (folder / ".git").mkdir()
    (folder / ".git" / "index").write_text("1")
    (folder / ".maya.toml.swp").write_text("1")
    (folder / "maya.toml").write_text("2")

    told = set[str]()
    while "maya.toml" not in told:
        told |= {path.name for path in await anext(follower.told)}

    assert told <= {"maya.toml", "plans"}  # the folder: what was written before is looked at once more


async def test_a_folder_below_a_hidden_one_is_watched_as_any_other(tmp_path: Path) -> None:
    folder = tmp_path / ".venv" / "node_modules" / "plans"
    folder.mkdir(parents=True)
    follower = Follower(folder)
    await follower.begin()

    (folder / "maya.toml").write_text("1")

    assert await follower.hears(["maya.toml"]) < BUSY
    await follower.told.aclose()  # type: ignore[attr-defined]


async def test_a_relative_path_is_followed_from_where_the_daemon_began(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    follower = Follower(Path("plans"))
    await follower.begin()
    await follower.is_listening()

    renamed(Path("plans"))

    assert await follower.hears() < BUSY
    await follower.told.aclose()  # type: ignore[attr-defined]
