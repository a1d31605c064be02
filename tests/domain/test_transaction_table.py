"""The table of transactions: what it says, that its loader is strict, and that handlers and table name each other."""

import pytest

from simulator.agencies.delivery.response_handlers import RESPONSE_HANDLERS
from simulator.contract.example_coverage import covered
from simulator.core.errors import DataFaults
from simulator.domain.transaction_table import TRANSACTIONS, Family, check_registered, read_transactions, traits_of
from simulator.insured import HANDLERS as INSURED_HANDLERS
from simulator.transactions import HANDLERS


def _numbers(**columns):
    return {
        infno
        for infno, traits in TRANSACTIONS.items()
        if all(getattr(traits, name) == value for name, value in columns.items())
    }


def test_what_is_reversible_are_the_settlements_and_cancellations_that_2601_names():
    # Source HN, 2601: 2102, 2103, 2207, 2208, 2304, 2305; the forms with A follow theirs.
    assert _numbers(reversible=True) == {"2102", "2103", "2207", "2207A", "2208", "2304", "2304A", "2305"}


def test_what_spends_a_msgid_at_an_insured_place_is_what_the_protocol_lists():
    # rules 16, as far as the platform speaks it
    spent = {
        "2207",
        "2207A",
        "2208",
        "2304",
        "2304A",
        "2305",
        "2501",
        "2501A",
        "2502",
        "2503",
        "2504",
        "2601",
        "SIM-FILING",
    }
    assert _numbers(effect=True, forwarded=True) == spent


def test_what_changes_a_visit_or_stay_is_refused_while_the_outcome_of_a_message_of_it_is_unknown():
    of_visit = {"2204", "2205", "2206", "2206A", "2207", "2207A", "2208"}
    of_stay = {"2301", "2302", "2303", "2303A", "2304", "2304A", "2305", "2402", "2403", "2404", "2405"}
    assert _numbers(refused_while_unknown=True) == of_visit | of_stay


def test_what_moves_accumulators_goes_one_at_a_time_for_a_person():
    assert _numbers(serialises_person=True) == {"2207", "2207A", "2208", "2304", "2304A", "2305", "2601"}


def test_only_signing_in_and_out_needs_no_sign_in():
    assert _numbers(needs_sign_in=False) == {"9001", "9002"}


def test_a_form_with_the_letter_a_has_the_traits_of_the_form_without_it():
    def columns(infno):
        traits = traits_of(infno)
        return [getattr(traits, name) for name in traits.__slots__ if name != "infno"]

    pairs = [infno for infno in TRANSACTIONS if f"{infno}A" in TRANSACTIONS]
    assert len(pairs) == 6  # 2203 2206 2207 2303 2304 2501
    assert [columns(infno) for infno in pairs] == [columns(f"{infno}A") for infno in pairs]


def test_what_the_table_calls_served_has_a_handler_and_nothing_else_has():
    assert set(HANDLERS) == {infno for infno, traits in TRANSACTIONS.items() if traits.depth}
    assert set(INSURED_HANDLERS) == _numbers(forwarded=True)
    assert set(RESPONSE_HANDLERS) == {traits.answer for traits in TRANSACTIONS.values() if traits.answer}


def test_a_missing_and_a_superfluous_handler_are_both_named():
    check_registered("handlers", ["2207"], ["2207"])
    with pytest.raises(ValueError, match=r"missing \['2208'\], not in transactions.yaml \['2299'\]"):
        check_registered("handlers", ["2207", "2299"], ["2207", "2208"])


def test_every_family_that_the_code_names_has_a_transaction():
    assert set(Family) <= {traits.family for traits in TRANSACTIONS.values()}


def test_every_number_of_the_table_is_known_to_the_interface_or_is_of_the_agency_protocol():
    printed = {each.infno for each in covered()}
    assert set(TRANSACTIONS) - printed == {"SIM-FILING", "SIM-DAY"}


def test_a_number_outside_the_table_has_no_traits():
    traits = traits_of("2299")
    assert (traits.family, traits.depth, traits.effect, traits.forwarded) == ("", "", False, False)


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ("2207: {family: settlement, reversible: true}", "transactions.2207"),
        ("2207: {family: settlement, effect: true, serialises_person: true}", "transactions.2207"),
        ("2207: {family: settlement, depth: trade, forwarded: true}", "transactions.2207"),
        ("1201: {family: institution_query, depth: table, answer: person}", "transactions.1201"),
        ("2207: {family: settlement, revers: true}", "transactions.2207.revers"),
        ("2207: {effect: true}", "transactions.2207"),
        ("2207: {family: settlement, care: dental}", "transactions.2207.care"),
        ("22 07: {family: settlement}", "transactions.22 07"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused_at_its_line(entry, path):
    with pytest.raises(DataFaults) as caught:
        read_transactions(f"transactions:\n  {entry}\n".encode(), "transactions.yaml")
    assert {(each.path, each.line) for each in caught.value.faults} == {(path, 2)}


def test_a_transaction_described_twice_is_refused():
    raw = b"transactions:\n  2207: {family: settlement}\n  2207: {family: cancellation}\n"
    with pytest.raises(DataFaults, match="2207"):
        read_transactions(raw, "transactions.yaml")
