"""The world of these tests: everything between a plan's text and a channel, on SQLite."""

from tests.support.worlds.delivery import world

__all__ = ["world"]
