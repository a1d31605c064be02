"""Checks of the sense of a city file, which its schema cannot see: rows that tie, overlap, or name unknown codes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

from simulator.benefit.city_file import CityFile, Layer
from simulator.benefit.claim import ORDINARY
from simulator.benefit.dated_rows import ANY, CLASS, DatedRow
from simulator.benefit.reach import INSUTYPE_OF, bad_periods, unreachable
from simulator.benefit.terms import FUNDS, PAID_AND_BASE, Disease, Terms
from simulator.core.errors import DataFault
from simulator.core.schema_errors import hint
from simulator.core.texts import Text, text
from simulator.domain.accumulators import STAY, VISIT, YEAR


def check(city: CityFile, national: CityFile | None, incomplete: Collection[str] = ()) -> list[DataFault]:
    """Every fault of the file's sense, in the order of its lines; `national` is what it is laid over.

    `incomplete` are the sections of which parts were left out; what only they could settle is not judged.
    """
    found: list[tuple[str, Text]] = []
    class_of = _classes(city, national)
    tables = {**city.tables, **{f"layers.{fund}": layer.figures for fund, layer in city.layers.items()}}
    codes_known = not {"diseases", "disease_groups"} & set(incomplete)
    for name, rows in tables.items():
        found += _dates(rows)
        if codes_known and name.partition(".")[0] not in incomplete:
            found += _ties(rows, class_of)
        found += [fault for row in rows for fault in _selectors(row)]
    for rule, rows in city.tables.items():
        found += bad_periods(rows)
        found += _brackets(rule, rows)
        found += _by_visit(rule, rows)
    found += _diseases(city.tables.get("diseases", ()))
    if codes_known:
        found += _codes(city, class_of, all_rows=not set(incomplete) & city.tables.keys())
    for layer in city.layers.values():
        found += _layer(layer)
    if not {"layers", "layer_order"} & set(incomplete):
        found += _order(city, national)
    # A row that has another fault already is not also told to be out of reach.
    told = {path for path, _ in found}
    if codes_known:
        found += [fault for fault in _out_of_reach(city, class_of) if fault[0] not in told]
    faults = [city.document.fault(path, sentence) for path, sentence in found]
    return sorted(faults, key=lambda fault: (fault.line or 0, fault.path))


def _out_of_reach(city: CityFile, class_of: Mapping[str, str]) -> Iterator[tuple[str, Text]]:
    for rule, rows in city.tables.items():
        yield from unreachable(rule, rows, class_of)
    for fund, layer in city.layers.items():
        yield from unreachable(fund, layer.figures, class_of, layer.insutypes)


def _dates(rows: Sequence[DatedRow]) -> Iterator[tuple[str, Text]]:
    """Rows with the same selectors follow one another: a single one a day, none before the other's stated end."""
    for earlier, later in combinations(sorted(rows, key=lambda row: row.valid_from), 2):
        if set(earlier.when) != set(later.when):
            continue
        if earlier.valid_from == later.valid_from:
            yield later.path, text("policy.equal_rows", other=earlier.path, case=case_of(later))
        elif earlier.valid_to is not None and later.valid_from <= earlier.valid_to:
            yield later.path, text("policy.overlap", other=earlier.path, end=earlier.valid_to, case=case_of(later))


def _ties(rows: Sequence[DatedRow], class_of: Mapping[str, str]) -> Iterator[tuple[str, Text]]:
    """Pairs of rows that are equally specific and may both apply to a case, unless a third settles it."""
    for one, other in combinations(rows, 2):
        if set(one.when) == set(other.when) or one.weight != other.weight or not _overlap(one, other):
            continue
        for both in _shared_cases(one, other, class_of):
            if not any(
                row.weight > one.weight and row.applies_to(both) and _holds_throughout(row, one, other) for row in rows
            ):
                stated = sorted((name, value) for name, value in both.items() if name != CLASS)
                case = text("policy.case", case=", ".join(f"{name}={value}" for name, value in stated))
                yield other.path, text("policy.tie", other=one.path, case=case)
                break


def _shared_cases(one: DatedRow, other: DatedRow, class_of: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The cases to which both rows apply: with groups a case for each disease in common, else a single case."""
    both = {**dict(one.when), **dict(other.when)}
    both |= {name: value for name, value in (*one.when, *other.when) if value != ANY}
    if not (one.group or other.group):
        yield both
    for code, disease_class in class_of.items() if one.group or other.group else ():
        case = both | {"disease": code, CLASS: disease_class}
        if one.applies_to(case) and other.applies_to(case):
            yield case


def _overlap(one: DatedRow, other: DatedRow) -> bool:
    """Tells whether both may apply to a claim on a day; the codes of groups are compared by `_shared_cases`."""
    mine, theirs = dict(one.when), dict(other.when)
    for name in mine.keys() & theirs.keys():
        either = {mine[name], theirs[name]}
        grouped = bool(one.group or other.group) or ANY in either
        if len(either) == 2 and not (name == "disease" and grouped and ORDINARY not in either):
            return False
    kinds = {INSUTYPE_OF.get(when.get("category", ""), when.get("insutype", "")) for when in (mine, theirs)}
    if len(kinds - {""}) == 2:
        return False
    starts, ends = max(one.valid_from, other.valid_from), [end for end in (one.valid_to, other.valid_to) if end]
    return not ends or starts <= min(ends)


def _holds_throughout(row: DatedRow, one: DatedRow, other: DatedRow) -> bool:
    """Tells whether `row` holds on every day on which both others do."""
    starts = max(one.valid_from, other.valid_from)
    ends = [end for end in (one.valid_to, other.valid_to) if end]
    return row.valid_from <= starts and (row.valid_to is None or (bool(ends) and min(ends) <= row.valid_to))


def _selectors(row: DatedRow) -> Iterator[tuple[str, Text]]:
    when = dict(row.when)
    wanted = INSUTYPE_OF.get(when.get("category", ""))
    if wanted and when.get("insutype", wanted) != wanted:
        yield row.path, text("policy.never", category=when["category"], insutype=when["insutype"])


def _diseases(rows: Sequence[DatedRow]) -> Iterator[tuple[str, Text]]:
    """A sub-code belongs to one class, and a class is a sub-code of none."""
    classes = {row.value.code for row in rows}
    owner: dict[str, str] = {}
    for row in rows:
        disease: Disease = row.value
        for code in disease.covers:
            if code in classes:
                yield row.path, text("policy.class_covered", code=code, disease=disease.code)
            elif owner.setdefault(code, disease.code) != disease.code:
                yield row.path, text("policy.covered_twice", code=code, one=owner[code], other=disease.code)


def _codes(city: CityFile, class_of: Mapping[str, str], *, all_rows: bool) -> Iterator[tuple[str, Text]]:
    """A row names a class on the list in force, a sub-code of one, or a group of such codes that some row names."""
    words = {*city.groups, ANY, ORDINARY}
    for row in (row for rows in city.tables.values() for row in rows):
        code = dict(row.when).get("disease", ANY)
        if code not in words and code not in class_of:
            key, known = ("policy.not_listed_code", class_of) if code[0] == "M" else ("policy.no_such_group", words)
            yield row.path, text(key, code=code, hint=hint(code, sorted(known)))
    used = {dict(row.when).get("disease") for rows in city.tables.values() for row in rows}
    for name, codes in city.groups.items():
        if all_rows and name not in used:
            yield f"disease_groups.{name}", text("policy.unused_group", group=name)
        for index, code in enumerate(codes):
            if code not in class_of:
                path = f"disease_groups.{name}.codes[{index}]"
                yield path, text("policy.not_listed_code", code=code, hint=hint(code, sorted(class_of)))


def _classes(city: CityFile, national: CityFile | None) -> dict[str, str]:
    """The class of every code on the list in force, classes themselves included."""
    listed = city.tables.get("diseases") or (national.tables.get("diseases", ()) if national else ())
    return {code: row.value.code for row in listed for code in (row.value.code, *row.value.covers)}


def _brackets(rule: str, rows: Sequence[DatedRow]) -> Iterator[tuple[str, Text]]:
    """Brackets of the pool's ratio begin at nothing and rise; a period stands with brackets only."""
    for row in rows if rule == "ratio" else ():
        thresholds = [step.above for step in row.value]
        if thresholds[0] != 0 or sorted(set(thresholds)) != thresholds:
            yield row.path, text("policy.ratio_brackets")
        if len(thresholds) == 1 and row.period != YEAR:
            yield row.path, text("policy.period_of_flat_ratio")


def _by_visit(rule: str, rows: Sequence[DatedRow]) -> Iterator[tuple[str, Text]]:
    """A deductible by the number of the visit is taken at each visit or stay; a limit of visits runs longer."""
    for row in rows if rule == "deductible" else ():
        if len(row.value) > 1 and row.period not in (VISIT, STAY):
            yield row.path, text("policy.by_visit", period=row.period)


def _layer(layer: Layer) -> Iterator[tuple[str, Text]]:
    path = f"layers.{layer.fund}"
    if (layer.base == "own_share") != (layer.fund == "major_illness"):
        yield f"{path}.base", text("policy.own_share", fund=layer.fund, base=layer.base)
    for row in layer.figures:
        terms: Terms = row.value
        thresholds = [above for above, _ in terms.brackets]
        if sorted(set(thresholds)) != thresholds:
            yield row.path, text("policy.brackets")
        identity = any(name == "identity" for name, _ in row.when)
        if identity != (layer.who == "identities"):
            yield row.path, text("policy.identity", who=layer.who)
        if layer.who == "identities" and len(terms.brackets) > 1:
            yield row.path, text("policy.identity_brackets")
        if layer.fund not in PAID_AND_BASE and (terms.line or terms.cap is not None or len(terms.brackets) > 1):
            yield row.path, text("policy.no_accumulator", fund=layer.fund)


def _order(city: CityFile, national: CityFile | None) -> Iterator[tuple[str, Text]]:
    """The accumulated own share subtracts what 大额 pays (rules 6), so that must be known before."""
    layers = {**(national.layers if national else {}), **city.layers}
    setting = city.settings.get("layer_order") or (national.settings.get("layer_order") if national else None)
    order = list(setting.value) if setting else list(FUNDS)
    large, major = layers.get("large_amount"), layers.get("major_illness")
    if large and major and order.index("major_illness") < order.index("large_amount"):
        shared = set(large.insutypes) & set(major.insutypes)
        if shared:
            yield "layer_order", text("policy.major_first", insutypes=", ".join(sorted(shared)))


def case_of(row: DatedRow) -> Text:
    """The selectors of a row as a person reads them."""
    written = ", ".join(f"{name}={value}" for name, value in row.when)
    return text("policy.case", case=written) if written else text("policy.every_case")
