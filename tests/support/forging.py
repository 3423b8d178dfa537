"""Model files taken apart and put together again, with a checksum that fits."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Members = dict[str, bytes]


def members_of(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def write_zip(
    path: Path, members: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED
) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            archive.writestr(info, data)


def member(array: object) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array))
    return file.getvalue()


def array_of(data: bytes) -> Array:
    array: Array = np.lib.format.read_array(io.BytesIO(data))
    return array


def header_of(members: Mapping[str, bytes]) -> dict[str, Any]:
    header = json.loads(array_of(members["header.npy"]).item())
    assert isinstance(header, dict)
    return header


def signed(header: dict[str, Any], arrays: Mapping[str, Array]) -> dict[str, Any]:
    """The header with the checksum of its content and the arrays."""
    content = {key: value for key, value in header.items() if key != "checksum"}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return content | {"checksum": digest.hexdigest()}


def forge(
    path: Path,
    saved: bytes,
    edit_header: Callable[[dict[str, Any]], object] = lambda _: None,
    edit_arrays: Callable[[dict[str, Array]], object] = lambda _: None,
) -> None:
    """A file of edited content with a checksum that fits."""
    members = members_of(saved)
    header = header_of(members)
    arrays = {
        name.removesuffix(".npy"): array_of(data)
        for name, data in members.items()
        if name != "header.npy"
    }
    edit_header(header)
    edit_arrays(arrays)
    text = json.dumps(signed(header, arrays), ensure_ascii=False)
    content = {"header": np.array(text), **arrays}
    write_zip(path, [(f"{name}.npy", member(array)) for name, array in content.items()])
