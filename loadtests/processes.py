"""Servers as child processes: started on a free port, waited for, measured from outside, ended."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator.core.errors import SetupError
from simulator.core.own_code import child_environment
from simulator.core.texts import text

_START_S, _END_S = 60.0, 15.0
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers; `started_s` is how long it took until it did."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    started_s: float

    def usage(self) -> "Usage | None":
        """Time and memory used by the process and its children; None where the system does not report them."""
        return usage_of(self.process.pid)


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time so far, and memory now: resident, and the fair share of what is shared."""

    cpu_s: float
    resident_mb: float
    share_mb: float


def free_port() -> int:
    """Port of loopback that is free at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _refuse_taken(port: int) -> None:
    """Raises SetupError for a port in use, where another server would answer instead of the started process."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            problem = getattr(error, "strerror", None) or str(error)
            raise SetupError(text("serve.port", host="127.0.0.1", port=port, problem=problem)) from None


@contextmanager
def platform(folder: Path, *options: str, port: int = 0) -> Iterator[Server]:
    """`nhsa-sim serve` over a store of its own in `folder`, until the block ends."""
    with nhsa_sim(folder, "serve", "--store", str(folder / "store"), *options, port=port, ready="/readyz") as server:
        yield server


@contextmanager
def nhsa_sim(folder: Path, command: str, *options: str, port: int = 0, ready: str) -> Iterator[Server]:
    """A serving command of ours on a free port, its output in `<command>.log`."""
    chosen = port or free_port()
    if port:
        _refuse_taken(port)
    words = ["-m", "simulator", command, "--port", str(chosen), *options]
    with python(words, f"http://127.0.0.1:{chosen}", folder / f"{command}.log", ready=ready) as server:
        yield server


@contextmanager
def python(words: Sequence[str], url: str, log: Path, *, ready: str) -> Iterator[Server]:
    """A Python process that serves at `url`; raises SetupError with the end of its output when it does not."""
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with log.open("wb") as output:
        # A group of its own: Ctrl-C ends us first, and we end it.
        process = subprocess.Popen(
            [sys.executable, *words], stdout=output, stderr=output, env=child_environment(), start_new_session=True
        )
    try:
        _wait_until_ready(process, url + ready, log)
        yield Server(url, process, log, time.perf_counter() - began)
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that we started, by force when it does not go."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def last_lines(log: Path, count: int = 6) -> str:
    """The end of what a process wrote."""
    try:
        written = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "-"
    return "\n".join(written[-count:]) or "-"


def usage_of(pid: int) -> Usage | None:
    """Of a process and everything below it, from /proc; None where there is no /proc."""
    if not Path("/proc/self/stat").exists():
        return None
    cpu = resident = share = 0.0
    for each in _family(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            rollup = Path(f"/proc/{each}/smaps_rollup").read_text(encoding="utf-8")
        except OSError:
            continue
        cpu += (int(fields[11]) + int(fields[12])) / _TICKS
        resident += _kilobytes(rollup, "Rss:") / 1024
        share += _kilobytes(rollup, "Pss:") / 1024
    return Usage(cpu, resident, share)


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="utf-8").split()
        except OSError:
            continue
        for child in children:
            found += _family(int(child))
    return found


def _kilobytes(rollup: str, name: str) -> int:
    for line in rollup.splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    patience = time.monotonic() + _START_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        if process.poll() is not None or time.monotonic() > patience:
            raise SetupError(text("load.not_started", url=url, lines=last_lines(log)))
        time.sleep(0.01)
