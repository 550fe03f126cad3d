"""Who is signed in: a signed cookie, which ends by itself, with the password, and by signing out."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "nudger_board"
LASTS = timedelta(hours=12)


class Sessions:
    """Signs in with the operator's password, and out."""

    def __init__(self, password: str, secret: bytes, public_url: str | None) -> None:
        self._password = sha256(password.encode()).digest()
        # The password is part of the key: a changed one ends every session.
        self._serializer = URLSafeSerializer(hmac.digest(secret, self._password, sha256), salt="board")
        public = urlsplit(public_url or "")
        self._https_host = public.hostname if public.scheme == "https" else None
        self._ended: dict[str, datetime] = {}  # signed out before their time, in this process

    def right(self, password: str) -> bool:
        """In a time that tells nothing of how much of it was right."""
        return hmac.compare_digest(sha256(password.encode()).digest(), self._password)

    def begin(self, request: Request, response: Response, now: datetime) -> None:
        until = now + LASTS
        response.set_cookie(
            COOKIE,
            self._serializer.dumps({"id": token_hex(16), "until": int(until.timestamp())}),
            max_age=int(LASTS.total_seconds()),
            path="/",
            httponly=True,
            samesite="strict",
            secure=self._is_https(request),
        )

    def stands(self, request: Request, now: datetime) -> bool:
        return self._session(request, now) is not None

    def end(self, request: Request, response: Response, now: datetime) -> None:
        session = self._session(request, now)
        if session is not None:
            self._ended = {one: until for one, until in self._ended.items() if until > now}
            self._ended[session] = now + LASTS
        response.delete_cookie(
            COOKIE, path="/", httponly=True, samesite="strict", secure=self._is_https(request)
        )

    def _session(self, request: Request, now: datetime) -> str | None:
        try:
            said = self._serializer.loads(request.cookies.get(COOKIE, ""))
        except BadSignature:
            return None
        until = datetime.fromtimestamp(said["until"], UTC)
        session: str = said["id"]
        return session if now < until and session not in self._ended else None

    def _is_https(self, request: Request) -> bool:
        """Whether the browser is at the public address, where a proxy speaks TLS. On the machine itself
        the board is asked for without TLS, and a Secure cookie would not come back."""
        return self._https_host is not None and request.url.hostname == self._https_host
