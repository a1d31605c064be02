"""Blocks and pages of the documentation that are made from the product; `make docs` writes them.

A block stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`. tests/test_generated_docs.py makes everything
anew and compares, so a page that lags behind the product fails there.
"""

from pathlib import Path

import click
from click.testing import CliRunner

from simulator.cli import cli
from tests.agencies import protocol_reference

ROOT = Path(__file__).parents[2]
READMES = {"README.md": "en", "README.zh-CN.md": "zh"}
SHOWN_LINES = 15
"""Length of the comparison that the README quotes: enough to show each kind of change once."""


def pages() -> dict[str, str]:
    """Every generated file by its path in the repository, with the text that it should have."""
    made = {name: _readme(name, language) for name, language in READMES.items()}
    reference = str(protocol_reference.PAGE.relative_to(ROOT))
    return {**made, reference: protocol_reference.page()}


def written(name: str) -> str:
    """The text that a file has now; empty where it is missing."""
    file = ROOT / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


def with_block(text: str, name: str, content: str) -> str:
    """The text with the content of one block replaced; a missing block is a ValueError."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"no block {name}")
    return f"{before}{begin}{content}\n{end}{after}"


def _readme(name: str, language: str) -> str:
    text = with_block(written(name), "coverage", _coverage(language))
    return with_block(text, "diff", _comparison(language))


def _coverage(language: str) -> str:
    return _printed(language, "coverage", "--format", "markdown", "--only", "handled").strip()


def _comparison(language: str) -> str:
    lines = _printed(language, "diff", "hunan-1.3", "jiangxi-1.0", "--infno", "2207").splitlines()
    return "\n".join(["```text", *lines[:SHOWN_LINES], "```"])


def _printed(language: str, *words: str) -> str:
    return CliRunner().invoke(cli, ["--lang", language, "contract", *words]).output


def write() -> list[str]:
    """Writes what lags behind; the names of the files written."""
    stale = {name: text for name, text in pages().items() if text != written(name)}
    for name, text in stale.items():
        (ROOT / name).write_text(text, encoding="utf-8")
    return sorted(stale)


if __name__ == "__main__":
    for changed in write():
        click.echo(changed)
