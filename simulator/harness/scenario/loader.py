"""Reads scenario and fragment files strictly: every fault with file, line, path and what was probably meant."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from simulator.core.citations import resolves, rules
from simulator.core.errors import DataFault, DataFaults
from simulator.core.own_code import own_folder
from simulator.core.schema_errors import Shape, faults_of, load_schema, nearest
from simulator.core.strict_yaml import Document, checked, parse_yaml
from simulator.core.texts import Text, text
from simulator.harness.scenario.definition import USES, VERBS, Scenario, ScenarioStep
from simulator.harness.scenario.examples import KEY, ExampleRow, gathered, rows_of, written_out
from simulator.harness.scenario.fragments import Fragment, expand
from simulator.harness.scenario.references import check_references

SUFFIX, FRAGMENT_SUFFIX = ".scenario.yaml", ".fragment.yaml"
FRAGMENTS, TABLES = "fragments", "tables"
_PERSON = "../../people/person.schema.json"
_STEPS = "steps.schema.json"


def read_scenarios(path: Path, fragments: Path | None = None) -> list[Scenario]:
    """Reads a file; `fragments` is a folder to look in before the ones beside it and the shipped ones."""
    return scenarios_from(_bytes(path), path, fragments)


def scenarios_from(raw: bytes | str, path: Path, fragments: Path | None = None) -> list[Scenario]:
    """The scenarios in a text, one for each row of its table; raises DataFaults with every fault."""
    document = parse_yaml(raw, str(path))
    if not isinstance(document.data, Mapping) or KEY not in document.data:
        return [_scenario(document, path, fragments)]
    checked(document, _shape_of("scenario.schema.json"))
    scenarios: list[Scenario] = []
    faults: dict[str, Sequence[DataFault]] = {}
    rows = rows_of(document, _folders(path, TABLES))
    for row in rows:
        try:
            scenarios.append(_of_row(_scenario(written_out(document, row), path, fragments), row))
        except DataFaults as error:
            faults[row.id] = error.faults
    if faults:
        raise DataFaults(gathered(rows, faults))
    return scenarios


def _of_row(scenario: Scenario, row: ExampleRow) -> Scenario:
    name = Text(f"{scenario.name.zh}：{row.name.zh}", f"{scenario.name.en}: {row.name.en}")
    return replace(scenario, id=f"{scenario.id}/{row.id}", row=row.id, name=name)


def _scenario(document: Document, path: Path, fragments: Path | None) -> Scenario:
    data = _checked(document, "scenario.schema.json").data
    _refuse_bad_times(document, data)
    _refuse_unknown_citations(document, data)
    known = _known_fragments(path, fragments)
    steps, faults = expand(document, lambda name: find_fragment(name, path, fragments), known)
    faults = faults or _wrong_after_parameters(steps)
    if not faults:
        faults = check_references(document, data, steps)
    if faults:
        raise DataFaults(faults)
    return Scenario(
        id=f"{path.resolve().parent.name}/{path.name.removesuffix(SUFFIX)}",
        file=str(path),
        name=Text(data["name"], data["name_en"]),
        clock=data["clock"],
        roles=data["roles"],
        places=data["places"],
        steps=tuple(steps),
        about=data.get("about", ""),
        verifies=tuple(data.get("verifies", ())),
        marks=tuple(data.get("marks", ())),
        needs=tuple(data.get("needs", ())),
        uses=tuple(use for use in USES if use in data.get("uses", USES)),
        edition=data.get("edition", ""),
        strict=data.get("strict", True),
        sign_in=data.get("sign_in", False),
        policy=data.get("policy", {}),
        findings=tuple(data.get("findings", ())),
    )


def find_fragment(name: str, beside: Path, first: Path | None) -> Fragment | None:
    """A fragment by name: in `first`, in a folder `fragments` beside or above the scenario, then the shipped ones."""
    for folder in _fragment_folders(beside, first):
        file = folder / f"{name}{FRAGMENT_SUFFIX}"
        if file.is_file():
            return _read_fragment(file)
    return None


def _fragment_folders(beside: Path, first: Path | None) -> list[Path]:
    return [*([first] if first else []), *_folders(beside, FRAGMENTS)]


def _folders(beside: Path, name: str) -> list[Path]:
    """Folders of a name beside and above a scenario, then the shipped one."""
    near = [parent / name for parent in list(beside.resolve().parents)[:2]]
    return [*near, shipped_folder() / name]


def _known_fragments(beside: Path, first: Path | None) -> list[str]:
    files = [file for folder in _fragment_folders(beside, first) for file in sorted(folder.glob(f"*{FRAGMENT_SUFFIX}"))]
    return list(dict.fromkeys(file.name.removesuffix(FRAGMENT_SUFFIX) for file in files))


@cache
def _read_fragment(path: Path) -> Fragment:
    document = _checked(parse_yaml(path.read_bytes(), str(path)), "fragment.schema.json")
    return Fragment(document, dict(document.data.get("parameters", {})))


def _checked(document: Document, schema: str) -> Document:
    """The file, its steps told apart before their keys are checked, so a fault speaks of the step that was meant."""
    steps = document.data.get("steps") if isinstance(document.data, Mapping) else None
    faults = []
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        if isinstance(step, Mapping) and _verb_is_missing(step):
            faults.append(document.fault(f"steps[{index}]", _no_verb(step)))
    if faults:
        raise DataFaults(faults)
    return checked(document, _shape_of(schema))


def _wrong_after_parameters(steps: list[ScenarioStep]) -> list[DataFault]:
    """Faults of a fragment's steps once the values of its parameters stand in them."""
    found = []
    for step in steps:
        if "." in step.number:
            for fault in faults_of(dict(step.said), _shape_of(_STEPS)):
                path = f"{step.path}.{fault.path}" if fault.path else step.path
                found.append(DataFault(fault.sentence, path, step.file, step.line))
    return found


def _verb_is_missing(step: Mapping[str, Any]) -> bool:
    """No verb at all; or only `expect` or `save`, which other verbs have too, beside what looks like a mistyped one."""
    verbs = [verb for verb in VERBS if verb in step]
    known = _keys_of_calls()
    mistyped = any(key not in known and nearest(str(key), VERBS[:-2]) for key in step if key not in VERBS)
    return not verbs or (set(verbs) <= {"expect", "save"} and mistyped)


@cache
def _keys_of_calls() -> frozenset[str]:
    return frozenset(load_schema("simulator.harness.scenario", _STEPS)["definitions"]["call"]["properties"])


def _no_verb(step: Mapping[str, Any]) -> Text:
    close = next((f"{key} → {verb}" for key in step if key not in VERBS and (verb := nearest(str(key), VERBS))), "-")
    return text("harness.no_verb", keys=", ".join(map(str, step)), verbs=", ".join(VERBS), close=close)


@cache
def _shape_of(name: str) -> Shape:
    """A schema file of the harness with the two it refers to."""
    steps = load_schema("simulator.harness.scenario", _STEPS)
    if name == _STEPS:
        return Shape({**steps, "$ref": "#/definitions/step"})
    others = {_STEPS: steps, _PERSON: load_schema("simulator.people", "person.schema.json")}
    return Shape(load_schema("simulator.harness.scenario", name), others)


def _refuse_bad_times(document: Document, data: Mapping[str, Any]) -> None:
    said = [("clock", data["clock"])]
    said += [(f"steps[{i}].clock", step["clock"]) for i, step in enumerate(data["steps"]) if "clock" in step]
    faults = [
        document.fault(path, text("harness.no_such_time", got=value)) for path, value in said if not _is_time(value)
    ]
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", Path(document.name).name.removesuffix(SUFFIX)):
        faults.append(DataFault(text("harness.file_name", got=Path(document.name).name), file=document.name))
    if faults:
        raise DataFaults(faults)


def _refuse_unknown_citations(document: Document, data: Mapping[str, Any]) -> None:
    said = enumerate(data.get("verifies", ()))
    faults = [
        document.fault(f"verifies[{i}]", text("harness.no_such_citation", got=words, rules=len(rules())))
        for i, words in said
        if not resolves(words)
    ]
    if faults:
        raise DataFaults(faults)


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise DataFaults([DataFault(text("data.no_such_file", path=str(path)), file=str(path))]) from None


def shipped_folder() -> Path:
    """The folder of the scenarios that come with the product."""
    return own_folder("scenarios")
