"""Limits of the bodies of control calls by kind, applied to the bytes before these are parsed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from simulator.core.errors import DataFault, DataFaults, refuse
from simulator.core.schema_errors import hint, shape
from simulator.core.strict_yaml import parse_yaml
from simulator.core.texts import text

FILE = "body_limits.yaml"
ANY = "any"


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Largest body of a call: its bytes, and values in them."""

    size: int
    values: int

    def refuse_beyond(self, raw: bytes) -> None:
        """Raises Refusal for a body that has more bytes, or may hold more values, than allowed."""
        if len(raw) > self.size:
            raise refuse("body_too_large", limit=self.size)
        # Each value but the first of a list or object follows a comma or an opening bracket.
        values = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
        if values > self.values:
            raise refuse("body_too_many_values", count=values, limit=self.values)


@cache
def body_limits() -> Mapping[str, BodyLimits]:
    """Limits by the rule of the call, and those of `any` other."""
    document = parse_yaml(
        resources.files(__package__).joinpath(FILE).read_bytes(), FILE, shape(__package__, "body_limits.schema.json")
    )
    return {rule: BodyLimits(row["bytes"], row["values"]) for rule, row in document.data.items()}


def refuse_unknown_rules(rules: set[str]) -> None:
    """Raises DataFaults for limits of calls that there are not."""
    unknown = body_limits().keys() - rules - {ANY}
    if unknown:
        faults = [
            DataFault(
                text("data.unknown_key", key=rule, hint=hint(rule, rules), allowed=", ".join(sorted(rules))), rule, FILE
            )
            for rule in sorted(unknown)
        ]
        raise DataFaults(faults)


def limits_of(rule: str) -> BodyLimits:
    """Limits of a call."""
    return body_limits().get(rule) or body_limits()[ANY]
