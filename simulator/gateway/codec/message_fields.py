"""Fields of a message as its handler needs them: `input` decrypted, and the digest of an uploaded file filled in."""

from collections.abc import Mapping
from typing import Any

from simulator.core.errors import refuse
from simulator.core.findings import WARNING, Finding
from simulator.core.refusals import refuse_in_strict
from simulator.core.signing import NONE
from simulator.domain.files import FileContent
from simulator.gateway.codec.encryption import BodyCipher
from simulator.gateway.exchange import Exchange
from simulator.sandbox.configuration import Config


def refuse_undecodable(config: Config, exchange: Exchange) -> None:
    """Raises Undecodable for a body that is not a message; a lenient sandbox reads what it can, with a warning."""
    problem = exchange.incoming.problem
    if problem is None:
        return
    if config.strict or not problem.lenient:
        raise problem
    exchange.findings.append(Finding("gateway.body", WARNING, problem.text))


def decode(config: Config, exchange: Exchange, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields of an authentic message, decrypted by the profile and with the digest of its file.

    Raises Undecodable for an `input` that cannot be decrypted, and Refusal for a file the transaction does not take.
    """
    if config.profile.encrypt != NONE:
        cipher = BodyCipher(config.profile, exchange.head.institution)
        fields = cipher.decrypted(fields)
        exchange.cipher = cipher
    file = exchange.incoming.file
    return fields if file is None else _with_file(config, exchange, fields, file)


def _with_file(config: Config, exchange: Exchange, fields: Mapping[str, Any], file: FileContent) -> Mapping[str, Any]:
    """Fields with the digest of the file in the transaction's field of type bytes.

    The contract then finds the field filled, and another file under the same msgid is another body (rules 16).
    """
    contract, infno = config.hospital_contract, exchange.head.infno
    if not contract.serves(infno):
        return fields
    found = next((row for row in contract.edition.rows_of(infno, "in") if row.type == "bytes"), None)
    if found is None:
        refuse_in_strict(refuse("file_unexpected", infno=infno), strict=config.strict, findings=exchange.findings)
        return fields
    body = fields.get("input")
    node = body.get(found.node) if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(node, Mapping):
        # Left to the contract check, which reports the missing node.
        return fields
    return {**fields, "input": {**body, found.node: {**node, found.field: f"sha256:{file.sha256}"}}}
