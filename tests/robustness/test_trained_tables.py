"""Random tables of odd but legal cells that do train: what should agree, agrees.

Both engines give the same numbers up to rounding, CSV and JSON lines the same model, and a row is
predicted alike by itself. The `long` form tries more cases, with another seed.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.figures import tell
from support.sound_tables import as_csv, as_json_lines, sound_config, sound_table

import nntrain
from nntrain.config.yaml_file import parse_config

TOLERANCE = {"float64": 1e-7, "float32": 2e-3}
"""How far the engines' predictions may differ, in parts of a prediction, or of the target's spread."""


def lengths(short: int, long: int) -> pytest.MarkDecorator:
    """The seed and the number of cases: a short form, and a long one that is asked for."""
    marked = pytest.param(1, long, marks=pytest.mark.long)
    return pytest.mark.parametrize(("seed", "n_cases"), [(0, short), marked])


def fitted(path: Path, keys: dict[str, Any], engine: str) -> nntrain.Model | str:
    """The model of a table and a config, or why there is none."""
    try:
        return nntrain.fit(path, parse_config(json.dumps({**keys, "engine": engine})))
    except nntrain.NntrainError as error:
        return str(error).partition(":")[2]


def predicted(model: nntrain.Model, table: Path | pd.DataFrame) -> np.ndarray[Any, Any]:
    return model.predict(table)["predicted_y"].to_numpy(float)


@pytest.mark.heavy
@lengths(60, 4000)
def test_both_engines_both_formats_and_single_rows_agree_on_tables_that_train(
    folder: Path, seed: int, n_cases: int
) -> None:
    trained, refused = 0, list[str]()
    table, same = folder / "t.csv", folder / "t.jsonl"
    for case in range(n_cases):
        chosen = random.Random(f"{seed} {case}")
        columns, keys = sound_table(chosen), sound_config(chosen)
        if keys["optimizer"] == "adam":
            # With a small epsilon, adam makes steps of gradients that are nothing but rounding.
            keys["epsilon"] = 1e-3
        table.write_text(as_csv(columns, chosen), "utf-8", newline="")
        same.write_text(as_json_lines(columns), "utf-8")
        model = fitted(table, keys, "numpy")
        others = fitted(same, keys, "numpy"), fitted(table, keys, "compiled")
        if isinstance(model, str):
            assert all(isinstance(other, str) for other in others), (case, model, others)
            refused.append(model)
            continue
        trained += 1
        from_json, compiled = others
        assert isinstance(from_json, nntrain.Model), (case, from_json)
        assert isinstance(compiled, nntrain.Model), (case, compiled)
        assert from_json.checksum == model.checksum, case
        found = predicted(model, table)
        assert np.isfinite(found).all(), case
        np.testing.assert_array_equal(predicted(from_json, same), found, str(case))
        rounding = TOLERANCE[keys.get("dtype", "float64")]
        np.testing.assert_allclose(
            predicted(compiled, table), found, rounding, 10 * rounding, err_msg=str(case)
        )
        lines = same.read_text("utf-8").split("\n")
        for row in chosen.sample(range(len(found)), 3):
            (folder / "row.jsonl").write_text(lines[row] + "\n", "utf-8")
            assert predicted(model, folder / "row.jsonl") == found[row], (case, row)
    tell(f"{n_cases} tables tried, {trained} trained")
    assert trained >= 3 * n_cases / 4, refused


def test_a_table_that_does_not_train_is_no_agreement(folder: Path) -> None:
    """The check above counts what trained: a refusal is a text, and no model."""
    (folder / "t.csv").write_text("x,y\n1,2\n3,four\n")
    assert "four" in str(fitted(folder / "t.csv", {"target": "y"}, "numpy"))
