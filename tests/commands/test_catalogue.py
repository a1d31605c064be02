"""`nhsa-sim catalogue search`: rows, JSON, exit codes."""

import json

import pytest
from click.testing import CliRunner

from simulator.commands.catalogue import command
from simulator.core.errors import DataFaults


def done(*arguments):
    return CliRunner().invoke(command, ["search", *arguments], catch_exceptions=False)


def test_items_are_told_a_line_each_with_price_and_class():
    found = done("血液透析", "000027")
    (line,) = [line for line in found.stdout.splitlines() if line]
    assert (found.exit_code, line.split()[:5]) == (0, ["003110000060000-311000027", "110000", "甲", "420.00", "0"])


def test_nothing_found_ends_with_1():
    found = done("没有这样的项目")
    assert (found.exit_code, found.stdout) == (1, "")


def test_limit_cuts_the_list_and_the_count_stays():
    found = json.loads(done("透析", "--area", "110000", "--limit", "2", "--json").stdout)
    assert len(found["items"]) == 2
    assert found["count"] > 2


def test_area_that_there_is_not_is_refused():
    with pytest.raises(DataFaults, match="999999"):
        done("透析", "--area", "999999")
