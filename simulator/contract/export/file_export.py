"""Export of an edition as files: schemas, OpenAPI, code tables, spreadsheets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.contract.contract import Contract
from simulator.contract.edition_rows import ENVELOPE
from simulator.contract.export.openapi import openapi_of
from simulator.contract.export.spreadsheet import sheets_of
from simulator.contract.layout import LOCAL
from simulator.core.errors import DataFault, DataFaults
from simulator.core.texts import text

KEYWORDS = Path(__file__).parent / "ajv-keywords.mjs"


def export_edition(contract: Contract, folder: Path) -> int:
    """Writes every file under the folder and returns their number; existing files are replaced."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for name, content in _files(contract):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            count += 1
    except OSError as error:
        fault = DataFault(text("contract.cannot_write", problem=error.strerror), file=str(folder))
        raise DataFaults([fault]) from None
    return count


def _files(contract: Contract) -> Iterator[tuple[str, bytes]]:
    yield "README.md", str(text("contract.export_readme", edition=contract.label)).encode()
    for name, schema in schemas_of(contract):
        yield f"schemas/{name}.json", _json(schema)
    for variant in ("local", "remote"):
        document = openapi_of(contract, remote=variant == "remote")
        yield f"openapi.{variant}.json", _json(document)
    yield "code_tables.json", _json(code_tables_of(contract))
    yield KEYWORDS.name, KEYWORDS.read_bytes()
    for name, content in sheets_of(contract.edition).items():
        yield f"spreadsheet/{name}", content


def schemas_of(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """`2207A.in.remote` and the schema of its `input`; `ENVELOPE.in.local` for the header's own fields."""
    served = [infno for infno in contract.edition.transactions if contract.serves(infno)]
    for infno in (ENVELOPE, *served):
        for direction in ("in", "out"):
            variants = {"local": LOCAL} if infno == ENVELOPE else contract.variants(infno, direction)
            for name, variant in variants.items():
                schema = contract.schema_of(infno, direction, variant)
                full_name = f"{infno}.{direction}.{name}"
                yield full_name, {"$id": f"urn:nhsa-sim:{contract.label}:{full_name}", **schema}


def code_tables_of(contract: Contract) -> dict[str, Any]:
    """Every table with its title, whether it is checked, and its codes."""
    edition = contract.edition
    return {
        table: {"title": known.title_zh, "printed": known.printed, "codes": dict(edition.codes[table])}
        for table, known in edition.tables.items()
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
