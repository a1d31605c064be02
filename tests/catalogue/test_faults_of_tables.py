"""A fault of form in a table hides no fault of sense in its other rows: all are told at once, in the order of lines."""

import pytest

from simulator.catalogue.item_reader import COLUMNS, read_table
from simulator.core.errors import MOST_FAULTS, DataFaults


def table(*rows):
    return "\n".join([",".join(COLUMNS), *rows, ""]).encode()


def row(code, level="甲", ceiling="1.00", valid_from="2020-01-01"):
    """A drug of class A with a ceiling; every column that must have a value has one."""
    told = {"code": code, "name": "药", "kind": "drug", "level": level, "charge_type": "western_drug"}
    told |= {"price_ceiling": ceiling, "prior_selfpay_ratio": "0", "restricted": "N", "valid_from": valid_from}
    return ",".join((told | {"source": "ours"}).get(column, "") for column in COLUMNS)


def test_short_row_repeated_row_empty_cell_and_wrong_figure_are_told_together():
    raw = table(row("XA01"), "XA02,short", row("XA01"), row("XA03", level=""), row("XA04", ceiling="dear"))
    with pytest.raises(DataFaults) as caught:
        read_table(raw, "items.csv")
    assert [fault.line for fault in caught.value.faults] == [3, 4, 5, 6]


def test_of_many_faults_the_first_hundred_are_told_and_the_others_counted():
    with pytest.raises(DataFaults) as caught:
        read_table(table(*(row(f"XB{number:03}", ceiling="dear") for number in range(MOST_FAULTS + 7))), "items.csv")
    assert len(caught.value.faults) == MOST_FAULTS
    lines = caught.value.text.en.splitlines()
    assert (len(lines), lines[-1]) == (MOST_FAULTS + 1, "… and 7 more")
