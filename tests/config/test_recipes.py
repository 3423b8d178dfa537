"""The recipes of `init`: sound configs for a table of any size, and good ones for real tables."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from support.command import ROOT

import nntrain
from nntrain.config.recipes import RECIPES, accurate
from nntrain.config.suggest import suggest_config

SIZES = [1, 10, 500, 1_999, 2_000, 16_000, 20_000, 50_000, 500_000, 10_000_000]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("n_rows", SIZES)
def test_a_recipe_is_a_config_for_any_number_of_rows(recipe: str, n_rows: int) -> None:
    config = nntrain.Config(target=("y",), **RECIPES[recipe](n_rows))
    if recipe == "textbook":
        assert config == nntrain.Config(target=("y",))
    else:
        assert config.patience is not None
        assert 2 <= config.patience == config.epochs // 4


def test_more_rows_have_no_more_epochs_and_take_longer_in_all() -> None:
    for few, many in pairwise(SIZES):
        assert accurate(few)["epochs"] >= accurate(many)["epochs"] >= 8
        assert few * accurate(few)["epochs"] < many * accurate(many)["epochs"]


def test_the_textbook_recipe_is_the_default_of_every_key() -> None:
    table = pd.DataFrame({"x": np.arange(30.0) % 7, "y": np.arange(30.0) % 5})
    assert suggest_config(table, ("y",), recipe="textbook").config == nntrain.Config(target=("y",))


@pytest.mark.heavy
def test_the_accurate_recipe_beats_the_textbook_and_ridge_on_rows_not_seen() -> None:
    table = pd.read_csv(ROOT / "sample_data/energy.csv").drop(columns="cooling_load")
    test = table.sample(77, random_state=1)
    training = table.drop(index=test.index)
    errors = {}
    for recipe in RECIPES:
        model = nntrain.fit(
            training, suggest_config(training, ("heating_load",), recipe=recipe).config
        )
        metrics = nntrain.evaluate(model, test).targets["heating_load"]
        errors[recipe] = metrics.rmse
    assert metrics.ridge_rmse is not None
    assert errors["accurate"] < 0.2 * min(errors["textbook"], metrics.ridge_rmse)
    assert errors["accurate"] < 0.5
