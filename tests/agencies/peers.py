"""A raw server for what no web framework would do: hang, trickle, break off."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class Peer:
    """A raw server: each connection is handed to `play`, with an event that is set when the test ends."""

    def __init__(self, play: Callable[[socket.socket, threading.Event], None]) -> None:
        self.over = threading.Event()
        self.requests: list[bytes] = []
        self._play = play
        self._connections: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/agency"
        self._threads: list[threading.Thread] = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            self._connections.append(connection)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._play(connection, self.over)
            except OSError:
                return

    def close(self) -> None:
        if self.over.is_set():
            return
        self.over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._connections:
            # A kept connection waits for its next request until it is closed.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)


def request_of(connection: socket.socket) -> bytes:
    """One whole request; empty when the other side closed."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return b""
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
