"""From a table to a model and back to predictions, by the library's own calls.

The same table and config give the same bytes, wherever the rows come from.
"""

from __future__ import annotations

import gzip
import logging
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.blocks import read_in_blocks

import nntrain
from nntrain.config.choices import ACTIVATIONS, BATCH_MODES, DTYPES
from nntrain.config.keys import Config
from nntrain.data.readers import frames
from nntrain.data.readers.dialect import Dialect
from nntrain.errors import DataError, DivergedError, UsageError
from nntrain.model.model import Model

N_ROWS = 60
rng = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "a": np.where(np.arange(N_ROWS) % 9 == 4, np.nan, rng.normal(10.0, 3.0, N_ROWS)),
        "b": rng.integers(0, 2, N_ROWS),
        "c": rng.choice(["north", "south", "007", "é,\n"], N_ROWS),
        "d": rng.normal(size=N_ROWS) * 1e-6,
    }
)
FRAME["y"] = FRAME["b"] * 40.0 + FRAME["d"] * 3e7 + rng.normal(size=N_ROWS) + 1000.0
FRAME["z"] = -FRAME["d"] + (FRAME["c"] == "north") * 1e-6
FEATURES = ("a", "b", "c", "d")
CONFIG = Config(
    target=("y", "z"), features=FEATURES, hidden_layers=(5,), epochs=3, batch_size=16, seed=7
)


@pytest.fixture(scope="module")
def model() -> Model:
    return nntrain.fit(FRAME, CONFIG)


@pytest.fixture
def csv_path(tmp_path: Path) -> Path:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def bytes_of(model: Model, folder: Path) -> bytes:
    model.save(folder / "model.npz")
    return (folder / "model.npz").read_bytes()


def predicted(model: Model, table: nntrain.data.table.TableLike) -> list[list[float]]:
    values: list[list[float]] = model.predict(table).to_numpy().tolist()
    return values


def same_training(left: Model, right: Model) -> bool:
    """Whether two models were learned from the same rows in the same way."""
    vectors = (left.networks[0].parameters.vector, right.networks[0].parameters.vector)
    return (
        np.array_equal(*vectors)
        and left.preprocessing == right.preprocessing
        and left.summary == right.summary
    )


# Where rows come from


def test_a_path_a_dataframe_and_parts_of_it_give_the_same_model(
    csv_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bytes_of(nntrain.fit(FRAME, CONFIG), tmp_path)
    assert bytes_of(nntrain.fit(csv_path, CONFIG), tmp_path) == first
    assert bytes_of(nntrain.fit(str(csv_path), CONFIG), tmp_path) == first
    parts = (FRAME.iloc[start : start + 7] for start in range(0, N_ROWS, 7))
    assert bytes_of(nntrain.fit(parts, CONFIG), tmp_path) == first
    compressed = tmp_path / "t.csv.gz"
    compressed.write_bytes(gzip.compress(csv_path.read_bytes()))
    assert bytes_of(nntrain.fit(compressed, CONFIG), tmp_path) == first
    read_in_blocks(monkeypatch, 50)
    monkeypatch.setattr(frames, "FRAME_ROWS", 4)
    assert bytes_of(nntrain.fit(csv_path, CONFIG), tmp_path) == first
    assert bytes_of(nntrain.fit(FRAME, CONFIG), tmp_path) == first


def test_a_path_a_dataframe_and_parts_of_it_are_predicted_alike(
    model: Model, csv_path: Path
) -> None:
    expected = predicted(model, FRAME)
    assert predicted(model, csv_path) == expected
    parts = [FRAME.iloc[:50], FRAME.iloc[50:]]
    assert np.allclose(predicted(model, parts), expected, rtol=1e-12)


def test_predictions_of_a_dataframe_keep_its_index(model: Model) -> None:
    index = pd.Index(["x", "y", "x"], name="id")
    prediction = model.predict(FRAME.iloc[:3].set_index(index))
    assert prediction.index.equals(index)
    assert list(prediction.columns) == ["predicted_y", "predicted_z"]
    assert list(model.predict(FRAME.iloc[5:8]).index) == [5, 6, 7]


def test_a_table_without_rows_has_no_predictions(model: Model, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,c,d\n", encoding="utf-8")
    for empty in (FRAME.iloc[:0], tmp_path / "t.csv"):
        prediction = model.predict(empty)
        assert prediction.shape == (0, 2)
        assert list(prediction.columns) == ["predicted_y", "predicted_z"]


def test_a_table_without_rows_cannot_be_learned_from(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,c,d,y,z\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        nntrain.fit(path, CONFIG)
    assert str(caught.value) == f"{path}: has no rows to train on"


def test_another_decimal_mark_and_delimiter_change_nothing(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False, sep=";", decimal=",")
    assert predicted_with(model, path, ";", ",") == predicted(model, FRAME)
    config = replace(CONFIG, decimal=",")
    assert same_training(nntrain.fit(path, config), model)


def predicted_with(model: Model, path: Path, delimiter: str, decimal: str) -> list[list[float]]:
    values: list[list[float]] = (
        model.predict(path, dialect=Dialect(delimiter, decimal)).to_numpy().tolist()
    )
    return values


# What predict needs, and refuses


def test_neither_the_target_nor_a_dropped_column_is_needed_at_predict() -> None:
    frame = FRAME.assign(constant=5.0, nothing=np.nan, same="x")
    model = nntrain.fit(frame, replace(CONFIG, features=None))
    assert predicted(model, FRAME[list(FEATURES)]) == predicted(model, frame)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        (
            "a",
            "oops",
            (
                "the DataFrame, row 1 (counting from 0), column 'a': expects a number, found "
                "'oops'; correct the cell, or leave it empty if it is missing"
            ),
        ),
        (
            "d",
            math.inf,
            (
                "the DataFrame, row 1 (counting from 0), column 'd': the number is infinite or too "
                "large for a double; correct it, or leave the cell empty if it is missing"
            ),
        ),
    ],
)
def test_a_cell_that_is_no_number_is_refused_at_predict(
    model: Model, column: str, cell: float | str, message: str
) -> None:
    frame = FRAME.iloc[:3].assign(**{column: [1.0, cell, 2.0]})
    with pytest.raises(DataError) as caught:
        model.predict(frame)
    assert str(caught.value) == message


def test_a_missing_column_is_refused_at_predict(model: Model) -> None:
    with pytest.raises(DataError) as caught:
        model.predict(FRAME.drop(columns=["c"]).rename(columns={"d": "dd"}))
    assert str(caught.value) == (
        "the DataFrame: has no column 'c', which the model needs; it has 'a', 'b', 'dd', 'y', 'z'"
    )


def test_a_column_that_stands_twice_is_refused_at_predict(model: Model) -> None:
    with pytest.raises(DataError) as caught:
        model.predict(FRAME[["a", "b", "c", "d", "a"]])
    assert str(caught.value) == (
        "the DataFrame: the header names 'a' more than once, as columns 1, 5; rename one"
    )


# What changes nothing


@settings(deadline=None, max_examples=40)
@given(
    st.permutations([*FEATURES, "extra", "y", ""]).flatmap(
        lambda order: st.integers(0, 3).map(lambda n: [x for x in order if x not in order[:n]])
    )
)
def test_column_order_and_extra_columns_change_nothing_at_predict(
    model: Model, order: list[str]
) -> None:
    frame = FRAME.assign(extra="anything", **{"": 5})
    columns = [*order, *(name for name in FEATURES if name not in order)]
    assert predicted(model, frame[columns]) == predicted(model, FRAME)


@settings(deadline=None, max_examples=25)
@given(
    st.permutations([*FEATURES, "y", "z"]), st.lists(st.sampled_from(["e", "f", ""]), unique=True)
)
def test_column_order_and_extra_columns_change_nothing_at_fit_with_features(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], extra: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    frame = FRAME.assign(e=[f"text {i}" for i in range(N_ROWS)], f=np.inf, **{"": 1})
    config = replace(CONFIG, epochs=1)
    expected = bytes_of(nntrain.fit(FRAME, config), folder)
    path = folder / "ordered.csv"
    frame[[*extra, *order]].to_csv(path, index=False)
    assert bytes_of(nntrain.fit(path, config), folder) == expected
    assert bytes_of(nntrain.fit(frame[[*order, *extra]], config), folder) == expected


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_row_alone_is_predicted_as_among_others(dtype: str, activation: str) -> None:
    config = replace(CONFIG, dtype=dtype, activation=activation, hidden_layers=(33, 17), epochs=1)
    model = nntrain.fit(FRAME, config)
    many = FRAME.sample(2500, replace=True, random_state=1)
    together = model.predict(many).to_numpy()
    tolerance = (1e-12 if dtype == "float64" else 1e-5) * FRAME[["y", "z"]].std(ddof=0).to_numpy()
    for start, n_rows in [(0, 1), (1023, 1), (1024, 1), (2499, 1), (3, 2), (1000, 100)]:
        part = model.predict(many.iloc[start : start + n_rows]).to_numpy()
        assert (np.abs(part - together[start : start + n_rows]) <= tolerance).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_mode", BATCH_MODES)
def test_the_same_table_and_config_give_the_same_bytes(
    tmp_path: Path, batch_mode: str, dtype: str
) -> None:
    config = replace(CONFIG, batch_mode=batch_mode, dtype=dtype, validation_fraction=0.2)
    first, second = (bytes_of(nntrain.fit(FRAME, config), tmp_path) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "other",
    [
        replace(CONFIG, seed=8),
        replace(CONFIG, alpha=0.05),
        replace(CONFIG, epochs=4),
        replace(CONFIG, batch_size=15),
        replace(CONFIG, shuffle=False),
        replace(CONFIG, standardize=False, alpha=1e-9),
        replace(CONFIG, activation="tanh"),
    ],
)
def test_another_config_gives_another_network(model: Model, other: Config) -> None:
    vector = nntrain.fit(FRAME, other).networks[0].parameters.vector
    assert not np.array_equal(vector, model.networks[0].parameters.vector)


# Validation rows


def split(n_rows: int, n_validation: int, seed: int) -> tuple[list[int], list[int]]:
    order = np.random.default_rng([seed, 3, 0, 0]).permutation(n_rows).tolist()
    held_out = sorted(order[:n_validation])
    return [row for row in range(n_rows) if row not in held_out], held_out


@pytest.mark.parametrize(
    ("n_rows", "fraction", "n_validation", "seed"),
    [(60, 0.25, 15, 0), (60, 0.25, 15, 1), (30, 0.15, 5, 2**32 - 1), (60, 0.001, 1, 3)],
)
def test_validation_rows_are_held_out_by_the_seed_before_anything_is_learned(
    n_rows: int, fraction: float, n_validation: int, seed: int
) -> None:
    frame = FRAME.iloc[:n_rows]
    config = replace(CONFIG, seed=seed)
    rows, held_out = split(n_rows, n_validation, seed)
    beside = nntrain.fit(frame.iloc[rows], config, validation=frame.iloc[held_out])
    apart = nntrain.fit(frame, replace(config, validation_fraction=fraction))
    assert apart.summary.rows == n_rows - n_validation
    assert apart.summary.validation_rows == n_validation
    assert same_training(apart, beside)


def test_without_a_fraction_every_row_is_trained_on(model: Model) -> None:
    assert model.summary.rows == N_ROWS
    assert model.summary.validation_rows == 0
    assert model.summary.validation == {}
    assert model.summary.validation_loss is None


def test_validation_rows_change_nothing_that_is_learned(model: Model) -> None:
    other = FRAME.iloc[:10].assign(a=1e6, c="elsewhere", y=0.0)
    beside = nntrain.fit(FRAME, CONFIG, validation=other)
    assert beside.preprocessing == model.preprocessing
    assert np.array_equal(beside.networks[0].parameters.vector, model.networks[0].parameters.vector)
    assert beside.summary.training == model.summary.training
    assert beside.summary.validation_rows == 10


def test_validation_rows_from_a_file_are_those_of_the_dataframe(csv_path: Path) -> None:
    left = nntrain.fit(FRAME, CONFIG, validation=csv_path)
    assert same_training(left, nntrain.fit(FRAME, CONFIG, validation=FRAME))
    assert left.summary.validation == left.summary.training


@pytest.mark.parametrize("measure", ["fit", "evaluate"])
@pytest.mark.parametrize(
    ("cells", "dtype", "activation"),
    [
        ({"d": 1e300}, "float64", "sigmoid"),
        ({"d": 1e300}, "float64", "relu"),
        ({"d": 1.7e308}, "float64", "identity"),
        ({"y": 1e300}, "float64", "sigmoid"),
        ({"y": 1.7e308, "z": 1.7e308}, "float64", "sigmoid"),
        ({"d": 1e39}, "float32", "sigmoid"),
        ({"d": 1e39}, "float32", "relu"),
        ({"y": 1e39}, "float32", "sigmoid"),
    ],
)
def test_rows_far_from_those_of_training_are_measured_or_refused(
    tmp_path: Path, cells: dict[str, float], dtype: str, activation: str, measure: str
) -> None:
    config = replace(CONFIG, dtype=dtype, activation=activation, epochs=1)
    far = FRAME.assign(**{name: [value, *FRAME[name][1:]] for name, value in cells.items()})
    trained = nntrain.fit(FRAME, config)
    try:
        if measure == "fit":
            nntrain.fit(FRAME, config, validation=far).save(tmp_path / "model.npz")
            figures = nntrain.load_model(tmp_path / "model.npz").summary.validation
        else:
            figures = nntrain.evaluate(trained, far).targets
    except DataError as error:
        refused = str(error)
        figures = {}
    else:
        refused = ""
    numbers = [value for each in figures.values() for value in each.as_dict().values()]
    assert bool(refused) != bool(numbers)
    assert all(value is None or math.isfinite(value) for value in numbers)


def test_an_unfit_network_of_huge_outputs_is_measured_or_refused() -> None:
    frame = FRAME.assign(d=FRAME["d"] * 1e306)
    config = replace(
        CONFIG, standardize=False, epochs=0, activation="identity", hidden_layers=(4, 4)
    )
    try:
        figures = nntrain.fit(frame, config).summary.training
    except nntrain.NntrainError as error:
        figures, refused = {}, str(error)
    else:
        refused = ""
    numbers = [value for each in figures.values() for value in each.as_dict().values()]
    assert bool(refused) != bool(numbers)
    assert all(value is None or math.isfinite(value) for value in numbers)


@pytest.mark.parametrize(
    ("n_rows", "fraction", "all_rows"), [(1, 0.5, "1 row"), (3, 0.99, "3 rows")]
)
def test_a_fraction_that_leaves_no_row_to_train_on_is_an_error(
    n_rows: int, fraction: float, all_rows: str
) -> None:
    with pytest.raises(DataError) as caught:
        nntrain.fit(FRAME.iloc[:n_rows], replace(CONFIG, validation_fraction=fraction))
    assert str(caught.value) == (
        f"the DataFrame: has no rows left to train on: validation_fraction {fraction:g} holds out "
        f"all of its {all_rows}; lower it"
    )


def test_validation_rows_of_a_category_that_training_lacks_are_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    frame = pd.DataFrame({"group": [f"g{i}" for i in range(10)], "y": range(10)})
    caplog.set_level(logging.WARNING, "nntrain")
    nntrain.fit(frame, nntrain.Config(target=("y",), epochs=1, validation_fraction=0.3))
    assert caplog.messages == [
        "read as categories: 'group' (10)",
        "cells of a category not seen in training: 3 in 'group'",
    ]


def test_validation_rows_are_asked_for_once() -> None:
    with pytest.raises(UsageError) as caught:
        nntrain.fit(FRAME, replace(CONFIG, validation_fraction=0.5), validation=FRAME)
    assert str(caught.value) == (
        "validation rows are asked for twice: drop --validation, or set validation_fraction to 0"
    )


def test_a_validation_table_without_rows_is_an_error() -> None:
    with pytest.raises(DataError) as caught:
        nntrain.fit(FRAME, CONFIG, validation=FRAME.iloc[:0])
    assert str(caught.value) == "the DataFrame: has no rows to validate on"


def test_a_validation_table_needs_the_target() -> None:
    with pytest.raises(DataError) as caught:
        nntrain.fit(FRAME, CONFIG, validation=FRAME.drop(columns=["z"]))
    assert str(caught.value) == (
        "the DataFrame: has no column 'z', which the model needs; it has 'a', 'b', 'c', 'd', 'y'"
    )


# What comes out


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_epochs_save_the_initial_network(tmp_path: Path, dtype: str) -> None:
    config = replace(CONFIG, epochs=0, hidden_layers=(4, 3), dtype=dtype)
    nntrain.fit(FRAME, config).save(tmp_path / "model.npz")
    model = nntrain.load_model(tmp_path / "model.npz")
    initial = np.random.default_rng([CONFIG.seed, 1, 0, 0])
    sizes = model.networks[0].layer_sizes
    assert sizes[1:] == (4, 3, 2)
    for i, (w, b) in enumerate(
        zip(model.networks[0].parameters.weights, model.networks[0].parameters.biases, strict=True)
    ):
        limit = math.sqrt(6 / (sizes[i] + sizes[i + 1]))
        expected = initial.uniform(-limit, limit, (sizes[i + 1], sizes[i]))
        assert np.array_equal(w, expected.astype(dtype))
        assert not b.any()
    assert model.summary.epochs_trained == model.summary.iterations == 0
    assert model.summary.stopped_by == "epochs"
    assert model.summary.loss is None


def rms(values: list[float]) -> float:
    return math.sqrt(math.fsum(value * value for value in values) / len(values))


@pytest.mark.parametrize("target", ["y", "z"])
def test_metrics_are_those_worked_out_by_hand(target: str) -> None:
    rows, held_out = split(N_ROWS, 15, CONFIG.seed)
    model = nntrain.fit(FRAME, replace(CONFIG, validation_fraction=0.25))
    training_mean = math.fsum(FRAME[target].iloc[rows]) / len(rows)
    for part, metrics in ((rows, model.summary.training), (held_out, model.summary.validation)):
        y_true = FRAME[target].iloc[part].tolist()
        y_pred = model.predict(FRAME.iloc[part])[f"predicted_{target}"].tolist()
        errors = [p - t for p, t in zip(y_pred, y_true, strict=True)]
        own_mean = math.fsum(y_true) / len(y_true)
        deviation = rms([t - own_mean for t in y_true])
        found = metrics[target]
        assert found.rmse == pytest.approx(rms(errors), rel=1e-9)
        assert found.r2 == pytest.approx(1 - (rms(errors) / deviation) ** 2, rel=1e-9, abs=1e-9)
        assert found.mean_rmse == pytest.approx(rms([t - training_mean for t in y_true]), rel=1e-9)


def test_r2_is_none_where_all_true_values_are_the_same() -> None:
    model = nntrain.fit(FRAME, CONFIG, validation=FRAME.iloc[:5].assign(y=1000.0))
    assert model.summary.validation["y"].r2 is None
    assert model.summary.validation["z"].r2 is not None


def test_the_loss_of_the_summary_is_that_of_the_last_epoch() -> None:
    run = nntrain.TrainingRun.from_table(FRAME, replace(CONFIG, validation_fraction=0.25))
    results = [result for (result,) in run.epochs()]
    summary = run.model().summary
    assert [result.epoch for result in results] == [1, 2, 3]
    assert [result.iterations for result in results] == [3, 6, 9]
    assert summary.epochs_trained == 3
    assert summary.iterations == 9
    assert summary.loss == results[-1].loss
    assert summary.validation_loss == results[-1].validation_loss


def test_errors_are_those_of_the_true_values_as_they_stand() -> None:
    """Single precision cannot tell these targets apart; the error is that of the table's."""
    table = pd.DataFrame({"x": np.arange(50.0) / 50, "y": 1.7e9 + 100 * (np.arange(50.0) % 7)})
    config = nntrain.Config(target=("y",), standardize=False, dtype="float32", epochs=1, alpha=1e-9)
    model = nntrain.fit(table, config)
    metrics, again = model.summary.training["y"], nntrain.evaluate(model, table).targets["y"]
    assert (metrics.rmse, metrics.mean_rmse) == pytest.approx(
        (again.rmse, again.mean_rmse), rel=1e-12
    )
    assert metrics.mean_rmse == pytest.approx(float(table["y"].std(ddof=0)))


def test_weights_that_decay_by_more_than_they_are_are_named() -> None:
    config = replace(CONFIG, weight_decay=1e10, epochs=50)
    with pytest.raises(
        DivergedError, match="Weights decay by more than they are; try --set weight"
    ):
        nntrain.fit(FRAME, config)


def test_divergence_by_a_large_input_names_it() -> None:
    frame = pd.DataFrame({"area": [1e4, 2e4, 3e4, 5e4], "y": [1.0, 2.0, 3.0, 5.0]})
    config = nntrain.Config(target=("y",), standardize=False, alpha=10.0, batch_size=2)
    with pytest.raises(DivergedError) as caught:
        nntrain.fit(frame, replace(config, hidden_layers=()))
    assert str(caught.value) == (
        "training diverged in epoch 9, at its iteration 1: the loss or a weight is no longer a "
        "finite number. The learning rate is too large for this network and data; try --set "
        "alpha=0.1 and --set standardize=true; the largest input is 5e+04, of 'area'"
    )
