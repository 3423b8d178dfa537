"""From a table and a config to the matrices of a training run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.config import Config
from nntrain.data.cells import CellFormat
from nntrain.data.columns import Roles, TypedTable, read_typed
from nntrain.data.encoding import Encoded, Labels, encode_parts, read_labelled, report_unseen
from nntrain.data.learning import How, learn_preprocessing
from nntrain.data.opening import Reading, open_table
from nntrain.data.preprocessing import Preprocessing
from nntrain.data.table import Table, TableLike
from nntrain.engine.randomness import VALIDATION_SPLIT, stream
from nntrain.engine.selection import check_installed
from nntrain.errors import ConfigError, DataError, UsageError, counted

Rows = NDArray[np.intp]
Matrix = NDArray[Any]


@dataclass(frozen=True)
class Prepared:
    """What a run trains on: rows encoded by a preprocessing, and what they are validated by.

    `means` (n_targets,) are the training means in the targets' units. Sample weights are of mean 1
    over the training rows.
    """

    preprocessing: Preprocessing
    training: Encoded
    validation: Encoded | None
    means: NDArray[np.float64]


def prepare(
    table: TableLike,
    config: Config,
    validation: TableLike | None = None,
    preprocessing: Preprocessing | None = None,
) -> Prepared:
    """A table prepared, with `validation_fraction` of its rows or another table held out.

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
        rows, held_out = split_rows(np.arange(len(typed)), config)
        prepared = prepare_rows(typed, config, rows, held_out, use_up=True)
    else:
        prepared = _prepare_alike(table, config, preprocessing)
    if validation is None:
        return prepared
    validating = _read_encoded(validation, config, prepared.preprocessing, "validate on")
    return _scaled(prepared.preprocessing, prepared.training, validating, prepared.means)


def prepare_rows(
    table: TypedTable, config: Config, rows: Rows, held_out: Rows, *, use_up: bool = False
) -> Prepared:
    """Some rows of a typed table prepared, and others to validate by, each in ascending order.

    `use_up`: the table is not needed any more, and may be emptied.
    """
    if not len(rows):
        raise DataError(_no_rows(table.name, len(table), config))
    bins = config.bins if config.numeric_encoding == "piecewise_linear" else 0
    how = How(config.standardize, config.missing_values, bins, config.target_transform)
    preprocessing = learn_preprocessing(table, rows, how)
    report_unseen(preprocessing, table, held_out)
    training, validating = encode_parts(
        preprocessing, table, [rows, held_out], config.dtype, use_up=use_up
    )
    _check_weights(training.weights, table.name, config)
    means = np.average(training.y_true, axis=0, weights=training.weights)
    return _scaled(preprocessing, training, validating, means)


def _prepare_alike(table: TableLike, config: Config, preprocessing: Preprocessing) -> Prepared:
    """A table prepared as another one was."""
    check_installed(config.engine)
    encoded = _read_encoded(table, config, preprocessing, "train on")
    rows, held_out = split_rows(np.arange(len(encoded.x)), config)
    if not len(rows):
        raise DataError(_no_rows("the table", len(encoded.x), config))
    training, validating = (
        Encoded(
            encoded.x[part],
            encoded.y[part],
            encoded.y_true[part],
            None if encoded.weights is None else encoded.weights[part],
        )
        for part in (rows, held_out)
    )
    _check_weights(training.weights, "the table", config)
    means = np.average(training.y_true, axis=0, weights=training.weights)
    return _scaled(preprocessing, training, validating, means)


def _scaled(
    preprocessing: Preprocessing,
    training: Encoded,
    validating: Encoded,
    means: NDArray[np.float64],
) -> Prepared:
    """All of it, the weights scaled by what makes those of training average 1."""
    if training.weights is not None:
        scale = 1.0 / float(np.mean(training.weights))
        training, validating = (
            replace(part, weights=None if part.weights is None else part.weights * scale)
            for part in (training, validating)
        )
    return Prepared(preprocessing, training, validating if len(validating.x) else None, means)


def check_watched(config: Config, *, has_validation: bool) -> None:
    """Raise `ConfigError` for a choice by the validation loss where there will be none."""
    asked = "keep: best" if config.keep == "best" else ""
    asked = asked or (f"patience: {config.patience}" if config.patience else "")
    if asked and config.validation_fraction == 0 and not has_validation:
        raise ConfigError(
            f"{asked} goes by the validation loss, and no row is held out; set "
            f"validation_fraction, such as 0.1, or name a table with --validation"
        )


def split_rows(rows: Rows, config: Config) -> tuple[Rows, Rows]:
    """The training and the validation rows of some rows, each in their order; seeded.

    The networks of an ensemble have all rows, of which each holds out its own: `hold_outs`.
    """
    if config.validation_fraction == 0 or config.ensemble > 1:
        return rows, rows[:0]
    held_out = _held_out(len(rows), config, 0)
    return rows[~held_out], rows[held_out]


def hold_outs(n_rows: int, config: Config) -> list[NDArray[np.bool_]]:
    """For each network of an ensemble, which rows it holds out; as few as can be in common."""
    return [_held_out(n_rows, config, member) for member in range(config.ensemble)]


def _held_out(n_rows: int, config: Config, member: int) -> NDArray[np.bool_]:
    """Of one order of the rows, some from where those of the member before end, in a circle."""
    n_held_out = int(n_rows * config.validation_fraction + 0.5)
    n_held_out = min(max(n_held_out, 1), n_rows)
    order = stream(config.seed, VALIDATION_SPLIT).permutation(n_rows)
    held_out = np.zeros(n_rows, dtype=bool)
    held_out[order[(np.arange(n_held_out) + member * n_held_out) % n_rows]] = True
    return held_out


def read_training_table(table: TableLike, config: Config, group: str | None = None) -> TypedTable:
    """The table to train on, its columns typed; `group` is a column to read along, as text.

    Raises `DataError` for what is wrong with it, `MissingExtraError` for an engine that is not
    installed.
    """
    check_installed(config.engine)
    cells = CellFormat(config.missing_values, config.decimal)
    with open_table(table, Reading(cells, config.delimiter, twice=True)) as source:
        return type_table(source, config, group)


def type_table(source: Table, config: Config, group: str | None = None) -> TypedTable:
    """`read_training_table` for a table that is open, and can be read twice."""
    roles = Roles(
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
    with open_table(table, Reading(cells, config.delimiter)) as source:
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
    return (
        f"{table_name}: has no rows left to train on: validation_fraction "
        f"{config.validation_fraction:g} holds out all of its {counted(n_rows, 'row')}; lower it"
    )
