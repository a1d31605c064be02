"""Rules and sources that the product cites: `rules 18` and `source HN` resolve to a title and a text.

The files beside this module are their home; docs/rules.md and docs/sources.md are made from them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml
from simulator.core.texts import Text, plain

_RULE = re.compile(r"rules ([0-9]{1,4})\Z")
_SOURCE = re.compile(r"source (.+)\Z")


@dataclass(frozen=True, slots=True)
class Heading:
    """Heading of a page: `first` is the number of its first rule, `code` the mark that its sources carry."""

    title: Text
    first: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Rule of arithmetic or protocol; its number is never reused for another."""

    number: int
    title: Text
    text: Text


@dataclass(frozen=True, slots=True)
class Source:
    """A document or code base that facts were taken from, and the facts taken."""

    code: str
    group: str
    title: Text
    kind: Text
    used: Text


@cache
def rules() -> Mapping[int, Rule]:
    """Every rule by its number, in order."""
    return {
        each["number"]: Rule(each["number"], Text(**each["title"]), Text(**each["text"]))
        for each in _read("rules.yaml")["rules"]
    }


@cache
def sources() -> Mapping[str, Source]:
    """Every source by its code, in the order of the file."""
    return {
        each["code"]: Source(
            each["code"], each["group"], Text(**each["title"]), Text(**each["kind"]), Text(**each["used"])
        )
        for each in _read("sources.yaml")["sources"]
    }


def rule_headings() -> list[Heading]:
    """Headings of the page of rules."""
    return [Heading(Text(**each["title"]), first=each["first"]) for each in _read("rules.yaml")["groups"]]


def source_headings() -> list[Heading]:
    """Headings of the page of sources."""
    return [Heading(Text(**each["title"]), code=each["code"]) for each in _read("sources.yaml")["groups"]]


def cited(citation: str) -> Text | None:
    """Title and text of `rules 18`, the title of `source HN`; None for words that name no rule or source."""
    if found := _RULE.match(citation):
        rule = rules().get(int(found[1]))
        return Text(f"{rule.title.zh}：{rule.text.zh}", f"{rule.title.en}. {rule.text.en}") if rule else None
    if found := _SOURCE.match(citation):
        source = sources().get(found[1])
        return source.title if source else None
    return None


def resolves(words: str) -> bool:
    """False for a citation whose rule or source does not exist; true for words that are no citation."""
    return cited(words) is not None or not (_RULE.match(words) or _SOURCE.match(words))


def titled(code: str) -> Text:
    """A source's code with its title, for showing; words that are no code stay as they are."""
    found = sources().get(code)
    return Text(f"{code} {found.title.zh}", f"{code} {found.title.en}") if found else plain(code)


@cache
def _read(name: str) -> Any:
    raw = resources.files("simulator.core").joinpath(name).read_bytes()
    return parse_yaml(raw, name, shape("simulator.core", "citations.schema.json")).data
