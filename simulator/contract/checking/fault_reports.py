"""Reports of faults as text, JSON, JUnit or SARIF, written while the faults are found."""

import json
import shutil
import tempfile
from collections.abc import Callable
from typing import IO, Protocol
from xml.sax.saxutils import escape, quoteattr

from simulator import __version__
from simulator.contract.checking.run import CheckedFault, Checking
from simulator.core.texts import language, text


class Report(Protocol):
    """Takes each finding as it comes and the run at its end."""

    def found(self, found: CheckedFault) -> None: ...
    def end(self, run: Checking) -> None: ...


class TextReport:
    """Text report: a line a fault with file, line, pointer, severity, sentence and row; then a summary."""

    def __init__(self, out: IO[str]) -> None:
        self.out = out

    def found(self, found: CheckedFault) -> None:
        fault = found.fault
        severity = text(f"contract.severity_{found.severity}")
        row = f"  [{fault.row}]" if fault.row else ""
        of = f"{found.infno} " if found.infno else ""
        place = f"{found.file}:{found.line}{' ' + found.pointer if found.pointer else ''}"
        self.out.write(f"{place}  {severity}  {of}{fault.rule}  {fault.sentence}{row}\n")

    def end(self, run: Checking) -> None:
        summary = text("contract.summary", messages=run.messages, errors=run.errors, warnings=run.warnings)
        self.out.write(f"{summary}\n")


class JsonReport:
    """`{"faults": […], "summary": {…}}`; a fault has both languages."""

    def __init__(self, out: IO[str]) -> None:
        self.out = out
        self.first = True

    def found(self, found: CheckedFault) -> None:
        self.out.write('{"faults": [\n' if self.first else ",\n")
        self.out.write(json.dumps(as_json(found), ensure_ascii=False))
        self.first = False

    def end(self, run: Checking) -> None:
        self.out.write('{"faults": [' if self.first else "\n")
        summary = {"messages": run.messages, "errors": run.errors, "warnings": run.warnings}
        self.out.write(f'], "summary": {json.dumps(summary)}}}\n')


class JUnitReport:
    """JUnit report: a failed case for each message with an error, a passed case for each transaction without."""

    def __init__(self, out: IO[str]) -> None:
        self.out = out
        self.body = tempfile.SpooledTemporaryFile(max_size=8 * 1024 * 1024, mode="w+", encoding="utf-8")  # noqa: SIM115  # closed at the end
        self.failures = 0
        self.place: tuple[str, int] | None = None
        self.lines: list[str] = []
        self.named = ""

    def found(self, found: CheckedFault) -> None:
        if found.severity != "error":
            return
        # What is no message has no number; each such line is a case of its own.
        place = (found.file, found.message or -found.line)
        if place != self.place:
            self._close()
            self.place = place
            self.named = f"{found.infno or '-'} {found.direction} {found.file}:{found.line}"
        fault = found.fault
        self.lines.append(f"{found.pointer}  {fault.rule}  {fault.sentence}")

    def _close(self) -> None:
        if self.place is None:
            return
        self.failures += 1
        told = _xml_text("\n".join(self.lines))
        name = quoteattr(_xml_text(self.named))
        self.body.write(
            f"  <testcase classname={quoteattr(_xml_text(self.place[0]))} name={name}>\n"
            f"    <failure message={quoteattr(_xml_text(self.lines[0]))}>{escape(told)}</failure>\n  </testcase>\n"
        )
        self.lines = []

    def end(self, run: Checking) -> None:
        self._close()
        for (infno, direction), count in sorted(run.kept.items()):
            name = text("contract.kept", infno=infno or "-", direction=direction, count=count)
            self.body.write(f'  <testcase classname="contract" name={quoteattr(str(name))}/>\n')
        tests = self.failures + len(run.kept)
        self.out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        self.out.write(f'<testsuite name="nhsa-sim contract" tests="{tests}" failures="{self.failures}" errors="0">\n')
        self.body.seek(0)
        shutil.copyfileobj(self.body, self.out)
        self.body.close()
        self.out.write("</testsuite>\n")


class SarifReport:
    """SARIF 2.1.0, which code hosts show beside the file."""

    def __init__(self, out: IO[str]) -> None:
        self.out = out
        self.rules: set[str] = set()
        schema = "https://json.schemastore.org/sarif-2.1.0.json"
        self.out.write(f'{{"$schema": "{schema}", "version": "2.1.0", "runs": [{{"results": [')

    def found(self, found: CheckedFault) -> None:
        self.out.write(",\n" if self.rules else "\n")
        self.rules.add(found.fault.rule)
        place = {
            "physicalLocation": {
                "artifactLocation": {"uri": found.file},
                "region": {"startLine": max(found.line, 1)},
            },
            "logicalLocations": [{"fullyQualifiedName": found.pointer, "kind": "member"}],
        }
        result = {
            "ruleId": found.fault.rule,
            "level": found.severity,
            "message": {"text": str(found.fault.sentence)},
            "locations": [place],
            "properties": {"infno": found.infno, "direction": found.direction, "row": found.fault.row},
        }
        self.out.write(json.dumps(result, ensure_ascii=False))

    def end(self, run: Checking) -> None:  # noqa: ARG002  # SARIF has no place for counts
        driver = {
            "name": "nhsa-sim contract",
            "version": __version__,
            "language": "en" if language() == "en" else "zh-CN",
            "rules": [{"id": rule} for rule in sorted(self.rules)],
        }
        self.out.write(f'\n], "tool": {{"driver": {json.dumps(driver, ensure_ascii=False)}}}}}]}}\n')


REPORTS: dict[str, Callable[[IO[str]], Report]] = {
    "text": TextReport,
    "json": JsonReport,
    "junit": JUnitReport,
    "sarif": SarifReport,
}


def as_json(found: CheckedFault) -> dict[str, object]:
    fault = found.fault
    return {
        "file": found.file,
        "line": found.line,
        "pointer": found.pointer,
        "severity": found.severity,
        "rule": fault.rule,
        "infno": found.infno,
        "direction": found.direction,
        "leg": found.side,
        "msgid": found.msgid,
        "field": fault.field,
        "name_zh": fault.name_zh,
        "got": fault.got,
        "allowed": fault.allowed.as_json(),
        "message": fault.sentence.as_json(),
        "row": fault.row,
    }


def _xml_text(written: str) -> str:
    """Characters that XML cannot hold stand as U+FFFD."""
    return "".join(char if char in "\t\n" or " " <= char not in "\ufffe\uffff" else "\ufffd" for char in written)
