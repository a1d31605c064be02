"""Answers that are a file: its bytes as the body, and what the journal keeps in their place."""

from dataclasses import replace

from simulator.domain.files import FileContent
from simulator.gateway.exchange import Outgoing


def as_file(sent: Outgoing, file: FileContent) -> Outgoing:
    """The answer with the content type and name of the file; one that a fault took the place of stays as it is."""
    if sent.dropped or sent.status != 200:
        return sent
    return replace(sent, content_type=file.content_type, file_name=file.name)


def description(file: FileContent) -> str:
    """Name, size in bytes and digest of the file, as the journal's answer says them."""
    return f"{file.name} {len(file.content)} sha256:{file.sha256}"[-200:]
