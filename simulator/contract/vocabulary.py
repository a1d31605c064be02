"""The words that the tables may use, and what they mean."""

import re

DIRECTIONS = ("in", "out")
NODE_KINDS = ("object", "list")
TYPES = ("C", "N", "D", "DT", "Int", "bytes", "object", "list", "")
REQUIRED = ("Y", "N", "C")
STATES = ("tables", "listed")
CONFIDENCE = ("high", "medium", "low")

PLAIN_CONDITIONS = ("remote", "insured", "input_psn_no", "stated")
"""remote: treatment place and insured place are two places (rules 11). insured: the header names an insured place.
input_psn_no: the input carries psn_no. stated: printed in words that no message can decide; shown, not enforced."""

EQUALS = re.compile(r"([A-Za-z_0-9-]+)=([^=\s]+)\Z")
"""`<field>=<code>`: a field beside this one holds the code."""

UNLESS = re.compile(r"unless ([A-Za-z_0-9-]+)\Z")
"""`unless <field>`: the field beside this one is empty."""

FORMS = ("", "msgid", "refmsgid", "time17", "time14", "digits15", "scale_unknown")
"""msgid: 12 characters of institution, 14 digits of time, 4 digits. refmsgid: 6 digits of area, 14 of time, 10 digits.
time17, time14: digits of a real time. digits15: 1 to 15 digits, not 0, as text or number. scale_unknown: no scale."""

LENGTH = re.compile(r"([1-9][0-9]{0,5})(,[0-9]{1,2})?\Z")


def is_condition(word: str) -> bool:
    return word in PLAIN_CONDITIONS or bool(EQUALS.match(word)) or bool(UNLESS.match(word))


def sibling_of(condition: str) -> str | None:
    """The field beside it that a condition looks at."""
    found = EQUALS.match(condition) or UNLESS.match(condition)
    return found[1] if found else None
