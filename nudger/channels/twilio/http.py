"""Twilio's HTTP: one pooled session, and a clear word on what certainly did not go out.

The twilio package's own asynchronous client (9.13.0) does not hold its time limit, keeps the last
response where concurrent callers find it, warns under aiohttp 3.14, and its errors carry no headers.
"""

import asyncio
import json
import logging
from contextvars import ContextVar
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

CONNECTIONS = 100  # Twilio answers 429 to more concurrent requests than about this many
FORM = "application/x-www-form-urlencoded"
LONGEST_WAIT = timedelta(days=1)  # of a Retry-After; past it, it is nonsense
LOUD_LOGGERS = ("twilio", "urllib3", "aiohttp")


# When the first byte of this task's requests must be out, by the loop's clock; else they are NotReached.
# A context variable, for the twilio package stands between a message and its request.
BEFORE: ContextVar[float | None] = ContextVar("BEFORE", default=None)


class NotReached(Exception):
    """Nothing of the request was written: no address, no connection, no TLS, or no free connection."""


class NoAnswer(Exception):
    """The request, or a part of it, was written, and no whole answer came. It may have been received."""


class TwilioRefused(Exception):
    """An answer other than a success. Twilio's own words are left out: they quote phone numbers."""

    def __init__(self, status: int, code: int | None, retry_after: timedelta | None) -> None:
        super().__init__(f"HTTP {status}, code {code}")
        self.status = status
        self.code = code
        self.retry_after = retry_after


def quiet_loggers() -> None:
    """Raises the libraries' loggers to WARNING: below it, they write phone numbers and account ids.

    Levels that are already stricter stay.
    """
    for name in LOUD_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


class TwilioHttp(AsyncHttpClient):  # type: ignore[misc]  # the twilio package ships no types
    """The HTTP client to build a `twilio.rest.Client` with.

    The session is opened by the first request, inside the running loop, and needs `close()`.
    """

    def __init__(self, timeout: timedelta, connections: int = CONNECTIONS) -> None:
        super().__init__(logging.getLogger("twilio.nudger"), True, timeout.total_seconds())
        self._connections = connections
        self._authorization = lru_cache(aiohttp.encode_basic_auth)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  (the name is the twilio package's)
        allow_redirects: bool = False,
    ) -> Response:
        """Makes one request, never repeated, within `timeout` seconds in all (else the client's limit).

        Raises NotReached, NoAnswer, or TwilioRefused for every status that is not a success.
        """
        limit = timeout or self.timeout
        until = asyncio.get_running_loop().time() + limit
        form = _Body(data, min(until, BEFORE.get() or until)) if data else None
        sent_headers = {"Content-Type": FORM, **(headers or {})}
        if auth is not None:
            sent_headers["Authorization"] = self._authorization(*auth)
        try:
            async with self._opened().request(
                method.upper(),
                url,
                params=params,
                data=form,
                headers=sent_headers,
                timeout=aiohttp.ClientTimeout(total=limit),
                allow_redirects=allow_redirects,
            ) as answer:
                body = (await answer.read()).decode("utf-8", "replace")
        except (aiohttp.ClientError, OSError) as error:
            # Not chained: aiohttp's errors may hold the request, and with it the credentials.
            unsent = isinstance(error, aiohttp.ClientConnectorError) or (form is not None and not form.begun)
            raise (NotReached if unsent else NoAnswer)(_words(error)) from None
        if not 200 <= answer.status < 300:
            raise TwilioRefused(answer.status, _code(body), _retry_after(answer.headers))
        return Response(answer.status, body, answer.headers)

    async def close(self) -> None:
        """Closes the pool. A request after it is NotReached."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise NotReached("the connection to Twilio is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class _Body(aiohttp.BytesPayload):
    """The body of a request. `begun` is False as long as certainly nothing of it was written, and without
    its body no message is accepted. (aiohttp's tracing says as much, for a tenth of a request's time.)"""

    def __init__(self, data: dict[str, Any], until: float) -> None:
        super().__init__(urlencode(data, doseq=True).encode(), content_type=FORM)
        self.begun = False
        self._until = until  # by the loop's clock

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        # RACE: a process that stood still past its limit, and is connected now, wakes up here before
        # aiohttp's own limit is heard. What it had claimed is another's by then.
        if asyncio.get_running_loop().time() > self._until:
            raise TimeoutError
        self.begun = True
        await super().write_with_length(writer, content_length)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "Twilio did not answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"Twilio could not be reached ({type(error.os_error).__name__})"
    return f"the connection to Twilio broke ({type(error).__name__})"


def _code(body: str) -> int | None:
    """Twilio's error code: in its own errors and in RFC 9457 problems alike, the member `code`."""
    try:
        code = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError):
        return None  # a proxy's page, or a problem without a code
    return code if isinstance(code, int) else None


def _retry_after(headers: Any) -> timedelta | None:
    """RFC 9110, 10.2.3: seconds, or a date, which is counted from the answer's own Date."""
    value = headers.get("Retry-After", "").strip()
    try:
        if value.isdecimal():
            wait = timedelta(seconds=int(value))
        else:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
