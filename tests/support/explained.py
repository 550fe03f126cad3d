"""What the store's statements would read of a SQLite file with millions of rows, by SQLite's own plan."""

import re
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

import nudger.store

_STORE = str(Path(nudger.store.__file__).parent)
# These grow with people and with time. The indexes named hold a part of their table only.
_WHOLE = re.compile(
    r"SCAN (person|plan|reach|consent|occurrence|message|reply|event|waiting|before)"
    r"(?! USING (COVERING )?INDEX (occurrence_wake|occurrence_turn|occurrence_person_wake|message_open"
    r"|person_apart|reach_ask)\b)\b"
)
# What may read all of a table, by how it begins, and why.
_ALLOWED = {
    "SELECT person.id, person.digest, person.removed_at IS": "a whole folder of plans was read as well",
    "SELECT DISTINCT CAST(JSON_EXTRACT": "the hourly look at countries and zones, in the database alone",
    "SELECT person.id FROM person WHERE person.paused_at IS NOT NULL": "nudger status, when somebody asks",
    "UPDATE person SET layout_at=:layout_at, layout_afresh=:layout_afresh, layout_version=("
    "person.layout_version + :layout_version_1) WHERE person.removed_at IS NULL": "new rules of time zones",
    "SELECT anon_1.attempted_at, occurrence.due_at FROM (SELECT message.line": "the last hundred alone",
}


class Explained:
    """Listens to an engine; `whole` are the store's statements, with their plans, that read a table whole."""

    def __init__(self, engine: Engine) -> None:
        self.whole: list[str] = []
        self._seen: set[str] = set()
        if engine.dialect.name == "sqlite":
            event.listen(engine, "before_cursor_execute", self._explain)

    def _explain(
        self, connection: Connection, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        if statement in self._seen or not re.match(r"SELECT|INSERT|UPDATE|DELETE", statement):
            return
        if not _is_the_stores():
            return  # a test's own
        self._seen.add(statement)
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values[0] if many else values)
        plan = [row[3] for row in cursor.fetchall()]
        words = " ".join(statement.split())
        if any(map(_WHOLE.match, plan)) and not words.startswith(tuple(_ALLOWED)):
            self.whole.append(f"{words}\n    {plan}")


def _is_the_stores() -> bool:
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename.startswith(_STORE):
            return True
    return False
