"""From a table and a config to the matrices of a training run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import RowNumbers
from nntrain.config.keys import Config
from nntrain.data.preprocessing.encode import (
    Encoded,
    Labels,
    encode_parts,
    read_labelled,
    report_unseen,
)
from nntrain.data.preprocessing.fit import PreprocessingOptions, learn_preprocessing
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.typed_table import ColumnRoles, TypedTable, read_typed
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.table import Table, TableLike
from nntrain.engine.backend import check_installed
from nntrain.errors import ConfigError, DataError, Mistake, UsageError
from nntrain.text import counted
from nntrain.training.split import split_rows


@dataclass(frozen=True)
class Prepared:
    """What a run trains on: rows encoded by a preprocessing, and what they are validated by.

    `calibration` are rows for its intervals, unweighted. `means` (n_targets,) are the training
    means in the targets' units. Sample weights are of mean 1 over the training rows.
    """

    preprocessing: Preprocessing
    training: Encoded
    validation: Encoded | None
    calibration: Encoded | None
    means: NDArray[np.float64]


def prepare(
    table: TableLike,
    config: Config,
    validation: TableLike | None = None,
    preprocessing: Preprocessing | None = None,
) -> Prepared:
    """A table prepared, some of its rows held out, or another table to validate by.

    A preprocessing is learned from the training rows, unless there is one already. Raises
    `DataError` for what is wrong with a table.
    """
    if validation is not None and config.validation_fraction > 0:
        raise UsageError(
            "validation rows are asked for twice: drop --validation, or set "
            "validation_fraction to 0"
        )
    check_watched(config, has_validation=validation is not None)
    if preprocessing is None:
        typed = read_training_table(table, config)
        prepared = prepare_rows(typed, config, np.arange(len(typed)), use_up=True)
    else:
        prepared = _prepare_alike(table, config, preprocessing)
    if validation is None:
        return prepared
    validating = _read_encoded(validation, config, prepared.preprocessing, "validate on")
    if prepared.calibration:
        _check_apart(validating, prepared.calibration)
    return _scaled(replace(prepared, validation=validating))


def prepare_rows(
    table: TypedTable, config: Config, rows: RowNumbers, *, use_up: bool = False
) -> Prepared:
    """Some rows of a typed table prepared, in ascending order, those held out that are to be.

    `use_up`: the table is not needed any more, and may be emptied.
    """
    split = split_rows(rows, config)
    if not len(split.training):
        raise DataError(_no_rows(table.name, len(rows), config))
    bins = config.bins if config.numeric_encoding == "piecewise_linear" else 0
    how = PreprocessingOptions(
        config.standardize, config.missing_values, bins, config.target_transform
    )
    preprocessing = learn_preprocessing(table, split.training, how)
    report_unseen(preprocessing, table, np.sort(np.concatenate(split.parts[1:])))
    parts = encode_parts(preprocessing, table, split.parts, config.dtype, use_up=use_up)
    return _prepared(preprocessing, parts, table.name, config)


def _prepare_alike(table: TableLike, config: Config, preprocessing: Preprocessing) -> Prepared:
    """A table prepared as another one was."""
    check_installed(config.engine)
    return prepare_encoded(
        _read_encoded(table, config, preprocessing, "train on"), config, preprocessing
    )


def prepare_encoded(encoded: Encoded, config: Config, preprocessing: Preprocessing) -> Prepared:
    """Rows that a preprocessing has encoded already, those held out that are to be."""
    split = split_rows(np.arange(len(encoded.x)), config)
    if not len(split.training):
        raise DataError(_no_rows("the table", len(encoded.x), config))
    parts = [
        Encoded(
            encoded.x[part],
            encoded.y[part],
            encoded.y_true[part],
            None if encoded.weights is None else encoded.weights[part],
        )
        for part in split.parts
    ]
    return _prepared(preprocessing, parts, "the table", config)


def _prepared(
    preprocessing: Preprocessing, parts: Sequence[Encoded], table_name: str, config: Config
) -> Prepared:
    """The parts of a `Split`, encoded."""
    training, validation, calibration = parts
    _check_weights(training.weights, table_name, config)
    means = np.average(training.y_true, axis=0, weights=training.weights)
    return _scaled(
        Prepared(
            preprocessing,
            training,
            validation if len(validation.x) else None,
            _weighing(calibration, table_name) if len(calibration.x) else None,
            means,
        )
    )


def _weighing(calibration: Encoded, table_name: str) -> Encoded:
    """The calibration rows that weigh anything; each counts once. Raises `DataError` for none."""
    if calibration.weights is None:
        return calibration
    rows = calibration.weights > 0
    if not rows.any():
        raise DataError(
            f"{table_name}: every calibration row weighs 0; raise calibration_fraction, or choose "
            f"another seed"
        )
    return Encoded(calibration.x[rows], calibration.y[rows], calibration.y_true[rows], None)


def _scaled(prepared: Prepared) -> Prepared:
    """The same, its weights scaled by what makes those of training average 1."""
    if prepared.training.weights is None:
        return prepared
    scale = 1.0 / float(np.mean(prepared.training.weights))

    def scaled(part: Encoded) -> Encoded:
        return replace(part, weights=None if part.weights is None else part.weights * scale)

    return replace(
        prepared,
        training=scaled(prepared.training),
        validation=scaled(prepared.validation) if prepared.validation else None,
    )


def _check_apart(validation: Encoded, calibration: Encoded) -> None:
    """Raise `DataError` for validation rows that hold most of those for calibration too."""
    validating, calibrating = (
        [row.tobytes() for row in np.hstack([of.x, of.y])] for of in (validation, calibration)
    )
    known = set(validating)
    n_known = sum(row in known for row in calibrating)
    if 2 * n_known > len(calibrating):
        raise DataError(
            f"--validation: holds {n_known:,} of the {counted(len(calibrating), 'calibration row')}"
            f", by which nothing may be chosen; name a table of other rows, or set "
            f"calibration_fraction: 0"
        )


def check_watched(config: Config, *, has_validation: bool) -> None:
    """Raise `ConfigError` for a choice by the validation loss where there will be none."""
    asked = "keep: best" if config.keep == "best" else ""
    asked = asked or (f"patience: {config.patience}" if config.patience else "")
    if asked and config.validation_fraction == 0 and not has_validation:
        raise ConfigError(
            Mistake(
                f"{asked} goes by the validation loss, and no row is held out; set "
                f"validation_fraction, such as 0.1, or name a table with --validation"
            )
        )


def read_training_table(table: TableLike, config: Config, group: str | None = None) -> TypedTable:
    """The table to train on, its columns typed; `group` is a column to read along, as text.

    Raises `DataError` for what is wrong with it, `MissingExtraError` for an engine that is not
    installed.
    """
    check_installed(config.engine)
    cells = CellFormat(config.missing_values, config.decimal)
    with open_table(table, ReadOptions(cells, config.delimiter, twice=True)) as source:
        return type_table(source, config, group)


def type_table(source: Table, config: Config, group: str | None = None) -> TypedTable:
    """`read_training_table` for a table that is open, and can be read twice."""
    roles = ColumnRoles(
        config.target,
        config.features,
        config.ignore,
        config.categorical,
        config.max_categories,
        config.weight,
        group,
        skip_missing_targets=config.missing_target == "skip",
        log_targets=config.target_transform == "log",
    )
    return read_typed(source, roles, CellFormat(config.missing_values, config.decimal))


def _read_encoded(
    table: TableLike, config: Config, preprocessing: Preprocessing, purpose: str
) -> Encoded:
    """A table by a preprocessing that was learned from another."""
    cells = CellFormat(config.missing_values, config.decimal)
    for_log = config.target_transform == "log"
    labels = Labels(config.weight, config.missing_target == "skip", for_log)
    with open_table(table, ReadOptions(cells, config.delimiter)) as source:
        parts = list(read_labelled(preprocessing, source, cells, config.dtype, labels))
        if not sum(len(part.x) for part in parts):
            raise DataError(f"{source.name}: has no rows to {purpose}")
    with np.errstate(over="ignore"):
        y_true = np.concatenate([part.y_true for part in parts])
        y = preprocessing.encode_targets(y_true).astype(config.dtype)
    if not np.isfinite(y).all():
        raise DataError("a target is too far from those that the preprocessing was learned from")
    weights = [part.weights for part in parts if part.weights is not None]
    x = np.concatenate([part.x for part in parts])
    return Encoded(x, y, y_true, np.concatenate(weights) if weights else None)


def _check_weights(weights: NDArray[np.float64] | None, table_name: str, config: Config) -> None:
    if weights is not None and not weights.any():
        raise DataError(f"{table_name}, column {config.weight!r}: every training row weighs 0")


def _no_rows(table_name: str, n_rows: int, config: Config) -> str:
    if not n_rows:
        return f"{table_name}: has no rows to train on"
    held_out = [
        f"{name} {getattr(config, name):g}"
        for name in ("validation_fraction", "calibration_fraction")
        if getattr(config, name) > 0
    ]
    one = len(held_out) == 1
    return (
        f"{table_name}: has no rows left to train on: {' and '.join(held_out)} "
        f"{'holds' if one else 'hold'} out all of its {counted(n_rows, 'row')}; lower "
        f"{'it' if one else 'them'}"
    )
