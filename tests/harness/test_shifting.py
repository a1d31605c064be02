from datetime import date

from simulator.harness.environment.modes import Mode
from simulator.harness.scenario.date_shift import begin_on


def test_every_date_moves_by_as_many_days_and_a_year_moves_with_them(scenario):
    steps = """
    - {call: "2501", with: {begndate: 2025-03-10, addr: "2025 号"}}
    - control: POST people/$patient.psn_no/accumulators
      body: {year: 2025, insutype: "310", kind: HIFP, amount: "1.00"}
    """
    moved = begin_on(scenario(steps), date(2026, 3, 11))  # 366 days later
    assert moved.clock == "2026-03-11T09:00:00"
    assert moved.roles["patient"]["filings"][0]["from"] == "2026-01-02"
    assert moved.steps[0].said["with"] == {"begndate": "2026-03-11", "addr": "2025 号"}
    assert moved.steps[1].said["body"]["year"] == 2026
    assert moved.shifted


def test_scenario_that_begins_on_that_day_anyway_stays_as_it_is(scenario):
    found = scenario('- call: "1101"')
    assert begin_on(found, date(2025, 3, 10)) is found


def test_own_clock_stands_in_the_way_only_of_a_scenario_that_sets_it(scenario):
    own = Mode("insured", {"230900": "u"}, {"clock": "own"})
    assert own.not_tested(scenario('- call: "1101"')) is None
    assert own.not_tested(scenario('- {clock: "2026-01-01T00:00:00"}')) is not None
    assert own.not_tested(scenario('- call: "1101"', "needs: [clock]\n")) is not None
