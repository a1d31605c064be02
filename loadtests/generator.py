"""Generator of load for all alternatives: keep-alive connections in a single process, a message each at a time."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

_CHUNK = 262_144
_SILENCE_S = 30.0


class Source(Protocol):
    """Source of the messages of a connection."""

    def next_request(self) -> bytes:
        """The next HTTP request, whole."""
        ...

    def take(self, status: int, body: bytes) -> str:
        """Takes the answer to the last message; returns the fault of the answer, or ""."""
        ...


@dataclass(slots=True)
class Measured:
    """Result of a round."""

    elapsed_s: float = 0.0
    nanoseconds: list[int] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return len(self.nanoseconds) / self.elapsed_s if self.elapsed_s else 0.0

    @property
    def failures(self) -> int:
        return self.problems.total()

    def at(self, share: float) -> float:
        """The latency in ms that this share does not exceed, exactly."""
        ordered = sorted(self.nanoseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1e6 if ordered else 0.0

    def absorb(self, other: "Measured") -> None:
        self.elapsed_s += other.elapsed_s
        self.nanoseconds += other.nanoseconds
        self.problems.update(other.problems)


class _Connection:
    """Keep-alive connection and the messages that go over it."""

    def __init__(self, address: tuple[str, int], source: Source) -> None:
        self.source = source
        self._address = address
        self.open()
        self.sent_at = 0

    def open(self) -> None:
        """Connects, or connects anew."""
        self.socket = socket.create_connection(self._address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def send(self) -> None:
        request = self.source.next_request()
        self.sent_at = time.perf_counter_ns()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body when the answer is whole; raises ConnectionError when the server hung up."""
        chunk = self.socket.recv(_CHUNK)
        if not chunk:
            raise ConnectionError("closed")
        self._received = self._received + chunk if self._received else chunk
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = _content_length(head)
        if len(rest) < length:
            return None
        self._received = rest[length:]
        return int(head[9:12]), rest[:length]


def drive(url: str, sources: Sequence[Source], seconds: float) -> Measured:
    """Keeps every source busy for so long, then waits for the last answers; rates count whole exchanges only."""
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    measured = Measured()
    connections = [_Connection(address, source) for source in sources]
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter_ns()
        for each in connections:
            selector.register(each.socket, selectors.EVENT_READ, each)
            each.send()
        _loop(selector, measured, began + int(seconds * 1e9))
        measured.elapsed_s = (time.perf_counter_ns() - began) / 1e9
    for each in connections:
        each.socket.close()
    return measured


def _loop(selector: selectors.BaseSelector, measured: Measured, until: int) -> None:
    while selector.get_map():
        ready = selector.select(_SILENCE_S)
        if not ready:
            measured.problems["no answer"] += len(selector.get_map())
            return
        for key, _ in ready:
            connection: _Connection = key.data
            try:
                answer = connection.receive()
            except OSError as error:
                measured.problems[f"connection: {error}"] += 1
                selector.unregister(key.fileobj)
                connection.socket.close()
                connection.open()
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                answer = (0, b"")
            if answer is not None and not _answered(connection, answer, measured, until):
                selector.unregister(connection.socket)


def _answered(connection: _Connection, answer: tuple[int, bytes], measured: Measured, until: int) -> bool:
    """Takes an answer and sends the next message; False when the time is up."""
    now = time.perf_counter_ns()
    status, body = answer
    problem = connection.source.take(status, body)
    if status:
        measured.nanoseconds.append(now - connection.sent_at)
        if problem:
            measured.problems[problem] += 1
    if now >= until:
        return False
    connection.send()
    return True


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    raise ConnectionError("an answer without Content-Length")
