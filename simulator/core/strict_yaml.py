"""Strict YAML reader for every file a user writes.

Only null, true, false and plain whole numbers resolve; leading zeros, decimals and dates stay text, so a code keeps its
zeros and money never becomes a float. Repeated keys, anchors, aliases and tags are refused; every value knows its line.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from simulator.core.errors import DataFault, DataFaults, in_order
from simulator.core.schema_errors import Shape, faults_of, pointer
from simulator.core.texts import Text, catalogue_keys, plain, text

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


def parse_yaml(
    raw: bytes | str, name: str, wanted: Shape | None = None, found: list[DataFault] | None = None
) -> Document:
    """Reads and checks YAML text; `name` stands for the file in faults.

    With a list `found` the faults of keys go there instead of being raised, and the rest can be judged further.
    """
    source = raw if isinstance(raw, str) else decode(raw, name)
    if len(source) > LARGEST_FILE:
        raise DataFaults([DataFault(text("data.too_large", size=len(source), limit=LARGEST_FILE), file=name)])
    document, faults = _build(source, name)
    if found is not None:
        found += faults
    elif faults:
        raise DataFaults(in_order([*faults, *(shape_faults(document, wanted) if wanted is not None else ())]))
    return document if wanted is None else checked(document, wanted)


def checked(document: Document, wanted: Shape) -> Document:
    """The document when it keeps a schema; raises DataFaults in the order of the file."""
    if faults := shape_faults(document, wanted):
        raise DataFaults(faults)
    return document


def shape_faults(document: Document, wanted: Shape) -> list[DataFault]:
    """Faults of a document against a schema, in the order of the file."""
    return in_order([document.fault(fault.path, fault.sentence) for fault in faults_of(document.data, wanted)])


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


def _build(source: str, name: str) -> tuple[Document, list[DataFault]]:
    """The document, and its repeated and unreadable keys; raises DataFaults where it is no YAML that is read here."""
    places: dict[str, tuple[int, int]] = {}
    faults: list[DataFault] = []
    try:
        _refuse_references(source, name)
        node = yaml.compose(source, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        fault = DataFault(text("data.not_yaml", problem=_own_words(error.problem or "")), "", name, line, column)
        raise DataFaults([fault]) from None
    except yaml.YAMLError as error:
        raise DataFaults([DataFault(text("data.not_yaml", problem=str(error)), file=name)]) from None
    except RecursionError:
        raise DataFaults([DataFault(text("data.too_deep", limit=_DEEPEST), file=name)]) from None
    reader = _Reader(name, places, faults)
    return Document(reader.value(node, ()) if node is not None else None, name, places), faults


@cache
def _translated() -> dict[str, Text]:
    """Sentences of the YAML parser that the catalogue translates, by its own words."""
    names = [key.removeprefix("data.yaml_") for key in catalogue_keys() if key.startswith("data.yaml_")]
    told = [text(f"data.yaml_{name}") for name in names]
    return {each.en.replace("}}", "}"): Text(each.zh.replace("}}", "}"), each.en.replace("}}", "}")) for each in told}


def _own_words(problem: str) -> Text:
    return _translated().get(problem, plain(problem))


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


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns nodes into data, keeping the place of every value and every fault of a key."""

    name: str
    places: dict[str, tuple[int, int]]
    faults: list[DataFault]

    def value(self, node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        written = pointer(path)
        self.places.setdefault(written, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        found: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(DataFault(text("data.key_not_text"), written, self.name, line, column))
                continue
            key = str(key_node.value)
            if key in found:
                sentence = text("data.duplicate_key", key=key, line=lines[key])
                self.faults.append(DataFault(sentence, written, self.name, line, column))
                continue
            lines[key] = line
            self.places[pointer((*path, key))] = (line, column)
            found[key] = self.value(value_node, (*path, key))
        return found


def _scalar(node: yaml.ScalarNode) -> Any:
    written = str(node.value)
    if node.style:  # quoted or a block; the C parser gives '' for a plain scalar
        return written
    if written in _WORDS:
        return _WORDS[written]
    return int(written) if _WHOLE.match(written) else written
