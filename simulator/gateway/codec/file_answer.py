"""Answers that are a file: header fields for the body, and a description for the journal."""

from dataclasses import replace

from simulator.domain.files import FileContent
from simulator.gateway.exchange import Outgoing


def as_file(sent: Outgoing, file: FileContent) -> Outgoing:
    """Answer with the content type and name of the file; an answer replaced by a fault stays unchanged."""
    if sent.dropped or sent.status != 200:
        return sent
    return replace(sent, content_type=file.content_type, file_name=file.name)


def description(file: FileContent) -> str:
    """Name, size in bytes and SHA-256 of the file, at most 200 characters, as the journal keeps them."""
    return f"{file.name} {len(file.content)} sha256:{file.sha256}"[-200:]
