"""Read a table and encode it by a preprocessing that was learned from another one."""

from __future__ import annotations

import numpy as np

from nntrain.arrays import Matrix
from nntrain.config.keys import Config
from nntrain.data.preprocessing.encode import Encoded
from nntrain.data.preprocessing.encode_chunks import encode_chunks
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import TableLike
from nntrain.errors import DataError
from nntrain.training.options import target_options


def read_encoded(
    table: TableLike, config: Config, preprocessing: Preprocessing, purpose: str
) -> tuple[Encoded, Matrix]:
    """A table's rows encoded by a preprocessing from another table, and their feature values.

    `purpose` is what its rows are for, as in "has no rows to train on". Raises `DataError`.
    """
    options = preprocessing.read_options(config.dialect, config.columns)
    with open_table(table, options) as source:
        parts = list(encode_chunks(preprocessing, source, config.dtype, target_options(config)))
        if not sum(len(part.x) for part in parts):
            raise DataError(f"{source.name}: has no rows to {purpose}")
    with np.errstate(over="ignore"):
        y_true = np.concatenate([part.y_true for part in parts])
        y = preprocessing.encode_targets(y_true).astype(config.dtype)
    if not np.isfinite(y).all():
        raise DataError("a target is too far from those that the preprocessing was learned from")
    weights = [part.weights for part in parts if part.weights is not None]
    x = np.concatenate([part.x for part in parts])
    hashes = np.concatenate([part.row_hashes for part in parts])
    encoded = Encoded(x, y, y_true, np.concatenate(weights) if weights else None, hashes)
    return encoded, np.concatenate([part.values for part in parts])
