"""The catalogue of defects: whole, strict, and unknown to whatever judges."""

import ast
from pathlib import Path

import pytest

from simulator.agencies.reference.defects import names_of_agency_defects
from simulator.core.errors import DataFaults, SetupError
from simulator.harness.hospital.defects import names_of_hospital_defects
from simulator.harness.scenario.library import load
from simulator.self_check.catalogue import COLUMNS, chosen, defects, read_defects

ROOT = Path(__file__).parents[2] / "simulator"
OF_DEFECTS = ("simulator.agencies.reference.defects", "simulator.harness.hospital.defects", "simulator.self_check")
MAY_KNOW = ("agencies/reference/", "harness/hospital/defects/", "self_check/", "commands/", "command_line/")
ROW = "half_even,agency,amounts,四舍六入五成双,rounds half to even,half.even,deductible/split-bill-pays-the-same"


def read(*rows):
    return read_defects("\n".join([",".join(COLUMNS), *rows, ""]).encode(), "defects.csv")


@pytest.mark.parametrize(
    ("side", "names"), [("agency", names_of_agency_defects()), ("hospital", names_of_hospital_defects())]
)
def test_every_defect_has_a_row_and_every_row_a_defect(side, names):
    assert {each.name for each in chosen([], side)} == names


def test_there_are_many_defects_of_either_side():
    assert len(chosen([], "agency")) >= 50
    assert len(chosen([], "hospital")) >= 30


def test_every_scenario_named_is_in_the_library():
    known = {each.id for each in load([])}
    assert {name for each in defects().values() for name in each.shown_by} <= known


def test_a_row_is_read():
    (found,) = read(ROW).values()
    assert (found.name, found.side, found.family) == ("half_even", "agency", "amounts")
    assert found.named.search("award.pool: half to even. Likely cause: HALF-EVEN")


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([ROW.replace(",agency,", ",pharmacy,")], "side"),
        ([ROW.replace(",amounts,", ",sums,")], "family"),
        ([ROW.replace("half.even", "half(even")], "named"),
        ([ROW.replace("half.even", "")], "named"),
        ([ROW, ROW], ""),
    ],
)
def test_a_faulty_row_is_refused_with_its_line_and_column(rows, column):
    with pytest.raises(DataFaults) as refused:
        read(*rows)
    (fault,) = refused.value.faults
    assert (fault.file, fault.line, fault.path) == ("defects.csv", len(rows) + 1, column)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(SetupError, match="deductible_ignored"):
        chosen(["deductible_ignore"])
    with pytest.raises(SetupError):
        chosen(["deductible_ignored"], "hospital")


def test_nothing_that_judges_knows_the_defects():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOT.rglob("*.py")
        if not str(path.relative_to(ROOT)).startswith(MAY_KNOW)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OF_DEFECTS)
    ]
    assert found == []
