"""What a report measures, held against predictions that are made and counted one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.data.readers.table import Place
from nntrain.errors import DataError
from nntrain.report.measure import DataReport, measure_report
from nntrain.report.target_measure import N_WORST

N_ROWS = 200


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=(2, N_ROWS)).round(3)
    kind = rng.choice(["u", "v", ""], N_ROWS)
    gaps = np.where(rng.random(N_ROWS) < 0.2, np.nan, a)
    y = 2 * a - b + 3 * (kind == "u") + rng.normal(size=N_ROWS)
    return pd.DataFrame({"a": a, "b": b, "kind": kind, "gaps": gaps, "y": y, "z": 50 + b})


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    config = nntrain.Config(target=("y", "z"), epochs=3, calibration_fraction=0.2)
    return nntrain.fit(frame(), config)


@pytest.fixture(scope="module")
def report(model: nntrain.Model) -> DataReport:
    return measure_report(model, frame())


def residuals(model: nntrain.Model, target: str) -> np.ndarray:
    predicted = model.predict(frame())[f"predicted_{target}"]
    return (frame()[target] - predicted).to_numpy()


@pytest.mark.parametrize("target", ["y", "z"])
def test_the_worst_rows_are_those_with_the_largest_errors(
    model: nntrain.Model, report: DataReport, target: str
) -> None:
    errors = residuals(model, target)
    order = np.argsort(-np.abs(errors))[:N_WORST]
    worst = report.targets[target].worst
    assert [row.place for row in worst] == [Place("the DataFrame", "row", int(i)) for i in order]
    assert [row.residual for row in worst] == pytest.approx(errors[order])
    for row, i in zip(worst, order, strict=True):
        cells = frame().iloc[int(i)]
        assert row.y_true == cells[target]
        assert row.cells["kind"] == cells["kind"]
        assert row.cells["a"] == f"{cells['a']:.10g}"
        assert row.cells["gaps"] == ("" if np.isnan(cells["gaps"]) else f"{cells['gaps']:.10g}")


def test_residuals_are_counted_between_the_edges(model: nntrain.Model, report: DataReport) -> None:
    target, errors = report.targets["y"], residuals(model, "y")
    assert target.edges[[0, -1]] == pytest.approx([errors.min(), errors.max()])
    assert np.diff(target.edges) == pytest.approx((errors.max() - errors.min()) / 40)
    inside = [
        np.count_nonzero((errors >= low) & (errors < high))
        for low, high in zip(target.edges, target.edges[1:], strict=False)
    ]
    assert np.abs(np.array(target.counts) - inside).sum() <= 1  # the largest is in the last
    assert sum(target.counts) == N_ROWS


def test_ranges_follow_each_other_and_hold_the_error_of_their_rows(
    model: nntrain.Model, report: DataReport
) -> None:
    errors, y = residuals(model, "y"), frame()["y"].to_numpy()
    ranges = report.targets["y"].ranges
    assert [part.rows for part in ranges] == [N_ROWS // 8] * 8
    assert (ranges[0].low, ranges[-1].high) == (y.min(), y.max())
    for part in ranges:
        rows = (y >= part.low) & (y <= part.high)
        assert part.rmse == pytest.approx(np.mean(errors[rows] ** 2) ** 0.5)


def test_a_report_agrees_with_evaluate_and_explain(
    model: nntrain.Model, report: DataReport
) -> None:
    evaluation = nntrain.evaluate(model, frame())
    assert {name: target.metrics for name, target in report.targets.items()} == evaluation.targets
    assert report.findings == evaluation.findings
    assert report.importance.importance == nntrain.explain(model, frame()).importance
    for level, metrics in report.intervals.items():
        assert metrics == nntrain.evaluate(model, frame(), interval=level).targets
    assert set(report.intervals) == {0.5, 0.8, 0.9, 0.95}
    assert (report.rows, report.drawn, report.averaged) == (N_ROWS, N_ROWS, N_ROWS)
    assert report.weight is None
    assert report.seen_rows == evaluation.seen_rows
    assert str(report.seen_rows)


def test_effects_come_in_the_order_of_importance(report: DataReport) -> None:
    for target, effects in report.effects.items():
        order = [column.column for column in report.importance.importance[target]]
        assert [effect.column for effect in effects] == order


def test_of_many_rows_the_seed_chooses_those_that_are_drawn(
    model: nntrain.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nntrain.report.measure.MOST_DRAWN", 50)
    first, second = measure_report(model, frame()), measure_report(model, frame())
    assert first.drawn == len(first.targets["y"].y_true) == 50
    assert set(first.targets["y"].y_true) < set(frame()["y"])
    assert np.array_equal(first.targets["y"].y_true, second.targets["y"].y_true)
    assert sum(first.targets["y"].counts) == N_ROWS


def test_rows_without_weight_are_not_among_the_worst() -> None:
    table = frame().assign(w=[1.0, 0.0] * (N_ROWS // 2))
    model = nntrain.fit(table, nntrain.Config(target=("y",), ignore=("z",), weight="w", epochs=1))
    table.loc[1::2, "y"] = 1e6
    worst = measure_report(model, table).targets["y"].worst
    assert all(row.place.number % 2 == 0 for row in worst)
    weightless = measure_report(model, table.assign(w=0.0)).targets["y"].worst
    assert [row.y_true for row in weightless] == [1e6] * N_WORST


def test_one_row_is_too_few(model: nntrain.Model) -> None:
    with pytest.raises(DataError, match="the DataFrame: has too few rows to report on"):
        measure_report(model, frame().iloc[:1])
