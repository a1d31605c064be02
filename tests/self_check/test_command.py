"""`nhsa-sim rehearse --self-check` and `--defect` of the reference systems, as somebody types them."""

import json

import pytest
from click.testing import CliRunner

from simulator.cli import cli
from simulator.core.errors import SetupError
from simulator.self_check.catalogue import chosen


def typed(*words):
    return CliRunner().invoke(cli, ["--lang", "en", *words], catch_exceptions=False)


@pytest.mark.begins_first
def test_defects_of_both_sides_are_caught_and_named_and_the_sound_systems_pass():
    names = ["--defect", "deductible_ignored", "--defect", "total_one_fen_off"]
    done = typed("rehearse", "dialysis/retiree-in-beijing", "--self-check", "--json", *names)
    told = json.loads(done.output)
    assert told["sums"] == {"defects": 2, "caught": 2, "right": 2, "vague": 0, "wrong": 0, "sound": True}
    sound = [each for each in told["verdicts"] if not each["defect"]]
    assert [(each["side"], each["caught"], each["scenarios"]) for each in sound] == [
        ("agency", False, 1),
        ("hospital", False, 1),
    ]
    ignored = next(each for each in told["verdicts"] if each["defect"] == "deductible_ignored")
    assert (ignored["rule"], ignored["scenario"]) == ("award.deductible", "dialysis/retiree-in-beijing")
    assert "（award.deductible）" in ignored["told"]["zh"]
    assert done.exit_code == 0


@pytest.mark.begins_first
def test_a_missed_defect_is_told_and_fails_the_check():
    done = typed("rehearse", "dialysis/retiree-in-beijing", "--self-check", "--defect", "cancellation_keeps_balances")
    assert "cancellation_keeps_balances" in done.output
    assert "missed (1 scenarios played)" in done.output
    assert "1 defects, 0 caught: 0 named rightly" in done.output
    assert done.exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--self-check", "--use", "self"],
        ["--self-check", "--platform", "http://127.0.0.1:1"],
        ["--self-check", "--defect", "no_such_defect"],
        ["--self-check", "-k", "no_such_word"],
        ["--defect", "deductible_ignored"],
    ],
)
def test_what_a_self_check_does_not_take_is_refused(words):
    with pytest.raises(SetupError):
        typed("rehearse", *words)


@pytest.mark.parametrize("side", ["agency", "hospital"])
@pytest.mark.parametrize("asked", [["--list-defects"], ["--defect", "help"]])
def test_the_defects_of_a_reference_system_are_listed(side, asked):
    needed = {"agency": ["--city", "230900"], "hospital": ["--city", "all", "--platform", "http://127.0.0.1:1"]}
    done = typed(side, *needed[side], *asked)
    assert done.exit_code == 0
    assert len(done.output.splitlines()) == len(chosen([], side))
    assert all(each.name in done.output for each in chosen([], side))


def test_a_defect_of_the_other_side_is_refused():
    with pytest.raises(SetupError, match="deductible_ignored"):
        typed("hospital", "--city", "all", "--platform", "http://127.0.0.1:1", "--defect", "deductible_ignored")
