"""The duty that takes plan files into the store: at the start, on SIGHUP, and whenever a file changes."""

from nudger.loading.changes import changes
from nudger.loading.duty import Loaded, Loading

__all__ = ["Loaded", "Loading", "changes"]
