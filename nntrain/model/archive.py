"""The model file: a NumPy archive of w1, b1, … wL, bL and a JSON header, the same bytes every time.

`numpy.load(path, allow_pickle=False)` opens it. Reading executes nothing, takes no member larger
than the file itself, and checks every shape and number against the header.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import math
import os
import re
import stat
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nntrain._version import __version__
from nntrain.errors import ConfigError, ModelFileError
from nntrain.files import replacing
from nntrain.model.deserialize import UnsoundError, model_from, sound
from nntrain.model.model import Model
from nntrain.model.serialize import FORMAT_VERSION, arrays_of, header_of

log = logging.getLogger(__name__)

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
DAMAGE = (
    zipfile.BadZipFile,
    ValueError,
    TypeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
"""What reading a damaged archive or array may raise."""
ARRAY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<dtype>[<>|][biufcSU]\d{1,8})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>(?:\d{1,10}, ?)*(?:\d{1,10})?)\), \} *\n",
    re.DOTALL,
)


def save_model(model: Model, path: str | Path) -> None:
    """Write a model to its file, whole or not at all. Raises `OutputError`."""
    arrays = arrays_of(model)
    header = header_of(model)
    header["checksum"] = _checksum(header, arrays)
    text = json.dumps(header, ensure_ascii=False, allow_nan=False)
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in {"header": np.array(text), **arrays}.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", ZIP_EPOCH), member.getvalue())


def load_model(path: str | Path) -> Model:
    """The model in a file, or a checkpoint of one, which is logged.

    Raises `ModelFileError` when it is not one that this version reads.

    >>> model = nntrain.load_model("model.npz")
    """
    model = read_model(path)
    if model.unfinished:
        done, epochs = model.summary.epochs_trained, model.config.epochs
        log.warning("%s: is of an unfinished run, after epoch %d of %d", path, done, epochs)
    return model


def read_model(path: str | Path) -> Model:
    """`load_model` without a word about checkpoints."""
    members = _read_members(Path(path))
    try:
        header = _parse_header(members)
        model = model_from(header, members)
        if header["checksum"] != _checksum(header, arrays_of(model)):
            raise UnsoundError("its checksum does not match: the content was changed or damaged")
    except UnsoundError as error:
        raise ModelFileError(f"{path}: is not a sound model file: {error}") from None
    except ConfigError as error:
        first = str(error).split("\n")[0]
        raise ModelFileError(f"{path}: is not a sound model file: config: {first}") from None
    return model


def checksum_of(model: Model) -> str:
    """The checksum in a model's file."""
    return _checksum(header_of(model), arrays_of(model))


def _checksum(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> str:
    """SHA-256 of the header without its checksum, then of each array in order."""
    content = {key: value for key, value in header.items() if key != "checksum"}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _read_members(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of the archive, none of them larger than the file that holds it."""
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ModelFileError(f"{path}: is not a regular file, which a model file is")
            return _read_archive(path, file)
    except FileNotFoundError:
        raise ModelFileError(
            f"{path}: there is no such model file; make one with `nntrain fit`, or name another "
            f"with --model"
        ) from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except DAMAGE as error:
        raise ModelFileError(f"{path}: is not a model file, or damaged: {error}") from None


def _read_archive(path: Path, file: IO[bytes]) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        names = [info.filename.removesuffix(".npy") for info in infos]
        if len(set(names)) < len(names):
            raise ModelFileError(f"{path}: is not a sound model file: a member stands twice")
        for info in infos:
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
                raise ModelFileError(
                    f"{path}: is not a sound model file: {info.filename} is compressed"
                )
        _check_sizes(infos, os.fstat(file.fileno()).st_size)
        contents = (archive.read(info) for info in infos)
        return {name: _read_array(content) for name, content in zip(names, contents, strict=True)}


def _check_sizes(infos: list[zipfile.ZipInfo], file_size: int) -> None:
    """Raise `ValueError` where members claim more bytes than the file has; they may overlap."""
    if sum(max(info.file_size, info.compress_size) for info in infos) > file_size:
        raise ValueError("its members claim to be larger than the file")


def _read_array(data: bytes) -> NDArray[Any]:
    """An array as `save_model` writes it, of a size that is checked before it is made."""
    match = ARRAY_HEADER.match(data)
    if match is None:
        raise ValueError("a member is not an array as nntrain writes it")
    dtype = np.dtype(match["dtype"].decode())
    shape = tuple(int(size) for size in match["shape"].replace(b" ", b"").split(b",") if size)
    content = data[match.end() :]
    if math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError("a member's size is not that of its shape")
    return np.frombuffer(content, dtype).reshape(shape)


def _parse_header(members: dict[str, NDArray[Any]]) -> dict[str, Any]:
    text = members.get("header")
    if text is None or text.shape != () or text.dtype.kind != "U":
        raise UnsoundError("it has no header")
    try:
        # Not by `item()`: of numbers that are no characters it makes a SystemError.
        codec = "utf-32-be" if text.dtype.str[0] == ">" else "utf-32-le"
        characters = text.tobytes().decode(codec, "surrogatepass").rstrip("\0")
        header = json.loads(characters, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UnsoundError("its header is not JSON") from None
    version = header.get("format_version") if isinstance(header, dict) else None
    if type(version) is not int:
        raise UnsoundError("its header has no format_version")
    if version != FORMAT_VERSION:
        raise UnsoundError(
            f"its format_version is {version}, this nntrain {__version__} reads {FORMAT_VERSION}; "
            f"use the nntrain {sound(header, 'nntrain_version', str)} that wrote it, or train again"
        )
    sound(header, "checksum", str)
    return dict(header)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
