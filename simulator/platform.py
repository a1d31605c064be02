"""Composition root: builds all parts of a platform from the settings, without its web server."""

import os
import socket
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from simulator.agencies.delivery.bulkhead import Bulkhead
from simulator.agencies.delivery.forwarding import Forwarding
from simulator.agencies.delivery.transport import Transport
from simulator.agencies.outbox import worker
from simulator.benefit import PolicyBook
from simulator.catalogue import CatalogueBook, InstitutionBook
from simulator.core.clock import RealTime, real_time
from simulator.core.errors import SetupError
from simulator.core.logs import log
from simulator.core.settings import Settings
from simulator.core.texts import text
from simulator.domain import places
from simulator.domain.places import read_places
from simulator.gateway.inspection import Inspector
from simulator.gateway.pipeline import Pipeline
from simulator.sandbox.configuration import Defaults
from simulator.sandbox.sandboxes import Sandboxes
from simulator.store import journal
from simulator.store.factory import open_factory
from simulator.store.store import Conflict, Gone, StoreFactory


@dataclass(frozen=True, slots=True)
class Platform:
    """Parts of a running platform, without its web server."""

    settings: Settings
    sandboxes: Sandboxes
    pipeline: Pipeline
    forwarding: Forwarding
    waiters: threading.Semaphore
    """Limit on control calls that wait, so that most threads remain for messages."""

    def run_maintenance(self) -> None:
        """Recovers abandoned intents and sends the due outbox rows of every sandbox."""
        for name in self.sandboxes.names():
            # A sandbox deleted meanwhile (Gone), written by others (Conflict) or damaged (SetupError) must not stop
            # the round of the rest; whoever uses a damaged one is told.
            with suppress(Gone, Conflict, SetupError):
                sandbox = self.sandboxes.get(name)
                if sandbox is None:
                    continue
                worker.recover(sandbox, self.forwarding.real_time(), self.forwarding.owner, alone=False)
                worker.run(sandbox, self.forwarding, wait=False)

    def prune(self) -> None:
        """Deletes journal rows beyond the limits of age and number, in every sandbox."""
        before = self.forwarding.real_time() - self.settings.journal_days * 86400
        for name in self.sandboxes.names():
            with suppress(Gone, Conflict, SetupError):
                sandbox = self.sandboxes.get(name)
                if sandbox is None:
                    continue
                with sandbox.begin() as (work, _, _clock):
                    limits = {"keep": self.settings.journal_keep, "keep_bytes": self.settings.journal_bytes}
                    journal.prune(work, before=before, **limits)

    def close(self) -> None:
        self.forwarding.transport.close()
        self.sandboxes.close()


def load_defaults(data: str) -> Defaults:
    """Loads the product's data files, overridden by those in the folder `data`; raises SetupError if it is missing."""
    folder = Path(data) if data else None
    if folder is not None and not folder.is_dir():
        raise SetupError(text("serve.no_data", path=data))

    def own(name: str) -> Path | None:
        return folder / name if folder is not None and (folder / name).exists() else None

    policies, catalogues = own("policies"), own("catalogues")
    institutions, covers = own("institutions.csv"), own("places.csv")
    return Defaults(
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
    factory: StoreFactory | None = None,
    clock: RealTime = real_time,
    checkpoint: Callable[[str], None] = lambda _: None,
) -> Platform:
    """Creates a platform over the store of the settings; intents left by a crash become unknown.

    `checkpoint` is called with the name of each point of no return; tests kill the process there.
    """
    factory = factory or open_factory(settings.store, durable=settings.durable)
    defaults = {
        "seed": settings.seed,
        "edition": settings.edition,
        "strict": settings.strict,
        "gateway": settings.gateway,
    }
    sandboxes = Sandboxes(factory, load_defaults(settings.data), real_time=clock, defaults=defaults)
    forwarding = Forwarding(
        Transport(allowed_hosts=frozenset(settings.allow_targets)),
        real_time=clock,
        owner=f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
        bulkhead=Bulkhead(per_agency=max(2, settings.threads // 3), total=max(4, settings.threads * 3 // 4)),
        checkpoint=checkpoint,
    )
    pipeline = Pipeline(real_time=clock, forwarding=forwarding, inspector=Inspector(sample=settings.check_output))
    for name in sandboxes.names():
        try:
            sandbox = sandboxes.get(name)
            if sandbox is not None:
                worker.recover(sandbox, clock(), forwarding.owner, alone=factory.embedded and settings.alone)
        except SetupError as error:
            # A damaged sandbox is set aside: the others are served, and its own users are told by 503.
            if name == settings.sandbox:
                raise
            log().error("sandbox set aside", sandbox=name, problem=error.text.en)
    return Platform(settings, sandboxes, pipeline, forwarding, threading.Semaphore(max(1, settings.threads // 4)))
