"""Targets in disguise: learned as numbers, predicted as plain ones, and read again to be measured."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command import Run

import nntrain
from nntrain.data.notation.numbers import NumberNotation
from nntrain.errors import DataError

CONFIG = nntrain.Config(target=("price",), epochs=20, seed=1, engine="numpy")
X = np.arange(40.0)
PRICES = 900.0 + 12.5 * X
DISGUISED = pd.DataFrame({"x": X, "price": [f"${price:,.2f}" for price in PRICES]})
PLAIN = pd.DataFrame({"x": X, "price": PRICES})


@pytest.fixture
def notes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """What is logged, in `messages`."""
    monkeypatch.setattr(logging.getLogger("nntrain"), "propagate", True)
    caplog.set_level(logging.WARNING, "nntrain")
    return caplog


def test_a_target_in_disguise_is_learned_and_predicted_as_plain_numbers(
    notes: pytest.LogCaptureFixture,
) -> None:
    model = nntrain.fit(DISGUISED, CONFIG)
    assert notes.messages == ["read 'price' as numbers written as $1,234.5, such as '$900.00'"]
    (target,) = model.preprocessing.targets
    assert target.notation == NumberNotation(grouping=",", prefix="$")
    expected = nntrain.fit(PLAIN, CONFIG).predict(PLAIN)
    assert expected.dtypes.tolist() == [np.float64]
    pd.testing.assert_frame_equal(model.predict(DISGUISED), expected)
    pd.testing.assert_frame_equal(model.predict(DISGUISED[["x"]]), expected)


def test_evaluate_reads_the_target_as_it_was_written(tmp_path: Path) -> None:
    model = nntrain.fit(DISGUISED, CONFIG)
    found = nntrain.evaluate(model, DISGUISED)
    expected = nntrain.evaluate(nntrain.fit(PLAIN, CONFIG), PLAIN)
    assert found.targets == expected.targets
    wrong = DISGUISED.copy()
    wrong.loc[3, "price"] = "937.50 EUR"
    wrong.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError) as caught:
        nntrain.evaluate(model, tmp_path / "t.csv")
    assert str(caught.value) == (
        f"{tmp_path / 't.csv'}, line 5, column 'price': the target must be a number written as "
        f"$1,234.5, found '937.50 EUR'; correct the cell or choose another target"
    )


def test_a_target_in_disguise_may_lack_cells() -> None:
    some = DISGUISED.copy()
    some.loc[[0, 7], "price"] = ["", "NA"]
    config = replace(CONFIG, missing_target="skip")
    assert nntrain.fit(some, config).summary.training["price"].rows == 38


def test_the_commands_predict_plain_numbers_and_measure_disguised_ones(
    run: Run, folder: Path
) -> None:
    DISGUISED.to_csv(folder / "t.csv", index=False)
    (folder / "c.yaml").write_text("target: price\nepochs: 3\n")
    assert run("fit", "t.csv", "-c", "c.yaml", "-m", "m.npz", "-q").code == 0
    predicted = run("predict", "t.csv", "-m", "m.npz", "-q")
    assert predicted.code == 0
    numbers = [float(line) for line in predicted.out.splitlines()[1:]]
    assert len(numbers) == 40
    assert run("evaluate", "t.csv", "-m", "m.npz").code == 0
