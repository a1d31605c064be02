"""Scope amounts that a city answers otherwise than the platform sent them: the city is blamed, and no hospital."""

import pytest

OTHERWISE = {"preselfpay_amt": 100.0, "inscp_scp_amt": 900.0}
"""Of a bill of 1000.00 that is wholly in scope."""


@pytest.fixture
def city_with_own_scope(city, stubbed):
    """A city that takes 100.00 of each bill for prior self-pay, in these transactions."""

    def put(*infnos):
        stub = stubbed()
        handle = stub.handle

        def with_own_scope(message):
            answer = handle(message)
            if message["infno"] in infnos and answer["infcode"] == "0":
                answer["output"]["setlinfo"] |= OTHERWISE
            return answer

        stub.handle = with_own_scope
        return city

    return put


def legs_with_errors(city):
    return {(each["leg"], each["infno"], each["rule"]) for each in city.errors()}


@pytest.mark.parametrize("infnos", [("2206A",), ("2206A", "2207A")])
def test_a_hospital_that_repeats_the_scope_of_a_preview_is_not_blamed_for_it(city_with_own_scope, infnos):
    city = city_with_own_scope(*infnos)
    visit = city.visit()
    assert visit.preview("1000.00").setlinfo["inscp_scp_amt"] == 900
    repeated = {**visit.settlement_input("1000.00"), **OTHERWISE}
    assert city.hospital.send("2207A", {"data": repeated}).ok
    assert legs_with_errors(city) == {("agency", "2206A", "award.scope")}


def test_a_hospital_that_sends_a_scope_of_its_own_is_refused(city_with_own_scope):
    city = city_with_own_scope()
    visit = city.visit()
    assert visit.preview("1000.00").ok
    invented = {**visit.settlement_input("1000.00"), **OTHERWISE}
    assert not city.hospital.send("2207A", {"data": invented}).ok
    assert legs_with_errors(city) == {("hospital", "2207A", "scope_differs")}
