"""Facts of the report as plain data: root causes, the table, and every step with its messages."""

from collections.abc import Mapping
from typing import Any

from simulator.core.citations import cited, titled
from simulator.core.masking import mask_tree
from simulator.core.texts import Text, text
from simulator.harness.execution.journal_legs import ShownLeg
from simulator.harness.execution.matching import Mismatch
from simulator.harness.execution.results import (
    BROKEN,
    EXPECTED_FAILURE,
    FAILED,
    NOT_APPLICABLE,
    NOT_TESTED,
    Ended,
    RunInfo,
    ScenarioResult,
    StepResult,
)
from simulator.harness.field_names import name_zh
from simulator.harness.report.wording import headline, lead, masked, rerun_command, shown_file, step_name
from simulator.harness.scenario.definition import use_name


def cards(ended: Ended) -> list[dict[str, Any]]:
    """Cards of the root causes: the first scenario that met each in full, the others by name."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for result in ended.results:
        if result.status in (FAILED, BROKEN):
            key = (result.use, result.cause or result.scenario.id)
            if key in found:
                found[key]["others"].append(
                    {"anchor": anchor(result), "name": result.scenario.name, "id": result.scenario.id}
                )
            else:
                found[key] = _card(result, ended.info)
    return list(found.values())


def table_rows(ended: Ended) -> list[dict[str, Any]]:
    """Scenarios in order with a cell for each use."""
    rows: dict[str, dict[str, Any]] = {}
    for result in ended.results:
        row = rows.setdefault(result.scenario.id, {"id": result.scenario.id, "name": result.scenario.name, "cells": {}})
        why = result.reason
        if why is None and result.unchecked is not None:
            why = text("harness.literals_unchecked", reason=result.unchecked)
        row["cells"][result.use] = {"status": result.status, "why": why, "anchor": anchor(result)}
    return list(rows.values())


def details(ended: Ended) -> dict[str, Any]:
    """Details for the reader to open: runs with their steps, and the text of every citation."""
    shown = [result for result in ended.results if result.status != NOT_APPLICABLE]
    words = dict.fromkeys(each for result in shown for each in result.scenario.verifies)
    return {
        "runs": [_run(result, ended.info) for result in shown],
        "cited": {each: told.as_json() for each in words if (told := cited(each)) is not None},
    }


def anchor(result: ScenarioResult) -> str:
    """The id of a scenario in a use inside the page."""
    return f"{result.use}-{result.scenario.id.replace('/', '-')}"


_REASONED = (EXPECTED_FAILURE, NOT_TESTED, BROKEN)


class _Messages:
    """Leaves the messages out of a run when the page would grow too large."""

    @staticmethod
    def leave_out(run: dict[str, Any]) -> None:
        for step in run["steps"]:
            step["legs"] = []
            step["award"] = None


PASSED_MESSAGES = _Messages()


def _card(result: ScenarioResult, info: RunInfo) -> dict[str, Any]:
    causes: dict[str, Text] = {}
    for difference in result.differences:
        for cause in difference.causes:
            causes.setdefault(cause.zh, cause)
    step = result.root_cause
    told = [masked(each, result) for each in causes.values()]
    # The cause is the headline; the scenario is where it was met first. What followed from it is told as that.
    first = told.pop(0) if told else None
    return {
        "anchor": anchor(result),
        "id": result.scenario.id,
        "lead": first or (lead(result) if result.status == FAILED else None),
        "name": result.scenario.name,
        "use": use_name(result.use),
        "step": step_name(step) if step else None,
        "headline": masked(headline(result), result),
        "differences": [_shown_difference(each, result) for each in result.differences],
        "reason": masked(result.reason, result) if result.reason else None,
        "causes": told,
        "rerun": rerun_command(result, info),
        "place": f"{shown_file(result.scenario)}:{step.step.line if step else 1}",
        "others": [],
    }


def _run(result: ScenarioResult, info: RunInfo) -> dict[str, Any]:
    run = {
        "anchor": anchor(result),
        "id": result.scenario.id,
        "name": _json(result.scenario.name),
        "about": result.scenario.about,
        "use": result.use,
        "use_name": _json(use_name(result.use)),
        "status": result.status,
        "reason": _json(result.reason) if result.reason and result.status in _REASONED else None,
        "notes": [_json(each) for each in result.notes],
        "verifies": list(result.scenario.verifies),
        "seconds": round(result.seconds, 2),
        "rerun": rerun_command(result, info),
        "place": shown_file(result.scenario),
        "final": [_difference(each) for each in result.final],
    }
    masked_run: dict[str, Any] = mask_tree(run, result.identities)
    return masked_run | {"steps": [_step(each, result.identities) for each in result.steps]}


def _step(step: StepResult, identities: frozenset[str]) -> dict[str, Any]:
    about = {
        "number": step.step.number,
        "infno": step.step.infno,
        "verb": step.step.verb,
        "title": _json(step.title),
        "status": step.status,
        "line": step.step.line,
        "ms": round(step.seconds * 1000),
        "notes": [_json(each) for each in step.notes],
        "differences": [_difference(each) for each in step.differences],
        "award": _award(step.award),
        "money": _money(step),
    }
    masked_step: dict[str, Any] = mask_tree(about, identities)
    # Legs are masked since they were shown, and are most of a report.
    return masked_step | {"legs": [_leg(each) for each in sorted(step.legs, key=lambda each: each.leg == "agency")]}


_MONEY = ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")


def _money(step: StepResult) -> list[list[Any]]:
    """Amounts that a settlement answered: total, funds, account, cash; [] for a step without any."""
    answered = (step.award or {}).get("answered")
    if not isinstance(answered, Mapping):
        return []
    return [[name_zh(name, step.step.infno), name, str(answered[name])] for name in _MONEY if name in answered]


def _leg(leg: ShownLeg) -> dict[str, Any]:
    return {
        "leg": leg.leg,
        "infno": leg.infno,
        "msgid": leg.msgid,
        "outcome": leg.outcome,
        "request": leg.request,
        "answer": leg.answer,
        "findings": [
            {"severity": each["severity"], "rule": each["rule"], "path": each["path"], "message": each["message"]}
            for each in leg.findings
        ],
    }


def _award(settlement: Mapping[str, Any] | None) -> dict[str, Any] | None:
    expected = (settlement or {}).get("expected")
    if settlement is None or not isinstance(expected, Mapping):
        return None
    return {
        "setl_id": settlement["setl_id"],
        "steps": [_award_step(step) for step in expected.get("steps") or []],
        "answered": settlement["answered"],
        "expected": expected.get("award"),
        "entries": settlement.get("entries") or [],
    }


def _award_step(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step with its source named in full: a code alone tells a reader nothing."""
    return {**step, "source": titled(step["source"]).as_json() if step.get("source") else None}


def _difference(difference: Mismatch) -> dict[str, Any]:
    return {
        "path": difference.path,
        "zh": difference.field_zh,
        "wanted": _json(difference.wanted),
        "got": _json(difference.got),
        "causes": [_json(each) for each in difference.causes],
    }


def _shown_difference(difference: Mismatch, result: ScenarioResult) -> dict[str, Any]:
    return {
        "path": difference.path,
        "zh": difference.field_zh,
        "wanted": masked(difference.wanted, result),
        "got": masked(difference.got, result),
    }


def _json(sentence: Text) -> dict[str, str]:
    return sentence.as_json()
