"""Room in the pages of PostgreSQL's tables whose rows are written again and again.

A new version of a row that fits into the old one's page, with no indexed column changed, touches no index
(HOT): each claim writes a person's history, and each record its entry. Pages that are there already fill up
as before; VACUUM FULL person, occurrence would give them room too.
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE person SET (fillfactor = 70)")
        op.execute("ALTER TABLE occurrence SET (fillfactor = 85)")
