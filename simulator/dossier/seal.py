"""Seal of a dossier: SHA-256 and SM3 (GB/T 32905) of every part, so that a change is found and its place named.

The seal has no secret: it tells a change from the file that was issued, when the digest of the whole is kept elsewhere
(in the minutes, on paper); a forger could seal anew, and the digest would then be another.
"""

import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes

from simulator.core.errors import SetupError
from simulator.core.texts import Text, text
from simulator.dossier.content import FORMAT

CONTENT, PAGE = "content", "page"
_SEAL = re.compile(r"<!--seal-->.*?<!--/seal-->", re.DOTALL)
_SEALED = re.compile(r'<script type="application/json" id="seal">(.*?)</script>', re.DOTALL)
_CONTENT = re.compile(r'<script type="application/json" id="content">(.*?)</script>', re.DOTALL)
_SECTION = re.compile(r"<!--section (\w+)-->(.*?)<!--/section-->", re.DOTALL)
_REST = "frame"


@dataclass(frozen=True, slots=True)
class SealCheck:
    """Result of checking a dossier: the digests as they are now, and the parts that are not what was sealed."""

    digests: Mapping[str, str]
    changed: tuple[Text, ...]


def sm3(data: bytes) -> str:
    """The SM3 digest in hexadecimal digits."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def digests_of(data: bytes) -> dict[str, str]:
    """Both digests of some bytes."""
    return {"sha256": hashlib.sha256(data).hexdigest(), "sm3": sm3(data)}


def sealed(page: str, content: Mapping[str, Any]) -> str:
    """The page with its content and its seal in it; the template has one place for each."""
    written = _written(content)
    whole = page.replace("<!--content-->", f'<script type="application/json" id="content">{written}</script>', 1)
    parts = _parts(content, whole)
    return _SEAL.sub(lambda _: _seal_block(parts), whole, count=1)


def check_seal(page: str) -> SealCheck:
    """Compares a dossier with its seal; raises SetupError for a file that is no dossier."""
    content, seal = _read(_CONTENT, page), _read(_SEALED, page)
    if not isinstance(seal.get("parts"), dict) or content.get("format") != FORMAT:
        raise SetupError(text("dossier.no_dossier"))
    parts = _parts(content, page)
    there: Mapping[str, Any] = seal["parts"]
    names = [name for name in dict.fromkeys([*there, *parts]) if there.get(name) != parts.get(name)]
    changed = [_place(name, gone=name not in parts, come=name not in there) for name in names]
    block = _SEAL.search(page)
    if not names and (block is None or block.group(0) != _seal_block(parts)):
        changed.append(text("dossier.changed_seal"))
    return SealCheck(_whole(parts), tuple(changed))


def _parts(content: Mapping[str, Any], page: str) -> dict[str, dict[str, str]]:
    """Digests by part: each entry of the content, each section of the page, and the page without both."""
    parts = {f"{CONTENT}.{name}": digests_of(_canonical(value)) for name, value in _entries(content)}
    for found in _SECTION.finditer(page):
        parts[f"{PAGE}.{found.group(1)}"] = digests_of(found.group(2).encode())
    frame = _SECTION.sub(r"<!--section \1-->", _CONTENT.sub("", _SEAL.sub("", page)))
    parts[f"{PAGE}.{_REST}"] = digests_of(frame.encode())
    return parts


def _entries(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Entries of the content: rows of lists by their number, so that a change is narrowed down to a row."""
    for name, value in content.items():
        if isinstance(value, list):
            yield name, len(value)
            yield from ((f"{name}[{at}]", each) for at, each in enumerate(value))
        elif isinstance(value, dict):
            yield from ((f"{name}.{key}", each) for key, each in value.items())
        else:
            yield name, value


def _whole(parts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return digests_of(_canonical(parts))


def _seal_block(parts: Mapping[str, Mapping[str, str]]) -> str:
    whole = _whole(parts)
    shown = "".join(f"<div><dt>{name}</dt><dd><code>{whole[key]}</code></dd></div>" for key, name in _NAMES.items())
    # Escaped, because names of parts come from a file that is to be checked.
    script = f'<script type="application/json" id="seal">{_written({"whole": whole, "parts": parts})}</script>'
    return f'<!--seal--><dl class="seal">{shown}</dl>{script}<!--/seal-->'


_NAMES = {"sha256": "SHA-256", "sm3": "SM3"}


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _written(value: Any) -> str:
    """JSON that cannot end the element it stands in, nor be taken for a mark of the page."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _read(pattern: re.Pattern[str], page: str) -> dict[str, Any]:
    found = pattern.findall(page)
    if len(found) != 1:
        raise SetupError(text("dossier.no_dossier"))
    try:
        value = json.loads(found[0])
    except (ValueError, RecursionError) as error:
        raise SetupError(text("dossier.unreadable", problem=html.escape(str(error)))) from None
    if not isinstance(value, dict):
        raise SetupError(text("dossier.no_dossier"))
    return value


def _place(name: str, *, gone: bool, come: bool) -> Text:
    key = "gone" if gone else "come" if come else "other"
    side, _, inner = name.partition(".")
    where = text("dossier.place_page" if side == PAGE else "dossier.place_content", name=inner)
    return text(f"dossier.changed_{key}", place=where)
