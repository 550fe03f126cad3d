"""The duty that takes plan files into the store: at the start, on SIGHUP, and whenever a file changes."""

from nudger.plan_sync.changes import changes
from nudger.plan_sync.sync import Loaded, Loading

__all__ = ["Loaded", "Loading", "changes"]
