"""What the API can do: one table, from which its routes and its OpenAPI description are made."""

from dataclasses import dataclass

from pydantic import BaseModel

from nudger.web.api import shapes

ROOT = "/api/v1"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a program can ask for or do."""

    id: str  # of the handler too
    method: str
    path: str  # below ROOT
    summary: str
    answer: type[BaseModel]
    query: type[BaseModel] = shapes.NoQuery
    body: type[BaseModel] | None = None
    refuses: bool = False  # may answer 409: it cannot be done to this person now

    @property
    def of_person(self) -> bool:
        return "{person}" in self.path

    def statuses(self) -> list[int]:
        """Besides 200."""
        statuses = [400, 401, 422, 429]
        statuses += [404] if self.of_person else []
        statuses += [408, 413, 415] if self.body else []
        return sorted([*statuses, *([409] if self.refuses else [])])


OPERATIONS = (
    Operation("health", "GET", "/health", "How everything is, in a few figures.", shapes.Health),
    Operation("people", "GET", "/people", "People by id, in pages.", shapes.People, query=shapes.PeopleQuery),
    Operation(
        "agenda", "GET", "/agenda", "Everyone's entries, in pages.", shapes.Agenda, query=shapes.AgendaQuery
    ),
    Operation("person", "GET", "/people/{person}", "One person.", shapes.PersonWithPlan),
    Operation(
        "person_agenda",
        "GET",
        "/people/{person}/agenda",
        "What one person will get, and what not and why.",
        shapes.PersonAgenda,
        query=shapes.DaysQuery,
        refuses=True,
    ),
    Operation(
        "person_log",
        "GET",
        "/people/{person}/log",
        "What happened to one person's nudges, latest first; no texts.",
        shapes.Log,
        query=shapes.LogQuery,
    ),
    Operation(
        "pause",
        "POST",
        "/people/{person}/pause",
        "No nudges for a while.",
        shapes.Person,
        body=shapes.Pause,
        refuses=True,
    ),
    Operation(
        "resume", "POST", "/people/{person}/resume", "Ends a pause, not a hold.", shapes.Person, refuses=True
    ),
    Operation(
        "lift_hold",
        "POST",
        "/people/{person}/lift-hold",
        "Ends the hold after a crisis text. Speak with them first.",
        shapes.Person,
        refuses=True,
    ),
    Operation(
        "send",
        "POST",
        "/people/{person}/send",
        "One nudge now, if the gate lets it out.",
        shapes.Person,
        body=shapes.Send,
        refuses=True,
    ),
)
