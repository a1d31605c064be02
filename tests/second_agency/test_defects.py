"""The second agency with one defect at a time: the scenario that can show it is red."""

import pytest

from tests.second_agency.defects import CAUGHT
from tests.second_agency.measure import judge
from tests.second_agency.rehearsals import rehearsals


@pytest.fixture(scope="module")
def played():
    with rehearsals() as opened:
        yield opened


@pytest.mark.parametrize("defect", CAUGHT.values(), ids=lambda defect: defect.name)
def test_a_defect_turns_the_scenario_red_that_can_show_it(played, defect):
    shown = played.play(defect.shown_by, defects=frozenset([defect.name]))
    assert shown.exit_code == 1, shown.output
    assert [each.scenario for each in shown.failures] == [defect.shown_by.replace("/", ".")]
    # A cause is told rightly or not at all, and no message of the hospital is blamed.
    assert judge(defect, shown).named in ("right", "vague")
