"""The control calls of one sandbox, as a client makes them."""

import http.client
import json
import os
from typing import Any
from urllib.parse import urlsplit

from simulator.core.errors import SetupError
from simulator.core.texts import text

_PATIENCE_S = 120.0
"""An audit of a hundred thousand settlements takes some of it."""


class Control:
    """`/_sim/…` of a sandbox; a refusal ends the run with the platform's own words."""

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
        status, raw = self._exchange(method, path, body)
        try:
            value = json.loads(raw)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise SetupError(text("load.not_ours", url=self.url + path, status=status))
        if status >= 400:
            error = value.get("error")
            if not isinstance(error, dict):
                raise SetupError(text("load.not_ours", url=self.url + path, status=status))
            raise SetupError(text("load.refused", call=f"{method} {path}", message=error.get("message", status)))
        return value

    def _exchange(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=_PATIENCE_S)
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        written = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            connection.request(method, path, written, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise SetupError(text("load.unreachable", url=self.url, problem=error)) from None
        finally:
            connection.close()
