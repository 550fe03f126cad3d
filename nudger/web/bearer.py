"""Programs that name a token: the API's and monitoring's."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from starlette.exceptions import HTTPException
from starlette.requests import Request

from nudger.web.guard import prove
from nudger.web.throttle import Throttle

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
