"""Every role, place, visit and saved value that a step names must be there before it; found before anything is sent."""

from collections.abc import Iterable, Mapping
from typing import Any

from simulator.core.errors import DataFault
from simulator.core.schema_errors import hint
from simulator.core.strict_yaml import Document
from simulator.core.texts import text
from simulator.harness.scenario.definition import ScenarioStep
from simulator.harness.scenario.expressions import NotThere, is_expression, names_in
from simulator.harness.templates import templates

ALWAYS = ("now", "today")


def check_references(document: Document, data: Mapping[str, Any], steps: Iterable[ScenarioStep]) -> list[DataFault]:
    """Faults in the order of the steps."""
    faults: list[DataFault] = []
    saved: set[str] = set()
    inside: dict[str, set[str]] = {}
    for step in steps:
        held = inside.setdefault(step.group, set())
        faults += [
            DataFault(sentence, step.path, step.file, step.line) for sentence in _faults_of(step, data, saved | held)
        ]
        # What a fragment saves under a name of its own is reached through that name from outside.
        held |= _saves(step)
        saved |= {step.scope} if step.scope else _saves(step)
    return faults


def _faults_of(step: ScenarioStep, data: Mapping[str, Any], saved: set[str]) -> Iterable[Any]:
    said, roles, places = step.said, list(data["roles"]), list(data["places"])
    for key, known in (("for", roles), ("at", places), ("to", places)):
        if key in said and said[key] not in known:
            yield text(
                "harness.no_such_name", kind=_kind(key), name=said[key], hint=hint(said[key], known), known=_list(known)
            )
    if "of" in said and said["of"] not in saved:
        yield text(
            "harness.no_such_name", kind=_kind("of"), name=said["of"], hint=hint(said["of"], saved), known=_list(saved)
        )
    for row in said.get("beside", []):
        if row["for"] not in roles:
            yield text(
                "harness.no_such_name",
                kind=_kind("for"),
                name=row["for"],
                hint=hint(row["for"], roles),
                known=_list(roles),
            )
    infno = said.get("call") or said.get("probe")
    if infno and infno not in templates() and "raw" not in said and "again" not in said:
        yield text("harness.no_template", infno=infno, hint=hint(infno, templates()), known=_list(templates()))
    known = [*roles, *places, *sorted(saved), *ALWAYS]
    for expression in _expressions(said):
        try:
            unknown = [name for name in names_in(expression) if name not in known]
        except NotThere as error:
            yield error.text
            continue
        for name in unknown:
            yield text("harness.unknown_name", name=name, hint=hint(name, known), known=_list(known))


def _saves(step: ScenarioStep) -> set[str]:
    save = step.said.get("save")
    return set(save) if isinstance(save, Mapping) else ({save} if isinstance(save, str) else set())


def _expressions(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if is_expression(key):
                yield key
            if key == "control" and isinstance(inner, str):
                yield from (
                    part for part in inner.replace("?", "/").replace("=", "/").split("/") if is_expression(part)
                )
            else:
                yield from _expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _expressions(inner)
    elif is_expression(value):
        yield value


def _kind(key: str) -> Any:
    return text(f"harness.kind_{key}")


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "-"
