"""Contradictions between the facts of a person, each of which has the right form.

Ages are judged by the day given; a birth date that stands in an export is judged more gently, since people grow older
between the export and the import.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from simulator.core.clock import completed_years
from simulator.core.errors import DataFault
from simulator.core.texts import Text, plain, text
from simulator.domain.person import EMPLOYEES, RESIDENTS
from simulator.domain.places import shipped
from simulator.people.areas import area_name, is_area, nearest_areas
from simulator.people.identity import birth_of, check_digit, is_male

AGES = {"employed": (16, 75), "retired": (45, 120), "resident": (16, 120), "child": (0, 18)}
"""Possible ages by category (ours); the defaults lie well inside."""
CATEGORIES_OF = {EMPLOYEES: ("employed", "retired"), RESIDENTS: ("resident", "child")}
GROUPS_REFUSED = {
    "employed": ("resettled_retiree",),
    "child": ("resettled_retiree", "stationed_worker"),
    "retired": (),
    "resident": (),
}
_DAYS = ("birth", "insured_from", "insured_to", "suspended_from", "from", "to")
_DATED = ("identities", "registrations", "filings")

Body = Mapping[str, Any]


def contradictions(body: Body, on: date) -> list[DataFault]:
    """Every contradiction, in the order of the path."""
    found = list(_no_such_days(body, ""))
    # With an impossible day nothing that compares days can be judged.
    if not found:
        found = [*_insurances(body), *_periods(body), *_age(body, on), *_number(body), *_filings(body), *_twice(body)]
    return sorted(found, key=lambda fault: fault.path)


def _no_such_days(entry: Body, path: str) -> Iterator[DataFault]:
    for key, value in entry.items():
        if key in _DAYS and _as_day(value) is None:
            yield DataFault(text("people.no_such_day", got=value), path + key)
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _no_such_days(item, f"{path}{key}[{index}].")


def _as_day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _insurances(body: Body) -> Iterator[DataFault]:
    entries = _insurance_entries(body)
    for path, entry in entries:
        if not is_area(entry["insured_at"]):
            yield unknown_area(path + "insured_at", entry["insured_at"])
        insutype = insutype_of(entry)
        if entry["category"] not in CATEGORIES_OF[insutype]:
            sentence = text("people.category_of_insutype", category=entry["category"], insutype=insutype)
            yield DataFault(sentence, path + "insutype")
        if insutype == RESIDENTS:
            if entry.get("account_balance", "0").strip("0.") != "":
                yield DataFault(
                    text("people.residents_have_none", what=text("people.account")), path + "account_balance"
                )
            if entry.get("civil_servant"):
                sentence = text("people.residents_have_none", what=text("people.supplement"))
                yield DataFault(sentence, path + "civil_servant")
        if "suspended_from" in entry and entry.get("status") != "suspended":
            sentence = text("people.suspended_needs_status", status=entry.get("status", "normal"))
            yield DataFault(sentence, path + "suspended_from")
        yield from _order(path, entry, "insured_from", "insured_to")
    for index, (path, entry) in enumerate(entries):
        for other_path, other in entries[:index]:
            same = entry["insured_at"] == other["insured_at"] and insutype_of(entry) == insutype_of(other)
            if same and _overlap(entry, other, "insured_from", "insured_to"):
                other_name = other_path.rstrip(".") or "insured_at"
                yield DataFault(text("people.insured_twice", other=other_name), path.rstrip("."))


def insutype_of(entry: Body) -> str:
    """The insutype given, or the one that the category has."""
    given: str | None = entry.get("insutype")
    return given or next(kind for kind, categories in CATEGORIES_OF.items() if entry["category"] in categories)


def _insurance_entries(body: Body) -> list[tuple[str, Body]]:
    return [("", body), *((f"insurances[{index}].", entry) for index, entry in enumerate(body.get("insurances", ())))]


def _periods(body: Body) -> Iterator[DataFault]:
    for kind in _DATED:
        for index, entry in enumerate(body.get(kind, ())):
            yield from _order(f"{kind}[{index}].", entry, "from", "to")


def _order(path: str, entry: Body, first: str, last: str) -> Iterator[DataFault]:
    # ISO dates compare as text.
    if first in entry and last in entry and entry[last] < entry[first]:
        yield DataFault(text("people.to_before_from", start=entry[first], to=entry[last]), path + last)


def _overlap(one: Body, other: Body, first: str, last: str) -> bool:
    one_begins, other_begins = str(one.get(first, "")), str(other.get(first, ""))
    return one_begins <= str(other.get(last, "9999")) and other_begins <= str(one.get(last, "9999"))


def _age(body: Body, on: date) -> Iterator[DataFault]:
    category = body["category"]
    least, most = AGES[category]
    age = body.get("age")
    if age is not None and not least <= age <= most:
        sentence = text("people.age_of_category", age=age, category=category, least=least, most=most)
        yield DataFault(sentence, "age")
    key = "birth" if "birth" in body else "certno"
    birth = _as_day(body["birth"]) if "birth" in body else birth_of(body.get("certno", "0" * 18))
    if birth is None:
        return
    completed = completed_years(birth, on)
    if birth > on:
        yield DataFault(text("people.born_later", birth=birth, on=on), key)
    elif age is not None and completed != age:
        yield DataFault(text("people.age_and_birth", age=age, birth=birth, on=on, completed=completed), "age")
    elif age is None and completed < least:
        sentence = text("people.age_of_category", age=completed, category=category, least=least, most=most)
        yield DataFault(sentence, key)


def _number(body: Body) -> Iterator[DataFault]:
    number = body.get("certno")
    if number is None:
        return
    birth = birth_of(number)
    if birth is None:
        yield DataFault(text("people.certno_day", got=number[6:14]), "certno")
    elif check_digit(number[:17]) != number[17]:
        sentence = text("people.certno_check", wanted=check_digit(number[:17]), got=number[17])
        yield DataFault(sentence, "certno")
    else:
        shown = {"birth": birth.isoformat(), "sex": "male" if is_male(number) else "female"}
        for field, value in shown.items():
            if body.get(field, value) != value:
                sentence = text("people.certno_differs", field=field, given=body[field], shown=value)
                yield DataFault(sentence, field)


def _filings(body: Body) -> Iterator[DataFault]:
    homes = [entry["insured_at"] for _, entry in _insurance_entries(body)]
    for index, filing in enumerate(body.get("filings", ())):
        yield from filing_faults(filing, homes=homes, category=body["category"], path=f"filings[{index}].")


def filing_faults(filing: Body, *, homes: Sequence[str], category: str, path: str = "") -> Iterator[DataFault]:
    """Faults that keep a person insured at `homes` from this filing; `path` stands before the fields' names."""
    coverage, place = shipped(), filing["place"]
    if not is_area(place):
        yield unknown_area(f"{path}place", place)
    elif not coverage.is_filing_place(place):
        named = "、".join(area_name(prefix + "0000") for prefix in sorted(_province_places()))
        yield DataFault(text("people.filed_province", place=place, covered=named), f"{path}place")
    elif all(coverage.covers(place, home) for home in homes):
        yield DataFault(text("people.filed_at_home", place=place), f"{path}place")
    if filing["group"] in GROUPS_REFUSED[category]:
        yield DataFault(text("people.filed_group", category=category, group=filing["group"]), f"{path}group")


def _province_places() -> list[str]:
    return [prefix for prefix, digits in shipped().digits.items() if digits == len(prefix) == 2]


def _twice(body: Body) -> Iterator[DataFault]:
    registered = body.get("registrations", ())
    for index, entry in enumerate(registered):
        for earlier, other in enumerate(registered[:index]):
            if entry["disease"] == other["disease"] and _overlap(entry, other, "from", "to"):
                sentence = text("people.registered_twice", other=f"registrations[{earlier}]")
                yield DataFault(sentence, f"registrations[{index}]")
    for kind in ("registrations", "filings"):
        seen: dict[str, str] = {}
        for index, entry in enumerate(body.get(kind, ())):
            path = f"{kind}[{index}]"
            if entry.get("id") and entry["id"] in seen:
                yield DataFault(text("people.same_id", id=entry["id"], other=seen[entry["id"]]), f"{path}.id")
            seen.setdefault(entry.get("id", ""), path)


def unknown_area(path: str, code: str) -> DataFault:
    """A fault that names the known codes near to a mistyped one."""
    near = nearest_areas(code)
    listed: Text = plain("")
    if near:
        listed = text("people.unknown_area_near", areas="、".join(f"{area} {area_name(area)}" for area in near))
    return DataFault(text("people.unknown_area", got=code, near=listed), path)
