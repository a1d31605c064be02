"""Who owes whom: the hospital is paid by its own place's agency, which the insured place's agency owes."""

from collections import defaultdict
from contextlib import closing

from simulator.core.settings import Settings
from simulator.server.app import create_app
from simulator.store import tables
from tests.support.hospital import LEFT_OUT
from tests.support.stage import open_stage


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


def test_a_site_that_makes_a_province_one_place_has_local_care_in_contract_award_and_ledger(tmp_path):
    (tmp_path / "places.csv").write_text("prefix,digits,source,note\n23,2,control call,\n", encoding="utf-8")
    app = create_app(Settings(store=str(tmp_path / "store"), data=str(tmp_path), outbox_every_s=0, check_output=1))
    with closing(app.extensions["platform"]), closing(open_stage(app, "one-province")) as stage:
        person = stage.patient(insured_at="230900", filings=[])
        visit = stage.another_hospital(("H23010000001", "哈尔滨模拟第一医院", "230100")).visit(person)
        line = visit.line(1, "003110000060000-311000025", "5", "400.00")
        assert visit.charge(line).ok
        data = visit.settlement_input("2000.00", psn_name=LEFT_OUT, certno=LEFT_OUT, psn_type=LEFT_OUT)
        setl_id = visit.send("2207A", {"data": data}).setlinfo["setl_id"]
        accounts = {each["account"] for each in stage.control("GET", f"settlements/{setl_id}")["entries"]}
        assert "receivable" not in accounts
        assert visit.cancel(setl_id).ok
        assert stage.control.audit()["differences"] == []
