"""Group commit: units of work that wait for one SQLite connection share a transaction and its wait for the disk."""

import threading

from simulator.store.store import Conflict

MAX_MEMBERS = 16
"""Units of work that share a commit at most; the first of them waits for all the others."""
LOOK_AGAIN_S = 1.0
"""Seconds after which a member commits the group itself, should the thread that was to do so have ended."""


class Group:
    """Open transaction with units of work that are done and not yet committed, each in a thread that waits."""

    def __init__(self) -> None:
        self.members = 0
        self._decided = threading.Event()
        self._failure: BaseException | None = None

    def decide(self, failure: BaseException | None = None) -> None:
        """Wakes the members; `failure` is the error by which the transaction was rolled back."""
        self._failure = failure
        self._decided.set()

    def wait(self) -> bool:
        """Waits for LOOK_AGAIN_S; true when the group is committed, and raises Conflict when it was rolled back."""
        decided = self._decided.wait(LOOK_AGAIN_S)
        if self._failure is not None:
            raise Conflict(str(self._failure)) from self._failure
        return decided


class Turns:
    """Lock of a connection that knows how many units of work wait for it and may join a group."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._joining = 0
        self._counting = threading.Lock()

    @property
    def joining(self) -> bool:
        """True while a unit of work waits that will join an open group, and take over its commit."""
        return self._joining > 0

    def take(self, *, grouped: bool) -> None:
        """Takes the lock; the caller releases it."""
        if self.lock.acquire(blocking=not grouped):
            return
        with self._counting:
            self._joining += 1
        try:
            self.lock.acquire()
        finally:
            with self._counting:
                self._joining -= 1
