"""Fields of a message as its handler needs them: `input` in clear, and a file beside it named in its place."""

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
    """Raises Undecodable for a body that is no message; a lenient sandbox is content with a warning where it can be."""
    problem = exchange.incoming.problem
    if problem is None:
        return
    if config.strict or not problem.lenient:
        raise problem
    exchange.findings.append(Finding("gateway.body", WARNING, problem.text))


def decoded(config: Config, exchange: Exchange, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of an authentic message, deciphered by the profile and with the file that came beside it.

    Raises Undecodable for an `input` that cannot be deciphered, and Refusal for a file that nobody asked for.
    """
    if config.profile.encrypt != NONE:
        cipher = BodyCipher(config.profile, exchange.head.institution)
        fields = cipher.decrypted(fields)
        exchange.cipher = cipher
    file = exchange.incoming.file
    return fields if file is None else _with_file(config, exchange, fields, file)


def _with_file(config: Config, exchange: Exchange, fields: Mapping[str, Any], file: FileContent) -> Mapping[str, Any]:
    """The fields with the digest of the file where the transaction prints a field of bytes.

    So the contract finds the field filled, and another file under the same msgid is another body (rules 16).
    """
    contract, infno = config.contract, exchange.head.infno
    if not contract.serves(infno):
        return fields
    found = next((row for row in contract.edition.rows_of(infno, "in") if row.type == "bytes"), None)
    if found is None:
        refuse_in_strict(refuse("file_unexpected", infno=infno), strict=config.strict, findings=exchange.findings)
        return fields
    body = fields.get("input")
    node = body.get(found.node) if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(node, Mapping):
        # The contract says what is missing.
        return fields
    return {**fields, "input": {**body, found.node: {**node, found.field: f"sha256:{file.sha256}"}}}
