"""Language of the command line: `--lang` at any place, and click's own sentences from the text catalogue."""

from collections.abc import Sequence
from functools import cache

import click

from simulator.core.texts import catalogue_keys, language, text

OPTION = "--lang"
_FAMILY = "click."
_MODULES = (click.core, click.exceptions, click.types, click.formatting, click.parser, click.decorators)


def asked_language(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """Value of the last `--lang` among the words, and the words without it; words after `--` are arguments.

    None stands for no `--lang`; a `--lang` without a value stays, for click to refuse.
    """
    rest: list[str] = []
    asked = None
    left = iter(words)
    for word in left:
        if word == "--":
            return asked, [*rest, word, *left]
        name, equals, value = word.partition("=")
        if name != OPTION:
            rest.append(word)
        elif equals:
            asked = value
        else:
            following = next(left, None)
            if following is None:
                rest.append(word)
            else:
                asked = following
    return asked, rest


def speak_in_own_words() -> None:
    """Makes click take its sentences from the catalogue; a sentence that is missing there stays English."""
    for module in _MODULES:
        for name, function in (("_", in_own_words), ("ngettext", _of_number)):
            if hasattr(module, name):
                setattr(module, name, function)


def in_own_words(sentence: str) -> str:
    """A sentence of click in the language in force; a sentence that is missing in the catalogue stays as it is."""
    return sentence if language() == "en" else _chinese().get(sentence, sentence)


def _of_number(singular: str, plural: str, count: int) -> str:
    return in_own_words(singular if count == 1 else plural)


@cache
def _chinese() -> dict[str, str]:
    """Chinese sentences by click's English ones."""
    names = [key.removeprefix(_FAMILY) for key in catalogue_keys() if key.startswith(_FAMILY)]
    told = [text(f"click.{name}") for name in names]
    return {each.en: each.zh for each in told}
