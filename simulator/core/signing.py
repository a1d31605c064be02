"""Gateway profiles: signatures of requests, checked before a message is read.

A refusal here is no message and has the gateway's own shape (source HN, 安全要求).
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from simulator.core.texts import Text, text

NONE, API_HMAC = "none", "api_hmac"
PROFILES = (NONE, API_HMAC)
_TIF_PREFIX = "x_tif_"
_TIF_HEADERS = ("x_tif_paasid", "x_tif_timestamp", "x_tif_nonce", "x_tif_signature")
_HEADERS = ("_api_name", "_api_version", "_api_timestamp", "_api_access_key")


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of one institution."""

    access_key: str
    secret_key: str
    sm4_key: str


@dataclass(frozen=True, slots=True)
class Profile:
    """Gateway profile of a sandbox; `window_s` is the greatest age of a timestamp, in seconds (source HN: 1,800)."""

    name: str = NONE
    access_key: str = ""
    secret_key: str = ""
    window_s: int = 1800
    sign_in: bool = False
    """True where other transactions need a 9001 of the same day first (source HN; a setting)."""
    encrypt: str = NONE
    """Cipher of `input` and `output`: `none` or `sm4`."""
    sm4_key: str = ""
    """Sixteen bytes as 32 hexadecimal digits."""
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Keys of single institutions by code, named as the ones above; those that are left out are the sandbox's."""

    def keys_of(self, institution: str) -> Keys:
        """The keys under which an institution signs and enciphers."""
        own = self.keys.get(institution, {})
        return Keys(
            own.get("access_key", self.access_key),
            own.get("secret_key", self.secret_key),
            own.get("sm4_key", self.sm4_key),
        )


class Headers(Protocol):
    """The header fields of an HTTP request; a mapping of them is one."""

    def items(self) -> Iterable[tuple[str, str]]: ...


class NotAuthentic(Exception):
    """The gateway turned the message away; `string_to_sign` is what should have been signed."""

    def __init__(self, sentence: Text, string_to_sign: str = "") -> None:
        super().__init__(sentence.zh)
        self.sentence = sentence
        self.string_to_sign = string_to_sign


def authenticate(profile: Profile, headers: Headers, real: float, institution: str) -> None:
    """Raises NotAuthentic with one of the four printed causes (source HN); header names in any case, - or _.

    A client of the other gateway signs in `x-tif-*` headers instead (sources SZ, GZ), with the same keys.
    """
    if profile.name == NONE:
        return
    given = _named(headers)
    if _signs_for_other_gateway(given):
        _authenticate_other(profile, given, real, profile.keys_of(institution))
        return
    values = {name: given.get(name, "") for name in (*_HEADERS, "_api_signature")}
    if not all(values.values()):
        missing = "、".join(name for name, value in values.items() if not value)
        raise NotAuthentic(text("gateway.no_headers", missing=missing))
    if not _fresh(values["_api_timestamp"], profile.window_s, real):
        raise NotAuthentic(text("gateway.stale", got=values["_api_timestamp"], window=profile.window_s))
    keys = profile.keys_of(institution)
    if values["_api_access_key"] != keys.access_key:
        raise NotAuthentic(text("gateway.no_user", got=values["_api_access_key"]))
    signed = string_to_sign(values)
    if not hmac.compare_digest(signature(signed, keys.secret_key).encode(), values["_api_signature"].encode()):
        raise NotAuthentic(text("gateway.bad_signature", signed=signed), signed)


def other_gateway_headers(headers: Headers) -> dict[str, str]:
    """The `x-tif-*` headers of a client that signs for the other gateway; {} for any other client."""
    if not any(name[:5].lower() in ("x-tif", "x_tif") for name, _ in headers.items()):
        return {}
    given = _named(headers)
    if not _signs_for_other_gateway(given):
        return {}
    return {name: value for name, value in given.items() if name.startswith(_TIF_PREFIX)}


def other_signature(timestamp: str, nonce: str, secret_key: str) -> str:
    """`x-tif-signature`: SHA-256 in lower-case hexadecimal; neither body nor path has part in it (sources SZ, GZ)."""
    return hashlib.sha256(f"{timestamp}{secret_key}{nonce}{timestamp}".encode()).hexdigest()


def _named(headers: Headers) -> dict[str, str]:
    return {name.lower().replace("-", "_"): value for name, value in headers.items()}


def _signs_for_other_gateway(given: Mapping[str, str]) -> bool:
    return any(name.startswith(_TIF_PREFIX) for name in given) and not any(name.startswith("_api_") for name in given)


def _authenticate_other(profile: Profile, given: Mapping[str, str], real: float, keys: Keys) -> None:
    missing = [name.replace("_", "-") for name in _TIF_HEADERS if not given.get(name)]
    if missing:
        raise NotAuthentic(text("gateway.no_headers", missing="、".join(missing)))
    paasid, timestamp, nonce, signed = (given[name] for name in _TIF_HEADERS)
    if not _fresh(timestamp, profile.window_s, real):
        raise NotAuthentic(text("gateway.stale", got=timestamp, window=profile.window_s))
    if paasid != keys.access_key:
        raise NotAuthentic(text("gateway.no_paasid", got=paasid))
    if not hmac.compare_digest(other_signature(timestamp, nonce, keys.secret_key).encode(), signed.lower().encode()):
        shown = f"{timestamp}<secret_key>{nonce}{timestamp}"
        raise NotAuthentic(text("gateway.bad_signature", signed=shown), shown)


def string_to_sign(values: Mapping[str, str]) -> str:
    """The four header fields by name, `k=v&k=v`."""
    return "&".join(f"{name}={values[name]}" for name in sorted(_HEADERS))


def signature(signed: str, secret_key: str) -> str:
    return base64.b64encode(hmac.new(secret_key.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _fresh(written: str, window_s: int, real: float) -> bool:
    """Source HN writes 13 digits of milliseconds; clients in the field send 10 digits of seconds."""
    if not (written.isascii() and written.isdigit() and len(written) in (10, 13)):
        return False
    sent = int(written) / (1000 if len(written) == 13 else 1)
    return abs(real - sent) <= window_s
