"""City file as compiled rows: read strictly, checked by schema and by sense, every fault with line and path."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from simulator.benefit.dated_rows import DatedRow
from simulator.benefit.terms import Disease, Modifier, RatioStep, Terms, ten_thousandths
from simulator.core.errors import DataFault, DataFaults
from simulator.core.money import to_fen
from simulator.core.strict_yaml import Document
from simulator.core.texts import text
from simulator.domain.accumulators import YEAR
from simulator.domain.places import LOCAL, NATION, PROVINCE

NATIONAL = "national"
Stated = Mapping[str, Any]
"""Object of a city file, such as a row or an example, as its schema has checked it."""
Compile = Callable[[Stated], object]
"""Function that compiles the value of a row; None for a row that states none, or more than one."""
SELECTORS = ("insutype", "category", "hospital_level", "care", "disease", "group", "identity", "scope")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that holds for the whole file, whatever the day."""

    value: str | list[str]
    source: str
    reference: str
    origin: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A fund beyond the pool: for whom, of which base, and its dated figures."""

    fund: str
    insutypes: tuple[str, ...]
    who: str
    base: str
    figures: tuple[DatedRow, ...]


@dataclass(frozen=True, slots=True)
class CityFile:
    """Contents of a city file; rules that it leaves out stand in the file under it."""

    area: str
    name: str
    name_en: str
    version: str
    shipped: bool
    digest: str
    tables: Mapping[str, tuple[DatedRow, ...]]
    layers: Mapping[str, Layer]
    groups: Mapping[str, tuple[str, ...]]
    """Codes of every group of diseases that the rows of this file may name."""
    settings: Mapping[str, Setting]
    """`cancel_order`, `layer_order`, `dates.<rule>` and `on_mismatch.<rule>`."""
    examples: tuple[Stated, ...]
    document: Document


def compile_city(document: Document) -> CityFile:
    """Rows, layers and settings of a document that has the shape of the schema; `checks` judges their sense."""
    data = document.data
    groups = {name: tuple(stated["codes"]) for name, stated in data.get("disease_groups", {}).items()}
    compiler = _Compiler(document, data["area"], groups)
    tables = {rule: compiler.rows(rule, data[rule], value) for rule, value in _VALUES.items() if rule in data}
    layers = {fund: compiler.layer(fund, stated) for fund, stated in data.get("layers", {}).items()}
    examples = compiler.examples(data.get("examples", ()))
    if compiler.faults:
        raise DataFaults(compiler.faults)
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return CityFile(
        area=data["area"],
        name=data["name"],
        name_en=data.get("name_en", data["name"]),
        version=data["version"],
        shipped=False,
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        tables=tables,
        layers=layers,
        groups=groups,
        settings=dict(_settings(data)),
        examples=examples,
        document=document,
    )


class _Compiler:
    """Turns the written rows of one document into Row, collecting every fault instead of stopping at the first.

    None stands for a row that was left out because its form is wrong, so that the others keep their places.
    """

    def __init__(self, document: Document, origin: str, groups: Mapping[str, tuple[str, ...]]) -> None:
        self.document = document
        self.origin = origin
        self.groups = groups
        self.faults: list[DataFault] = []

    def rows(self, rule: str, written: Sequence[Stated], value: Compile) -> tuple[DatedRow, ...]:
        path = rule if rule in _VALUES else f"layers.{rule}.figures"
        made = (self._row(rule, f"{path}[{index}]", stated, value) for index, stated in enumerate(written) if stated)
        return tuple(row for row in made if row is not None)

    def layer(self, fund: str, stated: Stated) -> Layer:
        figures = self.rows(fund, stated["figures"], _terms)
        return Layer(fund, tuple(stated["insutypes"]), stated["who"], stated["base"], figures)

    def examples(self, written: Sequence[Stated]) -> tuple[Stated, ...]:
        for index, stated in enumerate(written):
            if stated:
                self._day(f"examples[{index}]", stated, "day")
        return tuple(written)

    def _row(self, rule: str, path: str, stated: Stated, value: Compile) -> DatedRow | None:
        begin, end = self._day(path, stated, "from"), self._day(path, stated, "to")
        compiled = value(stated)
        if compiled is None:
            self.faults.append(self.document.fault(path, text(f"policy.one_of.{_family(rule)}")))
        if begin is None or compiled is None:
            return None
        if end is not None and end < begin:
            self.faults.append(self.document.fault(f"{path}.to", text("policy.ends_first", begin=begin, end=end)))
        when = tuple((name, stated[name]) for name in SELECTORS if name in stated)
        if rule == "diseases":
            when = (("code", stated["code"]),)
        return DatedRow(
            rule,
            when,
            compiled,
            _shown(stated),
            begin,
            end,
            stated["source"],
            stated["reference"],
            self.origin,
            path,
            stated.get("period", YEAR),
            tuple(stated.get("shared_with", ())),
            self.groups.get(stated.get("disease", ""), ()),
        )

    def _day(self, path: str, stated: Stated, key: str) -> date | None:
        if key not in stated:
            return None
        try:
            return date.fromisoformat(stated[key])
        except ValueError:
            self.faults.append(self.document.fault(f"{path}.{key}", text("policy.no_such_day", day=stated[key])))
            return None


def _settings(data: Stated) -> list[tuple[str, Setting]]:
    stated: list[tuple[str, Stated]] = [(name, data[name]) for name in ("cancel_order", "layer_order") if name in data]
    for each in ("dates", "on_mismatch"):
        stated += [(f"{each}.{rule}", setting) for rule, setting in data.get(each, {}).items()]
    return [
        (name, Setting(entry["value"], entry["source"], entry["reference"], data["area"])) for name, entry in stated
    ]


UNLIMITED = "unlimited"


def _deductible(stated: Stated) -> tuple[int, ...] | None:
    """Fen of the first visit of the year, of the second and so on; a single amount holds for every visit."""
    if ("value" in stated) == ("by_visit" in stated):
        return None
    return tuple(to_fen(amount) for amount in stated.get("by_visit") or [stated["value"]])


def _cap(stated: Stated, key: str = "value") -> int | str:
    """Fen, or the word `unlimited`: None would look like a row that ended."""
    return UNLIMITED if stated[key] == UNLIMITED else to_fen(stated[key])


def _ratio(stated: Stated) -> tuple[RatioStep, ...] | None:
    if ("value" in stated) == ("brackets" in stated):
        return None
    written = stated.get("brackets") or [{"above": "0.00", "ratio": stated["value"]}]
    return tuple(RatioStep(to_fen(step["above"]), Decimal(step["ratio"])) for step in written)


def _word(stated: Stated) -> object:
    return stated["value"]


def _disease(stated: Stated) -> Disease:
    name = stated["name"]
    covers = tuple(stated.get("covers", ()))
    outbound = {True: NATION, False: LOCAL}.get(stated["outbound"], PROVINCE)
    return Disease(stated["code"], name, stated.get("name_en", name), covers, outbound)


def _modifier(stated: Stated) -> Modifier | None:
    ways = [how for how in ("minus", "times", "set") if how in stated]
    return Modifier(ways[0], Decimal(stated[ways[0]])) if len(ways) == 1 else None


def _terms(stated: Stated) -> Terms | None:
    if ("ratio" in stated) == ("brackets" in stated) or ("line" in stated and "brackets" in stated):
        return None
    written = stated.get("brackets") or [{"above": stated.get("line", "0.00"), "ratio": stated["ratio"]}]
    brackets = tuple((to_fen(step["above"]), ten_thousandths(Decimal(step["ratio"]))) for step in written)
    cap = _cap(stated, "cap") if "cap" in stated else UNLIMITED
    return Terms(brackets, None if isinstance(cap, str) else cap)


def _family(rule: str) -> str:
    return {"modifiers": "modifier", "ratio": "ratio", "deductible": "deductible"}.get(rule, "layer")


def _shown(stated: Stated) -> str:
    """The figure as the file writes it, for reasons and pages."""
    if "value" in stated:
        value = stated["value"]
        return str(value).lower() if isinstance(value, bool) else str(value)
    if "name" in stated:
        return str(stated["name"])
    if "by_visit" in stated:
        return ", ".join(stated["by_visit"])
    signs = {"minus": "−", "times": "×", "set": "="}
    parts = [f"{sign}{stated[way]}" for way, sign in signs.items() if way in stated]
    parts += [f"> {stated['line']}"] if "line" in stated else []
    parts += [stated["ratio"]] if "ratio" in stated else []
    parts += [f"> {step['above']}: {step['ratio']}" for step in stated.get("brackets", ())]
    parts += [f"≤ {stated['cap']}"] if stated.get("cap", UNLIMITED) != UNLIMITED else []
    return "; ".join(parts)


_VALUES: Mapping[str, Compile] = {
    "diseases": _disease,
    "deductible": _deductible,
    "deductible_per": _word,
    "ratio": _ratio,
    "modifiers": _modifier,
    "unfiled": _word,
    "filing_terms": _word,
    "referral_by": _word,
    "filed_before_settlement": _word,
    "filed_after_self_payment": _word,
    "disease_cap": _cap,
    "care_cap": _cap,
    "annual_cap": _cap,
    "visit_limit": _word,
    "above_disease_cap": _word,
    "account_pays": _word,
    "account_elsewhere": _word,
}
RULES = tuple(_VALUES)
"""Rules that a file states as dated rows, in the order of the schema."""
