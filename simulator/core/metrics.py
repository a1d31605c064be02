"""Prometheus metrics: messages by transaction and outcome, and their durations."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest

REGISTRY = CollectorRegistry()
MESSAGES = Counter("nhsa_sim_messages", "Messages answered", ("infno", "outcome"), registry=REGISTRY)
SECONDS = Histogram(
    "nhsa_sim_message_seconds",
    "Time from bytes to bytes",
    ("infno",),
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30),
    registry=REGISTRY,
)
DEFECTS = Counter("nhsa_sim_defects", "Defects of the platform itself", registry=REGISTRY)


def count(infno: str, outcome: str, seconds: float) -> None:
    """Counts a message and its duration in seconds.

    `infno` must be a served number: typing errors of clients would multiply the labels.
    """
    messages, durations = _counted(infno, outcome)
    messages.inc()
    durations.observe(seconds)


@cache
def _counted(infno: str, outcome: str) -> tuple[Counter, Histogram]:
    return MESSAGES.labels(infno, outcome), SECONDS.labels(infno)


def exposition() -> bytes:
    return generate_latest(REGISTRY)
