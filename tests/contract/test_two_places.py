"""One city is one place: what a message between two places needs is asked of the same pairs everywhere (rules 11)."""

import itertools
import json
from collections import defaultdict

import pytest
from click.testing import CliRunner

from simulator.cli import cli
from simulator.contract import contract_of
from simulator.contract.example import example_message
from simulator.contract.export.openapi import plain_json
from simulator.contract.layout import LOCAL

IDENTITY = ["psn_cert_type", "certno", "psn_type", "psn_name"]
"""Fields of 2207A that JX prints as required only between two places."""
AREAS = [
    f"{province}{city}{county}"
    for province in ("11", "23", "42")
    for city in ("00", "02", "90")
    for county in ("00", "05", "99")
]
SESSION = "003110000060000-311000025"
"""血液透析 in 七台河 and its counties: 甲, ceiling 400.00."""
COUNTY = ("H23092100001", "勃利县模拟医院", "230921")


def place(area):
    """北京 is one place, a county directly under 湖北 another, elsewhere a city of four digits."""
    return area[:2] if area.startswith("11") else area if area.startswith("4290") else area[:4]


def checked(folder, way, pairs):
    """The fields that `contract check` misses in a local 2207A of each pair of treatment place and insured place."""
    example = plain_json(example_message(contract_of("national"), "2207A", "in", LOCAL))
    file = folder / "messages.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        for number, (treated, insured) in enumerate(pairs):
            msgid = f"{example['msgid'][:26]}{number:04d}"
            changed = {"msgid": msgid, "mdtrtarea_admvs": treated, "insuplc_admdvs": insured}
            lines.write(json.dumps(example | changed) + "\n")
    done = CliRunner().invoke(cli, ["contract", "check", way, "--format", "json", str(file)])
    missing = defaultdict(list)
    for found in json.loads(done.output)["faults"]:
        missing[pairs[found["line"] - 1]].append(found["pointer"].removeprefix("/input/data/"))
    assert done.exit_code == bool(missing)
    return missing


@pytest.mark.parametrize("way", ["--lenient", "--strict"])
def test_fields_of_two_places_are_required_where_the_places_are_two(tmp_path, way):
    pairs = list(itertools.product(AREAS, AREAS))
    expected = {pair: IDENTITY for pair in pairs if place(pair[0]) != place(pair[1])}
    assert checked(tmp_path, way, pairs) == expected


@pytest.mark.parametrize(("insured", "local"), [("230900", True), ("230100", False)])
def test_gateway_and_ledger_agree_with_the_check_about_a_county(stage, insured, local):
    code, name, area = COUNTY
    stage.control("PUT", f"institutions/{code}", {"name": name, "area": area, "level": "tertiary_a"})
    filing = {"place": "230900", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}
    person = stage.patient(insured_at=insured, filings=[] if local else [filing])
    visit = stage.another_hospital(COUNTY).visit(person)
    assert visit.charge(visit.line(1, SESSION, "5", "400.00")).ok
    told = visit.settlement_input("2000.00")
    answer = visit.send("2207A", {"data": {name: value for name, value in told.items() if name not in IDENTITY}})
    assert answer.ok == local, answer.err_msg
    missing = [each["path"].removeprefix("/input/data/") for each in stage.control.findings(rule="contract.required")]
    assert missing == ([] if local else IDENTITY)
    setl_id = (answer if local else visit.settle("2000.00")).setlinfo["setl_id"]
    accounts = {each["account"] for each in stage.control("GET", f"settlements/{setl_id}")["entries"]}
    assert ("receivable" in accounts) != local


@pytest.mark.parametrize(("header", "ok"), [("230900", True), ("230921", True), ("230999", True), ("230100", False)])
def test_a_visit_goes_on_under_any_area_of_its_insured_city(stage, header, ok):
    visit = stage.hospital.visit(stage.patient())
    visit.insured = header
    assert visit.charge(visit.session("1000.00")).ok == ok
    settled = visit.settle("1000.00")
    assert settled.ok == ok, settled.err_msg
    if ok:
        assert settled.setlinfo["hifp_pay"] == 450  # (1000.00 − 500.00) × 0.90
        assert visit.cancel(settled.setlinfo["setl_id"]).ok
