"""HTTP/1.1 around an agency: 200 to whatever arrives."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.second_agency.agency import Agency

_MOST_BYTES = 64 * 1024 * 1024


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    agency: Agency


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        fits = length.isascii() and length.isdigit() and int(length) <= _MOST_BYTES
        answer = self.server.agency.answer(self.rfile.read(int(length)) if fits else b"")
        self.close_connection = self.close_connection or not fits
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {len(answer)}\r\n"
        if self.close_connection:
            head += "Connection: close\r\n"
        self.wfile.write(head.encode() + b"\r\n" + answer)

    do_GET = do_PUT = do_DELETE = do_POST

    def log_message(self, format: str, *values: Any) -> None:
        """Keeps the console to the URL."""


@contextmanager
def serve(agency: Agency, port: int = 0) -> Iterator[str]:
    """Serves on loopback and yields the URL."""
    with _Server(("127.0.0.1", port), _Handler) as server:
        server.agency = agency
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()
