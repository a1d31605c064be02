"""Identity data is masked wherever a person looks: in logs, reports, exports and messages, unless asked for raw."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml

FILE = "identity.yaml"
NOBODY: frozenset[str] = frozenset()
"""No values known to point at a person."""

_MOST_KNOWN = 200
"""Values of one message that are looked for elsewhere in it; a hostile one could name thousands."""
_DEEPEST = 5
"""Levels of JSON text inside JSON text; text nested deeper is masked by its shape alone."""
_SHORTEST_ADDRESS = 8
"""A shorter address is the name of a city, which institutions bear too."""

# Strings may be cut off; everything between them is a mark of the syntax or a run of other characters.
_LENIENT = json.JSONDecoder(strict=False)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^"{}\[\],:]+', re.DOTALL)
_MARKS = frozenset("{}[],:")
_FOLLOWED_BY_COLON = re.compile(r"\s*:")
# A birth date makes it an identity number; numbers of visits and settlements are as long and stay readable.
_NUMBER = re.compile(
    r"(?<![0-9])([1-9][0-9]{5})[ -]?((?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))[ -]?"
    r"([0-9]{3}[0-9Xx])(?![0-9])"
)
# Codes of institutions have a letter before as many digits.
_PHONE = re.compile(r"(?<![0-9A-Za-z.])(?:\+?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9A-Za-z])")
# Most texts hold no number long enough, and are left alone after one look.
_DIGITS = re.compile("[0-9０-９](?:[ -]?[0-9０-９]){9}")
_ASSIGNED = re.compile(r"""([A-Za-z_]{3,40})(\s*=\s*['"]?|>)([^&\s,;'"<>)]+)""")
_WIDE_DIGITS = {ord("０") + digit: ord("0") + digit for digit in range(10)} | {ord("Ｘ"): "X", ord("ｘ"): "x"}
_CONTROLS = {
    code: f"\\u{code:04x}"
    for code in (*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\t\n\r"
}
"""Control characters of terminals, and those that turn the direction of writing, with what is shown in their place."""
_HAN = re.compile("[一-鿿·]+")


class _Words(NamedTuple):
    """Table of `identity.yaml`, ready to be asked."""

    exact: frozenset[str]
    parts: tuple[str, ...]
    words: frozenset[str]
    not_endings: tuple[str, ...]
    things: tuple[str, ...]
    surnames: frozenset[str]
    compound: tuple[str, ...]


def is_identity_field(name: str) -> bool:
    """True for the name of a field whose value points at a person, whether an edition prints it or not."""
    return _is_identity_field(name) if len(name) <= 80 else False


def mask(value: str) -> str:
    """Keeps as much as tells two apart: 张*, 2309**********0019."""
    if len(value) <= 1:
        return "*" * len(value)
    # Of a text in Chinese the first character alone: each further one is as much as four digits.
    if len(value) <= 4 or not value.isascii():
        return value[0] + "*" * (len(value) - 1)
    keep = 4 if len(value) >= 12 else 1
    return value[:keep] + "*" * (len(value) - 2 * keep) + value[-keep:]


def mask_text(written: str, known: frozenset[str] = NOBODY) -> str:
    """Masks identity data in a message or a sentence.

    Masked are the values of identity fields in any form (text, number, list, object, JSON inside a text), identity
    numbers, telephone numbers and names wherever they stand, and the values in `known`. Control characters, which
    could steer a terminal, are shown as their numbers.
    """
    return "".join(_masked(written, _searching(known), 0)).translate(_CONTROLS)


def mask_texts(written: Sequence[str], known: frozenset[str] = NOBODY) -> list[str]:
    """Masks texts that belong together; the value of an identity field of any of them is masked in all."""
    known |= identity_values(*written)
    return [mask_text(each, known) for each in written]


def mask_tree(value: Any, known: frozenset[str] = NOBODY) -> Any:
    """Masks every text in lists and objects of our own making, whose keys are no fields of a message."""
    if isinstance(value, str):
        return mask_text(value, known)
    if isinstance(value, dict):
        return {key: mask_tree(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_tree(item, known) for item in value]
    return value


def identity_values(*written: str) -> frozenset[str]:
    """Values of the identity fields in messages, which point at the same people wherever else they stand."""
    found: set[str] = set()
    for each in written:
        for field, value in _identity_fields(each, 0):
            if len(found) < _MOST_KNOWN and _tells(field, value):
                found.add(value)
    return frozenset(found)


def mask_sentence(sentence: str, *, path: str, got: str, known: frozenset[str] = NOBODY) -> str:
    """Masks a sentence about a field, whose wrong value need not look like a right one."""
    return mask_text(sentence.replace(got, mask_got(path, got)) if got else sentence, known)


def mask_got(path: str, got: str, known: frozenset[str] = NOBODY) -> str:
    """Masks the value that came at a path."""
    if got and any(is_identity_field(part) for part in re.split(r"[/.\[\]]", path)):
        return mask(got.strip('"…'))
    return mask_text(got, known)


@cache
def _words() -> _Words:
    raw = resources.files(__package__).joinpath(FILE).read_bytes()
    data = parse_yaml(raw, FILE, shape("simulator.core", "identity.schema.json")).data
    fields = data["fields"]
    return _Words(
        frozenset(fields["exact"]),
        tuple(fields["parts"]),
        frozenset(fields["words"]),
        tuple(fields["not_endings"]),
        tuple(data["things"]["endings"]),
        frozenset(data["surnames"]),
        tuple(data["compound_surnames"]),
    )


@lru_cache(maxsize=4096)
def _is_identity_field(name: str) -> bool:
    words, small = _words(), name.strip().lower()
    if small in words.exact:
        return True
    if small.endswith(words.not_endings):
        return False
    joined = re.sub(r"[\s_-]", "", small)
    return any(part in joined for part in words.parts) or not words.words.isdisjoint(re.split(r"[\s_-]", small))


def _tells(field: str, value: str) -> bool:
    """True for a value that is specific enough to be looked for in the rest of a message."""
    if value == "null" or "*" in value:
        return False
    if "addr" in field.lower():
        return len(value) >= _SHORTEST_ADDRESS
    return len(value) >= (5 if value.isascii() else 2)


@lru_cache(maxsize=256)
def _searching(known: frozenset[str]) -> re.Pattern[str] | None:
    if not known:
        return None
    # The longest first, or a part of it would be masked and the rest left.
    return re.compile("|".join(re.escape(value) for value in sorted(known, key=lambda each: (-len(each), each))))


def _tokens(written: str) -> Iterator[tuple[str, bool, str, bool]]:
    """Tokens of a text: as written, whether each is a key, the key that it stands under, whether that is identity."""
    around: list[tuple[str, bool]] = [("", False)]
    key: tuple[str, bool] | None = None
    for found in _TOKEN.finditer(written):
        part = found.group()
        field, hidden = key or around[-1]
        if part in ("{", "["):
            around.append((field, hidden))
            key = None
        elif part in ("}", "]"):
            if len(around) > 1:
                around.pop()
            key = None
        elif part == ",":
            key = None
        elif part[0] == '"' and _FOLLOWED_BY_COLON.match(written, found.end()):
            name = _unescaped(part)
            key = (name, around[-1][1] or is_identity_field(name))
            yield part, True, field, False
            continue
        yield part, False, field, hidden


def _masked(written: str, known: re.Pattern[str] | None, depth: int) -> Iterator[str]:
    for token, is_key, field, hidden in _tokens(written):
        if token in _MARKS:
            yield token
        elif token[0] == '"':
            yield _masked_string(token, known, field, depth, hidden=hidden, is_key=is_key)
        elif hidden and token.strip() not in ("", "null", "true", "false"):
            value = token.strip()
            # A masked number is none any more; as a text it leaves the message JSON.
            yield token.replace(value, json.dumps(mask(value), ensure_ascii=False))
        else:
            yield _by_shape(token, known)


def _masked_string(
    token: str, known: re.Pattern[str] | None, field: str, depth: int, *, hidden: bool, is_key: bool
) -> str:
    value = _unescaped(token)
    if hidden:
        # The text "null" is kept, since sending it is a fault to be seen.
        hiding = value if value in ("", "null") else mask(value)
    elif not is_key and depth < _DEEPEST and '"' in value:
        hiding = "".join(_masked(value, known, depth + 1))
    elif not is_key and _is_name(field, value):
        hiding = mask(value)
    else:
        hiding = _by_shape(value, known)
    return token if hiding == value else json.dumps(hiding, ensure_ascii=False)


def _identity_fields(written: str, depth: int) -> Iterator[tuple[str, str]]:
    for token, is_key, field, hidden in _tokens(written):
        if is_key or token in _MARKS:
            continue
        value = _unescaped(token) if token[0] == '"' else token.strip()
        if hidden and value:
            yield field, value
        elif depth < _DEEPEST and token[0] == '"' and '"' in value:
            yield from _identity_fields(value, depth + 1)


def _unescaped(token: str) -> str:
    if "\\" not in token:
        return token.strip('"')
    whole = token if len(token) > 1 and token[-1] == '"' else token + '"'
    try:
        return str(_LENIENT.decode(whole))
    except ValueError:
        return token.strip('"')


def _is_name(field: str, value: str) -> bool:
    """True for a short Chinese text that begins with a surname, in a field that names no thing."""
    words = _words()
    if not 2 <= len(value) <= 4 or not _HAN.fullmatch(value) or field.lower().endswith(words.things):
        return False
    return value.startswith(words.compound) or (len(value) < 4 and value[0] in words.surnames)


def _by_shape(value: str, known: re.Pattern[str] | None) -> str:
    if known is not None:
        value = known.sub(lambda found: mask(found.group()), value)
    if "=" in value or ">" in value:
        value = _ASSIGNED.sub(_hide_assigned, value)
    if not _DIGITS.search(value):
        return value
    narrow = value if value.isascii() else value.translate(_WIDE_DIGITS)
    masked = _PHONE.sub(_hide_phone, _NUMBER.sub(_hide_number, narrow))
    # Wide digits elsewhere in the text are left as they came.
    return value if masked == narrow else masked


def _hide_assigned(found: re.Match[str]) -> str:
    name, mark, value = found.groups()
    return found.group() if not is_identity_field(name) else name + mark + mask(value)


def _hide_number(found: re.Match[str]) -> str:
    return found.group(1) + "********" + found.group(3)


def _hide_phone(found: re.Match[str]) -> str:
    return mask(found.group())


def known_values(values: Iterable[str]) -> frozenset[str]:
    """Values of people on record, as `known` takes them: those that are specific enough."""
    return frozenset(value for value in values if _tells("", value))
