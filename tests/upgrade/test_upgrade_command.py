"""`nhsa-sim upgrade` against running systems: every difference follows from a changed row, or is flagged."""

import csv
import json

import pytest

from simulator.core.errors import SetupError

DIALYSIS = "dialysis/retiree-in-beijing"


def told(folder):
    return json.loads((folder / "upgrade.json").read_text())


def test_differences_of_two_editions_are_explained_by_rows_of_their_diff(typed, platform_url, tmp_path):
    done = typed("--old", platform_url, "--new", platform_url, "--old-edition", "hunan-1.3", "-k", DIALYSIS)
    assert done.exit_code == 0, done.output
    rows = told(tmp_path)["differences"]
    assert {(each["old"]["zh"], each["new"]["zh"], each["row"]) for each in rows if each["kind"] == "number"} == {
        ("2203", "2203A", "added 2203A"),
        ("2206", "2206A", "added 2206A"),
        ("2207", "2207A", "added 2207A"),
    }


def test_message_that_only_one_edition_refuses_is_explained_by_the_field_it_lacks(typed, platform_url, tmp_path):
    """Hunan demands dise_name of every visit; the scenario's emergency has none."""
    scenario = "filing/emergency-in-special-care"
    done = typed("--old", platform_url, "--new", platform_url, "--old-edition", "hunan-1.3", "-k", scenario)
    assert done.exit_code == 0, done.output
    found = {each["kind"]: each["row"] for each in told(tmp_path)["differences"]}
    assert found["outcome"] == "changed 2203 in mdtrtinfo.dise_name"
    assert found["ended"] == "changed 2203 in mdtrtinfo.dise_name"  # 2204 was never sent, because 2203 was refused


def test_code_that_another_edition_writes_otherwise_is_explained_by_its_row(typed, platform_url, tmp_path):
    arguments = ["--old-edition", "hunan-1.3", "--new-edition", "jiangxi-1.0", "-k", DIALYSIS]
    done = typed("--old", platform_url, "--new", platform_url, *arguments)
    assert done.exit_code == 0, done.output
    codes = {
        each["path"].rpartition(".")[2]: each for each in told(tmp_path)["differences"] if each["kind"] == "changed"
    }
    assert codes["hi_nego_drug_flag"]["row"] == "renamed hi_nego_drug_flag.0"
    assert (codes["hi_nego_drug_flag"]["old"]["zh"], codes["hi_nego_drug_flag"]["new"]["zh"]) == ('"0"', '"2"')


def test_two_systems_of_a_city_that_agree_have_no_difference(typed, city, platform_url, tmp_path):
    with city.agencies(["230900"], [], []) as old, city.agencies(["230900"], [], []) as new:
        urls = ["--old", old["230900"], "--new", new["230900"]]
        done = typed(*urls, "--area", "230900", "--platform", platform_url, "-k", DIALYSIS)
    assert done.exit_code == 0, done.output
    assert told(tmp_path)["differences"] == []
    assert told(tmp_path)["messages"] > 5


def test_new_system_that_forgets_the_deductible_differs_by_it_and_no_row_explains_that(
    typed, city, platform_url, tmp_path
):
    with city.agencies(["230900"], [], []) as old, city.agencies(["230900"], ["deductible_ignored"], []) as new:
        urls = ["--old", old["230900"], "--new", new["230900"]]
        done = typed(*urls, "--area", "230900", "--platform", platform_url, "-k", DIALYSIS)
    assert done.exit_code == 1, done.output
    with (tmp_path / "upgrade.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    paid = [row for row in rows if row["difference"] == "output.setlinfo.hifp_pay" and row["transaction"] == "2207A"]
    # 500.00 of deductible × 0.90: 830.70 becomes 1280.70.
    assert [(row["old"], row["new"], row["explained"], row["weight"]) for row in paid] == [
        ("830.70", "1280.70", "no", "money")
    ]
    assert "follow from no change of the editions" in done.output


def test_balance_of_nought_that_one_system_lists_and_the_other_leaves_out_is_no_difference(
    typed, city, platform_url, tmp_path
):
    """Rules 21: DEDC is 0.00 where nothing was deducted, and 5206 need not list it; HIFP is compared by its code."""
    with city.agencies(["230900"], [], []) as old, city.agencies(["230900"], ["deductible_ignored"], []) as new:
        urls = ["--old", old["230900"], "--new", new["230900"]]
        typed(*urls, "--area", "230900", "--platform", platform_url, "-k", DIALYSIS)
    rows = [each for each in told(tmp_path)["differences"] if each["infno"] == "5206" and "HIFP" in each["path"]]
    assert {(each["old"]["zh"], each["new"]["zh"]) for each in rows} == {("830.70", "1280.70")}


def test_page_says_its_verdict_and_asks_nothing_of_the_network(typed, platform_url, tmp_path):
    arguments = ["--old-edition", "hunan-1.3", "-k", DIALYSIS]
    typed("--old", platform_url, "--new", platform_url, *arguments, language="zh")
    page = (tmp_path / "upgrade.html").read_text()
    assert "新旧系统一致" in page
    assert "src=" not in page
    assert "href=" not in page


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--new", "http://127.0.0.1:1"], "same address"),
        (["--new", "http://127.0.0.1:2", "--area", "2309"], "six digits"),
        (["--new", "http://127.0.0.1:2", "--platform", "http://127.0.0.1:3"], "they are --old and --new"),
        (["--new", "http://127.0.0.1:2", "--data", "/nowhere/at/all"], "/nowhere/at/all"),
        (["--new", "http://127.0.0.1:2", "-k", "no_such_word"], "no_such_word"),
    ],
)
def test_senseless_comparison_is_refused_before_anything_is_played(typed, arguments, says):
    done = typed("--old", "http://127.0.0.1:1", *arguments)
    assert isinstance(done.exception, SetupError)
    assert says in done.exception.text.en


def test_system_that_does_not_answer_is_told_with_its_address(typed):
    done = typed("--old", "http://127.0.0.1:1", "--new", "http://127.0.0.1:2", "-k", DIALYSIS)
    assert isinstance(done.exception, SetupError)
    assert "http://127.0.0.1:1" in done.exception.text.en
