"""Whether there is room for the database to grow."""

import shutil
from pathlib import Path

from nudger.doctor.finding import Finding, failure, ok, warning
from nudger.watching import LEAST, LITTLE, MB

STORE = 4  # the exit code


def disk_has_room(folder: Path) -> Finding:
    """`folder` need not exist yet: then the nearest one above it counts."""
    free = shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists())).free
    return judged(free, folder)


def judged(free: int, folder: Path) -> Finding:
    """`free` in bytes."""
    room = f"{_shown(free)} free at {folder}"
    advice = "A full disk stops every nudge. Free some space: du -xh / | sort -h | tail"
    if free < LEAST:
        return failure(room, advice, STORE)
    return warning(room, advice) if free < LITTLE else ok(room)


def _shown(size: int) -> str:
    return f"{size / 1000 / MB:.1f} GB" if size >= 1000 * MB else f"{size / MB:.0f} MB"
