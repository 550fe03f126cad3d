"""Run by Alembic: the connection comes from `migrate`, or from `-x url=...` on Alembic's command line."""

from alembic import context
from sqlalchemy import Connection, create_engine

from nudger.store.schema.tables import metadata


def run(connection: Connection) -> None:
    # One transaction for all steps, ours: it holds the lock against a second daemon.
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as opened:
        run(opened)
