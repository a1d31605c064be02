"""The exported files as other tools read them: ajv and an OpenAPI validator accept them and agree with the contract."""

import csv
import io
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from simulator.contract import contract_of
from simulator.contract.edition_rows import ENVELOPE
from simulator.contract.example import example, example_message
from simulator.contract.export import export_edition, openapi_of
from simulator.contract.export.openapi import plain_json
from simulator.contract.export.spreadsheet import safe, sheets_of
from simulator.contract.layout import LOCAL, REMOTE
from simulator.contract.negative_examples import negative_examples

pytestmark = pytest.mark.slow

NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    assert export_edition(contract_of("national"), folder) > 250
    return folder


@cache
def openapi(*, remote):
    return openapi_of(contract_of("national"), remote=remote)


def samples(contract):
    """Every example and near-miss, with the exported schema that must take or refuse it, and what the contract says."""
    for infno in (ENVELOPE, *contract.edition.transactions):
        if infno != ENVELOPE and not contract.serves(infno):
            continue
        for direction in ("in", "out"):
            variants = {"local": LOCAL} if infno == ENVELOPE else contract.variants(infno, direction)
            for name, variant in variants.items():
                schema = f"{infno}.{direction}.{name}"
                for full in (True, False):
                    yield schema, "", example(contract, infno, direction, variant, full=full)
                for miss in negative_examples(contract, infno, direction, variant):
                    if name == "local" or miss.kind in ("missing", "empty", "node_missing"):
                        yield schema, miss.kind, miss.body


def whole_messages(contract):
    """Whole messages for the OpenAPI documents: every example, and one near-miss of each kind a transaction."""
    for infno in contract.edition.transactions:
        if not contract.serves(infno):
            continue
        for direction, inner in (("in", "input"), ("out", "output")):
            for name, variant in (("local", LOCAL), ("remote", REMOTE)):
                if name == "remote" and "remote" not in contract.variants(infno, direction):
                    continue
                schema = f"openapi.{name}#/components/schemas/{infno}.{direction}"
                message = example_message(contract, infno, direction, variant, full=True)
                yield schema, "", message
                kinds = {}
                for miss in negative_examples(contract, infno, direction, variant):
                    kinds.setdefault(miss.kind, miss.body)
                for kind, body in kinds.items():
                    yield schema, kind, message | {inner: body}


def ajv(folder, tmp_path, judged):
    """ajv's verdict on every sample, without and with the exported keywords."""
    file = tmp_path / "samples.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for schema, _, body in judged:
            out.write(json.dumps({"schema": schema, "body": plain_json(body)}, ensure_ascii=False) + "\n")
    command = ["node", "--max-old-space-size=2048", str(NODE / "check.mjs"), str(folder), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


@pytest.fixture(scope="module")
def node():
    """Node.js with ajv as locked beside this test; what is missing skips at home and fails in CI."""
    refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    if shutil.which("node") is None or shutil.which("npm") is None:
        refuse("Node.js is not installed")
    if not (NODE / "node_modules" / "ajv").is_dir():
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            refuse(f"npm cannot install ajv: {done.stderr[-300:]}")


@pytest.mark.node
@pytest.mark.usefixtures("node")
def test_ajv_agrees_with_the_contract_on_every_sample_good_and_bad(exported, tmp_path):
    judged = list(samples(contract_of("national")))
    verdicts = ajv(exported, tmp_path, judged)
    assert len(verdicts) == len(judged) > 14_000
    for (schema, kind, _), verdict in zip(judged, verdicts, strict=True):
        # A good sample passes; decimals need the exported keyword; everything else is refused without it, too.
        assert verdict == {"": "11", "decimals": "10"}.get(kind, "00"), (schema, kind)


@pytest.mark.node
@pytest.mark.usefixtures("node")
def test_ajv_agrees_with_the_contract_on_whole_messages_of_the_openapi_documents(exported, tmp_path):
    judged = list(whole_messages(contract_of("national")))
    verdicts = ajv(exported, tmp_path, judged)
    assert len(judged) > 1_500
    for (schema, kind, _), verdict in zip(judged, verdicts, strict=True):
        assert verdict == {"": "11", "decimals": "10"}.get(kind, "00"), (schema, kind)


def test_an_openapi_validator_accepts_the_document():
    OpenAPIV31SpecValidator(openapi(remote=False)).validate()


def test_the_remote_document_differs_in_its_schemas_alone():
    local, remote = openapi(remote=False), openapi(remote=True)
    assert local["components"]["schemas"].keys() == remote["components"]["schemas"].keys()
    for path, operation in local["paths"].items():
        assert operation["post"]["responses"].keys() == remote["paths"][path]["post"]["responses"].keys()
    wanted = [document["components"]["schemas"]["1101.in.input"]["properties"]["data"] for document in (local, remote)]
    assert set(wanted[1]["required"]) - set(wanted[0]["required"]) == {"psn_cert_type", "certno", "psn_name"}


def test_the_openapi_document_has_one_path_a_transaction():
    contract = contract_of("national")
    served = {f"/callService/{infno}" for infno in contract.edition.transactions if contract.serves(infno)}
    assert openapi(remote=False)["paths"].keys() == served


def test_every_exported_schema_is_valid_and_stands_alone(exported):
    files = sorted((exported / "schemas").glob("*.json"))
    assert len(files) > 250
    for file in files:
        written = file.read_text(encoding="utf-8")
        assert '"$ref"' not in written
        assert jsonschema_rs.meta.is_valid(json.loads(written))


def test_the_remote_variant_stands_only_where_it_differs(exported):
    names = {file.name for file in (exported / "schemas").glob("2[26]0*.json")}
    assert {"2207.in.local.json", "2207.in.remote.json", "2601.in.local.json"} <= names
    assert "2601.in.remote.json" not in names


def test_a_spreadsheet_keeps_leading_zeros_lengths_and_minus_signs():
    assert [safe(cell) for cell in ("01", "16,2", "-1", "310100", "+1", "1E5")] == [
        '="01"',
        '="16,2"',
        '="-1"',
        '="310100"',
        '="+1"',
        '="1E5"',
    ]
    assert safe("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert safe("居民身份证（户口簿）") == "居民身份证（户口簿）"


def test_the_spreadsheet_tables_hold_every_row():
    edition = contract_of("national").edition
    sheets = sheets_of(edition)
    assert all(content.startswith(b"\xef\xbb\xbf") for content in sheets.values())
    rows = list(csv.DictReader(io.StringIO(sheets["codes.csv"].decode("utf-8-sig"))))
    assert len(rows) == sum(map(len, edition.codes.values()))
    assert {"table": "psn_cert_type", "code": '="01"', "name_zh": "居民身份证（户口簿）"} in rows


def test_exporting_twice_writes_the_same_bytes(exported, tmp_path):
    export_edition(contract_of("national"), tmp_path)
    files = [file.relative_to(exported) for file in exported.rglob("*") if file.is_file()]
    assert all((exported / file).read_bytes() == (tmp_path / file).read_bytes() for file in files)
