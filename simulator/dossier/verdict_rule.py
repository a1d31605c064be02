"""Rule of the verdict from its file: weights of broken rules, how much may be open, what must be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Any

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml, read_yaml

FILE, SCHEMA = "rule.yaml", "rule.schema.json"
MONEY, STATE, FORM = "money", "state", "form"
WEIGHTS = (MONEY, STATE, FORM)
CONTRACT, SCENARIOS, RECOVERY, LOAD, RECONCILIATION = "contract", "scenarios", "recovery", "load", "reconciliation"
KINDS = (CONTRACT, SCENARIOS, RECOVERY, LOAD, RECONCILIATION)


@dataclass(frozen=True, slots=True)
class VerdictRule:
    """The file as it is."""

    weights: Mapping[str, Sequence[str]]
    open: Mapping[str, int]
    expected: Mapping[str, int]
    evidence: Mapping[str, Mapping[str, Any]]
    must_be_shown: Sequence[str]
    real_system: bool

    def weight_of(self, rule: str) -> str:
        """Weight of a broken rule; state for a rule that the file does not name, and for a broken expectation."""
        for weight, patterns in self.weights.items():
            if rule and any(fnmatchcase(rule, pattern) for pattern in patterns):
                return weight
        return STATE

    def patterns(self, kind: str, what: str) -> Sequence[str]:
        """Patterns of the scenarios or requirements that show a kind of evidence."""
        found: Sequence[str] = self.evidence[kind].get(what, ())
        return found

    def share(self, kind: str) -> int:
        """Per cent of a kind of evidence that must be there."""
        return int(self.evidence[kind].get("at_least", 100))


def load_rule(path: Path | None = None) -> VerdictRule:
    """The rule of a file, or the shipped one; raises DataFaults with file, line and path."""
    wanted = shape("simulator.dossier", SCHEMA)
    if path is not None:
        return VerdictRule(**read_yaml(path, wanted).data)
    raw = resources.files("simulator.dossier").joinpath(FILE).read_bytes()
    return VerdictRule(**parse_yaml(raw, FILE, wanted).data)
