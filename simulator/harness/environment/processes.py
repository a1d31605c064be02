"""Processes that a run starts for itself: platform, agencies, hospital; ended by id, told of when they die."""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from simulator.core.errors import SetupError
from simulator.core.own_code import child_environment
from simulator.core.texts import language, text

READY_S = 60.0
_POLL_S = 0.02
_OPENER = build_opener(ProxyHandler({}))


@dataclass(slots=True)
class Process:
    """Started process and its output."""

    name: str
    popen: subprocess.Popen[bytes]
    output: IO[bytes]
    ready_url: str = ""
    lasting: bool = True
    """True where the process must live as long as the run."""

    def refuse_dead(self) -> None:
        """Raises SetupError with the last lines of its output when it has ended."""
        code = self.popen.poll()
        if code is not None:
            raise SetupError(text("harness.process_died", name=self.name, code=code, output=self.last_lines()))

    def wait_ready(self) -> None:
        """Waits until it answers; raises SetupError when it ends first or takes too long."""
        deadline = time.monotonic() + READY_S
        while not _answers(self.ready_url):
            self.refuse_dead()
            if time.monotonic() > deadline:
                raise SetupError(text("harness.not_ready", name=self.name, seconds=int(READY_S), url=self.ready_url))
            time.sleep(_POLL_S)

    def last_lines(self, count: int = 15) -> str:
        self.output.seek(0)
        lines = self.output.read().decode("utf-8", "replace").strip().splitlines()
        return "\n".join(lines[-count:]) or "-"

    def end(self) -> None:
        """Ends it, kindly first."""
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        # Workers that a killed server leaves behind would keep its port; each process leads a group of its own.
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)
        self.output.close()


class Processes:
    """All processes of a run, ended together, the last started first."""

    def __init__(self) -> None:
        self._started: list[Process] = []
        self._numbers = itertools.count()
        self._folder = tempfile.TemporaryDirectory(prefix="nhsa-sim-", ignore_cleanup_errors=True)

    @property
    def folder(self) -> Path:
        """Folder of the stores, removed when the run is over."""
        return Path(self._folder.name)

    def start(self, name: str, arguments: list[str], *, ready_url: str = "", lasting: bool = True) -> Process:
        """Starts `nhsa-sim …` in the language of this run."""
        output = (self.folder / f"{next(self._numbers)}.log").open("w+b")
        environment = {**child_environment(), "NHSA_SIM_LANG": language(), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "simulator", *arguments]
        popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            # A group of its own, so that a server's workers end with it even when it was killed before them.
            start_new_session=True,
        )
        process = Process(name, popen, output, ready_url, lasting)
        self._started.append(process)
        return process

    def finish(self, process: Process) -> None:
        """Waits for a process that is meant to end; raises SetupError when it ends badly."""
        code = process.popen.wait()
        if code != 0:
            raise SetupError(text("harness.process_died", name=process.name, code=code, output=process.last_lines()))

    def refuse_dead(self, within_s: float = 0) -> None:
        """Raises SetupError when one that should serve has ended, or ends within so many seconds."""
        deadline = time.monotonic() + within_s
        while lasting := [process for process in self._started if process.lasting]:
            for process in lasting:
                process.refuse_dead()
            if time.monotonic() >= deadline:
                return
            time.sleep(_POLL_S)

    def end(self) -> None:
        for process in reversed(self._started):
            process.end()
        self._started.clear()
        self._folder.cleanup()


def free_port() -> int:
    """Port of loopback that is free at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with _OPENER.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    # ValueError: http.client raises it for an answer that is not HTTP, as from a server half started.
    except (URLError, OSError, ValueError):
        return False
