"""Long polling of control calls, limited so that enough threads remain for messages."""

import time
from collections.abc import Callable
from typing import TypeVar

from simulator.control.calls import ControlRequest, seconds_of

MAX_WAIT_S = 5.0
"""Longest wait in seconds; well below the time that a stopping server gives to open calls."""
POLL_INTERVAL_S = 0.25
"""Seconds between polls of the store: writes of other processes do not wake a waiting call."""
_MIN_INTERVAL_S = 0.02
"""Least seconds between two polls of a waiting call, since each poll delays writers of the sandbox."""

Found = TypeVar("Found")


def poll(request: ControlRequest, wait: str, read: Callable[[], list[Found]]) -> list[Found]:
    """Result of `read`, polled until it is not empty or `wait` seconds (MAX_WAIT_S at most) are over.

    Returns at once if the allowed number of calls is already waiting. Raises DataFaults for a bad `wait`.
    """
    timeout_s, changes = min(seconds_of(wait, "wait"), MAX_WAIT_S), request.sandbox.changes
    since = changes.count
    found = read()
    if found or not timeout_s or not request.platform.waiters.acquire(blocking=False):
        return found
    try:
        deadline = time.monotonic() + timeout_s
        while not found and (left := deadline - time.monotonic()) > 0:
            polled_at = time.monotonic()
            changes.wait(since, min(left, POLL_INTERVAL_S))
            time.sleep(max(0.0, polled_at + _MIN_INTERVAL_S - time.monotonic()))
            since = changes.count
            found = read()
        return found
    finally:
        request.platform.waiters.release()
