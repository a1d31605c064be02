"""Causes told after a lost answer: what the message may have done at the agency counts among what came before."""


def lost(city, what, **visit):
    """A settlement without an answer, reversed since; the visit can be settled anew."""
    visit = city.visit(**visit)
    city.fault(what, "2207A")
    assert visit.settle("1000.00").err_msg.startswith("结果未知")
    city.run_outbox()
    return visit


def test_a_forgotten_reversal_of_a_lost_settlement_is_named_in_the_next_award(city, stubbed):
    stubbed("forgets_reversals")
    # Another patient pays the deductible as he must, so that it is known to be taken.
    assert city.visit(person=city.people[1], disease="M00503").settle("1000.00").ok
    assert lost(city, "drop_after_commit").settle("1000.00").ok
    (found,) = city.errors()
    # 500.00 was taken by the lost settlement and not given back.
    assert (found["rule"], found["wanted"], found["got"]) == ("award.accumulators", "500.00", "0.00")
    assert found["mistakes"][0] == "reversal_not_taken_back"
    assert "没有退回累计" in found["message"]["zh"]


def test_a_forgotten_reversal_of_a_lost_settlement_is_named_in_the_balances(city, stubbed):
    stubbed("forgets_reversals")
    lost(city, "drop_after_commit")
    city.balances()
    (found,) = city.errors()
    assert found["rule"] == "accumulators"
    assert "没有退回累计" in found["message"]["zh"]


def test_a_settlement_that_may_never_have_arrived_speaks_for_no_reversal(city, stubbed):
    stub = stubbed()
    # Held back until after its reversal and refused then: the right answer that follows tells of no giving back.
    assert lost(city, "late", person=city.people[1], disease="M00503").settle("1000.00").ok
    assert city.errors() == []
    stub.mistakes = frozenset({"forgets_reversals"})
    assert lost(city, "drop_after_commit").settle("1000.00").ok
    (found,) = city.errors()
    assert found["mistakes"][0] == "reversal_not_taken_back"
