"""Files that institutions upload and download (9101, 9102)."""

import base64
from datetime import timedelta

from simulator.core.clock import wire_time
from simulator.core.errors import refuse
from simulator.domain.files import FileContent, is_plain_name
from simulator.insured.place import Body
from simulator.store import stored_files
from simulator.store.file_table import stored_file
from simulator.transactions.registry import Call, Kept, transaction

KEPT_DAYS = 30
"""Days for which a file can be downloaded (ours)."""
LARGEST_SUM = 100 * 1024 * 1024
"""Largest size of all files of an institution together, in bytes (ours)."""


@transaction("9101")
def upload_file(body: Body, call: Call) -> Kept:
    """Keeps a file and answers its number (9101).

    The file is a part of a multipart body, or stands in the input as Base64 or a list of bytes.
    """
    data = body["fsUploadIn"]
    _refuse_other_institution(data["fixmedins_code"], call, "fsUploadIn")
    if not is_plain_name(data["filename"]):
        raise refuse("file_name", path="fsUploadIn.filename", got=data["filename"][:60])
    content = call.file.content if call.file is not None else _decoded(data["in"])
    if not content:
        call.refuse_in_strict(refuse("file_empty", path="/input/fsUploadIn/in"))
    institution, now = call.institution.code, wire_time(call.now)
    # Two uploads at once must not pass the limit together.
    call.work.advisory_lock(f"files {institution}")
    stored_files.remove_expired(call.work, institution, now)
    size = stored_files.sum_of_sizes(call.work, institution) + len(content)
    if size > LARGEST_SUM:
        raise refuse("files_full", path="fsUploadIn.in", size=size, limit=LARGEST_SUM)
    until = wire_time(call.now + timedelta(days=KEPT_DAYS))
    file = FileContent(data["filename"], content)
    number = call.work.add(
        stored_file,
        institution=institution,
        name=file.name,
        sha256=file.sha256,
        size=len(content),
        content=content,
        uploaded_at=now,
        until=until,
    )
    answer = {"file_qury_no": str(number), "filename": file.name, "fixmedins_code": institution}
    return Kept({**answer, "dld_endtime": until})


@transaction("9102")
def download_file(body: Body, call: Call) -> Kept:
    """Answers the file of a number to the institution that uploaded it (9102)."""
    data = body["fsDownloadIn"]
    _refuse_other_institution(data["fixmedins_code"], call, "fsDownloadIn")
    written = data["file_qury_no"]
    # 18 digits always fit the integers of both databases.
    number = int(written) if written.isascii() and written.isdigit() and len(written) <= 18 else 0
    row = call.work.get(stored_file, id=number)
    if row is None or row.institution != call.institution.code:
        raise refuse("file_unknown", path="fsDownloadIn.file_qury_no", number=written)
    if row.until < wire_time(call.now):
        raise refuse("file_expired", path="fsDownloadIn.file_qury_no", number=written, until=row.until)
    if data["filename"] != row.name:
        path, got = "/input/fsDownloadIn/filename", data["filename"]
        call.refuse_in_strict(refuse("file_name_differs", path=path, got=got, wanted=row.name))
    return Kept({}, file=FileContent(row.name, bytes(row.content)))


def _refuse_other_institution(code: str, call: Call, node: str) -> None:
    if code != call.institution.code:
        raise refuse("file_institution", path=f"{node}.fixmedins_code", got=code, code=call.institution.code)


def _decoded(value: object) -> bytes:
    """Decodes the bytes of a field: Base64, or a list of numbers from -128 to 255, as Java writes a byte array."""
    try:
        if isinstance(value, str):
            return base64.b64decode(value, validate=True)
        if isinstance(value, list) and all(type(each) is int and -128 <= each <= 255 for each in value):
            return bytes(each % 256 for each in value)
    except ValueError:
        pass
    raise refuse("file_unreadable", path="fsUploadIn.in")
