"""Histograms in the header of a model file: kept whole, and refused where they are unsound."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.forging import forge

import nntrain
from nntrain.errors import ModelFileError
from nntrain.model.model import load_model


@pytest.fixture
def model(tmp_path: Path) -> nntrain.Model:
    table = pd.DataFrame({"x": [i * 2 for i in range(30)], "t": list("abc") * 10, "y": range(30)})
    model = nntrain.fit(table, nntrain.Config(target=("y",), epochs=1))
    model.save(tmp_path / "m.npz")
    return model


def test_histograms_are_kept_in_the_model_file(model: nntrain.Model, tmp_path: Path) -> None:
    assert load_model(tmp_path / "m.npz").histograms == model.histograms
    load_model(tmp_path / "m.npz").save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "m.npz").read_bytes()


def test_a_file_without_histograms_is_one_of_an_older_version(
    model: nntrain.Model, tmp_path: Path
) -> None:
    saved = (tmp_path / "m.npz").read_bytes()
    forge(tmp_path / "m.npz", saved, lambda header: header.pop("histograms"))
    older = load_model(tmp_path / "m.npz")
    assert older.histograms == ()
    assert older.preprocessing == model.preprocessing


@pytest.mark.parametrize(
    ("position", "changes", "message"),
    [
        (0, {"edges": [2.0, 1.0], "counts": [1, 1, 1, 0]}, "a histogram's edges do not rise"),
        (0, {"edges": ["1"]}, "a histogram's edges are not finite numbers"),
        (0, {"counts": [1, 2]}, "a histogram's counts are not those of its bins"),
        (
            0,
            {"edges": [1.0], "counts": [0, 0, 0]},
            "a histogram's counts are not those of its bins",
        ),
        (0, {"counts": [-1]}, "a histogram has an invalid count"),
        (0, {"counts": [2**53]}, "a histogram has an invalid count"),
        (0, {"counts": None}, "its header has no valid 'counts'"),
        (1, {"kept": [0, 3]}, "a histogram has an invalid category"),
        (1, {"kept": [-1, 0]}, "a histogram has an invalid category"),
        (1, {"kept": [1, 1]}, "a histogram has an invalid category"),
        (1, {"kept": []}, "a histogram has an invalid category"),
        (1, {"kept": [0.5]}, "a histogram has an invalid category"),
    ],
)
@pytest.mark.usefixtures("model")
def test_unsound_histograms_are_refused(
    tmp_path: Path, position: int, changes: dict[str, Any], message: str
) -> None:
    path = tmp_path / "m.npz"
    forge(path, path.read_bytes(), lambda header: header["histograms"][position].update(changes))
    with pytest.raises(ModelFileError, match=re.escape(f"is not a valid model file: {message}")):
        load_model(path)


@pytest.mark.parametrize("histograms", [None, [], {}, [None, None, None]])
@pytest.mark.usefixtures("model")
def test_histograms_of_other_features_are_refused(tmp_path: Path, histograms: Any) -> None:
    path = tmp_path / "m.npz"
    forge(path, path.read_bytes(), lambda header: header.update(histograms=histograms))
    with pytest.raises(ModelFileError, match="its histograms are not those of its features"):
        load_model(path)
