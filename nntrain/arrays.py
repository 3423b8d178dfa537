"""Names for types of NumPy arrays, by what the arrays hold; docstrings give the shapes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""Numbers in the precision of the network, float64 or float32."""

Matrix: TypeAlias = NDArray[np.float64]
"""Numbers in double precision, usually with a row for each row of a table."""

Vector: TypeAlias = NDArray[np.float64]
"""Numbers in double precision, such as one for each row or each target."""

Column: TypeAlias = NDArray[Any]
"""The cells of a table's column (n_rows,): numbers in double precision, or texts as objects."""

RowNumbers: TypeAlias = NDArray[np.intp]
"""Positions of rows in a table, counted from 0, ascending unless said otherwise."""

Mask: TypeAlias = NDArray[np.bool_]
"""True or False for each row, or for each of other things, to select some of them."""

Hashes: TypeAlias = NDArray[np.uint64]
"""A 64-bit hash for each row."""
