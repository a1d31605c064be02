"""Multipart bodies written out by hand, so that no parser's own writer hides what it cannot read."""

BOUNDARY = "----sim-boundary-7"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def text_part(name: str, value: bytes) -> bytes:
    """A part without a file name."""
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value


def file_part(name: str, file_name: str, content: bytes) -> bytes:
    """A part with a file name and a content type."""
    head = f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
    return head.encode() + b"Content-Type: application/zip\r\n\r\n" + content


def body_of(*parts: bytes) -> bytes:
    """The whole body."""
    mark = b"--" + BOUNDARY.encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
