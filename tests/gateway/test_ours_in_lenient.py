"""A rule of ours that guards neither money nor state refuses in strict, and is a warning in lenient."""

import json

import pytest

from simulator.core.refusals import refusal_rules
from tests.support.hospital import SERVICE, SESSION
from tests.support.multipart import CONTENT_TYPE, body_of, file_part, text_part

OWN = {"fixmedins_type": "1", "fixmedins_name": "", "fixmedins_code": "H11000000001"}


def with_file(stage, infno, body, content):
    """A message with a file beside it."""
    raw = json.dumps(stage.hospital.envelope(infno, body, insured="")).encode()
    return stage.hospital.post(
        body_of(text_part("jsonStr", raw), file_part("file", "a.zip", content)), content_type=CONTENT_TYPE
    )


def upload(stage, content):
    node = {"in": "", "filename": "a.zip", "fixmedins_code": "H11000000001"}
    return with_file(stage, "9101", {"fsUploadIn": node}, content)


def another_name(stage):
    number = upload(stage, b"PK").output["file_qury_no"]
    node = {"file_qury_no": number, "filename": "b.zip", "fixmedins_code": "H11000000001"}
    answer = stage.hospital.send("9102", {"fsDownloadIn": node}, insured="")
    # What comes is the file itself, or a refusal.
    return answer if answer.raw != b"PK" else upload(stage, b"PK")


def visit_of(stage):
    return stage.hospital.visit(stage.patient())


def withdrawn(stage):
    visit = visit_of(stage)
    data = {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id, "ipt_otp_no": "M2"}
    return visit.send("2202", {"data": data})


def many_charges(stage):
    visit = visit_of(stage)
    return visit.charge(*(visit.line(number, SESSION, "1", "10.00") for number in range(1, 1002)))


def reversing_itself(stage):
    visit, own = visit_of(stage), "H11000000001202503100900009999"
    return visit.reverse(own, "2207A", msgid=own)


def page(stage, **changes):
    asked = {"updt_time": "2000-01-01", "page_num": 1, "page_size": 10} | changes
    return stage.hospital.send("1312", {"data": asked}, insured="")


def without_disease(stage):
    visit = visit_of(stage)
    return visit.charge(visit.session("400.00", dise_codg=""))


BROKEN = {
    "cert_type_differs": (lambda stage: stage.hospital.identify(stage.patient(), psn_cert_type="02")),
    "psn_type_differs": (lambda stage: visit_of(stage).register(psn_type="11")),
    "institution_name_or_code": (
        lambda stage: stage.hospital.send("1201", {"medinsinfo": OWN | {"fixmedins_code": ""}}, insured="")
    ),
    "infno_differs": (
        lambda stage: stage.hospital.post(
            stage.hospital.envelope("1201", {"medinsinfo": OWN}, insured=""), path=f"{SERVICE}/1101"
        )
    ),
    "ipt_otp_no_differs": withdrawn,
    "too_many_charges": many_charges,
    "ordinary_charge_under_special": without_disease,
    "reversal_of_itself": reversing_itself,
    "page_out_of_range": (lambda stage: page(stage, page_size=1001)),
    "file_unexpected": (lambda stage: with_file(stage, "1201", {"medinsinfo": OWN}, b"PK")),
    "file_empty": (lambda stage: upload(stage, b"")),
    "file_name_differs": another_name,
}


def test_each_such_rule_is_broken_here():
    assert set(BROKEN) == {rule for rule, row in refusal_rules().items() if row.lenient}


@pytest.mark.parametrize("rule", BROKEN)
@pytest.mark.parametrize("strict", [True, False])
def test_a_rule_of_ours_refuses_in_strict_and_warns_in_lenient(stages, rule, strict):
    stage = stages(strict=strict)
    answer = BROKEN[rule](stage)
    assert answer.ok != strict, answer.err_msg
    (found,) = stage.control.findings(rule=rule)
    assert (found["severity"], found["source"]) == ("error" if strict else "warning", "ours")
    assert found["path"].startswith("/") or rule == "file_unexpected"
    assert bool(stage.control.findings(severity="error")) == strict


@pytest.mark.parametrize(
    ("asked", "taken"),
    [({"page_num": 0}, {"page_num": 1}), ({"page_num": -3}, {"page_num": 1}), ({"page_size": 0}, {"page_size": 1})],
)
def test_a_page_out_of_range_is_the_nearest_one(stages, asked, taken):
    stage = stages(strict=False)
    assert page(stage, **asked).output == page(stage, **taken).output


def test_the_institution_of_the_header_is_shown_where_none_is_named(stages):
    stage = stages(strict=False)
    assert BROKEN["institution_name_or_code"](stage).output["medinsinfo"]["fixmedins_code"] == "H11000000001"


def test_a_refusal_of_what_guards_money_names_its_source_and_stays_one_in_lenient(stages):
    stage = stages(strict=False)
    visit = visit_of(stage)
    assert visit.charge(visit.session("400.00")).ok
    assert not visit.settle("400.01").ok
    (found,) = stage.control.findings(rule="total_differs")
    assert (found["severity"], found["source"], found["wanted"], found["got"]) == ("error", "ours", "400.00", "400.01")


def test_a_finding_that_is_no_refusal_names_no_source(stages):
    stage = stages()
    assert stage.hospital.send("1201", {"medinsinfo": OWN}, insured="", cainfo="00").ok
    assert [each["source"] for each in stage.control.findings()] == [""]
