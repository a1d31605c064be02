"""The control calls of one sandbox, as a client makes them."""

import http.client
import json
import os
import socket
import time
from contextlib import closing, suppress
from datetime import datetime
from functools import partial
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from simulator.core.errors import SetupError
from simulator.core.texts import Text, plain, text

_PATIENCE_S = 120.0
"""An audit of a hundred thousand settlements takes some of it."""
_LARGEST = 256 * 2**20
"""Bytes of an answer that are read."""


class Control:
    """`/_sim/…` of a sandbox; a refusal ends the run with the platform's own words."""

    first_answer_s = 10.0
    """Seconds that a platform may take to tell its clock."""

    def __init__(self, url: str, sandbox: str = "", token: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SetupError(text("load.not_a_url", url=url))
        self.url = url.rstrip("/")
        self.sandbox = sandbox
        self._parts = parts
        self._token = token or os.environ.get("NHSA_SIM_TOKEN", "")

    @property
    def prefix(self) -> str:
        """Prefix of every path of this sandbox, business and control alike."""
        return f"{self._parts.path.rstrip('/')}/s/{self.sandbox}" if self.sandbox else self._parts.path.rstrip("/")

    def __call__(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A call of the sandbox; raises SetupError for a refusal and for what is no platform of this kind."""
        return self.asked(method, f"{self.prefix}/_sim/{path}", body)

    def asked(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A call at a path of the platform as a whole."""
        return self._answer(method, path, body, _PATIENCE_S)

    def refuse_stranger(self) -> None:
        """Raises SetupError unless a platform of this kind tells its clock at the URL, within a few seconds."""
        path = f"{self.prefix}/_sim/clock"
        try:
            told = self._answer("GET", path, None, self.first_answer_s)
        except _ControlRefused as refused:
            # The default sandbox of a platform may be deleted; the run makes one of its own.
            if refused.code == "sandbox_unknown" and not self.sandbox:
                return
            raise
        except _NoAnswer as none:
            raise SetupError(text("load.not_ours", call=f"GET {path}", url=self.url, problem=none.problem)) from None
        try:
            datetime.fromisoformat(told["now"])
        except (TypeError, ValueError):
            raise SetupError(self._not_ours("GET", path, 200)) from None

    def _answer(self, method: str, path: str, body: Any, patience_s: float) -> dict[str, Any]:
        status, raw = self._exchange(method, path, body, patience_s)
        not_ours = self._not_ours(method, path, status)
        try:
            value = json.loads(raw)
        # RecursionError of a text that nests beyond any answer of a platform.
        except (ValueError, RecursionError):
            raise SetupError(not_ours) from None
        if not isinstance(value, dict):
            raise SetupError(not_ours)
        if status < 400:
            return _ControlAnswer(value, not_ours)
        error = value.get("error")
        if not (isinstance(error, dict) and isinstance(error.get("message"), str)):
            raise SetupError(not_ours)
        raise _ControlRefused(f"{method} {path}", str(error.get("code", "")), error["message"])

    def _not_ours(self, method: str, path: str, status: int) -> Text:
        problem = text("load.another_answer", status=status)
        return text("load.not_ours", call=f"{method} {path}", url=self.url, problem=problem)

    def _exchange(self, method: str, path: str, body: Any, patience_s: float) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        written = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        until = time.monotonic() + patience_s
        with closing(self._connection(patience_s)) as connection:
            # The time limit of a socket begins anew with every byte; this one ends the whole answer.
            hang_up = Timer(patience_s, partial(_shut, connection.sock))
            hang_up.start()
            try:
                connection.request(method, path, written, headers)
                answer = connection.getresponse()
                return answer.status, answer.read(_LARGEST)
            except (OSError, http.client.HTTPException, ValueError) as error:
                late = text("load.no_answer_in", seconds=f"{patience_s:g}")
                raise _NoAnswer(
                    self.url, f"{method} {path}", late if time.monotonic() >= until else _told(error)
                ) from None
            finally:
                hang_up.cancel()

    def _connection(self, patience_s: float) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        try:
            connection = kind(self._parts.hostname or "", self._parts.port, timeout=patience_s)
            connection.connect()
        # ValueError of a port or a host name that cannot be one.
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SetupError(text("load.unreachable", url=self.url, problem=_told(error))) from None
        return connection


class _ControlAnswer(dict[str, Any]):
    """Answer to a control call; a member that every platform sends and this one did not tells a stranger."""

    def __init__(self, value: dict[str, Any], not_ours: Text) -> None:
        super().__init__(value)
        self._not_ours = not_ours

    def __missing__(self, name: str) -> Any:
        raise SetupError(self._not_ours)


class _NoAnswer(SetupError):
    """A connection that ended without an answer to a control call; `problem` says how."""

    def __init__(self, url: str, call: str, problem: Text) -> None:
        super().__init__(text("load.no_answer", url=url, call=call, problem=problem))
        self.problem = problem


class _ControlRefused(SetupError):
    """A control call was refused by a platform, `code` being the rule."""

    def __init__(self, call: str, code: str, message: str) -> None:
        super().__init__(text("load.refused", call=call, message=message))
        self.code = code


def _told(error: Exception) -> Text:
    """An error in one line; some have no words of their own."""
    return plain(" ".join(str(error).split()) or type(error).__name__)


def _shut(opened: socket.socket) -> None:
    # A connection that has just been closed has nothing left to end.
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
