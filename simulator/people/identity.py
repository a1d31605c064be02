"""Numbers of people, institutions and doctors in the published formats, none of them in use.

A GB 11643 number here has a valid check digit, and sex and birth date that agree with the person, but a county code
that was never assigned inside the city's prefecture. Counties have used 01-64 and 81-88; ours are the others.
"""

import re
from datetime import date

from simulator.people.areas import CORPS

DRAWN_COUNTIES = tuple(range(65, 80))
"""Counties of generated populations; a person made for one role gets one of MADE_COUNTIES, so the two never meet."""
MADE_COUNTIES = tuple(range(89, 100))
SERIALS = 500
"""Serial numbers a day, county and sex."""
VOUCHER_BITS = 53 * 4

_CHECK = "0123456789X"
_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_INSTITUTION = re.compile(r"[HP][0-9]{11}", re.ASCII)


def check_digit(first_17: str) -> str:
    """The last character of a GB 11643 number (ISO 7064 MOD 11-2), of seventeen digits."""
    # Digits weigh powers of two modulo eleven, and thirteen is two modulo eleven: one conversion does the sum.
    return _CHECK[(1 - 2 * int(first_17, 13)) % 11]


def identity_number(area_digits: str, birth: date, serial: int, male: bool) -> str:
    """The GB 11643 number of six area digits, a birth date, a serial of 0-499 and a sex (odd is male)."""
    first_17 = f"{area_digits}{birth.isoformat().replace('-', '')}{serial * 2 + male:03d}"
    return first_17 + check_digit(first_17)


def is_valid(number: str) -> bool:
    """True for a number with the form, a real date and the right check digit; the county is not looked at."""
    return (
        _NUMBER.fullmatch(number) is not None
        and birth_of(number) is not None
        and check_digit(number[:17]) == number[17]
    )


def birth_of(number: str) -> date | None:
    """The birth date in an 18-character number, or None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def is_male(number: str) -> bool:
    return int(number[16]) % 2 == 1


def prefecture_of(area: str) -> str:
    """Four digits under which people insured at `area` get their numbers.

    A whole province, and its own fund (`xx9900`), use its first prefecture; 兵团 has none in GB/T 2260 but 6590.
    """
    if area[:2] == CORPS:
        return "6590"
    return area[:2] + "01" if area[2:4] in ("00", "99") else area[:4]


def is_institution_code(code: str) -> bool:
    return _INSTITUTION.fullmatch(code) is not None


def uscc_check(first_17: str) -> str:
    """The last character of a unified social credit code (GB 32100)."""
    total = sum(_USCC.index(letter) * weight for letter, weight in zip(first_17, _USCC_WEIGHTS, strict=True))
    return _USCC[-total % 31]


def unified_credit_code(area: str, serial: int, *, pharmacy: bool = False) -> str:
    """A unified social credit code of a public institution (12) or a company (91), registered where no county is."""
    first_17 = f"{'91' if pharmacy else '12'}{prefecture_of(area)}99{serial:09d}"
    return first_17 + uscc_check(first_17)


def is_valid_credit_code(code: str) -> bool:
    letters = set(code[:17]) <= set(_USCC)
    return len(code) == 18 and letters and uscc_check(code[:17]) == code[17]


def person_number(area: str, first: int, point: float) -> str:
    """psn_no: the insured area and 14 digits, the first of them given, the others drawn as a point from 0 up to 1."""
    return f"{area}{first}{int(point * 10**13):013d}"


def vouchers(area: str, bits: int) -> tuple[str, str, str]:
    """card_no, card_sn and credential_token of one person, from VOUCHER_BITS random bits.

    A card's number is a letter and eight digits; its serial, 32 characters, the issuing area, the registered provider
    D156000005 and sixteen hexadecimal digits (field). The token goes into mdtrt_cert_no, which takes 50 characters; its
    form is ours.
    """
    drawn = f"{bits:053X}"
    letter, digits = divmod(int(drawn[:8], 16) % (24 * 10**8), 10**8)
    card_no = f"{'ABCDEFGHJKLMNPQRSTUVWXYZ'[letter]}{digits:08d}"
    return card_no, f"{area}D156000005{drawn[8:24]}", f"SIM{drawn[24:]}"
