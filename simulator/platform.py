"""A platform without its web server: every part is made here, once, from the settings."""

import os
import socket
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from simulator.agencies import outbox
from simulator.agencies.forwarding import Forwarding
from simulator.agencies.slots import Slots
from simulator.agencies.transport import Transport
from simulator.benefit import PolicyBook
from simulator.catalogue import CatalogueBook, InstitutionBook
from simulator.clock import RealTime, real_time
from simulator.domain import places
from simulator.domain.places import read_places
from simulator.errors import SetupError
from simulator.gateway.inspection import Inspector
from simulator.gateway.pipeline import Pipeline
from simulator.sandboxes import Sandboxes, Shipped
from simulator.settings import Settings
from simulator.store import journal
from simulator.store.opening import open_house
from simulator.store.store import Conflict, Gone, StoreHouse
from simulator.texts import text


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform without its web server."""

    settings: Settings
    sandboxes: Sandboxes
    pipeline: Pipeline
    forwarding: Forwarding
    waiters: threading.Semaphore
    """Taken by control calls that wait for something to come; messages keep most of the threads."""

    def tend(self) -> None:
        """One round of what goes on beside the messages: orphans, the outbox."""
        for name in self.sandboxes.names():
            sandbox = self.sandboxes.get(name)
            if sandbox is None:
                continue
            # One that was deleted meanwhile, or that others write in, must not cost the others their round.
            with suppress(Gone, Conflict):
                outbox.recover(sandbox, self.forwarding.real_time(), self.forwarding.owner, alone=False)
                outbox.run(sandbox, self.forwarding, wait=False)

    def forget_old(self) -> None:
        """Holds every journal to its bounds."""
        before = self.forwarding.real_time() - self.settings.journal_days * 86400
        for name in self.sandboxes.names():
            sandbox = self.sandboxes.get(name)
            if sandbox is not None:
                with suppress(Gone, Conflict), sandbox.begin() as (work, _, _clock):
                    journal.forget_old(work, keep=self.settings.journal_keep, before=before)

    def close(self) -> None:
        self.forwarding.transport.close()
        self.sandboxes.close()


def shipped_files(data: str) -> Shipped:
    """The product's files, with those of the user's data folder laid over them."""
    folder = Path(data) if data else None
    if folder is not None and not folder.is_dir():
        raise SetupError(text("serve.no_data", path=data))

    def own(name: str) -> Path | None:
        return folder / name if folder is not None and (folder / name).exists() else None

    policies, catalogues = own("policies"), own("catalogues")
    institutions, covers = own("institutions.csv"), own("places.csv")
    return Shipped(
        policies=PolicyBook.load(policies) if policies else PolicyBook.shipped(),
        catalogues=CatalogueBook.load(catalogues) if catalogues else CatalogueBook.shipped(),
        institutions=InstitutionBook.load(institutions.parent) if institutions else InstitutionBook.shipped(),
        coverage=places.shipped().extended(read_places(covers.read_bytes(), str(covers)))
        if covers
        else places.shipped(),
    )


def create_platform(
    settings: Settings,
    *,
    house: StoreHouse | None = None,
    clock: RealTime = real_time,
    checkpoint: Callable[[str], None] = lambda _: None,
) -> Platform:
    """A platform over the store of the settings; intents left by a crash are unknown from here on."""
    house = house or open_house(settings.store, durable=settings.durable)
    defaults = {
        "seed": settings.seed,
        "edition": settings.edition,
        "strict": settings.strict,
        "gateway": settings.gateway,
    }
    sandboxes = Sandboxes(house, shipped_files(settings.data), real_time=clock, defaults=defaults)
    forwarding = Forwarding(
        Transport(allowed_hosts=frozenset(settings.allow_targets)),
        real_time=clock,
        owner=f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
        slots=Slots(each=max(2, settings.threads // 3), total=max(4, settings.threads * 3 // 4)),
        checkpoint=checkpoint,
    )
    pipeline = Pipeline(real_time=clock, forwarding=forwarding, inspector=Inspector(sample=settings.check_output))
    for name in sandboxes.names():
        sandbox = sandboxes.get(name)
        if sandbox is not None:
            outbox.recover(sandbox, clock(), forwarding.owner, alone=house.embedded and settings.alone)
    return Platform(settings, sandboxes, pipeline, forwarding, threading.Semaphore(max(1, settings.threads // 4)))
