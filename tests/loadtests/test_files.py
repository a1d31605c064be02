"""Mix and limits: what a tester writes is read strictly, and what is wrong is named by line with the nearest key."""

import json
from decimal import Decimal

import pytest

from simulator.core.errors import DataFaults
from simulator.core.texts import speaking
from simulator.loadtests.answers import accepted, problem_of
from simulator.loadtests.limits import Run, judge, load_limits
from simulator.loadtests.mix import load_mix
from simulator.loadtests.recorder import Recorder


def mistakes(load, path, written):
    path.write_text(written, encoding="utf-8")
    with speaking("en"), pytest.raises(DataFaults) as caught:
        load(path)
    return str(caught.value)


def test_a_misspelt_key_of_the_mix_is_named_with_its_line_and_the_right_one(tmp_path):
    shipped = (load_mix.__globals__["resources"].files("simulator.loadtests") / "mix.yaml").read_text(encoding="utf-8")
    line = next(number for number, each in enumerate(shipped.splitlines(), 1) if each.strip().startswith("cancelled:"))
    told = mistakes(load_mix, tmp_path / "mix.yaml", shipped.replace("  cancelled:", "  canceled:"))
    assert f"mix.yaml:{line}" in told
    assert "canceled" in told
    assert "cancelled" in told


def test_a_misspelt_key_of_the_limits_is_named_with_its_line_and_the_right_one(tmp_path):
    told = mistakes(load_limits, tmp_path / "limits.yaml", 'run:\n  messages: 1\n  failure: "0"\n')
    assert "limits.yaml:3" in told
    assert "failures" in told


def test_a_range_that_runs_backwards_is_refused(tmp_path):
    shipped = (load_mix.__globals__["resources"].files("simulator.loadtests") / "mix.yaml").read_text(encoding="utf-8")
    told = mistakes(load_mix, tmp_path / "mix.yaml", shipped.replace("quantity: [1, 4]", "quantity: [4, 1]"))
    assert "quantity" in told


def test_an_answer_of_http_200_that_says_no_is_a_failure():
    refused = json.dumps({"infcode": "-1", "err_msg": "人员不存在", "output": {}}).encode()
    problem, _ = problem_of("2207A", refused, 200, accepted)
    assert problem == "2207A infcode -1: 人员不存在"
    done, _ = problem_of("2207A", b'{"infcode":"0","output":{}}', 200, accepted)
    assert done == ""


def test_a_run_without_messages_never_passes():
    judged = judge(Run(Recorder(), 0.0, 1.0, 1, Decimal(0) or None), load_limits())
    assert [each.name for each in judged if not each.ok] == ["run.messages", "2204.messages", "2207A.messages"]
