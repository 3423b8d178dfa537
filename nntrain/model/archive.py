"""The model file: a NumPy archive of the arrays w1, b1, … wL, bL and a JSON header.

`numpy.load(path, allow_pickle=False)` opens it. The same model gives the same bytes. Reading
executes nothing and refuses arrays larger than the file itself; `deserialize` checks every shape
and number against the header.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from nntrain._version import __version__
from nntrain.arrays import Array
from nntrain.errors import ModelFileError, UsageError
from nntrain.files import replacing
from nntrain.files.paths import is_special
from nntrain.model.records import FormatError, required
from nntrain.model.serialize import FORMAT_VERSION

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
FIRST_BYTES, FIRST_MEMBER, LONGEST_MEMBER_HEADER = b"PK\x03\x04", b"header.npy", 60
"""How a model file begins: as a zip archive, with the name of its first member near the start."""
DAMAGE = (
    zipfile.BadZipFile,
    ValueError,
    TypeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
"""The exceptions that reading a damaged archive or array can raise."""
# NumPy's own reader evaluates the header as Python; this one takes only what NumPy writes.
ARRAY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<dtype>[<>|][biufcSU]\d{1,8})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>(?:\d{1,10}, ?)*(?:\d{1,10})?)\), \} *\n",
    re.DOTALL,
)


def write_archive(path: str | Path, header: dict[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write a header, with a checksum added, and arrays, whole or not at all.

    Raises `OutputError`.
    """
    signed = {**header, "checksum": checksum(header, arrays)}
    text = json.dumps(signed, ensure_ascii=False, allow_nan=False)
    members = {"header": np.array(text), **arrays}
    with replacing(path) as file:
        if is_special(path):
            # A pipe cannot go back, where a zip archive's sizes are filled in.
            whole = io.BytesIO()
            _write_zip(whole, members)
            file.write(whole.getbuffer())
        else:
            _write_zip(file, members)


def _write_zip(file: IO[bytes], members: Mapping[str, Array]) -> None:
    """Write the arrays of an archive."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in members.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", ZIP_EPOCH), member.getvalue())


def read_archive(path: str | Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """The header and the arrays of a file, whose checksum is not compared yet.

    Raises `ModelFileError` for a file that is not a model file, and `FormatError` for one that
    this version of nntrain cannot read.
    """
    members = _read_members(Path(path))
    header = _parse_header(members.pop("header", None))
    return header, members


def check_replaceable(path: str | Path) -> None:
    """Raise `UsageError` for a file that a model must not replace: one that is no model.

    An empty file may be replaced, and a model that is damaged: it begins as models begin.
    """
    if is_special(path):
        return
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            start = file.read(len(FIRST_BYTES) + LONGEST_MEMBER_HEADER)
    except OSError:
        return
    if start and not (start.startswith(FIRST_BYTES) and FIRST_MEMBER in start):
        raise UsageError(
            f"{path}: exists and is not a model, which would replace it; remove it, or name "
            f"another file with --model"
        )


def checksum(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    """The SHA-256 of a header without its checksum, followed by each array in order."""
    content = {key: value for key, value in header.items() if key != "checksum"}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _read_members(path: Path) -> dict[str, Array]:
    """The arrays of the archive, none of them larger than the file that holds it."""
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ModelFileError(f"{path}: is not a regular file, which a model file is")
            return _read_zip(file)
    except FileNotFoundError:
        raise ModelFileError(
            f"{path}: there is no such model file; make one with `nntrain fit`, or name another "
            f"with --model"
        ) from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except DAMAGE as error:
        raise ModelFileError(f"{path}: is not a model file, or damaged: {error}") from None


def _read_zip(file: IO[bytes]) -> dict[str, Array]:
    """The arrays of a zip archive that `write_archive` could have written."""
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        names = [info.filename.removesuffix(".npy") for info in infos]
        if len(set(names)) < len(names):
            raise FormatError("a member stands twice")
        for info in infos:
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
                raise FormatError(f"{info.filename} is compressed")
        _check_sizes(infos, os.fstat(file.fileno()).st_size)
        contents = (archive.read(info) for info in infos)
        return {name: _read_array(content) for name, content in zip(names, contents, strict=True)}


def _check_sizes(infos: list[zipfile.ZipInfo], file_size: int) -> None:
    """Raise `ValueError` where members claim more bytes than the file has; they may overlap."""
    if sum(max(info.file_size, info.compress_size) for info in infos) > file_size:
        raise ValueError("its members claim to be larger than the file")


def _read_array(data: bytes) -> Array:
    """An array as `write_archive` writes it, of a size that is checked before it is made."""
    match = ARRAY_HEADER.match(data)
    if match is None:
        raise ValueError("a member is not an array as nntrain writes it")
    dtype = np.dtype(match["dtype"].decode())
    shape = tuple(int(size) for size in match["shape"].replace(b" ", b"").split(b",") if size)
    content = data[match.end() :]
    if math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError("a member's size is not that of its shape")
    return np.frombuffer(content, dtype).reshape(shape)


def _parse_header(text: Array | None) -> dict[str, Any]:
    """The header from its array, of a version that can be read. Raises `FormatError`."""
    if text is None or text.shape != () or text.dtype.kind != "U":
        raise FormatError("it has no header")
    try:
        # Not by `item()`, which raises SystemError for numbers that are not characters.
        codec = "utf-32-be" if text.dtype.str[0] == ">" else "utf-32-le"
        characters = text.tobytes().decode(codec, "surrogatepass").rstrip("\0")
        header = json.loads(characters, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise FormatError("its header is not JSON") from None
    version = header.get("format_version") if isinstance(header, dict) else None
    if type(version) is not int:
        raise FormatError("its header has no format_version")
    if version != FORMAT_VERSION:
        writer = required(header, "nntrain_version", str)
        raise FormatError(
            f"its format_version is {version}, this nntrain {__version__} reads {FORMAT_VERSION}; "
            f"use the nntrain {writer} that wrote it, or train again"
        )
    required(header, "checksum", str)
    return dict(header)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
