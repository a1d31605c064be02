"""Blueprint of /contract/. An unknown address is answered with what exists instead; no address ends in a 500."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from simulator.core.errors import SimulatorError
from simulator.core.texts import speaking, text
from simulator.pages import machine, views
from simulator.pages.address_lookup import NotHere, edition_named, infno_named
from simulator.pages.edition_choice import Editions, Shown
from simulator.pages.rendering import HEADERS, Page, answer, language_asked, style, t
from simulator.pages.tryview import TryView
from simulator.platform import Platform
from simulator.store.store import NAME

View = Callable[..., Page | Answer]
_DIRECTION = "<any('in','out'):direction>"
_TRANSACTION = "/<edition>/<infno>"


def pages(platform: Platform) -> Blueprint:
    """All pages and machine addresses of the contract."""
    routes = Blueprint("pages", __name__, url_prefix="/contract")
    editions = Editions(platform)
    trying = TryView(platform, editions)
    _add_machines(routes, editions)
    for rule, view, methods in (
        ("/", lambda: views.editions(editions), ["GET"]),
        ("/diff", lambda: views.differences(editions), ["GET"]),
        ("/<edition>/", lambda edition: views.edition(_shown(editions, edition)), ["GET"]),
        ("/<edition>/codes/", lambda edition: views.code_tables(_shown(editions, edition)), ["GET"]),
        ("/<edition>/codes/<table>", lambda edition, table: views.codes(_shown(editions, edition), table), ["GET"]),
        (f"{_TRANSACTION}/", lambda edition, infno: views.transaction(editions, edition, infno), ["GET"]),
        (
            f"{_TRANSACTION}/near-misses",
            lambda edition, infno: views.negative_examples(editions, edition, infno),
            ["GET"],
        ),
        (f"{_TRANSACTION}/try", trying.show, ["GET"]),
        (f"{_TRANSACTION}/try", trying.take, ["POST"]),
    ):
        name = f"{methods[0]} {rule}".replace(".", "_")
        routes.add_url_rule(rule, name, _page(view), methods=methods)

    @routes.get("/style/contract.css")
    def sheet() -> Response:
        kept = {**HEADERS, "Cache-Control": "max-age=31536000, immutable"}
        return Response(style(), headers=kept, mimetype="text/css")

    # Whoever opens the platform's address in a browser is led to what there is to see.
    routes.record_once(lambda state: state.app.add_url_rule("/", "front", lambda: redirect("/contract/")))
    return routes


def _page(view: View) -> Callable[..., Answer]:
    """Runs a view in the reader's language; an unknown name becomes a page that says so."""

    @wraps(view)
    def shown(**parts: Any) -> Answer:
        with speaking(language_asked()):
            try:
                made = view(**parts)
            except NotHere as lost:
                made = Page("lost.html", t("lost"), {"sentence": lost.sentence, "near": lost.near}, 404)
            except SimulatorError as error:
                made = Page("lost.html", t("broken"), {"sentence": error.text, "near": ()}, 409)
            return answer(made) if isinstance(made, Page) else made

    return shown


def _machine(view: Callable[..., Any]) -> Callable[..., Answer]:
    @wraps(view)
    def shown(**parts: Any) -> Answer:
        with speaking(language_asked()):
            try:
                return machine.json_answer(view(**parts))
            except NotHere as lost:
                return machine.json_error(404, "not_found", lost.sentence)
            except SimulatorError as error:
                return machine.json_error(409, "broken", error.text)

    return shown


def _add_machines(routes: Blueprint, editions: Editions) -> None:
    def schema(edition: str, infno: str, direction: str) -> Any:
        shown, number = _served(editions, edition, infno)
        variant = "remote" if _flag("remote") else request.args.get("variant", "local")
        return machine.schema_json(shown, number, direction, variant)

    def example(edition: str, infno: str, direction: str) -> Any:
        shown, number = _served(editions, edition, infno)
        return machine.example_json(shown, number, direction, remote=_flag("remote"), full=_flag("full"))

    def openapi(edition: str) -> Any:
        sandbox = request.args.get("sandbox", "")
        if sandbox and not NAME.match(sandbox):
            raise NotHere(text("gateway.no_sandbox", name=sandbox[:60]))
        return machine.openapi_json(_shown(editions, edition), remote=_flag("remote"), sandbox=sandbox)

    for rule, view in (
        ("/editions.json", lambda: machine.editions_json(editions.all())),
        ("/<edition>/openapi.json", openapi),
        ("/<edition>/codes.json", lambda edition: machine.codes_json(_shown(editions, edition))),
        (f"{_TRANSACTION}/{_DIRECTION}.schema.json", schema),
        (f"{_TRANSACTION}/{_DIRECTION}.example.json", example),
    ):
        routes.add_url_rule(rule, f"machine {rule}".replace(".", "_"), _machine(view), methods=["GET"])


def _shown(editions: Editions, name: str) -> Shown:
    return edition_named(editions, name)


def _served(editions: Editions, edition: str, infno: str) -> tuple[Shown, str]:
    shown = edition_named(editions, edition)
    return shown, infno_named(shown, infno, served=True)


def _flag(name: str) -> bool:
    return request.args.get(name, "") not in ("", "0")
