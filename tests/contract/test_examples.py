"""Every transaction has a valid example, and every way of missing it is refused for its own reason and no other.

Two validators judge every sample, good and bad: the fast one of the request path and the reference.
"""

import json
from collections import defaultdict
from functools import cache

import jsonschema
import jsonschema_rs
import pytest
from stdnum.cn import ric

from simulator.contract import contract_of
from simulator.contract.edition_rows import ENVELOPE
from simulator.contract.example import example, example_message
from simulator.contract.identities import charge_faults, classification_faults, settlement_faults
from simulator.contract.layout import LOCAL, REMOTE
from simulator.contract.negative_examples import KINDS, changed_at, negative_examples, widest

pytestmark = pytest.mark.slow

EDITIONS = (
    ("national", ()),
    ("hunan-1.3", ()),
    ("jiangxi-1.0", ()),
    ("observed", ()),
    ("national", ("agency",)),
)
FAMILIES = ("E", "1", "20", "21", "220", "23", "24", "25", "26", "3", "4", "5", "S", "9", "l")


def bare(schema):
    """A schema without its words, so that editions that say the same thing are tried once."""
    if isinstance(schema, dict):
        return {key: bare(value) for key, value in schema.items() if key not in ("title", "description")}
    return [bare(value) for value in schema] if isinstance(schema, list) else schema


@cache
def cases():
    """Transaction, direction and variant of every edition, each once where editions say the same."""
    seen, found = set(), []
    for name, overlays in EDITIONS:
        contract = contract_of(name, overlays)
        for infno in (ENVELOPE, *contract.edition.transactions):
            if infno != ENVELOPE and not contract.serves(infno):
                continue
            for direction in ("in", "out"):
                for variant in contract.variants(infno, direction).values():
                    key = (infno, json.dumps(bare(contract.schema_of(infno, direction, variant)), sort_keys=True))
                    if key not in seen:
                        seen.add(key)
                        found.append((contract, infno, direction, variant))
    return found


def of_family(letter):
    return [case for case in cases() if case[1].startswith(letter)]


def said(contract, infno, direction, variant, body, *, deep):
    faults = contract.judge(infno, direction, variant, body, deep=deep)
    return [(fault.rule, fault.path) for fault in faults]


def test_the_families_are_all_there_are():
    assert sum(len(of_family(letter)) for letter in FAMILIES) == len(cases())
    assert len(cases()) > 300


@pytest.mark.parametrize("letter", FAMILIES)
def test_every_example_keeps_its_contract_in_both_validators(letter):
    for case in of_family(letter):
        contract, infno, direction, variant = case
        for full in (True, False):
            body = example(contract, infno, direction, variant, full=full)
            assert said(*case, body, deep=False) == [], case[1:]
            assert said(*case, body, deep=True) == [], case[1:]


def part_of(schema, pointer):
    """The part of a schema that speaks of a place in a message."""
    for name in pointer.split("/")[2 if pointer.startswith(("/input", "/output")) else 1 :]:
        schema = schema["items"] if name.isdigit() else schema.get("properties", {}).get(name, {})
    return schema


def spots(miss, inner):
    """Where a near-miss differs: the parts of its path, inside the value of `input` or `output`."""
    names = miss.path.removeprefix(inner).split("/")[1:]
    return tuple(int(name) if name.isdigit() else name for name in names)


def together(body, misses, inner):
    """One body with the faults of many near-misses, and those that it cannot take: they change something else too."""
    plain, left = body, []
    for miss in misses:
        *above, name = spots(miss, inner) or [None]
        good, bad, now = (reached(each, above) for each in (plain, miss.body, body))
        if miss.kind.startswith("node") or not (isinstance(name, str) and _without(good, name) == _without(bad, name)):
            left.append(miss)
            continue
        body = changed_at(body, tuple(above), _without(now, name) | ({name: bad[name]} if name in bad else {}))
    return body, left


def _without(node, name):
    return {key: value for key, value in node.items() if key != name}


def reached(body, path):
    for part in path:
        body = body[part]
    return body


@pytest.mark.parametrize("letter", FAMILIES)
def test_every_near_miss_is_refused_for_its_own_reason_in_both_validators(letter):
    """The reference validator is slow: it judges those of one kind in one body, and alone those that need it."""
    tried, proved = 0, set()
    for case in of_family(letter):
        contract, infno, direction, variant = case
        schema = contract.schema_of(infno, direction, variant)
        inner, kinds = contract.layout(infno, direction).place, defaultdict(list)
        for miss in negative_examples(contract, infno, direction, variant):
            if variant is not LOCAL and miss.kind not in ("missing", "empty", "node_missing"):
                # The variants differ in what must be there; the rest was tried under the local one.
                continue
            key = (infno, direction, miss.kind, miss.path, json.dumps(bare(part_of(schema, miss.path))))
            if variant is LOCAL and key in proved:
                # Another edition says the same of this place.
                continue
            proved.add(key)
            tried += 1
            kinds[miss.kind].append(miss)
            assert said(*case, miss.body, deep=False) == [(miss.rule, miss.path)], (
                contract.label,
                miss.kind,
                miss.place,
            )
        for kind, misses in kinds.items():
            body, alone = together(example(contract, infno, direction, variant), misses, inner)
            assert said(*case, body, deep=True) == said(*case, body, deep=False), (contract.label, infno, kind)
            for miss in alone:
                wanted = [(miss.rule, miss.path)]
                assert said(*case, miss.body, deep=True) == wanted, (contract.label, miss.kind, miss.place)
    assert tried > 2


def test_every_kind_of_near_miss_is_made():
    contract = contract_of("hunan-1.3")
    kinds = {miss.kind for infno in ("2204", "2207") for miss in negative_examples(contract, infno, "in")}
    kinds |= {miss.kind for miss in negative_examples(contract, ENVELOPE, "in")}
    assert kinds == set(KINDS)


def test_lengths_count_characters_and_not_bytes():
    contract, tried = contract_of("national"), 0
    layout = contract.layout("2203A", "in")
    for node in layout.root.children.values():
        for row in node.rows.values():
            text = widest(contract.edition, row)
            if text is None:
                continue
            body = example(contract, "2203A", "in")
            (body[node.name][0] if node.is_list else body[node.name])[row.field] = text
            assert said(contract, "2203A", "in", LOCAL, body, deep=False) == []
            tried += 1
    assert tried > 8


def test_an_example_is_the_same_each_time():
    contract = contract_of("national")
    for infno in ("2207A", "4401", "3101"):
        assert example(contract, infno, "in", REMOTE) == example(contract, infno, "in", REMOTE)


def test_the_person_of_an_example_is_nobody():
    person = example(contract_of("national"), "1101", "out")["baseinfo"]
    assert person["certno"][:6] == "230999"
    birth = ric.get_birth_date(person["certno"])
    assert ric.calc_check_digit(person["certno"]) == person["certno"][17]
    assert (birth.isoformat(), person["gend"]) == (person["brdy"], "2")
    assert int(person["certno"][16]) % 2 == 0


@pytest.mark.parametrize("infno", ["2102", "2103", "2206A", "2207", "2208", "2304", "2305", "5203"])
def test_the_amounts_of_an_example_balance(infno):
    assert settlement_faults(infno, example(contract_of("observed"), infno, "out")) == ()


def test_the_charges_of_an_example_are_price_times_quantity():
    contract = contract_of("national")
    (charge,) = example(contract, "2204", "in")["feedetail"]
    (line,) = example(contract, "2204", "out")["result"]
    assert charge_faults("2204", charge, "") == ()
    assert classification_faults("2204", line, "") == ()


@pytest.mark.parametrize("variant", [LOCAL, REMOTE])
def test_a_whole_message_has_a_header_that_keeps_the_contract(variant):
    contract = contract_of("national")
    asked = example_message(contract, "2207A", "in", variant)
    answered = example_message(contract, "2207A", "out", variant)
    assert contract.check_envelope(asked, "in") == ()
    assert contract.check_envelope(answered, "out") == ()
    assert (asked["mdtrtarea_admvs"] == asked["insuplc_admdvs"]) == (variant is LOCAL)
    assert contract.check("2207A", "in", asked["input"], remote=variant.remote) == ()


def test_a_schema_is_valid_against_its_own_dialect():
    for number, (contract, infno, direction, variant) in enumerate(cases()):
        schema = contract.schema_of(infno, direction, variant)
        assert jsonschema_rs.meta.is_valid(schema)
        if number % 20 == 0:
            jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("infno", ["2204", "2207A", "4101", "3101", "3302"])
def test_near_misses_are_made_of_any_valid_body(infno, full):
    contract = contract_of("national")
    body = example(contract, infno, "in", full=full)
    if infno == "2204":
        body["feedetail"] *= 3
    for miss in negative_examples(contract, infno, "in", body=body):
        assert said(contract, infno, "in", LOCAL, miss.body, deep=False) == [(miss.rule, miss.path)], miss.kind
