"""Who is signed in: a signed cookie, which ends by itself, with the password, and for good by signing out;
and which browsers the operator has signed in from, so that no stranger's guesses keep them out.
Programs, the API's and monitoring's, name a token."""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from nudger.operations.port import UpkeepStore
from nudger.web.security.connections import Throttle
from nudger.web.security.guard import prove

CHALLENGE = {"WWW-Authenticate": "Bearer"}  # RFC 6750, 3


@dataclass(frozen=True, slots=True)
class Bearer:
    """Lets in who sends `Authorization: Bearer <token>`; only the others are slowed down."""

    token: str
    throttle: Throttle

    def check(self, request: Request) -> None:
        """Raises HTTPException: 401 without the right token, 429 for too many tries."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._right(given.strip()):
            prove(request)
            return
        if not self.throttle.lets_in(request):
            raise HTTPException(429, "Too many tries with a wrong token.", {"Retry-After": "12"})
        raise HTTPException(401, "This needs the header Authorization: Bearer NUDGER_API_TOKEN.", CHALLENGE)

    def _right(self, given: str) -> bool:
        """In a time that tells nothing of how much of it was right."""
        return hmac.compare_digest(sha256(given.encode()).digest(), sha256(self.token.encode()).digest())


SESSION, DEVICE = "nudger_board", "nudger_device"  # cookies
LASTS = timedelta(hours=12)
DEVICE_LASTS = timedelta(days=400)  # no browser keeps a cookie for longer (RFC 6265bis, 5.5)


class Sessions:
    """Signs in with the operator's password, and out: that is kept where every host and every later start
    sees it."""

    def __init__(self, password: str, secret: bytes, public_url: str | None, store: UpkeepStore) -> None:
        self._password = sha256(password.encode()).digest()
        # The password is part of the key: a changed one ends every session.
        self._sessions = URLSafeSerializer(hmac.digest(secret, self._password, sha256), salt="board")
        # Not of this one: whoever changes the password would be a stranger to the door in front of it.
        self._devices = URLSafeSerializer(secret, salt="device")
        public = urlsplit(public_url or "")
        self._https_host = public.hostname if public.scheme == "https" else None
        self._store = store

    def right(self, password: str) -> bool:
        """Tells whether this is it, in a time that tells nothing of how much of it was right."""
        return hmac.compare_digest(sha256(password.encode()).digest(), self._password)

    def device(self, request: Request) -> str | None:
        """Names the browser, where the operator has signed in from it before."""
        known = _read(self._devices, request, DEVICE) or _read(self._sessions, request, SESSION)
        return None if known is None else str(known["id"])

    def begin(self, request: Request, response: Response, now: datetime) -> None:
        """Signs in: sets the cookies of a session and of its browser."""
        session = {"id": token_hex(16), "until": int((now + LASTS).timestamp())}
        self._set(request, response, SESSION, self._sessions.dumps(session), LASTS)
        device = {"id": self.device(request) or token_hex(16)}
        self._set(request, response, DEVICE, self._devices.dumps(device), DEVICE_LASTS)

    async def stands(self, request: Request, now: datetime) -> bool:
        """Tells whether a session is named that neither ended by itself nor was signed out of."""
        session = self._session(request, now)
        if session is None:
            return False
        return not await asyncio.to_thread(self._store.session_ended, session)

    async def end(self, request: Request, response: Response, now: datetime) -> None:
        """Signs out, on every host, and for good. The browser stays known."""
        session = self._session(request, now)
        if session is not None:
            await asyncio.to_thread(self._store.end_session, session, now + LASTS, now)
        response.delete_cookie(
            SESSION, path="/", httponly=True, samesite="strict", secure=self._is_https(request)
        )

    def _session(self, request: Request, now: datetime) -> str | None:
        said = _read(self._sessions, request, SESSION)
        if said is None or now >= datetime.fromtimestamp(said["until"], UTC):
            return None
        return str(said["id"])

    def _set(self, request: Request, response: Response, name: str, value: str, lasts: timedelta) -> None:
        response.set_cookie(
            name,
            value,
            max_age=int(lasts.total_seconds()),
            path="/",
            httponly=True,
            samesite="strict",
            secure=self._is_https(request),
        )

    def _is_https(self, request: Request) -> bool:
        """Whether the browser is at the public address, where a proxy speaks TLS. On the machine itself
        the board is asked for without TLS, and a Secure cookie would not come back."""
        return self._https_host is not None and request.url.hostname == self._https_host


def _read(serializer: URLSafeSerializer, request: Request, cookie: str) -> Mapping[str, Any] | None:
    """What a cookie of ours says; None where it is not, or not ours."""
    try:
        said: Mapping[str, Any] = serializer.loads(request.cookies.get(cookie, ""))
    except BadSignature:
        return None
    return said
