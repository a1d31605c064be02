"""The table of coverage counts what is there, and cannot be made to say more."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli import cli
from simulator.coverage import CoverageTable, accepted_in, coverage
from simulator.harness.scenario.loader import scenarios_from
from simulator.transactions import HANDLERS

HEAD = """
name: 甲
name_en: A
clock: "2025-03-10T09:00:00"
roles: {patient: {insured_at: "230900", category: retired}}
places: {hospital: H11000000001}
"""


@pytest.fixture(scope="module")
def found() -> CoverageTable:
    return coverage()


def scenario(steps: str):
    (read,) = scenarios_from(f"{HEAD}steps:\n{steps}", Path("family/made.scenario.yaml"))
    return read


def row_of(found: CoverageTable, infno: str):
    return next(row for row in found.rows if row.infno == infno)


def run(*arguments: str):
    return CliRunner().invoke(cli, ["--lang", "zh", "contract", "coverage", *arguments])


def test_every_transaction_with_tables_has_examples_that_keep_them(found):
    assert found.gaps("example") == ()


def test_every_handler_has_its_row(found):
    assert {row.infno for row in found.rows if row.handler} == set(HANDLERS)


def test_every_transaction_with_a_handler_is_shown_accepted_by_a_scenario(found):
    assert found.gaps("scenario") == ()


def test_an_accepted_call_counts_as_shown():
    assert accepted_in(scenario('  - {call: "1101"}\n  - {call: "5206", expect: {infcode: "0"}}\n')) == {"1101", "5206"}


def test_a_call_that_is_meant_to_be_refused_shows_nothing():
    steps = '  - {call: "1101", refused: person_unknown}\n  - {call: "5206", expect: {infcode: "-1"}}\n'
    assert accepted_in(scenario(steps)) == frozenset()


def test_what_the_insured_place_receives_counts_unless_it_answers_with_a_refusal():
    accepted = '  - {expect-incoming: "2601", leg: agency, answer: {infcode: "0"}}\n'
    refused = '  - {expect-incoming: "2208", leg: agency, answer: {infcode: "-1"}}\n'
    assert accepted_in(scenario(accepted + refused)) == {"2601"}


def test_calls_inside_a_fragment_count():
    steps = "  - use: visit\n    with: {disease: M07803, charges: [{med_list_codg: x, cnt: 1, pric: 1.00}]}\n"
    assert {"2201", "2204", "2207A"} <= accepted_in(scenario(steps))


@pytest.fixture
def own_scenario(tmp_path):
    """A folder with one scenario, of jiangxi-1.0, that calls 1101."""
    file = tmp_path / "family" / "made.scenario.yaml"
    file.parent.mkdir()
    file.write_text(f'{HEAD}edition: jiangxi-1.0\nsteps:\n  - {{call: "1101"}}\n', encoding="utf-8")
    return tmp_path


def test_a_scenario_counts_in_the_edition_it_is_played_in(own_scenario):
    made = coverage(scenarios=[own_scenario])
    cells = row_of(made, "1101").cells
    assert cells["jiangxi-1.0"].scenarios == ("family/made",)
    assert cells["national"].scenarios == ()
    assert "1201" in made.gaps("scenario")


def test_a_transaction_is_handled_only_in_editions_that_know_its_fields(found):
    # 2207A stands in 江西's text and not in 湖南's.
    cells = row_of(found, "2207A").cells
    assert (cells["jiangxi-1.0"].handler, cells["hunan-1.3"].handler) == (True, False)
    assert cells["hunan-1.3"].letters.zh == "·"


def test_a_transaction_known_by_name_only_is_never_shown_as_covered(found):
    assert row_of(found, "8301").cells["national"].letters.zh == "名"


def test_the_command_prints_four_letters_a_cell_and_what_is_missing(own_scenario, found):
    lines = run(str(own_scenario)).output.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.strip()}
    assert rows["1101"][1:5] == ["表例办－", "表例办－", "表例办演", "表例办－"]
    assert rows["2207A"][:3] == ["门诊结算A", "表例办－", "·"]
    assert len(lines) > len(found.rows)


def test_the_json_names_scenarios_and_gaps(own_scenario, found):
    shown = json.loads(run(str(own_scenario), "--format", "json").output)
    queried = next(each for each in shown["transactions"] if each["infno"] == "1101")
    assert queried["editions"]["jiangxi-1.0"] == {
        "contract": "tables",
        "example": True,
        "handler": True,
        "scenarios": ["family/made"],
    }
    assert queried["editions"]["national"]["scenarios"] == []
    assert shown["missing"]["example"] == list(found.gaps("example"))


def test_the_markdown_has_a_row_for_every_transaction_with_tables(own_scenario, found):
    lines = run(str(own_scenario), "--format", "markdown").output.splitlines()
    assert sum(line.startswith("| ") for line in lines) - 2 == len(found.only("tables"))
    assert any(line.startswith("| 2207A | 门诊结算A | 表例办－ | · |") for line in lines)


def test_the_table_of_what_is_handled_has_a_row_for_every_handler(own_scenario):
    shown = run(str(own_scenario), "--format", "json", "--only", "handled").output
    assert {each["infno"] for each in json.loads(shown)["transactions"]} == set(HANDLERS)


def test_the_depth_of_service_stands_in_every_form(own_scenario):
    shown = json.loads(run(str(own_scenario), "--format", "json").output)["transactions"]
    depths = {each["infno"]: each["depth"] for each in shown}
    assert (depths["2207A"], depths["1901"], depths["8301"]) == ("trade", "table", "")
    lines = run(str(own_scenario)).output.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.strip()}
    assert (rows["2207A"][5], rows["1901"][5], rows["8301"][5]) == ("业务规则", "目录表", "－")
    table = run(str(own_scenario), "--format", "markdown").output.splitlines()
    assert any(line.startswith("| 2208 ") and "| 业务规则 |" in line for line in table)


def test_a_gap_ends_the_command_with_1_where_asked(own_scenario):
    done = run(str(own_scenario), "--edition", "national", "--fail-on", "scenario")
    assert done.exit_code == 1
    assert "1201" in done.output.splitlines()[-1]
    assert run(str(own_scenario), "--edition", "national", "--fail-on", "example").exit_code == 0


def test_an_edition_that_does_not_exist_is_named_with_the_nearest():
    done = run("--edition", "jiangxi")
    assert done.exit_code != 0
    assert "jiangxi-1.0" in str(done.exception)
