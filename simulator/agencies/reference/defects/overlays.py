"""Overlays of the reference agency: each is wrapped round the sound function and spoils one thing of it.

A defect overlays one of three seams: the award of a claim, the answer to a message that was read, or the bytes of a
message and its answer. It stands in the registry of its seam under the name of its function.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial

from simulator.agencies.delivery.endpoint import Endpoint
from simulator.benefit import Accumulated, Award, Claim, Rules
from simulator.insured.place import Answered, Asked, BenefitEngine
from simulator.store.unit_of_work import UnitOfWork

Answer = Callable[[Asked], Answered]
Deliver = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class OverlayContext:
    """Books of the agency, and answers that a defective agency remembers between two messages."""

    begin: Callable[[], AbstractContextManager[UnitOfWork]]
    remembered: dict[str, bytes] = field(default_factory=dict)


AwardOverlay = Callable[[BenefitEngine, Claim, Rules, Accumulated], Award]
AnswerOverlay = Callable[[Answer, Asked], Answered]
DeliveryOverlay = Callable[[Deliver, OverlayContext, bytes], bytes]

_AWARDS: dict[str, AwardOverlay] = {}
_ANSWERS: dict[str, AnswerOverlay] = {}
_DELIVERIES: dict[str, DeliveryOverlay] = {}


def overlays_award(overlay: AwardOverlay) -> AwardOverlay:
    """Registers a defect of awards."""
    _refuse_second(overlay.__name__)
    _AWARDS[overlay.__name__] = overlay
    return overlay


def overlays_answer(overlay: AnswerOverlay) -> AnswerOverlay:
    """Registers a defect of answers, inside the unit of work of the message."""
    _refuse_second(overlay.__name__)
    _ANSWERS[overlay.__name__] = overlay
    return overlay


def overlays_delivery(overlay: DeliveryOverlay) -> DeliveryOverlay:
    """Registers a defect of messages as bytes, outside any unit of work."""
    _refuse_second(overlay.__name__)
    _DELIVERIES[overlay.__name__] = overlay
    return overlay


def names_of_agency_defects() -> frozenset[str]:
    """Names of all registered defects."""
    return frozenset((*_AWARDS, *_ANSWERS, *_DELIVERIES))


def with_defects(endpoint: Endpoint, names: Collection[str]) -> Deliver:
    """Delivery of an endpoint with these defects laid over it, in the order of their names."""
    award, answer = endpoint.place.award, endpoint.answer
    ordered = sorted(names)
    for name in ordered:
        if name in _AWARDS:
            award = partial(_AWARDS[name], award)
        if name in _ANSWERS:
            answer = partial(_ANSWERS[name], answer)
    deliver: Deliver = replace(endpoint, place=replace(endpoint.place, award=award), answer=answer).deliver
    context = OverlayContext(endpoint.begin)
    for name in ordered:
        if name in _DELIVERIES:
            deliver = partial(_DELIVERIES[name], deliver, context)
    return deliver


def _refuse_second(name: str) -> None:
    if name in names_of_agency_defects():
        raise ValueError(f"two defects are called {name}")
