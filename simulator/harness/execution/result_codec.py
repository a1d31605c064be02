"""Results as JSON and back, for a run that is interrupted and goes on; identities are masked on the way out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.core.masking import mask_text
from simulator.core.texts import Text
from simulator.harness.execution.journal_legs import ShownLeg
from simulator.harness.execution.matching import Mismatch
from simulator.harness.execution.results import ScenarioResult, StepResult
from simulator.harness.scenario.definition import Scenario


def written(result: ScenarioResult) -> str:
    """A result as text; the scenario and its steps by name and number."""
    whole = {
        "scenario": result.scenario.id,
        "use": result.use,
        "status": result.status,
        "reason": _text(result.reason),
        "steps": [_step(each) for each in result.steps],
        "final": [_mismatch(each) for each in result.final],
        "first": _mismatch(result.first) if result.first is not None else None,
        "notes": [each.as_json() for each in result.notes],
        "unchecked": _text(result.unchecked),
        "sandbox": result.sandbox,
        "people": dict(result.people),
        "judged": list(result.judged),
        "seconds": result.seconds,
    }
    return mask_text(json.dumps(whole, ensure_ascii=False, default=str))


def read(raw: str, scenarios: Mapping[tuple[str, str], Scenario]) -> ScenarioResult:
    """A result that `written` wrote, about a scenario by id and use; raises LookupError, TypeError and ValueError."""
    said = json.loads(raw)
    scenario = scenarios[said["scenario"], said["use"]]
    steps = {each.number: each for each in scenario.steps}
    return ScenarioResult(
        scenario,
        said["use"],
        said["status"],
        _read_text(said["reason"]),
        [
            StepResult(
                steps[each["number"]],
                Text(**each["title"]),
                each["status"],
                [_read_mismatch(one) for one in each["differences"]],
                [ShownLeg(**one | {"findings": tuple(one["findings"])}) for one in each["legs"]],
                each["award"],
                _read_texts(each["notes"]),
                each["rule"],
                each["seconds"],
            )
            for each in said["steps"]
        ],
        [_read_mismatch(each) for each in said["final"]],
        _read_mismatch(said["first"]) if said["first"] is not None else None,
        _read_texts(said["notes"]),
        _read_text(said["unchecked"]),
        said["sandbox"],
        people=said["people"],
        judged=said["judged"],
        seconds=said["seconds"],
    )


def _step(step: StepResult) -> dict[str, Any]:
    return {
        "number": step.step.number,
        "title": step.title.as_json(),
        "status": step.status,
        "differences": [_mismatch(each) for each in step.differences],
        "legs": [{name: getattr(each, name) for name in ShownLeg.__slots__} for each in step.legs],
        "award": step.award,
        "notes": [each.as_json() for each in step.notes],
        "rule": step.rule,
        "seconds": step.seconds,
    }


def _mismatch(each: Mismatch) -> dict[str, Any]:
    return {
        "path": each.path,
        "wanted": each.wanted.as_json(),
        "got": each.got.as_json(),
        "infno": each.infno,
        "causes": [cause.as_json() for cause in each.causes],
    }


def _read_mismatch(said: Mapping[str, Any]) -> Mismatch:
    wanted, got = Text(**said["wanted"]), Text(**said["got"])
    return Mismatch(said["path"], wanted, got, said["infno"], tuple(_read_texts(said["causes"])))


def _text(sentence: Text | None) -> dict[str, str] | None:
    return sentence.as_json() if sentence is not None else None


def _read_text(said: Mapping[str, str] | None) -> Text | None:
    return Text(**said) if said is not None else None


def _read_texts(said: Sequence[Mapping[str, str]]) -> list[Text]:
    return [Text(**each) for each in said]
