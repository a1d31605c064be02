"""Commands as they are shown: help in the language in force, and values of a choice with the nearest one.

Help is written in both languages, `中文 / English`, paragraph by paragraph.
"""

import copy
import inspect
import re
from typing import Any

import click

from simulator.command_line.language import in_own_words
from simulator.core.schema_errors import hint
from simulator.core.texts import language, text

_BETWEEN = " / "
_AS_WRITTEN = "\b\n"
"""Mark of a paragraph that is not wrapped anew."""


class NearestChoice(click.Choice[Any]):
    """Choice that names the value that a misspelt one may have meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        allowed = [str(each) for each in self._normalized_mapping(ctx=ctx).values()]
        close = hint(str(value), allowed)
        return str(text("data.not_allowed", got=value, hint=close, allowed=", ".join(allowed)))


def shown_in_language(command: click.Command) -> click.Command:
    """Copy of a command, its options and subcommands, that speaks the language in force."""
    shown = copy.copy(command)
    # Kept by the command in the language of the first time.
    shown._help_option = None
    shown.help = _in_language(command.help)
    shown.short_help = _in_language(command.short_help)
    shown.params = [_parameter(each) for each in command.params]
    if isinstance(shown, click.Group) and isinstance(command, click.Group):
        shown.commands = {name: shown_in_language(each) for name, each in command.commands.items()}
    return shown


def _parameter(parameter: click.Parameter) -> click.Parameter:
    shown = copy.copy(parameter)
    if isinstance(shown, click.Option):
        shown.help = _in_language(shown.help)
    if type(shown.type) is click.Choice:
        shown.type = NearestChoice(shown.type.choices, shown.type.case_sensitive)
    return shown


def _in_language(written: str | None) -> str | None:
    """The half of every paragraph in the language in force; a paragraph of one language stays."""
    if not written:
        return written
    return "\n\n".join(map(_half, inspect.cleandoc(written).split("\n\n")))


def _half(paragraph: str) -> str:
    lines = paragraph.split("\n")
    # Commands of an example are indented, and the same in both languages.
    commands = next((index for index, line in enumerate(lines) if line.startswith("  ")), len(lines))
    # A line may end with the sign between the languages, so that long lines need not be cut by hand.
    said = in_own_words(re.sub(r" /\n\s*", _BETWEEN, "\n".join(lines[:commands])))
    chinese, _, english = said.partition(_BETWEEN)
    half = english if english and language() == "en" else chinese
    if half is english and said.startswith(_AS_WRITTEN):
        half = _AS_WRITTEN + half
    return "\n".join([half, *lines[commands:]])
