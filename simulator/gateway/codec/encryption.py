"""Ciphers of `input` and `output`, chosen by the gateway profile, with the key of the institution."""

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from simulator.core.json_codec import NotAMessage, read_json, write_json
from simulator.core.signing import Profile
from simulator.core.texts import text
from simulator.gateway.codec.undecodable import BAD, Undecodable

ENC_TYPE = "enc_type"
"""The header field that names the cipher (source JL; no edition prints it)."""


class Cipher(Protocol):
    """Encrypts and decrypts bytes under a key."""

    def encrypt(self, key: bytes, plain: bytes) -> bytes: ...

    def decrypt(self, key: bytes, ciphertext: bytes) -> bytes:
        """Decrypts bytes; raises ValueError if they are truncated or the padding shows another key."""
        ...


class Sm4:
    """SM4 in ECB mode with PKCS #7 padding: GB/T 32907 for the block; no document prints mode and padding (ours)."""

    def encrypt(self, key: bytes, plain: bytes) -> bytes:
        from cryptography.hazmat.primitives.padding import PKCS7

        padder = PKCS7(_BLOCK_BITS).padder()
        encryptor = _sm4(key).encryptor()
        return bytes(encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize())

    def decrypt(self, key: bytes, ciphertext: bytes) -> bytes:
        from cryptography.hazmat.primitives.padding import PKCS7

        decryptor, unpadder = _sm4(key).decryptor(), PKCS7(_BLOCK_BITS).unpadder()
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return bytes(unpadder.update(padded) + unpadder.finalize())


_BLOCK_BITS = 128
CIPHERS: Mapping[str, Cipher] = {"sm4": Sm4()}


@lru_cache(maxsize=1000)
def _sm4(key: bytes) -> Any:
    # Loaded when first needed: it costs 0.06 s, and few sandboxes encipher anything.
    from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
    from cryptography.hazmat.primitives.ciphers import algorithms, modes

    return BlockCipher(algorithms.SM4(key), modes.ECB())  # noqa: S305 (the mode that clients use)


class BodyCipher:
    """Cipher of a gateway profile with the key of an institution."""

    def __init__(self, profile: Profile, institution: str) -> None:
        """Raises Undecodable where the profile has no key for the institution."""
        key = profile.keys_of(institution).sm4_key
        if not key:
            raise Undecodable(BAD, text("gateway.no_cipher_key", institution=institution[:40] or "-"))
        self._name = profile.encrypt
        self._key = bytes.fromhex(key)
        self._institution = institution

    def decrypted(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields with a decrypted `input` and without `enc_type`; raises Undecodable."""
        ciphertext = fields.get("input")
        said = fields.get(ENC_TYPE, "")
        if not isinstance(ciphertext, str) or (said and str(said).lower() != self._name):
            raise Undecodable(BAD, text("gateway.not_enciphered", cipher=self._name.upper()))
        try:
            plain = CIPHERS[self._name].decrypt(self._key, base64.b64decode(ciphertext, validate=True))
            value = read_json(plain)
        except (ValueError, binascii.Error):
            raise Undecodable(
                BAD, text("gateway.not_decipherable", cipher=self._name.upper(), institution=self._institution[:40])
            ) from None
        except NotAMessage as error:
            raise Undecodable(BAD, error.text) from None
        return {**{name: each for name, each in fields.items() if name != ENC_TYPE}, "input": value}

    def encrypted(self, output: Mapping[str, Any]) -> str:
        """Encrypted `output` as Base64 text."""
        return base64.b64encode(CIPHERS[self._name].encrypt(self._key, write_json(output))).decode()
