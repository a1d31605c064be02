"""Who owes whom: the hospital is paid by its own place's agency, which the insured place's agency owes."""

from collections import defaultdict

from simulator.store import tables


def books(stage) -> dict[tuple[str, str], int]:
    """What every holder has on every account, recomputed from the rows, fen."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in stage.rows(tables.ledger)["ledger"]:
        assert (row.treated_area, row.insured_area) == ("110000", "230900")
        found[row.account, row.holder] += row.amount
    return {key: amount for key, amount in found.items() if amount}


def test_a_settlement_elsewhere_makes_a_claim_of_one_agency_on_the_other(stage):
    patient = stage.patient()
    settled = stage.hospital.visit(patient).settled("1000.00")
    owed = int((settled["fund_pay_sumamt"] + settled["acct_pay"]) * 100)
    cash = int(settled["psn_cash_pay"] * 100)
    found = books(stage)
    code = stage.hospital.institution[0]
    # The hospital is owed all of it: by the person in cash, by its agency what funds and account pay.
    assert found["institution", code] == -(owed + cash) == -100_000
    assert found["receivable", "110000"] == owed
    assert found["payable", "230900"] == -owed
    assert sum(found.values()) == 0


def test_a_cancellation_and_a_reversal_leave_no_claim(stage):
    patient = stage.patient()
    first, second = stage.hospital.visit(patient), stage.hospital.visit(patient)
    number = first.settled("1000.00")["setl_id"]
    assert first.cancel(number).ok
    msgid = second.settled("500.00")["medins_setl_id"]
    assert second.reverse(msgid, "2207A").ok
    assert books(stage) == {}


def test_a_settlement_is_direct_and_stands_in_no_clearing_yet(stage):
    stage.hospital.visit(stage.patient()).settled("1000.00")
    (row,) = stage.rows(tables.settlement)["settlement"]
    assert (row.settled_how, row.clearing) == ("direct", None)


def test_an_entry_between_agencies_that_was_changed_is_found_by_the_audit(stage):
    stage.hospital.visit(stage.patient()).settled("1000.00")
    with stage.sandbox.begin() as (work, _, _clock):
        for row in work.find(tables.ledger, account="receivable"):
            work.change(tables.ledger, {"id": row.id}, amount=row.amount + 1)
    told = stage.control.audit()
    assert not told["balanced"]
    assert {each["rule"] for each in told["differences"]} >= {"entry receivable", "entries sum to zero"}
    with stage.sandbox.begin() as (work, _, _clock):
        for row in work.find(tables.ledger, account="receivable"):
            work.change(tables.ledger, {"id": row.id}, amount=row.amount - 1)
