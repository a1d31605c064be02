import csv
import json

import pytest
from click.testing import CliRunner

from simulator.commands.people import export
from simulator.core.errors import SetupError
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.runner import Stage, play
from simulator.harness.scenario.library import load


def test_export_holds_the_very_people_that_a_rehearsal_of_the_seed_makes(scenario, written, platform, tmp_path):
    file = written('- {call: "1101", save: who}')
    out = tmp_path / "people.json"
    CliRunner().invoke(export, [str(file), "--seed", "77", "-o", str(out)], catch_exceptions=False)
    (person,) = json.loads(out.read_text())["people"]
    (found,) = load([file])
    *_, ended = play(Stage(platform, 77, "rexpo"), Mode("self"), found)
    assert ended.result.status == "passed"
    (leg,) = ended.result.steps[0].legs
    assert person["psn_no"] in leg.answer


def test_another_seed_gives_other_people(written, tmp_path):
    file = written('- call: "1101"')
    psn_no = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.json"
        CliRunner().invoke(export, [str(file), "--seed", seed, "-o", str(out)], catch_exceptions=False)
        psn_no.append(json.loads(out.read_text())["people"][0]["psn_no"])
    assert psn_no[0] != psn_no[1]


def test_tables_are_joined_by_psn_no(written, tmp_path):
    args = [str(written('- call: "1101"')), "--format", "csv", "-o", str(tmp_path / "csv")]
    CliRunner().invoke(export, args, catch_exceptions=False)
    read = {name: (tmp_path / "csv" / f"{name}.csv").read_text().splitlines() for name in ("people", "filings")}
    tables = {name: list(csv.DictReader(lines)) for name, lines in read.items()}
    assert tables["people"][0]["psn_no"] == tables["filings"][0]["psn_no"]
    assert tables["filings"][0]["place"] == "110000"


def test_area_where_nobody_is_insured_is_told(written):
    with pytest.raises(SetupError):
        CliRunner().invoke(export, [str(written('- call: "1101"')), "--area", "653200"], catch_exceptions=False)


def test_folder_takes_one_file_for_each_area(tmp_path):
    args = ["--area", "230900", "--area", "653200", "-o", str(tmp_path / "out")]
    CliRunner().invoke(export, args, catch_exceptions=False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["people-230900.json", "people-653200.json"]
