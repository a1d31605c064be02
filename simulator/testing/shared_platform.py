"""Starts the platform that the tests of one process share, on a port that the system chooses."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.harness.environment.client import ControlRefused, PlatformClient, connect
from simulator.harness.environment.processes import Process, Processes, free_port

_ATTEMPTS = 5


@dataclass(slots=True)
class Running:
    """A platform, and the process that it is where it was started here."""

    platform: PlatformClient
    processes: Processes | None = None

    def refuse_dead(self) -> None:
        """Raises SetupError with its last words when it has died."""
        if self.processes is not None:
            self.processes.refuse_dead()

    def end(self) -> None:
        self.platform.pool.clear()
        if self.processes is not None:
            self.processes.end()


def start(*, url: str = "", data: str = "", ports: Callable[[], int] = free_port) -> Running:
    """Platform at the URL, or a new platform on the first free port; raises SetupError."""
    if url:
        running = Running(connect(url))
        running.platform.refuse_stranger()
        return running
    processes = Processes()
    try:
        for _ in range(_ATTEMPTS):
            platform = _try_to_start(processes, data, ports())
            if platform is not None:
                return Running(platform, processes)
    # Also on Ctrl-C: the platform must not outlive the tests.
    except BaseException:
        processes.end()
        raise
    processes.end()
    raise SetupError(text("testing.no_port", attempts=_ATTEMPTS))


def _try_to_start(processes: Processes, data: str, port: int) -> PlatformClient | None:
    """A platform of our own, or None where another process took the port before it could."""
    seed = secrets.randbelow(2**48)
    address = f"http://127.0.0.1:{port}"
    arguments = ["serve", "--port", str(port), "--store", str(processes.folder / f"platform-{port}")]
    arguments += ["--seed", str(seed), *(["--data", data] if data else [])]
    process = processes.start(str(text("harness.party_platform")), arguments, ready_url=f"{address}/readyz")
    try:
        process.wait_ready()
    except SetupError:
        if not _somebody_answers(address):
            raise
        _give_up(process)
        return None
    platform = connect(address)
    if _seed_of(platform) == seed:
        return platform
    # Two runs may be given one port; the seed of the default sandbox tells whose platform answers.
    platform.pool.clear()
    _give_up(process)
    return None


def _give_up(process: Process) -> None:
    process.lasting = False
    process.end()


def _somebody_answers(address: str) -> bool:
    other = connect(address)
    try:
        return _seed_of(other) >= 0
    finally:
        other.pool.clear()


def _seed_of(platform: PlatformClient) -> int:
    try:
        return int(platform.control("GET", "sandboxes/default")["seed"])
    # A server on that port that is no platform, or one with a token, has no seed to compare.
    except (SetupError, ControlRefused, KeyError, ValueError):
        return -1
