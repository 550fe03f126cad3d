"""nudger: a self-hosted daemon that sends short, kind, well-timed reminders by text and email."""

__version__ = "0.1.0"
