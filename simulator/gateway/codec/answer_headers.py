"""Header fields of an answer: its content type, its length, and the name of a file."""

from urllib.parse import quote

from simulator.gateway.exchange import Outgoing


def headers_of(outgoing: Outgoing) -> list[tuple[str, str]]:
    """Content-Type, Content-Length and, for a file, Content-Disposition with its name (RFC 6266)."""
    # A dropped answer promises a byte that never comes, so that its client sees a connection that broke off.
    length = 1 if outgoing.dropped else len(outgoing.body)
    found = [("Content-Type", outgoing.content_type), ("Content-Length", str(length))]
    if outgoing.file_name:
        found.append(("Content-Disposition", f"attachment; filename*=UTF-8''{quote(outgoing.file_name, safe='')}"))
    return found
