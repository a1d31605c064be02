"""Recorded exchanges of hospitals, in order: from a recording of any form, or from the journal of a platform."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.contract.recordings import Broken, RecordedLeg, legs_of
from simulator.core.errors import SetupError
from simulator.core.texts import Text, text
from simulator.harness.environment.client import SandboxClient
from simulator.harness.environment.envelope_codec import NotJson, read_json

HOSPITAL = "hospital"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """A message of a hospital with its answer."""

    number: int
    """Place among the messages of hospitals in the recording, from 1."""
    request: Mapping[str, Any]
    answer: Mapping[str, Any] | None
    """Recorded answer; None for a message without an answer."""
    rules: tuple[str, ...] = ()
    """Rules of its error findings, where the recording has findings."""
    at: str = ""
    """Moment of the platform's clock; blank where only the message itself says one."""

    @property
    def infno(self) -> str:
        return str(self.request.get("infno"))

    @property
    def accepted(self) -> bool:
        return self.answer is not None and str(self.answer.get("infcode")) == "0"


@dataclass(frozen=True, slots=True)
class Recording:
    """Exchanges, and what could not be read."""

    exchanges: Sequence[RecordedExchange]
    unread: Sequence[Text] = ()
    edition: str = ""
    strict: bool = True
    sign_in: bool = False


def of_file(path: Path) -> Recording:
    """Exchanges of a file that `contract check` reads; raises SetupError where it holds none."""
    unread: list[Text] = []
    pairs: list[list[RecordedLeg]] = []
    for leg in legs_of(path):
        if isinstance(leg, Broken):
            unread.append(text("capture.unread", place=f"{leg.where.file}:{leg.where.line}", why=leg.sentence))
        elif leg.side == HOSPITAL and leg.direction == "in":
            pairs.append([leg])
        elif leg.side == HOSPITAL and pairs and len(pairs[-1]) == 1 and leg.exchange == pairs[-1][0].exchange:
            pairs[-1].append(leg)
    if not pairs:
        raise SetupError(text("capture.nothing_there", path=path))
    spoken = pairs[0][0].spoken
    conversations = {pair[0].spoken.sandbox for pair in pairs}
    if len(conversations) > 1:
        raise SetupError(text("capture.several_conversations", path=path, count=len(conversations)))
    exchanges = [
        RecordedExchange(number, pair[0].envelope, pair[1].envelope if len(pair) > 1 else None, pair[0].rules)
        for number, pair in enumerate(pairs, 1)
    ]
    return Recording(exchanges, unread, spoken.edition, spoken.strict is not False)


def of_sandbox(sandbox: SandboxClient) -> Recording:
    """Exchanges in the journal of a sandbox; raises SetupError where it holds none."""
    about = sandbox.platform.control("GET", f"sandboxes/{sandbox.name}")
    exchanges: list[RecordedExchange] = []
    unread: list[Text] = []
    for number, row in enumerate((each for each in _rows(sandbox) if each["leg"] == HOSPITAL), 1):
        request, answer = _object(row["request"]), _object(row["answer"])
        if request is None:
            unread.append(text("capture.no_message", number=number))
            continue
        rules = tuple(dict.fromkeys(str(each["rule"]) for each in row["findings"] if each["severity"] == "error"))
        exchanges.append(RecordedExchange(number, request, answer, rules, str(row["at"])[:19]))
    if not exchanges:
        raise SetupError(text("capture.nothing_there", path=sandbox.url))
    return Recording(exchanges, unread, about["edition"], about["strict"], about["gateway"]["sign_in"])


def _rows(sandbox: SandboxClient) -> Iterator[Mapping[str, Any]]:
    last = 0
    while True:
        found = sandbox.control("GET", f"messages?raw=1&after={last}")["messages"]
        yield from found
        if len(found) < _PAGE:
            return
        last = found[-1]["id"]


def _object(raw: str) -> dict[str, Any] | None:
    try:
        return read_json(raw.encode())
    except NotJson:
        return None
