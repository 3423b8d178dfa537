"""Permutation importance where the answer is known, and by the slow, obvious form."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from support.linear import linear_frame, linear_model

import nntrain
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.engine.random_streams import EXPLANATION, random_stream
from nntrain.errors import DataError
from nntrain.evaluation.importance import permutation_importance

N_ROWS = 4000


def frame() -> pd.DataFrame:
    return linear_frame(N_ROWS)


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    return linear_model(N_ROWS)


def test_a_linear_model_loses_what_its_weights_say(model: nntrain.Model) -> None:
    """Shuffling puts x' of the same distribution in place of x: E (w x - w x')² = 2 w² var x."""
    found = nntrain.explain(model, frame(), repeats=4)
    assert max(found.rmse["y"], found.rmse["z"] / 100) < 1e-3
    table = frame()
    expected = {
        "a": 3 * table["a"].std(),
        "b": 2 * table["b"].std(),
        "text": 1.5 * (table["text"] == "u").std(),
        "gaps": 2.0 * table["gaps"].isna().std(),
        "c": 0.0,
    }
    importance = {column.column: column for column in found.importance["y"]}
    assert [column.column for column in found.importance["y"]] == ["a", "b", "gaps", "text", "c"]
    for column, deviation in expected.items():
        assert importance[column].mean == pytest.approx(2**0.5 * deviation, rel=0.05, abs=1e-3)
        assert importance[column].deviation < 0.05 * max(deviation, 0.02)
    assert found.importance["z"][0].column == "c"
    assert found.importance["z"][0].mean == pytest.approx(141, rel=0.05)
    assert max(abs(column.mean) for column in found.importance["z"][1:]) < 0.1


def test_shuffles_are_seeded_and_the_table_is_not_changed(model: nntrain.Model) -> None:
    table = frame()
    found = nntrain.explain(model, table, repeats=2)
    assert nntrain.explain(model, table, repeats=2) == found
    config = dataclasses.replace(model.config, seed=1)
    assert nntrain.explain(dataclasses.replace(model, config=config), table, repeats=2) != found
    pd.testing.assert_frame_equal(table, frame())


def test_rows_count_by_their_weight(model: nntrain.Model) -> None:
    """Rows without weight could be anything."""
    table = frame().assign(w=[1.0, 0.0] * (N_ROWS // 2))
    config = dataclasses.replace(model.config, weight="w")
    weighted = dataclasses.replace(model, config=config)
    wild = table.assign(y=table["y"].where(table["w"] > 0, 1e6))
    found = nntrain.explain(weighted, wild, repeats=1)
    assert found.rmse["y"] < 1e-3
    assert found.importance["y"][0].mean == pytest.approx(3 * 2**0.5, rel=0.1)


def test_a_row_alone_cannot_be_shuffled(model: nntrain.Model) -> None:
    with pytest.raises(DataError, match="has too few rows to shuffle"):
        nntrain.explain(model, frame().iloc[:1])


def test_it_is_the_error_of_predictions_with_the_column_shuffled(model: nntrain.Model) -> None:
    """The table is shuffled itself, and predicted anew."""
    table = frame().iloc[:200]
    explanation = nntrain.explain(model, table, repeats=2)

    def rmse(shuffled: pd.DataFrame) -> float:
        errors = model.predict(shuffled)["predicted_y"].to_numpy() - table["y"].to_numpy()
        return float(np.mean(errors**2) ** 0.5)

    columns = {column.column: column for column in explanation.importance["y"]}
    for i, feature in enumerate(model.preprocessing.features):
        lost = []
        for k in (1, 2):
            order = random_stream(model.config.seed, EXPLANATION, i, k).permutation(200)
            cells = table[feature.name].to_numpy()[order]
            lost.append(rmse(table.assign(**{feature.name: cells})) - rmse(table))
        assert columns[feature.name].mean == pytest.approx(np.mean(lost), abs=1e-9)
        assert columns[feature.name].deviation == pytest.approx(np.std(lost, ddof=1), abs=1e-9)


def test_encoded_rows_are_restored_and_a_single_shuffle_has_no_deviation(
    model: nntrain.Model,
) -> None:
    cells = CellFormat(model.preprocessing.missing_values)
    with open_table(frame().iloc[:50], ReadOptions(cells)) as source:
        (part,) = model.labelled(source)
    before = part.x.copy()
    explanation = permutation_importance(model, part.x, part.y_true, None, 1)
    assert np.array_equal(part.x, before)
    assert (explanation.rows, explanation.repeats) == (50, 1)
    for columns in explanation.importance.values():
        assert [column.deviation for column in columns] == [0.0] * 5
        means = [column.mean for column in columns]
        assert means == sorted(means, reverse=True)
