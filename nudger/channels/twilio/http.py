"""Twilio's HTTP: one pooled session, and a clear word on what certainly did not go out.

The twilio package's own asynchronous client (9.13.0) does not hold its time limit, keeps the last
response where concurrent callers find it, warns under aiohttp 3.14, and its errors carry no headers.
"""

import json
import logging
from contextvars import ContextVar
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from nudger.channels.http import Pool, retry_after

CONNECTIONS = 100  # Twilio answers 429 to more concurrent requests than about this many
FORM = "application/x-www-form-urlencoded"
LOUD_LOGGERS = ("twilio", "urllib3", "aiohttp")


# When the first byte of this task's requests must be out, by the loop's clock; else they are NotReached.
# A context variable, for the twilio package stands between a message and its request.
BEFORE: ContextVar[float | None] = ContextVar("BEFORE", default=None)


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
        self._authorization = lru_cache(aiohttp.encode_basic_auth)
        self._pool = Pool("Twilio", connections)

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
        **_others: object,  # the package names redirects, too: none is followed
    ) -> Response:
        """Makes one request, never repeated, within `timeout` seconds in all (else the client's limit).

        Raises NotReached, NoAnswer, or TwilioRefused for every status that is not a success.
        """
        sent_headers = {"Content-Type": FORM, **(headers or {})}
        if auth is not None:
            sent_headers["Authorization"] = self._authorization(*auth)
        answer = await self._pool.request(
            method.upper(),
            url,
            timeout or self.timeout,
            headers=sent_headers,
            params=params,
            body=urlencode(data, doseq=True).encode() if data else None,
            before=BEFORE.get(),
        )
        if not 200 <= answer.status < 300:
            raise TwilioRefused(answer.status, _code(answer.body), retry_after(answer.headers))
        return Response(answer.status, answer.body, answer.headers)

    async def close(self) -> None:
        """Closes the pool. A request after it is NotReached."""
        await self._pool.close()


def _code(body: str) -> int | None:
    """Twilio's error code: in its own errors and in RFC 9457 problems alike, the member `code`."""
    try:
        code = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError):
        return None  # a proxy's page, or a problem without a code
    return code if isinstance(code, int) else None
