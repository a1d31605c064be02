"""Blueprint of the control calls: authorises the caller, finds the sandbox, and encodes answers and errors."""

import hmac
import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import Blueprint, Response, request

from simulator.control import (
    agencies,
    diagnosis,
    evidence,
    grants,
    people,
    places,
    probing,
    sandbox_clock,
    settlements,
    tasks,
)
from simulator.control.body_limits import BodyLimits, limits_of, refuse_unknown_rules
from simulator.control.calls import CALLS, ControlRequest
from simulator.core.errors import DataFaults, PolicyGap, Refusal, SetupError, refuse
from simulator.core.json_codec import NotAMessage, read_json, write_json
from simulator.core.texts import Text, text
from simulator.platform import Platform
from simulator.sandbox.sandboxes import DEFAULT, unknown_sandbox
from simulator.store.store import Conflict, Gone

MODULES = (agencies, diagnosis, evidence, grants, people, places, probing, sandbox_clock, settlements, tasks)
"""Modules with control calls; each registers its calls when imported."""


def control(platform: Platform) -> Blueprint:
    """Blueprint with all control calls, under /_sim for the default sandbox and under /s/<name>/_sim for another."""
    routes = Blueprint("control", __name__)
    refuse_unknown_rules({rule for rule, *_ in CALLS})
    for rule, method, handler, of_platform in CALLS:
        view = _view(platform, handler, limits_of(rule), of_platform=of_platform)
        name = f"{method} {rule}".replace(".", "_")
        routes.add_url_rule(f"/_sim/{rule}", name, view, methods=[method], defaults={"sandbox": DEFAULT})
        if not of_platform:
            routes.add_url_rule(f"/s/<sandbox>/_sim/{rule}", f"{name} of", view, methods=[method])
    routes.add_url_rule("/_sim", "unknown-root", _unknown, methods=_ALL, defaults={"rest": ""})
    routes.add_url_rule("/_sim/<path:rest>", "unknown", _unknown, methods=_ALL)
    routes.add_url_rule("/s/<sandbox>/_sim/<path:rest>", "unknown-of", _unknown, methods=_ALL)
    return routes


_ALL = ["GET", "POST", "PUT", "DELETE"]


def _view(
    platform: Platform, handler: Callable[[ControlRequest], Any], limits: BodyLimits, *, of_platform: bool
) -> Callable[..., Response]:
    def view(sandbox: str, **parts: str) -> Response:
        try:
            refused = refuse_caller(platform)
            if refused is not None:
                return refused
            found = platform.sandboxes.get(sandbox)
            if found is None and not of_platform:
                raise unknown_sandbox(sandbox)
            body = _body(limits) if request.method in ("POST", "PUT") else {}
            control_request = ControlRequest(platform, found, body, parts, dict(request.args))
            return _json(handler(control_request))
        except NotAMessage as error:
            return _error(400, "not_json", error.text)
        except DataFaults as error:
            first = error.faults[0]
            return _error(400, "faults", error.text, first.path or first.place, [_fault(each) for each in error.faults])
        except PolicyGap as error:
            return _error(409, "policy_gap", error.text)
        except Conflict:
            return _error(409, "conflict", text("control.conflict"))
        except Gone:
            return _error(404, "sandbox_unknown", text("refusal.sandbox_unknown", name=sandbox))
        except SetupError as error:
            return _error(503, "unusable", error.text)
        except Refusal as error:
            by_ending = (("_unknown", 404), ("_exists", 409), ("_too_large", 413), ("_too_many_values", 413))
            status = next((status for ending, status in by_ending if error.rule.endswith(ending)), 400)
            return _error(status, error.rule, error.text, error.path)

    return view


def refuse_caller(platform: Platform) -> Response | None:
    """Error response for a caller that is not allowed, None for one that is.

    Refused are foreign origins, unknown host names (DNS rebinding) and a missing or wrong token.
    """
    found = authorisation_error(platform, request.headers.get("Authorization", "").removeprefix("Bearer "))
    return None if found is None else _error(*found)


def authorisation_error(platform: Platform, token: str) -> tuple[int, str, Text] | None:
    """HTTP status, error code and sentence if the current request is not allowed; `token` is the token it presents."""
    host = _parts(f"//{request.headers.get('Host', '')}").hostname or ""
    if not (_is_loopback(host) or host in platform.settings.hosts):
        return 403, "host", text("control.host", host=host)
    origin = request.headers.get("Origin")
    if origin and _parts(origin).netloc != request.headers.get("Host", ""):
        return 403, "origin", text("control.origin", origin=origin)
    wanted = platform.settings.token
    if wanted and not hmac.compare_digest(token.encode(), wanted.encode()):
        return 401, "token", text("control.token")
    return None


def _parts(url: str) -> SplitResult:
    """Parts of a URL from a header, all blank if it cannot be parsed."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _body(limits: BodyLimits) -> Any:
    # The declared length is refused before a byte is read; a body without one ends at the limit.
    if (request.content_length or 0) > limits.size:
        raise refuse("body_too_large", limit=limits.size)
    raw = request.stream.read(limits.size + 1)
    limits.refuse_beyond(raw)
    if request.mimetype != "application/json" and raw:
        raise Refusal("media_type", text("control.media_type", got=request.mimetype or "-"))
    return read_json(raw, largest=limits.size) if raw else {}


def _unknown(rest: str, sandbox: str = DEFAULT) -> Response:
    known = sorted({f"{method} {rule}" for rule, method, _, _ in CALLS})
    return _error(
        404, "no_such_call", text("control.no_such_call", call=f"{request.method} {rest}", known="; ".join(known))
    )


def _json(value: Any, status: int = 200) -> Response:
    return Response(write_json(value), status, mimetype="application/json")


def _error(status: int, code: str, sentence: Text, path: str = "", more: list[Any] | None = None) -> Response:
    error: dict[str, Any] = {"code": code, "message": str(sentence), "path": path}
    if more and len(more) > 1:
        error["all"] = more
    return _json({"error": error}, status)


def _fault(each: Any) -> dict[str, Any]:
    return {"message": str(each.sentence), "path": each.path, "file": each.file, "line": each.line}


def _is_loopback(host: str) -> bool:
    if host in ("localhost", ""):
        return host == "localhost"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
