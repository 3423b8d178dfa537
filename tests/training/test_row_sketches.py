"""Which rows a model knows again as those that it learned from, against sets of the tables' rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import TableLike
from nntrain.model.model import Model
from nntrain.model.seen_rows import SeenRows
from nntrain.training.split import hold_outs, split_rows

N_ROWS = 120
COLUMNS = ["a", "flag", "kind", "y", "z"]
CONFIG = nntrain.Config(
    target=("y", "z"), hidden_layers=(2,), epochs=1, features=("a", "flag", "kind")
)


def frame(n: int = N_ROWS, seed: int = 0) -> pd.DataFrame:
    """Numbers with gaps and zeros of both signs, categories with an empty one, two targets."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "a": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n).round(3)),
        "flag": rng.choice([0.0, -0.0, 1.0], n),
        "kind": rng.choice(["red", "b,l\"ue", "é", ""], n),
        "y": (rng.normal(size=n) * 1e6).round(1),
        "z": rng.normal(size=n) / 3,
    })  # fmt: skip


def known(model: Model, table: TableLike) -> list[bool]:
    """For each row of a table, whether the model, which knows all its rows, learned from it."""
    assert model.row_sketch is not None
    assert model.row_sketch.is_complete
    with open_table(table, model.preprocessing.read_options()) as source:
        hashes = [part.row_hashes for part in model.labelled(source)]
    return [bool(is_known) for is_known in model.row_sketch.contains(np.concatenate(hashes))]


def marked(rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> list[bool]:
    return [row in rows for row in range(N_ROWS)]


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "t.csv": lambda table, path: table.to_csv(path, index=False),
    "t.tsv": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    "t.csv.gz": lambda table, path: table.to_csv(path, index=False),
    "t.jsonl": lambda table, path: table.to_json(
        path, orient="records", lines=True, double_precision=15
    ),
    "t.parquet": lambda table, path: table.to_parquet(path, index=False),
}


def row_texts(table: pd.DataFrame) -> list[str]:
    """Each row as a text; the two zeros, which are one number, have the same."""
    plain = table[COLUMNS].assign(flag=table["flag"] + 0.0)
    return [repr(row) for row in plain.itertuples(index=False, name=None)]


def exact(table: pd.DataFrame) -> pd.DataFrame:
    """The table with numbers that pandas writes without loss as JSON, too."""
    return table.assign(z=table["z"].round(6))


@pytest.mark.parametrize("fitted_from", [*WRITERS, "frame"])
def test_training_rows_are_known_from_every_format(fitted_from: str, tmp_path: Path) -> None:
    """In another order, with other columns beside, and among as many rows that are new."""
    old, new = exact(frame()), exact(frame(seed=1))
    for name, write in WRITERS.items():
        write(old, tmp_path / f"old-{name}")
    model = nntrain.fit(old if fitted_from == "frame" else tmp_path / f"old-{fitted_from}", CONFIG)
    mixed = pd.concat([old, new]).sample(frac=1, random_state=0)
    mixed = mixed[["z", "kind", "y", "flag", "a"]].assign(note="n")
    trained_on = set(row_texts(old))
    expected = [row in trained_on for row in row_texts(mixed)]
    assert sum(expected) == N_ROWS
    assert known(model, mixed) == expected
    for name, write in WRITERS.items():
        write(mixed, tmp_path / f"mixed-{name}")
        assert known(model, tmp_path / f"mixed-{name}") == expected


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("fractions", [(0.0, 0.0), (0.25, 0.0), (0.0, 0.25), (0.25, 0.25)])
def test_rows_held_out_are_not_learned_from(dtype: str, fractions: tuple[float, float]) -> None:
    validation, calibration = fractions
    config = replace(
        CONFIG, dtype=dtype, validation_fraction=validation, calibration_fraction=calibration
    )
    expected = marked(split_rows(np.arange(N_ROWS), config).training)
    assert known(nntrain.fit(frame(), config), frame()) == expected


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.7])
def test_of_an_ensemble_only_rows_that_every_network_held_out_are_not_learned_from(
    fraction: float,
) -> None:
    config = replace(CONFIG, ensemble=2, validation_fraction=fraction)
    held_out_by_all = np.logical_and.reduce(hold_outs(N_ROWS, config))
    assert known(nntrain.fit(frame(), config), frame()) == (~held_out_by_all).tolist()
    assert held_out_by_all.any() == (fraction > 0.5)


def test_rows_of_no_weight_are_not_learned_from() -> None:
    weights = np.arange(N_ROWS) % 3.0
    model = nntrain.fit(frame().assign(w=weights), replace(CONFIG, weight="w"))
    assert known(model, frame().assign(w=1.0)) == (weights > 0).tolist()


def test_rows_of_another_table_that_validates_are_not_learned_from() -> None:
    model = nntrain.fit(frame(), CONFIG, validation=frame(seed=1))
    assert not any(known(model, frame(seed=1)))


def test_a_run_that_started_from_a_model_knows_the_rows_of_both() -> None:
    first = nntrain.fit(frame(), CONFIG)
    second = nntrain.fit(frame(seed=1), CONFIG, start=first)
    assert all(known(second, frame()) + known(second, frame(seed=1)))
    assert not any(known(second, frame(seed=2)) + known(first, frame(seed=1)))


def test_where_rows_of_the_start_model_are_not_known_none_are() -> None:
    older = replace(nntrain.fit(frame(), CONFIG), row_sketch=None)
    assert nntrain.fit(frame(seed=1), CONFIG, start=older).row_sketch is None


def test_without_row_sketch_a_model_keeps_no_hash(tmp_path: Path) -> None:
    config = replace(CONFIG, row_sketch=False)
    model, with_hashes = nntrain.fit(frame(), config), nntrain.fit(frame(), CONFIG)
    assert model.row_sketch is None
    for each, name in ((model, "without.npz"), (with_hashes, "with.npz")):
        each.save(tmp_path / name)
    with np.load(tmp_path / "without.npz", allow_pickle=False) as archive:
        assert sorted(archive) == ["b1", "b2", "header", "w1", "w2"]
    size, larger = ((tmp_path / name).stat().st_size for name in ("without.npz", "with.npz"))
    assert 8 * N_ROWS < larger - size < 8 * N_ROWS + 500
    evaluation = nntrain.evaluate(model, frame())
    assert evaluation.seen_rows is None
    assert evaluation.targets == nntrain.evaluate(with_hashes, frame()).targets
    assert evaluation.as_dict()["seen_rows"] is None


def test_checkpoints_know_their_rows_too(tmp_path: Path) -> None:
    run = nntrain.TrainingRun.from_table(frame(), CONFIG)
    run.checkpoint().save(tmp_path / "c.npz")
    checkpoint = nntrain.load_model(tmp_path / "c.npz")
    assert nntrain.evaluate(checkpoint, frame()).seen_rows == SeenRows(N_ROWS, N_ROWS, N_ROWS)
