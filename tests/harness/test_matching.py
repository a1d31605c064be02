from decimal import Decimal

import pytest

from simulator.harness.execution.matching import compare, differences


@pytest.mark.parametrize(
    ("matcher", "got"),
    [
        ("491.40", Decimal("491.4")),
        (-2100, Decimal("-2100.00")),
        ("0", "0"),
        ("0", 0),
        ({"contains": "备案"}, "未办理备案"),
        ({"contains": ["a", "b"]}, "b a"),
        ({"contains": {"kind": "X"}}, [{"kind": "X", "more": 1}]),
        ({"not": "1"}, "0"),
        ({"one_of": ["1", "2"]}, "2"),
        ({"matches": "结果未知.*"}, "结果未知：没有应答"),
        ({"at_most": "500.00"}, Decimal("500")),
        ({"at_least": 1}, "1.00"),
        ({"less_than": 2}, 1),
        ({"more_than": "0"}, Decimal("0.01")),
        ({"count": 2}, [1, 2]),
        ({"absent": False}, "x"),
        ([{"cum": "1.0"}], [{"cum": Decimal("1")}]),
    ],
)
def test_what_was_wanted_makes_no_difference(matcher, got):
    assert compare("x", matcher, got) == []


@pytest.mark.parametrize(
    ("matcher", "got"),
    [
        ("491.41", Decimal("491.4")),
        ("0", "00"),
        ("1", True),
        ({"contains": "备案"}, "未登记"),
        ({"at_most": "500.00"}, Decimal("500.01")),
        ({"at_most": "500.00"}, "many"),
        ({"count": 2}, "ab"),
        ([{"cum": 1}], [{"cum": 1}, {"cum": 2}]),
        ({"setl_id": "A"}, {"setl_id": "B"}),
    ],
)
def test_what_differs_is_told_with_both_sides(matcher, got):
    (found,) = compare("x", matcher, got)
    assert found.wanted.zh
    assert found.got.zh


def test_code_with_a_leading_zero_is_not_the_number():
    assert compare("psn_cert_type", "01", "1")


def test_field_that_is_missing_differs_unless_it_should_be():
    assert differences({"setlinfo.hifp_pay": "1"}, {"setlinfo": {}}, {}.__getitem__)
    assert differences({"hifp_pay": {"absent": True}}, {"setlinfo": {}}, {}.__getitem__) == []


def test_difference_names_the_field_in_chinese():
    (found,) = differences({"setlinfo.hifp_pay": "1"}, {"setlinfo": {"hifp_pay": Decimal("2")}}, {}.__getitem__)
    assert found.field_zh == "基本医疗保险统筹基金支出"
    (found,) = differences({"value": "1"}, {"value": "2"}, {}.__getitem__)
    assert found.field_zh == ""


def test_relation_between_saved_values_is_a_key():
    saved = {"a": {"x": Decimal("300")}, "b": {"x": Decimal("200.01")}}
    (found,) = differences({"$a.x + $b.x": {"at_most": "500.00"}}, {}, saved.__getitem__)
    assert found.got.zh == "500.01"


@pytest.mark.parametrize(
    ("path", "wanted", "answer", "told"),
    [
        ("cuminfo[cum_type_code=DEDC].cum", Decimal(0), {"cuminfo": []}, 0),
        ("cuminfo[cum_type_code=DEDC].cum", "$zero", {"cuminfo": [{"cum_type_code": "HIFP", "cum": Decimal(1)}]}, 0),
        ("cuminfo[cum_type_code=DEDC].cum", Decimal(1), {"cuminfo": []}, 1),
        ("cuminfo[cum_type_code=DEDC].cum", Decimal(0), {"cuminfo": [{"cum_type_code": "DEDC", "cum": Decimal(1)}]}, 1),
        ("cuminfo[cum_type_code=DEDC].cum", Decimal(0), {}, 1),
        ("setldetail[fund_pay_type=310100].fund_payamt", Decimal(0), {"setldetail": []}, 1),
    ],
)
def test_balance_of_zero_may_be_left_out(path, wanted, answer, told):
    """Rules 21; nothing else may, and no balance where the list itself is missing."""
    assert len(differences({path: wanted}, answer, {"zero": Decimal("0.00")}.__getitem__)) == told
