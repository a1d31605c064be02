"""Identity data is masked wherever a person looks: in logs, reports, exports and messages, unless asked for raw."""

import re

IDENTITY_FIELDS = (
    *("certno", "psn_name", "mdtrt_cert_no", "card_sn", "card_no", "tel", "addr", "credential_token"),
    *("coner_name", "agnter_name", "agnter_certno", "agnter_tel", "agnter_addr"),
)
"""Wire names whose values point at a person; psn_no is the platform's own number and stays readable."""

_FIELD = re.compile(r'("(?:' + "|".join(IDENTITY_FIELDS) + r')"\s*:\s*")((?:[^"\\]|\\.)*)(")')
# A birth date makes it an identity number; numbers of visits and settlements are as long and stay readable.
_NUMBER = re.compile(r"(?<![0-9A-Za-z])([0-9]{6})(?:18|19|20)[0-9]{6}([0-9]{3}[0-9X])(?![0-9A-Za-z])")


def mask(value: str) -> str:
    """Keeps as much as tells two apart: 张*, 2309**********0019."""
    if len(value) <= 1:
        return "*" * len(value)
    if len(value) <= 4:
        return value[0] + "*" * (len(value) - 1)
    keep = 4 if len(value) >= 12 else 1
    return value[:keep] + "*" * (len(value) - 2 * keep) + value[-keep:]


def mask_text(written: str) -> str:
    """Masks identity fields in the text of a message, and identity numbers anywhere in it."""
    masked = _FIELD.sub(_hide, written)
    return _NUMBER.sub(lambda found: found.group(1) + "********" + found.group(2), masked)


def _hide(found: re.Match[str]) -> str:
    """Replacement for a matched identity value; the text "null" is kept, since sending it is a fault to be seen."""
    value = found.group(2)
    return found.group(0) if value == "null" else found.group(1) + mask(value) + found.group(3)


def mask_sentence(sentence: str, *, path: str, got: str) -> str:
    """Masks a sentence about one field, whose wrong value need not look like what it should have been."""
    field = re.split(r"[/.]", path)[-1]
    if got and field in IDENTITY_FIELDS:
        sentence = sentence.replace(got, mask(got.strip('"…')))
    return mask_text(sentence)
