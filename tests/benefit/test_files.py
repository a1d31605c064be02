"""What a city file may not say: each fault with its line, what came and what is allowed."""

from datetime import date

import pytest

from simulator.benefit import PolicyBook
from simulator.core.errors import DataFaults

BOOK = PolicyBook.shipped()
HEAD = 'area: "230900"\nname: 七台河\nversion: "1"\n'
SAID = 'from: "2025-01-01", source: ours, reference: test'
REFERRED = "source: ours, reference: test"
GROUP = f"disease_groups: {{dialysis: {{name: 透析, codes: [M07803, M07804], {REFERRED}}}}}\n"


def faults_of(rows, name="230900.yaml"):
    with pytest.raises(DataFaults) as refused:
        BOOK.with_city(HEAD + rows, name)
    return refused.value.faults


@pytest.mark.parametrize(
    ("rows", "line", "path", "said"),
    [
        pytest.param(
            f'deductable:\n  - {{value: "1.00", {SAID}}}\n',
            4,
            "deductable",
            "did you mean 'deductible'",
            id="a misspelt rule",
        ),
        pytest.param(
            f'ratio:\n  - {{disease: any, catgory: retired, value: "0.80", {SAID}}}\n',
            5,
            "ratio[0].catgory",
            "did you mean 'category'",
            id="a misspelt selector",
        ),
        pytest.param(
            f'ratio:\n  - {{disease: any, value: "1.01", {SAID}}}\n',
            5,
            "ratio[0].value",
            "1.01\"' does not have the form: a ratio from 0 to 1",
            id="a ratio above 1",
        ),
        pytest.param(
            f'ratio:\n  - {{disease: any, value: "85", {SAID}}}\n',
            5,
            "ratio[0].value",
            "a ratio from 0 to 1",
            id="percent for a ratio",
        ),
        pytest.param(
            f"deductible:\n  - {{value: 500, {SAID}}}\n",
            5,
            "deductible[0].value",
            "quote",
            id="a number without quotes",
        ),
        pytest.param(
            f'deductible:\n  - {{value: "500.5", {SAID}}}\n',
            5,
            "deductible[0].value",
            "yuan with two decimals",
            id="one decimal",
        ),
        pytest.param(
            f'deductible:\n  - {{value: "1.00", {SAID}}}\n  - {{value: "2.00", {SAID}}}\n',
            6,
            "deductible[1]",
            "from the same day as deductible[0]",
            id="two equal rows",
        ),
        pytest.param(
            'deductible:\n  - {value: "1.00", from: "2025-01-01", to: "2025-06-30", source: ours, reference: test}\n'
            '  - {value: "2.00", from: "2025-06-30", source: ours, reference: test}\n',
            6,
            "deductible[1]",
            "ends only on 2025-06-30",
            id="overlapping days",
        ),
        pytest.param(
            'deductible:\n  - {value: "1.00", from: "2025-06-30", to: "2025-01-01", source: ours, reference: test}\n',
            5,
            "deductible[0].to",
            "2025-01-01 is before the first, 2025-06-30",
            id="ends before it begins",
        ),
        pytest.param(
            'deductible:\n  - {value: "1.00", from: "2025-02-30", source: ours, reference: test}\n',
            5,
            "deductible[0].from",
            "no such day: 2025-02-30",
            id="no such day",
        ),
        pytest.param(
            f'deductible:\n  - {{category: retired, value: "1.00", {SAID}}}\n'
            f'  - {{hospital_level: tertiary, value: "2.00", {SAID}}}\n',
            6,
            "deductible[1]",
            "for 'category=retired, hospital_level=tertiary' either could apply",
            id="two rows equally specific",
        ),
        pytest.param(
            f'deductible:\n  - {{category: retired, insutype: "390", value: "1.00", {SAID}}}\n',
            5,
            "deductible[0]",
            "never come together",
            id="a row that can never apply",
        ),
        pytest.param(
            f'disease_cap:\n  - {{disease: ordinary, value: "1.00", {SAID}}}\n',
            5,
            "disease_cap[0]",
            "state the cap of a kind of care under care_cap",
            id="a disease cap on ordinary care",
        ),
        pytest.param(
            f'ratio:\n  - {{disease: M07800, care: pharmacy, value: "0.80", {SAID}}}\n',
            5,
            "ratio[0]",
            "no claim has this combination",
            id="a disease in care that carries none",
        ),
        pytest.param(
            f'annual_cap:\n  - {{insutype: "310", value: "1.00", {SAID}}}\n'
            f'  - {{insutype: "310", category: employed, value: "2.00", {SAID}}}\n'
            f'  - {{insutype: "310", category: retired, value: "3.00", {SAID}}}\n',
            5,
            "annual_cap[0]",
            "more specific rows decide every case",
            id="a row that others hide",
        ),
        pytest.param(
            f'modifiers:\n  - {{group: referral, scope: local, minus: "0.1", {SAID}}}\n',
            5,
            "modifiers[0]",
            "elsewhere only; scope cannot be local",
            id="a modifier at home",
        ),
        pytest.param(
            f'deductible:\n  - {{care: outpatient, period: stay, value: "1.00", {SAID}}}\n',
            5,
            "deductible[0]",
            "only for care that has stays",
            id="stays of outpatients",
        ),
        pytest.param(
            f'care_cap:\n  - {{care: outpatient, shared_with: [outpatient], value: "1.00", {SAID}}}\n',
            5,
            "care_cap[0]",
            "does not name the same care again",
            id="care shared with itself",
        ),
        pytest.param(
            'ratio:\n  - {disease: any, brackets: [{above: "1.00", ratio: "0.8"}, {above: "2.00", ratio: "0.9"}], '
            + f"{SAID}}}\n",
            5,
            "ratio[0]",
            "the first threshold of the brackets is 0.00",
            id="brackets that begin above nothing",
        ),
        pytest.param(
            f'ratio:\n  - {{disease: any, period: month, value: "0.80", {SAID}}}\n',
            5,
            "ratio[0]",
            "a flat ratio has no period",
            id="a flat ratio by month",
        ),
        pytest.param(
            f'ratio:\n  - {{disease: M08301, value: "0.80", {SAID}}}\n',
            5,
            "ratio[0]",
            "not on the list of diseases, did you mean 'M08300'",
            id="figures for a disease that is not on the list",
        ),
        pytest.param(
            GROUP + f'ratio:\n  - {{disease: dialysis, category: child, value: "0.70", {SAID}}}\n'
            f'  - {{disease: dialyses, value: "0.80", {SAID}}}\n',
            7,
            "ratio[1]",
            "dialyses is not a group of disease_groups, did you mean 'dialysis'",
            id="figures for a group that is not in the file",
        ),
        pytest.param(
            GROUP.replace("M07804", "M07805") + f'ratio:\n  - {{disease: dialysis, value: "0.80", {SAID}}}\n',
            4,
            "disease_groups.dialysis.codes[1]",
            "M07805 is not on the list of diseases, did you mean",
            id="a group with a disease that is not on the list",
        ),
        pytest.param(
            GROUP,
            4,
            "disease_groups.dialysis",
            "no row names the group dialysis",
            id="a group that no row names",
        ),
        pytest.param(
            GROUP.replace("dialysis:", "any:"),
            4,
            "disease_groups",
            "'\"any\"' does not have the form: name of a group",
            id="a group that is named as every disease",
        ),
        pytest.param(
            GROUP.replace("}\n", f", kidneys: {{name: 肾病, codes: [M08300, M07800], {REFERRED}}}}}\n")
            + f'ratio:\n  - {{disease: dialysis, value: "0.80", {SAID}}}\n'
            + f'  - {{disease: kidneys, value: "0.70", {SAID}}}\n',
            7,
            "ratio[1]",
            "as specific as ratio[0]: for 'disease=M07803' either could apply",
            id="two groups that share a disease",
        ),
        pytest.param(
            GROUP + f'ratio:\n  - {{disease: dialysis, value: "0.80", {SAID}}}\n'
            f'  - {{disease: M07803, value: "0.70", {SAID}}}\n  - {{disease: M07804, value: "0.60", {SAID}}}\n',
            6,
            "ratio[0]",
            "more specific rows decide every case",
            id="a group of which every disease has a row of its own",
        ),
        pytest.param(
            f"diseases:\n  - {{code: M07800, name: 透析, covers: [M07801], outbound: true, {SAID}}}\n"
            f"  - {{code: M07801, name: 非透析, outbound: true, {SAID}}}\n",
            5,
            "diseases[0]",
            "cannot be covered by M07800",
            id="a class inside a class",
        ),
        pytest.param(
            f"diseases:\n  - {{code: M07800, name: 透析, covers: [M07803], outbound: true, {SAID}}}\n"
            f"  - {{code: M08300, name: 移植, covers: [M07803], outbound: true, {SAID}}}\n",
            6,
            "diseases[1]",
            "covered by both M07800 and M08300",
            id="a sub-code of two classes",
        ),
        pytest.param(
            f'modifiers:\n  - {{group: referral, minus: "0.1", times: "0.9", {SAID}}}\n',
            5,
            "modifiers[0]",
            "exactly one of minus, times, set",
            id="two modifiers in one",
        ),
        pytest.param(
            f"modifiers:\n  - {{group: refferal, minus: '0.1', {SAID}}}\n",
            5,
            "modifiers[0].group",
            "did you mean 'referral'",
            id="a misspelt group",
        ),
        pytest.param(
            "layers:\n  assistance:\n    insutypes: ['310']\n    who: identities\n    base: remaining\n"
            f"    figures:\n      - {{ratio: '0.9', {SAID}}}\n",
            10,
            "layers.assistance.figures[0]",
            "each row names an identity",
            id="assistance without an identity",
        ),
        pytest.param(
            "layers:\n  enterprise:\n    insutypes: ['310']\n    who: everyone\n    base: remaining\n"
            f"    figures:\n      - {{ratio: '0.9', line: '100.00', {SAID}}}\n",
            10,
            "layers.enterprise.figures[0]",
            "enterprise has no accumulator",
            id="a line where nothing is accumulated",
        ),
        pytest.param(
            "layers:\n  major_illness:\n    insutypes: ['390']\n    who: everyone\n    base: own_share\n"
            "    figures:\n      - brackets: [{above: '2.00', ratio: '0.6'}, {above: '1.00', ratio: '0.7'}]\n"
            "        from: '2025-01-01'\n        source: ours\n        reference: test\n",
            10,
            "layers.major_illness.figures[0]",
            "the thresholds must rise",
            id="brackets that fall",
        ),
        pytest.param(
            "layers:\n  major_illness:\n    insutypes: ['390']\n    who: everyone\n    base: own_share\n"
            f"    figures:\n      - {{cap: '2.00', {SAID}}}\n",
            10,
            "layers.major_illness.figures[0]",
            "either ratio",
            id="a layer figure without a ratio",
        ),
        pytest.param(
            "layers:\n  civil_servants:\n    insutypes: ['310']\n    who: civil_servants\n    base: own_share\n"
            "    figures: []\n",
            8,
            "layers.civil_servants.base",
            "own_share goes with major_illness",
            id="the accumulated own share elsewhere",
        ),
        pytest.param(
            "layers:\n  major_illness:\n    insutypes: ['310']\n    who: everyone\n    base: own_share\n"
            "    figures: []\n"
            "layer_order:\n  value: [major_illness, large_amount, civil_servants, enterprise, other, assistance]\n"
            "  source: ours\n  reference: test\n",
            10,
            "layer_order",
            "exchange them",
            id="the accumulated own share before what it subtracts",
        ),
        pytest.param(
            "unfiled:\n  - {value: refuse, from: '2025-01-01', reference: test}\n",
            5,
            "unfiled[0]",
            "'source' is missing",
            id="no source",
        ),
        pytest.param(
            "unfiled:\n  - {value: no, from: '2025-01-01', source: ours, reference: test}\n",
            5,
            "unfiled[0].value",
            "refuse, modifier",
            id="a word that is not allowed",
        ),
        pytest.param("name: again\n", 4, "", "'name' stands twice, first on line 2", id="a key twice"),
    ],
)
def test_a_faulty_file_is_refused_with_line_and_path(rows, line, path, said):
    faults = faults_of(rows)
    assert [(fault.line, fault.path) for fault in faults] == [(line, path)]
    assert said in faults[0].sentence.en
    assert faults[0].file == "230900.yaml"
    assert faults[0].sentence.zh != faults[0].sentence.en


def test_all_faults_are_told_at_once_in_the_order_of_the_lines():
    faults = faults_of(
        f'ratio:\n  - {{disease: any, value: "2", {SAID}}}\nannual_cap:\n  - {{value: "-1.00", {SAID}}}\nnote: 1\n'
    )
    assert [fault.line for fault in faults] == [5, 7, 8]


def test_a_body_has_paths_where_a_file_has_lines():
    body = {"area": "230900", "name": "七台河", "version": "1", "ratio": [{"disease": "any", "value": 0.8}]}
    with pytest.raises(DataFaults) as refused:
        BOOK.with_city(body, "PUT /_sim/policy/230900")
    assert {fault.path for fault in refused.value.faults} == {"ratio[0]", "ratio[0].value"}
    assert {fault.line for fault in refused.value.faults} == {None}


@pytest.mark.parametrize("body", [[], None, 5])
def test_a_body_that_is_no_mapping_is_refused(body):
    with pytest.raises(DataFaults, match=r"object|mapping|一组键和值"):
        BOOK.with_city(body, "body")


def test_an_empty_file_is_refused():
    with pytest.raises(DataFaults):
        BOOK.with_city("", "230900.yaml")


def test_a_more_specific_row_settles_what_two_others_leave_open():
    rows = (
        f'deductible:\n  - {{category: retired, value: "1.00", {SAID}}}\n'
        f'  - {{hospital_level: tertiary, value: "2.00", {SAID}}}\n'
        f'  - {{category: retired, hospital_level: tertiary, value: "3.00", {SAID}}}\n'
    )
    assert BOOK.with_city(HEAD + rows, "x").city("230900").version == "1"


def test_a_row_that_names_the_disease_goes_before_one_that_names_more_of_the_rest():
    rows = (
        f'ratio:\n  - {{disease: M07800, value: "0.10", {SAID}}}\n'
        f'  - {{disease: any, category: employed, hospital_level: tertiary, value: "0.20", {SAID}}}\n'
    )
    city = BOOK.with_city(HEAD + rows, "x").city("230900")
    case = {"insutype": "310", "category": "employed", "hospital_level": "tertiary"}
    rules = city.rules_on(date(2025, 6, 1))
    assert rules.in_force("ratio", "test", disease="M07800", **case).shown == "0.10"
    assert rules.in_force("ratio", "test", disease="M08300", **case).shown == "0.20"
    # Ordinary care is nowhere in this file: the national default speaks.
    assert rules.in_force("ratio", "test", disease="ordinary", **case).origin == "national"
