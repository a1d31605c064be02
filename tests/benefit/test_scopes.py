"""Figures by scope of place: at home, elsewhere in the province, outside it (rules 33)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from simulator.core.errors import Refusal
from tests.benefit.test_award import CLAIM, SAID, given_by, with_rows


def at(scope, rows, **claim):
    return given_by(replace(CLAIM, treated=scope, **claim), book=with_rows(rows))


def test_a_row_of_one_scope_goes_before_the_row_of_the_disease():
    rows = (
        f"ratio: [{{disease: M07800, value: '0.85', from: {SAID}}},"
        f" {{disease: any, scope: province, value: '0.75', from: {SAID}}}]\n"
        f"modifiers: [{{group: unfiled, minus: '0.10', from: {SAID}}}]"
    )
    assert at("local", rows).ratio == Decimal("0.8500")
    assert at("province", rows).ratio == Decimal("0.6500")  # 0.75 − 0.10
    assert at("nation", rows).ratio == Decimal("0.7500")  # 0.85 − 0.10


def test_a_modifier_may_be_smaller_within_the_province():
    rows = (
        f"modifiers: [{{group: unfiled, minus: '0.20', from: {SAID}}},"
        f" {{group: unfiled, scope: province, minus: '0.05', from: {SAID}}}]"
    )
    # The default 0.80 less 0.05, and less 0.20.
    assert [at(scope, rows).ratio for scope in ("province", "nation")] == [Decimal("0.7500"), Decimal("0.6000")]


def test_within_the_province_no_filing_may_be_needed():
    rows = f"unfiled: [{{value: refuse, from: {SAID}}}, {{scope: province, value: waived, from: {SAID}}}]"
    got = at("province", rows)
    assert (got.group, got.ratio) == ("waived", Decimal("0.8000"))
    assert any(step.sentence.zh == "省内异地就医：无须备案，比例不变" for step in got.steps)
    with pytest.raises(Refusal) as refusal:
        at("nation", rows)
    assert refusal.value.rule == "not_filed"


def test_a_filing_that_lowers_the_ratio_does_not_count_where_none_is_needed():
    rows = f"unfiled: [{{scope: province, value: waived, from: {SAID}}}]"
    assert at("province", rows, groups=("referral",)).ratio == Decimal("0.8000")
    assert at("nation", rows, groups=("referral",)).ratio == Decimal("0.7500")  # 0.80 − 0.05


def test_the_account_may_be_open_in_the_province_and_closed_outside():
    rows = f"account_elsewhere: [{{value: false, from: {SAID}}}, {{scope: province, value: true, from: {SAID}}}]"
    claim = {"groups": ("resettled_retiree",), "account_used": True, "account_balance": 100_00}
    # own share 1000.00 − 850.00 = 150.00, of which the account holds 100.00
    assert [at(scope, rows, **claim).account for scope in ("local", "province", "nation")] == [100_00, 100_00, 0]


def test_a_deductible_may_be_higher_outside_the_province():
    rows = (
        f"deductible: [{{value: '500.00', from: {SAID}}}, {{scope: nation, value: '800.00', from: {SAID}}}]\n"
        f"modifiers: [{{group: unfiled, minus: '0', from: {SAID}}}]"
    )
    # 500.00 borne before count in every scope: 800.00 − 500.00 = 300.00 are left outside the province.
    assert [at(scope, rows).deductible for scope in ("local", "province", "nation")] == [0, 0, 300_00]
