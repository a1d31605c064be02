"""Diagnosis of a run: judged answers gathered from every sandbox, and what the platform makes of them together."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.harness.environment.client import PlatformClient, SandboxClient
from simulator.harness.execution.results import JudgedAt, ReportedDiagnosis, ScenarioResult

_PAGE = 1000


def judged_answers(sandbox: SandboxClient) -> list[Mapping[str, Any]]:
    """Answers of registered agencies that the platform judged in a sandbox, in order."""
    found: list[Mapping[str, Any]] = []
    while True:
        last = found[-1]["id"] if found else 0
        page = sandbox.control("GET", f"judged-answers?after={last}&limit={_PAGE}")["answers"]
        found += page
        if len(page) < _PAGE:
            return found


def diagnosed(platform: PlatformClient, results: Sequence[ScenarioResult]) -> ReportedDiagnosis | None:
    """Likely mistakes over all answers; the platform is asked only where one of them is wrong."""
    answers = [each for result in results for each in result.judged]
    if not answers:
        return None
    places = [
        JudgedAt(result.scenario.id, each["infno"], each["msgid"], each["agrees"])
        for result in results
        for each in result.judged
    ]
    if all(each.right for each in places):
        return ReportedDiagnosis(places, (), ())
    found = platform.control("POST", "likely-mistakes", {"answers": answers})
    return ReportedDiagnosis(places, found["mistakes"], found["unexplained"])
