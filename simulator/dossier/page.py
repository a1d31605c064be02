"""The page of a dossier in one language: self-contained, A4 in print, the content as JSON inside."""

from collections.abc import Mapping
from typing import Any

import jinja2

from simulator.core.texts import Text, language, text
from simulator.dossier.seal import sealed


def write_page(content: Mapping[str, Any]) -> str:
    """The sealed page in the language in force."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("simulator.dossier", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["said"] = said
    page = environment.get_template("page.html").render(
        content=content,
        language="en" if language() == "en" else "zh-CN",
        words=lambda name, **values: text(f"dossier.{name}", **values),
        rehearsals=[each for each in content["runs"] if each["kind"] == "rehearsal"],
    )
    return sealed(page, content)


def said(sentence: Mapping[str, str]) -> str:
    """A sentence of the content in the language in force."""
    return str(Text(sentence["zh"], sentence["en"]))
