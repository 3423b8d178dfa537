"""Header and arrays: the parts of a model of each kind are written and read back, none missing."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.models import KINDS, checkpoint, model_of_kind

import nntrain
from nntrain.model.deserialize import model_parts
from nntrain.model.parts import ModelParts
from nntrain.model.records import FormatError
from nntrain.model.serialize import model_arrays, model_header

RESUMABLE: dict[str, Any] = {
    "ensemble": 2,
    "optimizer": "adam",
    "validation_fraction": 0.2,
    "patience": 2,
    "epochs": 6,
}


def json_header(model: nntrain.Model) -> dict[str, Any]:
    """The header of a model after it was JSON text."""
    header: dict[str, Any] = json.loads(json.dumps(model_header(model.parts), allow_nan=False))
    return header


def read_back(model: nntrain.Model) -> ModelParts:
    return model_parts(json_header(model), model_arrays(model.parts))


def comparable(value: Any) -> Any:
    """Facts and numbers as plain values that `==` compares bit for bit."""
    if isinstance(value, np.ndarray):
        # An optimizer that remembers nothing has a state without numbers, and none in the file.
        return (value.dtype.str, value.shape, value.tobytes()) if value.size else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: comparable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [comparable(item) for item in value]
    if hasattr(value, "parameters"):
        return (value.layer_sizes, value.activation, comparable(value.parameters.vector))
    return value


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_each_kind_is_read_back_whole(kind: str) -> None:
    model = model_of_kind(kind)
    assert comparable(read_back(model)) == comparable(model.parts)


@pytest.mark.parametrize("n_epochs", [0, 1, 3])
@pytest.mark.parametrize("keys", [{}, RESUMABLE], ids=["one network", "ensemble"])
def test_a_checkpoint_is_read_back_whole(n_epochs: int, keys: dict[str, Any]) -> None:
    model = checkpoint(n_epochs, **{"epochs": 6, **keys})
    assert comparable(read_back(model)) == comparable(model.parts)


def test_a_checkpoint_within_an_epoch_is_read_back_whole() -> None:
    """One network of two is within an epoch; the other has no parameters of its own there."""
    model = checkpoint(2, **RESUMABLE)
    assert model.unfinished is not None
    first, second = model.unfinished.progress
    within = replace(first, rows_done=32, loss=0.5, parameters=first.state[0])  # type: ignore[index]
    unfinished = replace(model.unfinished, progress=(within, second))
    model = replace(model, unfinished=unfinished)
    assert model_arrays(model.parts)["progress"].shape == (2, 28)
    assert comparable(read_back(model)) == comparable(model.parts)


def test_a_header_and_arrays_that_contradict_each_other_are_refused() -> None:
    model = model_of_kind("intervals")
    header, arrays = json_header(model), model_arrays(model.parts)
    for changed, found in [
        ({"scores": arrays["scores"][:-1]}, "its scores are not those of its rows"),
        ({"scores": arrays["scores"][:0]}, "its intervals have no scores"),
        ({"scores": arrays["scores"][::-1]}, "its scores do not rise from 0 or more"),
        ({"w1": arrays["w1"].T}, "w1 is float64 of shape"),
        ({"w9": arrays["w1"]}, "it has the arrays"),
    ]:
        with pytest.raises(FormatError, match=found):
            model_parts(header, arrays | changed)


@pytest.mark.parametrize("value", [None, [], "text", {}, {"networks": [{}]}])
def test_a_checkpoint_that_is_none_is_refused(value: object) -> None:
    model = checkpoint(1, **RESUMABLE)
    header = json_header(model) | {"checkpoint": value}
    with pytest.raises(FormatError, match=r"checkpoint|'networks'|'rows_done'"):
        model_parts(header, model_arrays(model.parts))
