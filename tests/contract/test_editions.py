"""What the shipped editions are to one another."""

import pytest

from simulator.contract import contract_of, load_edition, shipped_names
from simulator.contract.edition_rows import AREAS
from simulator.core.errors import SetupError


def edition_of(name, *overlays):
    """Loaded once for all tests."""
    return contract_of(name, overlays).edition


NATIONAL, HUNAN, JIANGXI = edition_of("national"), edition_of("hunan-1.3"), edition_of("jiangxi-1.0")
ALL = ("national", "hunan-1.3", "jiangxi-1.0", "observed")


def rows(edition):
    return {row.key: row for row in edition.fields}


def test_five_folders_are_shipped():
    assert shipped_names() == ["agency", "hunan-1.3", "jiangxi-1.0", "national", "observed"]


def test_national_has_every_row_that_either_text_prints():
    assert rows(HUNAN).keys() | rows(JIANGXI).keys() == rows(NATIONAL).keys()


def test_national_requires_only_what_both_texts_require():
    hunan, jiangxi = rows(HUNAN), rows(JIANGXI)
    for key, row in rows(NATIONAL).items():
        texts = [text for text in (HUNAN, JIANGXI) if key[0] == "ENVELOPE" or _prints(text, key[0])]
        said = [
            rows_of[key].required if key in rows_of else "N"
            for rows_of in (by for text, by in ((HUNAN, hunan), (JIANGXI, jiangxi)) if text in texts)
        ]
        expected = "Y" if set(said) == {"Y"} else ("C" if set(said) <= {"Y", "C"} else "N")
        assert row.required == expected, (row.place, said)


def _prints(edition, infno):
    known = edition.transactions.get(infno)
    return known is not None and known.state == "tables"


def test_national_says_hunans_name_for_every_code_that_hunan_has():
    for table, codes in HUNAN.codes.items():
        for code, name in codes.items():
            assert NATIONAL.codes[table][code] == name


def test_what_national_leaves_out_says_the_same_as_a_code_of_hunan_and_stands_in_jiangxi():
    assert len(NATIONAL.left_out) == 64
    for entry in NATIONAL.left_out:
        assert entry.code not in NATIONAL.codes[entry.table]
        assert HUNAN.codes[entry.table][entry.same_as] == entry.same_name
        assert JIANGXI.codes[entry.table][entry.code] == entry.name


def test_retired_is_12_in_hunan_and_21_in_jiangxi_and_means_the_same():
    assert (NATIONAL.code("psn_type", "retired"), JIANGXI.code("psn_type", "retired")) == ("12", "21")
    assert (HUNAN.meaning("psn_type", "12"), JIANGXI.meaning("psn_type", "21")) == ("retired", "retired")
    assert JIANGXI.meaning("psn_type", "12") is None


@pytest.mark.parametrize("name", ALL)
def test_every_meaning_has_a_code_of_its_own_edition(name):
    edition = edition_of(name)
    for table, words in edition.meanings.items():
        for word, code in words.items():
            assert not edition.tables[table].printed or code in edition.codes[table], (table, word, code)


@pytest.mark.parametrize("name", ALL)
def test_every_edition_knows_the_words_that_the_trade_needs(name):
    edition = edition_of(name)
    for table, words in {
        "psn_type": "employed retired resident child resident_senior",
        "psn_idet_type": "subsistence_allowance destitute low_income poverty_by_illness disabled",
        "fund_pay_type": "pool_employees pool_residents account large_amount major_illness civil_servants assistance",
        "chrgitm_lv": "class_a class_b class_c",
        "hosp_lv": "tertiary_special tertiary_a secondary_a primary_c ungraded",
        "med_type": "outpatient emergency special_disease",
        "psn_insu_stas": "normal suspended ended",
    }.items():
        for word in words.split():
            assert edition.code(table, word)


def test_a_word_that_an_edition_has_no_code_for_is_told_with_what_it_knows():
    with pytest.raises(SetupError, match="pool_employees"):
        JIANGXI.code("fund_pay_type", "maternity")


@pytest.mark.parametrize("name", ALL)
def test_no_table_is_checked_that_is_printed_nowhere(name):
    edition = edition_of(name)
    for row in edition.fields:
        known = edition.tables.get(row.code_table)
        assert (edition.checked_codes(row) is not None) == (known is not None and known.printed)
    assert not edition.tables[AREAS].printed


def test_what_jiangxi_lists_without_tables_is_unknown_and_not_absent():
    assert JIANGXI.transactions["2101"].state == "listed"
    assert JIANGXI.rows_of("2101", "in") == ()
    assert "2207A" not in HUNAN.transactions


def test_the_same_edition_has_the_same_digest_and_another_edition_another():
    digests = {edition_of(name).digest for name in ALL}
    assert len(digests) == 4
    assert load_edition("national").digest == NATIONAL.digest


AMOUNTS = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")


@pytest.mark.parametrize("name", ALL)
def test_the_agency_overlay_gives_the_settlement_family_amounts_visit_diagnoses_institution_and_charges(name):
    base, edition = edition_of(name), edition_of(name, "agency")
    for infno in ("2206", "2206A", "2207", "2207A"):
        if infno not in base.transactions:
            assert infno not in edition.transactions
            continue
        by_node = {}
        for row in edition.rows_of(infno, "in"):
            by_node.setdefault(row.node, {})[row.field] = row
        assert all(by_node["data"][amount].required == "Y" for amount in AMOUNTS)
        assert {"hosp_lv", "admdvs", "fixmedins_code", "uscc"} <= by_node["medinsinfo"].keys()
        charge = {row.field for row in edition.rows_of("2204", "in")} | {
            row.field for row in edition.rows_of("2204", "out")
        }
        assert by_node["feedetail"].keys() == charge
        visit = "2203A" if "2203A" in edition.transactions else "2203"
        assert by_node["diseinfo"].keys() == {r.field for r in edition.rows_of(visit, "in") if r.node == "diseinfo"}


def test_the_agency_overlay_adds_filing_and_day_of_our_own():
    edition = edition_of("national", "agency")
    assert [row.field for row in edition.rows_of("SIM-FILING", "in")] == [
        "psn_no",
        "group",
        "place",
        "from",
        "to",
        "channel",
        "state",
    ]
    assert {row.node for row in edition.rows_of("SIM-DAY", "in")} == {"data", "rows"}
    assert set(edition.codes["difference_type"]) == {
        "missing_here",
        "missing_there",
        "amount",
        "reversed_here",
        "duplicated",
    }


def test_an_overlay_changes_nothing_else():
    base, merged = rows(NATIONAL), rows(edition_of("national", "agency"))
    changed = {key[0] for key in merged if merged[key] != base.get(key)}
    outpatient, stays = {"2206", "2206A", "2207", "2207A"}, {"2303", "2303A", "2304", "2304A"}
    assert changed == {*outpatient, *stays, "SIM-FILING", "SIM-DAY"}
