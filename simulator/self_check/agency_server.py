"""Server of reference agencies with defects, in threads of this process: a single port, a path for each agency."""

import itertools
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from simulator.agencies.delivery.endpoint import LARGEST_DAY
from simulator.agencies.reference.agency import ReferenceAgency, load_people, open_agency
from simulator.benefit import PolicyBook

_STOP_S = 0.05


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.agencies: dict[str, Callable[[bytes], bytes]] = {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Answers a message with 200 and an agency's bytes; 404 where no agency is on the path."""
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(min(length, LARGEST_DAY + 1))
        deliver = self.server.agencies.get(self.path.strip("/"))
        answer = deliver(raw) if deliver is not None else b"{}"
        head = f"HTTP/1.1 {200 if deliver else 404} -\r\nContent-Type: application/json; charset=utf-8\r\n"
        self.wfile.write(f"{head}Content-Length: {len(answer)}\r\n\r\n".encode() + answer)

    def log_message(self, format: str, *values: Any) -> None:
        """Keeps the console to the table."""


@dataclass(slots=True)
class AgencyServer:
    """Agencies over books that are copied for each of them, so that none finds what another has done."""

    folder: Path
    policies: PolicyBook
    _server: _Server
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def prepare(self, city: str, people: Path) -> None:
        """Begins the books of a city that the agencies are given a copy of."""
        agency = self._open(self.folder / f"prepared-{city}", city, ())
        load_people(agency, people.read_bytes(), people.name)
        agency.store.close()

    @contextmanager
    def agencies(
        self, cities: Collection[str], names: Collection[str], errors: list[Exception]
    ) -> Iterator[dict[str, str]]:
        """Agencies with these defects for these cities; yields their URLs by area.

        `errors` takes the exceptions that an agency breaks off with, which to the platform look like no answer.
        """
        # Several defects may be played at the same time.
        number = next(self._numbers)
        folder = self.folder / f"copy-{number}"
        opened = {}
        for city in cities:
            shutil.copytree(self.folder / f"prepared-{city}", folder / city)
            opened[city] = self._open(folder / city, city, names)
        paths = {city: f"{number}/{city}" for city in cities}
        self._server.agencies |= {paths[city]: _noting(errors, opened[city].deliver) for city in cities}
        port = self._server.server_address[1]
        try:
            yield {city: f"http://127.0.0.1:{port}/{path}" for city, path in paths.items()}
        finally:
            for city, path in paths.items():
                del self._server.agencies[path]
                opened[city].store.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _open(self, folder: Path, city: str, names: Collection[str]) -> ReferenceAgency:
        return open_agency(folder, city, policies=self.policies, edition="national", own_clock=False, defects=names)


def _noting(errors: list[Exception], deliver: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def noting(raw: bytes) -> bytes:
        try:
            return deliver(raw)
        except Exception as error:
            errors.append(error)
            raise

    return noting


@contextmanager
def agency_server(folder: Path) -> Iterator[AgencyServer]:
    """Server on a port of loopback that the system chooses, ended with the block."""
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _STOP_S}, daemon=True)
        thread.start()
        try:
            yield AgencyServer(folder, PolicyBook.shipped(), server)
        finally:
            server.shutdown()
            thread.join()
