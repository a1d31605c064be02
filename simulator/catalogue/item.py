"""Items that a treatment place pays for, and the catalogue of a place on a day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from simulator.core.texts import Text, text
from simulator.domain.person import in_force

KINDS = ("drug", "service", "consumable")
GRADES = ("class_a", "class_b", "class_c")
"""甲 paid in full, 乙 after a prior self-payment, 丙 not at all."""
CHARGE_TYPES = (
    *("bed", "consultation", "examination", "laboratory", "treatment", "surgery", "nursing", "materials"),
    *("western_drug", "herbal_pieces", "patent_drug", "general_treatment", "registration", "other"),
)
"""Our words for the codes of med_chrgitm_type."""
MARKS = ("essential", "negotiated", "child", "special")
"""bas_medn_flag, hi_nego_drug_flag, chld_medc_flag and list_sp_item_flag."""


@dataclass(frozen=True, slots=True)
class Item:
    """Item for as long as its figures hold (med_list_codg); a new price is a new Item under the same code."""

    code: str
    name: str
    kind: str
    grade: str
    charge_type: str
    price_ceiling: Decimal | None
    """pric_uplmt_amt in yuan with at most six decimals; None without a ceiling."""
    prior_selfpay_ratio: Decimal
    restricted: bool
    """lmt_used_flag: reimbursable only when the hospital has approved its use."""
    marks: frozenset[str]
    unit: str
    valid_from: date
    valid_to: date | None
    source: str
    note: str


Items = Mapping[str, tuple[Item, ...]]
"""Versions of each code, the earliest first."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Catalogue of a place."""

    area: str
    items: Items
    own: bool
    """False where the place has no file: then only the shared drug list counts there."""

    def item(self, code: str, on: date) -> Item | None:
        """The item as it stands on a day, or None."""
        for version in self.items.get(code, ()):
            if in_force(version.valid_from, version.valid_to, on):
                return version
        return None

    def absence(self, code: str, on: date) -> Text:
        """Reason why `item` gave None."""
        versions = self.items.get(code)
        if versions:
            periods = "、".join(f"{each.valid_from}~{each.valid_to or ''}" for each in versions)
            return text("catalogue.not_on_that_day", code=code, area=self.area, on=on, periods=periods)
        if not self.own:
            return text("catalogue.no_catalogue", code=code, area=self.area)
        return text("catalogue.not_in_catalogue", code=code, area=self.area)

    def all(self) -> Iterator[Item]:
        """Every version of every item, by code."""
        for code in sorted(self.items):
            yield from self.items[code]
