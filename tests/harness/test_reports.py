import base64
import gzip
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from playwright.sync_api import sync_playwright

from simulator.core.masking import mask_text
from simulator.core.texts import Text, plain
from simulator.harness.execution.matching import Mismatch
from simulator.harness.execution.results import (
    BROKEN,
    FAILED,
    NOT_RUN,
    NOT_TESTED,
    PASSED,
    Ended,
    RunInfo,
    ScenarioResult,
    ShownLeg,
    StepResult,
)
from simulator.harness.report import write_report
from simulator.harness.report.junit import write_junit
from simulator.harness.report.page import LARGEST
from simulator.harness.report.results_json import write_results
from simulator.harness.report.wording import failure_text
from tests.conftest import CI
from tests.pages.conftest import CHROMIUM

CERTNO = "230996195109086782"


@pytest.fixture
def made(scenario):
    """A run of one scenario per status, each with a step that sent a message."""

    def make(*statuses, message="{}"):
        info = RunInfo(
            (),
            ("self",),
            7,
            "http://p",
            {"platform": "http://p"},
            "nhsa-sim rehearse",
            "nhsa-sim rehearse",
            "2026-01-01 00:00:00",
        )
        results = []
        for index, status in enumerate(statuses):
            found = scenario('- call: "1101"\n- call: "5206"', name=f"s{index}")
            result = ScenarioResult(
                found, "self", status, Text("因为", "because") if status in (NOT_TESTED, BROKEN) else None
            )
            leg = ShownLeg("hospital", "1101", "M1", mask_text(message), "{}", "answered")
            result.steps = [StepResult(found.steps[0], Text("查人", "who"), status, legs=[leg])]
            if status == FAILED:
                cause = Text("起付线应为 500.00", "the deductible is 500.00")
                result.steps[0].differences = [
                    Mismatch("setlinfo.hifp_pay", plain("1.00"), plain(f"2.00 {CERTNO}"), "2207A", (cause,))
                ]
                result.steps.append(StepResult(found.steps[1], Text("累计", "accumulated"), NOT_RUN))
            results.append(result)
        return Ended(info, results, 1.5)

    return make


def packed(page):
    blob = re.search(r'id="packed">([^<]*)<', page).group(1)
    return json.loads(gzip.decompress(base64.b64decode(blob)))


def test_verdict_comes_first_in_both_languages(made, tmp_path):
    write_report(made(PASSED, FAILED), tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert page.index("2 场中有 1 场未通过") < page.index("根本原因")
    assert "1 of 2 failed" in page


def test_broken_rule_is_the_headline_and_told_once_for_all_the_scenarios_that_met_it(made, tmp_path):
    ended = made(*[FAILED] * 3)
    for result in ended.results:
        result.steps[0].rule = "award.deductible"
    write_report(ended, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "3 场中有 3 场未通过，原因 1 个" in page
    assert page.count('<article class="card">') == 1
    assert page.index("起付线应为 500.00") < page.index("最先见于")
    assert page.index("family/s1</small>") < page.index("全部场景</span>")


def test_report_is_one_file_that_asks_nothing_of_the_network(made, tmp_path):
    write_report(made(PASSED), tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!#)', page)


def test_report_prints_the_text_of_every_rule_and_source_it_cites(made, tmp_path):
    ended = made(PASSED)
    result = ended.results[0]
    result.scenario = replace(result.scenario, verifies=("rules 18", "source HN", "1101"))
    result.steps[0].award = {
        "setl_id": "1",
        "answered": {},
        "expected": {"award": {}, "steps": [{"rule": "deductible", "sentence": {}, "source": "D1", "reference": "x"}]},
    }
    write_report(ended, tmp_path / "r.html")
    shown = packed((tmp_path / "r.html").read_text())
    assert shown["cited"]["rules 18"]["en"].startswith("Reversal. 2601 answers 0 whenever afterwards")
    assert shown["cited"]["source HN"]["zh"].startswith("湖南省")
    assert "1101" not in shown["cited"]
    assert shown["runs"][0]["steps"][0]["award"]["steps"][0]["source"]["en"].startswith("D1 Qitaihe")


def test_failed_step_stands_once_and_the_steps_after_it_were_not_run(made, tmp_path):
    write_report(made(FAILED), tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert page.count('<article class="card">') == 1
    assert [step["status"] for step in packed(page)["runs"][0]["steps"]] == [FAILED, NOT_RUN]


def test_identities_are_masked_everywhere(made, tmp_path):
    ended = made(
        FAILED, message=json.dumps({"input": {"data": {"certno": CERTNO, "psn_name": "周丽"}}}, ensure_ascii=False)
    )
    write_report(ended, tmp_path / "r.html")
    write_junit(ended, tmp_path / "j.xml")
    page = (tmp_path / "r.html").read_text()
    for written in (page, json.dumps(packed(page), ensure_ascii=False), (tmp_path / "j.xml").read_text()):
        assert CERTNO not in written
        assert "周丽" not in written


def test_report_stays_small_by_leaving_out_messages_of_what_passed(made, tmp_path):
    noise = "".join(f"{index * 2654435761 % 2**32:08x}" for index in range(20_000))
    ended = made(*[PASSED] * 12, FAILED, message=noise)
    for index, result in enumerate(ended.results):
        leg = ShownLeg("hospital", "1101", "M", noise[index:] + noise[:index][::-1], "{}", "answered")
        result.steps[0].legs = [leg]
    write_report(ended, tmp_path / "r.html")
    assert (tmp_path / "r.html").stat().st_size <= LARGEST
    runs = packed((tmp_path / "r.html").read_text())["runs"]
    assert runs[-1]["steps"][0]["legs"]
    assert not runs[-2]["steps"][0]["legs"]


def test_junit_has_one_case_for_each_scenario_in_each_use(made, tmp_path):
    write_junit(made(PASSED, FAILED, NOT_TESTED, BROKEN), tmp_path / "j.xml")
    suite = ElementTree.parse(tmp_path / "j.xml").getroot().find("testsuite")
    assert suite.attrib["tests"] == "4"
    assert [each.tag for case in suite.findall("testcase") for each in case] == ["failure", "skipped", "error"]


def test_junit_survives_letters_that_xml_has_no_place_for(made, tmp_path):
    ended = made(FAILED)
    ended.results[0].steps[0].differences = [Mismatch("x", plain("a\x00b"), plain("\ud800"))]
    write_junit(ended, tmp_path / "j.xml")
    ElementTree.parse(tmp_path / "j.xml")


def test_one_line_of_junit_says_the_cause_first_and_no_path_of_the_machine(made, tmp_path):
    ended = made(FAILED)
    write_junit(ended, tmp_path / "j.xml")
    failure = next(ElementTree.parse(tmp_path / "j.xml").getroot().iter("failure"))
    assert failure.attrib["message"].startswith("起付线应为 500.00 ✗ family")
    assert "\n" not in failure.attrib["message"]
    assert str(tmp_path) not in (tmp_path / "j.xml").read_text()


def test_report_and_results_show_versions_policies_and_machine_and_no_path_of_it(made, tmp_path):
    ended = made(PASSED, FAILED)
    ended.results[0].policies = {"230900": "2025.1 0123456789ab"}
    ended = replace(ended, info=replace(ended.info, platform_version="9.9.9", host="stage (UTC+0800 CST)"))
    write_report(ended, tmp_path / "r.html")
    write_results(ended, tmp_path / "results.json")
    page, results = (tmp_path / "r.html").read_text(), json.loads((tmp_path / "results.json").read_text())
    for shown in ("9.9.9", "stage (UTC+0800 CST)", "230900 2025.1 0123456789ab", "+08:00"):
        assert shown in page
    assert (results["platform"], results["policies"]) == ("9.9.9", {"230900": "2025.1 0123456789ab"})
    assert results["results"][1]["differences"][0]["causes"][0]["en"] == "the deductible is 500.00"
    shown = page + json.dumps(packed(page)) + json.dumps(results)
    assert str(tmp_path) not in shown
    assert CERTNO not in shown


def test_cause_heads_the_card_and_its_difference_is_told_as_the_consequence(made, tmp_path):
    write_report(made(FAILED), tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert (
        page.index("起付线应为 500.00")
        < page.index("最先见于")
        < page.index(">后果<")
        < page.index("setlinfo.hifp_pay")
    )


def test_amounts_of_a_settlement_stand_beside_its_step(made, tmp_path):
    ended = made(PASSED)
    ended.results[0].steps[0].award = {"setl_id": "1", "answered": {"fund_pay_sumamt": "830.70"}, "expected": None}
    write_report(ended, tmp_path / "r.html")
    money = packed((tmp_path / "r.html").read_text())["runs"][0]["steps"][0]["money"]
    assert money == [["基金支付总额", "fund_pay_sumamt", "830.70"]]


def test_failure_text_names_field_wanted_got_cause_and_the_command(made):
    ended = made(FAILED)
    said = failure_text(ended.results[0], ended.info)
    for words in (
        "基本医疗保险统筹基金支出 setlinfo.hifp_pay",
        "应为 1.00",
        "起付线应为 500.00",
        "--use self --seed 7",
    ):
        assert words in said.zh
    assert "s0.scenario.yaml:14" in said.en
    assert CERTNO not in said.zh


def test_exit_code_tells_green_red_and_broken_apart(made):
    assert made(PASSED, NOT_TESTED).exit_code == 0
    assert made(PASSED, FAILED).exit_code == 1
    assert made(PASSED, FAILED, BROKEN).exit_code == 2
    assert made(NOT_TESTED).exit_code == 2  # nothing at all was tested


@pytest.fixture
def chromium():
    if not CHROMIUM.exists():
        reason = f"no browser at {CHROMIUM}"
        if CI:
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.browser
def test_report_opens_offline_in_both_languages_and_at_any_width(made, tmp_path, chromium):
    """The verdict is in sight, a failed step shows what was sent and came, what was not run says so."""
    ended = made(PASSED, FAILED, message=json.dumps({"infno": "1101"}))
    write_report(ended, tmp_path / "r.html")
    asked, complaints = [], []
    for width, language, verdict, not_run in (
        (1280, "zh-CN", "2 场中有 1 场未通过", "未执行"),
        (800, "en-US", "1 of 2 failed", "not run"),
        (390, "zh-CN", "2 场中有 1 场未通过", "未执行"),
    ):
        page = chromium.new_page(locale=language, viewport={"width": width, "height": 800}, offline=True)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((tmp_path / "r.html").as_uri() + "#self-family-s1")
        page.wait_for_selector("body[data-ready]", timeout=15_000)
        run = page.locator("#self-family-s1")
        assert verdict in page.locator("h1").inner_text()
        assert '"infno": "1101"' in run.locator("pre").first.inner_text()
        assert not_run in run.locator(".step.not_run").inner_text()
        assert run.locator("tbody .wanted").inner_text() == "1.00"
        too_wide = "[...document.querySelectorAll('body *')].filter(e=>e.getBoundingClientRect().right>innerWidth+1)"
        assert page.evaluate(f"{too_wide}.map(e=>e.tagName+'.'+e.className)") == []
        page.close()
    assert {url.partition("#")[0] for url in asked} == {(tmp_path / "r.html").as_uri()}
    assert complaints == []
