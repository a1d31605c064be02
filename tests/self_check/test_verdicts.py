"""A defect counts as caught where a scenario fails because of it, and for no other reason."""

import pytest

from simulator.core.texts import Text, plain
from simulator.harness.execution.matching import Mismatch
from simulator.harness.execution.results import BROKEN, FAILED, NOT_RUN, ScenarioResult, StepResult
from simulator.harness.scenario.library import load
from simulator.self_check.bench import Played
from simulator.self_check.catalogue import defects
from simulator.self_check.verdicts import judge, judge_sound, sums

DEFECT = defects()["deductible_ignored"]
(SCENARIO,) = [each for each in load([]) if each.id == "dialysis/retiree-in-beijing"]
BASIS = " By deductible: no deductible was taken before."


def failed(*causes, status=FAILED, path="act_pay_dedc"):
    steps = [StepResult(SCENARIO.steps[0], plain("1101"), FAILED if causes else NOT_RUN)]
    if causes:
        told = tuple(Text(f"{each}（中文）", each) for each in causes)
        steps[0].differences.append(Mismatch(path, plain("500.00"), plain("0.00"), "2207A", told))
    return Played(1, ScenarioResult(SCENARIO, "insured", status, plain("broke off"), steps=steps))


@pytest.mark.parametrize(
    ("causes", "named"),
    [
        (["award.deductible: it differs. Likely cause: no deductible was taken"], "right"),
        (["award.deductible: it differs."], "vague"),
        ([f"award.deductible: it differs.{BASIS}"], "vague"),
        ([f"award.deductible: it differs.{BASIS} Likely cause: the account was not used"], "wrong"),
        (["psn_type_differs: psn_type must be 12, got 11"], "wrong"),
        (["award.pool: 1 (follows from act_pay_dedc)", "award.deductible: no deductible was taken"], "right"),
    ],
)
def test_a_finding_names_the_defect_its_difference_alone_or_another_cause(causes, named):
    verdict = judge(DEFECT, failed(*causes))
    assert (verdict.caught, verdict.named) == (True, named)
    assert verdict.scenario == SCENARIO.id
    assert verdict.rule in causes[-1]


def test_nothing_failed_something_broke_off_or_the_system_itself_did_is_a_miss():
    assert not judge(DEFECT, Played(74)).caught
    broken = judge(DEFECT, failed(status=BROKEN))
    assert (broken.caught, str(broken.told)) == (False, "broke off")
    found = failed("award.deductible: no deductible was taken")
    ended = judge(DEFECT, Played(1, found.failure, plain("KeyError")))
    assert (ended.caught, str(ended.told)) == (False, "KeyError")


def test_sums_count_every_naming_and_the_control_decides_with_the_misses():
    right = judge(DEFECT, failed("award.deductible: no deductible was taken"))
    vague = judge(DEFECT, failed("award.deductible: it differs."))
    sound, unsound = judge_sound("agency", Played(74)), judge_sound("agency", failed("award.pool: it differs."))
    green = sums([sound, right, vague])
    assert (green.defects, green.caught, green.right, green.vague, green.wrong) == (2, 2, 1, 1, 0)
    assert green.exit_code == 0
    assert sums([unsound, right]).exit_code == 1
    assert sums([sound, right, judge(DEFECT, Played(74))]).exit_code == 1
