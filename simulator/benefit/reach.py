"""Rows that no claim can reach: a city file that states one is refused (rules 36).

The claims that a rule can tell apart are listed once, by the selectors that its rows name; of each row the claims that
it speaks of are a set of bits, and a row that decides none of them on any day is out of reach.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from simulator.benefit.claim import HOSPITAL_LEVELS, ORDINARY, UNFILED
from simulator.benefit.dated_rows import CLASS, DatedRow
from simulator.core.texts import Text, text
from simulator.domain.accumulators import STAY
from simulator.domain.care import CARE
from simulator.domain.person import GROUPS
from simulator.domain.places import LOCAL, SCOPES

INSUTYPE_OF = {"employed": "310", "retired": "310", "resident": "390", "child": "390"}
_ELSEWHERE_ONLY = ("modifiers", "unfiled", "account_elsewhere")


def unreachable(
    rule: str, rows: Sequence[DatedRow], class_of: Mapping[str, str], insutypes: Sequence[str] = ("310", "390")
) -> Iterator[tuple[str, Text]]:
    """The rows of one table that decide no claim, each with its path and what stands in the way."""
    if rule == "diseases" or not rows:
        return
    claims = list(_claims(rule, rows, class_of, insutypes))
    applies = [sum(1 << index for index, claim in enumerate(claims) if row.applies_to(claim)) for row in rows]
    decided: set[int] = set()
    for day in {row.valid_from for row in rows}:
        for index, claim in enumerate(claims):
            applying = [n for n, row in enumerate(rows) if applies[n] >> index & 1 and row.in_force(day)]
            if applying:
                decided.add(max(applying, key=lambda n: (rows[n].weight_for(claim), rows[n].valid_from)))
    for number, row in enumerate(rows):
        if number not in decided:
            yield row.path, text("policy.hidden" if applies[number] else _reason(rule, row))


def bad_periods(rows: Sequence[DatedRow]) -> Iterator[tuple[str, Text]]:
    """Periods of a stay for care that has none, and kinds of care shared with themselves or with no care."""
    for row in rows:
        when = dict(row.when)
        cares = [when.get("care", ""), *row.shared_with]
        if row.period == STAY and not all(care and CARE[care].stay for care in cares):
            yield row.path, text("policy.no_stay")
        if row.shared_with and (not cares[0] or cares[0] in row.shared_with):
            yield row.path, text("policy.shared_with_nothing")


def _reason(rule: str, row: DatedRow) -> str:
    when = dict(row.when)
    if rule == "disease_cap" and when.get("disease") == ORDINARY:
        return "policy.cap_without_disease"
    if when.get("scope") == LOCAL and rule in _ELSEWHERE_ONLY:
        return "policy.elsewhere_only"
    return "policy.no_such_claim"


def _claims(
    rule: str, rows: Sequence[DatedRow], class_of: Mapping[str, str], insutypes: Sequence[str]
) -> Iterator[dict[str, str]]:
    named = {name: {value for row in rows for key, value in row.when if key == name} for name in _names(rows)}
    people = [
        {"category": category, "insutype": insutype}
        for category, insutype in INSUTYPE_OF.items()
        if insutype in insutypes
    ]
    axes: list[list[dict[str, str]]] = [people if {"category", "insutype"} & named.keys() else [{}]]
    axes.append(_kinds(rule, rows, class_of) if {"care", "disease"} & named.keys() else [{}])
    scopes = [scope for scope in SCOPES if scope != LOCAL or rule not in _ELSEWHERE_ONLY]
    for name, values in (
        ("hospital_level", HOSPITAL_LEVELS),
        ("scope", scopes),
        ("group", (*GROUPS, UNFILED) if rule == "modifiers" else GROUPS),
    ):
        axes.append([{name: value} for value in values] if name in named else [{}])
    axes.append([{"identity": value} for value in named.get("identity", ())] or [{}])
    for parts in product(*axes):
        yield {name: value for part in parts for name, value in part.items()}


def _names(rows: Sequence[DatedRow]) -> set[str]:
    return {name for row in rows for name, _ in row.when}


def _kinds(rule: str, rows: Sequence[DatedRow], class_of: Mapping[str, str]) -> list[dict[str, str]]:
    """Kinds of care with the diseases that their claims carry; those that no row names are tried once."""
    named = {value for row in rows for name, value in row.when if name == "disease"}
    named |= {code for row in rows for code in row.group}
    codes = sorted(code for code in class_of if code in named or class_of[code] in named)
    codes += [code for code in class_of if code not in codes][:1]
    found = []
    for care in CARE.values():
        diseases = [{"disease": code, CLASS: class_of[code]} for code in codes] if care.disease != "none" else []
        if care.disease != "required" and rule != "disease_cap":
            diseases.append({"disease": ORDINARY})
        found += [{"care": care.name, **disease} for disease in diseases]
    return found
