"""A message from bytes to bytes: envelope, msgid, transaction, reversal."""

import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.second_agency import day
from tests.second_agency.books import Books, Cancellation, Done, Settlement
from tests.second_agency.city import City, same_place
from tests.second_agency.people import Person
from tests.second_agency.settling import Settling
from tests.second_agency.trade import Message, Registry, Result, Trade
from tests.second_agency.wire import Refusal, child, decode, encode, needed, same

_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_SPENDS_NOTHING = ("1101", "2001", "5206", "5301", "2206", "2206A", "2303", "2303A", "SIM-DAY")
_REPEATED = ("2501", "2501A", "2502", "2503", "2504", "SIM-FILING")


class Agency:
    """One city's agency, its books in memory; messages are worked on one at a time."""

    def __init__(self, city: City, people: dict[str, Person], defects: frozenset[str] = frozenset()) -> None:
        self.area = city.area
        self.defects = defects
        self.books = Books(people, defects)
        self._registry = Registry(city.area, int(time.time()))
        self._lock = threading.Lock()
        self._refused: dict[str, str] = {}
        self._looked_for: dict[str, int] = defaultdict(int)
        self._turn = threading.Event()
        trade = Trade(city, people, self.books, self._registry, defects)
        settling = Settling(trade)
        self._served: dict[str, Callable[[Message], Result]] = {
            "1101": trade.find,
            "2001": trade.entitled,
            "5206": trade.accrued,
            "5301": trade.registered,
            "2206": settling.preview,
            "2206A": settling.preview,
            "2207": settling.settle,
            "2207A": settling.settle,
            "2208": settling.cancel,
            "2303": settling.preview,
            "2303A": settling.preview,
            "2304": settling.settle,
            "2304A": settling.settle,
            "2305": settling.cancel,
            "2501": trade.refer,
            "2501A": trade.refer,
            "2502": trade.withdraw_referral,
            "2503": trade.register,
            "2504": trade.deregister,
            "2601": self._reverse,
            "SIM-FILING": trade.file,
            "SIM-DAY": lambda message: Result(day.compare(self.books, message.input, defects)),
        }

    def answer(self, body: bytes) -> bytes:
        """The answer to any bytes."""
        now = ""
        try:
            envelope = decode(body)
            now = needed(envelope, "inf_time") if _TIME.fullmatch(str(envelope.get("inf_time"))) else ""
            message = self._read(envelope)
            if "same_msgid_at_once_done_twice" in self.defects:
                message = self._taken_for_new(message)
            with self._lock:
                output = self._work(message)
            answered = self._envelope("0", "", output, now)
        except Refusal as refusal:
            answered = self._envelope("-1", str(refusal)[:200], {}, now)
        return encode(answered).encode()

    def _read(self, envelope: dict[str, Any]) -> Message:
        now, area = needed(envelope, "inf_time"), needed(envelope, "insuplc_admdvs")
        if not _TIME.fullmatch(now):
            raise Refusal("inf_time 不是 yyyy-MM-dd HH:mm:ss")
        if not same_place(area, self.area):
            raise Refusal(f"{area} 不是本经办机构的参保地")
        return Message(
            infno=needed(envelope, "infno"),
            msgid=needed(envelope, "msgid"),
            now=now,
            place=needed(envelope, "mdtrtarea_admvs"),
            institution=needed(envelope, "fixmedins_code"),
            input=child(envelope, "input"),
        )

    def _taken_for_new(self, message: Message) -> Message:
        """Looks for the msgid before it waits for its turn, so that what comes meanwhile is seen by nobody."""
        with self._lock:
            self._looked_for[message.msgid] += 1
            known = message.msgid in self.books.done
        # Time in which a second one may look too; nobody needs it who looks once it is his turn.
        self._turn.wait(0 if message.infno in _SPENDS_NOTHING else 0.2)
        with self._lock:
            race = not known and message.msgid in self.books.done
        return replace(message, msgid=f"{message.msgid}/{self._looked_for[message.msgid]}") if race else message

    def _envelope(self, code: str, reason: str, output: dict[str, Any], now: str) -> dict[str, Any]:
        digits = re.sub(r"\D", "", now) or "0" * 14
        number = f"{self.area}{digits}{self._registry.number('')[-8:]:0>10}"
        return {"infcode": code, "inf_refmsgid": number, "err_msg": reason, "output": output}

    def _work(self, message: Message) -> dict[str, Any]:
        """Section 7: what a msgid that came before is answered; anything else is judged anew."""
        serve = self._served.get(message.infno)
        if serve is None:
            raise Refusal(f"不受理交易 {message.infno}")
        if message.infno in _SPENDS_NOTHING:
            return serve(message).output
        as_text = "numbers_compared_as_text" in self.defects
        place = (message.now if "time_of_the_header_compared" in self.defects else "") + message.institution
        content = message.infno, place, same(message.input, numbers_as_text=as_text)
        done = self.books.done.get(message.msgid)
        late = message.msgid in self.books.refused_for_ever and "late_original_accepted" not in self.defects
        if (done is not None and done.reversed and "old_success_after_reversal" not in self.defects) or late:
            raise Refusal(f"报文 {message.msgid} 已冲正，不再受理")
        if done is not None and "same_msgid_done_again" not in self.defects:
            if done.content != content and "other_content_answered" not in self.defects:
                raise Refusal(f"报文 {message.msgid} 已用于另一内容")
            return done.answer
        if "refusal_is_remembered" in self.defects and message.msgid in self._refused:
            raise Refusal(self._refused[message.msgid])
        try:
            result = serve(message)
        except Refusal as refusal:
            self._refused[message.msgid] = str(refusal)
            raise
        self.books.done[message.msgid] = Done(
            message.infno, content, result.psn_no, result.output, result.settlement, result.cancellation
        )
        return result.output

    def _reverse(self, message: Message) -> Result:
        """2601: answered 0 whenever afterwards the original has no effect of its own."""
        data = child(message.input, "data")
        psn_no, omsgid, oinfno = (needed(data, name) for name in ("psn_no", "omsgid", "oinfno"))
        original = self.books.done.get(omsgid)
        if oinfno == "2601" or (original is not None and original.infno == "2601"):
            raise Refusal("冲正交易不能冲正")
        if original is None:
            if "unseen_reversal_refused" in self.defects:
                raise Refusal("没有收到过原报文")
            if "reversed_query_refused" in self.defects and oinfno in _SPENDS_NOTHING:
                raise Refusal("查询类交易不能冲正")
            if oinfno not in _SPENDS_NOTHING:
                self.books.refused_for_ever.add(omsgid)
            return Result({}, psn_no)
        theirs = (original.psn_no, original.infno) == (psn_no, oinfno)
        if not theirs and "reversal_of_anybody" not in self.defects:
            raise Refusal("原报文不是这个人的或不是这个交易")
        if "reversed_cancellation_refused" in self.defects and original.infno == "2208":
            raise Refusal("撤销不能冲正")
        if original.infno in _REPEATED and "reversal_of_grants_accepted" not in self.defects:
            raise Refusal("备案类交易不能冲正，请以同一报文重发")
        again = original.reversed
        if again and "second_reversal_refused" in self.defects:
            raise Refusal("原报文已经冲正")
        if "reversal_without_effect" not in self.defects and (not again or "reversed_twice" in self.defects):
            self._undo(original)
        return Result({}, psn_no)

    def _undo(self, original: Done) -> None:
        settlement = original.settlement
        if settlement is None:
            return
        if original.cancellation is not None:
            self._undo_cancellation(settlement, original.cancellation)
        elif settlement.state != "cancelled":
            if "reversal_keeps_balances" not in self.defects:
                account = "reversal_keeps_account" not in self.defects
                self.books.take_back(settlement, settlement.year, account=account)
            settlement.state = "reversed"
        original.reversed = True

    def _undo_cancellation(self, settlement: Settlement, cancellation: Cancellation) -> None:
        """The settlement is live and booked again; -1 when its batch was settled anew meanwhile."""
        if self.books.done[settlement.msgid].reversed or not cancellation.live:
            return
        if self.books.live(settlement.batch):
            raise Refusal("这个批次已经重新结算，撤销不能再冲正")
        cancellation.live = False
        if "reversed_cancellation_stays" not in self.defects:
            self.books.book(settlement)
        settlement.state = "live"
