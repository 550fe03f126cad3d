"""`/metrics`, for Prometheus."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nudger.web.security.sessions import Bearer


@dataclass(frozen=True, slots=True)
class MetricsDoors:
    """Counts and times, nothing of a person; still, not for strangers."""

    page: Callable[[str], Awaitable[tuple[bytes, str]]]  # (Accept) -> body, content type
    bearer: Bearer | None  # None: only this machine reaches the port


def metrics_route(doors: MetricsDoors) -> Route:
    async def metrics(request: Request) -> Response:
        if doors.bearer is not None:
            doors.bearer.check(request)
        body, content_type = await doors.page(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type})

    return Route("/metrics", metrics)
