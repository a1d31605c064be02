"""What programs fetch from /contract/ is complete, and errors are JSON too."""

import jsonschema
import pytest

from simulator.contract.example_coverage import EDITIONS


def get(reader, path: str, status: int = 200):
    response = reader.get(f"/contract/{path}")
    assert (response.status_code, response.mimetype) == (status, "application/json"), response.get_data(as_text=True)
    return response.json


def test_the_list_of_editions_leads_to_everything_else(reader):
    listed = get(reader, "editions.json")["editions"]
    assert [each["name"] for each in listed] == list(EDITIONS)
    for each in listed:
        assert "2207" in each["transactions"]
        for name in ("openapi", "codes"):
            assert reader.get(each["links"][name]).status_code == 200
        schema = each["links"]["schema"].format_map({"infno": "2207", "direction": "in", "0,1": "1"})
        assert reader.get(schema).status_code == 200


@pytest.mark.parametrize("name", EDITIONS)
@pytest.mark.parametrize("remote", [0, 1])
def test_the_schema_takes_the_example_of_the_same_variant(reader, name, remote):
    for infno in ("1101", "2204", "2207", "2601"):
        for direction, inner in (("in", "input"), ("out", "output")):
            schema = get(reader, f"{name}/{infno}/{direction}.schema.json?remote={remote}")
            message = get(reader, f"{name}/{infno}/{direction}.example.json?remote={remote}")
            jsonschema.Draft202012Validator(schema).validate(message[inner])


def test_a_remote_schema_requires_the_identity_and_a_local_one_does_not(reader):
    local = get(reader, "national/2207A/in.schema.json")
    remote = get(reader, "national/2207A/in.schema.json?remote=1")
    assert "certno" not in local["properties"]["data"]["required"]
    assert "certno" in remote["properties"]["data"]["required"]
    assert (local["$id"], remote["$id"]) == (
        "urn:nhsa-sim:national:2207A.in.local",
        "urn:nhsa-sim:national:2207A.in.remote",
    )


def test_the_header_has_schemas_too(reader):
    assert "infno" in get(reader, "national/ENVELOPE/in.schema.json")["required"]
    assert "infcode" in get(reader, "national/ENVELOPE/out.schema.json")["required"]


def test_openapi_names_this_platform_or_one_sandbox_as_its_server(reader):
    document = get(reader, "hunan-1.3/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "http://localhost/fsi/api/rsfComIfsService"}]
    assert "/callService/2207" in document["paths"]
    document = get(reader, "hunan-1.3/openapi.json?sandbox=mine&remote=1")
    assert document["servers"] == [{"url": "http://localhost/s/mine/fsi/api/rsfComIfsService"}]


def test_code_tables_come_with_their_codes(reader):
    assert get(reader, "national/codes.json")["med_type"]["codes"]["14"] == "门诊慢特病"


@pytest.mark.parametrize(
    "path",
    [
        "nowhere/openapi.json",
        "national/9999/in.schema.json",
        "national/8301/in.schema.json",
        "hunan-1.3/2207A/in.schema.json",
        "national/2207B/out.example.json",
        "nowhere/codes.json",
    ],
)
def test_what_is_not_there_is_told_as_json(reader, path):
    error = get(reader, path, 404)["error"]
    assert error["code"] == "not_found"
    assert error["message"]
