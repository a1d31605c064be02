"""Writer of the report: the verdict stands in the page, the details are packed beside it."""

import base64
import gzip
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from markupsafe import Markup, escape

from simulator.core.texts import Text, plain, text
from simulator.harness.execution.results import (
    BROKEN,
    EXPECTED_FAILURE,
    FAILED,
    NOT_APPLICABLE,
    NOT_TESTED,
    PASSED,
    Ended,
)
from simulator.harness.report.build_next import build_rows
from simulator.harness.report.evidence import run_evidence
from simulator.harness.report.facts import PASSED_MESSAGES, cards, details, table_rows
from simulator.harness.report.likely_mistakes import sections, unexplained
from simulator.harness.scenario.definition import use_name

LARGEST = 1_000_000
"""Bytes of the whole file; beyond it the messages of passed scenarios are left out, the last first."""


def write_report(ended: Ended, path: Path) -> None:
    """Writes the file."""
    packed, left_out = _packed(ended)
    told = cards(ended)
    page = (
        _environment()
        .get_template("page.html")
        .render(
            ended=ended,
            info=ended.info,
            verdict=_verdict(ended, len(told)),
            tone={0: "good", 1: "bad"}.get(ended.exit_code, "broken"),
            unchecked=[
                text("harness.literals_unchecked_in", count=count, reason=reason)
                for reason, count in ended.unchecked().items()
            ],
            counts=[(status, text(f"harness.status_{status}"), ended.count(status)) for status in _STATUSES],
            cards=told,
            mistakes=sections(ended.diagnosis),
            unexplained=unexplained(ended.diagnosis),
            uses=[(use, use_name(use)) for use in ended.info.uses],
            rows=table_rows(ended),
            status_names={status: text(f"harness.status_{status}") for status in (*_STATUSES, "not_run")},
            words=SimpleNamespace(**{key: text(f"report.{key}") for key in _WORDS}),
            spoken=_spoken(),
            evidence=run_evidence(ended),
            build=build_rows(ended),
            packed=packed,
            left_out=left_out,
            script=_read("page.js"),
            style=_read("page.css"),
        )
    )
    path.write_text(page, encoding="utf-8")


_STATUSES = (PASSED, FAILED, EXPECTED_FAILURE, BROKEN, NOT_TESTED, NOT_APPLICABLE)
_OUTCOMES = ("answered", "refused", "repeated", "dropped", "unknown")
"""Of a message, as the platform's journal has it."""
_WORDS = (
    *("title", "lead", "scenario", "seed", "took", "begun", "command", "again", "copy", "wanted", "got", "cause"),
    *("causes", "causes_none", "same_cause", "first_met", "all", "details", "details_hint", "only_failed", "left_out"),
    *("parties", "mistakes", "mistakes_hint"),
    *("request", "answer", "hospital_leg", "agency_leg", "award", "rule", "why", "source", "before", "after"),
    *("followed", "consequence", "platform_version", "product_version", "host", "editions", "policies", "evidence"),
    *("build", "build_hint", "transaction", "asked", "right", "wrong", "silent", "state"),
    *("verifies", "too_old", "no_script", "made_with"),
)


def _spoken() -> dict[str, dict[str, str]]:
    """The words that the page's script puts in."""
    said = {key: text(f"report.{key}") for key in _WORDS}
    said |= {f"status_{status}": text(f"harness.status_{status}") for status in (*_STATUSES, "not_run")}
    said |= {f"outcome_{outcome}": text(f"report.outcome_{outcome}") for outcome in _OUTCOMES}
    return {key: each.as_json() for key, each in said.items()}


def _packed(ended: Ended) -> tuple[str, int]:
    """The details, packed; and of how many passed scenarios the messages had to be left out."""
    whole = details(ended)
    passed = [run for run in whole["runs"] if run["status"] == PASSED]
    room = LARGEST - 120_000
    left_out = 0
    while len(packed := _pack(whole)) > room and left_out < len(passed):
        share = max(1, len(passed) // 4)
        for run in passed[len(passed) - left_out - share : len(passed) - left_out]:
            PASSED_MESSAGES.leave_out(run)
        left_out = min(len(passed), left_out + share)
    return packed, left_out


def _pack(value: Mapping[str, Any]) -> str:
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode()


def _verdict(ended: Ended, causes: int) -> Text:
    if ended.broken is not None:
        return text("report.verdict_stopped", why=ended.broken)
    if ended.exit_code == 0:
        return text("report.verdict_good", count=ended.count(PASSED))
    if ended.exit_code == 1:
        of = ended.count(FAILED) + ended.count(PASSED)
        return text("report.verdict_bad", count=ended.count(FAILED), of=of, causes=causes)
    return text("report.verdict_broken", count=ended.count(BROKEN))


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({"page.html": _read("page.html")}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["both"] = both
    return environment


def both(sentence: Text | str) -> Markup:
    """A sentence in both languages; the page shows the one that is chosen."""
    said = plain(sentence) if isinstance(sentence, str) else sentence
    if said.zh == said.en:
        return escape(said.zh)
    form = Markup('<span class="zh">{}</span><span class="en" lang="en">{}</span>')
    return form.format(said.zh, said.en)


def _read(name: str) -> str:
    return resources.files("simulator.harness.report").joinpath(name).read_text(encoding="utf-8")
