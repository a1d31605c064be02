"""The city file: the row of a rule that holds for a case on a day."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Row = Mapping[str, Any]
SELECTORS = ("insutype", "category", "hospital_level", "disease", "group", "identity")
_FIGURES = {"value", "minus", "times", "set", "line", "ratio", "brackets", "cap", "from", "to", "source", "reference"}
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
                unknown = {key for row in rows for key in row} - _FIGURES - set(SELECTORS)
                if unknown:
                    raise SystemExit(f"{file['area']}: {rule} goes by {sorted(unknown)}, which this agency cannot do")

    def row(self, rule: str, case: Mapping[str, str], day: str) -> Row | None:
        """The city's row as soon as one speaks of the case, else the default's."""
        for file in self._files:
            found = _best(file.get(rule, ()), case, day)
            if found is not None:
                return found
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
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def same_place(one: str, other: str) -> bool:
    """Two areas agree in the digits that a filing goes by."""
    digits = 2 if one.startswith(_TWO_DIGITS) else 4
    return one[:digits] == other[:digits]


def _holds(row: Row, day: str) -> bool:
    return str(row["from"]) <= day <= str(row.get("to") or "9999-12-31")


def _best(rows: Any, case: Mapping[str, str], day: str) -> Row | None:
    """The most specific row in force: one that names the disease first, then the most selectors."""
    fitting = [row for row in _newest(rows, day) if _holds(row, day) and _fits(row, case)]
    return max(fitting, key=_weight, default=None)


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
    for name in SELECTORS:
        if name in row and row[name] != case.get(name):
            listed = case.get("disease", "ordinary") != "ordinary"
            if not (name == "disease" and row[name] == "any" and listed):
                return False
    return True


def _weight(row: Row) -> tuple[int, int]:
    named = {None: 0, "any": 1, "ordinary": 1}.get(row.get("disease"), 2)
    return named, sum(name in row for name in SELECTORS)
