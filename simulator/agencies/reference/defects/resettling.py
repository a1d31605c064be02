"""Awards settled again after a defect has changed what a fund or the account pays."""

from collections.abc import Mapping
from dataclasses import replace

from simulator.benefit import Award, FundShare
from simulator.benefit.claim import POOL_PAID
from simulator.benefit.terms import FUNDS, PAID_AND_BASE


def resettled(given: Award, **paid: int) -> Award:
    """Award in which these funds (`pool`, a layer) or the `account` pay other amounts, fen.

    Totals, the person's share, the account and what is booked follow; the other funds pay as before.
    """
    funds = {name: paid.get(name, getattr(given, name)) for name in ("pool", *FUNDS)}
    fund_total = sum(funds.values())
    personal = given.total - fund_total - given.hospital
    account = paid.get("account", _account(given, personal))
    balance = given.trace.account_balance
    return replace(
        given,
        **funds,
        fund_total=fund_total,
        personal=personal,
        account=account,
        cash=personal - account,
        balance_after=balance - account,
        details=_details(given, funds, account),
        movements=_movements(given, funds),
    )


def _account(given: Award, personal: int) -> int:
    """Account's share after the person's has changed; the limit of the account changes by as much."""
    limit = given.trace.account_limit
    if not limit:
        return given.account
    return max(0, min(given.trace.account_balance, limit + personal - given.personal, personal))


def _details(given: Award, funds: Mapping[str, int], account: int) -> tuple[FundShare, ...]:
    amounts = {**funds, "account": account}
    rows = [replace(each, paid=amounts[each.fund]) for each in given.details]
    there = {each.fund for each in rows}
    rows += [FundShare(fund, paid, None, paid) for fund, paid in amounts.items() if paid and fund not in there]
    return tuple(each for each in rows if each.paid or each.fund == "pool")


def _movements(given: Award, funds: Mapping[str, int]) -> Mapping[tuple[str, str], int]:
    """Movements of the award with the payments of the funds exchanged; the bases of the layers stay."""
    kinds = {POOL_PAID: "pool"} | {kinds[0]: fund for fund, kinds in PAID_AND_BASE.items()}
    moved = dict(given.movements)
    for under in given.accumulated_under.get(POOL_PAID, ()):
        moved.setdefault((POOL_PAID, under), 0)
    for kind, under in moved:
        if kind in kinds:
            fund = kinds[kind]
            moved[kind, under] += funds[fund] - getattr(given, fund)
    return {key: fen for key, fen in moved.items() if fen}
