"""The city file: the row of a rule that holds for a case on a day."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Row = Mapping[str, Any]
SELECTORS = ("insutype", "category", "hospital_level", "care", "disease", "group", "identity", "scope")
_FIGURES = {
    "value",
    "by_visit",
    "minus",
    "times",
    "set",
    "line",
    "ratio",
    "brackets",
    "cap",
    "from",
    "to",
    "source",
    "reference",
}
_COUNTED = {"period", "shared_with", "codes"}
_TWO_DIGITS = ("11", "12", "31", "50", "46", "54", "66")


class City:
    """A city's rules over the national defaults."""

    def __init__(self, city: dict[str, Any], defaults: dict[str, Any]) -> None:
        self.area: str = city["area"]
        self._files = (city, defaults)
        self._refuse_unknown_selectors()

    @classmethod
    def read(cls, path: Path) -> "City":
        """The file of a city and `national.yaml` beside it; an area without a file goes by the defaults."""
        defaults = _yaml(path.with_name("national.yaml"))
        return cls(_yaml(path) if path.exists() else {"area": path.stem}, defaults)

    def _refuse_unknown_selectors(self) -> None:
        for file in self._files:
            lists = [(rule, rows) for rule, rows in file.items() if isinstance(rows, list)]
            lists += [(fund, layer["figures"]) for fund, layer in file.get("layers", {}).items()]
            for rule, rows in lists:
                if rule in ("diseases", "examples"):
                    continue
                unknown = {key for row in rows for key in row} - _FIGURES - _COUNTED - set(SELECTORS)
                if unknown:
                    raise SystemExit(f"{file['area']}: {rule} goes by {sorted(unknown)}, which this agency cannot do")

    def row(self, rule: str, case: Mapping[str, str], day: str) -> Row | None:
        """The row in force, of the city's file as soon as one there applies to the case, else of the defaults."""
        for file in self._files:
            if any(_fits(row, case) for row in file.get(rule, ())):
                return _best(file[rule], case, day)
        return None

    def setting(self, rule: str, name: str = "") -> Any:
        """A rule that is one value for everybody, such as `cancel_order`, or `year` of `dates`."""
        for file in self._files:
            rows = file.get(rule, {})
            row = rows.get(name) if name else rows
            if row:
                return row["value"]
        raise SystemExit(f"{rule} {name} stands nowhere")

    def layer(self, fund: str) -> dict[str, Any] | None:
        return next((file["layers"][fund] for file in self._files if fund in file.get("layers", {})), None)

    def figures(self, fund: str, case: Mapping[str, str], day: str) -> Row | None:
        layer = self.layer(fund)
        return _best(layer["figures"], case, day) if layer else None

    def disease(self, code: str, day: str) -> Row | None:
        """The listed class that a billed or registered code belongs to."""
        listed = next(file["diseases"] for file in self._files if "diseases" in file)
        held = [row for row in listed if code in (row["code"], *row.get("covers", ())) and _holds(row, day)]
        return held[0] if held else None

    def class_of(self, code: str, day: str) -> str:
        row = self.disease(code, day)
        return row["code"] if row else code


def _yaml(path: Path) -> Any:
    """The file, each row that names a group of diseases with the codes of the group."""
    file = yaml.safe_load(path.read_text(encoding="utf-8"))
    groups = file.get("disease_groups", {})
    for rows in file.values():
        for row in rows if isinstance(rows, list) else ():
            if row.get("disease") in groups:
                row["codes"] = groups[row["disease"]]["codes"]
    return file


def code_for(row: Row | None, case: Mapping[str, str]) -> str:
    """The code that a row names of the billed disease: itself, or its class; empty where it names neither."""
    named = row.get("codes", [row.get("disease")]) if row else []
    return next((code for code in (case["disease"], case.get("class", "")) if code in named), "")


def same_place(one: str, other: str) -> bool:
    """Two areas agree in the digits that a filing goes by."""
    digits = 2 if one.startswith(_TWO_DIGITS) else 4
    return one[:digits] == other[:digits]


def scope_of(insured: str, place: str) -> str:
    """Where a person is treated, seen from where they are insured."""
    if same_place(insured, place):
        return "local"
    return "province" if insured[:2] == place[:2] else "nation"


def _holds(row: Row, day: str) -> bool:
    return str(row["from"]) <= day <= str(row.get("to") or "9999-12-31")


def _best(rows: Any, case: Mapping[str, str], day: str) -> Row | None:
    """The most specific row in force: scope, then care, then the nearest disease, then the most selectors."""
    fitting = [row for row in _newest(rows, day) if _holds(row, day) and _fits(row, case)]
    return max(fitting, key=lambda row: _weight(row, case), default=None)


def _newest(rows: Any, day: str) -> Iterator[Row]:
    """Of the rows with the same selectors the one that began last; the next one ends those before it."""
    newest: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row.get(name) for name in SELECTORS)
        begun = str(row["from"]) <= day
        if begun and (key not in newest or str(row["from"]) > str(newest[key]["from"])):
            newest[key] = row
    yield from newest.values()


def _fits(row: Row, case: Mapping[str, str]) -> bool:
    """Whether every selector lets the case through."""
    for name in SELECTORS:
        if name not in row or name == "disease":
            continue
        also = row.get("shared_with", ()) if name == "care" else ()
        if case.get(name) != row[name] and case.get(name) not in also:
            return False
    return _near(row, case) is not None and (not _of_special(row) or case.get("care") == "special_disease")


def _of_special(row: Row) -> bool:
    """A row that names a disease and no care."""
    return "care" not in row and row.get("disease", "ordinary") != "ordinary"


def _near(row: Row, case: Mapping[str, str]) -> int | None:
    """4 the billed code, 3 its class, 2 a group, 1 `any` or ordinary care, 0 no disease; nothing is another disease."""
    named, billed = row.get("disease"), case.get("disease", "ordinary")
    if named is None:
        return 0
    if "ordinary" in (named, billed):
        return 1 if named == billed else None
    if "codes" in row:
        return 2 if code_for(row, case) else None
    return 4 if named == billed else {case.get("class"): 3, "any": 1}.get(named)


def _weight(row: Row, case: Mapping[str, str]) -> tuple[bool, bool, int, int]:
    named = sum(name in row for name in SELECTORS)
    return "scope" in row, "care" in row or _of_special(row), _near(row, case) or 0, named
