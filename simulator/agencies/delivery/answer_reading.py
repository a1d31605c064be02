"""Reads the bytes of an agency's answer and checks them against the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.contract import Contract
from simulator.contract.breaches import ContractBreach
from simulator.core.findings import ERROR, Finding, from_faults
from simulator.core.json_codec import NotAMessage, read_json
from simulator.core.texts import Text, text

ACCEPTED, REFUSED = "0", "-1"


@dataclass(frozen=True, slots=True)
class AgencyAnswer:
    """Answer with infcode 0 or −1; `output` is empty unless the infcode is 0, `err_msg` is blank unless refused."""

    infcode: str
    err_msg: str
    output: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.infcode == ACCEPTED

    @property
    def broken(self) -> Text | None:
        """First breach of the contract, or None."""
        return next((each.sentence for each in self.findings if each.severity == ERROR), None)


def read_answer(raw: bytes, infno: str, contract: Contract, *, remote: bool, strict: bool) -> AgencyAnswer | Text:
    """Parses an agency's answer, or returns the reason why the bytes are not an answer.

    Without `strict`, known deviations of real systems are repaired and reported as warnings (rules 27).
    """
    try:
        body = read_json(raw)
    except NotAMessage as error:
        return text("agency.not_a_message", problem=error.text)
    if not isinstance(body, dict):
        return text("agency.not_a_message", problem=text("wire.not_object", got=type(body).__name__))
    infcode = _infcode(body.get("infcode"))
    if not infcode:
        return text("agency.not_a_message", problem=text("wire.no_infcode"))
    findings, envelope = _envelope(contract, body, strict=strict)
    err_msg = envelope.get("err_msg")
    output = envelope.get("output") or {}
    if infcode == REFUSED or not isinstance(output, Mapping):
        return AgencyAnswer(infcode, err_msg if isinstance(err_msg, str) else "", {}, tuple(findings))
    more, output = _output(contract, infno, output, remote=remote, strict=strict)
    return AgencyAnswer(infcode, "", output, tuple(findings + more))


def _infcode(value: Any) -> str:
    """Normalises an infcode to "0" or "-1", blank for any other value; numbers are accepted too (rules 27)."""
    # bool is an int in Python, and JSON true is no infcode.
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return ACCEPTED if value == 0 else REFUSED if value == -1 else ""
    return value if value in (ACCEPTED, REFUSED) else ""


def _envelope(contract: Contract, body: Mapping[str, Any], *, strict: bool) -> tuple[list[Finding], Mapping[str, Any]]:
    # Absent, null and {} mean the same where a transaction prints no output (rules 27).
    fields = {**body, "infcode": str(body["infcode"]), "output": {} if body.get("output") is None else body["output"]}
    quirks: tuple[Any, ...] = ()
    if not strict:
        fields, quirks = contract.accept_envelope_quirks(fields)
    return from_faults((*quirks, *contract.check_envelope(fields, "out")), strict=strict), fields


def _output(
    contract: Contract, infno: str, output: Any, *, remote: bool, strict: bool
) -> tuple[list[Finding], Mapping[str, Any]]:
    faults = contract.check(infno, "out", output, remote=remote)
    quirks: tuple[Any, ...] = ()
    if faults and not strict:
        output, quirks, faults = contract.check_lenient(infno, "out", output, remote=remote)
        output = _repaired(output, faults)
    return from_faults((*quirks, *faults), strict=strict), output


def _repaired(output: Any, faults: Sequence[ContractBreach]) -> Any:
    """Removes fields unknown to the contract and adds an empty list for each required list left out.

    The hospital's own contract check would otherwise fail on the agency's answer.
    """
    strange = {each.path for each in faults if each.rule in ("unknown_field", "unknown_node")}
    kept = _without(output, strange, "/output") if strange else output
    # Two slashes: only lists directly under /output are added.
    left_out: dict[str, list[Any]] = {
        each.field: [] for each in faults if each.rule == "list_missing" and each.path.count("/") == 2
    }
    return {**kept, **left_out} if left_out and isinstance(kept, Mapping) else kept


def _without(value: Any, paths: set[str], here: str) -> Any:
    if isinstance(value, list):
        return [_without(item, paths, f"{here}/{index}") for index, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    places = {name: f"{here}/{str(name).replace('~', '~0').replace('/', '~1')}" for name in value}
    return {name: _without(item, paths, places[name]) for name, item in value.items() if places[name] not in paths}
