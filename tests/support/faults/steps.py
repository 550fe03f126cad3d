"""The named steps of a daemon that runs, armed one by one (failpoints.py)."""

import asyncio
from pathlib import Path

from watchfiles import awatch


class Steps:
    """The folder that FAILPOINTS_FOR_TESTS names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def arm(self, step: str, what: str) -> None:
        """The next that reaches `step` does `what`: kill, stop or hang."""
        self._mark(step).unlink(missing_ok=True)
        new = self.folder / f".{step}"
        new.write_text(what)
        new.rename(self.folder / step)  # whole at once: the daemon may be at the step now

    def disarm(self, step: str) -> None:
        (self.folder / step).unlink(missing_ok=True)

    def was_reached(self, step: str) -> bool:
        return self._mark(step).exists()

    async def reached(self, step: str, within: float = 20) -> None:
        async with asyncio.timeout(within):
            changes = awatch(self.folder, step=20, yield_on_timeout=True, rust_timeout=500)
            async for _ in changes:
                if self.was_reached(step):
                    return

    def _mark(self, step: str) -> Path:
        return self.folder / f"{step}.reached"
