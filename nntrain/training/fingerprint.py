"""A digest of the rows of a run, by which it is known again."""

from __future__ import annotations

import hashlib

from nntrain.data.preprocessing.encode import Encoded
from nntrain.engine.batches import Samples


def fingerprint(*parts: Samples | Encoded | None) -> str:
    """The SHA-256 digest of all arrays of the rows: their types, shapes and numbers.

    The arrays are read where they are, without a copy.
    """
    digest = hashlib.sha256()
    for part in parts:
        for array in (part.x, part.y, part.weights) if part else ():
            if array is not None:
                digest.update(f"{array.dtype.str} {array.shape};".encode())
                digest.update(array.data if array.size else b"")
    return digest.hexdigest()
