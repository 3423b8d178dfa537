"""Ensembles: each network trains as it would alone, on any number of threads."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.ensembles import CONFIG, fitted, frame

import nntrain
from nntrain.engine.network import Network
from nntrain.engine.random_streams import INITIAL_WEIGHTS, random_stream
from nntrain.engine.training import Training
from nntrain.training.run import TrainingRun
from nntrain.training.split import hold_outs


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_each_network_is_what_it_would_be_alone(engine: str) -> None:
    config = dataclasses.replace(CONFIG, engine=engine, keep="last")
    run = TrainingRun.from_table(frame(), config)
    list(run.epochs())
    for j, training in enumerate(run.trainings):
        held_out = hold_outs(50, config)[j]
        kept = run.samples.take(~held_out)
        network = Network((2, 4, 3, 2))
        network.initialize(random_stream(0, INITIAL_WEIGHTS, member=j + 1))
        alone = Training(network, kept, training.hyperparameters, run.samples.take(held_out))
        results = list(alone.epochs())
        np.testing.assert_array_equal(network.parameters.vector, training.network.parameters.vector)
        assert training.last is not None
        loss = training.last.validation_loss
        assert results[-1].validation_loss == pytest.approx(loss, rel=1e-14)
        assert dataclasses.replace(results[-1], validation_loss=loss) == training.last
    vectors = [training.network.parameters.vector.tobytes() for training in run.trainings]
    assert len(set(vectors)) == 3


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize(
    "keys", [{}, {"patience": 1, "epochs": 30}, {"batch_mode": "batch"}], ids=str
)
def test_the_number_of_threads_changes_no_byte(
    engine: str, keys: dict[str, Any], tmp_path: Path
) -> None:
    files = []
    for threads in (1, 2, 3, 8):
        fitted(engine=engine, threads=threads, **keys).save(tmp_path / "m.npz")
        files.append((tmp_path / "m.npz").read_bytes())
    assert len(set(files)) == 1
    fitted(engine=engine, seed=1, **keys).save(tmp_path / "m.npz")
    assert (tmp_path / "m.npz").read_bytes() != files[0]


def test_a_network_that_diverges_is_named() -> None:
    with pytest.raises(nntrain.NntrainError, match=r"training diverged \(network 1\) in epoch "):
        fitted(alpha=1e150)
