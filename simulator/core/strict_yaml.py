"""Strict YAML reader for every file a user writes.

Only null, true, false and plain whole numbers resolve; leading zeros, decimals and dates stay text, so a code keeps its
zeros and money never becomes a float. Repeated keys, anchors, aliases and tags are refused; every value knows its line.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import Shape, faults_of, pointer
from simulator.core.texts import text

# Far above any real file; without limits a file could exhaust memory or the stack.
LARGEST_FILE = 4 * 1024 * 1024
_DEEPEST = 40
# Eighteen digits fit the 64-bit integers of the stores; longer numbers stay text.
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Document:
    """File as read: data, name, and the line and column (from 1) of every path."""

    data: Any
    name: str
    places: dict[str, tuple[int, int]]

    def fault(self, path: str, sentence: Any) -> DataFault:
        """A fault at `path`, placed at the nearest known line."""
        line, column = self._place(path)
        return DataFault(sentence, path, self.name, line, column)

    def _place(self, path: str) -> tuple[int | None, int | None]:
        while path and path not in self.places:
            path = re.sub(r"(\.[^.\[]*|\[[0-9]+\]|^[^.\[]+)$", "", path)
        return self.places.get(path, (None, None))


def read_yaml(path: Path, wanted: Shape | None = None) -> Document:
    """Reads and checks a file; raises DataFaults with file, line and path."""
    try:
        raw = path.read_bytes()
    except OSError:
        raise DataFaults([DataFault(text("data.no_such_file", path=str(path)), file=str(path))]) from None
    return parse_yaml(raw, str(path), wanted)


def parse_yaml(raw: bytes | str, name: str, wanted: Shape | None = None) -> Document:
    """Reads and checks YAML text; `name` stands for the file in faults."""
    source = raw if isinstance(raw, str) else decode(raw, name)
    if len(source) > LARGEST_FILE:
        raise DataFaults([DataFault(text("data.too_large", size=len(source), limit=LARGEST_FILE), file=name)])
    document = _build(source, name)
    return document if wanted is None else checked(document, wanted)


def checked(document: Document, wanted: Shape) -> Document:
    """The document when it keeps a schema; raises DataFaults in the order of the file."""
    faults = faults_of(document.data, wanted)
    if faults:
        placed = [document.fault(fault.path, fault.sentence) for fault in faults]
        raise DataFaults(sorted(placed, key=lambda fault: (fault.line or 0, fault.column or 0, fault.path)))
    return document


def decode(raw: bytes, name: str) -> str:
    """UTF-8 text of a file; says so when a spreadsheet saved it with a BOM or in GBK."""
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise DataFaults([DataFault(text("data.bom"), file=name, line=1)])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        try:
            raw.decode("gb18030")
        except UnicodeDecodeError:
            sentence = text("data.not_utf8", byte=error.start)
        else:
            sentence = text("data.gbk")
        raise DataFaults([DataFault(sentence, file=name, line=line)]) from None


def _build(source: str, name: str) -> Document:
    places: dict[str, tuple[int, int]] = {}
    try:
        _refuse_references(source, name)
        node = yaml.compose(source, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        fault = DataFault(text("data.not_yaml", problem=error.problem), "", name, line, column)
        raise DataFaults([fault]) from None
    except yaml.YAMLError as error:
        raise DataFaults([DataFault(text("data.not_yaml", problem=str(error)), file=name)]) from None
    except RecursionError:
        raise DataFaults([DataFault(text("data.too_deep", limit=_DEEPEST), file=name)]) from None
    data = _value(node, (), name, places) if node is not None else None
    return Document(data, name, places)


def _refuse_references(source: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(source, Loader=yaml.CSafeLoader):
        mark: Any = event.start_mark
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > _DEEPEST:
            fault = DataFault(text("data.too_deep", limit=_DEEPEST), "", name, mark.line + 1, mark.column + 1)
            raise DataFaults([fault])
        tagged = getattr(event, "tag", None) is not None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None or tagged:
            raise DataFaults([DataFault(text("data.alias"), "", name, mark.line + 1, mark.column + 1)])


def _value(node: yaml.Node, path: tuple[str | int, ...], name: str, places: dict[str, tuple[int, int]]) -> Any:
    written = pointer(path)
    places.setdefault(written, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), name, places) for index, item in enumerate(node.value)]
    found: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise DataFaults([DataFault(text("data.key_not_text"), written, name, line, column)])
        key = str(key_node.value)
        if key in found:
            fault = DataFault(text("data.duplicate_key", key=key, line=lines[key]), written, name, line, column)
            raise DataFaults([fault])
        lines[key] = line
        places[pointer((*path, key))] = (line, column)
        found[key] = _value(value_node, (*path, key), name, places)
    return found


def _scalar(node: yaml.ScalarNode) -> Any:
    written = str(node.value)
    if node.style:  # quoted or a block; the C parser gives '' for a plain scalar
        return written
    if written in _WORDS:
        return _WORDS[written]
    return int(written) if _WHOLE.match(written) else written
