"""What monitoring reads, in Prometheus' format: what this process counted, and the state of the store.

Names and units follow https://prometheus.io/docs/practices/naming/. No label holds anything of a person.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from nudger import __version__
from nudger.agenda.entries import Result, Sending
from nudger.domain.model import ChannelName, Origin
from nudger.operations.attention import waiting
from nudger.operations.overview import Apart, Vitals

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter

LATE = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)  # seconds; 5 is what nudger promises
LONG = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class Reading:
    """The store at one moment."""

    vitals: Vitals
    alarms: int  # that stand
    counters: Mapping[str, int]  # of what happened since the database was made
    now: datetime


class Metrics:
    """The observer that counts, and the page that monitoring scrapes."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._store = _StoreCollector()
        self._registry.register(self._store)
        Info("nudger_build", "The version that runs.", registry=self._registry).info({"version": __version__})
        self._lateness = Histogram(
            "nudger_send_lateness_seconds",
            "How long after its time a nudge was handed to its provider.",
            ["channel"],
            buckets=LATE,
            registry=self._registry,
        )
        self._duration = Histogram(
            "nudger_send_duration_seconds",
            "How long a provider took to answer.",
            ["channel"],
            buckets=LONG,
            registry=self._registry,
        )
        self._messages = Counter(
            "nudger_messages",
            "Messages handed to a provider, by how that ended.",
            ["channel", "end"],
            registry=self._registry,
        )
        self._dropped = Counter(
            "nudger_dropped", "Entries that were due and did not go out.", registry=self._registry
        )
        self._replies = Counter(
            "nudger_replies",
            "Texts of people, by what they were understood as.",
            ["intent"],
            registry=self._registry,
        )
        self._refused = Counter(
            "nudger_web_refused",
            "Requests that were refused, and connections that were ended, by why and page.",
            ["why", "page"],
            registry=self._registry,
        )
        self._since: dict[str, float] = {}
        for channel in ChannelName:  # there from the start: a rate of what is not there yet is nothing
            self._lateness.labels(channel)
            self._messages.labels(channel, "accepted")

    def handed_over(self, sending: Sending, at: datetime) -> None:
        self._since[sending.message] = time.perf_counter()
        if sending.origin is not Origin.ANSWER and sending.due_at is not None:
            late = max(timedelta(0), at - sending.due_at)
            self._lateness.labels(sending.channel).observe(late.total_seconds())

    def ended(self, result: Result) -> None:
        channel = result.sending.channel
        took = time.perf_counter() - self._since.pop(result.sending.message, time.perf_counter())
        self._duration.labels(channel).observe(took)
        end = "accepted" if result.failure is None else str(result.failure.failure).replace(" ", "_")
        self._messages.labels(channel, end).inc()

    def dropped(self, number: int) -> None:
        self._dropped.inc(number)

    def replied(self, intent: str) -> None:
        self._replies.labels(intent).inc()

    def refused(self, why: str, page: str) -> None:
        self._refused.labels(why, page).inc()

    def page(self, reading: Reading, accept: str) -> tuple[bytes, str]:
        """Returns the page and its content type, as the scraper likes it."""
        encode, content_type = choose_encoder(accept)
        self._store.reading = reading
        return encode(self._registry), content_type


class _StoreCollector(Collector):
    """The store's state as it was read last: a scrape reads it right before."""

    def __init__(self) -> None:
        self.reading: Reading | None = None

    def describe(self) -> Iterator[Metric]:
        yield from ()  # nothing is read to register

    def collect(self) -> Iterator[Metric]:
        if self.reading is None:
            return
        vitals, now = self.reading.vitals, self.reading.now
        oldest = now - vitals.oldest_due_at if vitals.oldest_due_at else timedelta(0)
        yield _gauge("nudger_people", "People with a plan.", vitals.people)
        yield _gauge("nudger_planned", "Entries of the agenda that are to come.", vitals.planned)
        yield _gauge("nudger_queued", "Entries that are due and wait for their sender's rate.", vitals.queued)
        yield _gauge("nudger_unknown", "Messages handed over without an answer.", vitals.unknown)
        yield _gauge(
            "nudger_oldest_due_age_seconds",
            "How long the oldest due entry has waited.",
            oldest.total_seconds(),
        )
        yield _gauge("nudger_alarms", "Faults that need the operator now.", self.reading.alarms)
        yield _labelled(
            "nudger_people_apart", "People who get nothing, or less, for now.", "reason", vitals.apart
        )
        needs = {str(need): number for need, number in waiting(vitals).items()}
        yield _labelled("nudger_needs", "People who need a person, of the last 72 h.", "need", needs)
        share = vitals.losses.lost / vitals.losses.of if vitals.losses else 0.0
        yield _gauge(
            "nudger_lost_ratio",
            "Nudges of 24 h that were missed or failed, of all that should have gone out; 0 up to 3 %.",
            share,
        )
        found = {severity: vitals.problems.get(severity, 0) for severity in ("error", "warning")}
        yield _labelled("nudger_plan_problems", "Problems of plan files.", "severity", found)
        events = CounterMetricFamily(
            "nudger_store_events", "What happened since the database was made.", labels=["event"]
        )
        for event, number in self.reading.counters.items():
            events.add_metric([event], number)
        yield events


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _labelled(
    name: str, words: str, label: str, values: Mapping[Apart, int] | Mapping[str, int]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, number in values.items():
        family.add_metric([str(value)], number)
    return family
