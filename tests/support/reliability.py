"""Figures of docs/reliability.md: measured by a command, kept as JSON in docs/reliability, printed by `make docs`.

`python -m tests.support.reliability [NAME]…` measures anew; another driver adds its own file of the same form there.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import simulator
from simulator.contract import contract_of
from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import Shape, faults_of, nearest
from simulator.core.texts import Text, plain

FOLDER = Path(__file__).parents[2] / "docs" / "reliability"
_TEXT = {"type": "object", "additionalProperties": False, "required": ["zh", "en"], "properties": {
    "zh": {"type": "string"}, "en": {"type": "string"}}}  # fmt: skip
FORM = Shape({
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "command", "measured", "version", "figures"],
    "properties": {
        "title": _TEXT,
        "command": {"type": "string"},
        "measured": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "version": {"type": "string"},
        "figures": {"type": "array", "minItems": 1, "items": {
            "type": "object", "additionalProperties": False, "required": ["what", "value"],
            "properties": {"what": _TEXT, "value": {"type": ["integer", "string"]}}}},
    },
})  # fmt: skip
Figures = list[tuple[Text, int | str]]


def habits() -> Figures:
    """Every listed habit of clients at every place it can stand, in every edition."""
    from tests.contract.test_client_quirks import EDITIONS, SENT, cases

    counted: Counter[str] = Counter()
    for edition in EDITIONS:
        contract = contract_of(edition)
        for name in sorted(SENT):
            for infno, direction, _, sent, places in cases(name, edition):
                _, found, faults = contract.check_lenient(infno, direction, sent, remote=False)
                counted["places"] += len(places)
                counted["taken"] += 0 if faults else len({each.path for each in found} & set(places))
    return [
        (Text("习惯", "habits"), len(SENT)),
        (Text("规范版本", "editions"), len(EDITIONS)),
        (Text("习惯 × 位置", "habits × places"), counted["places"]),
        (Text("宽松下认出并办理", "recognised and taken in lenient"), counted["taken"]),
    ]


def cities() -> Figures:
    """Scenarios that play for cities whose file states area, diseases and ratios alone."""
    from simulator.harness.environment.modes import Mode
    from simulator.harness.execution.runner import Stage
    from simulator.harness.scenario.definition import INSURED, SELF
    from simulator.harness.scenario.library import load
    from simulator.people.areas import area_name
    from tests.relocation.test_library import CITIES, ended, move
    from tests.support.in_process import SEED, platform

    told: Figures = []
    for area in CITIES:
        moved = [each for each in move(load([]), area, INSURED) if SELF in each.uses]
        with tempfile.TemporaryDirectory() as folder, platform(Path(folder)) as client:
            statuses = Counter(ended(Stage(client, SEED, "rself"), Mode(SELF), each).status for each in moved)
        share = ", ".join(f"{status} {count}" for status, count in sorted(statuses.items()))
        told.append((plain(f"{area} {area_name(area)} ({len(moved)})"), share))
    return told


MEASURED: dict[str, tuple[Text, Callable[[], Figures]]] = {
    "habits": (Text("真实客户端的习惯", "Habits of real clients"), habits),
    "cities": (Text("换到三个新城市的场景（自演）", "Scenarios in three new cities (self-play)"), cities),
}


def measure(name: str) -> dict[str, Any]:
    """Measures one set of figures; raises DataFaults for a name that there is not."""
    if name not in MEASURED:
        close = nearest(name, MEASURED) or ", ".join(MEASURED)
        raise DataFaults([DataFault(Text(f"没有 {name}；{close}", f"there is no {name}; {close}"))])
    title, figures = MEASURED[name]
    return {
        "title": title.as_json(),
        "command": f"python -m tests.support.reliability {name}",
        "measured": datetime.now(UTC).date().isoformat(),
        "version": simulator.__version__,
        "figures": [{"what": what.as_json(), "value": value} for what, value in figures()],
    }


def page() -> str:
    """The page, from every file of figures in the folder; raises DataFaults for a file of another form."""
    lines = [str(_HEAD)]
    for file in sorted(FOLDER.glob("*.json")):
        read = json.loads(file.read_text(encoding="utf-8"))
        if faults := faults_of(read, FORM):
            raise DataFaults([DataFault(each.sentence, each.path, file.name) for each in faults])
        lines += [f"## {Text(**read['title'])}\n", str(_COLUMNS)]
        lines += [f"| {Text(**each['what'])} | {each['value']} |" for each in read["figures"]]
        lines.append(f"\n{read['measured']}, nhsa-sim {read['version']}: `{read['command']}`\n")
    return "\n".join(lines)


_HEAD = Text(
    """# 可靠性

[English](reliability.md)

每个数字由所写的命令量出，存在 [reliability/](reliability) 的 JSON 里；本页由 `make docs` 生成。
""",
    """# Reliability

[中文](reliability.zh-CN.md)

The command beside each table measures its figures and keeps them as JSON in [reliability/](reliability); `make docs`
makes this page.
""",
)
_COLUMNS = Text("| 项目 | 数值 |\n|---|---|", "| what | figure |\n|---|---|")


if __name__ == "__main__":
    for asked in sys.argv[1:] or MEASURED:
        told = json.dumps(measure(asked), ensure_ascii=False, indent=1)
        (FOLDER / f"{asked}.json").write_text(told + "\n", encoding="utf-8")
