"""What a config says about reading and preprocessing a table, as the options of those steps."""

from __future__ import annotations

from nntrain.config.keys import Config
from nntrain.data.preprocessing.fit import PreprocessingOptions
from nntrain.data.preprocessing.roles import ColumnRoles
from nntrain.data.preprocessing.target_values import TargetOptions
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions


def read_options(config: Config, *, twice: bool = False) -> ReadOptions:
    """How to read a table by a config; `twice` makes a pipe ready to be read again."""
    cells = CellFormat(config.missing_values, config.decimal)
    return ReadOptions(cells, config.dialect, config.columns, twice=twice)


def target_options(config: Config) -> TargetOptions:
    """How to read the true values and weights of a table by a config."""
    return TargetOptions(
        config.weight,
        skip_missing=config.missing_target == "skip",
        need_logarithm=config.target_transform == "log",
    )


def column_roles(config: Config, group: str | None = None) -> ColumnRoles:
    """What each column is for by a config; `group` is a column to read as text beside them."""
    return ColumnRoles(
        config.target,
        config.features,
        config.ignore,
        config.categorical,
        config.max_categories,
        group,
        target_options(config),
    )


def preprocessing_options(config: Config) -> PreprocessingOptions:
    """How to preprocess columns by a config."""
    bins = config.bins if config.numeric_encoding == "piecewise_linear" else 0
    return PreprocessingOptions(
        config.standardize, config.missing_values, bins, config.target_transform
    )
