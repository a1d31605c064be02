"""What must not happen and did: counted, logged with its trace, and told to the caller by a number alone."""

import traceback
import uuid

from simulator.core import metrics
from simulator.core.logs import log
from simulator.core.texts import Text, text


def recorded(error: BaseException) -> Text:
    """The sentence for the caller; its number finds the trace in the log."""
    metrics.DEFECTS.inc()
    reference = uuid.uuid4().hex[:12]
    log().error("defect", reference=reference, trace="".join(traceback.format_exception(error)))
    return text("gateway.internal", reference=reference)
