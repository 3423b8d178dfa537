"""The table in a zip archive, if it holds one file."""

from __future__ import annotations

import shlex
import zipfile
from pathlib import PurePosixPath
from typing import Any

from nntrain.data.readers.decompressed import DAMAGE, Decompressed
from nntrain.errors import DataError
from nntrain.text import quoted


def only_member(file: Any, path: str, name: str) -> Decompressed:
    """The content of an archive's only file; `name` is what messages call the archive.

    Raises `DataError` for an archive of several files, or of a format that is made of them.
    """
    try:
        archive = zipfile.ZipFile(file)
        members = [
            info.filename
            for info in archive.infolist()
            if not info.is_dir()
            and not info.filename.startswith("__MACOSX/")
            and not PurePosixPath(info.filename).name.startswith(".")
        ]
        _check(members, path, name)
        return Decompressed(archive.open(members[0]), name, lambda: True)
    except DAMAGE as error:
        raise DataError(f"{name}: cannot be decompressed: {error}") from None


def _check(members: list[str], path: str, name: str) -> None:
    file = "FILE" if path == "-" else shlex.quote(path)
    convert = f"libreoffice --headless --convert-to csv {file}"
    if "[Content_Types].xml" in members and any(m.startswith("xl/") for m in members):
        problem = f"is an Excel workbook, which is not read; save the sheet as CSV: {convert}"
    elif "mimetype" in members:
        problem = f"is an OpenDocument file, which is not read; save the sheet as CSV: {convert}"
    elif members and all(member.endswith(".npy") for member in members):
        problem = "is an archive of NumPy arrays, such as a model; write the table as CSV"
    elif len(members) > 1:
        problem = (
            f"is a zip archive of {len(members)} files, {quoted(members, 3)}; unpack the one "
            f"meant: unzip -p {file} {shlex.quote(members[0])}"
        )
    elif not members:
        problem = "is a zip archive without a file in it"
    else:
        return
    raise DataError(f"{name}: {problem}")
