"""Lock of a folder of SQLite stores, held by a single server until the last of its processes has ended."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simulator.core.errors import SetupError
from simulator.core.texts import text

_GRACE_S = 2.0
"""Seconds granted to the workers of a killed server, which hold its lock until they have ended."""
_RETRY_S = 0.05


@contextmanager
def held(folder: Path, name: str = "serve") -> Iterator[None]:
    """Holds the lock `<folder>/<name>.lock`; raises SetupError if another process holds it.

    Forked workers inherit the lock. Windows has no lock that is inherited, so that none is taken there.
    """
    path = folder / f"{name}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SetupError(text("store.no_folder", path=str(folder), problem=error.strerror or "")) from None
    try:
        _lock(descriptor, folder)
        with suppress(OSError):  # the number is for the sentence alone; on a full disk the lock holds without it
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    deadline = time.monotonic() + _GRACE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                number = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
                raise SetupError(text("store.in_use", path=str(folder), process=number or "?")) from None
            time.sleep(_RETRY_S)
        except OSError:
            # Some network folders have no locks; SQLite's own then keep two writers apart.
            return
