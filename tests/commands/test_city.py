"""`nhsa-sim city new | check`: exit codes, sentences, JSON."""

import json

import pytest
from click.testing import CliRunner

from simulator.commands.city import command
from simulator.core.errors import DataFaults, SetupError

WRONG = 'area: "510100"\nname: 成都市\nversion: 1\n'
"""A version that is a number and not text, on line 3."""


def done(*arguments):
    return CliRunner().invoke(command, [*map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def begun(tmp_path):
    file = tmp_path / "chengdu.yaml"
    assert done("new", "510100", "-o", file).exit_code == 0
    return file


def test_begun_file_is_named_after_the_area_and_clean(begun):
    assert 'area: "510100"\nname: 成都市' in begun.read_text(encoding="utf-8")
    checked = done("check", begun)
    assert (checked.exit_code, "没有算例" in checked.output) == (0, True)


def test_begun_file_is_told_on_the_standard_output_where_no_file_is_named(begun):
    assert done("new", "510100").output == begun.read_text(encoding="utf-8")


def test_file_that_is_there_is_not_overwritten(begun):
    begun.write_text("mine", encoding="utf-8")
    with pytest.raises(SetupError, match="已存在"):
        done("new", "510100", "-o", begun)
    assert begun.read_text(encoding="utf-8") == "mine"


def test_area_that_there_is_not_is_told_with_the_nearest(tmp_path):
    with pytest.raises(DataFaults, match="510100"):
        done("new", "510109")
    file = tmp_path / "c.yaml"
    file.write_text(WRONG.replace("510100", "510109").replace("version: 1", 'version: "1"'), encoding="utf-8")
    checked = done("check", file)
    assert (checked.exit_code, f"{file}:1:1 area" in checked.output) == (1, True)


def test_faults_of_every_file_are_told_with_their_lines_and_end_with_1(begun, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(WRONG, encoding="utf-8")
    checked = done("check", begun, wrong)
    assert checked.exit_code == 1
    assert f"{wrong}:3:1 version" in checked.output
    assert f"{begun}：没有错误" in checked.output


def test_json_holds_place_and_both_languages(begun, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(WRONG, encoding="utf-8")
    checked = done("check", "--json", begun, wrong)
    good, bad = json.loads(checked.output)["files"]
    assert (good["area"], good["faults"], good["examples"]) == ("510100", [], {"worked_out": 0, "failed": 0})
    (fault,) = bad["faults"]
    assert (bad["area"], fault["line"], fault["path"], sorted(fault["message"])) == (None, 3, "version", ["en", "zh"])


def test_file_that_cannot_be_read_is_no_result(begun, tmp_path):
    """The command ends with 2, whatever the other files are."""
    with pytest.raises(DataFaults) as caught:
        done("check", begun, tmp_path / "missing.yaml")
    assert [fault.file for fault in caught.value.faults] == [str(tmp_path / "missing.yaml")]
