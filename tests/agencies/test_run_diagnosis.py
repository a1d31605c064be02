"""Judged answers of a run: kept one by one, held against each other, and told as the likely mistakes of a city."""

from decimal import Decimal


def answers(city):
    return city.control("GET", "judged-answers")["answers"]


def likely(city, *rows):
    return city.control("POST", "likely-mistakes", {"answers": list(rows)})


def mistakes_named(found):
    return {tuple(each["mistakes"]) for mistake in found["mistakes"] for each in mistake["one_of"]}


def test_every_judged_award_is_kept_with_its_question(city, stubbed):
    stubbed()
    visit = city.visit()
    assert visit.preview("1000.00").ok
    assert visit.settle("1000.00").ok
    rows = answers(city)
    assert [(each["infno"], each["agrees"]) for each in rows] == [("2206A", True), ("2207A", True)]
    assert likely(city, *rows) == {"mistakes": [], "unexplained": [], "left_out": 0}


def test_a_run_names_what_explains_all_its_wrong_answers(city, stubbed):
    stubbed("as_employed")
    for _ in range(2):
        assert city.visit().settle("1000.00").ok
    found = likely(city, *answers(city))
    assert [each["answers"] for each in found["mistakes"]] == [[0, 1]]
    assert ("category",) in mistakes_named(found)
    assert found["unexplained"] == []
    first = found["mistakes"][0]["one_of"][0]
    # (1000.00 − 500.00) × 0.85
    assert first["arithmetic"] == "(1000.00 − 500.00) × 0.8500 = 425.00"


def test_right_answers_of_another_sandbox_drop_a_mistake(city, stubbed):
    stub = stubbed("deductible_twice")
    for _ in range(2):
        assert city.visit().settle("1000.00").ok
    wrong = answers(city)
    assert ("deductible_again",) in mistakes_named(likely(city, *wrong))
    stub.mistakes = frozenset()
    # The deductible is used up and not taken: whoever takes it again would have answered otherwise.
    assert city.visit().settle("1000.00").ok
    right = [{**each, "sandbox": "other"} for each in answers(city)[2:]]
    assert [each["agrees"] for each in right] == [True]
    found = likely(city, *wrong, *right)
    assert ("deductible_again",) not in mistakes_named(found)
    assert found["unexplained"] == [1]


def test_answers_under_another_city_file_are_left_out(city, stubbed):
    stubbed("as_employed")
    assert city.visit().settle("1000.00").ok
    (row,) = answers(city)
    changed = {**row, "question": row["question"].replace('"digest":"', '"digest":"0')}
    assert likely(city, changed) == {"mistakes": [], "unexplained": [], "left_out": 1}


def test_what_is_no_judged_answer_is_refused(city, stubbed):
    stubbed()
    assert city.visit().settle("1000.00").ok
    (row,) = answers(city)
    answer = city.control.client.post(
        f"{city.control.prefix}/likely-mistakes", json={"answers": [{**row, "question": "{}"}]}
    )
    assert (answer.status_code, answer.json["error"]["path"]) == (400, "answers")


def test_findings_carry_the_ids_of_the_mistakes(city, stubbed):
    stubbed("as_employed")
    assert city.visit().settle("1000.00").ok
    (found,) = city.errors()
    assert "category" in found["mistakes"]
    assert "(1000.00 − 500.00) × 0.8500 = 425.00" in found["message"]["zh"]


def test_a_hospital_may_repeat_the_category_that_the_city_told(city, stubbed):
    stub = stubbed()
    stub.people[0]["category"] = "employed"
    told = city.hospital.identify(city.person).output["insuinfo"][0]["psn_type"]
    assert told == "11"
    visit = city.hospital.visit({**city.person, "psn_type": told})
    city.charge(visit, "1000.00")
    assert visit.settle("1000.00").setlinfo["hifp_pay"] == Decimal("425.00")
    assert {each["leg"] for each in city.errors()} == {"agency"}
    assert {each["rule"] for each in city.errors()} == {"insurances", "award.ratio"}


def test_a_hospital_may_not_make_up_a_category(city, stubbed):
    stubbed()
    assert city.hospital.identify(city.person).ok
    data = city.visit().settlement_input("1000.00") | {"psn_type": "11"}
    answer = city.hospital.send("2207A", {"data": data})
    assert "psn_type" in answer.err_msg
    assert "psn_type_differs" in city.error_rules()
