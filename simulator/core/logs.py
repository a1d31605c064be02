"""Structured log of the server, one JSON object a line."""

import logging
from typing import TYPE_CHECKING, Any

from simulator.core.masking import mask_tree

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from structlog.typing import FilteringBoundLogger, Processor


def log() -> "FilteringBoundLogger":
    """A logger to standard output, or to wherever a process that embeds us has set structlog up to write."""
    # A sixth of the time in which a platform starts, and most of them never have anything to say.
    import structlog

    if structlog.is_configured():
        theirs: FilteringBoundLogger = structlog.get_logger()
        return theirs
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        _masked,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    kind = structlog.make_filtering_bound_logger(logging.INFO)
    made: FilteringBoundLogger = structlog.wrap_logger(structlog.PrintLogger(), processors, kind)
    return made


def _masked(_logger: Any, _method: str, event: "MutableMapping[str, Any]") -> dict[str, Any]:
    """Processor that hides identity data: a trace quotes the values that it stumbled over."""
    masked: dict[str, Any] = mask_tree(dict(event))
    return masked
