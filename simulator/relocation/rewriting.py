"""Codes and names in the values of a scenario, replaced wherever they stand."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.core.texts import Text

_CODES = re.compile(
    r"(?P<kind>[HP])(?P<place>[0-9]{6})(?P<serial>[0-9]{5})(?![0-9])"
    r"|(?<![0-9.])(?P<area>[0-9]{6})(?![0-9]|\.[0-9])"
    r"|(?<![0-9])(?P<disease>M[0-9]{5})(?![0-9])"
)
"""Institution, area and M-code; a digit beside them belongs to the code of an item or to an amount."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """New areas, M-codes and words by the old ones."""

    areas: Mapping[str, str] = field(default_factory=dict)
    diseases: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    """Names of places in Chinese and English."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of diseases, replaced only where a value is nothing else."""

    def __call__(self, value: Any) -> Any:
        """The value with everything in it replaced, keys included."""
        if isinstance(value, Mapping):
            return {self(key): self(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self(inner) for inner in value)
        if isinstance(value, Text):
            return Text(self(value.zh), self(value.en))
        return self._written(value) if isinstance(value, str) else value

    def institution(self, code: str) -> str:
        """New code of an institution: the area inside it is replaced."""
        return _CODES.sub(self._code, code)

    def _written(self, value: str) -> str:
        if value in self.names:
            return self.names[value]
        written = _CODES.sub(self._code, value)
        if not self.words:
            return written
        pattern = "|".join(map(re.escape, sorted(self.words, key=len, reverse=True)))
        return re.sub(pattern, lambda found: self.words[found.group()], written)

    def _code(self, found: re.Match[str]) -> str:
        if found["disease"]:
            return self.diseases.get(found["disease"], found["disease"])
        if found["area"]:
            return self.areas.get(found["area"], found["area"])
        return f"{found['kind']}{self.areas.get(found['place'], found['place'])}{found['serial']}"


def m_codes(value: Any) -> list[str]:
    """Every M-code in a value, in order, each once."""
    codes = (each["disease"] for written in strings(value) for each in _CODES.finditer(written))
    return list(dict.fromkeys(code for code in codes if code))


def strings(value: Any) -> Iterator[str]:
    """Every text in a value, keys included, in order."""
    if isinstance(value, Mapping):
        for pair in value.items():
            yield from strings(pair)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value
