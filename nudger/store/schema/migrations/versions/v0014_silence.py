"""From when a person's silence counts, their last sign, and nudges that arrived or did not.

Of those who were there before, what they wrote and tapped is known; their silence counts from the later of
that and their plan's first day.
"""

import sqlalchemy as sa
from alembic import op

from nudger.store.sql.statements import Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for name in ("signed_at", "silent_since", "arrived_at", "lost_at"):
        op.add_column("person", sa.Column(name, Instant()))
    op.execute(
        "UPDATE person SET signed_at = (SELECT max(received_at) FROM reply WHERE reply.person = person.id)"
    )
    op.execute(
        "UPDATE person SET silent_since = coalesce(signed_at, (SELECT max(at) FROM event"
        " WHERE event.person = person.id AND event.what = 'plan added'))"
    )
