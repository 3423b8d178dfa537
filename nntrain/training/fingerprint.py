"""A digest of the rows that a run learns from."""

from __future__ import annotations

import hashlib

from nntrain.data.preprocessing.encode import Encoded
from nntrain.engine.batches import Samples


def fingerprint(*parts: Samples | Encoded | None) -> str:
    """SHA-256 of the arrays as they lie in memory; no second copy is made."""
    digest = hashlib.sha256()
    for part in parts:
        for array in (part.x, part.y, part.weights) if part else ():
            if array is not None:
                digest.update(f"{array.dtype.str} {array.shape};".encode())
                digest.update(array.data if array.size else b"")
    return digest.hexdigest()
