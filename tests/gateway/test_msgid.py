"""A msgid is spent when its message took effect: repeated, changed, refused, reversed (rules 16-18)."""

import json
import re
import threading
from decimal import Decimal

import pytest

from simulator.store import tables
from tests.support.hospital import SERVICE, Visit

MONEY = (tables.settlement, tables.ledger, tables.accumulator, tables.subject, tables.charge, tables.visit)


def msgid(stage, number):
    return f"{stage.hospital.institution[0]}20250310090000{number:04d}"


def cumulated(stage, person, kind="HIFP"):
    """What 5206 says has accrued overall, in yuan."""
    answer = stage.hospital.send("5206", {"data": {"psn_no": person["psn_no"], "cum_ym": ""}})
    rows = {row["cum_type_code"]: row["cum"] for row in answer.output["cuminfo"]}
    return rows.get(kind, Decimal(0))


@pytest.fixture
def patient(stage):
    return stage.patient()


@pytest.fixture
def visit(stage, patient):
    made = stage.hospital.visit(patient)
    assert made.charge(made.session("1000.00")).ok
    return made


def settle(stage, visit, number=1001, **changes):
    return visit.settle("1000.00", fields={"msgid": msgid(stage, number)}, **changes)


def test_the_same_message_again_gets_the_recorded_answer_byte_for_byte_and_books_nothing(stage, visit):
    first = settle(stage, visit)
    booked = stage.rows(*MONEY)
    stage.now("2025-03-10 10:30:00")
    assert settle(stage, visit).raw == first.raw
    assert stage.rows(*MONEY) == booked


def test_order_of_keys_written_numbers_and_other_header_fields_do_not_make_another_message(stage, visit):
    first = settle(stage, visit)
    data = visit.settlement_input("1000.00")
    envelope = stage.hospital.envelope("2207A", {"data": dict(reversed(data.items()))}, insured="230900")
    envelope |= {"msgid": msgid(stage, 1001), "opter": "another", "inf_time": "2025-03-10 11:00:00", "dev_no": "2"}
    raw = json.dumps(dict(reversed(envelope.items())), ensure_ascii=False)
    for written in ("1000.0", "1000.00", "1000", "1e3"):
        assert stage.hospital.post(raw.replace("1000.0", written).encode()).raw == first.raw


@pytest.mark.parametrize("changes", [{"acct_used_flag": "1"}, {"psn_setlway": "02"}])
def test_another_body_under_a_spent_msgid_is_refused(stage, visit, changes):
    settle(stage, visit)
    booked = stage.rows(*MONEY)
    answer = settle(stage, visit, **changes)
    assert msgid(stage, 1001) in answer.err_msg
    assert "2207A" in answer.err_msg
    assert stage.rows(*MONEY) == booked


def test_another_transaction_or_another_institution_under_a_spent_msgid_is_refused(stage, visit):
    first = settle(stage, visit)
    assert not visit.cancel(first.setlinfo["setl_id"], msgid=msgid(stage, 1001)).ok
    other = stage.another_hospital(("H11000000002", "北京模拟区医院", "110000"))
    envelope = other.envelope("2207A", {"data": visit.settlement_input("1000.00")}, insured="230900")
    assert not other.post(envelope | {"msgid": msgid(stage, 1001)}).ok
    assert not stage.hospital.identify(visit.person, fields={"msgid": msgid(stage, 1001)}).ok


def test_a_refused_message_spends_nothing_and_is_judged_anew(stage, patient):
    visit = stage.hospital.visit(patient)
    refused = settle(stage, visit)
    assert "B1" in refused.err_msg
    assert visit.charge(visit.session("1000.00")).ok
    assert settle(stage, visit).ok


def test_a_question_or_a_preview_spends_nothing(stage, visit):
    for _ in range(2):
        assert stage.hospital.identify(visit.person, fields={"msgid": msgid(stage, 1001)}).ok
        assert visit.preview("1000.00", fields={"msgid": msgid(stage, 1001)}).ok
    assert settle(stage, visit).ok


def test_a_visit_registered_twice_by_one_message_is_one_visit(stage, patient):
    first = stage.hospital.visit(patient)
    again = stage.hospital.visit(patient)
    assert first.id != again.id
    one, two = (first.register_again if False else first.register(ipt_otp_no="M9") for _ in range(2))
    assert one.output["data"]["mdtrt_id"] != two.output["data"]["mdtrt_id"]
    data = stage.hospital.envelope("2201", {"data": {}}) | {"msgid": msgid(stage, 1001)}
    envelope = first.send("2201", {"data": {}})
    assert not envelope.ok
    repeated = {
        first.send("2201", {"data": registration(first)}, msgid=data["msgid"]).output["data"]["mdtrt_id"]
        for _ in range(3)
    }
    assert len(repeated) == 1


def registration(visit):
    return {
        "psn_no": visit.person["psn_no"],
        "insutype": "310",
        "begntime": visit.begins,
        "ipt_otp_no": "M1",
        "atddr_no": "D110000000001",
        "dr_name": "测试医师",
        "dept_code": "A03",
        "dept_name": "肾内科",
        "caty": "A03.09",
        **visit.identity,
    }


# 2601


def test_a_reversed_settlement_is_undone_and_its_message_is_refused_and_never_the_old_success(stage, visit):
    settle(stage, visit)
    assert cumulated(stage, visit.person) == Decimal("450.00")  # (1000.00 − 500.00) × 0.90
    assert visit.reverse(msgid(stage, 1001), "2207A").output == {}
    assert cumulated(stage, visit.person) == 0
    again = settle(stage, visit)
    assert "已冲正" in again.err_msg
    assert not settle(stage, visit, acct_used_flag="1").ok
    assert settle(stage, visit, number=1002).ok


def test_a_settlement_is_reversed_once_however_often_2601_comes(stage, visit):
    settle(stage, visit)
    first = visit.reverse(msgid(stage, 1001), "2207A", msgid=msgid(stage, 2001))
    undone = stage.rows(*MONEY)
    assert visit.reverse(msgid(stage, 1001), "2207A", msgid=msgid(stage, 2001)).raw == first.raw
    assert visit.reverse(msgid(stage, 1001), "2207A", msgid=msgid(stage, 2002)).ok
    assert stage.rows(*MONEY) == undone


def test_2601_before_its_original_is_answered_0_and_the_late_original_is_refused_whoevers_it_is(stage, visit):
    assert visit.reverse(msgid(stage, 1001), "2207A").ok
    assert visit.reverse(msgid(stage, 1001), "2207A").ok
    assert "已冲正" in settle(stage, visit).err_msg
    other = stage.hospital.visit(stage.patient())
    assert other.charge(other.session("1000.00")).ok
    assert "已冲正" in settle(stage, other).err_msg
    assert stage.rows(tables.settlement) == {"settlement": []}


def test_2601_of_a_message_never_seen_stays_0_whatever_number_it_is_said_to_have(stage, visit):
    assert visit.reverse(msgid(stage, 1001), "2207").ok
    assert visit.reverse(msgid(stage, 1001), "2207A").ok


def test_2601_of_a_refused_message_is_answered_0_and_refuses_it_from_then_on(stage, patient):
    visit = stage.hospital.visit(patient)
    assert not settle(stage, visit).ok
    assert visit.reverse(msgid(stage, 1001), "2207A").ok
    assert visit.charge(visit.session("1000.00")).ok
    assert "已冲正" in settle(stage, visit).err_msg


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"oinfno": "2208"}, "2207A"), ({"oinfno": "2207"}, "2207A"), ({"psn_no": "23090000000000000000"}, "参保人")],
)
def test_2601_for_a_wrong_person_or_number_of_a_known_original_is_final(stage, visit, changes, words):
    settle(stage, visit)
    data = {"psn_no": visit.person["psn_no"], "omsgid": msgid(stage, 1001), "oinfno": "2207A"} | changes
    answer = visit.send("2601", {"data": data})
    assert words in answer.err_msg
    assert cumulated(stage, visit.person) == Decimal("450.00")
    assert visit.reverse(msgid(stage, 1001), "2207A").ok


def test_2601_of_a_question_or_a_preview_is_answered_0(stage, visit):
    stage.hospital.identify(visit.person, fields={"msgid": msgid(stage, 1001)})
    visit.preview("1000.00", fields={"msgid": msgid(stage, 1002)})
    assert visit.reverse(msgid(stage, 1001), "1101").ok
    assert visit.reverse(msgid(stage, 1002), "2206A").ok


def test_2601_cannot_be_reversed_seen_or_not(stage, visit):
    settle(stage, visit)
    assert visit.reverse(msgid(stage, 1001), "2207A", msgid=msgid(stage, 2001)).ok
    assert not visit.reverse(msgid(stage, 2001), "2601").ok
    assert not visit.reverse(msgid(stage, 2002), "2601").ok
    own = msgid(stage, 2003)
    assert not visit.reverse(own, "2601", msgid=own).ok


def unseen(stage):
    """Severity, path, received value and sentence of each reversal that undid nothing."""
    found = stage.control.findings(rule="reversal.unseen")
    return [(each["severity"], each["path"], each["got"], each["message"]["zh"]) for each in found]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("infno", ["2207", "2207A"])
def test_a_reversal_of_a_msgid_never_received_names_the_settlement_that_stands(stages, strict, infno):
    stage = stages(strict=strict)
    visit = stage.hospital.visit(stage.patient())
    visit.charge(visit.session("1000.00"))
    setl_id = settle(stage, visit).setlinfo["setl_id"]
    before = stage.rows(*MONEY)
    for _ in range(2):
        assert visit.reverse(msgid(stage, 9001), infno).output == {}
        ((severity, path, got, told),) = unseen(stage)[-1:]
        assert (severity, path, got) == ("warning", "/input/data/omsgid", msgid(stage, 9001))
        assert {msgid(stage, 9001), setl_id, msgid(stage, 1001), visit.person["psn_no"]} <= set(
            re.findall(r"[H\d]\d{17,}", told)
        )
    assert stage.rows(*MONEY) == before


def test_what_is_reversed_of_another_day_or_institution_or_no_more_live_is_not_named(stage, visit):
    settle(stage, visit)
    elsewhere = stage.another_hospital(("H11000000002", "北京模拟中医医院", "110000"))
    Visit(elsewhere, visit.person).reverse(msgid(stage, 9001), "2207A", msgid=msgid(stage, 9101))
    assert visit.reverse(msgid(stage, 1001), "2207A").ok
    visit.reverse(msgid(stage, 9002), "2207A")
    settle(stage, visit, number=1002)
    stage.now("2025-03-11 09:00:00")
    visit.reverse("H11000000001202503110900009003", "2207A")
    assert [msgid(stage, 1001) in told or "1002" in told for *_, told in unseen(stage)] == [False, False, False]


@pytest.mark.parametrize(("infno", "told"), [("2208", 1), ("2503", 1), ("2206A", 0), ("1101", 0)])
def test_only_a_message_that_would_take_effect_is_told_to_be_unseen(stage, visit, infno, told):
    assert visit.reverse(msgid(stage, 9001), infno).ok
    assert len(unseen(stage)) == told


def test_a_reversal_that_hits_is_not_told_to_be_unseen(stage, visit):
    settle(stage, visit)
    for _ in range(2):
        assert visit.reverse(msgid(stage, 1001), "2207A").ok
    assert unseen(stage) == []


def test_in_lenient_a_reversal_that_names_itself_is_answered_0_and_told(stages):
    stage = stages(strict=False)
    visit = stage.hospital.visit(stage.patient())
    visit.charge(visit.session("1000.00"))
    settle(stage, visit)
    own = msgid(stage, 9001)
    assert visit.reverse(own, "2207A", msgid=own).ok
    assert [each["rule"] for each in stage.control.findings(severity="warning")] == [
        "reversal_of_itself",
        "reversal.unseen",
    ]
    # The late original is refused even so.
    assert not settle(stage, visit, number=9001).ok
    assert not visit.reverse(msgid(stage, 9002), "2601", msgid=msgid(stage, 9002)).ok
    assert cumulated(stage, visit.person) == Decimal("450.00")


def test_a_reversal_that_names_itself_is_refused_and_tells_what_omsgid_is(stage, visit):
    answer = visit.reverse("H11000000001202503100900009999", "2207A", msgid="H11000000001202503100900009999")
    assert not answer.ok
    assert "要冲正的那笔原报文" in answer.err_msg


def test_a_registration_and_a_visit_cannot_be_reversed(stage, visit):
    data = {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id, "chrg_bchno": "0000"}
    assert visit.send("2205", {"data": data}, msgid=msgid(stage, 1001)).ok
    assert "2205" in visit.reverse(msgid(stage, 1001), "2205").err_msg


def test_2601_of_a_settlement_already_cancelled_moves_nothing(stage, visit):
    setl_id = settle(stage, visit).setlinfo["setl_id"]
    assert visit.cancel(setl_id).ok
    before = stage.rows(tables.ledger, tables.accumulator)
    assert visit.reverse(msgid(stage, 1001), "2207A").ok
    assert stage.rows(tables.ledger, tables.accumulator) == before


# 2601 of a 2208


def test_reversing_a_cancellation_books_the_old_award_again(stage, visit):
    settled = settle(stage, visit)
    booked = cumulated(stage, visit.person)
    visit.cancel(settled.setlinfo["setl_id"], msgid=msgid(stage, 2001))
    assert cumulated(stage, visit.person) == 0
    assert visit.reverse(msgid(stage, 2001), "2208").ok
    assert cumulated(stage, visit.person) == booked
    assert not settle(stage, visit, number=1002).ok
    assert visit.cancel(settled.setlinfo["setl_id"]).ok


def test_reversing_a_cancellation_of_a_settlement_that_was_itself_reversed_is_0_and_nothing(stage, visit):
    settled = settle(stage, visit)
    visit.cancel(settled.setlinfo["setl_id"], msgid=msgid(stage, 2001))
    assert visit.reverse(msgid(stage, 1001), "2207A").ok
    assert visit.reverse(msgid(stage, 2001), "2208").ok
    assert cumulated(stage, visit.person) == 0
    assert settle(stage, visit, number=1002).ok


def test_a_cancellation_cannot_be_reversed_once_its_batch_was_settled_anew(stage, visit):
    settled = settle(stage, visit)
    visit.cancel(settled.setlinfo["setl_id"], msgid=msgid(stage, 2001))
    assert settle(stage, visit, number=1002).ok
    booked = stage.rows(*MONEY)
    answer = visit.reverse(msgid(stage, 2001), "2208")
    assert answer.body["infcode"] == "-1"
    assert stage.rows(*MONEY) == booked
    assert "reversal_settled_anew" in [each["rule"] for each in stage.control.findings()]


def test_a_cancellation_cannot_be_reversed_once_its_charges_were_withdrawn(stage, visit):
    settled = settle(stage, visit)
    visit.cancel(settled.setlinfo["setl_id"], msgid=msgid(stage, 2001))
    withdrawn = {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id, "chrg_bchno": "B1"}
    assert visit.send("2205", {"data": withdrawn}).ok
    assert "B1" in visit.reverse(msgid(stage, 2001), "2208").err_msg
    assert visit.charge(visit.session("800.00", serial=2)).ok
    assert "B1" in visit.reverse(msgid(stage, 2001), "2208").err_msg
    assert visit.settle("800.00").ok


def test_a_cap_overshot_by_reversing_a_cancellation_is_a_finding_and_no_refusal(stage):
    patient = stage.patient(
        accumulators=[
            {"year": 2025, "insutype": "310", "kind": "DEDC", "amount": "500.00"},
            {"year": 2025, "insutype": "310", "kind": "HIFP", "disease": "M07800", "amount": "59000.00"},
            {"year": 2025, "insutype": "310", "kind": "HIFP", "amount": "59000.00"},
        ]
    )
    visit = stage.hospital.visit(patient)
    # 60,000.00 − 59,000.00 = 1,000.00 left under the disease cap; each 2,000.00 × 0.90 = 1,800.00 is cut to it.
    first = visit.settled("2000.00", fields={"msgid": msgid(stage, 1001)})
    assert first["hifp_pay"] == Decimal("1000.00")
    assert visit.cancel(first["setl_id"], msgid=msgid(stage, 2001)).ok
    second = visit.settled("2000.00", batch="B2", serial=2)
    assert second["hifp_pay"] == Decimal("1000.00")
    assert visit.reverse(msgid(stage, 2001), "2208").ok
    assert cumulated(stage, patient) == Decimal("61000.00")
    (found,) = stage.control.findings(rule="reversal.cap_overshot")
    assert found["severity"] != "error"
    assert "60000.00" in found["wanted"]
    assert "61000.00" in found["got"]


# Several at once


def test_one_message_sent_by_eight_threads_at_once_has_one_effect_and_one_answer(stage, visit):
    envelope = stage.hospital.envelope("2207A", {"data": visit.settlement_input("1000.00")}, insured="230900")
    answers, start = [], threading.Barrier(8)

    def send():
        start.wait()
        client = stage.app.test_client()
        answers.append(client.post(f"/s/{stage.name}{SERVICE}", json=envelope).data)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert json.loads(answers[0])["infcode"] == "0"
    assert len(stage.rows(tables.settlement)["settlement"]) == 1
