"""The business seam over HTTP: bytes in, pipeline.handle, bytes out.

It stands before Flask, which serves everything else: routing, request and response objects would cost a message about a
third of what the whole platform does for it (docs/performance.md).
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
"""Any path that ends so is served: the front part differs between clients (source JL)."""


class ConnectionDropped(Exception):
    """Ends the connection without an answer, as an ordered fault demands."""


class BusinessSeam:
    """WSGI: takes what is posted to the service, and leaves the rest to the application behind it."""

    def __init__(self, application: "WSGIApplication", pipeline: Pipeline, sandboxes: Sandboxes, default: str) -> None:
        """`default` is the sandbox of a path that names none."""
        self._application = application
        self._pipeline = pipeline
        self._sandboxes = sandboxes
        self._default = default

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        addressed = _addressed(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
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
                return _turned_away(404, text("gateway.no_sandbox", name=name))
            body = _received(environ)
            incoming = Incoming(body.message, EnvironHeaders(environ), infno, file=body.file, problem=body.problem)
            return self._pipeline.handle(found, incoming)
        except Gone:
            return _turned_away(404, text("gateway.no_sandbox", name=name))
        except SetupError as error:
            return _turned_away(503, error.text)
        except ClientDisconnected:
            return Outgoing(b"", status=400)


def not_found() -> Blueprint:
    """Answers whatever no route of the application takes, in the gateway's own shape."""
    routes = Blueprint("nowhere", __name__)

    @routes.app_errorhandler(404)
    @routes.app_errorhandler(405)
    def no_such_path(_error: Exception) -> Response:
        sentence = text("gateway.no_such_path", method=request.method, path=request.path, service=SERVICE)
        refused = _turned_away(404, sentence)
        return Response(refused.body, refused.status, mimetype="application/json")

    @routes.app_errorhandler(500)
    def defect(error: Exception) -> Response:
        refused = _turned_away(500, recorded(getattr(error, "original_exception", None) or error))
        return Response(refused.body, refused.status, mimetype="application/json")

    return routes


def _addressed(path: str) -> tuple[str, str] | None:
    """The sandbox (blank where the path names none) and the number (likewise); None for a path of something else."""
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


def _received(environ: dict[str, Any]) -> RequestBody:
    """The body as its content type says; raises ClientDisconnected for one that is shorter than announced."""
    declared = environ.get("CONTENT_LENGTH", "")
    if not declared.isdecimal():
        return read_body(environ.get("CONTENT_TYPE", ""), None, get_input_stream(environ).read)

    def read(length: int) -> bytes:
        raw: bytes = environ["wsgi.input"].read(length)
        if len(raw) < length:
            raise ClientDisconnected
        return raw

    return read_body(environ.get("CONTENT_TYPE", ""), int(declared), read)


def _turned_away(code: int, sentence: Text) -> Outgoing:
    """What never became a message has the gateway's own shape (source HN)."""
    return Outgoing(write_json({"code": code, "message": sentence.zh}), status=code)


def _drop() -> Iterator[bytes]:
    """Promises a byte and ends: the client sees a connection that broke off."""
    yield b""
    raise ConnectionDropped
