"""Sources of the bench: the journey, a workstation a connection, and the constant message of the trivial route."""

from collections.abc import Iterator
from itertools import cycle
from random import Random

from simulator.loadtests.answers import problem_of
from simulator.loadtests.journey import SETTLEMENT, Journey, Message, Visit
from simulator.loadtests.messages import SERVICE
from simulator.loadtests.stage import Patient, Stage
from simulator.loadtests.trivial import PATH

_HEAD = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"


def http_request(path: str, body: bytes) -> bytes:
    return _HEAD.format(path=path, length=len(body)).encode() + body


class Constant:
    """Source of a constant message; any answer but HTTP 200 is a fault."""

    def __init__(self, body: bytes) -> None:
        self._request = http_request(PATH, body)

    def next_request(self) -> bytes:
        return self._request

    def take(self, status: int, body: bytes) -> str:  # noqa: ARG002
        return "" if status == 200 else f"HTTP {status}"


class Visits:
    """Visit after visit at one workstation; every answer is checked as under Locust."""

    def __init__(self, stage: Stage, number: int, of: int, *, path: str = SERVICE) -> None:
        self._stage, self._path = stage, path
        self._workstation = stage.workstation(number)
        self._random = Random(f"{stage.mix.seed} {number}")  # noqa: S311  (repeatable on purpose)
        # People of its own: two connections never settle for one person at a time.
        self._patients: Iterator[Patient] = cycle(stage.patients[number::of] or stage.patients)
        self._journey: Journey | None = None
        self._message: Message | None = None
        self.settled = 0
        self.kept: list[bytes] = []
        self.keep = 0
        """Number of sent messages that are kept."""

    def next_request(self) -> bytes:
        if self._journey is None or self._message is None:
            patient = next(self._patients)
            self._journey = Visit(self._stage, self._workstation, patient, self._random).messages()
            self._message = next(self._journey)
        message = self._message
        msgid = message.msgid or self._workstation.msgids()
        body = self._workstation.envelope(message.infno, message.body, msgid=msgid, now=self._stage.now())
        if len(self.kept) < self.keep:
            self.kept.append(body)
        return http_request(self._path, body)

    def take(self, status: int, body: bytes) -> str:
        assert self._message is not None
        assert self._journey is not None
        problem, output = problem_of(self._message.infno, body, status, self._message.check)
        if problem:
            self._journey = self._message = None
            return problem
        self.settled += self._message.name == SETTLEMENT
        try:
            self._message = self._journey.send(output)
        except StopIteration:
            self._journey = self._message = None
        return ""
