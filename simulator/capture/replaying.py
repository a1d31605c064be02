"""A captured scenario played once at the platform of the recording, which shows events that no message does."""

from simulator.capture.steps import Capture
from simulator.core.texts import Text, join, text
from simulator.harness.environment.client import PlatformClient
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.rehearsal import new_run
from simulator.harness.execution.results import FAILED, PASSED, ScenarioEnded, ScenarioResult
from simulator.harness.execution.runner import Stage, play
from simulator.harness.report.wording import difference_lines, status_reason
from simulator.harness.scenario.definition import SELF, Scenario


def replay_differences(platform: PlatformClient, scenario: Scenario, capture: Capture, seed: int) -> list[Text]:
    """Sentences about where the replay turns out otherwise than the recording, with the number of the message."""
    stage = Stage(platform, seed, new_run())
    results = [each.result for each in play(stage, Mode(SELF), scenario) if isinstance(each, ScenarioEnded)]
    return [_told(each, capture) for each in results if each.status != PASSED]


def _told(result: ScenarioResult, capture: Capture) -> Text:
    shown = result.differences[:1]
    if result.status != FAILED or not shown:
        return text("capture.not_replayed", why=status_reason(result))
    why = join(difference_lines(shown[0]), " ", " ")
    if result.root_cause is None:
        return text("capture.replayed_otherwise_at_the_end", why=why)
    step = capture.steps[int(result.root_cause.step.number) - 1]
    return text("capture.replayed_otherwise", number=step.number, infno=result.root_cause.step.infno, why=why)
