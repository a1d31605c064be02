"""Results against the failures that a city is known for: a failure as said is expected, a pass is none."""

from simulator.core.texts import Text, plain, text
from simulator.harness.environment.expected_failures import ExpectedFailure, ExpectedFailures
from simulator.harness.execution.matching import Mismatch
from simulator.harness.execution.results import EXPECTED_FAILURE, FAILED, PASSED, ScenarioResult

PASSES = "expected_failure.passes"
"""Rule that a pass breaks where the file says that the scenario fails."""


def hold_against(expected: ExpectedFailures, result: ScenarioResult) -> None:
    """Changes a result to what the file makes of it; a result short of a verdict stays as it is."""
    entry = expected.about(result.scenario.id, result.use)
    if entry is None or result.status not in (PASSED, FAILED):
        return
    if result.status == PASSED:
        _fail(result, entry)
    elif entry.expires < expected.today:
        result.notes.append(text("harness.expectation_expired", **_said(entry)))
    elif entry.rule and entry.rule != result.cause:
        got = result.cause or "-"
        result.notes.append(text("harness.failed_otherwise", got=got, rule=entry.rule, **_said(entry)))
    else:
        result.status = EXPECTED_FAILURE
        result.reason = text("harness.failed_as_expected", **_said(entry))


def _fail(result: ScenarioResult, entry: ExpectedFailure) -> None:
    """A pass becomes a failure, so that the file is mended before it hides the next one."""
    wanted = text("harness.status_failed")
    because = (text("harness.passed_unexpectedly", **_said(entry)),)
    result.status = FAILED
    result.final.append(Mismatch(f"{PASSES} {entry.scenario}", wanted, text("harness.status_passed"), causes=because))


def _said(entry: ExpectedFailure) -> dict[str, Text]:
    return {name: plain(str(getattr(entry, name))) for name in ("reason", "expires", "place")}
