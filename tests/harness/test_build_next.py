"""What the city has to build next, against the transactions of the protocol page."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.harness.execution.results import PASSED, AskedLeg, Ended, RunInfo, ScenarioResult
from simulator.harness.report.build_next import build_lines, build_rows

PAGE = Path(__file__).parents[2] / "docs" / "agency-protocol.md"


@pytest.fixture
def ended(scenario):
    """A run in which the insured place was sent these messages."""

    def make(*asked, use="insured"):
        result = ScenarioResult(scenario('- call: "1101"'), use, PASSED, asked=asked)
        info = RunInfo((), (use,), 7, "http://p", {}, "nhsa-sim rehearse", "nhsa-sim rehearse", "2026-01-01 00:00:00")
        return Ended(info, [result], 1.5)

    return make


def right(infno):
    return AskedLeg(infno, is_wrong=False, is_silent=False)


def table(ended):
    return {
        each.numbers[-1]: (each.state, each.asked, each.right, each.wrong, each.silent) for each in build_rows(ended)
    }


def test_each_transaction_is_right_wrong_silent_or_never_reached(ended):
    wrong = replace(right("2207A"), is_wrong=True)
    silent = AskedLeg("5206", is_wrong=True, is_silent=True)
    found = table(ended(right("2207A"), wrong, right("2207"), silent, right("1101")))
    assert found["2207A"] == ("wrong", 3, 2, 1, 0)
    assert found["5206"] == ("silent", 1, 0, 0, 1)
    assert found["1101"] == ("done", 1, 1, 0, 0)
    assert found["SIM-DAY"] == ("never", 0, 0, 0, 0)
    assert list(found)[:2] == ["2207A", "5206"]


def test_table_lists_the_transactions_of_the_protocol_page(ended):
    section = PAGE.read_text(encoding="utf-8").partition("## 4. ")[2].partition("\n\n<a id")[0]
    rows = re.findall(r"^\| ([0-9A-Z, -]+?)(?: \*\(ours\)\*)? \|", section, re.MULTILINE)
    assert [number for row in rows for number in row.split(", ")] == [
        number for each in sorted(build_rows(ended(right("1101"))), key=_on_page(rows)) for number in each.numbers
    ]


def _on_page(rows):
    return lambda each: [row.split(", ")[0] for row in rows].index(each.numbers[0])


def test_run_without_the_city_as_insured_place_has_no_table(ended):
    assert build_rows(ended(use="self")) == []
    assert list(build_lines([])) == []


def test_console_ticks_what_is_right_and_lists_the_rest(ended):
    said = [
        str(each.en) for each in build_lines(build_rows(ended(right("1101"), replace(right("2208"), is_wrong=True))))
    ]
    assert said[1] == "  ☐ 2208 cancels a settlement: answers wrongly (asked 1, right 0, wrong 1, silent 0)"
    assert said[-1] == "  ☑ always right: 1101"
