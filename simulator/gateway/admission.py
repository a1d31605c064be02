"""Admission of a message: its institution is known and open, its operator signed in."""

from collections.abc import Sequence

from simulator.catalogue import Institution
from simulator.core.envelope import Head
from simulator.core.errors import Refusal, refuse
from simulator.core.texts import text
from simulator.domain.transaction_table import traits_of
from simulator.sandbox.configuration import Config
from simulator.store.tables import sign_in
from simulator.store.unit_of_work import UnitOfWork


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
