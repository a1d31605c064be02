"""Codes are replaced wherever they stand alone, and nowhere inside a longer number."""

import pytest

from simulator.relocation.rewriting import Rewriting, m_codes

REWRITE = Rewriting(
    {"230900": "510100", "110000": "120000"},
    {"M07800": "M03900", "M07803": "M03902"},
    {"七台河": "成都", "Qitaihe": "Chengdu"},
    {"透析": "高血压"},
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("230900", "510100"),
        ("H23090000001", "H51010000001"),
        ("POST people/230900?area=110000", "POST people/510100?area=120000"),
        ("cuminfo[cum_type_code=HIFPM07800].cum", "cuminfo[cum_type_code=HIFPM03900].cum"),
        ("未办理病种 M07803", "未办理病种 M03902"),
        ("七台河的医院 / Qitaihe", "成都的医院 / Chengdu"),
        ("透析", "高血压"),
        # The code of an item, an amount, a disease inside a sentence and another area are no code of these.
        ("003110000060000-311000027", "003110000060000-311000027"),
        ("C14032010000032110010009001", "C14032010000032110010009001"),
        ("110000.00", "110000.00"),
        ("血液透析", "血液透析"),
        ("330100", "330100"),
        ("H33010000001", "H33010000001"),
    ],
)
def test_codes_are_replaced_where_they_stand_alone(before, after):
    assert REWRITE(before) == after


def test_keys_and_lists_are_gone_through_and_numbers_stay():
    said = {"$rules[when.disease=M07800]": ["M07800", 110000, None, True], "with": {"to": "110000"}}
    assert REWRITE(said) == {"$rules[when.disease=M03900]": ["M03900", 110000, None, True], "with": {"to": "120000"}}


def test_codes_are_replaced_in_one_pass():
    """Two codes that change places do not become one."""
    assert Rewriting(diseases={"M07800": "M00500", "M00500": "M07800"})(["M07800", "M00500"]) == ["M00500", "M07800"]


def test_every_code_of_a_disease_is_found_once_in_order():
    said = [{"disease": "M07803"}, {"HIFPM07800": ["M07803", "XM07800", "003110M0780012"]}]
    assert m_codes(said) == ["M07803", "M07800"]
