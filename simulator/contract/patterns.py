"""Regular expressions of the contract: explicit classes only, so that every validator reads them alike.

Each stands beside a maxLength in the schemas, because `$` of Python also matches before a newline at the end.
"""

_LEAP_YEAR = r"(?:[12][0-9](?:0[48]|[2468][048]|[13579][26])|(?:1[26]|2[048])00)"
_NOT_FEBRUARY_29 = (
    r"(?:(?:0[13578]|1[02]){0}(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11){0}(?:0[1-9]|[12][0-9]|30)"
    r"|02{0}(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DAY_TIME = r"(?:[01][0-9]|2[0-3]){0}[0-5][0-9]{0}[0-5][0-9]"


def _date(separator: str) -> str:
    ordinary = rf"[12][0-9]{{3}}{separator}" + _NOT_FEBRUARY_29.replace("{0}", separator)
    return rf"(?:{ordinary}|{_LEAP_YEAR}{separator}02{separator}29)"


_COMPACT = _date("") + _DAY_TIME.replace("{0}", "")

DATE = f"^{_date('-')}$"
DATE_TIME = f"^{_date('-')} {_DAY_TIME.replace('{0}', ':')}$"
TIME_14 = f"^{_COMPACT}$"
TIME_17 = f"^{_COMPACT}[0-9]{{3}}$"
MSGID = f"^[0-9A-Za-z]{{12}}{_COMPACT}[0-9]{{4}}$"
REFMSGID = f"^[0-9]{{6}}{_COMPACT}[0-9]{{10}}$"
AREA = "^[0-9]{6}$"
DIGITS_15 = "^0{0,14}[1-9][0-9]{0,14}$"

OF_TYPE = {"D": (DATE, 10), "DT": (DATE_TIME, 19)}
OF_FORM = {
    "msgid": (MSGID, 30),
    "refmsgid": (REFMSGID, 30),
    "time14": (TIME_14, 14),
    "time17": (TIME_17, 17),
}
