"""The rules of one insured place on one day, and the figures they give for one kind of claim, found once and kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypedDict

from simulator.benefit.accumulation import (
    AccumulationBases,
    AccumulationBasis,
    AccumulatorKeys,
    accrual_code,
    basis_of,
    visits_of,
)
from simulator.benefit.city_file import UNLIMITED, Layer
from simulator.benefit.claim import ORDINARY, UNFILED, WAIVED, Accumulated, Claim, Dates
from simulator.benefit.dated_rows import CLASS, DatedRow, find, find_or_gap, gap, known_days
from simulator.benefit.terms import Modifier, Terms, ten_thousandths
from simulator.benefit.trace import AwardFacts, LayerFacts, StatedFigure
from simulator.core.errors import Refusal
from simulator.core.money import to_ratio
from simulator.core.texts import text
from simulator.domain.accumulators import ONE_VISIT, VISITS, YEAR
from simulator.domain.care import SPECIAL_DISEASE
from simulator.domain.person import GROUPS
from simulator.domain.places import LOCAL

_MOST_KEPT = 4096
"""Kinds of claim kept for a day before starting over; a city has a few hundred."""


@dataclass(frozen=True, slots=True)
class LayerFigures:
    """A layer that applies to the person; `terms` is None where it has no figures, or had some that ended."""

    fund: str
    base: str
    terms: Terms | None
    facts: LayerFacts


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a kind of claim on a day, all that the rules state about it."""

    facts: AwardFacts
    steps: tuple[tuple[int, int], ...]
    """The pool's ratio after the modifier: (threshold in fen, ratio in ten-thousandths), one step where it is flat."""
    ratios: tuple[tuple[Decimal, Decimal], ...]
    """Of each step the ratio before the modifier and after it."""
    layers: tuple[LayerFigures, ...]
    bases: AccumulationBases
    keys: AccumulatorKeys | None
    """Keys that hold for every claim of the kind; None if they depend on the day or the visit."""

    def accumulator_keys(self, claim: Claim, day: date) -> AccumulatorKeys:
        return self.keys or self.bases.keys(day, claim.visit)

    def facts_of_visit(self, keys: AccumulatorKeys, accumulated: Accumulated) -> AwardFacts:
        """The facts with the deductible and the limit that hold for the visit by its number (rules 39).

        The number is one more than the other visits that count under the same key.
        """
        facts = self.facts
        if self.bases.deductible_visits is not None:
            number = accumulated.get((VISITS, keys.deductible_visits), 0) // ONE_VISIT + 1
            line = facts.lines[min(number, len(facts.lines)) - 1]
            facts = replace(facts, line=line, visit_number=number)
        if self.bases.visit_limit is not None:
            facts = replace(facts, visits_before=accumulated.get((VISITS, keys.visit_limit), 0) // ONE_VISIT)
        return facts


class _ModifierFacts(TypedDict):
    """Facts of an award about the modifier of its ratio."""

    modifier: StatedFigure | None
    modifier_how: str
    modifier_by: str


class _CapFacts(TypedDict):
    """Facts of an award about the caps of the pool, in fen."""

    disease_cap: StatedFigure | None
    disease_cap_fen: int | None
    disease_cap_period: str
    care_cap: StatedFigure | None
    care_cap_fen: int | None
    care_cap_period: str
    care_cap_under: str
    annual_cap: StatedFigure | None
    annual_cap_fen: int | None
    excess: StatedFigure | None
    shut_out: bool


class _AccountFacts(TypedDict):
    """Facts of an award about the personal account."""

    account_pays: StatedFigure | None
    account_word: str
    account_elsewhere: StatedFigure | None
    account_open_elsewhere: bool


class Rules:
    """The rules of `area` as they stand on `day`; made by `City.rules`."""

    def __init__(
        self,
        *,
        area: str,
        day: date,
        levels: Callable[[str], Sequence[Sequence[DatedRow]]],
        layers: Sequence[Layer],
        mapped: Callable[[str], str],
        accrual_day: Callable[[Dates], date],
        kept: dict[object, Figures],
    ) -> None:
        self.area = area
        self.day = day
        self.mapped = mapped
        self.accrual_day = accrual_day
        self._levels = levels
        self._layers = layers
        self._kept = kept

    def figures(self, claim: Claim) -> Figures:
        """The figures of a claim of this kind; raises PolicyGap, or Refusal where the place pays nothing at all."""
        key = (
            claim.insutype,
            claim.category,
            claim.hospital_level,
            claim.care,
            claim.disease,
            claim.treated,
            claim.groups,
            claim.civil_servant,
            claim.identities,
        )
        found = self._kept.get(key)
        if found is None:
            found = self._figures(claim)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = found
        return found

    def in_force(self, rule: str, asked_by: str, **asked: str) -> DatedRow | None:
        """The row of `rule` for a case, None when it ended; raises PolicyGap when nothing was ever stated."""
        return find_or_gap(self._levels(rule), asked, self.day, area=self.area, rule=rule, asked_by=asked_by)

    def pool_cap(self, *, insutype: str, category: str, disease: str) -> int | None:
        """The pool's annual cap in fen: of one disease, or with a blank one of all; None without a cap by the year."""
        person = {"insutype": insutype, "category": category}
        if not disease:
            return cap_of(self.in_force("annual_cap", "rules.pool_cap", **person))
        asked = person | {"disease": disease, CLASS: self.mapped(disease)}
        row = self.in_force("disease_cap", "rules.pool_cap", **asked)
        return cap_of(row) if row is None or row.period == YEAR else None

    def accrues_under(self, *, insutype: str, category: str, disease: str, care: str = SPECIAL_DISEASE) -> str:
        """The code that a billed disease stands under: that of the row that sets its cap, else its class (rules 34)."""
        disease_class = self.mapped(disease)
        case = {"insutype": insutype, "category": category, "care": care, "disease": disease, CLASS: disease_class}
        return accrual_code(self._in_force_or_silent("disease_cap", case), disease, disease_class)

    def unfiled(self, scope: str) -> str:
        """`refuse`, `modifier` or `waived`: the consequence of having no filing in a scope of place."""
        row = self.in_force("unfiled", "rules.unfiled", scope=scope)
        return "refuse" if row is None else str(row.value)

    def filing_term(self, group: str) -> int | None:
        """Months after which a filing of a group ends that names no last day; None without a term."""
        row = self._in_force_or_silent("filing_terms", {"group": group})
        return None if row is None else int(row.value)

    @property
    def referral_by(self) -> str:
        """`home_hospital` or `any`: the institutions that may refer a person elsewhere."""
        row = self._in_force_or_silent("referral_by", {})
        return "any" if row is None else str(row.value)

    def filed_afterwards(self, rule: str, group: str) -> int | None:
        """Days of `filed_before_settlement` or `filed_after_self_payment` for a group; None without a limit."""
        row = self._in_force_or_silent(rule, {"group": group})
        return None if row is None else int(row.value)

    def _figures(self, claim: Claim) -> Figures:
        disease_class = self.mapped(claim.disease) if claim.disease else ""
        if disease_class and claim.care == SPECIAL_DISEASE:
            self._listed(claim.disease, disease_class)
        person = {"insutype": claim.insutype, "category": claim.category}
        kind = {"disease": claim.disease or ORDINARY, "scope": claim.treated, "care": claim.care}
        kind |= {CLASS: disease_class} if disease_class else {}
        case = person | {"hospital_level": claim.hospital_level} | kind
        ratio_row = self._ratio_row(case)
        group, modifier, ratios = self._best_group(claim, ratio_row, person | {"scope": claim.treated})
        per = self.in_force("deductible_per", "engine.deductible")
        per_disease = per is not None and per.value == "disease"
        deductible = self.in_force("deductible", "engine.deductible", **case)
        disease_cap, care_cap = self._caps(claim, person | kind)
        disease = accrual_code(disease_cap, claim.disease, disease_class)
        visit_limit = self._in_force_or_silent("visit_limit", person | kind)
        own_care = claim.care if disease and claim.care != SPECIAL_DISEASE else ""
        plain, used = ratios[0]
        facts = AwardFacts(
            category=claim.category,
            hospital_level=claim.hospital_level,
            treated=claim.treated,
            groups=claim.groups,
            group=group,
            disease=disease,
            deductible=_stated_figure(deductible),
            line=deductible.value[0] if deductible else 0,
            per_disease=per_disease,
            ratio_said=StatedFigure(ratio_row.shown, ratio_row.source, ratio_row.reference),
            plain_ratio=plain,
            ratio=used,
            **self._modifier_facts(modifier),
            **self._cap_facts(person, disease_cap, care_cap),
            **self._account_facts(claim, person),
            care=claim.care,
            deductible_period=deductible.period if deductible else YEAR,
            bracketed=len(ratios) > 1,
            lines=deductible.value if deductible and len(deductible.value) > 1 else (),
            visit_limit=_stated_figure(visit_limit),
            visit_limit_count=visit_limit.value if visit_limit else None,
            visit_limit_period=visit_limit.period if visit_limit else YEAR,
        )
        by_visit = visits_of(deductible, disease) if facts.lines else None
        bases = AccumulationBases(
            AccumulationBasis(disease, own_care),
            basis_of(deductible, disease=disease if per_disease else "", care=own_care if per_disease else "")
            or AccumulationBasis(),
            basis_of(disease_cap, disease=disease, care=own_care),
            basis_of(care_cap),
            # Brackets count the amounts of the disease that their row names, and without one of every disease.
            basis_of(ratio_row, disease=ratio_row.code_for(claim.disease, disease_class)) if len(ratios) > 1 else None,
            by_visit._replace(period=YEAR) if by_visit else None,
            visits_of(visit_limit, disease),
        )
        layers = tuple(figures for layer in self._layers if (figures := self._layer(layer, claim)) is not None)
        steps = tuple(
            (step.above, ten_thousandths(after)) for step, (_, after) in zip(ratio_row.value, ratios, strict=True)
        )
        keys = None if bases.periodic else bases.keys(self.day, "")
        return Figures(facts, steps, ratios, layers, bases, keys)

    def _caps(self, claim: Claim, asked: Mapping[str, str]) -> tuple[DatedRow | None, DatedRow | None]:
        """The rows that cap the disease and the care; only special disease must have a word on its cap."""
        disease_cap = None
        if claim.care == SPECIAL_DISEASE and claim.disease:
            disease_cap = self.in_force("disease_cap", "engine.disease_cap", **asked)
        elif claim.disease:
            disease_cap = self._in_force_or_silent("disease_cap", asked)
        return disease_cap, self._in_force_or_silent("care_cap", asked)

    def _in_force_or_silent(self, rule: str, asked: Mapping[str, str]) -> DatedRow | None:
        try:
            return find(self._levels(rule), asked, self.day)
        except LookupError:
            return None

    def _modifier_facts(self, row: DatedRow | None) -> _ModifierFacts:
        by: Modifier | None = row.value if row else None
        return {
            "modifier": _stated_figure(row),
            "modifier_how": by.how if by else "",
            "modifier_by": str(by.by) if by else "",
        }

    def _cap_facts(
        self, person: Mapping[str, str], disease_cap: DatedRow | None, care_cap: DatedRow | None
    ) -> _CapFacts:
        excess = self.in_force("above_disease_cap", "engine.disease_cap")
        annual_cap = self.in_force("annual_cap", "engine.annual_cap", **person)
        return {
            "disease_cap": _stated_figure(disease_cap),
            "disease_cap_fen": cap_of(disease_cap),
            "disease_cap_period": disease_cap.period if disease_cap else YEAR,
            "care_cap": _stated_figure(care_cap),
            "care_cap_fen": cap_of(care_cap),
            "care_cap_period": care_cap.period if care_cap else YEAR,
            "care_cap_under": dict(care_cap.when)["care"] if care_cap else "",
            "annual_cap": _stated_figure(annual_cap),
            "annual_cap_fen": cap_of(annual_cap),
            "excess": _stated_figure(excess),
            "shut_out": excess is None or excess.value == "person",
        }

    def _account_facts(self, claim: Claim, person: dict[str, str]) -> _AccountFacts:
        pays = self.in_force("account_pays", "engine.account", **person)
        placed = person | {"scope": claim.treated}
        elsewhere = None if claim.treated == LOCAL else self.in_force("account_elsewhere", "engine.account", **placed)
        return {
            "account_pays": _stated_figure(pays),
            "account_word": pays.value if pays else "nothing",
            "account_elsewhere": _stated_figure(elsewhere),
            "account_open_elsewhere": bool(elsewhere and elsewhere.value),
        }

    def _listed(self, billed: str, disease: str) -> None:
        row = self.in_force_or_none("diseases", code=disease)
        if row is None:
            raise Refusal(
                "disease_not_listed", text("benefit.not_listed", area=self.area, disease=billed, day=self.day)
            )

    def in_force_or_none(self, rule: str, **asked: str) -> DatedRow | None:
        """The row in force, or None, of a rule whose silence is an answer, such as the list of diseases."""
        rows = self._levels(rule)
        applying = [row for row in (rows[0] if rows else ()) if row.applies_to(asked) and row.in_force(self.day)]
        return max(applying, key=lambda row: row.valid_from) if applying else None

    def _ratio_row(self, case: Mapping[str, str]) -> DatedRow:
        row = self.in_force("ratio", "engine.ratio", **case)
        if row is None:
            known = known_days(self._levels("ratio"), case)
            raise gap(case, self.day, area=self.area, rule="ratio", asked_by="engine.ratio", known=known)
        return row

    def _best_group(
        self, claim: Claim, row: DatedRow, placed: Mapping[str, str]
    ) -> tuple[str, DatedRow | None, tuple[tuple[Decimal, Decimal], ...]]:
        """Of several valid filings the group with the best ratio counts; of equal ones the first of the list."""
        plain = [to_ratio(step.ratio) for step in row.value]
        if claim.treated == LOCAL:
            return LOCAL, None, tuple(zip(plain, plain, strict=True))
        unfiled = self.unfiled(claim.treated)
        if not claim.groups and unfiled == "refuse":
            raise Refusal("not_filed", text("benefit.not_filed", area=self.area, day=self.day))
        candidates: list[tuple[str, DatedRow | None, list[Decimal]]] = []
        for group in sorted(claim.groups, key=_rank) or ([] if unfiled == WAIVED else [UNFILED]):
            modifier = self.in_force("modifiers", "engine.ratio", group=group, **placed)
            by: Modifier | None = modifier.value if modifier else None
            candidates.append((group, modifier, [by.applied(step.ratio) for step in row.value] if by else plain))
        candidates += [(WAIVED, None, plain)] if unfiled == WAIVED else []
        best, modifier, after = max(candidates, key=lambda candidate: candidate[2])
        return best, modifier, tuple(zip(plain, after, strict=True))

    def _layer(self, layer: Layer, claim: Claim) -> LayerFigures | None:
        if claim.insutype not in layer.insutypes or (layer.who == "civil_servants" and not claim.civil_servant):
            return None
        if layer.who == "identities" and not claim.identities:
            return None
        if not layer.figures:
            return _layer_figures(layer, None, ended=False)
        person = {"insutype": claim.insutype, "category": claim.category}
        cases = [person | {"identity": kind} for kind in claim.identities] if layer.who == "identities" else [person]
        # An identity that the layer never names is simply not helped by it: no gap.
        known = [case for case in cases if any(row.applies_to(case) for row in layer.figures)]
        if not known:
            return None
        rule, asked_by = f"layers.{layer.fund}", f"engine.{layer.fund}"
        rows = [
            find_or_gap([layer.figures], case, self.day, area=self.area, rule=rule, asked_by=asked_by) for case in known
        ]
        best = max((row for row in rows if row), key=lambda row: row.value.top_ratio, default=None)
        return _layer_figures(layer, best, ended=best is None)


def _layer_figures(layer: Layer, row: DatedRow | None, *, ended: bool) -> LayerFigures:
    terms: Terms | None = row.value if row else None
    line, brackets = (terms.line, len(terms.brackets)) if terms else (None, 0)
    return LayerFigures(
        layer.fund, layer.base, terms, LayerFacts(layer.fund, layer.base, _stated_figure(row), ended, line, brackets)
    )


def _stated_figure(row: DatedRow | None) -> StatedFigure | None:
    return None if row is None else StatedFigure(row.shown, row.source, row.reference)


def cap_of(row: DatedRow | None) -> int | None:
    """Fen of a cap row; None is no cap, because the rule says so or ended."""
    return None if row is None or row.value == UNLIMITED else int(row.value)


def _rank(group: str) -> int:
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)
