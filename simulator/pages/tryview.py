"""The page that tries a message: an example to edit, a person of a sandbox to fill it with, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from simulator.contract.edition_rows import ENVELOPE
from simulator.contract.example import example, example_message
from simulator.control.people import described
from simulator.control.routes import authorisation_error
from simulator.core.errors import SetupError, SimulatorError
from simulator.core.masking import mask
from simulator.core.texts import text
from simulator.pages import trying
from simulator.pages.address_lookup import edition_named, infno_named
from simulator.pages.edition_choice import Editions, Shown
from simulator.pages.listing import title_of
from simulator.pages.message_lines import filled_for, marked, written
from simulator.pages.rendering import Page, t
from simulator.pages.transaction import DIRECTIONS, miss_at, variant_of
from simulator.platform import Platform
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import people
from simulator.store.store import Gone
from simulator.transactions import HANDLERS

STRICT, LENIENT, SEND = "strict", "lenient", "send"
MODES = (STRICT, LENIENT, SEND)
LARGEST_FORM = 8 * 1024 * 1024
"""A message of the largest size, as a form spells it."""
MOST_PEOPLE = 40


@dataclass(frozen=True, slots=True)
class TryRequest:
    """Values of the form."""

    direction: str = "in"
    remote: bool = True
    full: bool = False
    miss: str = ""
    sandbox: str = ""
    person: str = ""
    mode: str = STRICT
    fresh: bool = True
    unmasked: bool = False
    token: str = ""


class TryView:
    """Both views of one platform."""

    def __init__(self, platform: Platform, editions: Editions) -> None:
        self._platform = platform
        self._editions = editions

    def show(self, edition: str, infno: str) -> Page:
        """The form with an example, filled for a person of a sandbox where one is chosen."""
        shown = edition_named(self._editions, edition)
        number = infno_named(shown, infno, served=True)
        choice = self._asked(request.args, fresh=True)
        return self._page(shown, number, choice, self._example(shown, number, choice), {})

    def take(self, edition: str, infno: str) -> Page:
        """Checks or sends what the form brought."""
        shown = edition_named(self._editions, edition)
        number = infno_named(shown, infno, served=True)
        request.max_content_length = request.max_form_memory_size = LARGEST_FORM
        try:
            form = request.form
        except RequestEntityTooLarge:
            sentence = text("pages.form_too_large", limit=LARGEST_FORM)
            return Page("lost.html", t("refused"), {"sentence": sentence, "near": ()}, 413)
        choice = self._asked(form, fresh=form.get("fresh") == "1")
        message = form.get("message", "").replace("\r\n", "\n")
        # Checking reads no state, so it needs no token; where it comes from is looked at all the same.
        token = choice.token if choice.mode == SEND else self._platform.settings.token
        refused = authorisation_error(self._platform, token)
        if refused is not None:
            return self._page(shown, number, choice, message, {"refused": refused[2]}, refused[0])
        if choice.mode == SEND:
            return self._send(shown, number, choice, message)
        remarks = trying.check(shown.contract, message, strict=choice.mode == STRICT, infno=number)
        return self._page(shown, number, choice, message, _result(message, remarks))

    def _send(self, shown: Shown, infno: str, choice: TryRequest, message: str) -> Page:
        try:
            sandbox = trying.sandbox_of(self._platform, choice.sandbox)
            sent = trying.send(self._platform, sandbox, message, fresh=choice.fresh, unmasked=choice.unmasked)
        except (SetupError, Gone) as error:
            sentence = error.text if isinstance(error, SetupError) else text("gateway.no_sandbox", name=choice.sandbox)
            return self._page(shown, infno, choice, message, {"refused": sentence}, 404)
        result = _result(sent.message, sent.remarks) | {"sent": sent}
        return self._page(shown, infno, choice, sent.message, result)

    def _page(
        self, shown: Shown, infno: str, choice: TryRequest, message: str, result: Mapping[str, Any], status: int = 200
    ) -> Page:
        sandboxes = self._sandboxes()
        choice = replace(choice, sandbox=choice.sandbox or self._platform.settings.sandbox)
        values = {
            "shown": shown,
            "infno": infno,
            "name": title_of(shown.contract, infno),
            "choice": choice,
            "message": message,
            "modes": MODES if choice.direction == "in" else MODES[:2],
            "sandboxes": sandboxes,
            "people": self._people(choice.sandbox) if sandboxes else [],
            "needs_token": bool(self._platform.settings.token),
            "handled": infno in HANDLERS,
            "origin": request.host_url,
            "varies": infno != ENVELOPE and len(shown.contract.variants(infno, choice.direction)) > 1,
            "remarks": None,
            "lines": [],
            "sent": None,
            "refused": None,
            **result,
        }
        return Page("try.html", f"{infno} {t('try_it')}", values, status)

    def _asked(self, said: Mapping[str, str], *, fresh: bool) -> TryRequest:
        direction, mode = said.get("direction", "in"), said.get("mode", STRICT)
        return TryRequest(
            direction=direction if direction in DIRECTIONS else "in",
            remote=said.get("remote", "1") == "1",
            full=said.get("full", "") == "1",
            miss=said.get("miss", "")[:6],
            sandbox=said.get("sandbox", "")[:40],
            person=said.get("person", "")[:40],
            mode=mode if mode in MODES else STRICT,
            fresh=fresh,
            unmasked=said.get("unmasked") == "1",
            token=said.get("token", ""),
        )

    def _example(self, shown: Shown, infno: str, choice: TryRequest) -> str:
        contract, direction = shown.contract, choice.direction
        variant = variant_of(contract, infno, direction, remote=choice.remote)
        if infno == ENVELOPE:
            made = example(contract, ENVELOPE, direction, full=False)
        else:
            made = example_message(contract, infno, direction, variant, full=choice.full)
        if choice.miss.isascii() and choice.miss.isdigit():
            miss = miss_at(contract, infno, direction, variant, int(choice.miss))
            if miss is not None:
                return written(
                    miss.body if infno == ENVELOPE else made | {"input" if direction == "in" else "output": miss.body}
                )
        return written(self._filled(made, choice))

    def _filled(self, message: Any, choice: TryRequest) -> Any:
        """Example for a person of a sandbox, at its time; unchanged for a reader without access to sandboxes."""
        sandbox = self._platform.sandboxes.get(choice.sandbox) if choice.sandbox else None
        if sandbox is None or choice.direction == "out" or not self._sandboxes():
            return message
        message = {**message, "inf_time": trying.moment(self._platform, sandbox), "sign_no": ""}
        person = self._person(sandbox, choice.person)
        return filled_for(message, person) if person else message

    def _person(self, sandbox: Sandbox, psn_no: str) -> dict[str, Any] | None:
        with sandbox.begin() as (work, config, _):
            if not psn_no or people.load(work, psn_no) is None:
                return None
            found = described(work, psn_no)
            return {**found, "psn_type": config.contract.edition.code("psn_type", found["category"])}

    def _sandboxes(self) -> list[str]:
        """Names of sandboxes, for a reader who may know them: on this machine, where no token is demanded."""
        if self._platform.settings.token or authorisation_error(self._platform, "") is not None:
            return []
        return self._platform.sandboxes.names()

    def _people(self, name: str) -> list[tuple[str, str]]:
        """The first people of a sandbox: number, and masked name with where they are insured."""
        sandbox = self._platform.sandboxes.get(name)
        if sandbox is None:
            return []
        try:
            with sandbox.begin() as (work, _, _clock):
                found = [described(work, psn_no) for psn_no in people.listed(work, "", "", MOST_PEOPLE)]
        # A sandbox deleted meanwhile has no people to offer; the form still shows.
        except (SimulatorError, Gone):
            return []
        return [(each["psn_no"], f"{mask(each['psn_name'])} {each['insured_at']}") for each in found]


def _result(message: str, remarks: Any) -> dict[str, Any]:
    listed = list(remarks)
    places = [(remark.number, remark.line, remark.severity) for remark in listed]
    return {"remarks": listed, "lines": marked(message, places)}
