"""OpenAPI 3.1 with one path a transaction, for tools that know one message a path.

The real interface has one address for all; the platform serves `…/callService/<infno>` beside it. Whether a message is
remote cannot be told by a schema, so there is a document for either variant.
"""

from decimal import Decimal
from typing import Any

from simulator import __version__
from simulator.contract.contract import Contract
from simulator.contract.edition_rows import ENVELOPE, TransactionRow
from simulator.contract.example import example_message
from simulator.contract.layout import LOCAL, REMOTE, Variant
from simulator.core.texts import text
from simulator.domain.transaction_table import Family, traits_of

BASE_PATH = "/fsi/api/rsfComIfsService"
_SHARED_FROM = 6
"""Code lists of this length and more stand once under `components`."""


def openapi_of(contract: Contract, *, remote: bool) -> dict[str, Any]:
    """OpenAPI document of the contract; its examples keep the contract."""
    builder = _Builder(contract, REMOTE if remote else LOCAL)
    edition = contract.edition
    served = [known for infno, known in edition.transactions.items() if contract.serves(infno)]
    variant = text("contract.openapi_remote" if remote else "contract.openapi_local")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{edition.title.zh}（{variant.zh}）",
            "version": f"{__version__}+{edition.digest[:12]}",
            "description": text("contract.openapi_about").zh,
        },
        "servers": [{"url": f"http://127.0.0.1:8100{BASE_PATH}"}],
        "tags": [{"name": name} for name in dict.fromkeys(known.category for known in served)],
        "paths": {f"/callService/{known.infno}": {"post": builder.operation(known)} for known in served},
        "components": {"schemas": builder.components},
    }


class _Builder:
    def __init__(self, contract: Contract, variant: Variant) -> None:
        self.contract = contract
        self.variant = variant
        self.components: dict[str, Any] = {}

    def operation(self, known: TransactionRow) -> dict[str, Any]:
        infno = known.infno
        asked, answered = self._message(infno, "in"), self._message(infno, "out")
        note = {"description": known.note} if known.note else {}
        return {
            "operationId": f"call_{infno.replace('-', '_')}",
            "summary": f"{infno} {known.name_zh}",
            "tags": [known.category],
            **note,
            "requestBody": {"required": True, "content": self._request_content(infno, asked)},
            "responses": {
                "200": {"description": "infcode 0 / -1", "content": self._answer_content(infno, answered)},
                **self._transport_errors(infno),
            },
        }

    def _request_content(self, infno: str, name: str) -> dict[str, Any]:
        content = self._json(infno, "in", name)
        if traits_of(infno).family != Family.FILE_UPLOAD:
            return content
        parts = {"jsonStr": {"type": "string"}, "file": {"type": "string", "contentMediaType": "application/zip"}}
        return {"multipart/form-data": {"schema": {"type": "object", "properties": parts, "required": list(parts)}}}

    def _transport_errors(self, infno: str) -> dict[str, Any]:
        # OpenAPI cannot say that a part bears a file name, so a body that keeps the document may still be refused.
        is_upload = traits_of(infno).family == Family.FILE_UPLOAD
        return {"400": {"description": text("contract.openapi_bad_parts").zh}} if is_upload else {}

    def _answer_content(self, infno: str, name: str) -> dict[str, Any]:
        stream = {"application/octet-stream": {"schema": {"contentMediaType": "application/zip"}}}
        return self._json(infno, "out", name) | (stream if traits_of(infno).family == Family.FILE_DOWNLOAD else {})

    def _json(self, infno: str, direction: str, name: str) -> dict[str, Any]:
        shown = plain_json(example_message(self.contract, infno, direction, self.variant))
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": shown}}

    def _message(self, infno: str, direction: str) -> str:
        """The schema of a whole message: the header's own fields with the body put in."""
        body = self._shared(self.contract.schema_of(infno, direction, self.variant))
        head = self._shared(self.contract.schema_of(ENVELOPE, direction, LOCAL))
        inner = "input" if direction == "in" else "output"
        name = f"{infno}.{direction}"
        self.components[f"{name}.{inner}"] = body
        reference = {"$ref": f"#/components/schemas/{name}.{inner}"}
        properties = head["properties"]
        if direction == "in":
            properties |= {"infno": {"const": infno}, "input": reference}
        else:
            properties |= {"output": {}}
            succeeded = {"properties": {"infcode": {"enum": ["0", 0]}}, "required": ["infcode"]}
            empty = self._may_be_absent(infno)
            then = {"properties": {"output": reference}} | ({} if empty else {"required": ["output"]})
            head |= {"if": succeeded, "then": then}
        self.components[name] = {**head, "properties": properties, "title": f"{infno} {direction}"}
        return name

    def _may_be_absent(self, infno: str) -> bool:
        return not self.contract.layout(infno, "out").has_fields

    def _shared(self, schema: Any) -> Any:
        """The schema with its longer code lists moved to components; `$schema` goes, the document has its own."""
        if isinstance(schema, list):
            return [self._shared(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        table, codes = schema.get("x-code-table"), schema.get("enum")
        if table and isinstance(codes, list) and len(codes) >= _SHARED_FROM:
            name = f"code.{table}" + (".optional" if "" in codes else "")
            self.components.setdefault(name, {"title": table, "enum": codes})
            kept = {key: value for key, value in schema.items() if key != "enum"}
            return kept | {"$ref": f"#/components/schemas/{name}"}
        return {key: self._shared(value) for key, value in schema.items() if key != "$schema"}


def plain_json(value: Any) -> Any:
    """The value with numbers that every JSON writer knows."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, dict):
        return {key: plain_json(item) for key, item in value.items()}
    return [plain_json(item) for item in value] if isinstance(value, list) else value
