"""Loss logs are read as they were written, and what is no log is explained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nntrain.engine.progress import EpochResult
from nntrain.errors import DataError
from nntrain.training import loss_log_reader
from nntrain.training.loss_log import LossLog
from nntrain.training.loss_log_reader import read_log

HEADER = "epoch,iterations,loss,validation_loss,largest_update,seconds\n"
OF_MEMBERS = HEADER.replace("epoch,", "epoch,member,")
LINE = "1,4,0.5,,0.1,0.001\n2,8,0.25,,0.1,0.002\n3,12,0.125,,0.1,0.003\n"


def test_of_an_ensemble_the_mean_and_the_ends_are_read(tmp_path: Path) -> None:
    """Network 1 stops after two epochs and stays at its last loss, but moves no more."""
    path = tmp_path / "l.csv"
    path.write_text(
        OF_MEMBERS + "1,1,4,1.0,3.0,0.5,0.001\n1,2,4,3.0,5.0,0.1,0.001\n"
        "2,1,8,0.5,2.0,0.4,0.002\n2,2,8,1.5,1.0,0.2,0.002\n3,2,12,0.7,0.5,0.3,0.003\n"
    )
    log = read_log(str(path))
    assert log.epochs.tolist() == [1, 2, 3]
    assert log.loss.mean.tolist() == [2.0, 1.0, 0.6]
    assert log.loss.least.tolist() == [1.0, 0.5, 0.5]
    assert log.loss.largest.tolist() == [3.0, 1.5, 0.7]
    assert log.validation_loss
    assert log.validation_loss.mean.tolist() == [4.0, 1.5, 1.25]
    assert np.allclose(log.largest_update.mean, [0.3, 0.3, 0.3])
    assert log.largest_update.least.tolist() == [0.1, 0.2, 0.3]
    assert log.last_losses == (0.5, 0.7)
    assert log.last_loss == np.mean([0.5, 0.7])


@pytest.mark.parametrize(
    "rest", ["4,16,0.0", "4,16,0.06", "4,16,0.0625,,0.1,", "4,16,0.1,,0.1,0.0"]
)
def test_a_last_line_that_is_cut_off_does_not_count(tmp_path: Path, rest: str) -> None:
    path = tmp_path / "l.csv"
    path.write_text(HEADER + LINE + rest)
    assert read_log(str(path)).loss.mean.tolist() == [0.5, 0.25, 0.125]


def test_a_whole_last_line_counts_and_so_do_other_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_bytes((HEADER + LINE).rstrip("\n").replace("\n", "\r\n").encode())
    assert read_log(str(path)).loss.mean.tolist() == [0.5, 0.25, 0.125]


def test_a_log_may_begin_late(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text(HEADER + "7,28,0.5,,0.1,0.1\n")
    assert read_log(str(path)).epochs.tolist() == [7]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "l.csv: is empty; expects the log that `nntrain fit` writes"),
        (HEADER, "l.csv: holds no epoch yet"),
        (HEADER + "1,4,0.5", "l.csv: holds no epoch yet"),
        ("a,b\n1,2\n", "l.csv, line 1: expects the header of a loss log, "
         "'epoch,iterations,loss,validation_loss,largest_update,seconds', found 'a,b'; name a log "
         "that `nntrain fit` wrote"),
        (HEADER + LINE + "4,16\n", "l.csv, line 5: expects 6 cells, found 2"),
        (HEADER + LINE + "\n" + LINE, "l.csv, line 5: expects 6 cells, found 1"),
        (HEADER + LINE + "4,16,x,,0.1,0.1\n",
         "l.csv, line 5, column 'loss': expects a number, 0 or more, found 'x'"),
        (HEADER + LINE + "4,16,nan,,0.1,0.1\n",
         "l.csv, line 5, column 'loss': expects a number, 0 or more, found 'nan'"),
        (HEADER + LINE + "4,16,0.1,,0.1,soon\n",
         "l.csv, line 5, column 'seconds': expects a number, 0 or more, found 'soon'"),
        (HEADER + LINE + "4.5,16,0.1,,0.1,0.1\n",
         "l.csv, line 5, column 'epoch': expects a whole number, found '4.5'"),
        (HEADER + LINE + "6,16,0.1,,0.1,0.1\n",
         "l.csv, line 5: epoch 6 does not follow epoch 3; the log is not of one run"),
        (HEADER + LINE + LINE, "l.csv, line 5: epoch 1 does not follow epoch 3; the log is not of "
         "one run"),
        (OF_MEMBERS + "1,2,4,0.5,,0.1,0.1\n1,2,4,0.5,,0.1,0.1\n",
         "l.csv, line 3: epoch 1 of network 2 does not follow epoch 1 of network 2; the log is not "
         "of one run"),
        (HEADER + "1" * 2_000_000, "l.csv, line 2: is too long for a line of a loss log"),
    ],
)  # fmt: skip
def test_what_is_no_log_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("l.csv").write_text(content)
    with pytest.raises(DataError) as caught:
        read_log("l.csv")
    assert str(caught.value) == message


def test_a_log_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes(b"\xff\0e\n")
    with pytest.raises(DataError, match="line 1: expects the header of a loss log"):
        read_log(str(tmp_path / "l.csv"))


def test_what_is_written_is_read_to_the_same_doubles(tmp_path: Path) -> None:
    path = tmp_path / "loss.csv"
    results = [EpochResult(i, 3 * i, 0.1 * i, 1.0 / i, 5e-324, "") for i in range(1, 50)]
    with path.open("w") as file, LossLog(str(path), file) as log:
        for result in results:
            log.add([result], 0.0)
    read = read_log(str(path))
    assert read.path == str(path)
    assert read.epochs.tolist() == list(range(1, 50))
    assert read.loss.mean.tolist() == [result.loss for result in results]
    assert read.validation_loss is not None
    assert read.validation_loss.mean.tolist() == [result.validation_loss for result in results]
    assert read.largest_update.largest.tolist() == [5e-324] * 49
    assert (read.n_networks, read.last_loss) == (1, results[-1].loss)


def test_without_validation_rows_there_is_no_validation_curve(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text(HEADER + LINE)
    assert read_log(str(path)).validation_loss is None


def test_blocks_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.csv"
    path.write_text(HEADER + LINE)
    for block_bytes in (1, 7, 64):
        monkeypatch.setattr(loss_log_reader, "BLOCK_BYTES", block_bytes)
        assert read_log(str(path)).loss.mean.tolist() == [0.5, 0.25, 0.125]
