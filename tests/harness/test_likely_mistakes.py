"""The likely mistakes of the cities over a run, on the console, in the page and in a file for machines."""

import json

import pytest

from simulator.core.texts import speaking
from simulator.harness.execution.results import Ended, JudgedAt, ReportedDiagnosis, RunInfo
from simulator.harness.execution.run_diagnosis import diagnosed
from simulator.harness.report import write_report
from simulator.harness.report.likely_mistakes import lines, write_mistakes

INFO = RunInfo((), ("insured",), 7, "http://p", {}, "nhsa-sim rehearse", "nhsa-sim rehearse", "2026-01-01 00:00:00")


def candidate(name: str, *, contradicts=(), insutype=""):
    return {
        "mistakes": [name],
        "families": ["rules"],
        "rule": "rounding",
        "insutype": insutype,
        "sentence": {"zh": f"错误 {name}", "en": f"mistake {name}"},
        "arithmetic": "5.55 × 0.9000 = 4.99",
        "shown_by": {"zh": f"场景 {name}", "en": f"message {name}"},
        "explains": [0, 1],
        "contradicts": list(contradicts),
    }


def told(*candidates, unexplained=()) -> ReportedDiagnosis:
    answers = [JudgedAt(f"family/s{number}", "2207A", f"M{number}", right=False) for number in range(3)]
    mistakes = [{"area": "230900", "answers": [0, 1], "one_of": list(candidates)}] if candidates else []
    return ReportedDiagnosis(answers, mistakes, unexplained)


def console(diagnosis) -> list[str]:
    with speaking("en"):
        return [str(line) for line in lines(diagnosis)]


def test_one_mistake_is_told_with_its_arithmetic_and_the_answers_that_it_explains():
    assert console(told(candidate("truncated"))) == [
        "likely mistakes of the city over the whole run",
        "230900: 2 wrong answers, likely cause",
        "  · mistake truncated: 5.55 × 0.9000 = 4.99",
        "      explains 2: family/s0 2207A, family/s1 2207A",
    ]


def test_of_several_is_told_what_contradicts_each_and_what_tells_them_apart():
    shown = console(told(candidate("truncated", contradicts=[2], insutype="390"), candidate("half_even")))
    assert shown[1] == "230900: 2 wrong answers, one of"
    assert shown[2] == "  · mistake truncated (insurance 390 only): 5.55 × 0.9000 = 4.99"
    assert "      contradicted by 1: family/s2 2207A" in shown
    assert "      told apart by: message half_even" in shown


def test_what_nothing_explains_is_told():
    assert console(told(unexplained=(2,)))[1:] == [
        "  · 1 more are wrong and explained by no mistake that holds over the run: family/s2 2207A"
    ]


@pytest.mark.parametrize("diagnosis", [None, ReportedDiagnosis((), (), ())])
def test_nothing_is_told_where_nothing_is_wrong(diagnosis):
    assert console(diagnosis) == []


def test_the_file_and_the_page_hold_the_same(tmp_path):
    ended = Ended(INFO, [], 1.0, diagnosis=told(candidate("truncated"), unexplained=(2,)))
    write_mistakes(ended, tmp_path / "mistakes.json")
    written = json.loads((tmp_path / "mistakes.json").read_text(encoding="utf-8"))
    assert [each["mistakes"] for each in written["mistakes"][0]["one_of"]] == [["truncated"]]
    assert (written["answers"][1]["scenario"], written["unexplained"]) == ("family/s1", [2])
    write_report(ended, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index("参保地可能的错误") < page.index("错误 truncated") < page.index("family/s2 2207A")


class Platform:
    """A platform that may only be asked where it says so."""

    def __init__(self, answer=None):
        self.answer = answer

    def control(self, method, path, body):
        assert self.answer is not None, "asked although nothing is wrong"
        assert (method, path) == ("POST", "likely-mistakes")
        self.asked = body["answers"]
        return self.answer


class Result:
    """A scenario with judged answers."""

    def __init__(self, *agrees: bool):
        self.scenario = type("Scenario", (), {"id": "family/s"})()
        self.judged = [
            {"infno": "2207A", "msgid": f"M{at}", "agrees": right, "sandbox": "s"} for at, right in enumerate(agrees)
        ]


def test_the_platform_is_not_asked_where_every_answer_is_right():
    assert diagnosed(Platform(), [Result(True, True)]) == ReportedDiagnosis(
        [JudgedAt("family/s", "2207A", "M0", right=True), JudgedAt("family/s", "2207A", "M1", right=True)], (), ()
    )


def test_the_platform_is_asked_once_with_the_right_answers_too():
    platform = Platform({"mistakes": [], "unexplained": [2], "left_out": 0})
    found = diagnosed(platform, [Result(True), Result(True, False)])
    assert (len(platform.asked), found.unexplained) == (3, [2])


def test_a_run_without_judged_answers_has_no_diagnosis():
    assert diagnosed(Platform(), [Result()]) is None
