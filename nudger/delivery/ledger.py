"""The counts of a person's history: pure folds, so that a preview counts as the daemon does."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from nudger.model import History

# A send this little late counts as on time: the next drawn time keeps its gap from the planned one.
ON_TIME = timedelta(seconds=60)


def sent_on(history: History, day: date) -> int:
    """Nudges that count for the daily limit of this local date."""
    return history.sent if history.on == day else 0


def count_send(history: History, day: date, due_at: datetime, now: datetime) -> History:
    """One nudge more on this local date."""
    last_at = due_at if now - due_at < ON_TIME else now
    return replace(history, on=day, sent=sent_on(history, day) + 1, last_at=last_at)


def put_off(history: History) -> History:
    """A snooze counts in place of the send that it put off."""
    return replace(history, sent=max(0, history.sent - 1))
