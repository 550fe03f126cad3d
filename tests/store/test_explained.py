"""The guard over the store's statements finds one that reads a table whole."""

from nudger.store.opening import copies
from nudger.store.schema.tables import message
from nudger.store.sql.database import Database
from tests.support.explained import Explained


def test_a_statement_that_goes_through_a_whole_table_is_found(
    database: Database, explained: Explained
) -> None:
    with database.read() as connection:
        copies._count(connection, message)

    found, explained.whole = explained.whole, []
    assert len(found) == database.is_sqlite  # PostgreSQL's plans hang on what is in the tables
