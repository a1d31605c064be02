"""The page about the city file: tables made from its schema, the national defaults, the example city and the texts."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from simulator.benefit.city_file import SELECTORS
from simulator.contract import contract_of
from simulator.core.texts import Text, catalogue_keys, language, text
from simulator.domain.accumulators import to_wire
from simulator.domain.care import CARE
from tests.support.page_blocks import with_block

ERRORS = Path(__file__).with_name("city_file_errors.yaml")
EXAMPLE_CITY = "990100"
BLOCKS = ("sections", "selectors", "layers", "care", "accumulators", "examples", "errors")
_NO_RULE = ("area", "name", "name_en", "version", "note", "layers", "examples", "dates", "on_mismatch")
_DATED = ("from", "to", "source", "reference")
_VALUES = ("value", "by_visit", "brackets", "minus", "times", "set", "code", "covers", "outbound", "codes")
_WORDS = {
    "key": Text("键", "key"),
    "states": Text("规定什么", "states"),
    "by": Text("条件", "selectors"),
    "value": Text("值", "value"),
    "default": Text("全国默认", "national default"),
    "none": Text("没有", "none"),
    "rows": Text("{count} 行（{sources}）", "{count} rows ({sources})"),
    "values": Text("可写", "values"),
    "meaning": Text("含义", "meaning"),
    "code": Text("代码", "code"),
    "med_type": Text("med_type（国家版）", "med_type (national edition)"),
    "disease": Text("带病种", "carries a disease"),
    "kind": Text("种类", "kind"),
    "under": Text("归属", "counts"),
    "wire": Text("cum_type_code", "cum_type_code"),
    "fault": Text("所说的话", "sentence"),
    "todo": Text("怎么办", "what to do"),
    "whole": Text("全年全部", "everything in the year"),
    "arithmetic": Text("算式：", "Arithmetic: "),
}
_SHORT = {
    "money": Text('元 `"80000.00"`', 'yuan `"80000.00"`'),
    "cap": Text('元 `"80000.00"` 或 `unlimited`', 'yuan `"80000.00"` or `unlimited`'),
    "ratio": Text('比例 `"0.85"`', 'ratio `"0.85"`'),
    "mcode": Text("病种编码 `M07800`", "M-code `M07800`"),
}
_DISEASE = {"none": Text("不带", "no"), "optional": Text("可带", "may"), "required": Text("必带", "yes")}
_KEPT: tuple[tuple[str, str, Text], ...] = (
    ("DEDC", "", Text("总起付线已负担", "general deductible borne")),
    (
        "DEDC",
        "M07800",
        Text(
            "其中该病种（deductible_per: disease 时据此计）",
            "of it for a disease (counts under deductible_per: disease)",
        ),
    ),
    ("DEDC", "/inpatient", Text("写明 care 的起付线，按年", "deductible of a care, by the year")),
    ("DEDC", "/outpatient/Q2", Text("同上，第二季度", "the same, second quarter")),
    ("DEDC", "/pharmacy/M01", Text("同上，一月", "the same, January")),
    ("HIFP", "", Text("统筹支付合计", "paid by the pool")),
    ("HIFP", "M07800", Text("其中该病种", "of it for a disease")),
    ("HIFP", "M03900//Q2", Text("病种限额按季度时", "where its cap runs by quarter")),
    ("HIFP", "M07800//M11", Text("病种限额按月时", "where its cap runs by month")),
    (
        "HIFP",
        "M03900/two_disease_drugs/M05",
        Text("两病用药的病种限额按月时", "a monthly cap of drugs for two diseases"),
    ),
    ("HIFP", "/outpatient", Text("医疗类别限额（care_cap）", "where a care has a cap (care_cap)")),
    (
        "HIFP",
        "M03900/two_disease_drugs",
        Text("两病用药该病种的统筹支付", "paid for a disease as drugs for two diseases"),
    ),
    ("VSTS", "/inpatient", Text("按次数的起付线所计的住院次数", "stays that a deductible by number counts")),
    ("VSTS", "M07800//M05", Text("次数限制所计的就诊次数", "visits that a limit of visits counts")),
    ("INSC", "/inpatient", Text("分段比例所计的政策范围内费用", "amount in scope that brackets count")),
)
"""Balances that a city file can bring about, each by one example."""


def with_blocks(page: str) -> str:
    """The page with every generated block made anew, in the language in force."""
    made = {
        "sections": _sections(),
        "selectors": _selectors(),
        "layers": _layers(),
        "care": _care(),
        "accumulators": _accumulators(),
        "examples": _examples(),
        "errors": _errors(),
    }
    for name in BLOCKS:
        page = with_block(page, name, made[name])
    return page


def error_keys() -> set[str]:
    """Keys of every sentence that the table of errors explains."""
    return {entry["key"] for group in _error_groups() for entry in group["entries"]}


def loader_keys() -> set[str]:
    """Keys of every sentence that the loader of a city file may say of itself."""
    parts = {"policy.case", "policy.every_case", "policy.example"}
    return {key for key in catalogue_keys() if key.startswith("policy.")} - parts


@cache
def _schema() -> dict[str, Any]:
    return _json("city.schema.json")


def _json(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.files("simulator.benefit").joinpath(name).read_text("utf-8"))
    return loaded


@cache
def policy_text(area: str) -> str:
    """The lines of a shipped city file."""
    return resources.files("simulator.benefit.policies").joinpath(f"{area}.yaml").read_text("utf-8")


@cache
def _national() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(policy_text("national"))
    return loaded


def _table(*rows: tuple[object, ...]) -> str:
    head, *body = [[str(cell) for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _described(node: Mapping[str, Any]) -> str:
    chosen = "description_zh" if language() == "zh" else "description"
    own = node.get(chosen)
    return str(own) if own else _described(_resolved(node)) if "$ref" in node else ""


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    name = node["$ref"].rpartition("/")[2]
    found: Mapping[str, Any] = _schema()["definitions"][name]
    return found


def _sections() -> str:
    rows: list[tuple[object, ...]] = [tuple(_WORDS[name] for name in ("key", "states", "by", "value", "default"))]
    for name, node in _schema()["properties"].items():
        if name not in _NO_RULE:
            rows.append((f"`{name}`", _described(node), _selectors_of(node), _value_of(node), _default_of(name)))
    dates = _schema()["properties"]["dates"]
    defaults = ", ".join(f"{name} `{stated['value']}`" for name, stated in _national()["dates"].items())
    rows.append(("`dates`", _described(dates), "", _described(next(iter(dates["properties"].values()))), defaults))
    mismatches = _schema()["properties"]["on_mismatch"]
    kinds = "; ".join(f"`{name}`: {_described(node)}" for name, node in mismatches["properties"].items())
    told = ", ".join(f"{name} `{stated['value']}`" for name, stated in _national()["on_mismatch"].items())
    rows.append(("`on_mismatch`", _described(mismatches), "", kinds, told))
    return _table(*rows)


def _row_of(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape of a row of the rule, or of the setting itself."""
    if node["type"] == "array":
        found: Mapping[str, Any] = node["items"]
    else:
        found = node["additionalProperties"] if isinstance(node["additionalProperties"], dict) else node
    return found


def _selectors_of(node: Mapping[str, Any]) -> str:
    row = _row_of(node)
    named = [name for name in (*SELECTORS, "period", "shared_with") if name in row["properties"]]
    return ", ".join(f"**{name}**" if name in row["required"] else name for name in named)


def _value_of(node: Mapping[str, Any]) -> str:
    row = _row_of(node)
    stated = [name for name in _VALUES if name in row["properties"]]
    return "; ".join(f"`{name}`: {_kind_of(row['properties'][name])}" for name in stated)


def _kind_of(node: Mapping[str, Any]) -> str:
    short = _SHORT.get(str(node.get("$ref", "")).rpartition("/")[2])
    if short:
        return str(short)
    shape = _resolved(node) if "$ref" in node else node
    if "enum" in shape:
        return ", ".join(f"`{str(value).lower()}`" for value in shape["enum"])
    if shape.get("type") == "boolean":
        return "`true`, `false`"
    described = _described(shape)
    if not described and "items" in shape:
        described = _kind_of(shape["items"])
    return described


def _default_of(name: str) -> str:
    stated = _national().get(name)
    if stated is None:
        return str(_WORDS["none"])
    if isinstance(stated, dict):
        value = stated["value"]
        shown = ", ".join(value) if isinstance(value, list) else value
        return f"`{shown}` ({stated['source']})"
    if len(stated) == 1 and "value" in stated[0]:
        return f"`{str(stated[0]['value']).lower()}` ({stated[0]['source']})"
    sources = ", ".join(dict.fromkeys(row["source"] for row in stated))
    return str(_WORDS["rows"]).format(count=len(stated), sources=sources)


def _selectors() -> str:
    rows: list[tuple[object, ...]] = [(_WORDS["key"], _WORDS["values"], _WORDS["meaning"])]
    for name in (*SELECTORS, "period", "shared_with", *_DATED):
        node = _schema()["definitions"][name]
        values = ", ".join(_named(name, value) for value in node.get("enum", ()))
        rows.append((f"`{name}`", values, _described(node)))
    return _table(*rows)


_NAMED = {"category": "category", "hospital_level": "level", "group": "group", "period": "period"}


def _named(selector: str, value: str) -> str:
    key = f"benefit.{_NAMED[selector]}_{value}" if selector in _NAMED else ""
    # In English the word of the file is its own name.
    return f"`{value}` {text(key)}" if key and language() == "zh" else f"`{value}`"


def _layers() -> str:
    rows: list[tuple[object, ...]] = [(_WORDS["key"], _WORDS["values"], _WORDS["meaning"])]
    layer = _schema()["definitions"]["layer"]["properties"]
    figures = layer["figures"]["items"]["properties"]
    for path, node in (*layer.items(), *((f"figures[].{name}", node) for name, node in figures.items())):
        shape = node.get("items", node) if node.get("type") == "array" else node
        shape = _resolved(shape) if "$ref" in shape else shape
        if path.rpartition(".")[2] in (*SELECTORS, *_DATED, "note"):
            continue
        values = ", ".join(f"`{value}`" for value in shape.get("enum", ()))
        rows.append((f"`{path}`", values, _described(node) or _described(shape)))
    return _table(*rows)


def _care() -> str:
    national = contract_of("national").edition
    rows: list[tuple[object, ...]] = [tuple(_WORDS[name] for name in ("key", "code", "med_type", "disease"))]
    for care in CARE.values():
        stay = {"zh": "，住院", "en": ", stays"}[language()] if care.stay else ""
        codes = ", ".join(national.code("med_type", each) for each in care.med_types)
        rows.append((f"`{care.name}`", care.code, codes, f"{_DISEASE[care.disease]}{stay}"))
    return _table(*rows)


def _accumulators() -> str:
    rows: list[tuple[object, ...]] = [(_WORDS["kind"], _WORDS["under"], _WORDS["wire"], _WORDS["meaning"])]
    for kind, written, meaning in _KEPT:
        rows.append(
            (f"`{kind}`", f"`{written}`" if written else _WORDS["whole"], f"`{to_wire(kind, written)}`", meaning)
        )
    return _table(*rows)


def _examples() -> str:
    made = []
    for title, arithmetic, lines in _written_examples():
        made.append(f"**{title}**\n\n{_WORDS['arithmetic']}{arithmetic}\n\n```yaml\n{lines}\n```")
    return "\n\n".join(made)


def _written_examples() -> Iterator[tuple[str, str, str]]:
    """Title, arithmetic and lines of each example of the example city, as its file writes them."""
    written = policy_text(EXAMPLE_CITY).partition("\nexamples:\n")[2]
    for part in re.split(r"(?m)^  - ", written)[1:]:
        (stated,) = yaml.safe_load(f"- {part}".replace("\n    ", "\n  "))
        lines = [line.strip() for line in part.splitlines() if not line.strip().startswith(("name", "arithmetic"))]
        yield stated["name" if language() == "zh" else "name_en"], stated["arithmetic"], "\n".join(lines)


def _error_groups() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load(ERRORS.read_text(encoding="utf-8"))
    return loaded


def _errors() -> str:
    made = []
    for group in _error_groups():
        rows: list[tuple[object, ...]] = [(_WORDS["fault"], _WORDS["todo"])]
        for entry in group["entries"]:
            sentence = re.sub(r"\{(\w+)\}", "…", str(text(entry["key"])))
            rows.append((sentence, entry[language()]))
        made.append(f"**{group['title'][language()]}**\n\n{_table(*rows)}")
    return "\n\n".join(made)
