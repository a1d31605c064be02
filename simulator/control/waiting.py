"""Calls that wait for something to come: answered when it does, and never so many that messages find no thread."""

import time
from collections.abc import Callable
from typing import TypeVar

from simulator.control.calls import Asking, seconds_of

LONGEST_WAIT_S = 5.0
"""Well below what a server that is told to end grants the calls in hand."""
LOOK_AGAIN_S = 0.25
"""Other processes that serve the sandbox wake nobody here, so they are looked for."""
_APART_S = 0.02
"""Between two looks of one who waits, however much is written meanwhile: each look holds up whoever writes."""

Found = TypeVar("Found")


def when_there(asking: Asking, wait: str, read: Callable[[], list[Found]]) -> list[Found]:
    """What `read` finds; where that is nothing, what it finds once something was written, or `wait` seconds are over.

    Where as many wait already as may, it comes back at once.
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
