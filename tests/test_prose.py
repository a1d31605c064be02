"""Docstrings open with a verb or a noun and name their subject.

Summary: the first paragraph of a docstring of a module, class or function, or of the string after an attribute.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUBJECTS = {
    *("what", "who", "whoever", "whom", "whose", "whether", "which", "how", "why", "one", "it", "they"),
    *(
        "nobody",
        "nothing",
        "somebody",
        "someone",
        "something",
        "anybody",
        "anyone",
        "anything",
        "everybody",
        "everyone",
    ),
    "everything",
}
"""Words that leave the subject of a clause open."""
OPENERS = SUBJECTS | {*("when", "where", "here", "there", "its", "that", "this", "these", "those", "none")}
VAGUE = re.compile(r"\b(?:nobody|somebody|everybody|anybody|whoever|someone|anyone)\b", re.IGNORECASE)
CLAUSE = re.compile(r"(?:^|[.;:] +)([A-Za-z]+)")
"""The first word of each clause: of the summary, and after a full stop, semicolon or colon."""


def sources() -> list[Path]:
    return sorted([*(ROOT / "simulator").rglob("*.py"), *(ROOT / "loadtests").rglob("*.py")])


def package_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "simulator" and len(parts) > 2 else parts[0]


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every docstring, those of attributes included."""
    for node in ast.walk(tree):
        for statement in getattr(node, "body", []) if not isinstance(node, ast.Lambda | ast.IfExp) else []:
            value = getattr(statement, "value", None) if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement.lineno, value.value


def fault_of(docstring: str) -> str:
    """The word that breaks a rule in the summary; blank where none does."""
    summary = " ".join(docstring.strip().split("\n\n")[0].split())
    first, *later = CLAUSE.findall(summary) or [""]
    vague = [first] * (first.lower() in OPENERS) + [word for word in later if word.lower() in SUBJECTS]
    return (vague or VAGUE.findall(summary) or [""])[0]


def faults() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sources():
        for line, docstring in docstrings(ast.parse(path.read_text(encoding="utf-8"))):
            if word := fault_of(docstring):
                found.setdefault(package_of(path), []).append(f"{path.relative_to(ROOT)}:{line} {word}")
    return found


FOUND = faults()


@pytest.mark.parametrize("package", sorted({package_of(path) for path in sources()}))
def test_docstrings_name_their_subject(package):
    assert FOUND.get(package, []) == []


@pytest.mark.parametrize(
    ("docstring", "word"),
    [
        ("Returns the award of a claim.", ""),
        ("Award of a claim; one of several is fine inside.", "one"),
        ("What a claim is paid.", "What"),
        ("The reasons: who pays what.", "who"),
        ("Raises Conflict when somebody else holds the row.", "somebody"),
        ("Reads a file.\n\nIt may be large.", ""),
    ],
)
def test_a_summary_is_judged_by_its_clauses(docstring, word):
    assert fault_of(docstring) == word


if __name__ == "__main__":
    # The share of comment lines is shown and not enforced: a comment is worth its reason, not its number.
    comments, lines = Counter(), Counter()
    for source in sources():
        written = [line.strip() for line in source.read_text(encoding="utf-8").splitlines() if line.strip()]
        comments[package_of(source)] += sum(line.startswith("#") for line in written)
        lines[package_of(source)] += len(written)
    for name in sorted(lines):
        print(f"{name:16} {len(FOUND.get(name, [])):4} {comments[name] / lines[name]:6.1%}")  # noqa: T201
