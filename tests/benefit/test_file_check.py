"""A city file judged by itself: every fault of every section with its line, then the examples."""

import re
from pathlib import Path

import pytest

from simulator.benefit import PolicyBook
from simulator.benefit.file_check import check_city_file, new_city_file

BOOK = PolicyBook.shipped()
HEAD = 'area: "510100"\nname: 成都市\nversion: "1"\n'
ROW = 'from: "2025-01-01", source: illustrative, reference: 示例'
EXAMPLE = """examples:
  # 默认规定，退休三级：(1000.00 − 600.00) × 0.85 = 340.00
  - name: 退休透析
    day: "2025-03-10"
    claim: {insutype: "310", category: retired, disease: M07800, charges: [{in_scope: "1000.00"}]}
"""


def judged(*lines):
    """Line and path of every fault of a file with these lines after its head, which has three."""
    return [(fault.line, fault.path) for fault in check_city_file(HEAD + "\n".join(lines), "c.yaml", BOOK).faults]


def test_faults_of_several_sections_are_told_together_in_the_order_of_the_file():
    found = judged(
        "deductible:",
        f'  - {{insutype: "320", value: "500.00", {ROW}}}',
        "ratio:",
        f'  - {{disease: any, category: retired, value: "0.90", {ROW.replace("2025-01-01", "2025-02-30")}}}',
        "disease_cap:",
        f'  - {{disease: M99900, value: "100.00", {ROW}}}',
    )
    assert found == [(5, "deductible[0].insutype"), (7, "ratio[0].from"), (9, "disease_cap[0]")]


def test_fault_says_what_came_and_what_is_allowed():
    (fault,) = check_city_file(HEAD + f'deductible: [{{value: "500", {ROW}}}]\n', "c.yaml", BOOK).faults
    assert '"500"' in fault.sentence.en or "'500'" in fault.sentence.en
    assert "80000.00" in fault.sentence.en


def test_rows_are_not_judged_by_the_default_list_where_the_own_one_is_faulty():
    """M99900 may stand on the list that could not be read."""
    found = judged(
        f"diseases: [{{code: M9990, name: 试, outbound: true, {ROW}}}]",
        f'disease_cap: [{{disease: M99900, value: "100.00", {ROW}}}]',
    )
    assert found == [(4, "diseases[0].code")]


def test_faulty_row_hides_no_fault_of_the_other_rows_of_its_section():
    figures = f"figures: [{{ratio: '0.90', {ROW}}}]"
    found = judged(
        "ratio:",
        f'  - {{disease: any, category: retierd, value: "0.90", {ROW}}}',
        f'  - {{disease: any, category: retired, value: "0.90", {ROW.replace("2025-01-01", "2025-02-30")}}}',
        f'  - {{disease: M99900, value: "0.80", {ROW}}}',
        "deductable: []",
        "deductable: []",
        "layers:",
        f"  large_amount: {{insutypes: ['310'], who: al, base: above_cap_pay, {figures}}}",
        f"  civil_servants: {{insutypes: ['310'], who: everyone, base: own_share, {figures}}}",
    )
    assert found == [
        (5, "ratio[0].category"),
        (6, "ratio[1].from"),
        (7, "ratio[2]"),
        (8, "deductable"),
        (9, ""),
        (11, "layers.large_amount.who"),
        (12, "layers.civil_servants.base"),
    ]


def test_missing_key_is_not_told_beside_the_misspelling_that_stands_for_it():
    assert judged(f'deductible: [{{valeu: "500.00", {ROW}}}]') == [(4, "deductible[0].valeu")]


def test_text_that_is_no_yaml_or_no_mapping_is_a_fault_with_its_line():
    assert [fault.line for fault in check_city_file("area: ]", "c.yaml", BOOK).faults] == [1]
    assert check_city_file("- 1", "c.yaml", BOOK).faults


@pytest.mark.parametrize(("pool", "failed"), [("340.00", 0), ("341.00", 1)])
def test_examples_are_worked_out_once_there_is_no_fault(pool, failed):
    checked = check_city_file(f'{HEAD}{EXAMPLE}    award: {{pool: "{pool}"}}\n', "c.yaml", BOOK)
    assert (checked.examples, checked.examples_failed) == (1, failed)
    assert [(fault.line, fault.path) for fault in checked.faults] == [(9, "examples[0].award.pool")] * failed


def test_examples_of_a_faulty_file_are_not_worked_out():
    checked = check_city_file(f'{HEAD}{EXAMPLE}    award: {{pool: "1.00"}}\ndeductable: []\n', "c.yaml", BOOK)
    assert (len(checked.faults), checked.examples, checked.city) == (1, 0, None)


def test_shipped_files_are_clean():
    for area, file in BOOK.files.items():
        assert check_city_file(Path(file.document.name).read_bytes(), area, BOOK).faults == ()


@pytest.mark.parametrize("area", ["510100", "310000"])
def test_begun_file_is_clean_and_has_the_national_list(area):
    checked = check_city_file(new_city_file(area, "某市", BOOK), "c.yaml", BOOK)
    assert (checked.faults, checked.city.area, checked.examples) == ((), area, 0)
    national = BOOK.files["national"].tables["diseases"]
    assert [row.value.code for row in checked.city.tables["diseases"]] == [row.value.code for row in national]


def test_every_line_that_a_begun_file_offers_holds_when_its_mark_is_taken_away():
    """A row stands behind `#` alone, a sentence behind `# `."""
    begun = new_city_file("510100", "某市", BOOK)
    uncommented = re.sub(r"^#(?=\S|  )", "", begun, flags=re.MULTILINE)
    assert uncommented.count("\n#") < begun.count("\n#")
    checked = check_city_file(uncommented, "c.yaml", BOOK)
    assert (checked.faults, checked.examples) == ((), 1)
    offered = {"deductible", "ratio", "disease_cap", "annual_cap", "modifiers", "unfiled", "account_elsewhere"}
    assert offered <= set(checked.city.tables)
