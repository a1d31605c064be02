"""Care elsewhere: who is filed for where, on which day, and what it changes (rules 3, 10, 11)."""

from decimal import Decimal

import pytest

from tests.support.hospital import DIALYSIS

GROUPS = ("resettled_retiree", "long_term_resident", "stationed_worker", "referral", "emergency", "temporary")
HANGZHOU = ("H33010000001", "杭州模拟第一医院", "330100")
REFUSING = "unfiled:\n  - {value: refuse, from: '2023-01-01', source: ours, reference: test}\n"


def filing(place="110000", group="resettled_retiree", valid_from="2025-01-01", channel="app", **more):
    return {"place": place, "group": group, "from": valid_from, "channel": channel} | more


def ratio(stage, *filings, hospital=None, **options):
    """The ratio that a dialysis patient with these filings gets, after the deductible of the year."""
    patient = stage.patient(filings=list(filings))
    visit = (hospital or stage.hospital).visit(patient, **options)
    code = {"110000": "003110000060000-311000027"}.get(visit.hospital.institution[2], "X-NOT-IN-ANY-CATALOGUE")
    assert visit.charge(visit.line(1, code, "1", "10.00")).ok
    return visit.preview("10.00").setlinfo["pool_prop_selfpay"]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        # Retired, dialysis: 0.90; national modifiers: referral minus 0.05, temporary minus 0.10, the others nothing.
        ("resettled_retiree", "0.9000"),
        ("long_term_resident", "0.9000"),
        ("stationed_worker", "0.9000"),
        ("referral", "0.8500"),
        ("emergency", "0.9000"),
        ("temporary", "0.8000"),
    ],
)
def test_each_group_has_its_modifier(stage, group, expected):
    assert ratio(stage, filing(group=group)) == Decimal(expected)


@pytest.mark.parametrize("channel", ["app", "mini_program", "counter"])
def test_the_channel_of_a_filing_changes_nothing(stage, channel):
    assert ratio(stage, filing(channel=channel)) == Decimal("0.9000")


def test_a_person_without_a_filing_gets_the_lower_ratio_of_the_file(stage):
    assert ratio(stage) == Decimal("0.7000")  # 0.90 − 0.20


def test_of_several_filings_the_group_with_the_best_ratio_counts(stage):
    assert ratio(stage, filing(group="temporary"), filing(group="referral")) == Decimal("0.8500")


@pytest.mark.parametrize(
    ("place", "treated", "covered"),
    [
        ("110000", "110000", True),
        ("110105", "110000", True),  # 北京 is one place: its first two digits
        ("120000", "110000", False),
        ("330100", "330100", True),
        ("330106", "330100", True),  # a city is its first four digits
        ("330200", "330100", False),
    ],
)
def test_a_city_is_filed_by_four_digits_and_a_municipality_by_two(stage, place, treated, covered):
    hospital = stage.hospital if treated == "110000" else stage.another_hospital(HANGZHOU)
    assert ratio(stage, filing(place=place), hospital=hospital) == Decimal("0.9000" if covered else "0.7000")


def test_a_county_directly_under_a_province_is_filed_by_all_six_digits(stage):
    body = {"name": "仙桃模拟医院", "area": "429004", "level": "tertiary_a", "kind": "institution"}
    stage.control("PUT", "institutions/H42900400001", body)
    hospital = stage.another_hospital(("H42900400001", "仙桃模拟医院", "429004"))
    assert ratio(stage, filing(place="429004"), hospital=hospital) == Decimal("0.9000")
    assert ratio(stage, filing(place="429005"), hospital=hospital) == Decimal("0.7000")
    assert ratio(stage, filing(place="420100"), hospital=hospital) == Decimal("0.7000")


@pytest.mark.parametrize(
    ("valid_from", "to", "covered"),
    [
        ("2025-03-10", None, True),
        ("2025-03-11", None, False),
        ("2025-01-01", "2025-03-10", True),
        ("2025-01-01", "2025-03-09", False),
    ],
)
def test_a_filing_holds_from_its_first_to_its_last_day_both_included(stage, valid_from, to, covered):
    dated = filing(valid_from=valid_from, **({"to": to} if to else {}))
    assert ratio(stage, dated) == Decimal("0.9000" if covered else "0.7000")


def test_a_filing_made_after_the_charges_and_before_the_settlement_counts(stage):
    patient = stage.patient(filings=[])
    visit = stage.hospital.visit(patient)
    assert visit.charge(visit.session("1000.00")).ok
    assert visit.preview("1000.00").setlinfo["pool_prop_selfpay"] == Decimal("0.7000")
    stage.now("2025-03-12 09:00:00")
    stage.control("POST", f"people/{patient['psn_no']}/filings", filing(valid_from="2025-03-12"))
    settled = visit.settle("1000.00").setlinfo
    assert settled["pool_prop_selfpay"] == Decimal("0.9000")
    assert settled["hifp_pay"] == Decimal("450.00")  # (1000.00 − 500.00) × 0.90


def test_a_filing_made_again_by_control_replaces_the_one_with_its_group_place_and_first_day(stage):
    patient = stage.patient(filings=[])
    way = f"people/{patient['psn_no']}/filings"
    first = stage.control("POST", way, filing())
    again = stage.control("POST", way, filing(to="2025-03-09", channel="counter"))
    assert again["id"] == first["id"]
    other = stage.control("POST", way, filing(group="referral"))
    kept = stage.control("GET", f"people/{patient['psn_no']}")["filings"]
    assert [(each["id"], each["group"], each.get("to")) for each in kept] == [
        (first["id"], "resettled_retiree", "2025-03-09"),
        (other["id"], "referral", None),
    ]


def test_a_filing_ended_by_control_holds_until_yesterday(stage):
    patient = stage.patient()
    number = patient["filings"][0]["id"]
    ended = stage.control("DELETE", f"people/{patient['psn_no']}/filings/{number}")
    assert ended["to"] == "2025-03-09"
    visit = stage.hospital.visit(patient)
    visit.charge(visit.session("1000.00"))
    assert visit.preview("1000.00").setlinfo["pool_prop_selfpay"] == Decimal("0.7000")


def test_at_home_nobody_needs_a_filing(stage):
    hospital = stage.another_hospital(("H23090000001", "七台河模拟人民医院", "230900"))
    assert ratio(stage, hospital=hospital) == Decimal("0.9000")


# What an unfiled person gets is the city file's


def refuse_unfiled(stage):
    shown = stage.control("GET", "policy/230900")
    assert shown["name"] == "七台河市"
    text = "area: '230900'\nname: 七台河市\nname_en: Qitaihe\nversion: 'test'\n" + REFUSING
    stage.control("PUT", "policy/230900", {"text": text})


def test_a_city_may_refuse_the_unfiled_and_the_answer_names_the_place(stage):
    refuse_unfiled(stage)
    visit = stage.hospital.visit(stage.patient(filings=[]))
    visit.charge(visit.session("1000.00"))
    for answer in (visit.preview("1000.00"), visit.settle("1000.00")):
        assert "110000" in answer.err_msg
        assert "备案" in answer.err_msg


@pytest.mark.parametrize(
    ("options", "filed"),
    [
        ({"med_type": "13", "disease": ""}, True),
        ({"med_type": "14", "extension": '{"emergency": "1"}'}, True),
        ({"med_type": "14", "extension": '{"emergency": "0"}'}, False),
        ({"med_type": "14", "extension": '{"emergency": '}, False),
        ({"med_type": "14", "extension": "emergency"}, False),
        ({"med_type": "14", "extension": '{"":' * 990}, False),
        ({"med_type": "11", "disease": "", "extension": '{"emergency": "1"}'}, False),
        ({"med_type": "11", "disease": ""}, False),
    ],
)
def test_an_emergency_is_13_or_14_with_its_mark_and_counts_as_filed(stage, options, filed):
    refuse_unfiled(stage)
    visit = stage.hospital.visit(stage.patient(filings=[]), **options)
    assert visit.charge(visit.session("1000.00")).ok
    assert visit.settle("1000.00").ok == filed


def test_the_mark_of_an_emergency_may_stand_in_the_settlement_alone(stages):
    stage = stages(edition="jiangxi-1.0")
    refuse_unfiled(stage)
    visit = stage.hospital.visit(stage.patient(filings=[]))
    visit.charge(visit.session("1000.00"))
    assert not visit.settle("1000.00").ok
    assert visit.settle("1000.00", expContent='{"emergency":"1"}').ok


def test_a_better_filing_goes_before_the_emergency(stage):
    # A city that gives an emergency 10 points less than a filed resident.
    text = (
        "area: '230900'\nname: 七台河市\nname_en: Qitaihe\nversion: 'test'\nmodifiers:\n"
        "  - {group: emergency, minus: '0.10', from: '2023-01-01', source: ours, reference: test}\n"
    )
    stage.control("PUT", "policy/230900", {"text": text})
    marked = {"extension": '{"emergency": "1"}'}
    filed = ratio(stage, filing(), **marked)
    assert filed - ratio(stage, **marked) == Decimal("0.1000")


# A filing must name a place that one can be filed for


@pytest.mark.parametrize("place", ["230900", "230921", "330000", "999999", "000000"])
def test_a_filing_for_home_for_a_whole_province_or_for_nowhere_is_refused(stage, place):
    patient = stage.patient(filings=[])
    answer = stage.control("POST", f"people/{patient['psn_no']}/filings", filing(place=place), status=400)
    assert answer["error"]["path"] == "place"
    assert place in answer["error"]["message"]
    assert "filings" not in stage.control("GET", f"people/{patient['psn_no']}")


def test_a_registration_covers_sub_codes_and_the_whole_class_alike(stage):
    for registered in (DIALYSIS, "M07803", "M07804"):
        for billed in (DIALYSIS, "M07803", "M07804"):
            patient = stage.patient(registrations=[{"disease": registered, "from": "2025-01-01"}])
            visit = stage.hospital.visit(patient, disease=billed)
            assert visit.settled("1000.00")["hifp_pay"] == Decimal("450.00")
