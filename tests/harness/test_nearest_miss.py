"""Another message than the one a task waits for: which it nearly was, and the first field that differs."""

import threading

import pytest

from simulator.harness.environment.envelope_codec import envelope, write_json
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.journey import practice
from simulator.harness.execution.results import FAILED
from simulator.harness.execution.runner import Stage, play

TWO = """
name: 试
name_en: a trial
clock: "2025-03-10T09:00:00"
roles:
  patient: {insured_at: "230900", category: retired}
  wife: {insured_at: "230900", category: retired}
places: {hospital: H11000000001}
steps:
"""


@pytest.fixture
def sandbox(platform):
    platform.control("POST", "sandboxes", {"name": "h-nearest", "seed": 7})
    yield platform.sandbox("h-nearest")
    platform.control("DELETE", "sandboxes/h-nearest")


@pytest.fixture
def miss(scenario, platform, sandbox):
    """What a run says when the hospital does something else than the first task asks for, and calls it done."""

    def play_with(steps, act, head):
        worker = threading.Thread(target=_do_first_task, args=(sandbox, act))
        mode = Mode("treatment", {}, {}, ("110000",), sandbox.name, 20.0)
        events = play(Stage(platform, 7, "rmiss"), mode, scenario(steps, head=head))
        worker.start()
        *_, ended = events
        worker.join()
        assert ended.result.status == FAILED
        [difference] = ended.result.root_cause.differences
        return ended.result, difference.causes[0]

    return play_with


def _do_first_task(sandbox, act):
    task = None
    while task is None:
        # The sandbox is emptied when the scenario begins, so what was there before is not this one's.
        task = next(iter(sandbox.control("GET", "tasks?state=open&wait=5")["tasks"]), None)
    act(sandbox, task)
    sandbox.control("PUT", f"tasks/{task['id']}", {"state": "done"})


def send(sandbox, infno, body, number):
    head = practice()["header"] | {
        "infno": infno,
        "msgid": f"H1100000000120250310090000{number:04d}",
        "mdtrtarea_admvs": "110000",
        "insuplc_admdvs": "230900",
        "opter": "sim01",
        "opter_name": "x",
        "inf_time": "2025-03-10 09:00:00",
        "fixmedins_code": "H11000000001",
        "fixmedins_name": "x",
        "sign_no": "",
    }
    sandbox.send(infno, head["msgid"], write_json(envelope(head, body)))


def test_another_transaction_is_told_with_the_task_that_it_nearly_was(miss):
    def asks_for_the_accumulators(sandbox, task):
        person = task["data"]["steps"][0]["person"]
        send(sandbox, "5206", {"data": {"psn_no": person["psn_no"], "cum_ym": ""}}, 1)

    result, cause = miss('- call: "5301"', asks_for_the_accumulators, TWO)
    assert cause.zh.startswith("来的是 5206 人员累计信息查询（msgid H11000000001202503100900000001）")
    assert "任务 1 的 5301" in cause.zh
    assert "infno：应为 5301，来的是 5206" in cause.zh
    assert [leg.infno for leg in result.root_cause.legs] == ["5206"]


def test_another_person_is_told_by_the_number_and_not_by_name(miss):
    names = []

    def asks_about_the_wife(sandbox, task):
        patient = task["data"]["steps"][0]["person"]["psn_no"]
        wife = next(each for each in sandbox.control("GET", "people")["people"] if each["psn_no"] != patient)
        names.append(wife["psn_name"])
        send(sandbox, "5206", {"data": {"psn_no": wife["psn_no"], "cum_ym": ""}}, 2)

    _, cause = miss('- {call: "5206", for: patient}', asks_about_the_wife, TWO)
    assert "第一处不同是 人员编号 psn_no" in cause.zh
    assert names[0] not in cause.zh


def test_message_of_a_later_task_is_held_against_that_one(miss):
    def registers_without_asking(sandbox, task):
        person = task["data"]["steps"][0]["person"]
        send(sandbox, "2201", {"data": {"psn_no": person["psn_no"]}}, 3)

    visit = """
    - use: visit
      with: {disease: M07803, charges: [{med_list_codg: 003110000060000-311000027, cnt: 2, pric: 420.00}]}
    """
    _, cause = miss(visit, registers_without_asking, TWO)
    assert "来的是 2201 门诊挂号" in cause.zh
    assert "任务 1 的 2201 门诊挂号" in cause.zh


def test_first_message_is_nearest_only_if_nothing_closer_came(miss):
    def asks_twice(sandbox, task):
        person = task["data"]["steps"][0]["person"]
        wife = next(each for each in sandbox.control("GET", "people")["people"] if each["psn_no"] != person["psn_no"])
        send(sandbox, "5206", {"data": {"psn_no": wife["psn_no"], "cum_ym": ""}}, 4)
        send(sandbox, "1101", {"data": {"psn_no": wife["psn_no"]}}, 5)

    result, cause = miss('- {call: "5206", for: patient}', asks_twice, TWO)
    assert "来的是 5206" in cause.zh
    assert [leg.infno for leg in result.root_cause.legs] == ["5206"]
