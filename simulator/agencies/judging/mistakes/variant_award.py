"""Award of a question in the habits of an agency; in the habits of the rules it is the engine's own.

The engine is not bent for this: it has one arithmetic, and this module, which knows others, is held to it by test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from simulator.agencies.judging.mistakes.question import Outcome, Question, outcome_of
from simulator.agencies.judging.mistakes.rounding import rounded
from simulator.agencies.judging.mistakes.surroundings import LIVE
from simulator.agencies.judging.mistakes.variant_layers import paid_by_layers
from simulator.benefit import Accumulated, Claim, Rules
from simulator.benefit import award as award_of
from simulator.benefit.brackets import Steps, bracket_of, bracketed_worths, parts_by_bracket
from simulator.benefit.claim import DEDUCTIBLE, IN_SCOPE, POOL_PAID
from simulator.benefit.figures import Figures
from simulator.benefit.terms import FUNDS, RATIO_UNIT, ten_thousandths
from simulator.benefit.trace import AwardFacts
from simulator.core.errors import PolicyGap, Refusal
from simulator.core.money import to_ratio, yuan
from simulator.domain.places import LOCAL
from simulator.insured.answers import WIRE_AMOUNTS

_MOST_SHOWN_CHARGES = 3
_MONTHS = 12
_BALANCE_TIMES = {"negated": -1, "in_fen": 100}


def settle(question: Question) -> Outcome | None:
    """The outcome of a question; None where the rules refuse it, are silent, or have no such arithmetic."""
    try:
        if question.plain:
            given = award_of(question.claim, question.rules, question.accumulated)
            payment = given.trace.pool.before_caps, given.pool
            if given.trace.facts.bracketed:
                worked = _Variant(question).worked_by_bracket(given.in_scope, given.deductible, payment)
            else:
                worked = _terms([(given.in_scope, given.deductible)], given.ratio, payment)
            return replace(outcome_of(given, WIRE_AMOUNTS), worked=worked)
        return _Variant(question).outcome()
    except (PolicyGap, Refusal):
        return None


class _Pool(NamedTuple):
    """Payment of the pool, fen: after the caps, cut by the annual cap, above the caps of disease and care."""

    paid: int
    cut: int
    excess: int


class _Variant:
    """Settlement in other habits."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.habits = question.habits
        self.claim = question.claim
        self.facts = self._facts("")
        self.keys = question.rules.figures(question.claim).accumulator_keys(
            question.claim, question.rules.accrual_day(question.claim.dates)
        )

    def outcome(self) -> Outcome:
        """The amounts, as `WIRE_AMOUNTS` names them."""
        sums = {
            name: sum(getattr(charge, name) for charge in self.claim.charges)
            for name in ("total", "own_purchase", "above_ceiling", "prior_selfpay", "in_scope")
        }
        amounts = [self._counted(charge) for charge in self.claim.charges]
        ratio = self._ratio()
        shares = self._shares(amounts)
        before_caps = self._before_caps(amounts, shares, ratio)
        pool = self._capped(min(before_caps, max(0, sums["total"])))
        own_scope = sum(amounts) - pool.paid - (pool.excess if self._shut_out() else 0)
        layers = paid_by_layers(self.question, ratio, pool.cut, own_scope, sums["total"] - pool.paid)
        paid = dict.fromkeys(FUNDS, 0) | layers
        funds = pool.paid + sum(paid.values())
        hospital = sums["above_ceiling"] if self.habits.above_ceiling == "hospital" else 0
        personal = sums["total"] - funds - hospital
        account = self._account(sums, personal, sums["in_scope"] - funds)
        balance = self.claim.account_balance - (account if self.habits.balance_told in ("after", "in_fen") else 0)
        rest = {"fund_total": funds, "personal": personal, "account": account, "cash": personal - account}
        return Outcome(
            {**sums, "deductible": sum(shares), "pool": pool.paid, **paid, **rest, "hospital": hospital},
            self._ratio_shown(ratio, pool.paid),
            balance * _BALANCE_TIMES.get(self.habits.balance_told, 1),
            self._worked(amounts, shares, ratio, (before_caps, pool.paid)),
        )

    def _facts(self, figure: str) -> AwardFacts:
        return _facts_of(*self._source(figure), self.question.accumulated)

    def _figures(self, figure: str) -> Figures:
        claim, rules = self._source(figure)
        return rules.figures(claim)

    def _source(self, figure: str) -> tuple[Claim, Rules]:
        return self.question.sources.get(figure) or (self.claim, self.question.rules)

    def _counted(self, charge: object) -> int:
        amount: int = sum(getattr(charge, name) for name in ("in_scope", *self.habits.counted_parts))
        if amount >= 0 or self.habits.negative_lines == "counted":
            return amount
        return 0 if self.habits.negative_lines == "dropped" else -amount

    def _ratio(self) -> Decimal:
        facts = self._facts("ratio")
        plain, used = facts.plain_ratio, facts.ratio
        if facts.bracketed:
            # The ratio told is that of the last fen.
            in_scope = sum(map(self._counted, self.claim.charges))
            plain, used = self._figures("ratio").ratios[bracket_of(self._steps(), self._in_brackets() + in_scope)]
        return used if self.habits.modifier == "applied" else plain

    def _steps(self) -> Steps:
        """The brackets of the ratio: after the modifier, or before it in the habit of leaving that out."""
        figures = self._figures("ratio")
        if self.habits.modifier == "applied":
            return figures.steps
        plain = (ten_thousandths(before) for before, _ in figures.ratios)
        return [(above, ratio) for (above, _), ratio in zip(figures.steps, plain, strict=True)]

    def _in_brackets(self) -> int:
        """Amount in scope that the period has already, fen, where the ratio goes by brackets."""
        return self.question.accumulated.get((IN_SCOPE, self.keys.brackets), 0)

    def worked_by_bracket(self, in_scope: int, deductible: int, payment: tuple[int, int]) -> str:
        """The arithmetic of a payment by brackets, each part with its ratio."""
        before = self._in_brackets()
        parts = parts_by_bracket(self._steps(), before + deductible, before + in_scope)
        terms = " + ".join(f"{yuan(fen)} × {to_ratio(Decimal(ratio) / RATIO_UNIT)}" for fen, ratio in parts) or "0.00"
        return f"{terms} = {_paid(payment)}"

    def _ratio_shown(self, ratio: Decimal, paid: int) -> Decimal:
        shown = self.habits.ratio_shown
        if shown == "none" or (shown == "where_paid" and not paid):
            return Decimal("0.0000")
        if shown == "own_share":
            return 1 - ratio
        if shown == "percent":
            return ratio * 100
        return self._facts("ratio").plain_ratio if shown == "before_modifier" else ratio

    def _shares(self, amounts: Sequence[int]) -> list[int]:
        """Part of the deductible that each charge bears."""
        line, taken = self._facts("deductible").line, self._taken()
        left = 0 if self.habits.deductible == "never" else line - min(line, max(0, taken))
        if self.habits.deductible_spread == "in_reverse":
            return _in_order(amounts[::-1], left)[::-1]
        if self.habits.deductible_spread == "in_proportion":
            return _in_proportion(amounts, left)
        return _in_order(amounts, left)

    def _taken(self) -> int:
        accumulated, habit = self.question.accumulated, self.habits.deductible
        if habit == "again":
            return 0
        under = {"by_disease": self.facts.disease, "overall": ""}.get(habit, self.keys.deductible)
        return accumulated.get((DEDUCTIBLE, under), 0)

    def _before_caps(self, amounts: Sequence[int], shares: Sequence[int], ratio: Decimal) -> int:
        """Payment of the pool before any cap."""
        by, habits = ten_thousandths(ratio), self.habits
        if self._facts("ratio").bracketed:
            after_ratio = habits.deductible == "after_ratio"
            none = [0] * len(shares)
            worths = bracketed_worths(amounts, none if after_ratio else shares, self._steps(), self._in_brackets())
            if after_ratio:
                worths = [worth - share * RATIO_UNIT for worth, share in zip(worths, shares, strict=True)]
        elif self.habits.deductible == "after_ratio":
            worths = [amount * by - share * RATIO_UNIT for amount, share in zip(amounts, shares, strict=True)]
        else:
            worths = [(amount - share) * by for amount, share in zip(amounts, shares, strict=True)]
        unit = habits.rounding_unit
        if habits.rounded == "on_total":
            # A coarser unit is rounded to from the sum in fen.
            whole = sum(worths) if unit == "fen" else sum(rounded(each, "half_up") for each in worths) * RATIO_UNIT
            return max(0, rounded(whole, habits.rounding, unit))
        return max(0, sum(rounded(each, habits.rounding, unit) for each in worths))

    def _capped(self, before: int) -> _Pool:
        facts = self._facts("caps")
        overall = self.habits.cap_balance == "overall"
        disease_word = "" if overall else self.keys.disease_cap
        after = before
        for cap, habit, word in (
            (facts.disease_cap_fen, self.habits.disease_cap, disease_word),
            (facts.care_cap_fen, self.habits.care_cap, self.keys.care_cap),
        ):
            after = min(after, self._left(cap, habit, word, after))
        after = min(after, 0) if facts.above_visit_limit else after
        annual_word = self.keys.disease_cap if self.habits.cap_balance == "by_disease" else ""
        paid = min(after, self._left(facts.annual_cap_fen, self.habits.annual_cap, annual_word, after))
        return _Pool(paid, after - paid, before - after)

    def _left(self, cap: int | None, habit: str, word: str, unlimited: int) -> int:
        if cap is None or habit == "ignored":
            return unlimited
        used = 0 if habit.endswith("of_visit") else self.question.accumulated.get((POOL_PAID, word), 0)
        if habit == "twelfth":
            used = self._paid_this_month(word)
        return max(0, (cap // _MONTHS if habit.startswith("twelfth") else cap) - used)

    def _paid_this_month(self, word: str) -> int:
        month = self.question.rules.accrual_day(self.claim.dates).isoformat()[:7]
        live = (
            each
            for each in self.question.surroundings.history
            if (each.kind, each.state, each.insutype) == ("settlement", LIVE, self.claim.insutype)
        )
        return sum(each.movements.get((POOL_PAID, word), 0) for each in live if each.setl_time.startswith(month))

    def _shut_out(self) -> bool:
        if self.habits.excess == "as_ruled":
            return self._facts("caps").shut_out
        return self.habits.excess == "person"

    def _account(self, sums: Mapping[str, int], personal: int, own_in_scope: int) -> int:
        facts, habit = self.facts, self.habits.account_pays
        asked = self.claim.account_used if habit not in ("unasked", "never") else habit == "unasked"
        is_open = self.claim.treated == LOCAL or (
            (self.habits.account_elsewhere == "open" or facts.account_open_elsewhere)
            and self.habits.account_elsewhere != "closed"
        )
        word = habit if habit in ("all", "not_own", "in_scope") else facts.account_word
        most = {"all": personal, "not_own": personal - sums["own_purchase"], "in_scope": own_in_scope}.get(word, 0)
        held = self.claim.account_balance
        if habit == "overdrawn" and held > 0:
            held = personal
        return max(0, min(held, most, personal)) if asked and is_open else 0

    def _worked(self, amounts: Sequence[int], shares: Sequence[int], ratio: Decimal, payment: tuple[int, int]) -> str:
        after_ratio = self.habits.deductible == "after_ratio"
        if self._facts("ratio").bracketed:
            return self.worked_by_bracket(sum(amounts), 0 if after_ratio else sum(shares), payment)
        if len(amounts) > _MOST_SHOWN_CHARGES or self.habits.rounded == "on_total":
            amounts, shares = [sum(amounts)], [sum(shares)]
        return _terms(list(zip(amounts, shares, strict=True)), ratio, payment, after_ratio=after_ratio)


def _facts_of(claim: Claim, rules: Rules, accumulated: Accumulated) -> AwardFacts:
    figures = rules.figures(claim)
    keys = figures.accumulator_keys(claim, rules.accrual_day(claim.dates))
    return figures.facts_of_visit(keys, accumulated)


def _in_order(amounts: Sequence[int], left: int) -> list[int]:
    """D(k) − D(k−1) with D(k) = min(left, max(0, running sum)) (rules 2)."""
    running = taken = 0
    shares = []
    for amount in amounts:
        running += amount
        upto = min(left, max(0, running))
        shares.append(upto - taken)
        taken = upto
    return shares


def _in_proportion(amounts: Sequence[int], left: int) -> list[int]:
    """Each charge bears its part of the deductible in proportion, cut off below the fen; the last one the rest."""
    total = sum(amounts)
    taken = min(left, max(0, total))
    if not total:
        return [0] * len(amounts)
    shares = [taken * amount // total for amount in amounts[:-1]]
    return [*shares, taken - sum(shares)]


def _terms(
    parts: Sequence[tuple[int, int]], ratio: Decimal, payment: tuple[int, int], *, after_ratio: bool = False
) -> str:
    """`(1423.00 − 500.00) × 0.9000 = 830.70`, and after an arrow what the caps leave of it."""
    form = "{0} × {2} − {1}" if after_ratio else "({0} − {1}) × {2}"
    written = [
        form.format(yuan(amount), yuan(share), ratio) if share else f"{yuan(amount)} × {ratio}"
        for amount, share in parts
    ]
    return f"{' + '.join(written)} = {_paid(payment)}"


def _paid(payment: tuple[int, int]) -> str:
    before_caps, paid = payment
    return f"{yuan(before_caps)} → {yuan(paid)}" if paid != before_caps else str(yuan(before_caps))
