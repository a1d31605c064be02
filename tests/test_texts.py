"""The message catalogue: every sentence in both languages, with the same values, asked for by its key and no other."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.core.strict_yaml import read_yaml
from simulator.core.texts import catalogue_keys

ROOT = Path(__file__).parents[1]
TEXTS = ROOT / "simulator" / "core" / "texts"
TEMPLATES = [
    *(ROOT / "simulator").rglob("*.html"),
    *(ROOT / "simulator").rglob("*.jinja"),
    *(ROOT / "loadtests").glob("*.jinja"),
]
SOURCES = [*(ROOT / "simulator").rglob("*.py"), *(ROOT / "loadtests").glob("*.py")]
FAMILIES = sorted(file.stem for file in TEXTS.glob("*.yaml"))
LETTERS = re.compile(r"[一-鿿]")


def entries(family: str) -> dict[str, dict[str, str]]:
    return read_yaml(TEXTS / f"{family}.yaml").data


ENTRIES = {f"{family}.{name}": sides for family in FAMILIES for name, sides in entries(family).items()}


def values(sentence: str) -> set[str]:
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in string.Formatter().parse(sentence) if name}


def strings() -> Iterator[tuple[str, ast.AST]]:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, node


def asked() -> Iterator[tuple[str, ast.expr, ast.Call]]:
    """Every call of `text`, with the file and its key."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "text" and node.args:
                yield f"{source.relative_to(ROOT)}:{node.lineno}", node.args[0], node


ASKED = list(asked())


def put_together() -> list[re.Pattern[str]]:
    """What the f-strings can become that begin as a key does."""
    found = []
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else []
            if parts and isinstance(parts[0], ast.Constant) and str(parts[0].value).split(".")[0] in FAMILIES:
                made = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts]
                found.append(re.compile("".join(made)))
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_every_sentence_is_there_in_both_languages_with_the_same_values(family):
    for name, sides in entries(family).items():
        assert set(sides) == {"zh", "en"}, name
        assert values(sides["zh"]) == values(sides["en"]), name


@pytest.mark.parametrize("family", FAMILIES)
def test_english_is_in_english(family):
    """A Chinese name that is quoted on the English side stands there as a value, or between quotation marks."""
    own = {"other_language"}  # names the language that it leads to
    quoted = re.compile(r"《[^》]*》|'[^']*'|\"[^\"]*\"|\([^)]*\)|`[^`]*`")
    for name, sides in entries(family).items():
        assert name in own or not LETTERS.search(quoted.sub("", sides["en"])), name


def test_every_key_that_is_asked_for_is_there_with_its_values():
    for where, key, call in ASKED:
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            continue
        assert key.value in ENTRIES, (where, key.value)
        if all(keyword.arg for keyword in call.keywords):
            given = {keyword.arg for keyword in call.keywords}
            assert given == values(ENTRIES[key.value]["zh"]), (where, key.value)


@pytest.mark.slow
def test_no_sentence_is_left_that_nobody_asks_for():
    """A key that is put together at run time counts where its last part, or how it begins, stands in the code."""
    said = {value for value, _ in strings()} | {
        word
        for file in TEMPLATES
        for word in re.findall(r"""['"]([a-z0-9_.]+)['"]""", file.read_text(encoding="utf-8"))
    }
    begun = tuple(word for word in said if word.endswith("_") and len(word) > 2)
    patterns = put_together()
    dead = []
    for key in sorted(catalogue_keys()):
        name = key.split(".", 1)[1]
        if not ({key, name} & said or name.startswith(begun) or any(each.fullmatch(key) for each in patterns)):
            dead.append(key)
    assert dead == []
