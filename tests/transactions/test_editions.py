"""A whole journey in every edition: every answer of the platform keeps the edition's own contract."""

from decimal import Decimal

import pytest

from simulator.contract import contract_of
from tests.support.hospital import LEFT_OUT, SESSION, Visit

SCOPES = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
A_SERIES = {"national": "A", "jiangxi-1.0": "A", "hunan-1.3": ""}
"""2203A, 2206A, 2207A are in JX and in the base; HN prints 2203, 2206, 2207."""


class Watched:
    """Sends through a hospital and holds every answer's envelope to the contract."""

    def __init__(self, stage, edition):
        self.hospital, self.contract = stage.hospital, contract_of(edition)
        self.seen: list[str] = []

    def __call__(self, infno, body, **fields):
        answer = self.hospital.send(infno, body, **fields)
        assert self.contract.check_envelope(answer.body, "out") == (), infno
        self.seen.append(infno)
        return answer


def questions(ask, stage, person, visit):
    data = {"psn_no": person["psn_no"]}
    institution = {"fixmedins_type": "1", "fixmedins_name": "", "fixmedins_code": "H11000000001"}
    ask("9001", {"signIn": {"opter_no": "op1", "mac": "00-00", "ip": "127.0.0.1"}}, insured="")
    ask("1201", {"medinsinfo": institution}, insured="")
    codes = {"type": "psn_type", "parentValue": "0", "admdvs": "110000", "date": "2025-03-10", "valiFlag": "1"}
    ask("1901", {"data": codes}, insured="")
    care = {"insutype": "310", "fixmedins_code": "H11000000001", "med_type": "14", "begntime": "2025-03-10 09:00:00"}
    ask("2001", {"data": data | care | {"dise_codg": "M07803", "dise_name": "血透"}})
    ask("5206", {"data": data | {"cum_ym": ""}})
    ask("5301", {"data": data})
    return data


@pytest.mark.parametrize("edition", A_SERIES)
def test_a_journey_through_the_edition_breaks_no_contract(stages, edition):
    stage = stages(edition=edition)
    suffix = A_SERIES[edition]
    person = stage.patient(
        account_balance="100.00", civil_servant=True, identities=[{"kind": "low_income", "from": "2024-01-01"}]
    )
    ask = Watched(stage, edition)
    visit = Visit(stage.hospital, person)
    assert stage.hospital.identify(person).ok
    data = questions(ask, stage, person, visit)
    visit.id = visit.register().output["data"]["mdtrt_id"]
    assert visit.describe(f"2203{suffix}").ok
    charge = visit.line(1, SESSION, "5", "500.00")
    if edition == "jiangxi-1.0":
        charge |= {"comb_no": ""}
    assert visit.charge(charge).ok
    shown = visit.preview("2500.00", infno=f"2206{suffix}", acct_used_flag="1")
    scopes = {name: float(shown.setlinfo[name]) for name in SCOPES}
    if edition == "hunan-1.3":
        # 2207 in HN has neither of the two.
        scopes |= {"psn_name": LEFT_OUT, "psn_type": LEFT_OUT}
    settled = visit.settle("2500.00", infno=f"2207{suffix}", acct_used_flag="1", **scopes)
    # 5 × 420.00 in scope, 5 × 80.00 above the ceiling: (2100.00 − 500.00) × 0.90 = 1440.00; half of what is left
    # of the scope, (2100.00 − 1440.00) × 0.50 = 330.00, from the civil servants' fund.
    assert (settled.setlinfo["hifp_pay"], settled.setlinfo["cvlserv_pay"]) == (Decimal(1440), Decimal(330))
    setl_id = settled.setlinfo["setl_id"]
    assert ask("5203", {"data": data | {"setl_id": setl_id, "mdtrt_id": visit.id}}, insured="230900").ok
    assert ask("5206", {"data": data | {"cum_ym": ""}}, insured="230900").ok
    assert visit.cancel(setl_id).ok
    again = stage.hospital.envelope("2207", {})["msgid"]
    assert visit.settle("2500.00", infno=f"2207{suffix}", acct_used_flag="1", fields={"msgid": again}, **scopes).ok
    assert ask("2601", {"data": data | {"omsgid": again, "oinfno": f"2207{suffix}"}}, insured="230900").ok
    assert ask("2205", {"data": data | {"mdtrt_id": visit.id, "chrg_bchno": "0000"}}, insured="230900").ok
    assert ask("2202", {"data": data | {"mdtrt_id": visit.id, "ipt_otp_no": "M1"}}, insured="230900").ok
    assert not ask("2202", {"data": data | {"mdtrt_id": visit.id, "ipt_otp_no": "M1"}}, insured="230900").ok
    assert stage.control.findings(rule="platform.") == []


def test_a_retired_person_is_12_in_one_edition_and_21_in_another(stages):
    found = {}
    for edition in ("national", "jiangxi-1.0", "hunan-1.3"):
        stage = stages(edition=edition)
        found[edition] = stage.hospital.identify(stage.patient()).output["insuinfo"][0]["psn_type"]
    assert found["jiangxi-1.0"] == "21"
    assert found["national"] == found["hunan-1.3"] == "12"


def test_amounts_are_numbers_with_two_decimals_and_ratios_with_four(stage):
    visit = stage.hospital.visit(stage.patient())
    visit.charge(visit.session("1000.00"))
    raw = visit.settle("1000.00").raw.decode()
    assert '"medfee_sumamt":1000.00' in raw
    assert '"hifp_pay":450.00' in raw
    assert '"pool_prop_selfpay":0.9000' in raw
