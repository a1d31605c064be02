from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.harness.scenario.expressions import Fields, NotThere, evaluate, follow, resolve

SAVED = {
    "first": Fields({"infcode": "0", "setlinfo": {"hifp_pay": Decimal("684.00"), "setl_id": "A1"}}),
    "cum": {"cuminfo": [{"cum_type_code": "DEDC", "cum": Decimal("500")}, {"cum_type_code": "HIFP", "cum": 3}]},
    "patient": {"psn_no": "P1"},
}


lookup = SAVED.__getitem__


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("$patient.psn_no", "P1"),
        ("$first.setlinfo.hifp_pay", Decimal("684.00")),
        ("$first.hifp_pay", Decimal("684.00")),
        ("-$first.hifp_pay", Decimal("-684.00")),
        ("$first.hifp_pay - 184.00 + $cum.cuminfo[1].cum", Decimal("503.00")),
        ("$cum.cuminfo[cum_type_code=DEDC].cum", Decimal("500")),
    ],
)
def test_expression_takes_what_stands_at_a_path_and_adds_amounts_exactly(written, value):
    assert evaluate(written, lookup) == value


@pytest.mark.parametrize(
    "written", ["$first.hifp_pay * 2", "$first.hifp_pay $patient.psn_no", "$", "$first.hifp_pay -"]
)
def test_there_are_no_other_operators(written):
    with pytest.raises(NotThere):
        evaluate(written, lookup)


def test_path_that_leads_nowhere_says_how_far_it_went_and_suggests():
    with pytest.raises(NotThere) as error:
        evaluate("$first.setlinfo.hifp_pai", lookup)
    assert "first.setlinfo" in error.value.text.en
    assert "hifp_pay" in error.value.text.en


def test_text_is_no_amount():
    with pytest.raises(NotThere):
        evaluate("$patient.psn_no + 1", lookup)


def test_expressions_inside_a_body_are_replaced_and_the_rest_stays():
    assert resolve({"a": ["$patient.psn_no", "x"], "b": 1}, lookup) == {"a": ["P1", "x"], "b": 1}


def test_row_is_chosen_by_several_keys_and_below():
    residents = {"rule": "deductible", "when": {"insutype": "390"}, "value": "300.00"}
    employees = {"rule": "deductible", "when": {"insutype": "310"}, "value": "500.00"}
    rows = {"rules": [residents, employees]}
    assert follow(rows, "rules[rule=deductible,when.insutype=310].value") == "500.00"


@given(st.lists(st.decimals(-(10**12), 10**12, places=2), min_size=1, max_size=6))
def test_sums_of_amounts_are_exact(amounts):
    values = {f"v{index}": amount for index, amount in enumerate(amounts)}
    assert evaluate(" + ".join(f"${name}" for name in values), values.__getitem__) == sum(amounts)
