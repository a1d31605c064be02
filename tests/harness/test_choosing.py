import pytest

from simulator.core.errors import SetupError
from simulator.harness.scenario.selection import Selection, holds


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        ("", True),
        ("透析", True),
        ("透析 and not 撤销", True),
        ("撤销 or 北京", True),
        ("not (撤销 or 北京)", False),
        ("not 透析 or 北京 and 撤销", False),
    ],
)
def test_words_are_joined_as_in_pytest(expression, taken):
    assert holds(expression, lambda word: word in "北京透析") is taken


@pytest.mark.parametrize("expression", ["(透析", "透析 and", "or 透析", "透析 北京", "not", "()"])
def test_expression_that_cannot_be_read_is_told(expression):
    with pytest.raises(SetupError):
        holds(expression, lambda _: True)


def test_scenario_is_chosen_by_words_of_both_names_and_by_marks(scenario):
    found = scenario('- call: "1101"', "marks: [slow]\n")
    assert Selection("TRIAL and 试 and family/trial", "slow and family").takes(found)
    assert not Selection("", "fast").takes(found)
