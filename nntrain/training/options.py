"""What a config says about reading and preprocessing a table, as the options of those steps."""

from __future__ import annotations

from nntrain.config.keys import Config
from nntrain.data.notation.dates import parse_date_format
from nntrain.data.notation.notation import Notation
from nntrain.data.notation.number_pattern import parse_number_pattern
from nntrain.data.preprocessing.fit import PreprocessingOptions
from nntrain.data.preprocessing.roles import ColumnRoles
from nntrain.data.preprocessing.target_values import TargetOptions
from nntrain.data.readers.cells import CellFormat, category
from nntrain.data.readers.open import ReadOptions


def read_options(config: Config, *, twice: bool = False) -> ReadOptions:
    """How to read a table by a config; `twice` makes a pipe ready to be read again."""
    cells = CellFormat(config.missing_values, config.decimal, notations(config))
    return ReadOptions(cells, config.dialect, config.columns, twice=twice)


def notations(config: Config) -> dict[str, Notation]:
    """How the columns are written for which a config says so."""
    numbers = {name: parse_number_pattern(text) for name, text in config.numbers.items()}
    dates = {name: parse_date_format(text) for name, text in config.date_format.items()}
    return {**numbers, **dates}


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
        {name: tuple(map(category, levels)) for name, levels in config.ordered.items()},
        group,
        target_options(config),
    )


def preprocessing_options(config: Config) -> PreprocessingOptions:
    """How to preprocess columns by a config."""
    bins = config.bins if config.numeric_encoding == "piecewise_linear" else 0
    return PreprocessingOptions(
        config.standardize,
        config.missing_values,
        bins,
        config.target_transform,
        config.max_categories,
        config.min_count,
    )
