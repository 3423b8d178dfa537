"""Files that a released format version wrote stay readable: one of each is kept as it was written.

`python tests/model/test_golden.py` wrote them; a new format version adds files and changes none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.engine import epoch_slices
from nntrain.model.model import read_model
from nntrain.training.run import TrainingRun

GOLDEN = Path(__file__).parent / "golden"
FRAME = pd.DataFrame(
    {
        "size": [1.0, 2.5, np.nan, 4.0, 5.5, 7.0],
        "colour": ["red", "blue", "red", "green", "blue", "red"],
        "flag": [0.0, 1.0, 1.0, 0.0, 1.0, 0.0],
        "low": [1.0, 3.0, 2.0, 5.0, 4.0, 6.0],
        "high": [10.0, 20.0, 15.0, 40.0, 30.0, 70.0],
    }
)
CONFIG = nntrain.Config(
    target=("low", "high"), hidden_layers=(3, 2), activation="tanh", batch_mode="stochastic",
    epochs=4, seed=7, engine="numpy",
)  # fmt: skip
PREDICTIONS = {
    "model-format-1.npz": [
        [1.4124665608941305, 10.192396647768636],
        [1.9772677463300268, 14.20160872513214],
        [2.011976198411533, 14.679861453971558],
        [4.254592845285252, 42.23961603515459],
        [3.397079857739144, 26.93916805068758],
        [6.052589497810839, 57.47668389397561],
    ],
    "checkpoint-format-1.npz": [
        [1.5369664929678788, 13.35464746104341],
        [1.9818628791754922, 16.702364111174468],
        [2.1361476617880992, 17.922077022124142],
        [3.9460949668147327, 39.042333146155386],
        [3.9633758662523784, 34.50268702138737],
        [5.858025570855862, 53.11957081760382],
    ],
}


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_file_of_each_format_version_predicts_as_it_did(name: str) -> None:
    model = read_model(GOLDEN / name)
    np.testing.assert_allclose(
        model.predict(FRAME).to_numpy(), np.array(PREDICTIONS[name]), rtol=1e-12
    )
    assert (model.unfinished is not None) == name.startswith("checkpoint")
    assert model.config == CONFIG
    assert model.summary.rows == 6


def header_and_arrays(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name].tobytes() for name in archive.files if name != "header"}
        return json.loads(archive["header"].item()), arrays


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_file_that_is_saved_again_holds_the_same(name: str, tmp_path: Path) -> None:
    """Only config keys that are newer than the file are added."""
    header, arrays = header_and_arrays(GOLDEN / name)
    read_model(GOLDEN / name).save(tmp_path / name)
    again, arrays_again = header_and_arrays(tmp_path / name)
    assert list(arrays_again.items()) == list(arrays.items())
    assert again.pop("checksum") != header.pop("checksum")
    config, config_again = header.pop("config"), again.pop("config")
    assert {key: config_again[key] for key in config} == config
    assert json.dumps(again) == json.dumps(header)


def write() -> None:
    """Write a file of each kind, and print what they predict."""
    epoch_slices.SLICE_SECONDS, epoch_slices.FINISH_SECONDS = 1e-9, -1.0
    whole, part = TrainingRun.from_table(FRAME, CONFIG), TrainingRun.from_table(FRAME, CONFIG)
    for _ in whole.epochs():
        pass
    for _ in part.epochs(lambda: part.trainings[0].last is not None):
        pass
    for name, model in (("model", whole.model()), ("checkpoint", part.checkpoint())):
        model.save(GOLDEN / f"{name}-format-1.npz")
        print(name, model.predict(FRAME).to_numpy().tolist())


if __name__ == "__main__":
    write()
