"""What Twilio was given to send to one number: asked for where the answer to a send was lost."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from nudger.channels.twilio_codes import failure_of
from nudger.channels.twilio_http import NoAnswer, NotReached, Refused
from nudger.channels.twilio_statuses import report_of
from nudger.delivery.doubts import Listed
from nudger.errors import ChannelError
from nudger.instants import nearest

LATEST = 100  # of all that ever went to one number
PAGE_SIZE = 1000  # the most that Twilio gives on one page


async def listed(messages: Any, address: str, from_number: str | None, since: datetime) -> list[Listed]:
    """All that went to `address` on the GMT days of `since` and its neighbours, on however many pages,
    and the latest of all.

    Twilio filters by GMT days, so both days around midnight are asked. The latest are asked for without
    a day too: a text that still waits in Twilio's queue has no DateSent yet, and a filter by it might
    not show it. `from_number` None: a Messaging Service chose the number. Raises ChannelError.
    """
    # Dates, not datetimes: the package does not convert those to GMT.
    first_day = since.astimezone(UTC).date() - timedelta(days=1)
    last_day = first_day + timedelta(days=3)
    where = {"to": address} | ({"from_": from_number} if from_number else {})
    days = {"date_sent_after": first_day, "date_sent_before": last_day, "page_size": PAGE_SIZE}
    found = [
        *await _list(messages, **where, **days),
        *await _list(messages, **where, limit=LATEST, page_size=LATEST),
    ]
    ours = {one.sid: one for one in found if one.sid and one.direction != "inbound"}
    return [_listed(one, address) for one in ours.values()]


async def _list(messages: Any, **where: object) -> Sequence[Any]:
    try:
        found: Sequence[Any] = await messages.list_async(**where)
    except Refused as error:
        reason = failure_of(error.status, error.code).reason
        raise ChannelError(f"Twilio's list of messages: {reason} (HTTP {error.status})") from None
    except Exception as error:
        # Not chained: the package's own errors hold the address of the page, and with it the number.
        reason = str(error) if isinstance(error, NotReached | NoAnswer) else type(error).__name__
        raise ChannelError(f"Twilio's list of messages could not be read: {reason}") from None
    return found


def _listed(one: Any, address: str) -> Listed:
    created_at = one.date_created or one.date_sent
    return Listed(
        report_of(one.sid, str(one.status or ""), one.error_code),
        address,
        one.body or "",
        nearest(created_at) if created_at else None,
    )
