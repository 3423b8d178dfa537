"""Prepare a table for training: read, split, preprocess and encode its rows by a config."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nntrain.arrays import Matrix, RowNumbers, Vector
from nntrain.config.keys import Config
from nntrain.data.notes import TakeNote, log_note
from nntrain.data.preprocessing.encode import Encoded, FeatureColumns, encode_parts
from nntrain.data.preprocessing.fit import learn_preprocessing
from nntrain.data.preprocessing.mean_encoding import cross_fit
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.typed_table import TypedTable, read_typed
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import TableLike
from nntrain.engine.backend import check_installed
from nntrain.engine.random_streams import CATEGORY_FOLDS, random_stream
from nntrain.errors import ConfigError, DataError, Mistake, UsageError
from nntrain.stats.histogram import Histogram
from nntrain.text import counted
from nntrain.training.distributions import learn_histograms
from nntrain.training.encoded_table import read_encoded
from nntrain.training.options import (
    column_roles,
    preprocessing_options,
    read_options,
)
from nntrain.training.sample_weights import (
    scaled_weights,
    weighted_means,
    without_weights,
)
from nntrain.training.split import split_rows


@dataclass(frozen=True)
class Prepared:
    """What a run trains on: its preprocessing, and the rows encoded by it, by what they are for.

    `calibration` rows, for prediction intervals, are unweighted. `means` (n_targets,) are the
    means of the training rows in the targets' units. Sample weights average 1 over the training
    rows. `histograms` are those of the features over the training rows; none if they are not known.
    """

    preprocessing: Preprocessing
    training: Encoded
    validation: Encoded | None
    calibration: Encoded | None
    means: Vector
    histograms: tuple[Histogram, ...] = ()


def prepare(
    table: TableLike,
    config: Config,
    validation: TableLike | None = None,
    preprocessing: Preprocessing | None = None,
) -> Prepared:
    """A table prepared for training; validated by rows held out, or by another table.

    The preprocessing is learned from the training rows, unless one is given (a start model's).
    Raises `DataError` where a table cannot be used.
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
        check_installed(config.engine)
        encoded, values = read_encoded(table, config, preprocessing, "train on")
        prepared = prepare_encoded(encoded, config, preprocessing, values)
    if validation is None:
        return prepared
    validation_rows, _ = read_encoded(validation, config, prepared.preprocessing, "validate on")
    if prepared.calibration:
        _check_apart(validation_rows, prepared.calibration)
    training, scaled_rows = scaled_weights(prepared.training, validation_rows)
    return replace(prepared, training=training, validation=scaled_rows)


def prepare_rows(
    table: TypedTable,
    config: Config,
    rows: RowNumbers,
    take_note: TakeNote = log_note,
    *,
    use_up: bool = False,
) -> Prepared:
    """The `rows` of a typed table prepared for training; they are in ascending order.

    `take_note` is told what preprocessing leaves out or replaces. With `use_up`, the table is not
    needed any more, and is emptied on the way. Raises `DataError`.
    """
    split = split_rows(rows, config)
    if not len(split.training):
        raise DataError(_no_rows(table.name, len(rows), config))
    options = preprocessing_options(config)
    preprocessing = learn_preprocessing(table, split.training, options, take_note)
    held_out = np.sort(np.concatenate(split.parts[1:]))
    columns = FeatureColumns(preprocessing, table)
    columns.unseen(held_out).note(take_note)
    histograms = learn_histograms(preprocessing.features, split.training, columns.values)
    rng = random_stream(config.seed, CATEGORY_FOLDS)
    cross_fitted = cross_fit(preprocessing, table, split.training, rng)
    parts = encode_parts(preprocessing, table, split.parts, config.dtype, use_up=use_up)
    for inputs, means in cross_fitted:
        parts[0].x[:, inputs] = means
    return _prepared(preprocessing, parts, histograms)


def prepare_encoded(
    encoded: Encoded, config: Config, preprocessing: Preprocessing, values: Matrix | None = None
) -> Prepared:
    """Rows already encoded by a preprocessing, split by the config. Raises `DataError`.

    Histograms are learned from the feature `values` (n_rows, n_features), if given.
    """
    split = split_rows(np.arange(len(encoded.x)), config)
    if not len(split.training):
        raise DataError(_no_rows("the table", len(encoded.x), config))
    parts = [encoded.take(rows) for rows in split.parts]
    if values is None:
        return _prepared(preprocessing, parts, ())
    features = preprocessing.features
    return _prepared(
        preprocessing, parts, learn_histograms(features, split.training, values.__getitem__)
    )


def _prepared(
    preprocessing: Preprocessing, parts: Sequence[Encoded], histograms: tuple[Histogram, ...]
) -> Prepared:
    """The encoded training, validation and calibration rows, with their weights scaled."""
    training, validation, calibration = parts
    return Prepared(
        preprocessing,
        *scaled_weights(training, validation if len(validation.x) else None),
        without_weights(calibration) if len(calibration.x) else None,
        weighted_means(training.y_true, training.weights),
        histograms,
    )


def _check_apart(validation: Encoded, calibration: Encoded) -> None:
    """Raise `DataError` if most calibration rows are among the validation rows too."""
    validation_rows = {row.tobytes() for row in np.hstack([validation.x, validation.y])}
    calibration_rows = [row.tobytes() for row in np.hstack([calibration.x, calibration.y])]
    n_known = sum(row in validation_rows for row in calibration_rows)
    if 2 * n_known > len(calibration_rows):
        raise DataError(
            f"--validation: holds {n_known:,} of the "
            f"{counted(len(calibration_rows), 'calibration row')}, which must not be validated by; "
            f"name a table of other rows, or set calibration_fraction: 0"
        )


def check_watched(config: Config, *, has_validation: bool) -> None:
    """Raise `ConfigError` if the config chooses by the validation loss and there will be none."""
    if config.validation_fraction > 0 or has_validation:
        return
    setting = f"patience: {config.patience}" if config.patience else ""
    setting = "keep: best" if config.keep == "best" else setting
    if setting:
        raise ConfigError(
            Mistake(
                f"{setting} goes by the validation loss, and no row is held out; set "
                f"validation_fraction, such as 0.1, or name a table with --validation"
            )
        )


def read_training_table(table: TableLike, config: Config, group: str | None = None) -> TypedTable:
    """The table to train on, its columns typed; `group` is a column to read as text beside them.

    Raises `DataError` where the table cannot be used, `MissingExtraError` if the config's engine is
    not installed.
    """
    check_installed(config.engine)
    with open_table(table, read_options(config, twice=True)) as source:
        return read_typed(source, column_roles(config, group))


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
