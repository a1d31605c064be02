"""Compiles the rows of a transaction into JSON Schema 2020-12, self-contained and closed.

Decimals are not in the schema's own keywords: `multipleOf` refuses true amounts on binary floats. `x-decimals` says
how many a field may have; the contract checks them in code, and the export brings a keyword for ajv.
"""

from typing import Any

from simulator.contract import patterns
from simulator.contract.edition_rows import AREAS, Edition, FieldRow
from simulator.contract.layout import Layout, Node, Variant, deciding_fields
from simulator.contract.vocabulary import EQUALS, UNLESS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SHOWN_CODES = 12

Schema = dict[str, Any]


def schema_of(layout: Layout, variant: Variant) -> Schema:
    """The schema of the value of `input` or `output`, or of the envelope's own fields."""
    body = _object(layout.edition, layout.root, variant)
    sole = layout.sole_list()
    if layout.root.is_list:
        body = {"type": "array", "items": body}
        if sole is layout.root:
            body["minItems"] = 1
    elif sole is not None and sole.name in body["required"]:
        body["properties"][sole.name]["minItems"] = 1
    if not layout.has_fields:
        body |= {"type": ["object", "null", "string"], "maxLength": 0}
    transaction = layout.edition.transactions.get(layout.infno)
    title = f"{layout.infno} {transaction.name_zh}" if transaction else layout.infno
    return {"$schema": DIALECT, "title": f"{title} {layout.direction}", **body}


def _object(edition: Edition, node: Node, variant: Variant) -> Schema:
    properties: Schema = {}
    required: list[str] = []
    ranked = sorted([*node.rows, *(name for name in node.children if name not in node.rows)], key=_rank(node))
    for name in ranked:
        child, row = node.children.get(name), node.rows.get(name)
        if child is not None:
            properties[name] = _node(edition, child, variant)
            needed = child.is_required(variant, node)
        else:
            assert row is not None
            needed = variant.requires(row)
            properties[name] = leaf(edition, row, required=needed)
        if needed:
            required.append(name)
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    conditions = _conditions(node, variant)
    return schema | ({"allOf": conditions} if conditions else {})


def _rank(node: Node) -> Any:
    return lambda name: node.orders.get(name, node.children[name].order if name in node.children else 0.0)


def _node(edition: Edition, node: Node, variant: Variant) -> Schema:
    inner = _object(edition, node, variant)
    titled = {"title": node.title} if node.title else {}
    return titled | ({"type": "array", "items": inner} if node.is_list else inner)


def leaf(edition: Edition, row: FieldRow, *, required: bool) -> Schema:
    """The schema of one field; an optional one may also be an empty text."""
    return {"title": row.name_zh} | _leaf(edition, row, required=required) | _described(edition, row)


def _leaf(edition: Edition, row: FieldRow, *, required: bool) -> Schema:
    codes = edition.checked_codes(row)
    if row.code_table == "infcode" and codes is not None:
        return {"enum": [*codes, *(int(code) for code in codes)]}
    if codes is not None:
        return {"enum": list(codes) if required else ["", *codes]}
    if row.form == "digits15":
        bounds = {"pattern": patterns.DIGITS_15, "maxLength": 15, "minimum": 1, "exclusiveMaximum": 10**15}
        return {"type": ["string", "number"], **bounds} if required else _or_empty(bounds, ["string", "number"])
    if row.type in ("N", "Int"):
        return _number(row, required=required)
    if row.code_table == AREAS:
        return _formed(patterns.AREA, 6, required=required)
    formed = patterns.OF_TYPE.get(row.type) or patterns.OF_FORM.get(row.form)
    if formed:
        return _formed(*formed, required=required)
    if row.type == "C":
        length = {"maxLength": int(row.max_len)} if row.max_len else {}
        return {"type": "string", **({"minLength": 1} if required else {}), **length}
    return _loose(row, required=required)


def _number(row: FieldRow, *, required: bool) -> Schema:
    whole, scale = row.digits if row.type == "N" else (row.digits[0], 0)
    bounds: Schema = {} if whole is None else {"exclusiveMinimum": -(10**whole), "exclusiveMaximum": 10**whole}
    if scale is not None:
        bounds["x-decimals"] = scale
    return {"type": "number", **bounds} if required else {"type": ["number", "string"], "maxLength": 0, **bounds}


def _formed(pattern: str, length: int, *, required: bool) -> Schema:
    bounds = {"pattern": pattern, "maxLength": length}
    return {"type": "string", **bounds} if required else _or_empty(bounds, "string")


def _or_empty(bounds: Schema, kinds: Any) -> Schema:
    # Two branches rather than an empty alternative in the pattern: Python's `$` would let a lone newline pass.
    return {"type": kinds, "anyOf": [{"type": "string", "maxLength": 0}, bounds]}


def _loose(row: FieldRow, *, required: bool) -> Schema:
    kinds = {"list": ["array"], "object": ["object", "array"], "bytes": ["string", "array"]}.get(row.type)
    if kinds is None:
        return {}
    if required:
        return {"type": kinds, **({"minLength": 1} if "string" in kinds else {})}
    if row.type == "object":
        # An answer without content may be absent, null or {} (and an empty text, as any optional field).
        return {"type": [*kinds, "string", "null"], "maxLength": 0}
    return {"type": [*kinds, "string"], "maxLength": 0} if "string" not in kinds else {"type": kinds}


def _described(edition: Edition, row: FieldRow) -> Schema:
    codes = edition.checked_codes(row)
    parts = [row.note]
    if codes is not None:
        listed = [f"{code} {name}" for code, name in list(codes.items())[:_SHOWN_CODES]]
        more = f"，共 {len(codes)} 个" if len(codes) > _SHOWN_CODES else ""
        parts.append(f"{row.code_table}：" + "，".join(listed) + more)
    parts.append(row.doubt)
    words = "。".join(part.rstrip("。") for part in parts if part)
    table = {"x-code-table": row.code_table} if codes is not None else {}
    return ({"description": words} if words else {}) | table


def _conditions(node: Node, variant: Variant) -> list[Schema]:
    """`if`/`then` for fields that another field of the node makes required."""
    found: list[Schema] = []
    for field, code in deciding_fields(node).items():
        then = [row.field for row in node.rows.values() if _is_equal(row, field, code) and not variant.requires(row)]
        found.append({"if": {"properties": {field: {"const": code}}, "required": [field]}, "then": _present(then)})
    for row in node.rows.values():
        other = UNLESS.match(row.condition)
        if other:
            empty = {"properties": {other[1]: {"const": ""}}}
            found.append({"if": empty, "then": _present([row.field])})
    return found


def _is_equal(row: FieldRow, field: str, code: str) -> bool:
    equal = EQUALS.match(row.condition)
    return bool(equal) and equal is not None and equal[1] == field and equal[2] == code


def _present(fields: list[str]) -> Schema:
    return {"required": fields, "properties": {field: {"minLength": 1} for field in fields}}
