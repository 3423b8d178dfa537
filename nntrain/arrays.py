"""Types of NumPy arrays, by what they hold. Docstrings give the shapes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""Numbers of the network's precision, float64 or float32."""

Matrix: TypeAlias = NDArray[np.float64]
"""Numbers in double precision, a row for each row of a table."""

Vector: TypeAlias = NDArray[np.float64]
"""A number in double precision for each row of a table, or for each of some other things."""

Column: TypeAlias = NDArray[Any]
"""The cells of a column (n_rows,): numbers in double precision, or texts as objects."""

RowNumbers: TypeAlias = NDArray[np.intp]
"""Positions of rows in a table, in ascending order unless said otherwise."""

Mask: TypeAlias = NDArray[np.bool_]
"""For each row of a table, or of something else, whether it is meant."""
