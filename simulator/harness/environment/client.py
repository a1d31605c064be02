"""HTTP to a platform: business messages of one sandbox, and its control calls."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.harness.environment.envelope_codec import NotJson, Sent, read_json, write_json

SERVICE = "/fsi/api/rsfComIfsService/callService"
PATIENCE_S = 65.0
"""Seconds that a hospital waits for an answer; clients in the field wait 30 to 60 s (source field)."""


_ONCE: Any = {"timeout": PATIENCE_S, "retries": False, "redirect": False}
"""A message is sent again by those whose message it is, or not at all."""
_FILE = "application/octet-stream"
"""Content type of an answer that is a file."""


class NotThereYet(SetupError):
    """Platform or sandbox that cannot be reached yet; either may come up in a moment."""


class ControlRefused(SetupError):
    """A control call was refused; `status`, `code` and `path` as the platform said."""

    def __init__(self, call: str, status: int, error: Mapping[str, Any]) -> None:
        message = str(error.get("message") or "-")
        super().__init__(text("harness.control_refused", call=call, status=status, message=message))
        self.status = status
        self.body = {"error": dict(error)}


@dataclass(slots=True)
class PlatformClient:
    """A running platform at its base URL."""

    url: str
    token: str
    pool: urllib3.PoolManager

    def sandbox(self, name: str) -> "SandboxClient":
        return SandboxClient(self, name)

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A control call of the platform as a whole; raises SetupError when it does not answer as ours does."""
        return self.call(method, f"/_sim/{path}", body)

    def call(self, method: str, path: str, body: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        raw = None if body is None else write_json(body)
        try:
            answer = self.pool.request(method, self.url + path, body=raw, headers=headers, **_ONCE)
        except urllib3.exceptions.HTTPError as error:
            raise NotThereYet(text("harness.platform_gone", url=self.url, problem=_short(error))) from None
        try:
            value = read_json(answer.data)
        except NotJson:
            raise SetupError(text("harness.not_ours", url=self.url, path=path, status=answer.status)) from None
        if answer.status >= 400:
            error_body = value.get("error")
            if not isinstance(error_body, dict):
                raise SetupError(text("harness.not_ours", url=self.url, path=path, status=answer.status))
            raise ControlRefused(f"{method} {path}", answer.status, error_body)
        return value

    def refuse_stranger(self) -> None:
        """Raises SetupError unless a platform of this kind answers here."""
        self.version()
        if "sandboxes" not in self.control("GET", "sandboxes"):
            raise SetupError(text("harness.not_ours", url=self.url, path="/healthz", status=200))

    def version(self) -> str:
        """Version of the product that answers here; raises SetupError where it is another."""
        about = self.call("GET", "/healthz", None)
        if "version" not in about:
            raise SetupError(text("harness.not_ours", url=self.url, path="/healthz", status=200))
        return str(about["version"])


@dataclass(frozen=True, slots=True)
class SandboxClient:
    """Client of a sandbox of a platform."""

    platform: PlatformClient
    name: str

    @property
    def url(self) -> str:
        """The base URL that a client of this sandbox would be given."""
        return f"{self.platform.url}/s/{self.name}"

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A control call of this sandbox."""
        return self.platform.call(method, f"/s/{self.name}/_sim/{path}", body)

    def send(self, infno: str, msgid: str, raw: bytes) -> Sent:
        """A business message; whatever happens to it is told, never raised."""
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            answer = self.platform.pool.request("POST", self.url + SERVICE, body=raw, headers=headers, **_ONCE)
        except urllib3.exceptions.HTTPError as error:
            return Sent(infno, msgid, raw, None, 0, _short(error))
        if answer.status != 200:
            return Sent(infno, msgid, raw, None, answer.status, f"HTTP {answer.status}")
        if answer.headers.get("Content-Type") == _FILE:
            return Sent(infno, msgid, raw, _shown_file(answer.data))
        try:
            body = read_json(answer.data)
        except NotJson as error:
            return Sent(infno, msgid, raw, None, 200, str(error))
        return Sent(infno, msgid, raw, answer.data, 200, "" if "infcode" in body else "infcode")


def _shown_file(content: bytes) -> bytes:
    """A file as a scenario sees it: an accepted answer with its size in bytes and its digest."""
    output = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return write_json({"infcode": "0", "err_msg": "", "output": output})


def connect(url: str, token: str = "") -> PlatformClient:
    """A platform at `url`; the environment's proxies are not for it.

    Raises SetupError for a token that no header can hold.
    """
    token = (token or os.environ.get("NHSA_SIM_TOKEN", "")).strip()
    if not (token.isascii() and token.isprintable()):
        raise SetupError(text("harness.token_unusable"))
    return PlatformClient(url.rstrip("/"), token, urllib3.PoolManager(num_pools=8, maxsize=32))


def _short(error: Exception) -> str:
    """The reason at the bottom of a chain of wrapped errors."""
    if isinstance(error, urllib3.exceptions.TimeoutError) and not isinstance(
        error, urllib3.exceptions.NewConnectionError
    ):
        return "timed out"
    words = str(error)
    for known in ("Connection refused", "Name or service not known", "Network is unreachable", "Connection reset"):
        if known in words:
            return known
    return words if len(words) <= 160 else words[:160] + "…"
