"""A model: preprocessing and network, with how they were made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nntrain.config import Config
from nntrain.data.cells import CellFormat
from nntrain.data.preprocessing import Preprocessing, Replaced
from nntrain.data.table import TableLike, open_table
from nntrain.engine.network import Network
from nntrain.metrics import Metrics


@dataclass(frozen=True)
class Summary:
    """How training went. `training` and `validation` hold the metrics of each target.

    `loss` and `validation_loss` are the last epoch's, None where there was none.
    """

    epochs_trained: int
    iterations: int
    stopped_by: str
    rows: int
    validation_rows: int
    loss: float | None
    validation_loss: float | None
    training: dict[str, Metrics]
    validation: dict[str, Metrics]


@dataclass(frozen=True)
class Model:
    """A trained model. `nntrain.fit` makes one, `nntrain.load_model` reads one from its file.

    >>> model = nntrain.load_model("model.npz")
    >>> model.predict("new.csv")
    """

    config: Config
    preprocessing: Preprocessing
    network: Network
    summary: Summary

    def predict(
        self, table: TableLike, *, delimiter: str | None = None, decimal: str = "."
    ) -> pd.DataFrame:
        """Predictions in the target's unit, a row for each row and a column for each target.

        `table` is a path, `-` for standard input, a DataFrame (its index is kept), or DataFrames to
        be read in a row. Raises `DataError` where a column is missing or a cell is no number.

        >>> model.predict(pd.DataFrame({"age": [3.0], "weight": [12.5]}))
        """
        parts = list(self.predict_chunks(table, delimiter=delimiter, decimal=decimal))
        names = [f"predicted_{target.name}" for target in self.preprocessing.targets]
        values = np.concatenate(parts) if parts else np.empty((0, len(names)))
        index = table.index if isinstance(table, pd.DataFrame) else None
        return pd.DataFrame(values, columns=names, index=index)

    def predict_chunks(
        self, table: TableLike, *, delimiter: str | None = None, decimal: str = "."
    ) -> Iterator[NDArray[np.float64]]:
        """The predictions, some rows at a time: arrays (n_rows, n_targets), as the input arrives.

        Logs at the end how many cells were missing or of an unknown category.
        """
        cells = CellFormat(self.preprocessing.missing_values, decimal)
        replaced = Replaced()
        with open_table(table, cells, delimiter) as source:
            self.preprocessing.check(source)
            for chunk in source.chunks(
                self.preprocessing.numeric_names, self.preprocessing.categorical_names
            ):
                values = self.preprocessing.values_of(chunk, cells, replaced)
                x = np.empty((len(values), self.network.layer_sizes[0]), self.network.dtype)
                self.preprocessing.encode(values, x)
                yield self.preprocessing.decode(self.network.predict(x))
        replaced.report()

    def save(self, path: str | Path) -> None:
        """Write the model file, whole or not at all. Raises `OutputError`.

        The same model gives the same bytes. `nntrain.model_file` describes the format.
        """
        from nntrain.model_file import save_model  # noqa: PLC0415  (which imports this module)

        save_model(self, path)
