"""Reporting of defects: counted, logged with their trace, told to the caller by a number alone."""

import traceback
import uuid

from simulator.core import metrics
from simulator.core.logs import log
from simulator.core.texts import Text, text


def recorded(error: BaseException) -> Text:
    """Sentence for the caller, with the number that finds the trace in the log."""
    metrics.DEFECTS.inc()
    reference = uuid.uuid4().hex[:12]
    log().error("defect", reference=reference, trace="".join(traceback.format_exception(error)))
    return text("gateway.internal", reference=reference)
