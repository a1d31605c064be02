"""Steps of a scenario with its fragments written out: parameters put in, names kept apart, expectations moved."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.core.errors import DataFault
from simulator.core.schema_errors import hint
from simulator.core.strict_yaml import Document
from simulator.core.texts import text
from simulator.harness.scenario.definition import VERBS, ScenarioStep

JUDGED = ("expect", "literal", "award", "refused", "named", "lost")
"""Keys by which `use` judges the last call of its fragment."""
INHERITED = ("for", "at", "of", "uses")


@dataclass(frozen=True, slots=True)
class Fragment:
    """Fragment file and the default values of its parameters; None must be given."""

    document: Document
    parameters: Mapping[str, Any]


def verb_of(said: Mapping[str, Any]) -> str:
    """Verb of a step; `save` and `expect` belong to another verb where there is one."""
    return next(verb for verb in VERBS if verb in said)


def expand(
    document: Document, find: Callable[[str], Fragment | None], known: Sequence[str]
) -> tuple[list[ScenarioStep], list[DataFault]]:
    """The steps written out, and what is wrong with how fragments are used; `known` are those that could be.

    None stands for a step that is not to be looked at.
    """
    steps: list[ScenarioStep] = []
    faults: list[DataFault] = []
    for index, said in enumerate(document.data["steps"]):
        path, number = f"steps[{index}]", str(index + 1)
        if said is None:
            continue
        if "cases" in said:
            steps += _cases(document, said, path, number)
            continue
        if verb_of(said) != "use":
            steps.append(_step(document, said, path, number))
            continue
        fragment = find(said["use"])
        if fragment is None:
            sentence = text(
                "harness.no_fragment", name=said["use"], hint=hint(said["use"], known), known=", ".join(known) or "-"
            )
            faults.append(document.fault(f"{path}.use", sentence))
            continue
        wrong = _wrong_parameters(document, said, path, fragment)
        faults += wrong
        if not wrong:
            steps += _written_out(document, fragment, said, path, number)
    return steps, faults


def _written_out(
    document: Document, fragment: Fragment, said: Mapping[str, Any], path: str, number: str
) -> list[ScenarioStep]:
    given = {**fragment.parameters, **said.get("with", {})}
    scope = said.get("save", "")
    inner = [_put_in(step, given) for step in fragment.document.data["steps"]]
    last_call = max((index for index, step in enumerate(inner) if verb_of(step) == "call"), default=-1)
    written = []
    for index, step in enumerate(inner):
        step = {**{key: said[key] for key in INHERITED if key in said and _takes(step, key)}, **step}
        if index == last_call:
            step = _with_expectations(step, said)
        inside = f"{path} → {said['use']}: steps[{index}]"
        at = (document.name, _line(document, path), inside, number, scope)
        written.append(ScenarioStep(verb_of(step), f"{number}.{index + 1}", step, *at))
    return written


def _cases(document: Document, said: Mapping[str, Any], path: str, number: str) -> Iterator[ScenarioStep]:
    """A step once for each row of its table; a row adds to the keys of the step, and to what they change."""
    common = {key: value for key, value in said.items() if key != "cases"}
    for index, row in enumerate(said["cases"]):
        both: dict[str, Any] = {
            key: {**common[key], **row[key]} for key in ("with", "head", "expect") if key in common and key in row
        }
        inside = f"{path}.cases[{index}]"
        at = (document.name, _line(document, inside), inside, number)
        yield ScenarioStep(verb_of(said), f"{number}.{index + 1}", {**common, **row, **both}, *at)


def _with_expectations(step: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    asked = {key: said[key] for key in JUDGED if key in said}
    fails = asked.get("expect", {}).get("infcode", "0") != "0"
    if fails or {"refused", "lost"} & asked.keys():
        step = {key: value for key, value in step.items() if key not in JUDGED}
    merged = {**step, **asked}
    if "expect" in step and "expect" in asked:
        merged["expect"] = {**step["expect"], **asked["expect"]}
    return merged


def _takes(step: Mapping[str, Any], key: str) -> bool:
    if key == "uses":
        return True
    verb = verb_of(step)
    return verb in ("call", "probe") or (verb == "expect-incoming" and key == "for")


def _put_in(value: Any, given: Mapping[str, Any]) -> Any:
    """Replaces `$name` of a parameter; a key whose parameter is null or absent falls away."""
    if isinstance(value, Mapping):
        filled = {key: _put_in(inner, given) for key, inner in value.items()}
        return {key: inner for key, inner in filled.items() if inner is not None}
    if isinstance(value, list):
        return [_put_in(inner, given) for inner in value]
    if isinstance(value, str) and value.startswith("$") and value[1:] in given:
        return given[value[1:]]
    return value


def _wrong_parameters(document: Document, said: Mapping[str, Any], path: str, fragment: Fragment) -> list[DataFault]:
    known, given = list(fragment.parameters), said.get("with", {})
    faults = [
        document.fault(
            f"{path}.with.{name}",
            text("data.unknown_key", key=name, hint=hint(name, known), allowed=", ".join(known) or "-"),
        )
        for name in given
        if name not in known
    ]
    missing = [name for name, value in fragment.parameters.items() if value is None and name not in given]
    return faults + [
        document.fault(path, text("harness.parameter_missing", name=name, fragment=said["use"])) for name in missing
    ]


def _step(document: Document, said: Mapping[str, Any], path: str, number: str) -> ScenarioStep:
    return ScenarioStep(verb_of(said), number, said, document.name, _line(document, path), path, number)


def _line(document: Document, path: str) -> int:
    return document.places.get(path, (0, 0))[0]
