"""Rows as aligned columns of text."""

from collections.abc import Iterable, Iterator, Sequence
from unicodedata import east_asian_width


def columns(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Each row as one line; a Chinese character is two wide."""
    table = [tuple(row) for row in rows]
    widths = [max(_width(row[index]) for row in table) for index in range(len(table[0]))]
    for row in table:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _width(cell: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in cell)
