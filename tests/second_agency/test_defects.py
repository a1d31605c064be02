"""The second agency with one defect at a time: the scenario that can show it is red."""

import pytest

from tests.second_agency.defects import CAUGHT
from tests.second_agency.measure import judge
from tests.second_agency.rehearsals import rehearsals


@pytest.fixture(scope="module")
def played():
    with rehearsals() as opened:
        yield opened


NAMED_WRONGLY = {
    "filing_begins_a_day_late": "no mistake says that a first day is left out",
    "registration_begins_a_day_late": "no mistake says that a first day is left out",
    "refused_batch_stays_refused": "no mistake says that an earlier refusal is remembered",
    "refusal_is_remembered": "no mistake says that an earlier refusal is remembered",
}
"""Defects whose first finding tells a cause that is not theirs, and why."""


def marked(defect):
    because = NAMED_WRONGLY.get(defect.name)
    marks = [pytest.mark.xfail(strict=True, reason=because)] if because else []
    return pytest.param(defect, id=defect.name, marks=marks)


def test_what_is_named_wrongly_is_a_defect_that_is_caught():
    assert NAMED_WRONGLY.keys() <= CAUGHT.keys()


@pytest.mark.parametrize("defect", [marked(each) for each in CAUGHT.values()])
def test_a_defect_turns_the_scenario_red_that_can_show_it(played, defect):
    shown = played.play(defect.shown_by, defects=frozenset([defect.name]))
    assert shown.exit_code == 1, shown.output
    assert [each.scenario for each in shown.failures] == [defect.shown_by.replace("/", ".")]
    # A cause is told rightly or not at all, and no message of the hospital is blamed.
    assert judge(defect, shown).named in ("right", "vague")
