"""An interrupted run continues from its checkpoint to the same model, byte for byte."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.engine import epoch_slices
from nntrain.engine.batches import Samples
from nntrain.errors import UsageError
from nntrain.model.model import read_model
from nntrain.training import resume as resuming
from nntrain.training.fingerprint import fingerprint
from nntrain.training.run import TrainingRun

ENGINES = ["numpy", "compiled"]
MODES = ["batch", "stochastic", "mini-batch"]


def frame(n_rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n_rows, 2))
    y = np.sin(x[:, 0]) + x[:, 1]
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "w": rng.random(n_rows), "y": y})


def make_config(**keys: Any) -> nntrain.Config:
    defaults: dict[str, Any] = {"target": ("y",), "epochs": 5, "hidden_layers": (4,)}
    return nntrain.Config(**(defaults | keys))


def bytes_of(model: nntrain.Model, folder: Path) -> bytes:
    model.save(folder / "saved.npz")
    return (folder / "saved.npz").read_bytes()


@pytest.fixture
def tiny_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at the signal after every iteration, and no epoch short enough to be finished."""
    monkeypatch.setattr(epoch_slices, "SLICE_SECONDS", 1e-9)
    monkeypatch.setattr(epoch_slices, "FINISH_SECONDS", -1.0)


PLAIN: dict[str, Any] = {}
REMEMBERING = [
    {"optimizer": "momentum", "alpha_schedule": "linear", "activation": "silu"},
    {"optimizer": "nesterov", "weight_decay": 0.01, "keep": "best", "patience": 2},
    {"optimizer": "adam", "alpha_schedule": "cosine", "keep": "best"},
    {"optimizer": "adam", "keep": "best", "patience": 1, "ensemble": 3, "tau": 0.02},
    {"ensemble": 3, "numeric_encoding": "piecewise_linear", "clamp_predictions": True},
]


@pytest.mark.heavy
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("mode", "dtype", "more"),
    [
        *((mode, dtype, PLAIN) for mode in MODES for dtype in ("float64", "float32")),
        *(("mini-batch", "float32", keys) for keys in REMEMBERING),
        ("stochastic", "float64", REMEMBERING[3]),
        ("batch", "float64", REMEMBERING[3]),
    ],
)
def test_a_run_paused_after_every_iteration_ends_as_one_that_was_not(
    tmp_path: Path, mode: str, engine: str, dtype: str, more: dict[str, Any], tiny_slices: None
) -> None:
    config = make_config(
        batch_mode=mode, batch_size=7, engine=engine, dtype=dtype, weight="w", epochs=3,
        validation_fraction=0.2, **more,
    )  # fmt: skip
    whole = TrainingRun.from_table(frame(), config)
    expected = list(whole.epochs())
    found, pauses = [], 0
    path = tmp_path / "checkpoint.npz"
    while True:
        run = TrainingRun.from_table(frame(), config)
        if path.exists():
            run.resume(read_model(path))
        found += list(run.epochs(lambda: True))
        if run.is_finished:
            break
        pauses += 1
        run.checkpoint().save(path)
    assert found == expected
    assert more or pauses == {"batch": 0, "stochastic": 3 * 47, "mini-batch": 3 * 6}[mode]
    assert bytes_of(run.model(), tmp_path) == bytes_of(whole.model(), tmp_path)


def test_a_checkpoint_that_lacks_something_ends_elsewhere(
    tmp_path: Path, tiny_slices: None
) -> None:
    """The comparison above can fail: without the sum of the losses so far, it does."""
    config = make_config(batch_mode="mini-batch", batch_size=7)
    whole = TrainingRun.from_table(frame(), config)
    expected = list(whole.epochs())
    run = TrainingRun.from_table(frame(), config)
    list(run.epochs(lambda: True))
    run.trainings[0].progress = dataclasses.replace(run.trainings[0].progress, loss=0.0)
    assert next(run.epochs())[0].loss != expected[0][0].loss


def test_an_epoch_that_is_soon_over_is_finished_first() -> None:
    run = TrainingRun.from_table(frame(), make_config(batch_mode="stochastic"))
    assert [result.epoch for (result,) in run.epochs(lambda: True)] == [1, 2, 3, 4, 5]


def test_a_checkpoint_is_a_model_of_the_last_whole_epoch(tmp_path: Path, tiny_slices: None) -> None:
    config = make_config(batch_mode="stochastic")
    run = TrainingRun.from_table(frame(), config)
    epochs = run.epochs()
    next(epochs)
    expected = run.model().predict(frame())
    run = TrainingRun.from_table(frame(), config)
    epochs = run.epochs(lambda: run.trainings[0].last is not None)
    list(epochs)
    assert run.trainings[0].progress.rows_done == 1
    run.checkpoint().save(tmp_path / "c.npz")
    pd.testing.assert_frame_equal(nntrain.load_model(tmp_path / "c.npz").predict(frame()), expected)


def test_the_fingerprint_is_of_every_number() -> None:
    x, y = np.ones((4, 2)), np.zeros((4, 1))
    samples = Samples(x, y)
    others = [
        (Samples(x.copy(), y.copy()), None, True),
        (Samples(x * 2, y), None, False),
        (Samples(x, y + 1), None, False),
        (Samples(x, y, np.ones((4, 1))), None, False),
        (Samples(x, y), Samples(x, y), False),
        (Samples(x.astype("f4"), y.astype("f4")), None, False),
        (Samples(x.reshape(2, 4), y.reshape(2, 2)), None, False),
    ]
    for other, validation, same in others:
        assert (fingerprint(other, validation) == fingerprint(samples, None)) == same


# What may differ


def refusal(before: nntrain.Config, now: nntrain.Config, table: pd.DataFrame | None = None) -> str:
    """The differences for which the checkpoint of another run, after 2 epochs, is refused."""
    run = TrainingRun.from_table(frame(), before)
    epochs = run.epochs()
    next(epochs)
    next(epochs)
    other = TrainingRun.from_table(frame() if table is None else table, now)
    try:
        other.resume(run.checkpoint())
    except UsageError as error:
        first, _, found = str(error).partition("\n")
        assert first == (
            "the checkpoint is of another run; start anew without --resume, or undo the difference:"
        )
        return found
    return ""


def test_a_run_that_differs_is_not_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    before = make_config()
    data = "the data: the rows to train on, or those held out, are not the same"
    assert refusal(before, make_config()) == ""
    assert refusal(before, make_config(alpha=0.2)) == "alpha: 0.1 in the checkpoint, 0.2 now"
    assert refusal(before, make_config(epochs=4)) == (
        "epochs: 5 in the checkpoint, 4 now; it may only grow"
    )
    assert refusal(before, make_config(epochs=50)) == ""
    assert refusal(before, make_config(tau=1e-9)) == ""
    assert refusal(before, make_config(tau=9.0)) == (
        "tau: 9 would have stopped the run before this checkpoint"
    )
    assert refusal(before, make_config(threads=1, checkpoint_seconds=0)) == ""
    assert refusal(before, make_config(), frame().iloc[::-1]) == data
    assert refusal(before, make_config(seed=1, shuffle=False)) == (
        "shuffle: True in the checkpoint, False now\nseed: 0 in the checkpoint, 1 now"
    )
    assert refusal(before, make_config(engine="compiled")) == (
        "engine: 'auto' in the checkpoint, 'compiled' now\n"
        "engine: numpy made the checkpoint, compiled would go on; set engine: numpy"
    )
    assert refusal(make_config(validation_fraction=0.2), make_config(validation_fraction=0.3)) == (
        f"validation_fraction: 0.2 in the checkpoint, 0.3 now\n{data}"
    )
    monkeypatch.setattr(resuming, "__version__", "9.9")
    assert refusal(before, make_config()) == "nntrain: 0.1.0 made the checkpoint, this is 9.9"


def test_a_finished_model_is_no_checkpoint() -> None:
    run = TrainingRun.from_table(frame(), make_config())
    list(run.epochs())
    with pytest.raises(UsageError) as caught:
        TrainingRun.from_table(frame(), make_config()).resume(run.model())
    assert str(caught.value) == "that model is of a finished run; there is nothing to resume"


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_epochs_that_decide_how_alpha_falls_may_not_grow(schedule: str, tiny_slices: None) -> None:
    run = TrainingRun.from_table(frame(), make_config(alpha_schedule=schedule))
    next(run.epochs())
    longer = TrainingRun.from_table(frame(), make_config(alpha_schedule=schedule, epochs=9))
    with pytest.raises(UsageError) as caught:
        longer.resume(run.checkpoint())
    assert str(caught.value).split("\n")[1:] == [
        "epochs: 5 in the checkpoint, 9 now; it decides how α falls"
    ]


def test_more_epochs_end_as_a_run_of_so_many(tmp_path: Path) -> None:
    run = TrainingRun.from_table(frame(), make_config(epochs=3))
    list(run.epochs())
    more = TrainingRun.from_table(frame(), make_config(epochs=6))
    more.resume(run.checkpoint())
    list(more.epochs())
    whole = nntrain.fit(frame(), make_config(epochs=6))
    assert bytes_of(more.model(), tmp_path) == bytes_of(whole, tmp_path)


# Starting from another model


def test_a_run_starts_from_the_weights_and_preprocessing_of_a_model(tmp_path: Path) -> None:
    first = nntrain.fit(frame(), make_config())
    new = frame(30).assign(a=lambda table: table["a"] + 100)
    untrained = nntrain.fit(new, make_config(epochs=0), start=first)
    assert untrained.preprocessing == first.preprocessing
    pd.testing.assert_frame_equal(untrained.predict(frame()), first.predict(frame()))
    tuned = nntrain.fit(new, make_config(epochs=50), start=first)
    assert tuned.summary.training["y"].rmse < untrained.summary.training["y"].rmse
    assert tuned.summary.started_from == read_again(first, tmp_path)["checksum"]
    assert tuned.baseline.means.tolist() == pytest.approx([new["y"].mean()])


def read_again(model: nntrain.Model, folder: Path) -> dict[str, Any]:
    model.save(folder / "m.npz")
    with np.load(folder / "m.npz") as archive:
        header: dict[str, Any] = json.loads(archive["header"].item())
    return header


def test_a_model_of_another_architecture_is_no_start() -> None:
    first = nntrain.fit(frame(), make_config())
    with pytest.raises(UsageError) as caught:
        nntrain.fit(frame(), make_config(hidden_layers=(5,), activation="tanh"), start=first)
    assert str(caught.value) == (
        "the model to start from is of another architecture or other columns; make the config "
        "agree:\n"
        "hidden_layers: [4] in the model, [5] in the config\n"
        "activation: 'sigmoid' in the model, 'tanh' in the config"
    )
