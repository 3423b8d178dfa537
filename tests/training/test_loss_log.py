"""The loss log: its lines, and how a resumed run continues it."""

from __future__ import annotations

import csv
import errno
import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.config.choices import DTYPES
from nntrain.engine.progress import EpochResult
from nntrain.errors import OutputError
from nntrain.training.loss_log import LossLog, header

rng = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": rng.normal(size=40), "y": rng.normal(size=40) + 1000.0})
CONFIG = nntrain.Config(target=("y",), hidden_layers=(5,), epochs=3, batch_size=16, seed=7)
HEADER = "epoch,iterations,loss,validation_loss,largest_update,seconds\n"
MEMBER_HEADER = HEADER.replace("epoch,", "epoch,member,")
RESULT = EpochResult(1, 2, 0.1 + 0.2, None, 5e-324, "")


def logged(config: nntrain.Config) -> tuple[list[EpochResult], str]:
    """The epochs of a training, and what is logged of them; each takes a quarter of a second."""
    file = io.StringIO()
    results = []
    with LossLog("loss.csv", file) as log:
        for (result,) in nntrain.TrainingRun.from_table(FRAME, config).epochs():
            results.append(result)
            log.add([result], 0.25 * result.epoch)
        text = file.getvalue()
    return results, text


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("fraction", [0.0, 0.25])
def test_numbers_of_the_loss_log_read_back_to_the_same_doubles(dtype: str, fraction: float) -> None:
    results, text = logged(replace(CONFIG, dtype=dtype, validation_fraction=fraction))
    lines = list(csv.DictReader(io.StringIO(text)))
    assert len(lines) == len(results) == 3
    for line, result in zip(lines, results, strict=True):
        validation = line["validation_loss"]
        assert int(line["epoch"]) == result.epoch
        assert int(line["iterations"]) == result.iterations
        assert float(line["loss"]) == result.loss
        assert float(line["largest_update"]) == result.largest_update
        assert (float(validation) if validation else None) == result.validation_loss
        assert line["seconds"] == f"{0.25 * result.epoch:.3f}"


def test_the_loss_log_has_a_header_and_a_line_an_epoch() -> None:
    file = io.StringIO()
    log = LossLog("loss.csv", file)
    log.add([RESULT], 1.23456)
    log.add([replace(RESULT, epoch=2, validation_loss=1e22)], 10)
    assert file.getvalue() == (
        "epoch,iterations,loss,validation_loss,largest_update,seconds\n"
        "1,2,0.30000000000000004,,5e-324,1.235\n"
        "2,2,0.30000000000000004,1e+22,5e-324,10.000\n"
    )


def test_no_epochs_leave_the_header_alone() -> None:
    assert logged(replace(CONFIG, epochs=0)) == (
        [],
        "epoch,iterations,loss,validation_loss,largest_update,seconds\n",
    )


def test_an_epoch_is_in_the_file_as_soon_as_it_is_logged(tmp_path: Path) -> None:
    path = tmp_path / "loss.csv"
    with path.open("w", encoding="utf-8") as file, LossLog(str(path), file) as log:
        assert len(path.read_text(encoding="utf-8").splitlines()) == 1
        log.add([RESULT], 0.0)
        assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_a_log_whose_reader_has_gone_is_written_no_further() -> None:
    reader, writer = os.pipe()
    with LossLog("-", os.fdopen(writer, "w", encoding="utf-8")) as log:
        log.add([RESULT], 0.0)
        received = os.read(reader, 1000).decode()
        os.close(reader)
        log.add([RESULT], 0.0)
        log.add([RESULT], 0.0)
    assert len(received.splitlines()) == 2


class Full(io.StringIO):
    """A file on a disk without room."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_log_that_cannot_be_written_is_an_error() -> None:
    with pytest.raises(OutputError) as caught:
        LossLog("loss.csv", Full())
    assert str(caught.value) == "loss.csv: cannot be written: No space left on device"


def test_networks_of_an_ensemble_have_a_line_each() -> None:
    file = io.StringIO()
    log = LossLog("loss.csv", file, networks=3)
    log.add([replace(RESULT, member=1), replace(RESULT, member=3, loss=2.0)], 0.5)
    assert file.getvalue() == (
        f"{MEMBER_HEADER}1,1,2,0.30000000000000004,,5e-324,0.500\n1,3,2,2.0,,5e-324,0.500\n"
    )
    assert header(3) == header(2) == MEMBER_HEADER.strip()


def test_a_log_that_continues_has_no_header_and_adds_up_seconds() -> None:
    file = io.StringIO()
    LossLog("loss.csv", file, 10.5).add([RESULT], 0.25)
    assert file.getvalue() == "1,2,0.30000000000000004,,5e-324,10.750\n"


def test_a_closed_log_is_written_no_further() -> None:
    file = io.StringIO()
    log = LossLog("loss.csv", file)
    log.close()
    log.close()
    log.add([RESULT], 0.0)
    log.sync()
    assert file.closed
