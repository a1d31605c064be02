"""Refusals of the product: source of the rule behind each, and what it guards (`refusals.yaml`).

A rule of our own that guards neither money nor state refuses in strict only; lenient takes the message with a warning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from simulator.core.citations import sources
from simulator.core.errors import DataFault, DataFaults, Refusal
from simulator.core.findings import ERROR, WARNING, Finding
from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml
from simulator.core.texts import Text, text

FILE = "refusals.yaml"
NOTHING, CALL = "nothing", "call"


@dataclass(frozen=True, slots=True)
class RefusalRule:
    """Rule of a refusal as the table describes it; `refusals.schema.json` says what each column means."""

    rule: str
    source: str
    guards: str
    sender_at_fault: bool = True

    @property
    def lenient(self) -> bool:
        """True where lenient takes the message all the same."""
        return self.guards == NOTHING

    @property
    def severity(self) -> str:
        """Severity of the finding about a message that was refused."""
        return ERROR if self.sender_at_fault else WARNING


def read_refusals(raw: bytes, name: str) -> dict[str, RefusalRule]:
    """Reads a table of refusals by rule; raises DataFaults with line and path."""
    read = parse_yaml(raw, name, shape("simulator.core", "refusals.schema.json"))
    faults = []
    found: dict[str, RefusalRule] = {}
    for rule, row in read.data["refusals"].items():
        unknown = [code for code in row["source"].split("+") if code not in sources()]
        if unknown:
            got = "+".join(unknown)
            faults.append(DataFault(text("data.unknown_source", got=got), f"refusals.{rule}.source", name))
        found[rule] = RefusalRule(rule, **row)
    if faults:
        raise DataFaults(faults)
    return found


@cache
def refusal_rules() -> Mapping[str, RefusalRule]:
    """The rule of every refusal that the product may make, by its name."""
    return read_refusals(resources.files(__package__).joinpath(FILE).read_bytes(), FILE)


def source_of(rule: str) -> str:
    """Codes of the sources of a refusal, joined with +; blank for a finding that is no refusal."""
    known = refusal_rules().get(rule)
    return known.source if known else ""


def refuse_in_strict(refusal: Refusal, *, strict: bool, findings: list[Finding], taken: Text | None = None) -> None:
    """Raises the refusal in strict; in lenient adds a warning that says how the message is taken all the same.

    Without `taken` the sentence of the refusal serves. `path` of the refusal is a JSON pointer. Raises LookupError for
    a rule that guards money or state.
    """
    if not refusal_rules()[refusal.rule].lenient:
        raise LookupError(refusal.rule)
    if strict:
        raise refusal
    findings.append(Finding(refusal.rule, WARNING, taken or refusal.text, refusal.path, refusal.wanted, refusal.got))
