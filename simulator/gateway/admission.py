"""Admission of a message: its institution is known and open, its operator signed in."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from simulator.catalogue import Institution
from simulator.core.clock import beijing, from_wire, wire_time
from simulator.core.envelope import Head
from simulator.core.errors import Refusal, refuse
from simulator.core.findings import WARNING, Finding
from simulator.core.signing import NONE, Headers, Profile, other_gateway_headers
from simulator.core.texts import text
from simulator.domain.transaction_table import traits_of
from simulator.sandbox.configuration import Config
from simulator.store.tables import sign_in
from simulator.store.unit_of_work import UnitOfWork

ABSURD = timedelta(days=365)
"""Distance of a client's clock from both clocks of the platform that no zone and no rehearsal explains (ours)."""


def header_warnings(fields: Mapping[str, Any], head: Head, now: datetime, real_at: float) -> Iterator[Finding]:
    """Yields a warning for a clock that is years off and for a signature that the platform does not verify.

    `now` is the trade clock; a client may as well go by real time.
    """
    if _is_absurd(head.inf_time, now, real_at):
        wanted = wire_time(now)
        sentence = text("gateway.client_clock", got=head.inf_time, wanted=wanted)
        yield Finding("gateway.client_clock", WARNING, sentence, "/inf_time", wanted, head.inf_time)
    signature = fields.get("cainfo")
    if isinstance(signature, str) and signature.strip():
        kind = fields.get("signtype") or "-"
        sentence = text("gateway.signature_not_verified", signtype=kind)
        yield Finding("gateway.signature_not_verified", WARNING, sentence, "/cainfo", "", signature[:20])


def other_gateway_warning(profile: Profile, headers: Headers) -> Iterator[Finding]:
    """Yields a warning where a client signs in `x-tif-*` headers, with the parts that are verified and not."""
    given = other_gateway_headers(headers)
    if given:
        names = ", ".join(sorted(name.replace("_", "-") for name in given))
        key = "gateway.other_gateway_unverified" if profile.name == NONE else "gateway.other_gateway_verified"
        yield Finding("gateway.other_gateway", WARNING, text(key, names=names), "", "", names)


def _is_absurd(sent: str, now: datetime, real_at: float) -> bool:
    if sent[:4] == str(now.year):
        # Almost every message; parsing its time would cost 2 % of all that the platform does for it.
        return False
    try:
        moment = from_wire(sent)
    except ValueError:
        # An edition may ask for another form, or for none.
        return False
    return all(abs(moment - clock) > ABSURD for clock in (now, beijing(real_at)))


def admit_institution(config: Config, head: Head) -> Institution:
    """Institution of the header; raises Refusal if it is unknown, closed, or of another area."""
    found = config.institutions.get(head.institution)
    if found is None:
        raise refuse("institution_unknown", path="fixmedins_code", code=head.institution)
    if not found.open:
        raise refuse("institution_closed", path="fixmedins_code", code=head.institution)
    if head.treated_area and not config.coverage.same_place(found.area, head.treated_area):
        raise refuse(
            "institution_other_area", path="mdtrtarea_admvs", code=found.code, area=found.area, got=head.treated_area
        )
    return found


def admit_operator(work: UnitOfWork, config: Config, head: Head, day: str) -> Sequence[Refusal]:
    """Checks the sign-in of the operator on the trade day `day` (ISO date).

    Raises Refusal if the sandbox demands a sign-in; otherwise returns a warning for an invalid sign_no.
    """
    if not traits_of(head.infno).needs_sign_in:
        return ()
    row = work.get(sign_in, sign_no=head.sign_no) if head.sign_no else None
    valid = row is not None and not row.signed_out and row.day == day and row.institution == head.institution
    if valid:
        return ()
    if config.profile.sign_in:
        key = "gateway.sign_in_void" if head.sign_no else "gateway.sign_in_first"
        raise Refusal("sign_in", text(key, operator=head.operator, sign_no=head.sign_no), path="sign_no")
    if head.sign_no:
        return (Refusal("sign_in", text("gateway.sign_in_void", sign_no=head.sign_no), path="sign_no"),)
    return ()
