"""Rows that a model learned from, in evaluate, explain and report: counted, and left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.arrays import Mask
from nntrain.errors import DataError
from nntrain.model.model import Model
from nntrain.model.seen_rows import SeenRows
from nntrain.report.measure import measure_report
from nntrain.stats.row_sketch import MOST_KEPT
from nntrain.training.split import split_rows

CONFIG = nntrain.Config(
    target=("y",), features=("a", "kind"), hidden_layers=(3,), epochs=2, calibration_fraction=0.2
)


def frame(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"a": rng.normal(size=n), "kind": rng.choice(["r", "g"], n)})
    return table.assign(y=table["a"] + rng.normal(size=n), g=rng.choice(["u", "v", "w"], n))


@pytest.fixture(scope="module")
def model() -> Model:
    """A model that knows all its training rows."""
    return nntrain.fit(frame(100), CONFIG)


@pytest.fixture(scope="module")
def large() -> Model:
    """A model that knows a sample of its training rows."""
    config = replace(CONFIG, epochs=1, batch_mode="batch", calibration_fraction=0.0)
    return nntrain.fit(frame(40_000), config)


def mixed(n_seen: int, n_new: int, n_trained: int) -> pd.DataFrame:
    """Training rows and new ones, in an order in which none stands for long among its own."""
    parts = [frame(n_trained)[:n_seen], frame(n_new, 1)]
    return pd.concat(parts).sample(frac=1, random_state=3).reset_index(drop=True)


def held_out() -> Mask:
    """The rows of the model's table (100,) by which it calibrated its intervals."""
    return np.isin(np.arange(100), split_rows(np.arange(100), CONFIG).calibration)


def test_rows_left_over_are_measured_as_a_table_without_the_others(model: Model) -> None:
    """Also of a table in blocks, of which some have training rows alone, and others none."""
    table, seen = mixed(100, 60, 100), frame(100)[~held_out()]
    without = table[~table["a"].isin(seen["a"])].reset_index(drop=True)
    assert len(without) == 80
    blocks = [seen, table, seen, without[:3], without[:0]]
    check_left_over(model, [table], without)
    check_left_over(model, blocks, pd.concat([without, without[:3]]))


def check_left_over(model: Model, blocks: list[pd.DataFrame], left: pd.DataFrame) -> None:
    """Check that of a table in blocks, everything measured is what the rows that are left give."""
    found = nntrain.evaluate(model, iter(blocks), by="g", interval=0.8, unseen_only=True)
    expected = nntrain.evaluate(model, left, by="g", interval=0.8)
    assert (found.targets, found.groups) == (expected.targets, expected.groups)
    assert found.findings == expected.findings
    explained = nntrain.explain(model, iter(blocks), unseen_only=True)
    assert explained.importance == nntrain.explain(model, left).importance
    report, plain = (
        measure_report(model, iter(blocks), unseen_only=True),
        measure_report(model, left),
    )
    assert (report.rows, report.intervals) == (plain.rows, plain.intervals)
    worst = [(row.y_true, row.cells) for row in report.targets["y"].worst]
    assert worst == [(row.y_true, row.cells) for row in plain.targets["y"].worst]


def test_every_command_counts_the_same(model: Model) -> None:
    table = mixed(100, 60, 100)
    seen = SeenRows(160, 160, 80)
    assert nntrain.evaluate(model, table).seen_rows == seen
    assert nntrain.evaluate(model, table).as_dict()["seen_rows"] == {
        "share": 0.5, "looked_up": 160, "found": 80,
    }  # fmt: skip
    assert nntrain.explain(model, table).seen_rows == seen
    assert nntrain.explain(model, table).as_dict()["seen_rows"] == seen.as_dict()
    assert measure_report(model, table).seen_rows == seen
    left_out = replace(seen, are_left_out=True)
    assert nntrain.evaluate(model, table, unseen_only=True).seen_rows == left_out
    assert nntrain.explain(model, table, unseen_only=True).seen_rows == left_out
    assert measure_report(model, table, unseen_only=True).seen_rows == left_out


@pytest.mark.parametrize("n_seen", [0, 2000, 20_000, 40_000])
def test_of_a_large_table_the_share_is_estimated_in_any_order(large: Model, n_seen: int) -> None:
    table = mixed(n_seen, 20_000, 40_000)
    found = nntrain.evaluate(large, table).seen_rows
    assert found is not None
    assert found.share is not None
    share = n_seen / len(table)
    error = (share * (1 - share) / found.looked_up) ** 0.5
    assert abs(found.share - share) <= 4 * error
    assert found.looked_up == pytest.approx(len(table) * MOST_KEPT / 40_000, rel=0.1)
    assert found.are_notable == (n_seen > 2000)
    shuffled = nntrain.evaluate(large, table.sample(frac=1, random_state=9)).seen_rows
    assert shuffled == found


def test_what_is_measured_of_a_large_table_is_a_sample_of_its_new_rows(large: Model) -> None:
    table = mixed(20_000, 20_000, 40_000)
    found = nntrain.evaluate(large, table, unseen_only=True)
    assert found.seen_rows is not None
    n_measured = found.seen_rows.looked_up - found.seen_rows.found
    metrics = found.targets["y"]
    assert metrics.rows == n_measured == pytest.approx(2000, rel=0.1)
    new_rows = nntrain.evaluate(large, frame(20_000, 1)).targets["y"]
    assert metrics.rmse == pytest.approx(new_rows.rmse, rel=4 / (2 * n_measured) ** 0.5)


def test_an_empty_table_is_what_it_was(model: Model) -> None:
    with pytest.raises(DataError, match="the DataFrame: has no row to evaluate on"):
        nntrain.evaluate(model, frame(0), unseen_only=True)


def test_a_single_row_left_over_is_too_few_to_shuffle(model: Model, tmp_path: Path) -> None:
    table = pd.concat([frame(100)[~held_out()], frame(1, 5)])
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match="has too few rows to shuffle"):
        nntrain.explain(model, tmp_path / "t.csv", unseen_only=True)
