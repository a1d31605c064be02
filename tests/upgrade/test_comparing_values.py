"""Values of two systems: what differs, what is only written otherwise, and what either may choose."""

from decimal import Decimal

import pytest

from simulator.contract import load_edition
from simulator.contract.diff import compare
from simulator.core.errors import DataFaults
from simulator.upgrade.differences import MISSING, ValueDifference, value_differences
from simulator.upgrade.explanation import ChangedRows
from simulator.upgrade.leeway import Masked, read_leeway, shipped_leeway


def found(old, new, renamed=None):
    return [(each.path, each.kind) for each in value_differences(old, new, renamed or {})]


def masked(answer):
    return Masked(shipped_leeway()).tree(answer)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("491.40", "491.4", []),
        (Decimal("491.40"), Decimal("491.4"), []),
        (Decimal("491.40"), "491.40", ["form"]),
        ("0100", "100", ["changed"]),
        (1, True, ["changed"]),
        (None, "", ["changed"]),
        ("12", "21", ["changed"]),
    ],
)
def test_amounts_are_equal_by_value_and_codes_by_their_letters(old, new, kind):
    assert found({"a": old}, {"a": new}) == [("a", each) for each in kind]


def test_row_that_one_side_lacks_is_one_difference():
    assert found({"rows": [{"a": 1}, {"a": 2}]}, {"rows": [{"a": 1}]}) == [("rows[1]", "removed")]


def test_ids_are_compared_by_whether_one_id_means_one_thing():
    told = {"output": {"setl_id": "A", "data": [{"setl_id": "A"}]}}
    same = {"output": {"setl_id": "X9", "data": [{"setl_id": "X9"}]}}
    other = {"output": {"setl_id": "X9", "data": [{"setl_id": "X8"}]}}
    assert found(masked(told), masked(same)) == []
    assert found(masked(told), masked(other)) == [("output.data[0].setl_id", "changed")]


def test_moment_is_free_and_what_is_none_is_not():
    told, other = {"setl_time": "2025-03-10 09:00:00"}, {"setl_time": "2025-03-11 10:20:30"}
    assert found(masked(told), masked(other)) == []
    assert found(masked(told), masked({"setl_time": "yesterday"})) == [("setl_time", "changed")]


def test_accumulators_are_found_by_their_code_wherever_they_stand():
    one = {"cuminfo": [{"cum_type_code": "HIFP", "cum": "830.70"}, {"cum_type_code": "DEDC", "cum": "0.00"}]}
    other = {"cuminfo": [{"cum_type_code": "HIFP", "cum": "830.70"}]}
    assert found(masked(one), masked(other)) == []


def test_field_with_a_new_name_is_compared_with_the_old_one():
    renamed = {"output.data.cum": "output.data.cum_sum"}
    old = {"output": {"data": {"cum": "1.00"}}}
    assert found(old, {"output": {"data": {"cum_sum": "1.00"}}}, renamed) == [("output.data.cum", "renamed")]
    assert found(old, {"output": {"data": {"cum_sum": "2.00"}}}, renamed) == [("output.data.cum", "changed")]


def test_field_that_became_optional_explains_its_absence_and_no_other_amount(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "edition.yaml").write_text("name: own\nkind: edition\ntitle: {zh: 自, en: own}\nbuilds_on: national\n")
    header = "change,infno,direction,node,node_kind,field,name_zh,type,max_len,required,condition,form,code_table,doubt"
    row = 'change,2207A,out,setlinfo,object,hifp_pay,基本医疗保险统筹基金支出,N,"16,2",N,,,,'
    (own / "fields.csv").write_text(f"{header},source,note\n{row},own,\n")
    rows = ChangedRows(compare(load_edition("national"), load_edition(own)))
    path, both = "output.setlinfo.hifp_pay", ("2207A", "2207A")
    absent = rows.of_answer(both, ValueDifference(path, "830.70", MISSING, "removed"))
    assert absent is not None
    assert absent.place == "2207A out setlinfo.hifp_pay"
    assert rows.of_answer(both, ValueDifference(path, "830.70", "1280.70", "changed")) is None
    assert rows.weight(both, path) == "money"


def test_own_leeway_is_laid_over_the_shipped_one(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text("fields: {balc: id}\n")
    leeway = read_leeway(file)
    assert (leeway.kinds["balc"], leeway.kinds["setl_id"]) == ("id", "id")
    assert "cuminfo" in leeway.rows


def test_unknown_kind_of_field_is_refused_at_its_line(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text("fields:\n  balc: secret\n")
    with pytest.raises(DataFaults) as refused:
        read_leeway(file)
    assert "own.yaml:2" in str(refused.value)
    assert "words" in str(refused.value)
