"""2206, 2207, 2208 and of a stay 2303, 2304, 2305: a batch previewed, settled, cancelled."""

from datetime import datetime, timedelta
from typing import Any

from tests.second_agency.answers import Answers, about
from tests.second_agency.award import KINDS, Award, Claim, Rules
from tests.second_agency.balances import CARE_OF
from tests.second_agency.books import Cancellation, Moves, Settlement
from tests.second_agency.city import scope_of
from tests.second_agency.entitlement import SPECIAL, Occasion, is_emergency
from tests.second_agency.people import Insurance, Person
from tests.second_agency.trade import Message, Result, Trade
from tests.second_agency.wire import Refusal, child, encode, fen, needed, rows

_LEVELS = {"primary": ("08", "09", "10"), "secondary": ("05", "06", "07"), "tertiary": ("01", "02", "03", "04")}
_PARTS = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")


class Settling:
    def __init__(self, trade: Trade) -> None:
        self.trade = trade
        self.books = trade.books
        self.city = trade.city
        self.entitlement = trade.entitlement
        self.defects = trade.defects
        self.rules = Rules(trade.city, trade.defects)
        self.answers = Answers(trade.city.area, trade.defects)
        self._serial = 0
        self._refused: set[tuple[str, str]] = set()
        self._last_settled = ""

    def preview(self, message: Message) -> Result:
        """2206(A): reckons, books nothing, spends nothing."""
        made = self._settle(message)
        del made.answer["setlinfo"]["setl_id"]
        if "preview_booked" in self.defects:
            self.books.book(made)
        return Result(self._form(made.answer), made.psn_no)

    def settle(self, message: Message) -> Result:
        """2207(A): settles one batch that has no live settlement."""
        data = child(message.input, "data")
        batch = needed(data, "mdtrt_id"), needed(data, "chrg_bchno")
        if self.books.live(batch) and "batch_settled_twice" not in self.defects:
            raise Refusal("这个收费批次已经结算，请先撤销或冲正")
        made = self._settle(message)
        self.books.settlements[made.setl_id] = made
        if "not_counted" in self.defects:
            made.moves = {}
        if "counted_twice" in self.defects:
            made.moves = {key: 2 * amount for key, amount in made.moves.items()}
        if "account_not_charged" in self.defects:
            made.account = 0
        self.books.book(made)
        self._last_settled = made.psn_no
        return Result(self._form(made.answer), made.psn_no, settlement=made)

    def _settle(self, message: Message) -> Settlement:
        data, visit = child(message.input, "data"), child(message.input, "mdtrtinfo")
        person = self.trade.person(data)
        self.trade.identify(person, data)
        charges = rows(message.input, "feedetail")
        occasion = self._occasion(message, person, data, visit, charges)
        batch = needed(data, "mdtrt_id"), needed(data, "chrg_bchno")
        reasons = self.entitlement.reasons(occasion)
        if "refused_batch_stays_refused" in self.defects and batch in self._refused:
            reasons = ["这个批次已被拒绝"]
        if reasons:
            self._refused.add(batch)
            raise Refusal("；".join(reasons))
        insurance = self.entitlement.insurance(occasion)
        if insurance is None:
            raise Refusal(f"参保人没有险种 {occasion.insutype}")
        claim = self._claim(message, data, occasion, insurance, charges)
        year = occasion.days["year"][:4]
        owner = self._owner(person)
        award = self.rules.award(claim, self.books.other_visits(owner, occasion.insutype, year, claim.visit))
        self._serial += 1
        number = self.trade.registry.number("S")
        if "numbers_used_again" in self.defects:
            number = f"S{self.city.area}{person.psn_no[-10:]}"
        stated = about(person, insurance, message.day) | {
            "setl_id": number,
            "setl_time": self._time(message),
            "medins_setl_id": number if "own_number_as_msgid" in self.defects else message.msgid,
        }
        return Settlement(
            setl_id=number,
            msgid=message.msgid,
            psn_no=person.psn_no,
            insutype=occasion.insutype,
            year=year,
            batch=batch,
            time=message.now,
            moves=self._moves(claim, award),
            account=award.account,
            total=claim.total,
            funds=award.funds,
            answer=self.answers.settled(claim, award, data, stated),
            serial=self._serial,
        )

    def _owner(self, person: Person) -> str:
        """The person whose balances count."""
        if "balances_of_the_person_before" in self.defects:
            return self._last_settled or person.psn_no
        return person.psn_no

    def _time(self, message: Message) -> str:
        if "setl_time_eight_hours_ahead" in self.defects:
            return str(datetime.fromisoformat(message.now) + timedelta(hours=8))
        if "utc_setl_time" in self.defects:
            return str(datetime.fromisoformat(message.now) - timedelta(hours=8))
        return message.now

    def _occasion(
        self,
        message: Message,
        person: Person,
        data: dict[str, Any],
        visit: dict[str, Any],
        charges: list[dict[str, Any]],
    ) -> Occasion:
        if not charges:
            raise Refusal("这个批次没有费用明细")
        med_type = needed(data, "med_type")
        begins = needed(visit, "begntime")[:10]
        latest = max(needed(row, "fee_ocur_time") for row in charges)[:10]
        return Occasion(
            person=person,
            insutype=needed(data, "insutype"),
            med_type=med_type,
            code=str(visit.get("dise_codg") or "") if med_type == SPECIAL else "",
            emergency=is_emergency(med_type, visit, data),
            place=message.place,
            begins=begins,
            days=self.entitlement.days(begins, latest, message.day),
        )

    def _claim(
        self,
        message: Message,
        data: dict[str, Any],
        occasion: Occasion,
        insurance: Insurance,
        charges: list[dict[str, Any]],
    ) -> Claim:
        level = str(child(message.input, "medinsinfo").get("hosp_lv"))
        total, parts = fen(data, "medfee_sumamt"), [fen(data, name) for name in _PARTS]
        lines = [fen(row, "inscp_scp_amt", 0) for row in charges]
        priors = [fen(row, "preselfpay_amt", 0) for row in charges]
        if sum(parts) != total or sum(lines) != parts[-1] or sum(priors) != parts[-2]:
            raise Refusal("费用明细与总额对不上")
        figures = occasion.days["figures"]
        if "figures_of_last_year" in self.defects:
            figures = f"{int(figures[:4]) - 1}-12-31"
        if "catalogue_of_its_own" in self.defects:
            lines, priors = [line + prior for line, prior in zip(lines, priors, strict=True)], [0] * len(priors)
        identities = occasion.person.identities_on(occasion.days["identity"])
        if "expired_identity_counts" in self.defects:
            identities = [each["kind"] for each in occasion.person.identities]
        return Claim(
            day=figures,
            insutype=occasion.insutype,
            category=insurance.category,
            level=next((name for name, codes in _LEVELS.items() if level in codes), "ungraded"),
            care=CARE_OF.get(occasion.med_type, "outpatient"),
            billed=occasion.code,
            disease=self.city.class_of(occasion.code, figures) if occasion.code else "ordinary",
            scope=scope_of(occasion.person.insured_at, occasion.place),
            groups=self.entitlement.groups(occasion),
            civil_servant=insurance.civil_servant,
            identities=identities,
            balance=self.books.accounts[occasion.person.psn_no, occasion.insutype],
            uses_account=data.get("acct_used_flag") == "1",
            lines=lines,
            priors=priors,
            total=total,
            own_purchase=parts[0],
            above_ceiling=parts[1],
            accrual_day=occasion.days["year"],
            visit=needed(data, "mdtrt_id"),
        )

    def _moves(self, claim: Claim, award: Award) -> Moves:
        """What a settlement adds to the balances: where it counts, and of each layer in total and by disease."""
        amounts = {"DEDC": award.deductible, "HIFP": award.pool, "INSC": claim.in_scope}
        booked = {(kind, under): amounts[kind] for kind, unders in award.counted.booked.items() for under in unders}
        booked |= {("VSTS", under): 100 for under in award.counted.visits}
        for fund, paid in award.layers.items():
            paid_kind, base_kind = KINDS[fund]
            for under in {"", award.counted.code}:
                booked |= {(paid_kind, under): paid, (base_kind, under): award.bases[fund]}
        if "disease_not_counted" in self.defects:
            return {key: amount for key, amount in booked.items() if not key[1].startswith("M")}
        if "booked_under_sub_code" in self.defects:
            return {
                (kind, under.replace(award.counted.code, claim.billed) if under else ""): amount
                for (kind, under), amount in booked.items()
            }
        return booked

    def cancel(self, message: Message) -> Result:
        """2208: negates a live settlement, in the year that it was booked in."""
        data = child(message.input, "data")
        person = self.trade.person(data)
        settlement = self.books.settlements.get(needed(data, "setl_id"))
        if settlement is None or settlement.psn_no != person.psn_no:
            raise Refusal("没有这笔结算")
        if settlement.batch[0] != needed(data, "mdtrt_id"):
            raise Refusal("这笔结算不是这次就诊的")
        if settlement.state != "live" and "cancelled_twice" not in self.defects:
            raise Refusal("这笔结算已经撤销或冲正")
        latest_first = self.city.setting("cancel_order") == "latest_first" or "latest_first" in self.defects
        if latest_first and not self.books.latest(settlement):
            raise Refusal("须先撤销较晚的结算")
        year = message.day[:4] if "cancelled_in_the_new_year" in self.defects else settlement.year
        if "cancellation_keeps_balances" not in self.defects:
            self.books.take_back(settlement, year, account="cancellation_keeps_account" not in self.defects)
        settlement.state = "cancelled"
        made = Cancellation(message.msgid, message.now)
        settlement.cancellations.append(made)
        balance = self.books.accounts[settlement.psn_no, settlement.insutype]
        output = self.answers.cancelled(settlement.answer, message.msgid, self._time(message), balance)
        if message.infno == "2305":
            output["setlinfo"]["psn_cash_pay"] = output["setlinfo"].pop("pdn_cash_pay")
        if "cancelled_at_the_time_of_the_settlement" in self.defects:
            output["setlinfo"]["setl_time"] = settlement.time
        if "cancelled_under_a_new_number" in self.defects:
            output["setlinfo"]["setl_id"] = self.trade.registry.number("S")
        return Result(self._form(output), person.psn_no, settlement=settlement, cancellation=made)

    def _form(self, output: dict[str, Any]) -> dict[str, Any]:
        """The output as sent; the books keep the amounts as they are."""
        info = output["setlinfo"]
        if "layers_exchanged" in self.defects:
            info = info | {"hifmi_pay": info["hifob_pay"], "hifob_pay": info["hifmi_pay"]}
        if "cash_and_account_exchanged" in self.defects and "psn_cash_pay" in info:
            info = info | {"psn_cash_pay": info["acct_pay"], "acct_pay": info["psn_cash_pay"]}
        if "amounts_as_text" in self.defects:
            info = {name: encode(value) if name.endswith("_pay") else value for name, value in info.items()}
        if "fen_for_yuan" in self.defects:
            info = {name: value * 100 if name.endswith(("_pay", "amt")) else value for name, value in info.items()}
        return output | {"setlinfo": info}
