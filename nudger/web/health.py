"""For whoever watches nudger: `/healthz`, whether the process answers; `/readyz`, whether nudger can work;
`/metrics`, what it counts, for Prometheus."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from nudger.agenda.port import Clock
from nudger.domain.errors import StoreAway
from nudger.operations.metrics import Metrics, Reading
from nudger.operations.port import AlarmStore, OverviewStore, StatisticsStore
from nudger.web.port import SelfCheck
from nudger.web.security.guard import report
from nudger.web.security.sessions import Bearer

ANSWERS_WITHIN = 4.5  # seconds in which whoever watches hears whether nudger is ready


class HealthPages:
    """Open to whoever asks: counts of people and entries, nothing personal."""

    def __init__(self, work: SelfCheck, overview: OverviewStore, clock: Clock) -> None:
        self._work = work
        self._overview = overview
        self._clock = clock

    def routes(self) -> list[Route]:
        """Names the two addresses."""
        return [Route("/healthz", self.healthz), Route("/readyz", self.readyz)]

    async def healthz(self, _: Request) -> Response:
        """Answers: the process does."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """Answers whether nudger can work: its database is the right one, takes writes and answers, and its
        duties run."""
        if why := self._work.faults():
            return JSONResponse({"ready": False, "why": list(why)}, 503)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                vitals = await asyncio.to_thread(self._overview.vitals, self._clock.now())
        except StoreAway as fault:  # since that look
            return JSONResponse({"ready": False, "why": [f"the database: {fault.said}"]}, 503)
        except Exception as fault:
            return JSONResponse({"ready": False, "reference": report(fault, request.scope)}, 503)
        counts = {"people": vitals.people, "planned": vitals.planned, "unknown": vitals.unknown}
        return JSONResponse({"ready": True, **counts})


class MetricsPages:
    """Counts and times, nothing of a person; still, not for strangers."""

    def __init__(
        self,
        metrics: Metrics,
        overview: OverviewStore,
        alarms: AlarmStore,
        statistics: StatisticsStore,
        clock: Clock,
        bearer: Bearer | None,
    ) -> None:
        """Makes the page; without a `bearer`, for a port that only this machine reaches."""
        self._metrics = metrics
        self._overview = overview
        self._alarms = alarms
        self._statistics = statistics
        self._clock = clock
        self._bearer = bearer

    def routes(self) -> list[Route]:
        """Names the one address."""
        return [Route("/metrics", self.scrape)]

    async def scrape(self, request: Request) -> Response:
        """Answers with everything that is counted, in the format that is asked for."""
        if self._bearer is not None:
            self._bearer.check(request)
        accept = request.headers.get("accept", "")
        body, content_type = await asyncio.to_thread(lambda: self._metrics.page(self._reading(), accept))
        return Response(body, headers={"Content-Type": content_type})

    def _reading(self) -> Reading:
        now = self._clock.now()
        standing = sum(alarm.cleared_at is None for alarm in self._alarms.alarms())
        return Reading(self._overview.vitals(now), standing, self._statistics.counters(), now)
