"""Compiled kernels kept in files, so that a later run need not compile them again.

Numba's own cache ends a run where no folder can be written or a file is damaged, may load the code
of another function where several processes compile at once, and knows neither constants nor code
from other files nor the settings that it compiled by. Here each kernel, for each type of arguments,
has a file of its own: a digest of everything that the machine code depends on, and of the code
itself. What is damaged, or of another version, is compiled anew; where nothing can be written, a
run goes on with what it has compiled, and says so once.

Importing this module raises `ImportError` without Numba, and where Numba's compiler is off.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pickle
import platform
import uuid
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.compiler import CompileResult
from numba.core.registry import cpu_target
from numba.core.serialize import dumps

from nntrain.engine.compiled import SwitchedOffError

settings: Any = numba.config
if settings.DISABLE_JIT:
    raise SwitchedOffError("NUMBA_DISABLE_JIT switches its compiler off")

log = logging.getLogger(__name__)

SOURCES = (
    "compiled/kernels.py",
    "compiled/exp.py",
    "compiled/cache.py",
    "activations.py",
    "denormals.py",
)
"""The files of the engine that machine code is made of."""
SETTINGS = (
    "OPT",
    "LOOP_VECTORIZE",
    "SLP_VECTORIZE",
    "BOUNDSCHECK",
    "DEBUGINFO_DEFAULT",
    "DISABLE_INTEL_SVML",
    "DEBUG_NRT",
)
"""Numba's settings that change machine code, beside the processor's name and features."""
UNREADABLE = (
    pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, TypeError, ValueError
)  # fmt: skip
"""What reading a pickle raises that another Numba wrote."""
NOT_KEPT = (
    "the compiled engine could not be kept for later runs, which compile it again (%s); name a "
    "folder that can be written in NUMBA_CACHE_DIR"
)
DIGEST_BYTES = hashlib.sha256().digest_size


def keep_compiled(function: Any) -> Any:
    """The same function, compiled by Numba, whose machine code is from now on kept in files."""
    function._cache = KernelCache(function.py_func.__name__)  # noqa: SLF001  (as Numba does itself)
    return function


class KernelCache:
    """The kept machine code of one function; Numba calls it by these names.

    `has_failed` is True once some machine code could not be written, which is said once.
    """

    has_failed = False
    cache_path = None

    def __init__(self, name: str) -> None:
        self.name = name

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled function for these types of arguments; None if it is not kept."""
        target_context.refresh()
        digest = self._digest(signature, target_context.codegen())
        for folder in cache_folders():
            code = read_code(self._path(folder, digest), digest)
            if code is None:
                continue
            with contextlib.suppress(*UNREADABLE):
                parts = pickle.loads(code)  # noqa: S301  (by its digest, it is what was written)
                return CompileResult._rebuild(target_context, *parts)  # noqa: SLF001
        return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep a function that was compiled, in the first folder where it can be written."""
        digest = self._digest(signature, compiled.codegen)
        code = dumps(compiled._reduce())  # noqa: SLF001
        reasons = []
        for folder in cache_folders():
            try:
                write_code(self._path(folder, digest), digest, code)
            except OSError as error:
                reasons.append(f"{folder}: {error.strerror or error}")
            else:
                return
        if not KernelCache.has_failed:
            KernelCache.has_failed = True
            log.warning(NOT_KEPT, reasons[0])

    def _digest(self, signature: Any, codegen: Any) -> bytes:
        """Names the function, its types of arguments, and all that the code depends on."""
        key = (self.name, repr(signature), repr(codegen.magic_tuple()), made_of())
        return hashlib.sha256(repr(key).encode()).digest()

    def _path(self, folder: Path, digest: bytes) -> Path:
        return folder / f"nntrain-{self.name}-{digest.hex()[:32]}.nbc"

    def flush(self) -> None:
        """Do nothing: no file is ever outdated."""

    enable = disable = flush


def compiled_for() -> tuple[str, str]:
    """The processor that Numba compiles for, and those of its features that code may use."""
    _, name, features = cpu_target.target_context.codegen().magic_tuple()
    used = [feature[1:] for feature in str(features).split(",") if feature.startswith("+")]
    return str(name), " ".join(used)


@cache
def made_of() -> str:
    """A digest of the source, the packages and the settings that kernels are compiled from."""
    digest = hashlib.sha256()
    engine = resources.files("nntrain.engine")
    for name in SOURCES:
        digest.update(engine.joinpath(name).read_bytes())
    versions = (platform.python_version(), numba.__version__, llvmlite.__version__, np.__version__)
    chosen = [(name, repr(getattr(settings, name, None))) for name in SETTINGS]
    digest.update(repr((versions, chosen)).encode())
    return digest.hexdigest()


def cache_folders() -> Iterator[Path]:
    """Where machine code may be kept, the best place first; none of it need be writable.

    The folder that the variable NUMBA_CACHE_DIR names, and no other, if it is set.
    """
    if settings.CACHE_DIR:
        yield Path(settings.CACHE_DIR)
        return
    yield Path(__file__).parent / "__pycache__"
    homes = [os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache")]  # noqa: PTH111
    # A home that is not known, or no whole path, would make a folder beside the user's tables.
    yield from (Path(home, "nntrain") for home in homes if os.path.isabs(home))  # noqa: PTH117


def read_code(path: Path, digest: bytes) -> bytes | None:
    """The machine code in a file; None where there is none, or not the one of this digest, whole.

    The file is a digest of what follows; then `digest`, and the code.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    checksum, content = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
    is_sound = hashlib.sha256(content).digest() == checksum and content.startswith(digest)
    return content[DIGEST_BYTES:] if is_sound else None


def write_code(path: Path, digest: bytes, code: bytes) -> None:
    """Write machine code to a file, whole or not at all. Raises `OSError`."""
    content = digest + code
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        unfinished.write_bytes(hashlib.sha256(content).digest() + content)
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
