"""Rows that the same members hold out, taken together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nntrain.arrays import Mask, RowNumbers


def alike(held_out: Sequence[Mask] | Mask) -> tuple[RowNumbers, RowNumbers]:
    """Groups of rows that are alike in who holds them out, and the group of each row (n_rows,).

    Each mask (n_rows,) of `held_out` marks the rows that one member holds out. A group is given by
    its first row.
    """
    packed = np.ascontiguousarray(np.packbits(held_out, axis=0).T)
    _, first, which = np.unique(
        packed.view(f"V{packed.shape[1]}")[:, 0], return_index=True, return_inverse=True
    )
    return first, which
