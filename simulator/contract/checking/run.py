"""Run over recorded legs: pairs answers with requests and reports the faults of either."""

import hashlib
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from simulator.contract.breaches import ContractBreach, came
from simulator.contract.checking import between
from simulator.contract.checking.dates import date_faults, pairs_of
from simulator.contract.checking.memory import Memory
from simulator.contract.contract import Contract
from simulator.contract.layout import Layout
from simulator.contract.recordings import Broken, RecordedLeg, Where, legs_of
from simulator.contract.recordings.recorded_legs import AGENCY, HOSPITAL, line_of
from simulator.core.envelope import head_of
from simulator.core.json_codec import LARGEST_INPUT, characters
from simulator.core.texts import Text, plain, text
from simulator.domain import places
from simulator.domain.transaction_table import traits_of

_WAITING = 10_000
"""Requests of a recording that wait for their answers at a time."""

_ZEROS, _WHOLE = re.compile(rb"(\.[0-9]*[1-9])0+(?![0-9])"), re.compile(rb"\.0+(?![0-9])")
_encode = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


@dataclass(frozen=True, slots=True)
class CheckedFault:
    """Fault of a recorded leg."""

    file: str
    line: int
    pointer: str
    severity: str
    infno: str
    direction: str
    side: str
    msgid: str
    fault: ContractBreach
    message: int = 0
    """The number of the message in this run; 0 for what is none."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request whose answer has not come yet."""

    infno: str
    body: Any
    remote: bool
    head: dict[str, Any]
    msgid: str = ""


@dataclass(slots=True)
class Checking:
    """State of a run: remembered values and counters."""

    contract_for: Callable[[str, str], Contract]
    """The contract of a side, hospital or agency, and of the edition that the recording names, if it names one."""
    strict: bool | None = None
    """Strictness for every message; None takes the strictness stated by the recording, else strict."""
    account_in_fund: bool = False
    memory: Memory = field(default_factory=Memory)
    messages: int = 0
    errors: int = 0
    warnings: int = 0
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Messages without an error, by transaction and direction."""
    assumed: str = ""
    """The transaction of answers that stand without their request."""
    waiting: OrderedDict[Any, Waiting] = field(default_factory=OrderedDict)
    _pairs: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def files(self, paths: Iterable[Path], advance: Callable[[int], object] = lambda _: None) -> Iterator[CheckedFault]:
        """Checks recordings file by file and yields their faults; `advance` is called with the number of bytes read."""
        for path in paths:
            # Files are recordings of their own: sample messages of a repository may well share one msgid.
            self.memory, sandbox = Memory(), ""
            empty = True
            for leg in legs_of(path, advance):
                empty = False
                if isinstance(leg, Broken):
                    yield from self.broken(leg)
                    continue
                if leg.spoken.sandbox != sandbox:
                    self.memory, sandbox = Memory(), leg.spoken.sandbox
                yield from self.leg(leg)
            if empty:
                yield from self.broken(Broken(Where(str(path), 1), "no_message", text("contract.nothing_recorded")))

    def broken(self, broken: Broken) -> Iterator[CheckedFault]:
        """Reports a part of a recording that is not a message, as an error of its own."""
        self.errors += 1
        fault = ContractBreach(broken.rule, broken.where.pointer, "", "", "", plain(""), broken.sentence, "")
        where = broken.where
        yield CheckedFault(where.file, where.line, where.pointer, "error", "", "", "", "", fault)

    def leg(self, leg: RecordedLeg) -> Iterator[CheckedFault]:
        """Checks a leg and yields its faults."""
        self.messages += 1
        number = self.messages
        infno = self._name(leg)
        if leg.direction == "in":
            faults = self._request(leg)
        else:
            asked = self._asked(leg)
            # An answer bears no number of a transaction; it is counted under that of its request.
            infno = infno or (asked.infno if asked else "")
            faults = self._answer(leg, asked)
        errors = 0
        msgid = str(leg.envelope.get("msgid") or "")[:60]
        for fault in faults:
            is_error = fault.is_error(strict=self._strict(leg))
            errors += is_error
            self.warnings += not is_error
            severity = "error" if is_error else "warning"
            where = leg.where
            line = (
                (line_of(where.text, fault.path) or _parent_line(where.text, fault.path)) if where.text else where.line
            )
            pointer = where.pointer + fault.path
            yield CheckedFault(
                where.file, line, pointer, severity, infno, leg.direction, leg.side, msgid, fault, number
            )
        self.errors += errors
        if not errors:
            self.kept[infno, leg.direction] += 1

    def _name(self, leg: RecordedLeg) -> str:
        return str(leg.envelope.get("infno") or leg.infno)[:20]

    def _contract(self, leg: RecordedLeg, infno: str) -> Contract:
        side = AGENCY if leg.side == AGENCY or infno.startswith("SIM-") else HOSPITAL
        return self.contract_for(side, leg.spoken.edition)

    def _strict(self, leg: RecordedLeg) -> bool:
        if self.strict is not None:
            return self.strict
        return leg.spoken.strict is not False

    def _request(self, leg: RecordedLeg) -> list[ContractBreach]:
        envelope, found = self._head(leg)
        infno = envelope.get("infno")
        contract = self._contract(leg, str(infno))
        if not isinstance(infno, str) or not contract.serves(infno):
            return [*found, _unknown(infno, contract.why_not(str(infno)[:60]))]
        head = head_of(envelope)
        remote = places.shipped().is_remote(head.treated_area, head.insured_area)
        strict = self._strict(leg)
        body: Any = None
        # The envelope says that input is missing; judged as null it would be told twice.
        if "input" in envelope:
            body, more = self._body(
                contract, infno, "in", envelope["input"], remote=remote, head=envelope, strict=strict
            )
            found += more
            # The rules between messages go by the platform's names.
            body = contract.edition.dialect.read(infno, "in", body)
        found += self._once(leg, envelope, infno, body)
        found += between.asked(self.memory, leg.side, infno, body)
        self._wait(leg, Waiting(infno, body, remote, {"insuplc_admdvs": envelope.get("insuplc_admdvs")}, _msgid(leg)))
        if leg.size > LARGEST_INPUT and (size := characters(envelope.get("input"))) > LARGEST_INPUT:
            found.append(_too_large(size))
        return found

    def _answer(self, leg: RecordedLeg, asked: Waiting | None) -> list[ContractBreach]:
        envelope, found = self._head(leg)
        refused = str(envelope.get("infcode")) != "0"
        if asked is None:
            # A refusal says the same whatever was asked.
            return found if refused else [*found, _alone()]
        if refused:
            # What was refused uploaded nothing and spent no msgid.
            between.refused(self.memory, leg.side, asked.infno, asked.body)
            self.memory.msgids.drop(leg.side, asked.msgid)
            return found
        contract = self._contract(leg, asked.infno)
        output = envelope.get("output")
        strict = self._strict(leg)
        body, more = self._body(
            contract, asked.infno, "out", output, remote=asked.remote, head=asked.head, strict=strict
        )
        found += more
        body = contract.edition.dialect.read(asked.infno, "out", body)
        found += between.answered(
            self.memory, leg.side, asked.infno, asked.body, body, account_in_fund=self.account_in_fund
        )
        return found

    def _wait(self, leg: RecordedLeg, request: Waiting) -> None:
        exchange = self.messages if leg.exchange is None else leg.exchange
        self.waiting[leg.where.file, exchange, leg.side, request.msgid] = request
        if len(self.waiting) > _WAITING:
            self.waiting.popitem(last=False)

    def _asked(self, leg: RecordedLeg) -> Waiting | None:
        """The request of an answer: of the same exchange, of the msgid it repeats, or the last that it can answer."""
        msgid = _msgid(leg)
        for key in reversed(self.waiting):
            file, exchange, side, asked_msgid = key
            if (file, side) != (leg.where.file, leg.side):
                continue
            if leg.exchange is not None:
                fits = exchange == leg.exchange
            elif msgid:
                fits = asked_msgid == msgid
            else:
                fits = self._can_answer(self.waiting[key].infno, leg)
            if fits:
                return self.waiting.pop(key)
        if self.assumed and self._contract(leg, self.assumed).serves(self.assumed):
            return Waiting(self.assumed, None, remote=False, head={})
        return None

    def _can_answer(self, infno: str, leg: RecordedLeg) -> bool:
        output = leg.envelope.get("output")
        root = self._contract(leg, infno).layout(infno, "out").root
        return not isinstance(output, dict) or all(name in root.known() for name in output)

    def _head(self, leg: RecordedLeg) -> tuple[dict[str, Any], list[ContractBreach]]:
        contract = self._contract(leg, self._name(leg))
        envelope: dict[str, Any] = leg.envelope
        if self._strict(leg):
            return envelope, [*contract.check_envelope_strict(envelope, leg.direction)]
        envelope, habits = contract.accept_envelope_quirks(envelope)
        return envelope, [*habits, *contract.check_envelope(envelope, leg.direction)]

    def _body(
        self,
        contract: Contract,
        infno: str,
        direction: str,
        body: Any,
        *,
        remote: bool,
        head: dict[str, Any],
        strict: bool,
    ) -> tuple[Any, list[ContractBreach]]:
        found: list[ContractBreach] = []
        if strict:
            found += contract.check_strict(infno, direction, body, remote=remote, head=head)
        else:
            body, habits, faults = contract.check_lenient(infno, direction, body, remote=remote, head=head)
            found += (*habits, *faults)
        layout, pairs = self._dates(contract, infno, direction)
        if pairs:
            found += date_faults(layout, pairs, body)
        return body, found

    def _dates(self, contract: Contract, infno: str, direction: str) -> tuple[Layout, Any]:
        layout = contract.layout(infno, direction)
        key = (contract.label, infno, direction)
        if key not in self._pairs:
            found = {node.path: pairs_of(node) for node in layout.root.walk()}
            self._pairs[key] = {path: pairs for path, pairs in found.items() if pairs}
        return layout, self._pairs[key]

    def _once(self, leg: RecordedLeg, envelope: dict[str, Any], infno: str, body: Any) -> list[ContractBreach]:
        """A msgid is spent on one message that takes effect; the same message again is a repetition."""
        msgid = envelope.get("msgid")
        if not isinstance(msgid, str) or not msgid or not traits_of(infno).effect:
            return []
        digest = _digest(body)
        known = self.memory.msgids.get(leg.side, msgid)
        self.memory.msgids.put((infno, digest), leg.side, msgid)
        if known is None or known == (infno, digest):
            return []
        words = text("contract.allowed_msgid_once")
        sentence = text(
            "contract.fault_msgid_twice", field="msgid", name="发送方报文ID", got=came(msgid), allowed=words
        )
        return [
            ContractBreach(
                "msgid_twice", "/msgid", "msgid", "发送方报文ID", came(msgid), words, sentence, "ENVELOPE in msgid"
            )
        ]


def _msgid(leg: RecordedLeg) -> str:
    """Blank where it is none, or no text."""
    msgid = leg.envelope.get("msgid")
    return msgid if isinstance(msgid, str) else ""


def _digest(body: Any) -> bytes:
    """Equal for bodies that are equal as parsed JSON: neither the order of keys nor 1.0 against 1.00 matters."""
    written = _WHOLE.sub(b"", _ZEROS.sub(rb"\1", _encode(body)))
    return hashlib.blake2b(written, digest_size=12).digest()


def _parent_line(written: str, pointer: str) -> int:
    """The line of the nearest member that is there, for one that is missing."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        line = line_of(written, pointer)
        if line is not None:
            return line
    return 1


def _unknown(infno: Any, why: Text) -> ContractBreach:
    return ContractBreach(
        "transaction", "/infno", "infno", "交易编号", came(infno), plain(""), why, "ENVELOPE in infno"
    )


def _alone() -> ContractBreach:
    return ContractBreach(
        "answer_alone", "", "", "", "", plain(""), text("contract.fault_answer_alone"), "ENVELOPE out"
    )


def _too_large(size: int) -> ContractBreach:
    allowed = text("contract.allowed_input_size", limit=LARGEST_INPUT)
    sentence = text("contract.fault_input_size", got=size, allowed=allowed)
    return ContractBreach(
        "input_size", "/input", "input", "交易输入", str(size), allowed, sentence, "ENVELOPE in input"
    )
