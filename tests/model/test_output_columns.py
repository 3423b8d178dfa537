"""The columns of the output: their names in order, and what the model must have for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.contributions import CONFIG, explained, frame, parts_of
from support.models import FRAME, checkpoint, model_of_kind

import nntrain
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions
from nntrain.errors import UsageError
from nntrain.model.output_columns import Extras, column_names, output_blocks
from nntrain.model.prediction import Predicted


def first_part(model: nntrain.Model) -> Predicted:
    reading = ReadOptions(CellFormat(model.preprocessing.missing_values, "."))
    with model.predicting(FRAME, reading) as (_, parts):
        return next(parts)


@pytest.mark.parametrize(
    ("kind", "extras", "names"),
    [
        ("textbook", {}, ["p_y"]),
        ("linear, two targets", {}, ["p_y", "p_z"]),
        ("ensemble", {"spread": True}, ["p_y", "p_y_spread"]),
        ("intervals", {"interval": 0.8}, ["p_y", "p_y_lower", "p_y_upper"]),
        (
            "textbook",
            {"explain": True},
            ["p_y", "p_y_baseline", "contribution_x", "contribution_c"],
        ),
        (
            "linear, two targets",
            {"explain": True},
            [
                "p_y", "p_z", "p_y_baseline", "p_z_baseline",
                *(f"contribution_{target}_{name}" for target in "yz" for name in "xcw"),
            ],
        ),
    ],
)  # fmt: skip
def test_names_and_values_of_the_columns(
    kind: str, extras: dict[str, Any], names: list[str]
) -> None:
    model = model_of_kind(kind)
    columns = model.output_columns(Extras(**extras), "p_")
    assert column_names(columns) == names
    part = first_part(model)
    values = np.vstack([block for _, block in output_blocks(part, columns)])
    assert values.shape == (60, len(names))
    n_targets = len(model.config.target)
    np.testing.assert_array_equal(values[:, :n_targets], part.values)
    if "explain" in extras:
        baselines = values[:, n_targets : 2 * n_targets]
        contributions = values[:, 2 * n_targets :].reshape(60, n_targets, -1)
        np.testing.assert_allclose(
            baselines + contributions.sum(axis=2), part.values, rtol=1e-9, atol=1e-6
        )


@pytest.mark.parametrize(
    ("kind", "extras", "message"),
    [
        ("textbook", {"spread": True}, "a spread needs an ensemble"),
        (
            "textbook",
            {"interval": 0.8},
            "an interval needs rows that the model has not learned from",
        ),
        ("intervals", {"interval": 0.999}, "an interval of level 0.999 takes"),
        ("intervals", {"interval": 80}, "an interval's level is a number above 0 and below 1"),
    ],
)
def test_what_the_model_does_not_have_is_refused(
    kind: str, extras: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        model_of_kind(kind).output_columns(Extras(**extras))


def test_an_unfinished_run_has_no_intervals_yet() -> None:
    model = checkpoint(1, calibration_fraction=0.3)
    with pytest.raises(UsageError) as caught:
        model.output_columns(Extras(interval=0.8))
    assert str(caught.value) == ("an unfinished run has no intervals yet; finish it: fit --resume")


def test_explained_rows_come_as_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of the first rows does not wait for those after them, which cost as much."""
    model = nntrain.fit(frame(3), CONFIG)
    monkeypatch.setattr("nntrain.model.output_columns.PREDICTIONS_AT_ONCE", 160)
    (part,) = parts_of(model, frame(3))
    blocks = list(output_blocks(part, model.output_columns(Extras(explain=True))))
    assert [rows for rows, _ in blocks[:2]] == [slice(0, 10), slice(10, 20)]
    assert len(blocks) == 30
    whole = explained(model, frame(3))
    np.testing.assert_allclose(np.vstack([values for _, values in blocks]), whole, rtol=1e-9)
