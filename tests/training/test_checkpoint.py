"""The checkpoint file of a run: where it stands, when it is due, and what a new run makes of it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.errors import ModelFileError, OutputError, UsageError
from nntrain.training.checkpoint import Checkpointer
from nntrain.training.run import TrainingRun

rng = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": rng.normal(size=40), "y": rng.normal(size=40)})
CONFIG: dict[str, Any] = {"target": ("y",), "epochs": 4, "hidden_layers": (3,)}


def new_run(**keys: Any) -> TrainingRun:
    return TrainingRun.from_table(FRAME, nntrain.Config(**(CONFIG | keys)))


def checkpointed(path: Path) -> TrainingRun:
    """A run after its first epoch, whose checkpoint stands beside this model."""
    run = new_run()
    next(run.epochs())
    Checkpointer(run, str(path)).save()
    return run


def test_a_run_continues_after_the_epochs_of_its_checkpoint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "model.npz"
    first = checkpointed(path)
    caplog.set_level(logging.WARNING, "nntrain")
    second = new_run()
    Checkpointer(second, str(path)).begin(resume=True)
    assert (first.epochs_done, second.epochs_done) == (1, 1)
    assert caplog.messages == [f"{path}.checkpoint: goes on after epoch 1"]
    left, right = ([result for (result,) in run.epochs()] for run in (first, second))
    assert left == right
    assert [result.epoch for result in right] == [2, 3, 4]


def test_a_run_that_is_not_to_be_resumed_starts_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "model.npz"
    checkpointed(path)
    caplog.set_level(logging.WARNING, "nntrain")
    run = new_run()
    Checkpointer(run, str(path)).begin(resume=False)
    assert run.epochs_done == 0
    assert caplog.messages == [
        f"{path}.checkpoint: belongs to an earlier run, which --resume would have continued; until "
        f"this run has a checkpoint of its own it is .model.npz.checkpoint.nntrain-older"
    ]
    assert [each.name for each in tmp_path.iterdir()] == [".model.npz.checkpoint.nntrain-older"]


def test_the_checkpoint_of_an_earlier_run_is_back_where_a_run_fails_without_its_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "model.npz"
    checkpointed(path)
    checkpoint = tmp_path / "model.npz.checkpoint"
    content = checkpoint.read_bytes()
    checkpointer = Checkpointer(new_run(), str(path))
    checkpointer.begin(resume=False)
    checkpointer.put_back()
    assert checkpoint.read_bytes() == content
    checkpointer.begin(resume=False)
    checkpointer.save()
    checkpointer.put_back()
    assert checkpoint.read_bytes() != content
    assert list(tmp_path.iterdir()) == [checkpoint]


def test_without_a_checkpoint_a_run_starts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "model.npz"
    caplog.set_level(logging.WARNING, "nntrain")
    Checkpointer(new_run(), str(path)).begin(resume=False)
    assert caplog.messages == []
    Checkpointer(new_run(), str(path)).begin(resume=True)
    assert caplog.messages == [
        f"{path}.checkpoint: there is no checkpoint yet; the run starts from the beginning"
    ]


def test_the_checkpoint_of_another_run_or_a_damaged_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    checkpointed(path)
    checkpoint = tmp_path / "model.npz.checkpoint"
    content = checkpoint.read_bytes()
    with pytest.raises(UsageError, match="the checkpoint is of another run"):
        Checkpointer(new_run(seed=1), str(path)).begin(resume=True)
    assert checkpoint.read_bytes() == content
    checkpoint.write_bytes(content[:-9])
    with pytest.raises(ModelFileError):
        Checkpointer(new_run(), str(path)).begin(resume=True)
    assert checkpoint.read_bytes() == content[:-9]


def test_the_leftover_of_a_killed_process_is_removed(tmp_path: Path) -> None:
    leftover = tmp_path / ".model.npz.checkpoint.nntrain-part-0a1b2c3d"
    leftover.write_bytes(b"half")
    Checkpointer(new_run(), str(tmp_path / "model.npz")).begin(resume=False)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_is_due_when_its_seconds_have_passed(tmp_path: Path) -> None:
    seconds = 100.0
    run = new_run(checkpoint_seconds=30)
    checkpointer = Checkpointer(run, str(tmp_path / "model.npz"), lambda: seconds)
    assert not checkpointer.is_due()
    seconds = 129.9
    assert not checkpointer.is_due()
    seconds = 130.0
    assert checkpointer.is_due()
    checkpointer.save()
    assert not checkpointer.is_due()
    seconds = 160.0
    assert checkpointer.is_due()


def test_a_checkpoint_is_removed_once_or_more(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    run = checkpointed(path)
    checkpointer = Checkpointer(run, str(path))
    checkpointer.remove()
    checkpointer.remove()
    assert list(tmp_path.iterdir()) == []


def test_beside_a_device_there_is_no_checkpoint(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "nntrain")
    checkpointer = Checkpointer(new_run(), "/dev/null")
    assert checkpointer.path is None
    checkpointer.begin(resume=True)
    checkpointer.save()
    checkpointer.remove()
    assert caplog.messages == [
        "/dev/null.checkpoint: there is no checkpoint yet; the run starts from the beginning"
    ]
    assert not Path("/dev/null.checkpoint").exists()


def test_a_checkpoint_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "none" / "model.npz"
    with pytest.raises(OutputError) as caught:
        Checkpointer(new_run(), str(path)).save()
    assert str(caught.value) == (f"{path}.checkpoint: cannot be written: No such file or directory")


def test_programs_may_use_the_first_name_of_from_table() -> None:
    assert TrainingRun.on == TrainingRun.from_table
