"""What computes: the packages, their kernels, and all else that may change a result's last bits.

Another processor, another BLAS or another setting adds a sum in another order. What stands here is
recorded in a model, and tells why the same run gives other bytes elsewhere. None of it depends on
the number of threads.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nntrain.text import printable, shortened

VARIABLES = (
    "OPENBLAS_CORETYPE",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
)
"""Environment variables by which NumPy and its BLAS choose their instructions."""
COMPILED_VARIABLES = (
    "NUMBA_CPU_NAME",
    "NUMBA_CPU_FEATURES",
    "NUMBA_OPT",
    "NUMBA_ENABLE_AVX",
    "NUMBA_LOOP_VECTORIZE",
    "NUMBA_SLP_VECTORIZE",
    "NUMBA_BOUNDSCHECK",
    "NUMBA_FASTMATH",
    "NUMBA_DISABLE_INTEL_SVML",
)
"""Environment variables by which Numba compiles."""
CORE_NAME = [
    f"{prefix}openblas_get_corename{suffix}"
    for prefix in ("scipy_", "")
    for suffix in ("64_", "_", "")
]
"""What the function of OpenBLAS that names its kernels is called, by how it was built."""
ALWAYS_RECORDED = ("nntrain", "numpy", "numba")
"""What models of every version record; of what they lack otherwise, nothing is known."""


def describe_arithmetic(engine: str) -> dict[str, str]:
    """What computes with an engine, by name: versions, kernels, features, variables that are set.

    What cannot be found out is left out.
    """
    built = _numpy_build()
    found = {
        "numpy": np.__version__,
        "blas": _blas_name(built),
        "blas_kernel": _blas_kernel(),
        "numpy_features": " ".join(built.get("SIMD Extensions", {}).get("found", ())),
    }
    names: tuple[str, ...] = VARIABLES
    if engine == "compiled":
        found |= _describe_numba()
        names += COMPILED_VARIABLES
    found |= {name: shortened(printable(os.environ.get(name, ""))) for name in names}
    return {name: text for name, text in found.items() if text}


def list_differences(
    before: Mapping[str, str], now: Mapping[str, str], maker: str
) -> Iterator[str]:
    """Each thing that computes otherwise now than what `maker`, such as the model, was made with.

    >>> list(list_differences({"numpy": "2.0"}, {"numpy": "2.4"}, "the model"))
    ['numpy: 2.0 made the model, this is 2.4']
    """
    is_known = any(name not in ALWAYS_RECORDED for name in before)
    for name in {**before, **(now if is_known else {})}:
        old, new = before.get(name), now.get(name)
        if old != new and name.endswith("_features") and old and new:
            yield f"{name}: {_changed_features(old, new, maker)}"
        elif old != new and old and new:
            yield f"{name}: {old} made {maker}, this is {new}"
        elif old != new:
            when = f"when {maker} was made"
            yield f"{name}: " + (f"{new} here, not {when}" if new else f"{old} {when}, not here")


def _changed_features(old: str, new: str, maker: str) -> str:
    """The features that only one of two processors has, or was allowed to use."""
    gone, added = set(old.split()) - set(new.split()), set(new.split()) - set(old.split())
    parts = [f"without {' '.join(sorted(gone))}"] if gone else []
    parts += [f"with {' '.join(sorted(added))}"] if added else []
    return f"now {' and '.join(parts)}, unlike what made {maker}"


def _numpy_build() -> dict[str, Any]:
    """What NumPy says of its build and of the processor; empty where it does not."""
    try:
        built: Any = np.show_config(mode="dicts")
    except (TypeError, AttributeError, ImportError):
        return {}
    return built if isinstance(built, dict) else {}


def _blas_name(built: Mapping[str, Any]) -> str:
    """The BLAS that NumPy was built with, and its version."""
    blas = built.get("Build Dependencies", {}).get("blas", {})
    known = (str(blas.get(key, "")) for key in ("name", "version"))
    return " ".join(text for text in known if text and text != "unknown")


@cache
def _blas_kernel() -> str:
    """The processor whose kernels OpenBLAS chose, such as `Haswell`; empty if that is not known.

    Its library is loaded already, as the system's list of this process's files tells.
    """
    try:
        mapped = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    paths = {line.split(maxsplit=5)[-1] for line in mapped.splitlines() if "openblas" in line}
    for path in sorted(paths, key=lambda path: ("numpy" not in path, path)):
        with contextlib.suppress(OSError):
            library = ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
            for name in CORE_NAME:
                if core_name := getattr(library, name, None):
                    core_name.restype = ctypes.c_char_p
                    return printable((core_name() or b"").decode(errors="replace"))
    return ""


def _describe_numba() -> dict[str, str]:
    """Numba's version, and the processor and its features that it compiles for."""
    from importlib import metadata  # noqa: PLC0415  (slow to load)

    found = {"numba": metadata.version("numba")}
    with contextlib.suppress(ImportError, AttributeError, TypeError, ValueError):
        from nntrain.engine.compiled.cache import compiled_for  # noqa: PLC0415  (optional)

        found["numba_cpu"], found["numba_features"] = compiled_for()
    return found
