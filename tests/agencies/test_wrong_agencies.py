"""An agency that is wrong in one way is found once, by the right rule and with the likely cause."""

from decimal import Decimal

import pytest

from tests.agencies.bodies import entitlement_question, registration
from tests.agencies.conftest import ANY_PRICE, City, of_two_patients, plain
from tests.agencies.stub_agency import StubAgency, serve


def the_only_error(city):
    errors = city.errors()
    assert len(errors) == 1, [(each["rule"], each["message"]["zh"]) for each in errors]
    return errors[0]


AWARDS = [
    # mistake, charges, rule, field, ours, theirs, what the likely cause says
    ("wrong_ratio", ("1000.00",), "award.ratio", "pool_prop_selfpay", "0.9000", "0.7700", "依据 ratio"),
    ("as_employed", ("1000.00",), "award.ratio", "pool_prop_selfpay", "0.9000", "0.8500", "在职"),
    # 333.33 + 333.34 + 333.34 of 1000.01; 500.01 × 0.90 = 450.009 → 450.01 by charge: 150.00 + 300.01 = 450.01
    ("rounds_total", ("833.33", "0.05", "0.05"), "award.rounding", "hifp_pay", "300.10", "300.09", "逐条费用四舍五入"),
    ("account_unasked", ("1000.00",), "award.account_pays", "acct_pay", "0.00", "550.00", "acct_used_flag 为 0"),
]


@pytest.mark.parametrize(("mistake", "charges", "rule", "field", "ours", "theirs", "cause"), AWARDS)
def test_a_wrong_award_names_the_rule_and_the_likely_cause(
    city, stubbed, mistake, charges, rule, field, ours, theirs, cause
):
    stubbed(mistake)
    visit = city.visit(*charges)
    total = str(sum(Decimal(each) for each in charges))
    assert visit.preview(total).ok
    settled = visit.settle(total).setlinfo
    # The payer's answer is passed on and booked, right or wrong.
    assert settled[field] == Decimal(theirs)
    found = the_only_error(city)
    assert (found["rule"], found["wanted"], found["got"]) == (rule, ours, theirs)
    assert found["path"] == f"/output/setlinfo/{field}"
    assert found["infno"] == "2206A"
    assert cause in found["message"]["zh"]


def test_one_mistake_is_told_once_and_the_next_expectation_starts_from_the_answer(city, stubbed):
    stub = stubbed("wrong_ratio")
    for _ in range(2):
        visit = city.visit()
        assert visit.settle("1000.00").ok
    stub.mistakes = frozenset()
    assert city.visit().settle("1000.00").ok
    # (1000 − 500) × 0.77 = 385.00, 1000 × 0.77 = 770.00, 1000 × 0.90 = 900.00: the sum is booked as answered
    assert city.balances()["HIFPM07800"] == Decimal("2055.00")
    assert city.error_rules() == ["award.ratio", "award.ratio"]
    assert city.control.audit()["balanced"]
    assert city.day_differences() == []


def test_a_cap_that_is_ignored_is_named_with_its_source(city, stubbed):
    stubbed("cap_ignored")
    patient = city.people[1]
    for _ in range(3):
        visit = city.visit("40000.00", person=patient, disease="M00503")
        assert visit.settle("40000.00").ok
    found = the_only_error(city)
    # 12425.00 is left of 80000 after 33575.00 and 34000.00; without the cap 40000 × 0.85 = 34000.00
    assert (found["rule"], found["wanted"], found["got"]) == ("award.disease_cap", "12425.00", "34000.00")
    assert "没有执行病种年度限额" in found["message"]["zh"]
    assert "D1 恶性肿瘤门诊治疗年度限额" in found["message"]["zh"]


def test_a_deductible_taken_twice_is_told_from_the_second_visit_on(city, stubbed):
    stubbed("deductible_twice")
    for _ in range(2):
        assert city.visit().settle("1000.00").ok
    found = the_only_error(city)
    assert (found["rule"], found["wanted"], found["got"]) == ("award.deductible", "0.00", "500.00")
    assert "起付线又扣了一次" in found["message"]["zh"]


def test_a_forgotten_reversal_is_seen_in_the_balances(city, stubbed):
    stubbed("forgets_reversals")
    visit = city.visit()
    city.fault("drop_after_commit", "2207A")
    visit.settle("1000.00")
    city.run_outbox()
    city.balances()
    found = the_only_error(city)
    assert (found["rule"], found["wanted"], found["got"]) == ("accumulators", "310/2025/DEDC=-", "310/2025/DEDC=500.00")


def test_a_forgotten_reversal_is_seen_in_the_next_award_and_then_no_more(city, stubbed):
    stubbed("forgets_reversals")
    visit = city.visit()
    original = city.hospital.envelope("2207A", {"data": visit.settlement_input("1000.00")})
    assert city.hospital.post(original).ok
    assert visit.reverse(original["msgid"], "2207A").ok
    settled = visit.settle("1000.00").setlinfo
    assert settled["act_pay_dedc"] == 0
    found = the_only_error(city)
    assert (found["rule"], found["wanted"], found["got"]) == ("award.accumulators", "500.00", "0.00")
    assert "没有退回累计" in found["message"]["zh"]
    # From here on our copy holds what the city holds.
    assert city.visit().settle("1000.00").ok
    city.balances()
    assert len(city.errors()) == 1


def test_a_forgotten_cancellation_is_told_in_the_balances_with_its_cause(city, stubbed):
    stubbed("forgets_cancellations")
    visit = city.visit()
    assert visit.cancel(visit.settle("1000.00").setlinfo["setl_id"]).ok
    city.balances()
    found = the_only_error(city)
    assert found["rule"] == "accumulators"
    assert "撤销 2025-03-10 09:00:00 的结算" in found["message"]["zh"]


def test_settlements_that_do_not_count_are_told_from_the_next_one(city, stubbed):
    stubbed("counts_nothing")
    for _ in range(2):
        assert city.visit().settle("1000.00").ok
    found = the_only_error(city)
    assert found["rule"] == "award.deductible"
    assert "起付线又扣了一次" in found["message"]["zh"]
    assert "累计（起付线、统筹支付等）按零计算" in found["message"]["zh"]


def test_wrong_balances_are_told_once_though_the_awards_are_right(city, stubbed):
    stubbed("5206_off")
    assert city.visit().settle("1000.00").ok
    city.balances()
    city.balances()
    assert city.visit().settle("1000.00").ok
    found = the_only_error(city)
    assert (found["rule"], found["wanted"]) == ("accumulators", "310/2025/HIFP=450.00")
    assert found["got"] == "310/2025/HIFP=451.00"


def test_an_insurance_told_wrongly_is_told_once(city, stubbed):
    stub = stubbed()
    stub.people[0]["account_balance"] = "1100.00"
    assert city.hospital.identify(city.person).ok
    assert city.hospital.identify(city.person).ok
    found = the_only_error(city)
    assert (found["rule"], found["wanted"]) == ("insurances", "310@230900=12/1/1200.00")
    assert found["got"] == "310@230900=12/1/1100.00"


def test_a_balance_is_not_judged_while_a_settlement_is_unknown(city, stubbed):
    stubbed()
    city.fault("drop_after_commit", "2207A")
    city.visit().settle("1000.00", acct_used_flag="1")
    assert city.hospital.identify(city.person).output["insuinfo"][0]["balc"] == Decimal("650.00")
    city.balances()
    assert city.errors() == []


def test_a_missing_registration_is_told(city, stubbed):
    stubbed("5301_off")
    city.hospital.send("5301", {"data": {"psn_no": city.person["psn_no"]}})
    found = the_only_error(city)
    assert (found["rule"], found["wanted"], found["got"]) == (
        "registrations",
        "M07800 2025-01-01=",
        "M07800 2025-01-01=-",
    )


def test_paying_for_an_unregistered_disease_is_told(city, stubbed):
    stubbed("pays_unregistered")
    assert city.visit(disease="M08300").settle("1000.00").ok
    found = the_only_error(city)
    assert found["rule"] == "award.entitlement.disease_not_registered"
    assert "未办理病种 M08300" in found["message"]["zh"]


def test_refusing_somebody_registered_is_told(city, stubbed):
    stubbed("refuses_registered")
    visit = city.visit()
    assert visit.preview("1000.00").err_msg == "病种未备案"
    assert visit.settle("1000.00").err_msg == "病种未备案"
    found = the_only_error(city)
    assert found["rule"] == "award.refused"
    assert "按政策应支付基金 450.00" in found["message"]["zh"]


def test_a_refusal_that_is_right_is_no_finding(city, stubbed):
    stubbed()
    assert "未备案" in city.visit(disease="M08300").settle("1000.00").err_msg
    assert city.errors() == []


def test_entitlement_denied_or_granted_wrongly_is_told(city, stubbed):
    stub = stubbed()
    stub.people[0]["registrations"].clear()
    city.hospital.send("2001", {"data": entitlement_question(city.person)})
    found = the_only_error(city)
    assert (found["rule"], found["wanted"], found["got"]) == ("award.entitlement", "1", "0")


BROKEN = [
    # mistake, rule of the first error, what the hospital hears
    ("breaks_identities", "contract.identity_person", "psn_cash_pay"),
    ("other_psn_no", "person.psn_no", "23090099999999999999"),
    ("other_visit", "identity.mdtrt_id", "mdtrt_id"),
    ("amounts_as_text", "contract.type", "medfee_sumamt"),
    ("missing_output", "contract.node_missing", "setlinfo"),
    ("no_refmsgid", "contract.required", "inf_refmsgid"),
]


@pytest.mark.parametrize(("mistake", "rule", "told"), BROKEN)
def test_a_broken_answer_is_not_passed_on_and_reversed(city, stubbed, mistake, rule, told):
    stub = stubbed(mistake)
    answer = city.visit().settle("1000.00")
    assert answer.body["infcode"] == "-1"
    assert answer.err_msg.startswith("结果未知")
    assert told in answer.err_msg
    assert rule in city.error_rules()
    assert {each["leg"] for each in city.errors()} == {"agency"}
    assert [each["state"] for each in city.outbox()] == ["unknown"]
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}
    assert [each.state for each in stub.settlements] == ["reversed"]
    assert city.control.audit()["entries"] == 0


def test_a_broken_pre_settlement_is_told_without_anything_to_reverse(city, stubbed):
    stubbed("breaks_identities")
    answer = city.visit().preview("1000.00")
    assert answer.err_msg.startswith("参保地 230900 的应答不能采用")
    assert city.error_rules() == ["contract.identity_person"]
    assert city.outbox() == []


def test_an_answer_about_somebody_else_is_not_passed_on(city, stubbed):
    stubbed("other_person")
    answer = city.hospital.identify(city.person)
    assert answer.err_msg.startswith("参保地 230900 的应答不能采用")
    assert {each["rule"] for each in city.errors()} == {"person.psn_no", "person.psn_name", "person.certno"}


def test_a_number_given_twice_is_not_passed_on(city, stubbed):
    stub = stubbed("setl_id_reused")
    assert city.visit().settle("1000.00").ok
    answer = city.visit().settle("1000.00")
    assert "Q0000001 已用于 2025-03-10 09:00:00 的结算" in answer.err_msg
    assert city.error_rules() == ["identity.setl_id"]
    city.run_outbox()
    assert [each.state for each in stub.settlements] == ["live", "reversed"]


def test_a_settlement_dated_a_year_ago_is_told(city, stubbed):
    stubbed("wrong_year")
    assert city.visit().settle("1000.00").ok
    found = the_only_error(city)
    assert (found["rule"], found["got"]) == ("time.setl_time", "2024-03-10 09:00:00")


def test_balances_of_last_year_are_recognised(city, stubbed):
    stub = stubbed()
    assert city.visit().settle("1000.00").ok
    city.stage.now("2026-01-05 10:00:00")
    stub.mistakes = frozenset({"last_year"})
    assert city.visit().settle("1000.00").ok
    found = the_only_error(city)
    assert (found["rule"], found["wanted"], found["got"]) == ("award.year", "500.00", "0.00")
    assert "用了 2025 年的累计" in found["message"]["zh"]


def test_an_infcode_that_is_a_number_is_as_good_as_text(city, stubbed):
    stubbed("number_infcode")
    assert city.visit().settle("1000.00").ok
    assert city.errors() == []
    assert city.control.findings(severity="warning") == []


def test_setldetail_must_tell_the_same_as_setlinfo(city, stubbed):
    stubbed("detail_off")
    visit = city.visit()
    assert visit.preview("1000.00").ok
    assert visit.settle("1000.00").ok
    found = the_only_error(city)
    assert (found["rule"], found["wanted"], found["got"]) == ("detail.hifp_pay", "450.00", "0.00")


def test_an_amount_not_negated_by_a_cancellation_is_not_passed_on(city, stubbed):
    stub = stubbed("cancellation_positive")
    visit = city.visit()
    settled = visit.settle("1000.00").setlinfo
    assert visit.cancel(settled["setl_id"]).err_msg.startswith("结果未知")
    assert set(city.error_rules()) == {"contract.identity_cancelled"}
    city.run_outbox()
    assert [each.state for each in stub.settlements] == ["live"]
    assert city.day_differences() == []


def test_cancelling_twice_must_be_refused(city, stubbed):
    stub = stubbed()
    visit = city.visit()
    settled = visit.settle("1000.00").setlinfo
    assert visit.cancel(settled["setl_id"]).ok
    assert "已撤销" in visit.cancel(settled["setl_id"]).err_msg
    assert city.errors() == []
    stub.mistakes = frozenset({"cancels_twice"})
    assert not visit.cancel(settled["setl_id"]).ok
    assert city.error_rules() == ["identity.setl_id"]


def test_a_late_original_that_is_accepted_is_told(city, stubbed):
    stubbed("accepts_late")
    visit = city.visit()
    city.fault("late", "2207A")
    assert visit.settle("1000.00").err_msg.startswith("结果未知")
    city.run_outbox()
    assert the_only_error(city)["rule"] == "reversal.late_original"


def test_a_refused_reversal_is_final_and_told(city, stubbed):
    stub = stubbed("refuses_reversals")
    visit = city.visit()
    city.fault("drop_after_commit", "2207A")
    visit.settle("1000.00")
    assert city.run_outbox() == {"acknowledged": 0, "waiting": 0}
    assert the_only_error(city)["rule"] == "reversal.refused"
    before = len(stub.seen)
    city.run_outbox()
    assert len(stub.seen) == before
    assert [each["state"] for each in city.outbox()] == ["given_up"]


def test_in_lenient_amounts_as_text_are_a_warning(stages, running):
    city = of_two_patients(stages(strict=False))
    city.register(running(serve(StubAgency(plain(city.people), frozenset({"amounts_as_text"})))))
    settled = city.visit().settle("1000.00").setlinfo
    assert settled["hifp_pay"] == Decimal("450.00")
    assert city.errors() == []
    assert any(each["rule"] == "contract.habit_text_number" for each in city.control.findings(severity="warning"))


WRONG_REFUSALS = [
    ("refuses_2208", "2208", "refused.2208"),
    ("refuses_2503", "2503", "refused.2503"),
    ("refuses_1101", "1101", "refused.1101"),
    ("refuses_2601", "2601", "reversal.refused"),
]


@pytest.mark.parametrize(("mistake", "infno", "rule"), WRONG_REFUSALS)
def test_a_refusal_of_what_must_be_accepted_is_told(city, running, mistake, infno, rule):
    class Refusing(StubAgency):
        def handle(self, message):
            changed = {**message, "infno": "9999"} if message["infno"] == infno else message
            return super().handle(changed)

    city.register(running(serve(Refusing(plain(city.people)))))
    visit = city.visit()
    message = city.hospital.envelope("2207A", {"data": visit.settlement_input("1000.00")})
    setl_id = city.hospital.post(message).setlinfo["setl_id"]
    answer = {
        "2208": lambda: visit.cancel(setl_id),
        "2503": lambda: city.hospital.send("2503", {"data": registration(city.person, "M08300")}),
        "1101": lambda: city.hospital.identify(city.person),
        "2601": lambda: visit.reverse(message["msgid"], "2207A"),
    }[infno]()
    assert "不支持 9999" in answer.err_msg
    assert the_only_error(city)["rule"] == rule


def test_a_reversal_accepted_against_the_rules_is_told_and_our_books_stay(city, stubbed):
    """A cancellation whose batch was settled anew cannot be reversed any more; the city says it can."""
    stub = stubbed()
    visit = city.visit()
    settled = visit.settle("1000.00").setlinfo
    cancelling = city.hospital.envelope(
        "2208", {"data": {"psn_no": city.person["psn_no"], "setl_id": settled["setl_id"], "mdtrt_id": visit.id}}
    )
    assert city.hospital.post(cancelling).ok
    assert visit.settle("1000.00").ok
    assert "重新结算" in visit.reverse(cancelling["msgid"], "2208").err_msg
    assert city.errors() == []
    stub.mistakes = frozenset({"reverses_anything"})
    visit.reverse(cancelling["msgid"], "2208")
    assert the_only_error(city)["rule"] == "reversal.accepted"
    assert city.control.audit()["balanced"]


def test_in_lenient_a_list_left_out_is_a_warning(stages, running):
    class Short(StubAgency):
        def _2001(self, message, body):
            return {}, None

        def _1101(self, message, body):
            output, _ = super()._1101(message, body)
            del output["idetinfo"]
            return output, None

    city = of_two_patients(stages(strict=False))
    city.register(running(serve(Short(plain(city.people)))))
    assert city.hospital.identify(city.person).ok
    assert city.hospital.send("2001", {"data": entitlement_question(city.person)}).ok
    assert city.error_rules() == ["award.entitlement"]
    assert {each["rule"] for each in city.control.findings(severity="warning")} == {"contract.list_missing"}


def test_an_agency_that_answers_for_its_own_hospitals_is_judged_by_the_rules_at_home(stages, running):
    """Care in 七台河 itself: local variant of the contract, no filing asked for, the same deductible."""
    city = of_two_patients(stages())
    city.register(running(serve(StubAgency(plain(city.people)))))
    at_home = city.stage.another_hospital(("H23090000001", "七台河模拟第一医院", "230900"))
    visit = at_home.visit(city.person)
    charged = visit.charge(visit.line(1, ANY_PRICE, "1", "1000.00"))
    assert charged.ok, charged.body
    assert visit.settle("1000.00").setlinfo["hifp_pay"] == Decimal("450.00")
    assert city.errors() == []


def test_an_emergency_without_a_filing_counts_as_filed_on_both_sides(stages, running):
    stage = stages()
    person = stage.control.person(registrations=[{"disease": "M07800", "from": "2025-01-01"}])
    city = City(stage, [person])
    city.register(running(serve(StubAgency(plain(city.people)))))
    visit = city.visit(extension='{"emergency": "1"}')
    assert visit.settle("1000.00", expContent='{"emergency": "1"}').setlinfo["pool_prop_selfpay"] == Decimal("0.90")
    # Without a filing and without an emergency: 0.90 − 0.20
    assert city.visit().settle("1000.00").setlinfo["pool_prop_selfpay"] == Decimal("0.70")
    assert city.errors() == []
