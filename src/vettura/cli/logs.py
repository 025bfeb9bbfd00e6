"""How logs look: the only place that configures them."""

import sys

import structlog


def log_for_people(level: int) -> None:
    """Readable lines on standard error, from `level` on."""
    _configure(structlog.dev.ConsoleRenderer(), level)


def log_json(level: int) -> None:
    """One JSON object a line on standard error, from `level` on."""
    _configure(structlog.processors.JSONRenderer(), level)


def _configure(renderer: structlog.typing.Processor, level: int) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
