"""JUnit XML: a case for each scenario in each use, readable by every CI server."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from simulator.core.texts import Text, text
from simulator.harness.execution.results import (
    BROKEN,
    EXPECTED_FAILURE,
    FAILED,
    NOT_APPLICABLE,
    NOT_TESTED,
    Ended,
    ScenarioResult,
)
from simulator.harness.report.evidence import run_evidence
from simulator.harness.report.wording import failure_text, headline, lead, shown_file
from simulator.harness.scenario.definition import use_name

_SKIPPED = (EXPECTED_FAILURE, NOT_TESTED, NOT_APPLICABLE)
# XML 1.0 has no place for these, whatever a message may hold.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(ended: Ended, path: Path) -> None:
    """Writes the file; a suite is one use."""
    root = Element("testsuites", name="nhsa-sim rehearse", time=f"{ended.seconds:.3f}")
    for use in ended.info.uses:
        results = [each for each in ended.results if each.use == use]
        suite = SubElement(root, "testsuite", name=str(use_name(use)), tests=str(len(results)))
        suite.set("failures", str(sum(each.status == FAILED for each in results)))
        suite.set("errors", str(sum(each.status == BROKEN for each in results)))
        suite.set("skipped", str(sum(each.status in _SKIPPED for each in results)))
        suite.set("time", f"{sum(each.seconds for each in results):.3f}")
        suite.set("timestamp", ended.info.started.replace(" ", "T"))
        properties = SubElement(suite, "properties")
        SubElement(properties, "property", name="seed", value=str(ended.info.seed))
        SubElement(properties, "property", name="command", value=ended.info.command)
        for name in ("product", "platform", "host"):
            SubElement(properties, "property", name=name, value=_clean(str(run_evidence(ended)[name])))
        for result in results:
            _case(suite, result, ended)
    tree = ElementTree(root)
    indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: Element, result: ScenarioResult, ended: Ended) -> None:
    name = f"{result.scenario.name} [{use_name(result.use)}]"
    case = SubElement(suite, "testcase", classname=result.scenario.id.replace("/", "."), name=_clean(name))
    case.set("time", f"{result.seconds:.3f}")
    case.set("file", shown_file(result.scenario))
    if result.status == FAILED:
        failure = SubElement(case, "failure", message=_clean(str(_message(result))))
        failure.text = _clean(str(failure_text(result, ended.info)))
    elif result.status == BROKEN:
        SubElement(case, "error", message=_clean(str(result.reason)))
    elif result.status in _SKIPPED:
        SubElement(case, "skipped", message=_clean(str(result.reason)))
    if result.unchecked is not None:
        said = SubElement(case, "system-out")
        said.text = _clean(str(text("harness.literals_unchecked", reason=result.unchecked)))


def _message(result: ScenarioResult) -> Text:
    """Line with the cause first, since many servers show no more; the place stands after it."""
    cause, where = lead(result), headline(result)
    return Text(" ".join(f"{cause.zh} {where.zh}".split()), " ".join(f"{cause.en} {where.en}".split()))


def _clean(written: str) -> str:
    return _NOT_XML.sub("\ufffd", written)
