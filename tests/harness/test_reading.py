import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from simulator.core.errors import DataFaults
from simulator.harness.scenario.library import load, scenario_files
from simulator.harness.scenario.loader import read_scenarios, shipped_folder
from simulator.people.areas import provinces


def faults_of(file):
    with pytest.raises(DataFaults) as error:
        read_scenarios(file)
    return error.value.faults


def test_every_shipped_scenario_is_read():
    assert len(load([])) >= 160


def test_sweep_goes_through_every_province_and_the_corps_both_ways():
    for way in ("insured", "treated"):
        rows = [each.row for each in load([Path(f"elsewhere/{way}-in-every-province")])]
        assert rows == [*provinces()]
        assert len(rows) == 31 + 1  # 31 provinces, and the Corps


def as_an_editor_does(uri):
    return Resource.from_contents(json.loads(Path(unquote(urlsplit(uri).path)).read_text()))


@pytest.mark.parametrize("kind", ["scenario", "fragment"])
def test_editor_finds_the_schema_that_a_shipped_file_names_and_nothing_to_complain_of(kind):
    """An editor reads plain YAML, where an amount is a number, and follows the references between the files."""
    schemas = set()
    for file in sorted(shipped_folder().rglob(f"*.{kind}.yaml")):
        written = file.read_text()
        schemas.add((file.parent / written.splitlines()[0].split("$schema=")[1]).resolve())
        (schema,) = schemas
        whole = {**json.loads(schema.read_text()), "$id": schema.as_uri()}
        validator = Draft7Validator(whole, registry=Registry(retrieve=as_an_editor_does))
        assert [str(each.message) for each in validator.iter_errors(yaml.safe_load(written))] == [], file
    assert schema.name == f"{kind}.schema.json"


def test_misspelt_key_is_told_with_line_and_suggestion(written):
    (fault,) = faults_of(written('- call: "1101"\n  expct: {infcode: "0"}'))
    assert (fault.line, fault.path) == (15, "steps[0].expct")
    assert "expect" in fault.sentence.en.split("allowed")[0]


def test_every_fault_of_a_file_is_told_at_once_in_the_order_of_its_lines(written):
    """A bad day in the head, a misspelt verb, a misspelt key, and an unknown fragment in the third step."""
    head = (
        written("- call: '1101'")
        .read_text()
        .partition("steps:")[0]
        .replace("clock: ", "clock: 2025-02-30T09:00:00 #", 1)
    )
    steps = '- cal: "1101"\n- call: "1101"\n  expct: {infcode: "0"}\n- use: vist'
    found = faults_of(written(steps, head=head + "steps:\n"))
    assert [fault.path for fault in found] == ["clock", "steps[0]", "steps[1].expct", "steps[2].use"]


def test_misspelt_verb_is_told_even_beside_an_expectation(written):
    (fault,) = faults_of(written('- cal: "1101"\n  expect: {infcode: "0"}'))
    assert "cal → call" in fault.sentence.en


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ('- {call: "1101", for: patiant}', "patient"),
        ('- {call: "1101", at: hospitl}', "hospital"),
        ('- {call: "2208", of: frist}', "visit"),
        ('- {call: "5310"}', "5301"),
        ("- use: vist", "visit"),
        ("- use: visit", "disease"),
        ("- expect: {$frist.hifp_pay: 1}", "frist"),
        ("- {control: GET people/$patiant.psn_no/accumulators}", "patient"),
        ("- use: visit\n  with: {disease: M07803, charges: []}", "minItems"),
        ("- use: visit\n  with: {disease: M07803, charges: [{cnt: 1, pric: 2.00}]}", "med_list_codg"),
        ("- use: visit\n  with: {disease: M07803, chargs: []}", "charges"),
        ("- {clock: 2025-02-30T09:00:00}", "2025-02-30T09:00:00"),
    ],
)
def test_what_a_step_names_must_be_there_and_the_nearest_is_suggested(written, steps, said):
    assert any(said in fault.sentence.en and fault.line for fault in faults_of(written(steps)))


def test_role_is_held_to_the_shape_of_a_person(written):
    head = written("- call: '1101'").read_text().partition("steps:")[0].replace("category: retired", "category: retird")
    (fault,) = faults_of(written('- call: "1101"', head=head + "steps:\n"))
    assert fault.path == "roles.patient.category"


@pytest.mark.parametrize(("kind", "named"), [("rules", "999"), ("rules", "0"), ("source", "XX")])
def test_a_rule_or_source_that_does_not_exist_is_told_with_its_line(written, kind, named):
    head = written("- call: '1101'").read_text().replace("roles:", f"verifies: ['1101', {kind} {named}]\nroles:", 1)
    (fault,) = faults_of(written('- call: "1101"', head=head.partition("steps:")[0] + "steps:\n"))
    assert (fault.path, f"{kind} {named}" in fault.sentence.en, fault.line is not None) == ("verifies[1]", True, True)


def test_decimal_stays_as_written(scenario):
    step = scenario("- call: '2206A'\n  literal: {hifp_pay: 684.10}").steps[0]
    assert step.said["literal"] == {"hifp_pay": "684.10"}


def test_fragment_is_written_out_with_its_parameters_and_numbers(scenario):
    charges = "[{med_list_codg: X, cnt: 1, pric: 2.00}]"
    steps = scenario(f"- use: visit\n  save: first\n  with: {{disease: M07803, charges: {charges}}}").steps
    assert [step.number for step in steps] == ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6"]
    assert steps[3].said["charges"] == [{"med_list_codg": "X", "cnt": 1, "pric": "2.00"}]
    assert {step.line for step in steps} == {14}


def test_expectation_of_use_belongs_to_the_last_call_and_a_refusal_replaces_its_own(scenario):
    with_charges = "with: {disease: M07803, charges: [{med_list_codg: X, cnt: 1, pric: 2.00}]}"
    *_, last = scenario(f"- use: visit\n  refused: not_filed\n  {with_charges}").steps
    assert last.said["refused"] == "not_filed"
    assert "expect" not in last.said
    *_, last = scenario(f"- use: visit\n  literal: {{hifp_pay: 1.00}}\n  {with_charges}").steps
    assert last.said["expect"] == {"hifp_pay": "$preview.hifp_pay"}


def test_what_a_fragment_saves_is_reached_through_its_name_only(written):
    charges = "[{med_list_codg: X, cnt: 1, pric: 2.00}]"
    use = f"- use: visit\n  save: first\n  with: {{disease: M07803, charges: {charges}}}\n"
    read_scenarios(written(use + "- expect: {$first.preview.hifp_pay: 1}"))
    assert faults_of(written(use + "- expect: {$preview.hifp_pay: 1}"))


def test_message_that_is_wrong_on_purpose_is_not_asked_of_a_real_hospital(scenario):
    found = scenario('- {call: "1101", without: [certno], refused: contract.required}')
    assert found.why_not_in("treatment") is not None
    assert found.why_not_in("insured") is None


def test_own_fragment_beside_a_scenario_comes_before_the_shipped_one(written):
    file = written("- use: visit")
    (file.parent / "fragments").mkdir()
    own = 'name: 自\nname_en: own\nsteps:\n  - call: "1101"\n'
    (file.parent / "fragments" / "visit.fragment.yaml").write_text(own)
    assert [step.said["call"] for step in read_scenarios(file)[0].steps] == ["1101"]


def test_two_files_of_one_id_are_refused(written, tmp_path):
    one = written('- call: "1101"')
    other = tmp_path / "elsewhere" / "family" / one.name
    other.parent.mkdir(parents=True)
    other.write_bytes(one.read_bytes())
    with pytest.raises(DataFaults):
        load([one, other])


def test_shipped_scenario_is_found_by_its_id():
    assert scenario_files([Path("filing/unfiled-refused")]) == [
        shipped_folder() / "filing/unfiled-refused.scenario.yaml"
    ]


def test_place_without_scenarios_is_told(tmp_path):
    with pytest.raises(DataFaults):
        scenario_files([tmp_path])


def test_table_of_cases_plays_its_step_once_for_each_row(written):
    steps = """
    - call: "1101"
      save: shown
    - probe: "1101"
      again: $shown
      with: {certno: "1"}
      refused: true
      cases:
        - {title: 甲, title_en: one, with: {psn_name: 无此人}}
        - {probe: "2001", title: 乙, title_en: two, refused: false}
    """
    _, one, two = read_scenarios(written(steps))[0].steps
    assert (one.number, one.said["with"], one.said["refused"]) == ("2.1", {"certno": "1", "psn_name": "无此人"}, True)
    assert (two.number, two.infno, two.said["refused"]) == ("2.2", "2001", False)
    assert two.uses == ("insured",)


def test_fault_in_a_row_of_cases_is_told_with_its_place(written):
    (fault,) = faults_of(written('- probe: "2001"\n  cases:\n    - {title: 甲}\n    - {refusd: true}'))
    assert (fault.line, fault.path) == (17, "steps[0].cases[1].refusd")
    (fault,) = faults_of(written("- probe: SIM-DAY\n  title: 无样板"))
    assert "SIM-DAY" in fault.sentence.en


TABLED = """
name: 表
name_en: table
clock: "2025-03-10T09:00:00"
roles:
  patient: {insured_at: "230900", category: <category>, account_balance: <balance>}
places: {hospital: <hospital>}
steps:
  - call: "1101"
    expect: {"insuinfo[psn_type=<code>].balc": <balance>}
"""
ROWS = """
examples:
  - {row: first, name: 甲, name_en: one, category: retired, code: "12", balance: "10.00", hospital: H11000000001}
  - {row: second, name: 乙, name_en: two, category: resident, code: "15", balance: null, hospital: H33010000001}
"""


def test_each_row_of_a_table_is_a_scenario_of_its_own_with_its_values_in_place(written):
    first, second = read_scenarios(written("", ROWS, TABLED.replace("steps:", "steps:\n")))
    assert (first.id, first.row, str(first.name.en)) == ("family/trial/first", "first", "table: one")
    assert first.roles["patient"] == {"insured_at": "230900", "category": "retired", "account_balance": "10.00"}
    assert first.steps[0].said["expect"] == {"insuinfo[psn_type=12].balc": "10.00"}
    # A cell of null takes the key away, in the role and in the expectation.
    assert second.roles["patient"] == {"insured_at": "230900", "category": "resident"}
    assert (second.places, second.steps[0].said["expect"]) == ({"hospital": "H33010000001"}, {})


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("<hospital>", "<hospitl>"), 6, "did you mean 'hospital'"),
        (("row: second", "row: first"), 14, "line 13"),
        (('code: "15", ', ""), 14, "lacks the column 'code'"),
        (("code: ", "kode: "), 9, "did you mean 'kode'"),
        (('balance: "10.00"', 'balance: "10.00", balanc: "1.00"'), 13, "did you mean 'balance'"),
        (("category: resident", "category: residnet"), 14, "'residnet'"),
        (("hospital: H33010000001", "hospital: H330"), 14, "H330"),
        (("row: second", "row: Second"), 14, "Second"),
        (("category: <", "categry: <"), 5, "did you mean 'category'"),
    ],
)
def test_fault_of_a_table_is_told_at_the_line_that_is_to_be_mended(written, change, line, said):
    """A fault that every row has is the scenario's and told once; any other stands at its row."""
    faults = faults_of(written("", *(each.replace(*change) for each in (ROWS, TABLED))))
    assert any(said in fault.sentence.en and fault.line == line for fault in faults), [*map(str, faults)]
    assert len({(fault.sentence.en, fault.line) for fault in faults}) == len(faults)


def test_two_keys_that_a_row_makes_one_are_refused(written):
    """Otherwise one of two expectations would go unseen."""
    head = TABLED.replace('{"insuinfo', '{"insuinfo[psn_type=12].balc": "10.00", "insuinfo')
    (fault,) = faults_of(written("", ROWS, head))
    assert (fault.line, "'insuinfo[psn_type=12].balc' stands twice" in fault.sentence.en) == (13, True)


def test_table_in_a_file_of_its_own_is_read_with_its_lines(written):
    file = written("", "examples: hospitals\n", TABLED.replace("<category>", "retired"))
    (file.parent / "tables").mkdir()
    table = file.parent / "tables" / "hospitals.table.csv"
    table.write_text("row,name,name_en,code,balance,hospital\nfirst,甲,one,12,1.00,H11000000001\n", encoding="utf-8")
    (scenario,) = read_scenarios(file)
    assert (scenario.id, scenario.places) == ("family/trial/first", {"hospital": "H11000000001"})
    table.write_text("row,name,name_en,code,balance,hospital\n1st,甲,one,12,1.00,H11\n", encoding="utf-8")
    (fault,) = faults_of(file)
    assert (fault.file, fault.line) == (str(table), 2)
    table.write_text("row,name,code,balance,hospital\n", encoding="utf-8")
    (fault,) = faults_of(file)
    assert (fault.file, fault.line, "name_en" in fault.sentence.en) == (str(table), 1, True)
    (fault,) = faults_of(written("", "examples: hospital\n", TABLED))
    assert "did you mean 'hospitals'" in fault.sentence.en


def test_row_of_a_table_is_chosen_by_its_id_and_a_mistyped_one_is_told(written):
    file = written("", ROWS, TABLED)
    assert [each.row for each in load([file])] == ["first", "second"]
    assert [each.row for each in load([file / "second"])] == ["second"]
    assert [each.row for each in load([file / "second", file])] == ["second", "first"]
    with pytest.raises(DataFaults) as error:
        load([file / "secnd"])
    assert "did you mean 'second'" in error.value.faults[0].sentence.en
