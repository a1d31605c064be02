"""Identity data is masked in what a check prints, unless it is asked for."""

from dataclasses import replace

from simulator.contract.checking.run import CheckedFault
from simulator.core.masking import is_identity_field, mask, mask_text
from simulator.core.texts import Text

_PERSONAL = ("姓名", "证件号", "电话", "地址", "住址", "联系方式", "卡识别码")
"""Parts of Chinese names of fields that point at a person."""


def masked(found: CheckedFault) -> CheckedFault:
    """The same without names, certificate numbers, addresses and telephone numbers."""
    fault = found.fault
    got, sentence = fault.got, fault.sentence
    if fault.got and (is_identity_field(fault.field) or any(part in fault.name_zh for part in _PERSONAL)):
        value = fault.got.strip('"…')
        # A name that is too long would show more of itself than mask() hides.
        got = value[:1] + "***" if "姓名" in fault.name_zh or fault.field == "psn_name" else mask(value)
        sentence = Text(sentence.zh.replace(fault.got, got), sentence.en.replace(fault.got, got))
    hidden = replace(fault, got=mask_text(got), sentence=Text(mask_text(sentence.zh), mask_text(sentence.en)))
    return replace(found, fault=hidden)
