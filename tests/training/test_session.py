"""A session as a library user runs it: a model, its checkpoint and its log, however it ends."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.resumed import OLDER_MODEL

import nntrain
from nntrain.engine import epoch_slices
from nntrain.errors import DataError, DivergedError, OutputError, UsageError
from nntrain.training.run import TrainingRun
from nntrain.training.session import FitSession, Outcome, SessionOptions, fit_session

rng = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": rng.normal(size=40), "y": rng.normal(size=40) + 5.0})
CONFIG = nntrain.Config(target=("y",), epochs=6, hidden_layers=(3,), checkpoint_seconds=10)


class Clock:
    """A clock that goes on by some seconds each time it is looked at."""

    def __init__(self, step: float) -> None:
        self.step, self.seconds = step, 1000.0

    def __call__(self) -> float:
        self.seconds += self.step
        return self.seconds


@pytest.fixture(autouse=True)
def in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def names() -> set[str]:
    return {path.name for path in Path().iterdir()}


def run_session(
    options: SessionOptions | None = None,
    epochs: int | None = None,
    config: nntrain.Config = CONFIG,
    model: str = "model.npz",
) -> tuple[list[int], Outcome]:
    """The epochs taken from a session, as many as it gives or fewer, and how it ended."""
    with fit_session(FRAME, config, model, "loss.csv", options) as session:
        taken = [results[0].epoch for results in itertools.islice(session.epochs(), epochs)]
        return taken, session.finish()


def logged_epochs(path: str = "loss.csv") -> list[int]:
    with Path(path).open() as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def log_without_seconds(path: str) -> list[str]:
    return [line.rpartition(",")[0] for line in Path(path).read_text().splitlines()]


def test_a_finished_session_leaves_the_model_that_fit_makes(tmp_path: Path) -> None:
    taken, outcome = run_session()
    assert taken == logged_epochs() == [1, 2, 3, 4, 5, 6]
    assert (outcome.ended, outcome.checkpoint) == ("finished", None)
    assert outcome.model is not None
    assert names() == {"loss.csv", "model.npz"}
    nntrain.fit(FRAME, CONFIG).save("fit.npz")
    assert Path("model.npz").read_bytes() == Path("fit.npz").read_bytes()


def test_a_session_ends_after_the_epoch_in_which_its_time_is_over() -> None:
    """The clock goes on by a second for each of the few looks at it in an epoch."""
    taken, outcome = run_session(SessionOptions(max_seconds=7.0, clock=Clock(1.0)))
    assert 1 <= len(taken) < 6
    assert outcome.ended == "time"
    assert outcome.model is not None
    assert outcome.model.summary.stopped_by == "time"
    assert outcome.checkpoint == Path("model.npz.checkpoint")
    assert names() == {"loss.csv", "model.npz", "model.npz.checkpoint"}
    assert logged_epochs() == taken


def test_a_session_that_is_told_to_stop_leaves_its_checkpoint_alone() -> None:
    Path("model.npz").write_bytes(OLDER_MODEL)
    asked: list[bool] = []

    def should_stop() -> bool:
        asked.append(True)
        return len(logged_epochs()) >= 2

    taken, outcome = run_session(SessionOptions(should_stop=should_stop))
    assert taken == [1, 2]
    assert outcome == Outcome("interrupted", None, Path("model.npz.checkpoint"))
    assert Path("model.npz").read_bytes() == OLDER_MODEL
    assert names() == {"loss.csv", "model.npz", "model.npz.checkpoint"}
    assert asked


@pytest.mark.parametrize("epochs", [0, 1, 4])
def test_a_caller_who_takes_no_more_epochs_interrupts_the_run(epochs: int) -> None:
    taken, outcome = run_session(epochs=epochs)
    assert taken == logged_epochs() == list(range(1, epochs + 1))
    assert outcome == Outcome("interrupted", None, Path("model.npz.checkpoint"))
    resumed = TrainingRun.from_table(FRAME, CONFIG)
    resumed.resume(nntrain.load_model("model.npz.checkpoint"))
    assert resumed.epochs_done == epochs


@pytest.mark.parametrize("config", [CONFIG, replace(CONFIG, ensemble=2)])
def test_a_resumed_session_ends_as_one_that_was_not_interrupted(config: nntrain.Config) -> None:
    run_session(config=config, model="whole.npz")
    Path("loss.csv").rename("whole.csv")
    for epochs in (2, 1):
        _, outcome = run_session(SessionOptions(resume=True), epochs, config)
        assert outcome.ended == "interrupted"
    taken, outcome = run_session(SessionOptions(resume=True), config=config)
    assert (taken, outcome.ended) == ([4, 5, 6], "finished")
    assert Path("model.npz").read_bytes() == Path("whole.npz").read_bytes()
    assert log_without_seconds("loss.csv") == log_without_seconds("whole.csv")
    assert names() == {"loss.csv", "model.npz", "whole.csv", "whole.npz"}


def test_a_session_stops_within_a_long_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epoch_slices, "SLICE_SECONDS", 1e-9)
    monkeypatch.setattr(epoch_slices, "FINISH_SECONDS", -1.0)
    config = nntrain.Config(target=("y",), epochs=6, batch_size=8)
    options = SessionOptions(should_stop=lambda: True)
    with fit_session(FRAME, config, "model.npz", options=options) as session:
        assert list(session.epochs()) == []
        assert session.finish().ended == "interrupted"
        assert session.run.next_epoch_fraction == 8 / 40
    assert names() == {"model.npz.checkpoint"}


def saved_after(session: FitSession) -> Iterator[tuple[int, bool]]:
    """Each epoch, with whether the checkpoint was written since the one before."""
    path, before = Path("model.npz.checkpoint"), 0
    for results in session.epochs():
        inode = path.stat().st_ino if path.exists() else 0
        yield results[0].epoch, inode != before
        before = inode


def test_checkpoints_are_saved_as_often_as_the_config_says() -> None:
    """Three looks at the clock between two epochs: nearly ten seconds at four seconds each."""
    with fit_session(FRAME, CONFIG, "model.npz", options=SessionOptions(clock=Clock(4))) as session:
        saved = [epoch for epoch, is_saved in saved_after(session) if is_saved]
        session.finish()
    assert 1 < len(saved) < 6
    never = SessionOptions(clock=Clock(0))
    with fit_session(FRAME, CONFIG, "model.npz", options=never) as session:
        assert not any(is_saved for _, is_saved in saved_after(session))


def test_the_log_can_be_a_stream_or_none() -> None:
    stream = io.StringIO()
    with fit_session(FRAME, CONFIG, "model.npz", stream) as session:
        n_lines = [len(stream.getvalue().splitlines()) for _ in session.epochs()]
        session.finish()
    assert stream.closed
    assert n_lines == [2, 3, 4, 5, 6, 7]
    with fit_session(FRAME, CONFIG, Path("other.npz")) as session:
        list(session.epochs())
        session.finish()
    assert names() == {"model.npz", "other.npz"}
    assert Path("model.npz").read_bytes() == Path("other.npz").read_bytes()


def test_a_session_takes_validation_rows_and_a_model_to_start_from() -> None:
    first = nntrain.fit(FRAME, CONFIG)
    options = SessionOptions(validation=FRAME.iloc[:10], start=first)
    _, outcome = run_session(options)
    assert outcome.model is not None
    expected = nntrain.fit(FRAME, CONFIG, FRAME.iloc[:10], first)
    assert outcome.model.summary == expected.summary
    assert outcome.model.summary.validation_rows == 10
    assert outcome.model.summary.started_from is not None


def test_another_session_for_the_same_model_is_refused_meanwhile() -> None:
    with fit_session(FRAME, CONFIG, "model.npz"):
        again = fit_session(FRAME, CONFIG, "model.npz")
        with pytest.raises(OutputError, match="another run of nntrain is about to write it"), again:
            pass
        with fit_session(FRAME, CONFIG, "other.npz"):
            pass
    assert names() == set()


@pytest.mark.parametrize(("model", "log"), [("none/m.npz", "l.csv"), ("m.npz", "none/l.csv")])
def test_a_file_that_cannot_be_written_is_an_error_before_any_work(model: str, log: str) -> None:
    session = fit_session("no-such-table.csv", CONFIG, model, log)
    with pytest.raises(OutputError, match="cannot be written: No such file or directory"), session:
        pass
    assert names() == set()


def test_an_error_leaves_no_lock_and_no_older_file_lost() -> None:
    Path("model.npz").write_bytes(OLDER_MODEL)
    with pytest.raises(DataError), fit_session(FRAME[["y"]], CONFIG, "model.npz", "loss.csv"):
        pass
    assert names() == {"model.npz"}
    config = nntrain.Config(target=("y",), alpha=1e9, activation="relu", epochs=60)
    with (
        pytest.raises(DivergedError),
        fit_session(FRAME, config, "model.npz", "loss.csv") as session,
    ):
        list(session.epochs())
    assert names() == {"loss.csv", "model.npz"}
    assert Path("model.npz").read_bytes() == OLDER_MODEL


def test_the_checkpoint_of_another_run_is_refused() -> None:
    run_session(epochs=1)
    with pytest.raises(UsageError, match="the checkpoint is of another run"):
        run_session(SessionOptions(resume=True), config=replace(CONFIG, seed=9))
    assert "model.npz.checkpoint" in names()


def test_no_epochs_finish_at_once() -> None:
    config = nntrain.Config(target=("y",), epochs=0)
    taken, outcome = run_session(config=config)
    assert (taken, outcome.ended) == ([], "finished")
    assert names() == {"loss.csv", "model.npz"}
