"""What strangers are refused: counted for monitoring, and summed up in the log instead of told one by one."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

SAY_EVERY = 600.0  # seconds: the internet knocks all day, and a log has better uses

log = structlog.get_logger("nudger.web")


def _nobody(_why: str, _page: str) -> None:
    """Counts nothing."""


@dataclass(slots=True)
class Refusals:
    """`count` is what happens at each; `say`, called now and then, logs the sums: the first at once, what
    follows after SAY_EVERY, in one line."""

    observe: Callable[[str, str], None] = _nobody  # (why, page)
    _since: Counter[tuple[str, str]] = field(default_factory=Counter)
    _said_at: float | None = None

    def count(self, why: str, page: str = "") -> None:
        """`why` is a status of HTTP or a word of connections.py; `page` the first part of a path of ours.
        Neither holds anything that a stranger has chosen."""
        self._since[why, page] += 1
        self.observe(why, page)

    def say(self, now: float) -> None:
        """`now` in seconds that never go back."""
        if self._since and (self._said_at is None or now - self._said_at >= SAY_EVERY):
            self._said_at = now
            self.finish()

    def finish(self) -> None:
        """Logs what is not said yet."""
        if self._since:
            sums = {f"{why} {page}".strip(): number for (why, page), number in self._since.most_common()}
            log.info("requests_refused", count=self._since.total(), by=sums)
            self._since.clear()
