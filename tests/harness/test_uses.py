import pytest

from simulator.core.errors import SetupError
from simulator.harness.environment.modes import Mode, read_capabilities
from simulator.harness.execution.runner import sandbox_name

CALL = '- call: "1101"'


def test_scenario_without_anybody_insured_there_does_not_apply_to_the_city(scenario):
    found = scenario(CALL)
    assert Mode("insured", {"230900": "u"}).why_not(found) is None
    assert Mode("insured", {"230000": "u"}).why_not(found) is None
    assert Mode("insured", {"653200": "u"}).why_not(found) is not None


def test_scenario_without_a_hospital_of_the_city_does_not_apply_as_treatment_place(scenario):
    found = scenario(CALL)
    assert Mode("treatment", hospitals=("110000",)).why_not(found) is None
    assert Mode("treatment", hospitals=("all",)).why_not(found) is None
    assert Mode("treatment", hospitals=("230900",)).why_not(found) is not None


def test_scenario_says_in_which_uses_it_makes_sense(scenario):
    found = scenario(CALL, "uses: [self]\n")
    assert Mode("self").why_not(found) is None
    assert Mode("insured", {"230900": "u"}).why_not(found) is not None


@pytest.mark.parametrize(
    ("more", "can"),
    [
        ("needs: [clock]\n", "clock=own"),
        ("needs: [filings]\n", "filings=by hand"),
        ("needs: [parallel]\n", "parallel=no"),
        ("", "transactions=2207A,2208"),
    ],
)
def test_need_that_is_not_met_is_never_passed(scenario, more, can):
    mode = Mode("insured", {"230900": "u"}, read_capabilities((can,)))
    assert mode.not_tested(scenario(CALL, more)) is not None


def test_simulated_sides_can_everything(scenario):
    assert Mode("self").not_tested(scenario(CALL, "needs: [filings, reset, parallel]\n")) is None


@pytest.mark.parametrize("written", ["clok=own", "clock", "clock=mine", "filings=never"])
def test_capability_that_nobody_knows_is_refused(written):
    with pytest.raises(SetupError):
        read_capabilities((written,))


def test_sandbox_name_is_allowed_and_tells_two_long_ones_apart():
    names = [sandbox_name(f"recovery/{'insured-place-silent-' * 3}{end}", "self", "rabcd") for end in ("one", "two")]
    assert len(set(names)) == 2
    assert all(len(name) <= 40 for name in names)
    assert sandbox_name("a/b_c", "treatment", "r1") == "r1-t-a-b-c"
