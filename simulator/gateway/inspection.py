"""Checks messages against the contract, in and out, and grades the breaches for strict and lenient sandboxes."""

from collections.abc import Mapping
from typing import Any, Protocol

from simulator.contract import Contract, ContractBreach
from simulator.core.envelope import Head, head_of
from simulator.core.errors import Refusal, refuse
from simulator.core.findings import ERROR, WARNING, Finding, from_faults
from simulator.core.json_codec import LARGEST_INPUT, characters
from simulator.core.refusals import refuse_in_strict
from simulator.core.texts import text
from simulator.sandbox.configuration import Config
from simulator.transactions import HANDLERS

MAX_CHARGES = 1000
"""Rows of feedetail in one 2204 (ours; the documents print no limit)."""


class Breach(Exception):
    """Raised for a message that breaks the contract; the findings of the exchange name the places."""


class Examined(Protocol):
    """The parts of an exchange that the inspection reads and fills."""

    head: Head
    body: Any
    findings: list[Finding]
    psn_no: str
    mdtrt_id: str

    @property
    def incoming(self) -> Any: ...


class Inspector:
    """Checks every input, and the output of every `sample`-th message (1 always, 0 never)."""

    def __init__(self, *, sample: int = 16) -> None:
        self._sample = sample
        self._count = 0

    def inspect(self, config: Config, exchange: Examined, fields: Mapping[str, Any]) -> Any:
        """Checks a message and returns its valid `input` in the platform's names; raises Breach or Refusal.

        In a lenient sandbox the quirks of real clients are repaired, each with a warning. The findings, `head`, `body`,
        `psn_no` and `mdtrt_id` of the exchange are updated.
        """
        contract, strict = config.hospital_contract, config.strict
        if not strict:
            fields, quirks = contract.accept_envelope_quirks(fields)
            exchange.head = head_of(fields)
            exchange.findings += from_faults(quirks, strict=False)
        head, remote = exchange.head, config.is_remote(exchange.head)
        body = fields.get("input")
        _read_by(contract, exchange, body)
        _refuse_unserved(config, head, exchange.incoming.infno_in_path, exchange.findings)
        raw: bytes = exchange.incoming.raw
        _refuse_oversized(config, exchange.body, raw, exchange.findings)
        faults = _breaches(contract, head.infno, fields, remote=remote)
        # The text "null" may pass the contract as a value, so lenient looks for it even without a breach.
        if not strict and (faults or b'"null"' in raw):
            body, quirks, faults = contract.check_lenient(head.infno, "in", body, remote=remote, head=fields)
            _read_by(contract, exchange, body)
            faults = (*quirks, *contract.check_envelope({**fields, "input": body}, "in"), *faults)
        elif faults:
            faults = _strict_breaches(contract, head.infno, fields, remote=remote)
        exchange.findings += from_faults(faults, strict=strict)
        if any(finding.severity == ERROR for finding in exchange.findings):
            raise Breach
        return exchange.body

    def inspect_output(self, config: Config, head: Head, output: Any) -> list[Finding]:
        """Checks an answer of the platform; a breach is a defect of the platform and named so in its rule."""
        self._count += 1
        if not self._sample or self._count % self._sample:
            return []
        faults = config.hospital_contract.check(head.infno, "out", output, remote=config.is_remote(head))
        return [
            Finding(f"platform.{found.rule}", found.severity, found.sentence, found.path, found.wanted, found.got)
            for found in from_faults(faults, strict=False)
        ]


def _read_by(contract: Contract, exchange: Examined, body: Any) -> None:
    exchange.body = contract.edition.dialect.read(exchange.head.infno, "in", body)
    exchange.psn_no, exchange.mdtrt_id = identifiers_in(exchange.body, "", "")


def _breaches(contract: Contract, infno: str, fields: Mapping[str, Any], *, remote: bool) -> tuple[ContractBreach, ...]:
    found = contract.check_envelope(fields, "in")
    if "input" not in fields:
        # The envelope check reports the missing input; checking null too would report it twice.
        return found
    return (*found, *contract.check(infno, "in", fields["input"], remote=remote, head=fields))


def _strict_breaches(
    contract: Contract, infno: str, fields: Mapping[str, Any], *, remote: bool
) -> tuple[ContractBreach, ...]:
    """Breaches of a message in strict, with the correct form where a quirk of clients is recognised."""
    found = contract.check_envelope_strict(fields, "in")
    if "input" not in fields:
        return found
    return (*found, *contract.check_strict(infno, "in", fields["input"], remote=remote, head=fields))


def identifiers_in(body: Any, psn_no: str, mdtrt_id: str) -> tuple[str, str]:
    """psn_no and mdtrt_id of a body for the journal: the given ones, or the first found in a node."""
    # A body may be a bare list, or an object whose fields are not in a node.
    nodes = [body, *body.values()] if isinstance(body, Mapping) else [body]
    for node in nodes:
        first = node[0] if isinstance(node, list) and node else node
        if isinstance(first, Mapping):
            psn_no = psn_no or _word(first.get("psn_no"))
            mdtrt_id = mdtrt_id or _word(first.get("mdtrt_id"))
    return psn_no, mdtrt_id


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _refuse_unserved(config: Config, head: Head, in_path: str, findings: list[Finding]) -> None:
    if not head.infno:
        raise refuse("infno_missing", path="infno")
    if in_path and in_path != head.infno:
        differs = refuse("infno_differs", path="/infno", path_says=in_path, head_says=head.infno)
        refuse_in_strict(differs, strict=config.strict, findings=findings)
    if not config.contract.serves(head.infno):
        raise Refusal("infno_not_in_edition", config.contract.why_not(head.infno[:40]), path="infno")
    if head.infno not in HANDLERS:
        name = config.contract.name_zh(head.infno)
        raise refuse("infno_not_served", path="infno", infno=head.infno, name=name)


def _refuse_oversized(config: Config, body: Any, raw: bytes, findings: list[Finding]) -> None:
    charges = body.get("feedetail") if isinstance(body, Mapping) else None
    if isinstance(charges, list) and len(charges) > MAX_CHARGES:
        too_many = refuse("too_many_charges", path="/input/feedetail", size=len(charges), limit=MAX_CHARGES)
        refuse_in_strict(too_many, strict=config.strict, findings=findings)
    # A text never has more characters than bytes, so characters are counted only in a long message.
    if len(raw) > LARGEST_INPUT and (size := characters(body)) > LARGEST_INPUT:
        sentence = text("gateway.input_too_long", size=size, limit=LARGEST_INPUT)
        severity = ERROR if config.strict else WARNING
        finding = Finding("input_too_long", severity, sentence, "/input", str(LARGEST_INPUT), str(size))
        findings.append(finding)
