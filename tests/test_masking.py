"""What points at a person is hidden wherever a person reads."""

import pytest

from simulator.core.masking import mask_sentence


@pytest.mark.parametrize("path", ["/input/data/certno", "input.data.certno", "certno"])
def test_a_wrong_identity_value_is_hidden_whatever_it_looks_like(path):
    told = '证件号码 certno 太长，来的是 "23090019580512002X-23090019580512002X"'
    hidden = mask_sentence(told, path=path, got='"23090019580512002X-23090019580512002X"')
    assert "19580512" not in hidden
    assert "2309" in hidden


def test_other_values_stay_readable():
    told = '医疗类别 med_type 的代码不在表里，来的是 "88"'
    assert mask_sentence(told, path="/input/data/med_type", got='"88"') == told
