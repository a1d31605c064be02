"""Processes of the crash tests, and clients that reach them over HTTP."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from simulator.server.business_seam import ConnectionDropped

ROOT = Path(__file__).parents[2]


class Launcher:
    """Talks to launcher.py; every process it started ends with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.agencies.launcher"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NHSA_SIM_LANG": "zh"},
        )
        self.running: dict[str, int] = {}

    def start(self, role: str, *, name: str = "", **options: Any) -> int:
        """The port that the process listens on; `name` tells several of one role apart."""
        told = self._say({"start": role, "folder": str(self.folder), "options": options})
        assert "port" in told, told
        self.running[name or role] = told["pid"]
        return int(told["port"])

    def kill(self, role: str) -> None:
        self._end("end", self.running.pop(role))

    def await_death(self, role: str) -> None:
        self._end("wait", self.running.pop(role))

    def close(self) -> None:
        for role in list(self.running):
            self.kill(role)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()

    def _end(self, command: str, pid: int) -> None:
        told = self._say({command: pid})
        assert told == {"ended": pid}, told

    def _say(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the launcher ended; its error stands above"
        told: dict[str, Any] = json.loads(line)
        return told


@dataclass
class Response:
    status_code: int
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


@dataclass
class Client:
    """As much of Flask's test client as Hospital and Control use, over HTTP; a broken line raises ConnectionDropped."""

    port: int = 0
    timeout_s: float = 30.0
    _headers: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, data: bytes, content_type: str = "application/json", **_: Any) -> Response:
        return self._ask("POST", path, data, content_type)

    def open(self, path: str, method: str = "GET", json: Any = None) -> Response:
        body = None if json is None else _written(json)
        return self._ask(method, path, body, "application/json")

    def _ask(self, method: str, path: str, body: bytes | None, content_type: str) -> Response:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)
        try:
            connection.request(method, path, body, {"Content-Type": content_type})
            answer = connection.getresponse()
            return Response(answer.status, answer.read())
        except (OSError, HTTPException) as error:
            raise ConnectionDropped from error
        finally:
            connection.close()


def _written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode()
