"""WSGI entry for business messages: passes the bytes of a request to the pipeline and answers its bytes.

It is placed in front of Flask, which serves all other paths: Flask's routing, request and response objects would add
about a third to the cost of a message (docs/performance.md).
"""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wsgi import get_input_stream

from simulator.core.error_reporting import recorded
from simulator.core.errors import SetupError
from simulator.core.json_codec import write_json
from simulator.core.texts import Text, text
from simulator.gateway.codec.answer_headers import headers_of
from simulator.gateway.codec.request_body import RequestBody, read_body
from simulator.gateway.exchange import Incoming, Outgoing
from simulator.gateway.pipeline import Pipeline
from simulator.sandbox.sandboxes import Sandboxes
from simulator.store.store import Gone

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

SERVICE = "callService"
"""Last segment of the served paths, before an optional infno; the segments before it differ by client (source JL)."""


class ConnectionDropped(Exception):
    """Raised to break the connection without an answer, for an injected fault."""


class BusinessSeam:
    """WSGI middleware that answers POSTs to the service, and passes other requests to the application."""

    def __init__(self, application: "WSGIApplication", pipeline: Pipeline, sandboxes: Sandboxes, default: str) -> None:
        """Wraps an application; `default` is the sandbox of a path that names none."""
        self._application = application
        self._pipeline = pipeline
        self._sandboxes = sandboxes
        self._default = default

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        addressed = _address_of(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if addressed is None:
            return self._application(environ, start_response)
        outgoing = self._answered(environ, *addressed)
        if outgoing.delay_s:
            time.sleep(outgoing.delay_s)
        status = f"{outgoing.status} {HTTP_STATUS_CODES[outgoing.status]}"
        start_response(status, headers_of(outgoing))
        return _drop() if outgoing.dropped else [outgoing.body]

    def _answered(self, environ: dict[str, Any], sandbox: str, infno: str) -> Outgoing:
        name = sandbox or self._default
        try:
            found = self._sandboxes.get(name)
            if found is None:
                return _rejection(404, text("gateway.no_sandbox", name=name))
            body = _read_request(environ)
            incoming = Incoming(body.message, EnvironHeaders(environ), infno, file=body.file, problem=body.problem)
            return self._pipeline.handle(found, incoming)
        except Gone:
            return _rejection(404, text("gateway.no_sandbox", name=name))
        except SetupError as error:
            return _rejection(503, error.text)
        except ClientDisconnected:
            return Outgoing(b"", status=400)


def not_found() -> Blueprint:
    """Blueprint that answers unknown paths, methods and defects in the gateway's own format."""
    routes = Blueprint("nowhere", __name__)

    @routes.app_errorhandler(404)
    @routes.app_errorhandler(405)
    def no_such_path(_error: Exception) -> Response:
        sentence = text("gateway.no_such_path", method=request.method, path=request.path, service=SERVICE)
        rejection = _rejection(404, sentence)
        return Response(rejection.body, rejection.status, mimetype="application/json")

    @routes.app_errorhandler(500)
    def defect(error: Exception) -> Response:
        rejection = _rejection(500, recorded(getattr(error, "original_exception", None) or error))
        return Response(rejection.body, rejection.status, mimetype="application/json")

    return routes


def _address_of(path: str) -> tuple[str, str] | None:
    """Sandbox and infno of a path, each blank if the path has none; None for a path other than the service's."""
    *front, last = path.split("/")[1:] or [""]
    infno = ""
    if last != SERVICE:
        if not front or front[-1] != SERVICE or not last:
            return None
        front.pop()
        # WSGI hands over bytes as Latin-1.
        infno = last if last.isascii() else last.encode("latin-1").decode("utf-8", "replace")
    if "_sim" in front:
        return None
    return (front[1] if front[:1] == ["s"] and len(front) > 1 else ""), infno


def _read_request(environ: dict[str, Any]) -> RequestBody:
    """Reads the body by its content type; raises ClientDisconnected if it is shorter than its Content-Length."""
    declared = environ.get("CONTENT_LENGTH", "")
    if not declared.isdecimal():
        return read_body(environ.get("CONTENT_TYPE", ""), None, get_input_stream(environ).read)

    def read(length: int) -> bytes:
        raw: bytes = environ["wsgi.input"].read(length)
        if len(raw) < length:
            raise ClientDisconnected
        return raw

    return read_body(environ.get("CONTENT_TYPE", ""), int(declared), read)


def _rejection(code: int, sentence: Text) -> Outgoing:
    """Refusal in the gateway's own format, for a request that is not a message (source HN)."""
    return Outgoing(write_json({"code": code, "message": sentence.zh}), status=code)


def _drop() -> Iterator[bytes]:
    """Response body that fails after the headers, so that the client sees a broken connection."""
    # WSGI servers send the headers with the first chunk, an empty one included.
    yield b""
    raise ConnectionDropped
