"""Logging: one event, one line, to stderr; people by id, and never a text, an address or a token."""

import logging
import sys

import structlog

# Their INFO lines show phone numbers (twilio's list(), urllib3) or every request (uvicorn).
CHATTY = ("twilio", "aiohttp", "urllib3", "uvicorn", "apscheduler", "watchfiles", "asyncio", "aiosmtplib")


def configure(level: str, *, colours: bool | None = None) -> None:
    """Sets up structlog and the standard library's logging for the whole process."""
    number = getattr(logging, level.upper())
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=True)
            if (sys.stderr.isatty() if colours is None else colours)
            else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # today's stderr, not one since closed
        cache_logger_on_first_use=False,
    )
