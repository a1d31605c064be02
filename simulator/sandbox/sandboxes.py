"""Sandboxes: one tester's own platform each, with state, clock, edition, rules, agencies and faults of its own."""

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
"""What a sandbox counts begins at run × RUN_SIZE: the messages that it forwards, the numbers that it gives out."""


class Changes:
    """Wakes whoever waits for something to be written in a sandbox by this process."""

    def __init__(self) -> None:
        self._told = threading.Condition()
        self.count = 0

    def tell(self) -> None:
        with self._told:
            self.count += 1
            self._told.notify_all()

    def wait(self, since: int, timeout_s: float) -> None:
        """Until `count` is above `since`, at most so long."""
        with self._told:
            self._told.wait_for(lambda: self.count > since, timeout_s)


class Sandbox:
    """A sandbox in use: its store, and its configuration cached by revision."""

    def __init__(self, store: Store, shipped: Defaults) -> None:
        self.name = store.name
        self.store = store
        self.changes = Changes()
        self._shipped = shipped
        self._config: Config | None = None
        self._lock = threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[tuple[UnitOfWork, Config, TradeClock]]:
        """A unit of work with the configuration and clock that hold inside it."""
        with self.store.begin() as work:
            row = work.get(tables.sandbox, id=1)
            if row is None or row.schema_version != tables.SCHEMA_VERSION:
                versions = {"found": row.schema_version if row else 0, "wanted": tables.SCHEMA_VERSION}
                raise SetupError(text("store.upgraded_meanwhile", name=self.name, **versions))
            yield work, self._current(work, row), clock_of(row)
            # Seen here: the next one may have the same object as soon as this one is over.
            written = work.written
        if written:
            self.changes.tell()

    def now_configured(self) -> Config:
        """The configuration as it is in the store at this moment."""
        with self.begin() as (_, config, _clock):
            return config

    def _current(self, work: UnitOfWork, row: SandboxRow) -> Config:
        config = self._config
        if config is None or config.revision != row.revision:
            config = configure(work, row, self._shipped)
            with self._lock:
                self._config = config
        return config


class Sandboxes:
    """All sandboxes of this platform; `default` is there from the start."""

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
            # Of several processes that start at once one makes it.
            with suppress(Refusal):
                self.create(DEFAULT)

    def names(self) -> list[str]:
        return self.factory.names()

    def get(self, name: str) -> Sandbox | None:
        """The sandbox of the name, or None."""
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
        """A new sandbox; raises Refusal for a name that is taken or not allowed.

        Settings: seed, clock (Beijing datetime; the present otherwise), running, edition (must load), strict, gateway.
        """
        if not NAME.match(name):
            raise refuse("sandbox_name", path="name", name=name)
        values = {**self._defaults, **settings}
        contract_of(values.get("edition") or DEFAULT_EDITION)
        row = _first_row(name, values, self.real_time())
        try:
            self.factory.create(name, lambda work: _begin_with(work, row))
        except FileExistsError:
            raise refuse("sandbox_exists", path="name", name=name) from None
        sandbox = self.get(name)
        assert sandbox is not None
        return sandbox

    def reset(self, sandbox: Sandbox) -> None:
        """Empties a sandbox in one unit of work; what it was made with stays, its clock goes back to the present."""
        with sandbox.begin() as (work, config, _):
            row = work.get_required(tables.sandbox, id=1, lock=True)
            values = {"seed": config.seed, "edition": config.edition, "strict": config.strict}
            values["gateway"] = json.loads(row.gateway)
            again = _first_row(row.name, values, self.real_time())
            work.empty(tables.metadata.sorted_tables)
            _begin_with(work, again | {"revision": row.revision + 1})

    def restore(self, sandbox: Sandbox, snapshot: str) -> None:
        """Puts a snapshot in the place of everything; raises Refusal when there is none of that name."""
        if not NAME.match(snapshot) or snapshot not in self.factory.snapshots(sandbox.name):
            raise refuse("snapshot_unknown", path="name", name=snapshot)
        before = sandbox.now_configured().revision
        self.factory.restore(sandbox.name, snapshot)
        with sandbox.begin() as (work, config, _):
            # Above both, or a process that cached the one would take the other for it.
            first = first_serial(sandbox.name, self.real_time())
            work.change(tables.sandbox, {"id": 1}, revision=max(before, config.revision) + 1, serial=first)
            # What was given out after the snapshot was taken is not given out again.
            work.start_ids_at(tables.NUMBERED, first + 1)

    def delete(self, name: str) -> None:
        """Removes a sandbox and its snapshots; raises Refusal when there is none."""
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
        # Another process may still have the sandbox in memory that had this name before.
        "revision": int(real * 1000),
        "serial": first_serial(name, real),
    }


def first_serial(name: str, real: float) -> int:
    """What a new, emptied or restored sandbox counts from: by moment and name, so no run repeats another's.

    An agency keeps its books when a sandbox here begins anew, and may serve several: a msgid that came before would be
    answered from them, and a batch of a mdtrt_id that came before is settled already (rules 24).
    """
    # The name, because several processes may make sandboxes in one millisecond.
    return (int(real * 1000) + crc32(name.encode())) % RUN_SIZE * RUN_SIZE


def _begin_with(work: UnitOfWork, row: Mapping[str, Any]) -> None:
    work.add(tables.sandbox, **row)
    work.start_ids_at(tables.NUMBERED, row["serial"] + 1)


def clock_of(row: SandboxRow) -> TradeClock:
    return TradeClock(datetime.fromisoformat(row.clock_at), row.clock_set_at, bool(row.clock_running))


def touch(work: UnitOfWork) -> None:
    """Says that what is cached in memory has changed."""
    row = work.get(tables.sandbox, id=1, lock=True)
    work.change(tables.sandbox, {"id": 1}, revision=row.revision + 1 if row else 1)


def unknown_sandbox(name: str) -> Refusal:
    return refuse("sandbox_unknown", path="name", name=name)
