"""Files that travel beside a message: their bytes, name, digest, and names that are refused."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

OCTET_STREAM = "application/octet-stream"
LONGEST_NAME = 200
"""Characters of a file name (printed, 9101 filename)."""


@dataclass(frozen=True)
class FileContent:
    """File as bytes, with the name under which it travels."""

    name: str
    content: bytes
    content_type: str = OCTET_STREAM

    @cached_property
    def sha256(self) -> str:
        """The digest in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def is_plain_name(name: str) -> bool:
    """Tells whether a name is that of a plain file: no folder, drive or control character, not `.` or `..`."""
    if not name.strip(" .") or len(name) > LONGEST_NAME:
        return False
    return not any(letter in '/\\:*?"<>|' or ord(letter) < 32 or ord(letter) == 127 for letter in name)
