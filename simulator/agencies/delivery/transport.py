"""HTTP transport to agencies: no redirects, no user info, bounded answers, one time limit for the whole exchange.

Uses http.client, since higher-level clients hide whether a byte may have been sent, and apply their time limit to
each read instead of to the whole answer.
"""

import http.client
import io
import ipaddress
import socket
import ssl
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from simulator.core.errors import refuse
from simulator.core.json_codec import LARGEST_MESSAGE
from simulator.core.texts import Text, plain, text

MAX_CONNECT_S = 5.0
MAX_IDLE_CONNECTIONS = 32
"""Idle connections reusable open for each agency."""
_PATH = "/%:@!$&'()*+,;=~?"
"""Marks that stand in a path or query as they are, the sign of what is encoded already among them."""
JSON = "application/json; charset=utf-8"
"""Content type of a message."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Body of a reply, or the reason why there is none; `sent` is true if the agency may have seen the message."""

    body: bytes | None
    problem: Text | None = None
    sent: bool = True


class Transport:
    """Posts messages to agencies over pooled HTTP connections; safe for use by many threads."""

    def __init__(self, *, allowed_hosts: frozenset[str] = frozenset()) -> None:
        self._allowed = allowed_hosts
        self._idle: dict[str, list[http.client.HTTPConnection]] = defaultdict(list)
        self._lock = threading.Lock()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Created only for the first https agency: loading the certificate authorities costs time and memory.
        return ssl.create_default_context()

    def check_url(self, url: str) -> None:
        """Raises Refusal for a URL that is not http(s), has user info, or names a host that is not allowed.

        Hosts other than loopback must be in `allowed_hosts`.
        """
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise refuse("agency_url", path="url", url=url) from None
        # A host name in another script has an ASCII form (xn--…), which is what the Host header must say.
        unusable = not parts.netloc.isascii() or any(each.isspace() or not each.isprintable() for each in url)
        if parts.scheme not in ("http", "https") or not host or unusable:
            raise refuse("agency_url", path="url", url=url)
        if parts.username is not None or parts.password is not None:
            raise refuse("agency_url_user", path="url")
        if not _is_loopback(host) and host not in self._allowed:
            raise refuse("agency_url_target", path="url", host=host)

    def post(self, url: str, raw: bytes, timeout_s: float, content_type: str = JSON) -> Reply:
        """Posts a message; failures of network and agency are returned in the reply, not raised."""
        deadline = time.monotonic() + timeout_s
        try:
            parts = urlsplit(url)
            request = _request(parts, raw, content_type)
            connection = self._acquire(parts, min(timeout_s, MAX_CONNECT_S))
        except (OSError, ValueError) as error:
            # ValueError: an address that cannot be encoded, as one kept by an earlier version may be.
            reason = getattr(error, "strerror", None) or str(error)
            return Reply(None, text("agency.not_reached", url=url, reason=reason), sent=False)
        reusable = False
        try:
            # Nothing was sent when connecting has taken all of the time.
            connection.sock.settimeout(_remaining_s(deadline))
        except TimeoutError:
            self._release(parts, connection, reusable=False)
            return Reply(None, text("agency.no_answer_in_time", timeout=f"{timeout_s:g}"), sent=False)
        try:
            reply, reusable = _exchange(connection, request, deadline)
            return reply
        except TimeoutError:
            return Reply(None, text("agency.no_answer_in_time", timeout=f"{timeout_s:g}"))
        except (OSError, http.client.HTTPException) as error:
            return Reply(None, text("agency.broken_off", reason=plain(type(error).__name__)))
        finally:
            self._release(parts, connection, reusable=reusable)

    def close(self) -> None:
        """Closes the idle connections."""
        with self._lock:
            for connections in self._idle.values():
                for connection in connections:
                    connection.close()
            self._idle.clear()

    def _acquire(self, parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
        while connection := self._pop_idle(parts):
            if _is_reusable(connection):
                return connection
            connection.close()
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=self._tls)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
        connection.connect()
        # Nagle's algorithm would hold back the last segment of a message until the one before is acknowledged.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _pop_idle(self, parts: SplitResult) -> http.client.HTTPConnection | None:
        with self._lock:
            idle = self._idle[f"{parts.scheme}://{parts.netloc}"]
            return idle.pop() if idle else None

    def _release(self, parts: SplitResult, connection: http.client.HTTPConnection, *, reusable: bool) -> None:
        with self._lock:
            idle = self._idle[f"{parts.scheme}://{parts.netloc}"]
            if reusable and len(idle) < MAX_IDLE_CONNECTIONS:
                idle.append(connection)
                return
        connection.close()


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a deadline (monotonic seconds), however slowly the bytes arrive."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_remaining_s(self._deadline))
        return self._sock.recv_into(buffer)


class _DeadlineResponse(http.client.HTTPResponse):
    """Response whose reads, of the headers too, respect the deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__(sock, method="POST")
        # The reader that http.client opened applies its time limit to each read instead of to the answer.
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock, deadline))


def _request(parts: SplitResult, raw: bytes, content_type: str) -> bytes:
    """Bytes of a request, its path percent-encoded; raises ValueError for a host that is not ASCII."""
    path = quote(parts.path or "/", safe=_PATH) + (f"?{quote(parts.query, safe=_PATH)}" if parts.query else "")
    head = {
        "Host": parts.netloc,
        "Content-Length": str(len(raw)),
        "Content-Type": content_type,
        "Accept-Encoding": "identity",
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + raw


def _exchange(connection: http.client.HTTPConnection, request: bytes, deadline: float) -> tuple[Reply, bool]:
    """Sends a request and reads the answer; the second value is true if the connection can be used again."""
    sock: Any = connection.sock
    # On a plain socket sendall applies the limit to the whole request, so a slow reader cannot prolong it.
    sock.sendall(request)
    answer = _DeadlineResponse(sock, deadline)
    answer.begin()
    body = _read(answer)
    if body is None:
        return Reply(None, text("agency.too_long", limit=LARGEST_MESSAGE)), False
    reusable = not answer.will_close
    if 300 <= answer.status < 400:
        where = answer.headers.get("Location", "-")
        return Reply(None, text("agency.redirected", status=answer.status, where=where)), reusable
    if answer.status != 200:
        return Reply(None, text("agency.http_status", status=answer.status)), reusable
    return Reply(body), reusable


def _read(answer: http.client.HTTPResponse) -> bytes | None:
    """Reads the body; None if it exceeds LARGEST_MESSAGE."""
    if answer.length is not None and answer.length > LARGEST_MESSAGE:
        return None
    parts: list[bytes] = []
    size = 0
    while part := answer.read1(65536):
        size += len(part)
        if size > LARGEST_MESSAGE:
            return None
        parts.append(part)
    if answer.length:
        # read1 ends quietly when the connection is closed early; `length` is what is still missing.
        raise http.client.IncompleteRead(b"", answer.length)
    return b"".join(parts)


def _remaining_s(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _is_reusable(connection: http.client.HTTPConnection) -> bool:
    """True if an idle connection is usable: pending data means that it was closed or holds an unexpected answer."""
    sock = connection.sock
    if sock is None:
        return False
    try:
        sock.settimeout(0)
        # The plain socket's own recv: a TLS socket takes no flags.
        socket.socket.recv(sock, 1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
