"""The counts of a person's history: pure folds, so that a preview counts as the daemon does."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from nudger.model import History, Plan

# A send this little late counts as on time: the next drawn time keeps its gap from the planned one.
ON_TIME = timedelta(seconds=60)
# At least every 30 days, for a weekly nudge too.
SHOWN_EVERY = timedelta(days=28)


def sent_on(history: History, day: date) -> int:
    """Nudges that count for the daily limit of this local date."""
    return history.sent if history.on == day else 0


def count_send(history: History, day: date, due_at: datetime, now: datetime) -> History:
    """One nudge more on this local date."""
    last_at = due_at if now - due_at < ON_TIME else now
    h = history  # by position: `replace` takes three times as long, and every send comes by here
    return History(day, sent_on(h, day) + 1, last_at, h.recent, h.contacted, h.left_out, h.shown_at)


def thin_out(history: History, plan: Plan, nudge_id: str, fewer: int) -> tuple[bool, History]:
    """Whether this time of a nudge goes after so many LESS, and the history after it.

    Each nudge's own times are counted, so one of every two (of four) goes of a weekly nudge as well as
    of a daily one. The nudges of a plan take turns: the first begins with a time left out, the next
    with one that goes.
    """
    if not fewer and not history.left_out:
        return True, history
    every = 2**fewer
    ids = [nudge.id for nudge in plan.nudges]
    waited = history.left_out.get(nudge_id, ids.index(nudge_id) % every)
    goes = waited + 1 >= every
    kept = {one: count for one, count in history.left_out.items() if fewer and one in ids}
    return goes, replace(history, left_out={**kept, nudge_id: 0 if goes else waited + 1} if fewer else kept)


def shows_ways_out(history: History, local_now: datetime) -> bool:
    """Whether it is time that a text says who sends it, and how to have less of it or none."""
    if history.shown_at is None:
        return False
    last = history.shown_at.astimezone(local_now.tzinfo).date()
    return local_now.date() - last >= SHOWN_EVERY


def in_touch(history: History, contact: str, at: datetime) -> History:
    """The person was in touch with this contact: others come before them for a while."""
    return replace(history, contacted={**history.contacted, contact: at})


def put_off(history: History) -> History:
    """A snooze counts in place of the send that it put off."""
    return replace(history, sent=max(0, history.sent - 1))
