"""A guided run that was interrupted goes on at the task that waits: nothing is asked of the hospital twice."""

import pytest
from click.testing import CliRunner

from simulator.commands.rehearse import command
from simulator.harness.execution.results import StepEnded
from simulator.harness.report.console import Console

VISIT = """
- call: "1101"
- {control: POST faults, body: {at: hospital, infno: "9001", what: refuse}}
- use: visit
  save: first
  with: {disease: M07803, charges: [{med_list_codg: 003110000060000-311000027, cnt: 2, pric: 420.00}]}
- call: "5206"
  literal: {"cuminfo[cum_type_code=HIFP].cum": 306.00} # (840.00 − 500.00) × 0.90
"""


@pytest.fixture
def sandbox(platform, request):
    name = f"h-again-{request.node.callspec.params['steps']}"
    platform.control("POST", "sandboxes", {"name": name})
    yield platform.sandbox(name)
    platform.control("DELETE", f"sandboxes/{name}")


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_guided_run_goes_on_at_the_task_that_waits(
    steps, written, platform_url, sandbox, processes, monkeypatch, tmp_path
):
    arguments = ["hospital", "--city", "all", "--platform", platform_url, "--sandbox", sandbox.name]
    hospital = processes.start("hospital", [*arguments, "--store", str(tmp_path / "book")], lasting=False)
    given = ["--hospital", "110000", "--platform", platform_url, "--sandbox", sandbox.name, "--patience", "60"]
    ended = []

    def interrupt(_, event):
        ended.extend([event] if isinstance(event, StepEnded) else [])
        if len(ended) == steps:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Console, "take", interrupt)
        CliRunner().invoke(command, [str(written(VISIT)), *given, "--report", str(tmp_path / "r")])
    assert len(ended) == steps
    people = sandbox.control("GET", "people")["people"]
    done = CliRunner().invoke(command, ["--resume", str(tmp_path / "r")], catch_exceptions=False)
    hospital.end()
    assert done.exit_code == 0, done.output
    assert sandbox.control("GET", "people")["people"][0]["psn_no"] == people[0]["psn_no"]
    said = [each["infno"] for each in sandbox.control("GET", "messages")["messages"]]
    assert said == ["1101", "2001", "2201", "2203A", "2204", "2206A", "2207A", "5206"]
    references = [each["data"]["reference"] for each in sandbox.control("GET", "tasks")["tasks"]]
    assert len(references) == len(set(references)) == 3
    assert len(sandbox.control("GET", "faults")["faults"]) == 1
