"""The message catalogue: every sentence that a person reads, in Chinese and English, from the YAML files here.

A key is `<file>.<name>`; `{…}` takes the values named by the caller.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

_language: ContextVar[str | None] = ContextVar("language", default=None)


@dataclass(frozen=True, slots=True)
class Text:
    """Sentence in both languages; `str()` gives the language in force."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en if language() == "en" else self.zh

    def as_json(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


def text(key: str, /, **values: object) -> Text:
    """The sentence `key` with its values put in; a value that is itself a Text speaks the language of its side."""
    zh, en = _catalogue()[key]
    if not values:
        return Text(zh, en)
    return Text(
        zh.format(**{name: value.zh if isinstance(value, Text) else value for name, value in values.items()}),
        en.format(**{name: value.en if isinstance(value, Text) else value for name, value in values.items()}),
    )


def plain(words: str) -> Text:
    """Words that are the same in both languages: a name, a number, a quotation."""
    return Text(words, words)


def join(parts: list[Text], zh: str = "、", en: str = ", ") -> Text:
    return Text(zh.join(p.zh for p in parts), en.join(p.en for p in parts))


def language() -> str:
    """`zh` or `en`: the one set for this context, else NHSA_SIM_LANG, else English where the locale is English."""
    chosen = _language.get() or os.environ.get("NHSA_SIM_LANG", "")
    if chosen in ("zh", "en"):
        return chosen
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if locale.startswith("en") else "zh"


@contextmanager
def speaking(chosen: str | None) -> Iterator[None]:
    """Sets the language `zh` or `en` inside the block; None leaves the choice to the environment."""
    token = _language.set(chosen)
    try:
        yield
    finally:
        _language.reset(token)


def catalogue_keys() -> frozenset[str]:
    return frozenset(_catalogue())


@cache
def _catalogue() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        family = file.name.removesuffix(".yaml")
        entries = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        for name, sides in entries.items():
            found[f"{family}.{name}"] = (sides["zh"], sides["en"])
    return found
