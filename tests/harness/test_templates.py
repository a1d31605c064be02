from decimal import Decimal

import pytest

from simulator.contract import contract_of
from simulator.core.errors import DataFaults
from simulator.domain.transaction_table import traits_of
from simulator.harness.environment.envelope_codec import envelope, msgid
from simulator.harness.execution.journey import TemplateFacts, VisitRecord, voucher
from simulator.harness.templates import fill, number_of, override, remove, template, templates
from simulator.transactions import HANDLERS

PERSON = {
    "psn_no": "23090094037627056734",
    "psn_name": "周丽",
    "psn_cert_type": "01",
    "certno": "230996195109086782",
    "psn_type": "12",
    "insutype": "310",
    "insured_at": "230900",
    "card_no": "J93991673",
    "card_sn": "230900D156000005DE3562188A17DAAC",
    "credential_token": "SIMCBED",
}
PLACE = {"code": "H11000000001", "name": "北京模拟第一医院", "area": "110000"}


@pytest.fixture
def facts():
    visit = VisitRecord("V-1", "310", "2025-03-10 09:00:00", "110000000000000001", "14", "M07803", "透析", {})
    batch = visit.open_batch("", [{"med_list_codg": "003110000060000-311000027", "cnt": 3, "pric": "420.00"}])
    batch.scopes = dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), "0.00")
    batch.scopes["inscp_scp_amt"] = "1260.00"
    batch.setl_id = "230900000000000001"
    # What the settlement of a stay takes in.
    unsettled = visit.open_batch("", [{"med_list_codg": "003110000060000-311000027", "cnt": 1, "pric": "420.00"}])
    unsettled.scopes = batch.scopes
    more = {
        "original": {"msgid": "H11000000001202503100900000007", "infno": "2207A"},
        "grant": {"trt_dcla_detl_sn": "R230900000000000001"},
        "destination": PLACE,
        "sign_no": "11000020250310x",
    }
    return TemplateFacts(PERSON, PLACE, visit, batch, "2025-03-10 09:00:00", voucher(PERSON), more)


@pytest.mark.parametrize("infno", sorted(templates()))
def test_every_template_filled_in_keeps_the_contract_of_remote_care(infno, facts):
    head = {"mdtrtarea_admvs": "110000", "insuplc_admdvs": "230900", "infno": infno}
    message = envelope(head | {"msgid": msgid(PLACE["code"], facts.now, 1)}, fill(infno, facts))
    faults = contract_of("national").check(infno, "in", message["input"], remote=True, head=message)
    assert [fault.sentence.en for fault in faults if fault.is_error(True)] == []


def test_amount_is_quantity_times_price_to_the_fen(facts):
    (row,) = fill("2204", facts)["feedetail"]
    assert row["det_item_fee_sumamt"] == Decimal("1260.00")  # 3 × 420.00


def test_settlement_sends_the_amounts_that_were_answered(facts):
    data = fill("2207A", facts)["data"]
    assert data["inscp_scp_amt"] == Decimal("1260.00")
    assert data["medfee_sumamt"] == Decimal("1260.00")


def test_override_finds_the_field_in_its_node_and_keeps_numbers_numbers(facts):
    body = fill("2207A", facts)
    override(body, {"acct_used_flag": "0", "medfee_sumamt": "1.50", "data.insutype": "390", "invented": "x"})
    data = body["data"]
    assert (data["acct_used_flag"], data["medfee_sumamt"], data["insutype"]) == ("0", Decimal("1.50"), "390")
    assert data["invented"] == "x"


def test_number_is_sent_as_text_only_on_purpose(facts):
    body = fill("2207A", facts)
    override(body, {"medfee_sumamt": {"text": "1260.00"}})
    assert body["data"]["medfee_sumamt"] == "1260.00"


def test_field_and_node_can_be_left_out(facts):
    body = fill("2203A", facts)
    remove(body, ["dise_codg", "diseinfo"])
    assert "dise_codg" not in body["mdtrtinfo"]
    assert list(body) == ["mdtrtinfo"]


def test_charge_may_say_any_field_of_its_row(facts):
    facts.batch.lines[0]["hosp_appr_flag"] = "1"
    assert fill("2204", facts)["feedetail"][0]["hosp_appr_flag"] == "1"


def test_unknown_transaction_names_the_nearest():
    with pytest.raises(DataFaults) as error:
        template("2207B")
    assert "2207" in error.value.faults[0].sentence.en


SHARED = ("effect", "reversible", "forwarded")


def test_a_template_has_the_traits_that_the_platform_goes_by():
    mine = {infno: [getattr(each, name) for name in SHARED] for infno, each in templates().items()}
    assert mine == {infno: [getattr(traits_of(infno), name) for name in SHARED] for infno in templates()}


def test_every_transaction_served_has_a_template_and_no_other_has():
    assert set(templates()) == set(HANDLERS)


def test_an_act_is_a_family_of_the_platform():
    served = {infno: traits_of(infno) for infno in templates()}
    families = {infno: (traits.family, traits.care == "inpatient") for infno, traits in served.items()}
    pairs = {(templates()[infno].act, family) for infno, family in families.items()}
    assert len(pairs) == len({act for act, _ in pairs}) == len({family for _, family in pairs})


def test_the_number_of_an_act_is_that_of_its_later_form():
    assert (number_of("settle"), number_of("cancel"), number_of("reverse")) == ("2207A", "2208", "2601")
    with pytest.raises(KeyError, match="undo"):
        number_of("undo")
