"""Checks a loaded file or body against a JSON Schema and says each fault so that a person can mend it."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from simulator.core.errors import DataFault
from simulator.core.texts import Text, join, plain, text

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError

Path = tuple[str | int, ...]
_SHOWN = 60


class Shape:
    """A JSON Schema, draft-07 (which every editor completes), with the schemas that it refers to by their names.

    The quick engine says whether anything is wrong; the reference engine, slow to import and to run, says what.
    """

    def __init__(self, schema: dict[str, Any], others: Mapping[str, dict[str, Any]] | None = None) -> None:
        self._schema = schema
        self._others = others or {}

    def is_kept(self, data: object) -> bool:
        try:
            # A Decimal without a fraction is an integer to the quick engine alone, and nobody's row takes it for one.
            return self._quick.is_valid(data) and not _holds_decimal(data)
        except ValueError:  # what JSON has no word for: a key that is no text, a number that is none
            return False

    def errors(self, data: object) -> Iterable["ValidationError"]:
        """Every error, as the reference engine gives them."""
        return self._reference.iter_errors(data)

    @cached_property
    def _quick(self) -> jsonschema_rs.Draft7Validator:
        registry = jsonschema_rs.Registry([*self._others.items()]) if self._others else None
        return jsonschema_rs.Draft7Validator(self._schema, registry=registry)

    @cached_property
    def _reference(self) -> "Draft7Validator":
        from jsonschema import Draft7Validator
        from referencing import Registry, Resource
        from referencing.jsonschema import DRAFT7

        named = [(name, Resource.from_contents(schema, DRAFT7)) for name, schema in self._others.items()]
        registry: Registry[Any] = Registry().with_resources(named)
        return Draft7Validator(self._schema, registry=registry)


def _holds_decimal(data: object) -> bool:
    if isinstance(data, Mapping):
        return any(_holds_decimal(item) for item in data.values())
    if isinstance(data, list):
        return any(_holds_decimal(item) for item in data)
    return isinstance(data, Decimal)


def load_schema(package: str, name: str) -> dict[str, Any]:
    """A schema file of the package, as data."""
    loaded: dict[str, Any] = json.loads(resources.files(package).joinpath(name).read_text(encoding="utf-8"))
    return loaded


@cache
def shape(package: str, name: str) -> Shape:
    """The schema file `name` of `package`."""
    return Shape(load_schema(package, name))


def faults_of(data: object, wanted: Shape) -> list[DataFault]:
    """Every fault of `data`, sorted by path."""
    if wanted.is_kept(data):
        return []
    found = [fault for error in wanted.errors(data) for fault in _explain(error)]
    return sorted(set(found), key=lambda fault: (fault.path, fault.sentence.en))


def pointer(path: Iterable[str | int]) -> str:
    """`steps[2].expect.infcode`, the way a person writes a path."""
    written = ""
    for part in path:
        written += f"[{part}]" if isinstance(part, int) else (f".{part}" if written else part)
    return written


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to a mistyped one, or None when nothing is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def hint(word: str, known: Iterable[str]) -> Text:
    """`, did you mean '…'`, or nothing."""
    close = nearest(word, known)
    return text("data.hint", word=close) if close else plain("")


def _explain(error: "ValidationError") -> list[DataFault]:
    from jsonschema.exceptions import best_match

    if error.validator in ("anyOf", "oneOf") and error.context:
        inner = best_match(error.context)
        # A branch that fails on its type alone says less than the choice as a whole.
        if inner is not None and not (inner.validator == "type" and inner.path == error.path):
            return _explain(inner)
    path = tuple(error.absolute_path)
    return [DataFault(sentence, pointer((*path, *more))) for sentence, more in _sentences(error)]


def _sentences(error: "ValidationError") -> list[tuple[Text, Path]]:
    kind = error.validator
    rule: Any = error.validator_value
    got: Any = error.instance
    schema: Any = error.schema
    if kind == "additionalProperties" and isinstance(got, Mapping):
        known = list(schema.get("properties", {}))
        return [(_unknown_key(key, known), (key,)) for key in _unknown_keys(got, schema)]
    if kind == "required" and isinstance(got, Mapping):
        # Of the branches of a choice only the nearest fault is told, which may be this one.
        misspelt = _misspelt(got, schema) if error.parent is None else set()
        missing = [key for key in rule if key not in got and f"'{key}'" in error.message and key not in misspelt]
        return [(text("data.missing_key", key=key), ()) for key in missing]
    if kind == "type":
        kinds = rule if isinstance(rule, list) else [rule]
        return [(text("data.wrong_type", wanted=_kinds(kinds), got=shown(got)), ())]
    if kind in ("enum", "const"):
        allowed = [str(value) for value in (rule if kind == "enum" else [rule])]
        listed = ", ".join(allowed[:40])
        return [(text("data.not_allowed", got=str(got)[:_SHOWN], hint=hint(str(got), allowed), allowed=listed), ())]
    if kind == "pattern":
        form = schema.get("description") or rule
        wanted = Text(f"：{schema.get('description_zh') or form}", f": {form}")
        return [(text("data.wrong_form", got=shown(got), wanted=wanted), ())]
    if kind in (
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ):
        return [(text("data.wrong_size", got=shown(got), rule=kind, limit=rule), ())]
    if kind in ("anyOf", "oneOf"):
        kinds = [branch.get("type") for branch in rule if isinstance(branch.get("type"), str)]
        if kinds:
            return [(text("data.wrong_type", wanted=_kinds(kinds), got=shown(got)), ())]
    return [(text("data.breaks_rule", got=shown(got), problem=f"{kind} {shown(rule)}"), ())]


def _unknown_key(key: str, known: list[str]) -> Text:
    return text("data.unknown_key", key=key, hint=hint(key, known), allowed=", ".join(sorted(known)) or "-")


def _unknown_keys(got: Mapping[str, object], schema: Mapping[str, Any]) -> list[str]:
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    return [key for key in got if key not in known and not _matches_any(key, patterns)]


def _misspelt(got: Mapping[str, object], schema: Mapping[str, Any]) -> set[str]:
    """Known keys that an unknown key is told to have meant, so that a misspelling is one fault and not two."""
    if schema.get("additionalProperties") is not False:
        return set()
    absent = [key for key in schema.get("properties", {}) if key not in got]
    meant = {key: nearest(key, schema["properties"]) for key in _unknown_keys(got, schema)}
    return {close for close in meant.values() if close is not None and close in absent}


def _matches_any(key: str, patterns: Mapping[str, object]) -> bool:
    return any(re.search(pattern, key) for pattern in patterns)


def _kinds(kinds: Iterable[str]) -> Text:
    return join([text(f"data.type_{kind}") for kind in dict.fromkeys(kinds)], zh=" 或 ", en=" or ")


def shown(value: object) -> str:
    """A value as it came, cut to a readable length."""
    try:
        written = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:
        written = repr(value)
    return written if len(written) <= _SHOWN else written[:_SHOWN] + "…"
