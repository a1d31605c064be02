"""Starts platforms and reference agencies as processes of their own, fast: forked from one that has read everything.

Reads commands as JSON lines: `start` a role (answers its pid and port), `end` a process (kill -9), `wait` for one that
kills itself. A process kills itself at the point whose name stands in the file `arm`, which it removes before.
"""

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator.agencies.reference import agency as reference_agency
from simulator.benefit import PolicyBook
from simulator.contract import contract_of
from simulator.core.json_codec import read_json
from simulator.core.settings import Settings
from simulator.server.app import create_app
from tests.agencies.conftest import quiet_server

# Facts have a descriptor of their own: a log line that a served process prints would be read as an answer.
FACTS = os.dup(1)


class Armed:
    """Kills this process at a point, once."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "arm"

    def __call__(self, point: str) -> None:
        if self.file.exists() and self.file.read_text() == point:
            self.file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def platform(folder: Path, armed: Armed, *, store: str = "") -> Any:
    settings = Settings(store=store or str(folder / "platform"), outbox_every_s=0, check_output=1)
    return create_app(settings, checkpoint=armed)


def agency(folder: Path, armed: Armed, *, people: str, hold: str = "") -> Any:
    """The reference agency with points of its own: message_in, before_commit, after_commit, answer_out."""
    opened = reference_agency.open_agency(
        folder / "agency", "230900", policies=PolicyBook.shipped(), edition="national", own_clock=False
    )
    reference_agency.load_people(opened, people.encode(), "people.json")
    began = opened.endpoint.begin

    @contextmanager
    def begin() -> Iterator[Any]:
        with began() as work:
            yield work
            armed("before_commit")
        armed("after_commit")

    endpoint = replace(opened.endpoint, begin=begin)
    served = reference_agency.create_app(replace(opened, endpoint=endpoint, deliver=endpoint.deliver))

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        armed("message_in")
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if hold and raw and read_json(raw)["infno"] == hold:
            # Opening a pipe waits until somebody opens its other end.
            (folder / "held").open("w").close()
            (folder / "released").open().close()
        environ["wsgi.input"] = io.BytesIO(raw)
        yield b"".join(served.wsgi_app(environ, start_response))
        armed("answer_out")

    return application


def serve(role: str, folder: Path, options: dict[str, Any]) -> None:
    application = {"platform": platform, "agency": agency}[role](folder, Armed(folder), **options)
    server = quiet_server(application)
    tell({"pid": os.getpid(), "port": server.server_address[1]})
    server.serve_forever()


def tell(fact: dict[str, Any]) -> None:
    """Writes a fact whole: processes that write at the same time would otherwise interleave their lines."""
    os.write(FACTS, (json.dumps(fact) + "\n").encode())


def main() -> None:
    os.dup2(2, 1)
    for overlays in ((), ("agency",)):
        contract = contract_of("national", overlays=overlays)
        for infno in ("1101", "2207A", "2206A", "2208", "2601", "2503", "5206", "2204", "2201", "2203A"):
            contract.check(infno, "in", {}, remote=True)
            contract.check(infno, "out", {}, remote=True)
    PolicyBook.shipped().city("230900")
    for line in sys.stdin:
        command = json.loads(line)
        if "start" in command:
            if os.fork() == 0:
                sys.stdin.close()
                serve(command["start"], Path(command["folder"]), command.get("options", {}))
                os._exit(0)
        else:
            pid = command.get("end") or command["wait"]
            if "end" in command:
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            tell({"ended": pid})


if __name__ == "__main__":
    main()
