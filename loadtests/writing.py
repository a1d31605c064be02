"""The verdict as lines of text, JUnit and one HTML page that opens offline."""

import json
import shlex
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib import resources
from typing import Any

from jinja2 import Environment

from simulator import __version__
from simulator.core.texts import Text, language, text
from simulator.loadtests.columns import columns
from simulator.loadtests.limits import Judged
from simulator.loadtests.recorder import Recorder
from simulator.loadtests.running import Outcome

_WIDE, _HIGH = 900, 160
_MOST_POINTS = 300


def verdict(judged: Sequence[Judged]) -> Text:
    """Passed or not, and how many limits were kept; the first line of every report."""
    kept = sum(each.ok for each in judged)
    key = "load.passed" if kept == len(judged) else "load.failed"
    return text(key, kept=kept, count=len(judged))


def verdict_lines(judged: Sequence[Judged]) -> Iterator[str]:
    """The verdict first, then each limit: measured, allowed, margin; the broken ones first."""
    yield str(verdict(judged))
    heading = [str(text(f"load.column_{name}")) for name in ("limit", "measured", "allowed", "margin")]
    rows: list[Sequence[str]] = [heading]
    for each in sorted(judged, key=lambda one: one.ok):
        mark = "✔" if each.ok else "✘"
        rows.append((f"{mark} {each.label} [{each.name}]", each.measured, each.limit, each.margin))
    yield from columns(rows)


def reason_lines(recorder: Recorder) -> Iterator[str]:
    """Lines with the reasons of failures, the most frequent first."""
    reasons = [(count, reason) for _, tally in recorder for reason, count in tally.reasons.items()]
    for count, reason in sorted(reasons, reverse=True)[:20]:
        yield f"{count} × {reason}"


def write_reports(outcome: Outcome, command: Sequence[str]) -> None:
    """`load.html`, `load.json` and `junit.xml` in the folder that was asked for."""
    folder = outcome.asked.folder
    (folder / "load.html").write_text(page(outcome, command), encoding="utf-8")
    (folder / "load.json").write_text(as_json(outcome), encoding="utf-8")
    (folder / "junit.xml").write_text(junit(outcome.judged), encoding="utf-8")


def as_json(outcome: Outcome) -> str:
    """The result for a program: versions, rate, and each limit with measured and allowed value."""
    run, books = outcome.run, outcome.books
    whole = {
        "kind": "load",
        "product": __version__,
        "started": datetime.fromtimestamp(run.began).astimezone().isoformat(sep=" ", timespec="seconds"),
        "seconds": round(run.ended - run.began, 1),
        "users": run.users,
        "rate": str(run.rate),
        "messages": run.recorder.sent,
        "failed": run.recorder.failed,
        "balanced": books.balanced,
        "unknown": books.unknown,
        "passed": outcome.passed,
        "limits": [
            {
                "name": each.name,
                "label": each.label.as_json(),
                "measured": each.measured,
                "allowed": each.limit,
                "ok": each.ok,
            }
            for each in outcome.judged
        ],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def junit(judged: Sequence[Judged]) -> str:
    """JUnit XML with a case for each limit."""
    broken = sum(not each.ok for each in judged)
    suite = ET.Element("testsuite", name="nhsa-sim load", tests=str(len(judged)), failures=str(broken), errors="0")
    for each in judged:
        case = ET.SubElement(suite, "testcase", classname="load", name=each.name)
        if not each.ok:
            words = text("load.broken", label=each.label, measured=each.measured, limit=each.limit)
            ET.SubElement(case, "failure", message=str(words))
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def page(outcome: Outcome, command: Sequence[str]) -> str:
    """The report: verdict, limits, transactions, the course of the run, reasons of failures, how to run it again."""
    source = resources.files(__package__).joinpath("load.html.jinja").read_text(encoding="utf-8")
    run, recorder = outcome.run, outcome.run.recorder
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    return template.render(
        words=lambda key, **values: str(text(f"load.{key}", **values)),
        lang="en" if language() == "en" else "zh-CN",
        version=__version__,
        verdict=str(verdict(outcome.judged)),
        outcome=outcome,
        judged=sorted(outcome.judged, key=lambda each: each.ok),
        run=run,
        began=datetime.fromtimestamp(run.began).astimezone().isoformat(sep=" ", timespec="seconds"),
        transactions=[_row(name, tally) for name, tally in recorder],
        total=_row(str(text("load.about_run")), recorder.total),
        reasons=list(reason_lines(recorder)),
        course=_course(recorder),
        command=shlex.join(command),
    )


def _row(name: str, tally: Any) -> Mapping[str, Any]:
    figures = [f"{tally.took.at(share):.1f}" for share in (0.5, 0.9, 0.99, 0.999)]
    since_due = f"{tally.since_due.at(0.99):.1f}" if tally.since_due.buckets else "-"
    longest = f"{tally.took.longest / 1000:.1f}"
    return {
        "name": name,
        "count": tally.count,
        "failures": tally.failures,
        "figures": [*figures, longest],
        "since_due": since_due,
    }


def _course(recorder: Recorder) -> Mapping[str, Any]:
    """Messages per second and the slowest answer of each second, as points of two lines."""
    seconds = sorted(recorder.seconds)
    if not seconds:
        return {}
    first, last = seconds[0], seconds[-1]
    step = (last - first) // _MOST_POINTS + 1
    sent, slowest = [], []
    for start in range(first, last + 1, step):
        inside = [recorder.seconds[second] for second in range(start, start + step) if second in recorder.seconds]
        sent.append(sum(each["sent"] for each in inside) / step)
        slowest.append(max((each["slowest"] for each in inside), default=0) / 1000)
    return {
        "sent": _points(sent),
        "slowest": _points(slowest),
        "most": f"{max(sent):.0f}",
        "longest": f"{max(slowest):.0f}",
        "seconds": last - first + 1,
        "wide": _WIDE,
        "high": _HIGH,
    }


def _points(values: Sequence[float]) -> str:
    highest = max(values) or 1.0
    width = max(len(values) - 1, 1)
    return " ".join(
        f"{index * _WIDE / width:.0f},{_HIGH - value / highest * _HIGH:.0f}" for index, value in enumerate(values)
    )
