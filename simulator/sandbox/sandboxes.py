"""Creates, opens, resets and deletes sandboxes, and begins their units of work."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from zlib import crc32

from simulator.contract import contract_of
from simulator.core.clock import RealTime, TradeClock, beijing
from simulator.core.errors import Refusal, SetupError, refuse
from simulator.core.texts import text
from simulator.sandbox.configuration import Config, Defaults, configure
from simulator.store import tables
from simulator.store.rows import SandboxRow
from simulator.store.store import NAME, Store, StoreFactory
from simulator.store.unit_of_work import UnitOfWork

DEFAULT = "default"
DEFAULT_SEED = 230900
DEFAULT_EDITION = "national"
RUN_SIZE = 10**9
"""Size of the range of numbers of a run: msgids and row ids of a sandbox start at run × RUN_SIZE."""


class Changes:
    """Wakes the threads that wait for this process to write to a sandbox."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.count = 0

    def notify(self) -> None:
        """Wakes the waiting threads; called after a unit of work that wrote."""
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, since: int, timeout_s: float) -> None:
        """Waits until `count` exceeds `since`, at most `timeout_s` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.count > since, timeout_s)


class Sandbox:
    """Open sandbox: its store, and its configuration cached by revision."""

    def __init__(self, store: Store, shipped: Defaults) -> None:
        self.name = store.name
        self.store = store
        self.changes = Changes()
        self._shipped = shipped
        self._config: Config | None = None

    @contextmanager
    def begin(self, *, grouped: bool = False) -> Iterator[tuple[UnitOfWork, Config, TradeClock]]:
        """Begins a unit of work with the configuration and trade clock valid in it; `grouped` as in `Store.begin`.

        Raises SetupError if another version of the program has upgraded the store meanwhile.
        """
        with self.store.begin(grouped=grouped) as work:
            row = work.get(tables.sandbox, id=1)
            if row is None or row.schema_version != tables.SCHEMA_VERSION:
                versions = {"found": row.schema_version if row else 0, "wanted": tables.SCHEMA_VERSION}
                raise SetupError(text("store.upgraded_meanwhile", name=self.name, **versions))
            config = self._current(work, row)
            yield work, config, clock_of(row)
            # Read before the block ends: the store reuses the UnitOfWork object.
            written = work.written
        # Only once it is committed: a revision that was rolled back would come again with another configuration.
        self._config = config
        if written:
            self.changes.notify()

    def current_config(self) -> Config:
        """Configuration as stored at this moment."""
        with self.begin() as (_, config, _clock):
            return config

    def _current(self, work: UnitOfWork, row: SandboxRow) -> Config:
        config = self._config
        if config is None or config.revision != row.revision:
            config = configure(work, row, self._shipped)
        return config


class Sandboxes:
    """Sandboxes of the platform; `default` is created at the start."""

    def __init__(
        self, factory: StoreFactory, shipped: Defaults, *, real_time: RealTime, defaults: Mapping[str, Any]
    ) -> None:
        self.factory = factory
        self.shipped = shipped
        self.real_time = real_time
        self._defaults = defaults
        self._open: dict[str, Sandbox] = {}
        self._lock = threading.Lock()
        if DEFAULT not in factory.names():
            # Several processes may start at once; all but the first are refused and use the sandbox that it created.
            with suppress(Refusal):
                self.create(DEFAULT)

    def names(self) -> list[str]:
        return self.factory.names()

    def get(self, name: str) -> Sandbox | None:
        """Sandbox by name, or None; reopened if its store was replaced since."""
        found = self._open.get(name)
        if found is not None and found.store.current:
            return found
        if not NAME.match(name):
            return None
        with self._lock:
            try:
                store = self.factory.open(name)
            except KeyError:
                self._open.pop(name, None)
                return None
            found = self._open.get(name)
            if found is None or found.store is not store:
                found = self._open[name] = Sandbox(store, self.shipped)
            return found

    def create(self, name: str, **settings: Any) -> Sandbox:
        """Creates a sandbox; raises Refusal for a name that exists or is not allowed.

        Settings: seed, clock (Beijing datetime; the present otherwise), running, edition (must load), strict, gateway.
        """
        if not NAME.match(name):
            raise refuse("sandbox_name", path="name", name=name)
        values = {**self._defaults, **settings}
        contract_of(values.get("edition") or DEFAULT_EDITION)
        row = _first_row(name, values, self.real_time())
        try:
            self.factory.create(name, lambda work: _initialise(work, row))
        except FileExistsError:
            raise refuse("sandbox_exists", path="name", name=name) from None
        sandbox = self.get(name)
        assert sandbox is not None
        return sandbox

    def reset(self, sandbox: Sandbox) -> None:
        """Empties a sandbox in a single unit of work; settings stay, and its clock goes back to the present."""
        with sandbox.begin() as (work, config, _):
            row = work.get_required(tables.sandbox, id=1, lock=True)
            values = {"seed": config.seed, "edition": config.edition, "strict": config.strict}
            values["gateway"] = json.loads(row.gateway)
            again = _first_row(row.name, values, self.real_time())
            work.empty(tables.metadata.sorted_tables)
            _initialise(work, again | {"revision": row.revision + 1})

    def restore(self, sandbox: Sandbox, snapshot: str) -> None:
        """Replaces the contents of a sandbox by a snapshot; raises Refusal if there is none of that name."""
        if not NAME.match(snapshot) or snapshot not in self.factory.snapshots(sandbox.name):
            raise refuse("snapshot_unknown", path="name", name=snapshot)
        before = sandbox.current_config().revision
        self.factory.restore(sandbox.name, snapshot)
        with sandbox.begin() as (work, config, _):
            # A revision above both, so that no process takes a cached configuration for the restored one.
            first = first_serial(sandbox.name, self.real_time())
            work.change(tables.sandbox, {"id": 1}, revision=max(before, config.revision) + 1, serial=first)
            # Numbers issued after the snapshot was taken must not be issued again.
            work.start_ids_at(tables.NUMBERED, first + 1)

    def delete(self, name: str) -> None:
        """Deletes a sandbox and its snapshots; raises Refusal if there is none of that name."""
        if name not in self.names():
            raise refuse("sandbox_unknown", path="name", name=name)
        with self._lock:
            self._open.pop(name, None)
            self.factory.delete(name)

    def close(self) -> None:
        self.factory.close()


def _first_row(name: str, values: Mapping[str, Any], real: float) -> dict[str, Any]:
    return {
        "id": 1,
        "schema_version": tables.SCHEMA_VERSION,
        "name": name,
        "seed": values.get("seed", DEFAULT_SEED),
        "clock_at": (values.get("clock") or beijing(real)).isoformat(),
        "clock_set_at": real,
        "clock_running": int(values.get("running", True)),
        "edition": values.get("edition") or DEFAULT_EDITION,
        "strict": int(values.get("strict", True)),
        "gateway": json.dumps(values.get("gateway") or {}),
        # Another process may still cache an earlier sandbox of this name, whose revision must differ.
        "revision": int(real * 1000),
        "serial": first_serial(name, real),
    }


def first_serial(name: str, real: float) -> int:
    """First serial of a new, emptied or restored sandbox, derived from time and name so that no run repeats another's.

    An agency keeps its books when a sandbox starts anew, and may serve several sandboxes. It would answer a repeated
    msgid from its books, and refuse a batch under a repeated mdtrt_id as settled (rules 24).
    """
    # The name is included because several processes may create sandboxes in the same millisecond.
    return (int(real * 1000) + crc32(name.encode())) % RUN_SIZE * RUN_SIZE


def _initialise(work: UnitOfWork, row: Mapping[str, Any]) -> None:
    work.add(tables.sandbox, **row)
    work.start_ids_at(tables.NUMBERED, row["serial"] + 1)


def clock_of(row: SandboxRow) -> TradeClock:
    return TradeClock(datetime.fromisoformat(row.clock_at), row.clock_set_at, bool(row.clock_running))


def touch(work: UnitOfWork) -> None:
    """Increments the revision, so that every process reloads its cached configuration."""
    row = work.get(tables.sandbox, id=1, lock=True)
    work.change(tables.sandbox, {"id": 1}, revision=row.revision + 1 if row else 1)


def unknown_sandbox(name: str) -> Refusal:
    return refuse("sandbox_unknown", path="name", name=name)
