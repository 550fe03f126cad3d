"""Refusals of the API, as RFC 9457 has them."""

from http import HTTPStatus

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nudger.web.api.openapi import PROBLEM
from nudger.web.api.shapes import Refusal
from nudger.web.security.guard import SENTENCES

LONGEST = 500  # characters of what was wrong


def refused(refusal: HTTPException) -> Response:
    """The refusal as problem+json."""
    detail = SENTENCES.get(refusal.detail, refusal.detail)
    body = Refusal(title=HTTPStatus(refusal.status_code).phrase, status=refusal.status_code, detail=detail)
    headers = {**(refusal.headers or {}), "Content-Type": PROBLEM}
    return Response(body.model_dump_json(), refusal.status_code, headers)


def unclear(fault: ValidationError) -> HTTPException:
    """What was wrong with a request, all of it, without quoting it."""
    wrong = (f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in fault.errors())
    return HTTPException(422, "; ".join(wrong)[:LONGEST])
