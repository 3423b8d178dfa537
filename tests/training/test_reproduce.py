"""A repeated run makes the same model, or its first difference is named."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pandas as pd
import pytest
from support.command import ROOT

import nntrain
from nntrain.errors import MissingExtraError
from nntrain.training.reproduce import Reproduction

TABLE = "sample_data/concrete.csv"


def table() -> pd.DataFrame:
    return pd.read_csv(ROOT / TABLE).iloc[:200]


def fitted(**keys: Any) -> nntrain.Model:
    defaults: dict[str, Any] = {"target": ("strength_mpa",), "epochs": 6, "hidden_layers": (5,)}
    return nntrain.fit(table(), nntrain.Config(**(defaults | keys)))


def compared(model: nntrain.Model) -> str:
    again = Reproduction(model, table())
    list(again.epochs())
    return again.difference()


def test_the_first_weight_that_differs_is_named() -> None:
    model = fitted()
    assert compared(model) == ""
    w2 = model.networks[0].parameters.weights[1]
    before = float(w2[0, 3])
    w2[0, 3] *= 1 + 1e-15
    w2[0, 4] += 1
    assert compared(model) == f"w2[0, 3]: {float(w2[0, 3])!s} in the model, {before!s} now"


def test_a_weight_of_an_ensemble_is_named_with_its_network() -> None:
    model = fitted(ensemble=2)
    model.networks[1].parameters.biases[0][2] += 1
    assert re.fullmatch(r"b1\[2\] of network 2: \S+ in the model, \S+ now", compared(model))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (
            {"nntrain_version": "0.0.1"},
            r"nntrain: 0\.0\.1 made the model, this is \S+; w1\[0, 0\].*",
        ),
        ({"versions": {"numpy": "1.0"}}, r"numpy: 1\.0 made the model, this is \S+; w1\[0, 0\].*"),
    ],
)
def test_another_version_explains_another_weight(changes: dict[str, Any], found: str) -> None:
    model = fitted()
    if "versions" in changes:
        changes = {"summary": dataclasses.replace(model.summary, **changes)}
    model = dataclasses.replace(model, **changes)
    assert compared(model) == ""  # a version alone makes no difference
    model.networks[0].parameters.weights[0][0, 0] += 1
    assert re.fullmatch(found, compared(model))


def test_a_model_without_a_fingerprint_cannot_be_compared() -> None:
    model = fitted()
    summary = dataclasses.replace(model.summary, fingerprint=None)
    assert compared(dataclasses.replace(model, summary=summary)) == (
        "data: the model keeps no fingerprint of it; an older nntrain made it"
    )


def test_the_engine_that_made_it_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted(engine="compiled")
    monkeypatch.setattr("nntrain.engine.backend._has_numba", lambda: False)
    with pytest.raises(MissingExtraError, match="engine: compiled needs the extra fast"):
        Reproduction(model, table())
