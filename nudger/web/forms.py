"""Forms as they come over the wire: small, whole and in time, or refused."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from nudger.web.guard import HANG_UP

LARGEST = 64 * 1024  # bytes; Twilio's forms have about 1 KB, a text 1,600 characters at most
PATIENCE = timedelta(seconds=10)  # for the whole body; Twilio itself gives up after 15 s
MOST_FIELDS = 200
FORM = "application/x-www-form-urlencoded"


async def read_form(request: Request, patience: timedelta = PATIENCE) -> list[tuple[str, str]]:
    """All (name, value) pairs in their order, blank values and repeated names too.

    Raises HTTPException: 400 for what is no form in UTF-8, 408 when it takes longer than `patience`,
    413 past LARGEST; of a body that is too large no more than that is ever held.
    """
    body = await read_body(request, patience)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(400, f"Expected a form sent as {FORM}.")
    try:
        return parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,  # signatures cover them
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise HTTPException(400, "This form cannot be read.") from None


async def read_body(request: Request, patience: timedelta = PATIENCE) -> bytes:
    """The whole body. Raises HTTPException: 408 and 413, as above."""
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return await _read(request)
    except TimeoutError:
        raise HTTPException(408, "The form took too long to arrive.", HANG_UP) from None


async def _read(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > LARGEST:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise _too_large()
    return bytes(body)


def _too_large() -> HTTPException:
    return HTTPException(413, f"A form may have at most {LARGEST // 1024} KiB.", HANG_UP)
