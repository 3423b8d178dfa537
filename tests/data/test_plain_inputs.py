"""Which inputs are plain: all that a linear model would have of a table, and no bin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn

EDGES = (0.0, 1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("minimum", "missing_rate", "edges", "expected"),
    [
        (0.0, 0.0, (), (True,)),
        (0.0, 0.5, (), (True, True)),
        (0.0, 0.0, EDGES, (True, False, False, False)),
        (0.0, 0.5, EDGES, (True, False, False, False, True)),
        (3.0, 0.5, (), (True,)),
    ],
)
def test_of_a_number_all_inputs_but_the_bins_are_plain(
    minimum: float, missing_rate: float, edges: tuple[float, ...], expected: tuple[bool, ...]
) -> None:
    column = NumericColumn("a", 1.5, 1.5, 1.0, minimum, 3.0, missing_rate, edges)
    assert column.plain_inputs == expected
    assert len(column.input_names) == len(expected)


def test_every_category_is_plain() -> None:
    assert CategoricalColumn("c", ("x", "y", "z")).plain_inputs == (True, True, True)


def test_the_plain_inputs_of_a_table_are_those_that_it_has_without_bins() -> None:
    a = np.where(np.arange(60) % 7 == 0, np.nan, np.arange(60.0))
    table = pd.DataFrame({"a": a, "c": ["u", "v", "w"] * 20, "b": np.arange(60) % 11})
    table["y"] = table["b"] * 2.0
    config = nntrain.Config(target=("y",), epochs=1)
    plain = nntrain.fit(table, config).preprocessing
    binned = nntrain.fit(
        table, nntrain.Config(target=("y",), epochs=1, numeric_encoding="piecewise_linear", bins=4)
    ).preprocessing
    assert plain.plain_inputs.all()
    assert np.array(binned.input_names)[binned.plain_inputs].tolist() == list(plain.input_names)
    assert np.count_nonzero(~binned.plain_inputs) == 8
