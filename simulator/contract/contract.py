"""The contract of an edition: says of a message whether it keeps it, and if not, every breach in a fixed order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from simulator.contract import numbers
from simulator.contract.breaches import ContractBreach, field_fault, leaf_rule, node_fault, unknown_fault
from simulator.contract.client_quirks import accept_body, accept_head, advised, excused
from simulator.contract.edition_rows import ENVELOPE, Edition, FieldRow
from simulator.contract.editions import load_edition
from simulator.contract.layout import INSURED, LOCAL, REMOTE, Layout, Node, Variant, layout_of
from simulator.contract.schema import schema_of
from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import hint
from simulator.core.texts import Text, text

MOST_FAULTS = 1000
"""A message with more breaches than this is told its first ones."""

Path_ = tuple[str | int, ...]
_ORDER = {rule: rank for rank, rule in enumerate(("type", "empty", "required", "too_long", "code", "date", "range"))}


@dataclass(frozen=True, slots=True)
class Compiled:
    """The schema of one transaction, direction and variant, ready to judge."""

    layout: Layout
    variant: Variant
    schema: dict[str, Any]
    fast: jsonschema_rs.Draft202012Validator
    plan: numbers.NumberPlan | None

    def is_kept(self, body: Any) -> bool:
        if self.plan is None:
            return self.fast.is_valid(body)
        try:
            light = numbers.lighten(self.plan, body, is_list=self.layout.root.is_list)
        except numbers.TooFine:
            return False
        return self.fast.is_valid(light)

    def errors(self, body: Any, *, deep: bool) -> Iterable[tuple[Path_, str, str]]:
        """Path, keyword and missing member of every error; `deep` asks the reference validator."""
        if deep:
            import jsonschema

            reference = jsonschema.Draft202012Validator(self.schema)
            for error in reference.iter_errors(body):
                missing = error.message.split("'")[1] if error.validator == "required" else ""
                yield tuple(error.absolute_path), str(error.validator), missing
        else:
            for found in self.fast.iter_errors(body):
                kind = found.kind
                missing = kind.property if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required) else ""
                yield tuple(found.instance_path), str(found.schema_path[-1]), missing


class Contract:
    """An edition compiled, schema by schema, as each is first needed."""

    def __init__(self, edition: Edition, plain: "Contract | None" = None) -> None:
        self.edition = edition
        self.plain = plain or self
        """The same contract in the platform's own names, where the edition has a dialect."""
        self.label = "+".join([edition.name, *edition.lineage[edition.lineage.index(edition.name) + 1 :]])
        self._compiled: dict[tuple[str, str, Variant], Compiled] = {}
        self._layouts: dict[tuple[str, str], Layout] = {}

    def serves(self, infno: str) -> bool:
        """True where the edition knows the fields of the transaction."""
        known = self.edition.transactions.get(infno)
        return known is not None and known.state == "tables"

    def name_zh(self, infno: str) -> str:
        known = self.edition.transactions.get(infno)
        return known.name_zh if known else infno

    def why_not(self, infno: str) -> Text:
        """Reason why a transaction is not served: not in this edition, or known by name only."""
        known = self.edition.transactions.get(infno)
        if known is not None:
            return text("contract.listed_only", infno=infno, name=known.name_zh, edition=self.label, note=known.note)
        near = hint(infno, [number for number, other in self.edition.transactions.items() if other.state == "tables"])
        return text("contract.not_in_edition", infno=infno, edition=self.label, hint=near)

    def layout(self, infno: str, direction: str) -> Layout:
        if not self.serves(infno) and infno != ENVELOPE:
            raise DataFaults([DataFault(self.why_not(infno))])
        key = (infno, direction)
        if key not in self._layouts:
            self._layouts[key] = layout_of(self.edition, infno, direction)
        return self._layouts[key]

    def compiled(self, infno: str, direction: str, variant: Variant) -> Compiled:
        key = (infno, direction, variant)
        found = self._compiled.get(key)
        if found is None:
            layout = self.layout(infno, direction)
            schema = schema_of(layout, variant)
            fast = jsonschema_rs.Draft202012Validator(schema)
            found = self._compiled[key] = Compiled(layout, variant, schema, fast, numbers.plan_of(layout.root))
        return found

    def schema(self, infno: str, direction: str, remote: bool) -> dict[str, Any]:
        """JSON Schema 2020-12 of the value of `input` or `output`; raises DataFaults where the edition has none."""
        return self.schema_of(infno, direction, REMOTE if remote else LOCAL)

    def schema_of(self, infno: str, direction: str, variant: Variant) -> dict[str, Any]:
        return self.compiled(infno, direction, variant).schema

    def judge(
        self, infno: str, direction: str, variant: Variant, body: Any, *, deep: bool = False
    ) -> tuple[ContractBreach, ...]:
        """Every breach under a given variant; `deep` lets the reference validator judge."""
        compiled = self.compiled(infno, direction, variant)
        return () if not deep and compiled.is_kept(body) else self._collect(compiled, body, deep=deep)

    def variants(self, infno: str, direction: str) -> dict[str, Variant]:
        """The variants that differ for this transaction: always `local`, and `insured` and `remote` where they do."""
        conditions = {row.condition for row in self.edition.rows_of(infno, direction)}
        found = {"local": LOCAL}
        if "insured" in conditions:
            found["insured"] = INSURED
        if "remote" in conditions:
            found["remote"] = REMOTE
        return found

    def check(
        self,
        infno: str,
        direction: str,
        body: Any,
        *,
        remote: bool,
        head: Mapping[str, Any] | None = None,
        deep: bool = False,
    ) -> tuple[ContractBreach, ...]:
        """Every breach by the value of `input` or `output`, in the order of the table; () when there is none.

        `head` decides conditions that look at the header; `deep` lets the reference validator judge instead of the
        fast one, which is slow and says the same.
        """
        insured = remote or bool(head and head.get("insuplc_admdvs"))
        return self.judge(infno, direction, REMOTE if remote else (INSURED if insured else LOCAL), body, deep=deep)

    def check_envelope(
        self, envelope: Mapping[str, Any], direction: str, *, deep: bool = False
    ) -> tuple[ContractBreach, ...]:
        """Every breach by the header fields; the content of `input` and `output` is not looked into."""
        compiled = self.compiled(ENVELOPE, direction, LOCAL)
        inner = "input" if direction == "in" else "output"
        head = dict(envelope)
        if isinstance(head.get(inner), (dict, list)) or (head.get("enc_type") and isinstance(head.get(inner), str)):
            # The validator reads all that it is given, and an enciphered text cannot be an object yet.
            head[inner] = {}
        found = self.judge(ENVELOPE, direction, LOCAL, head, deep=deep)
        row = compiled.layout.root.rows.get("insuplc_admdvs")
        if row is None or row.condition != "input_psn_no" or head.get("insuplc_admdvs", "") not in ("", None):
            return found
        body = self.edition.dialect.read(str(envelope.get("infno")), direction, envelope.get(inner))
        if not carries_psn_no(body) or any(fault.field == row.field for fault in found):
            return found
        rule = "empty" if "insuplc_admdvs" in head else "required"
        value = head.get(row.field)
        missing = field_fault(rule, f"/{row.field}", row, self.edition, value=value, label=self.label)
        orders = compiled.layout.root.orders
        return tuple(sorted((*found, missing), key=lambda fault: orders.get(fault.field, 999.0)))

    def check_envelope_strict(self, envelope: Mapping[str, Any], direction: str) -> tuple[ContractBreach, ...]:
        """Every breach by the header fields, and at the place of a known quirk the advice that lenient would give."""
        faults = self.check_envelope(envelope, direction)
        return advised(self.accept_envelope_quirks(envelope)[1], faults) if faults else faults

    def accept_quirks(self, infno: str, direction: str, body: Any) -> tuple[Any, tuple[ContractBreach, ...]]:
        """The body without the known habits of real clients, and each habit as a warning; the argument stays as is."""
        return accept_body(self.layout(infno, direction), body, self.label)

    def check_lenient(
        self, infno: str, direction: str, body: Any, *, remote: bool, head: Mapping[str, Any] | None = None
    ) -> tuple[Any, tuple[ContractBreach, ...], tuple[ContractBreach, ...]]:
        """The body without quirks, each quirk as a warning, and the breaches that remain."""
        accepted, habits = self.accept_quirks(infno, direction, body)
        faults = self.check(infno, direction, accepted, remote=remote, head=head)
        return accepted, habits, excused(habits, faults)

    def check_strict(
        self, infno: str, direction: str, body: Any, *, remote: bool, head: Mapping[str, Any] | None = None
    ) -> tuple[ContractBreach, ...]:
        """Every breach, and at the place of a known quirk the advice that lenient would give."""
        faults = self.check(infno, direction, body, remote=remote, head=head)
        return advised(self.accept_quirks(infno, direction, body)[1], faults) if faults else faults

    def accept_envelope_quirks(self, envelope: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[ContractBreach, ...]]:
        """Accepts client quirks in the header fields; a header with `infcode` is an answer."""
        return accept_head(self.layout(ENVELOPE, "out" if "infcode" in envelope else "in"), envelope, self.label)

    def _collect(self, compiled: Compiled, body: Any, *, deep: bool) -> tuple[ContractBreach, ...]:
        layout = compiled.layout
        found: dict[Path_, tuple[str, Any]] = {}
        for path, keyword, missing in compiled.errors(body, deep=deep):
            for place, rule in _judge(layout, body, path, keyword, missing):
                known = found.get(place)
                if known is None or _ORDER.get(rule, 99) < _ORDER.get(known[0], 99):
                    found[place] = (rule, None)
        if compiled.plan is not None:
            for path, _ in numbers.faulty(compiled.plan, body, (), is_list=layout.root.is_list):
                row = _member(layout, path)[1]
                value = _value_at(body, path)
                finite = numbers.decimals(value) >= 0
                if row is not None:
                    found.setdefault(path, ("decimals" if finite else leaf_rule(row, self.edition, value), None))
        ranked = sorted(found, key=lambda path: _rank(layout, path))
        return tuple(self._fault(layout, body, path, found[path][0]) for path in ranked[:MOST_FAULTS])

    def _fault(self, layout: Layout, body: Any, path: Path_, rule: str) -> ContractBreach:
        node, row = _member(layout, path)
        pointer = layout.place + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
        value = _value_at(body, path)
        place = f"{layout.infno} {layout.direction} {'.'.join(str(p) for p in path if isinstance(p, str))}".strip()
        label = f"{place} ({self.label})"
        if rule in ("unknown_field", "unknown_node"):
            parent = _member(layout, path[:-1])[0]
            known = parent.known() if parent else []
            return unknown_fault(pointer, str(path[-1]), value=value, known=known, place=label)
        if row is not None and rule not in ("node_missing", "list_missing", "node_kind"):
            return field_fault(rule, pointer, row, self.edition, value=value, label=self.label)
        target = node if node is not None else layout.root
        is_item = bool(path) and isinstance(path[-1], int)
        name = target.name or layout.place.strip("/")
        is_list = target.is_list and not is_item
        return node_fault(rule, pointer, name=name, title=target.title, value=value, place=label, is_list=is_list)


def _judge(layout: Layout, body: Any, path: Path_, keyword: str, missing: str) -> list[tuple[Path_, str]]:
    """Places and rules behind an error of a validator; row and value alone decide the rule of a field."""
    node, row = _member(layout, path)
    if keyword == "required":
        inner, field = _member(layout, (*path, missing))
        if field is not None and inner is None:
            return [((*path, missing), "required")]
        rule = "list_missing" if layout.direction == "out" and inner is not None and inner.is_list else "node_missing"
        return [((*path, missing), rule)]
    if keyword == "additionalProperties":
        value = _value_at(body, path)
        known = node.known() if node is not None else []
        return [((*path, name), _unknown_rule(value[name])) for name in value if name not in known]
    if row is not None and node is None:
        return [(path, leaf_rule(row, layout.edition, _value_at(body, path)))]
    return [(path, "node_missing" if keyword == "minItems" else "node_kind")]


def _unknown_rule(value: Any) -> str:
    return "unknown_node" if isinstance(value, (dict, list)) else "unknown_field"


def _member(layout: Layout, path: Path_) -> tuple[Node | None, FieldRow | None]:
    """The node or the field at a path; both where a field of type list has its own node; neither when unknown."""
    node: Node | None = layout.root
    row: FieldRow | None = None
    for part in path:
        if isinstance(part, int):
            continue
        if node is None:
            return None, row
        row = node.rows.get(part)
        node = node.children.get(part)
    return node, row


def _value_at(body: Any, path: Path_) -> Any:
    for part in path:
        try:
            body = body[part]
        # A path of a validator may lead through a value of the wrong type, which is the fault it reports.
        except (KeyError, IndexError, TypeError):
            return None
    return body


def _rank(layout: Layout, path: Path_) -> tuple[Any, ...]:
    """Sort key of a breach: row of the table, then index; unknown fields come after the rows of their node."""
    node: Node | None = layout.root
    order = -1.0
    for part in path:
        if isinstance(part, int) or node is None:
            continue
        last = max(node.orders.values(), default=order)
        inner = node.children.get(part)
        order = node.orders.get(part, inner.order if inner is not None else last + 0.25)
        node = inner
    return (order, *(part for part in path if isinstance(part, int)), str(path[-1]) if path else "")


def carries_psn_no(body: Any) -> bool:
    """True where an input carries a person's number, in whatever node."""
    if isinstance(body, list):
        return any(carries_psn_no(item) for item in body)
    if not isinstance(body, dict):
        return False
    return bool(body.get("psn_no")) or any(carries_psn_no(inner) for inner in body.values())


@lru_cache(maxsize=32)
def _cached(name: str, overlays: tuple[str, ...]) -> Contract:
    edition = load_edition(name, overlays)
    plain = Contract(load_edition(name, overlays, platform_names=True)) if edition.dialect else None
    return Contract(edition, plain)


def contract_of(name_or_path: str | Path, overlays: Sequence[str] = ()) -> Contract:
    """The compiled contract of an edition, made once per name and overlays."""
    return _cached(str(name_or_path), tuple(overlays))
