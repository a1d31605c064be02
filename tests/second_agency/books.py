"""What the agency keeps: balances, accounts, settlements and the fate of every msgid."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.second_agency.people import Person
from tests.second_agency.wire import fen_of_text

Moves = dict[tuple[str, str], int]


@dataclass
class Cancellation:
    msgid: str
    time: str
    live: bool = True


@dataclass
class Settlement:
    setl_id: str
    msgid: str
    psn_no: str
    insutype: str
    year: str
    batch: tuple[str, str]
    time: str
    moves: Moves
    """What it adds to the balances of its year."""
    account: int
    total: int
    funds: int
    answer: dict[str, Any]
    serial: int
    state: str = "live"
    """live, cancelled or reversed."""
    cancellations: list[Cancellation] = field(default_factory=list)


@dataclass
class Done:
    """A msgid that was spent: its message, its answer and what it brought about."""

    infno: str
    content: Any
    psn_no: str
    answer: dict[str, Any]
    settlement: Settlement | None = None
    cancellation: Cancellation | None = None
    reversed: bool = False


class Books:
    def __init__(self, people: dict[str, Person], defects: frozenset[str]) -> None:
        self.defects = defects
        self.balances: dict[tuple[str, str, str], Moves] = defaultdict(lambda: defaultdict(int))
        """By psn_no, insutype and year."""
        self.accounts: dict[tuple[str, str], int] = {}
        self.settlements: dict[str, Settlement] = {}
        self.done: dict[str, Done] = {}
        self.refused_for_ever: set[str] = set()
        """Reversed before they were seen."""
        for person in people.values():
            self._open(person)

    def _open(self, person: Person) -> None:
        for insurance in person.insurances:
            self.accounts[person.psn_no, insurance.insutype] = insurance.balance
        for row in person.opening:
            year = self.balances[person.psn_no, row["insutype"], str(row["year"])]
            year[row["kind"], row.get("disease", "")] += fen_of_text(row["amount"])

    def year(self, psn_no: str, insutype: str, year: str) -> Moves:
        if "year_never_turns" in self.defects:
            year = "2025"
        return self.balances[psn_no, insutype, year]

    def counted(self, psn_no: str, insutype: str, year: str) -> Moves:
        """What counts for a claim of a year: the year's, and what is counted by visit or stay in any year."""
        found = dict(self.year(psn_no, insutype, year))
        for (person, insurance, other), moves in self.balances.items():
            if (person, insurance) == (psn_no, insutype) and other != year:
                for (kind, under), amount in moves.items():
                    if under.rpartition("/")[2].startswith("V"):
                        found[kind, under] = found.get((kind, under), 0) + amount
        return found

    def live(self, batch: tuple[str, str]) -> Settlement | None:
        same = (each for each in self.settlements.values() if each.batch == batch and each.state == "live")
        return next(same, None)

    def latest(self, settlement: Settlement) -> bool:
        """None of the same person and insurance is live and younger."""
        return not any(
            each.serial > settlement.serial and each.state == "live"
            for each in self.settlements.values()
            if (each.psn_no, each.insutype) == (settlement.psn_no, settlement.insutype)
        )

    def book(self, settlement: Settlement) -> None:
        self._move(settlement, 1, settlement.year)
        self.accounts[settlement.psn_no, settlement.insutype] -= settlement.account
        settlement.state = "live"

    def take_back(self, settlement: Settlement, year: str, *, account: bool = True) -> None:
        """Undo what it booked, in the year it was booked in."""
        self._move(settlement, 1 if "taken_back_with_the_wrong_sign" in self.defects else -1, year)
        if account:
            self.accounts[settlement.psn_no, settlement.insutype] += settlement.account

    def _move(self, settlement: Settlement, sign: int, year: str) -> None:
        balances = self.year(settlement.psn_no, settlement.insutype, year)
        counted = self.visits(settlement.psn_no, settlement.insutype, year, settlement.batch[0], besides=settlement)
        for key, amount in settlement.moves.items():
            if key in counted:
                continue
            if "bases_not_taken_back" in self.defects and sign < 0 and key[0] == "MIBS":
                continue
            balances[key] += sign * amount

    def visits(
        self, psn_no: str, insutype: str, year: str, visit: str, besides: Settlement | None = None
    ) -> set[tuple[str, str]]:
        """The counts that a visit is in already, by its live settlements."""
        return {
            key
            for each in self.settlements.values()
            if each is not besides and each.state == "live" and each.batch[0] == visit
            if (each.psn_no, each.insutype, each.year) == (psn_no, insutype, year)
            for key in each.moves
            if key[0] == "VSTS"
        }

    def other_visits(self, psn_no: str, insutype: str, year: str, visit: str) -> Moves:
        """The balances of a year, the counts of visits without the visit itself."""
        balances = self.counted(psn_no, insutype, year)
        counted = self.visits(psn_no, insutype, year, visit)
        return {key: amount - 100 * (key in counted) for key, amount in balances.items()}

    def rows_of(self, day: str, run: str) -> Iterator[tuple[Settlement, Cancellation | None]]:
        """What stands on a day's account: settlements not reversed, and cancellations not reversed."""
        for settlement in self.settlements.values():
            if settlement.state == "reversed" and "day_keeps_reversed" not in self.defects:
                continue
            if settlement.time.startswith(day) and settlement.msgid.startswith(run):
                yield settlement, None
            undone = settlement.cancellations if "day_leaves_cancellations_out" not in self.defects else ()
            for each in undone:
                if each.live and each.time.startswith(day) and each.msgid.startswith(run):
                    yield settlement, each
