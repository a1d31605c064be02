"""Long polling of control calls, limited so that enough threads remain for messages."""

import time
from collections.abc import Callable
from typing import TypeVar

from simulator.control.calls import Asking, seconds_of

LONGEST_WAIT_S = 5.0
"""Longest wait in seconds; well below the time that a stopping server gives to open calls."""
LOOK_AGAIN_S = 0.25
"""Seconds between polls of the store: writes of other processes do not wake a waiting call."""
_APART_S = 0.02
"""Least seconds between two polls of a waiting call, since each poll delays writers of the sandbox."""

Found = TypeVar("Found")


def when_there(asking: Asking, wait: str, read: Callable[[], list[Found]]) -> list[Found]:
    """Result of `read`, polled until it is not empty or `wait` seconds (LONGEST_WAIT_S at most) are over.

    Returns at once if the allowed number of calls is already waiting. Raises DataFaults for a bad `wait`.
    """
    patience, changes = min(seconds_of(wait, "wait"), LONGEST_WAIT_S), asking.sandbox.changes
    since = changes.count
    found = read()
    if found or not patience or not asking.platform.waiters.acquire(blocking=False):
        return found
    try:
        deadline = time.monotonic() + patience
        while not found and (left := deadline - time.monotonic()) > 0:
            looked = time.monotonic()
            changes.wait(since, min(left, LOOK_AGAIN_S))
            time.sleep(max(0.0, looked + _APART_S - time.monotonic()))
            since = changes.count
            found = read()
        return found
    finally:
        asking.platform.waiters.release()
