"""Templates, the language of a reader, and the headers every page leaves with."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlencode

import jinja2
from flask import Response, request

from simulator import __version__
from simulator.core.texts import catalogue_keys, language, text

LANGUAGES = ("zh", "en")
COOKIE = "nhsa_sim_lang"
_YEAR_S = 365 * 86400
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # With no-referrer a browser would send the forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be rendered in the reader's language."""

    template: str
    title: object
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


def answer(page: Page) -> Response:
    """The page as a response; must run inside `speaking`."""
    values = {"title": page.title, "here": _here, "spoken": language(), "version": __version__, "style": style_tag()}
    written = _environment().get_template(page.template).render(**values, **page.values)
    response = Response(written, page.status, headers=HEADERS, mimetype="text/html")
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, request.args["lang"], max_age=_YEAR_S, httponly=True, samesite="Lax")
    return response


def language_asked() -> str:
    """Language of a request: from the address, else chosen before, else preferred by the browser, else Chinese."""
    for said in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if said in LANGUAGES:
            return said
    return request.accept_languages.best_match(LANGUAGES) or "zh"


def t(key: str, /, **values: object) -> str:
    """A sentence in the language in force; a key without a family is of the pages' own."""
    return str(text(key if "." in key else f"pages.{key}", **values))


def family(name: str) -> str:
    """A family of transactions in the language in force; the edition's own word where there is no other."""
    key = f"pages.family_{name}"
    return str(text(key)) if key in catalogue_keys() else name


def style_tag() -> str:
    """Changes when the style does, so that no browser keeps an old one."""
    return hashlib.sha256(style()).hexdigest()[:10]


@cache
def style() -> bytes:
    return resources.files("simulator.pages").joinpath("static/contract.css").read_bytes()


def _here(**changes: str) -> str:
    """The address of this page with some of its query changed, for the links that switch."""
    query = {**{name: value for name, value in request.args.items() if name != "lang"}, **changes}
    return f"{request.path}?{urlencode(query)}" if query else request.path


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.PackageLoader("simulator.pages", "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"t": t, "family": family}
    return environment
