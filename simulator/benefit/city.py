"""City: the rules of an insured place on a day, its file merged with the national defaults."""

import hashlib
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from simulator.benefit.city_file import RULES, CityFile, Layer, Setting
from simulator.benefit.claim import Dates
from simulator.benefit.dated_rows import DatedRow, followed, shadowed
from simulator.benefit.figures import Figures, Rules
from simulator.benefit.terms import FUNDS, Disease
from simulator.core.errors import DataFault, DataFaults
from simulator.core.texts import text
from simulator.domain.accumulators import YEAR
from simulator.domain.person import Filing
from simulator.domain.places import NATION

DATE_RULES = ("figures", "year", "filing", "registration", "insurance", "identity")
_REPLACED_WHOLE = ("diseases",)
_MOST_DAYS = 1024
_SILENT: Mapping[str, object] = {
    "value": None,
    "when": {},
    "from": None,
    "to": None,
    "source": "",
    "reference": "",
    "file": "",
}
"""Listing of a layer without figures."""


class City:
    """Rules of an insured place; `area` is the area that was asked for, the file may speak for more."""

    def __init__(self, area: str, file: CityFile, national: CityFile) -> None:
        self.area = area
        self.name = file.name
        self.name_en = file.name_en
        self.version = file.version
        self.shipped = file.shipped and national.shipped
        self.digest = hashlib.sha256((file.digest + national.digest).encode()).hexdigest()[:16]
        self.file_area = file.area
        self.examples = file.examples
        self.file = file
        self._levels = {rule: _levels(rule, file, national) for rule in RULES}
        self._layers = _ordered({**national.layers, **file.layers}, _setting("layer_order", file, national))
        self._settings = {**national.settings, **file.settings}
        self._class_of: dict[str, str] = {
            code: row.value.code for row in self._levels["diseases"][0] for code in (row.value.code, *row.value.covers)
        }
        self._year_by = self.date_of("year")
        self._figures_by = self.date_of("figures")
        self._change_days = self._all_change_days()
        self._kept: dict[int, dict[object, Figures]] = {}
        self._rules: dict[date, Rules] = {}
        self._listed: dict[date, Mapping[str, Disease]] = {}

    def rules(self, dates: Dates) -> Rules:
        """The rules by which a claim with these dates is settled."""
        return self.rules_on(_day(dates, self._figures_by))

    def rules_on(self, day: date) -> Rules:
        """The rules as they stand on `day`, found once and kept."""
        found = self._rules.get(day)
        if found is None:
            if len(self._rules) >= _MOST_DAYS:
                self._rules.clear()
            found = self._rules[day] = Rules(
                area=self.area,
                day=day,
                levels=self._levels.__getitem__,
                layers=self._layers,
                mapped=self.mapped,
                accrual_day=self.accrual_day,
                # Between two days on which any row begins or ends, every figure is the same.
                kept=self._kept.setdefault(bisect_right(self._change_days, day), {}),
            )
        return found

    def year_of(self, dates: Dates) -> int:
        """The year in which a claim with these dates is accumulated."""
        return self.accrual_day(dates).year

    def accrual_day(self, dates: Dates) -> date:
        """The day whose year, quarter and month a claim with these dates is accumulated in."""
        return _day(dates, self._year_by)

    def date_of(self, rule: str) -> str:
        """`visit_begin`, `charge` or `settlement`: the day that `rule` (one of DATE_RULES) goes by."""
        return str(self._setting(f"dates.{rule}").value)

    def day_of(self, rule: str, dates: Dates) -> date:
        """The day itself."""
        return _day(dates, self.date_of(rule))

    def diseases(self, on: date) -> Mapping[str, Disease]:
        """The list of chronic and special diseases on a day, by class code."""
        found = self._listed.get(on)
        if found is None:
            if len(self._listed) >= _MOST_DAYS:
                self._listed.clear()
            rows = self._levels["diseases"][0]
            found = self._listed[on] = {row.value.code: row.value for row in rows if _current(row, on, rows)}
        return found

    def mapped(self, disease: str) -> str:
        """The class code that a registered or billed code stands under; a code on no list stands for itself."""
        return self._class_of.get(disease, disease)

    def outbound(self, disease: str, on: date, scope: str) -> bool:
        """Tells whether a disease may be settled directly in a scope of place; a disease off the list may not."""
        listed = self.diseases(on).get(self.mapped(disease))
        return listed is not None and listed.reaches(scope)

    def unfiled(self, dates: Dates, scope: str) -> str:
        """`refuse`, `modifier` or `waived`: the consequence of having no filing in a scope of place."""
        return self.rules(dates).unfiled(scope)

    def filing_end(self, filed: Filing) -> date | None:
        """Last day of a filing: its own, else that of its group's term as of its first day; None if it has none."""
        months = self.rules_on(filed.valid_from).filing_term(filed.group)
        if filed.valid_to is not None or months is None:
            return filed.valid_to
        return _months_after(filed.valid_from, months) - timedelta(days=1)

    def account_elsewhere(self, dates: Dates, *, insutype: str, category: str, scope: str) -> bool:
        """Tells whether the personal account may pay in a scope of place beyond the insured place itself."""
        case = {"insutype": insutype, "category": category, "scope": scope}
        row = self.rules(dates).in_force("account_elsewhere", "city.account_elsewhere", **case)
        return row is not None and bool(row.value)

    def refuses(self, mismatch: str) -> bool:
        """Tells whether a contradiction, one of `on_mismatch`, is refused here and not only told."""
        return self._setting(f"on_mismatch.{mismatch}").value == "refuse"

    @property
    def cancel_order(self) -> str:
        """`any`, or `latest_first`: of the person and insurance (rules 13)."""
        return str(self._setting("cancel_order").value)

    def as_json(self, on: date) -> dict[str, object]:
        """Every rule in force on a day with value, selectors, source, reference and the file it stands in."""
        listed: list[Mapping[str, object]] = []
        for rule in RULES:
            nearer, *farther = self._levels[rule]
            listed += [_row_json(rule, row) for row in nearer if _current(row, on, nearer)]
            for level in farther:
                rest = [row for row in level if not shadowed(row, nearer)]
                listed += [_row_json(rule, row) for row in rest if _current(row, on, level)]
        for layer in self._layers:
            about = {"base": layer.base, "who": layer.who, "insutypes": list(layer.insutypes)}
            shown = [row for row in layer.figures if _current(row, on, layer.figures)]
            listed += [_row_json(f"layers.{layer.fund}", row) | about for row in shown]
            if not shown:
                listed.append({"rule": f"layers.{layer.fund}", **_SILENT, **about})
        listed += [_setting_json(name, setting) for name, setting in sorted(self._settings.items())]
        return {
            "area": self.area,
            "file": self.file_area,
            "name": self.name,
            "name_en": self.name_en,
            "version": self.version,
            "digest": self.digest,
            "shipped": self.shipped,
            "on": on.isoformat(),
            "rules": listed,
        }

    def _setting(self, name: str) -> Setting:
        found = self._settings.get(name)
        if found is None:
            raise DataFaults([DataFault(text("policy.setting", rule=name), name, self.file.document.name)])
        return found

    def _all_change_days(self) -> list[date]:
        rows = [row for levels in self._levels.values() for level in levels for row in level]
        rows += [row for layer in self._layers for row in layer.figures]
        days = {row.valid_from for row in rows}
        days |= {row.valid_to + timedelta(days=1) for row in rows if row.valid_to and row.valid_to < date.max}
        return sorted(days)


def _levels(rule: str, file: CityFile, national: CityFile) -> tuple[tuple[DatedRow, ...], ...]:
    stated = [each.tables[rule] for each in (file, national) if rule in each.tables]
    if file is national or rule in _REPLACED_WHOLE:
        stated = stated[:1]
    return tuple(stated) or ((),)


def _ordered(layers: Mapping[str, Layer], order: Setting | None) -> tuple[Layer, ...]:
    funds = order.value if order else FUNDS
    return tuple(layers[fund] for fund in funds if fund in layers)


def _setting(name: str, file: CityFile, national: CityFile) -> Setting | None:
    return file.settings.get(name) or national.settings.get(name)


def _current(row: DatedRow, on: date, rows: Sequence[DatedRow]) -> bool:
    """In force, and not followed by a later row with the same selectors."""
    return row.in_force(on) and not followed(row, rows, on)


def _day(dates: Dates, kind: str) -> date:
    return {"visit_begin": dates.visit_begin, "charge": dates.charge}.get(kind, dates.settlement)


def _months_after(day: date, months: int) -> date:
    """The same day so many months later, the last of a shorter month; the last day that there is, after year 9999."""
    years, month = divmod(day.month - 1 + months, 12)
    if day.year + years > date.max.year:
        return date.max
    last = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def _row_json(rule: str, row: DatedRow) -> dict[str, object]:
    value: object = row.value if isinstance(row.value, (str, bool)) else row.shown
    stated: dict[str, object] = {"rule": rule, "value": value, "when": dict(row.when)}
    if row.period != YEAR:
        stated["period"] = row.period
    if row.shared_with:
        stated["shared_with"] = list(row.shared_with)
    if row.group:
        stated["group"] = list(row.group)
    if isinstance(row.value, Disease):
        stated |= {"name_en": row.value.name_en, "covers": list(row.value.covers)}
        stated |= {"outbound": row.value.outbound == NATION, "outbound_scope": row.value.outbound}
    return stated | {
        "from": row.valid_from.isoformat(),
        "to": row.valid_to.isoformat() if row.valid_to else None,
        "source": row.source,
        "reference": row.reference,
        "file": row.origin,
    }


def _setting_json(name: str, setting: Setting) -> dict[str, object]:
    return {
        "rule": name,
        "value": setting.value,
        "source": setting.source,
        "reference": setting.reference,
        "file": setting.origin,
    }
