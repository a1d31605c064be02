"""Answers for programs under /contract/: editions, schemas, examples, OpenAPI, code tables, as JSON."""

from functools import lru_cache
from typing import Any

from flask import Response, request

from simulator.contract import Contract
from simulator.contract.edition_rows import ENVELOPE
from simulator.contract.example import example_message
from simulator.contract.export.file_export import code_tables_of
from simulator.contract.export.openapi import BASE_PATH, openapi_of, plain_json
from simulator.contract.layout import INSURED, LOCAL, REMOTE
from simulator.core.json_codec import write_json
from simulator.core.texts import Text
from simulator.pages.edition_choice import Shown
from simulator.pages.rendering import HEADERS

VARIANTS = {"local": LOCAL, "insured": INSURED, "remote": REMOTE}


def editions_json(editions: list[Shown]) -> dict[str, Any]:
    """Every edition with the addresses of what else there is."""
    return {"editions": [_edition_json(each) for each in editions]}


def schema_json(shown: Shown, infno: str, direction: str, variant: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of `input`, `output` or the header, with an id that names edition and variant."""
    known = contract_variants(shown.contract, infno, direction)
    # A transaction that asks the same of all has the local schema only.
    name = variant if variant in known else "local"
    schema = shown.contract.schema_of(infno, direction, VARIANTS[name])
    return {"$id": f"urn:nhsa-sim:{shown.contract.label}:{infno}.{direction}.{name}", **schema}


def contract_variants(contract: Contract, infno: str, direction: str) -> tuple[str, ...]:
    """The names of the variants that differ."""
    return ("local",) if infno == ENVELOPE else tuple(contract.variants(infno, direction))


def example_json(shown: Shown, infno: str, direction: str, *, remote: bool, full: bool) -> Any:
    """A whole valid message."""
    variant = REMOTE if remote else LOCAL
    return plain_json(example_message(shown.contract, infno, direction, variant, full=full))


def openapi_json(shown: Shown, *, remote: bool, sandbox: str) -> dict[str, Any]:
    """The OpenAPI document, its server being this platform or one sandbox of it."""
    prefix = f"/s/{sandbox}" if sandbox else ""
    return {
        **_openapi(shown.contract, remote),
        "servers": [{"url": f"{request.host_url.rstrip('/')}{prefix}{BASE_PATH}"}],
    }


def codes_json(shown: Shown) -> dict[str, Any]:
    """Every code table."""
    return code_tables_of(shown.contract)


def json_answer(value: Any, status: int = 200) -> Response:
    return Response(write_json(value), status, headers=HEADERS, mimetype="application/json")


def json_error(status: int, code: str, sentence: Text) -> Response:
    """The same form as the errors of the control calls."""
    return json_answer({"error": {"code": code, "message": str(sentence), "path": ""}}, status)


@lru_cache(maxsize=16)
def _openapi(contract: Contract, remote: bool) -> dict[str, Any]:
    return openapi_of(contract, remote=remote)


def _edition_json(shown: Shown) -> dict[str, Any]:
    edition = shown.contract.edition
    served = [infno for infno in edition.transactions if shown.contract.serves(infno)]
    address = f"/contract/{shown.name}"
    return {
        "name": shown.name,
        "title": edition.title.as_json(),
        "source": edition.source.as_json(),
        "lineage": list(edition.lineage),
        "digest": edition.digest,
        "transactions": served,
        "listed": [infno for infno in edition.transactions if not shown.contract.serves(infno)],
        "sandboxes": list(shown.used_by),
        "links": {
            "page": f"{address}/",
            "openapi": f"{address}/openapi.json",
            "codes": f"{address}/codes.json",
            "schema": f"{address}/{{infno}}/{{direction}}.schema.json?remote={{0,1}}",
            "example": f"{address}/{{infno}}/{{direction}}.example.json?remote={{0,1}}",
        },
    }
