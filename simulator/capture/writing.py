"""The file of a captured scenario, as the strict loader reads it."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from simulator.capture.steps import Capture
from simulator.core.masking import mask_text
from simulator.core.texts import Text, text

_SCHEMA = "# yaml-language-server: $schema=../../simulator/harness/scenario/scenario.schema.json"


def written(capture: Capture, policy: Mapping[str, str]) -> str:
    """The scenario as YAML; `policy` are the versions of the city files under which its amounts came about."""
    return "\n".join(_lines(capture, policy)) + "\n"


def _lines(capture: Capture, policy: Mapping[str, str]) -> Iterator[str]:
    about = capture.recording
    title = text("capture.title")
    yield _SCHEMA
    for each in capture.untold:
        yield f"# {one_line(each)}"
    yield f"name: {_flow(title.zh)}"
    yield f"name_en: {_flow(title.en)}"
    yield f"clock: {_flow(capture.clock)}"
    if about.edition not in ("", "national"):
        yield f"edition: {_flow(about.edition)}"
    if not about.strict:
        yield "strict: false"
    if about.sign_in:
        yield "sign_in: true"
    if policy:
        yield f"policy: {_flow(policy)}"
    yield "roles:"
    for person in capture.people:
        yield f"  {person.role}:"
        for name, value in person.facts.items():
            yield f"    {name}: {_flow(value)}"
    yield "places:"
    for name, code in capture.places.items():
        yield f"  {name}: {code}"
    yield "steps:"
    for step in capture.steps:
        lead = "- "
        for name, value in step.said.items():
            remark = f" # {step.remark}" if step.remark is not None and name in ("literal", "body") else ""
            yield f"  {lead}{name}: {_flow(value)}{remark}"
            lead = "  "


def one_line(sentence: Text) -> str:
    """A sentence for a comment or a terminal, which no line break or control character of a message can leave."""
    return mask_text("".join(letter if letter.isprintable() else " " for letter in str(sentence)))


def _flow(value: Any) -> str:
    """A value on one line; amounts keep their digits."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(key), ensure_ascii=False)}: {_flow(one)}" for key, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)
