"""Ways to the operator: mail, a plain-text POST as ntfy takes it, a JSON POST, and a ping each minute."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from nudger.agenda.entries import SendFailure, Sending
from nudger.channels.smtp.channel import SmtpChannel
from nudger.domain.effects import nearest
from nudger.domain.errors import ChannelError
from nudger.domain.model import ChannelName, Origin
from nudger.operations.alerts import Alert

TIMEOUT = timedelta(seconds=10)  # for one request, to the last byte of its answer


@dataclass(frozen=True, slots=True)
class PlainPost:
    """The text as the body; Title and Priority as headers (docs.ntfy.sh/publish)."""

    url: str

    async def tell(self, alert: Alert) -> None:
        # Headers are Latin-1 and one line; a host name may be neither. ntfy reads encoded words (RFC 2047).
        title = " ".join(alert.title.replace("=?", "= ?").split()).encode("ascii", "replace").decode()
        headers = {"Title": title, "Priority": "high" if alert.urgent else "default"}
        await _request("POST", self.url, data=alert.text.encode(), headers=headers)


@dataclass(frozen=True, slots=True)
class JsonPost:
    """`{"title", "text", "urgent", "alarms": [keys]}`; chat services show the text."""

    url: str

    async def tell(self, alert: Alert) -> None:
        text = f"{alert.title}\n{alert.text}"
        body = {"title": alert.title, "text": text, "urgent": alert.urgent, "alarms": list(alert.keys)}
        await _request("POST", self.url, json=body)


@dataclass(frozen=True, slots=True)
class AlertParts:
    """An alert's words on their way through the mail channel."""

    subject: str
    text: str
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """By the mail server of the settings; `connect` gives a channel that puts in subject and text as they
    are. Alerts are rare: no connection is kept for the next."""

    connect: Callable[[], SmtpChannel]
    address: str

    async def tell(self, alert: Alert) -> None:
        name = f"alert-{secrets.token_hex(8)}"
        mail = Sending(
            name,
            0,
            "",
            ChannelName.EMAIL,
            self.address,
            alert.text,
            alert.title,
            TIMEOUT,
            Origin.ON_DEMAND,
        )
        channel = self.connect()
        try:
            await channel.send(mail)
        except SendFailure as fault:
            raise ChannelError(f"an alert could not be mailed: {fault.reason}") from None
        finally:
            await channel.close()


def alert_parts(sending: Sending) -> AlertParts:
    return AlertParts(sending.subject, sending.text)


@dataclass(frozen=True, slots=True)
class Ping:
    """GET of `url`, or POST of what is wrong to `url`/fail (healthchecks.io/docs/http_api)."""

    url: str

    async def ping(self, fault: str) -> datetime | None:
        """Returns the time that the answer's Date names (RFC 9110, 6.6.1), if any."""
        if fault:
            parts = urlsplit(self.url)
            url = parts._replace(path=f"{parts.path.rstrip('/')}/fail").geturl()
            answer = await _request("POST", url, data=fault.encode())
        else:
            answer = await _request("GET", self.url)
        try:
            return nearest(parsedate_to_datetime(answer["Date"]))
        except (KeyError, ValueError):
            return None


async def _request(method: str, url: str, **more: Any) -> dict[str, str]:
    """The headers of a good answer. ChannelError names the host alone: the path may be a secret."""
    host = urlsplit(url).hostname
    limit = aiohttp.ClientTimeout(total=TIMEOUT.total_seconds())
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.request(method, url, allow_redirects=False, **more) as answer,
        ):
            await answer.read()
    except (aiohttp.ClientError, OSError, TimeoutError) as fault:
        raise ChannelError(f"{host}: no answer ({type(fault).__name__})") from None
    if answer.status >= 300:
        raise ChannelError(f"{host}: answered {answer.status}")
    return {name.title(): value for name, value in answer.headers.items()}
