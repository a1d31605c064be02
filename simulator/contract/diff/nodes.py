"""Nodes that only one edition has, or that changed from a single row to many."""

from collections.abc import Iterator

from simulator.contract.diff.changes import BREAKING, RISKY, SAFE, Change, Part, Verdict
from simulator.contract.diff.fields import verdict
from simulator.contract.edition_rows import FILE, INPUT, OUTPUT, ROOT, FieldRow
from simulator.contract.layout import REMOTE, Layout, Node
from simulator.core.texts import Text, plain, text

_NOTHING = plain("—")
Path = tuple[str, ...]


class Nodes:
    """The nodes of one transaction and direction in both editions."""

    def __init__(self, old: Layout, new: Layout) -> None:
        self.old, self.new = old, new
        self.before: dict[Path, Node] = {node.path: node for node in old.root.walk()}
        self.after: dict[Path, Node] = {node.path: node for node in new.root.walk()}

    def holds(self, row: FieldRow) -> bool:
        """True where the row's node is in both editions, so that the row is reported as a field."""
        if row.node in (FILE, ROOT, INPUT, OUTPUT):
            return True
        path = tuple(row.node.split("."))
        return path in self.before and path in self.after

    def changes(self) -> Iterator[Change]:
        for path, node in self.before.items():
            twin = self.after.get(path)
            if twin is None and path[:-1] in self.after:
                missing = _missing(self.old, node)
                part = Part("present", _words(node), _NOTHING, verdict(RISKY, "node_unknown_to_new"), missing)
                yield self._change("removed", node, part)
            elif twin is not None and (node.rows or node.children) and node.is_list != twin.is_list:
                broken = verdict(BREAKING, "node_kind")
                yield self._change("changed", twin, Part("node_kind", _kind(node), _kind(twin), broken, broken))
            elif twin is not None and path:
                yield from self._presence(node, twin)
        for path, node in self.after.items():
            if path not in self.before and path[:-1] in self.before:
                missing = _missing(self.new, node)
                part = Part("present", _NOTHING, _words(node), missing, verdict(RISKY, "node_unknown_to_old"))
                yield self._change("added", node, part)

    def _presence(self, node: Node, twin: Node) -> Iterator[Change]:
        """A node row that makes a node optional or required, where its fields do not tell the same already."""
        was, now = (layout_node.rule.required if layout_node.rule else "" for layout_node in (node, twin))
        if was == now:
            return
        before, after = _needed(self.old, node), _needed(self.new, twin)
        if before == after:
            return
        safe = verdict(SAFE, "node_optional")
        sender = _missing(self.new, twin) if after else safe
        receiver = _missing(self.old, node) if before else safe
        words = [
            text("contract.diff_is_required" if needed else "contract.diff_is_optional") for needed in (before, after)
        ]
        yield self._change("changed", twin, Part("required", words[0], words[1], sender, receiver))

    def _change(self, kind: str, node: Node, part: Part) -> Change:
        layout = self.new
        name = ".".join(node.path) or {"in": INPUT, "out": OUTPUT}[layout.direction]
        return Change("node", kind, layout.infno, layout.direction, name, "", node.title, (part,))


def _needed(layout: Layout, node: Node) -> bool:
    parent = layout.root
    for name in node.path[:-1]:
        parent = parent.children[name]
    return node.is_required(REMOTE, parent)


def _missing(layout: Layout, node: Node) -> Verdict:
    """Effect of a missing node that an edition requires; a list of an answer may be absent in lenient."""
    if not _needed(layout, node):
        return verdict(SAFE, "node_optional")
    if layout.direction == "out" and node.is_list:
        return verdict(RISKY, "list_missing")
    return verdict(BREAKING, "node_missing")


def _kind(node: Node) -> Text:
    return text("contract.allowed_list" if node.is_list else "contract.allowed_object")


def _words(node: Node) -> Text:
    fields = ", ".join(node.known())
    kind = _kind(node)
    return Text(f"{kind.zh}：{fields}", f"{kind.en}: {fields}")
