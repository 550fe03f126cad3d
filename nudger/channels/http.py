"""HTTP to a provider: one pooled session, and a clear word on what certainly did not go out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractStreamWriter

LONGEST_WAIT = timedelta(days=1)  # of a Retry-After; past it, it is nonsense


class NotReached(Exception):
    """Nothing of the request was written: no address, no connection, no TLS, or no free connection."""


class NoAnswer(Exception):
    """The request, or a part of it, was written, and no whole answer came. It may have been received."""


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """An answer, whole, whatever its status."""

    status: int
    body: str
    headers: Mapping[str, str]


class Pool:
    """Connections to one provider, whose name stands in every fault.

    The session is opened by the first request, inside the running loop, and needs `close()`.
    """

    def __init__(self, provider: str, connections: int) -> None:
        self._provider = provider
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def request(
        self,
        method: str,
        url: str,
        limit_s: float,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        before: float | None = None,
    ) -> WholeAnswer:
        """Makes one request, never repeated, within `limit_s` in all, and follows no redirect.

        Args:
            body: of the content type that `headers` name.
            before: when the first byte of the body must be out, by the loop's clock; else it is NotReached.

        Raises:
            NotReached, NoAnswer: neither names an address or what was sent.
        """
        until = asyncio.get_running_loop().time() + limit_s
        data = _Body(body, min(until, before or until), headers["Content-Type"]) if body is not None else None
        try:
            async with self._opened().request(
                method,
                url,
                params=params,
                data=data,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=limit_s),
                allow_redirects=False,
            ) as answer:
                text = (await answer.read()).decode("utf-8", "replace")
        except (aiohttp.ClientError, OSError) as error:
            # Not chained: aiohttp's errors may hold the request, and with it the credentials.
            unsent = isinstance(error, aiohttp.ClientConnectorError) or (data is not None and not data.begun)
            raise (NotReached if unsent else NoAnswer)(self._words(error)) from None
        return WholeAnswer(answer.status, text, answer.headers)

    async def close(self) -> None:
        """Closes the pool. A request after it is NotReached."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise NotReached(f"the connection to {self._provider} is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _words(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"{self._provider} did not answer in time"
        if isinstance(error, aiohttp.ClientConnectorError):
            return f"{self._provider} could not be reached ({type(error.os_error).__name__})"
        return f"the connection to {self._provider} broke ({type(error).__name__})"


class _Body(aiohttp.BytesPayload):
    """The body of a request. `begun` is False as long as certainly nothing of it was written, and without
    its body no message is accepted. (aiohttp's tracing says as much, for a tenth of a request's time.)"""

    def __init__(self, data: bytes, until: float, content_type: str) -> None:
        super().__init__(data, content_type=content_type)
        self.begun = False
        self._until = until  # by the loop's clock

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        # RACE: a process that stood still past its limit, and is connected now, wakes up here before
        # aiohttp's own limit is heard. What it had claimed is another's by then.
        if asyncio.get_running_loop().time() > self._until:
            raise TimeoutError
        self.begun = True
        await super().write_with_length(writer, content_length)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Reads Retry-After (RFC 9110, 10.2.3): seconds, or a date, which is counted from the answer's own
    Date."""
    value = headers.get("Retry-After", "").strip()
    try:
        if value.isdecimal():
            wait = timedelta(seconds=int(value))
        else:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
