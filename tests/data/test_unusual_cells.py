"""Cells that training was not for: counted at predict, and said once, by column."""

from __future__ import annotations

import dataclasses
import io
import logging
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.command import Run

import nntrain
from nntrain.config.keys import Config
from nntrain.data.notes import FarNumbers, MissingCells, Note, UnseenCategories
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.data.preprocessing.unusual_cells import UnusualCells
from nntrain.evaluation.check_predict import check_with_model

NAN = math.nan
CONFIG = Config(target=("y",), epochs=1, hidden_layers=())
TRAINING = pd.DataFrame({
    "a": [1.0, 2.0, 3.0, 5.0],
    "c": ["x", "y", "x", "y"],
    "flag": [7.0, NAN, 7.0, NAN],
    "y": [1.0, 2.0, 4.0, 3.0],
})  # fmt: skip
FAR = "numbers further outside the training range than it is wide: "


def numbers(low: float, high: float) -> NumericColumn:
    """A column with this training range."""
    return NumericColumn("a", low, low, 1.0, low, high, 0.0)


def notes_of(unusual: UnusualCells) -> list[Note]:
    notes: list[Note] = []
    unusual.note(notes.append)
    return notes


def test_a_kind_of_cells_is_noted_only_if_there_are_any() -> None:
    unusual = UnusualCells()
    unusual.add_missing("a", 0)
    unusual.add_unseen("b", 0)
    unusual.count(numbers(1.0, 5.0), np.array([-3.0, 9.0]))
    unusual.count(numbers(1.0, 5.0), np.empty(0))
    assert notes_of(unusual) == []
    unusual.add_missing("a", 2)
    unusual.add_missing("a", 3)
    assert notes_of(unusual) == [MissingCells({"a": 5})]


def test_all_kinds_are_counted_chunk_by_chunk() -> None:
    unusual, category = UnusualCells(), CategoricalColumn("c", ("x", "y"))
    for _ in range(2):
        unusual.count(numbers(1.0, 5.0), np.array([-3.1, NAN, 2.0, 9.1, 1e308, -3.0]))
        unusual.count(category, np.array([0.0, -1.0, 1.0]))
    assert notes_of(unusual) == [
        MissingCells({"a": 2}),
        UnseenCategories({"c": 2}),
        FarNumbers({"a": 6}, {"a": ("1", "5")}),
    ]


@given(
    st.floats(-1e308, 1e308), st.floats(-1e308, 1e308),
    st.lists(st.floats(allow_infinity=False), max_size=5),
)  # fmt: skip
@example(-1.7e308, 1.7e308, [1.7e308])
@example(0.0, 1.0, [-1.0, 2.0, -1.1, 2.1, NAN])
def test_the_count_is_that_of_one_cell_at_a_time(
    one: float, other: float, cells: list[float]
) -> None:
    low, high = sorted((one, other))
    unusual = UnusualCells()
    unusual.count(numbers(low, high), np.array(cells))
    far = [x for x in cells if low < high and max(low - x, x - high) > high - low]
    near_the_bound = any(
        abs(abs(x - bound) - (high - low)) <= 1e-12 * max(map(abs, (x, low, high)))
        for x in cells for bound in (low, high)
    )  # fmt: skip
    assert near_the_bound or unusual.far == ({"a": len(far)} if far else {})
    missing = sum(map(math.isnan, cells))
    assert unusual.missing == ({"a": missing} if missing else {})


def test_no_number_is_far_from_a_column_that_was_constant() -> None:
    """As of a constant column without missing cells, which is not even read: no input is made of it."""
    column = numbers(7.0, 7.0)
    assert not column.is_far(np.array([7.0, 1e9, NAN])).any()
    assert not column.is_outside(np.array([math.nextafter(7.0, 8), 1e9, NAN])).any()


NEW = "a,c,flag,y\n9,x,7,1\n9.5,x,1e6,2\n-100,z,,3\n,y,7,4\n3,x,7,2\n2,y,,4\n"
EXPECTED = FAR + "2 in 'a' (training: 1 to 5)"


@pytest.fixture
def model(folder: Path) -> nntrain.Model:
    (folder / "new.csv").write_text(NEW)
    trained = nntrain.fit(TRAINING, CONFIG)
    trained.save("model.npz")
    return trained


@pytest.mark.parametrize(
    "command", [["predict"], ["evaluate"], ["explain"], ["report", "-o", "r.html"]]
)
@pytest.mark.usefixtures("model")
def test_every_command_that_predicts_says_how_many_numbers_are_far(
    run: Run, command: list[str]
) -> None:
    result = run(*command, "new.csv", "-m", "model.npz")
    assert result.code == 0
    assert result.err.splitlines()[:3] == [
        "Note: missing cells taken as the training mean: 1 in 'a', 2 in 'flag'",
        "Note: cells of a category not seen in training: 1 in 'c'",
        f"Note: {EXPECTED}",
    ]


@pytest.mark.usefixtures("model")
def test_rows_that_are_left_out_are_not_counted(run: Run, folder: Path) -> None:
    (folder / "bad.csv").write_text("a,c,flag\n-100,x,bad\n-200,x,7\ninf,x,7\n2,x,7\n")
    result = run("predict", "bad.csv", "-m", "model.npz", "--on-bad-row", "skip")
    assert result.err.splitlines()[0] == f"Note: {FAR}1 in 'a' (training: 1 to 5)"


@pytest.fixture
def logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """What is logged, in `messages`."""
    monkeypatch.setattr(logging.getLogger("nntrain"), "propagate", True)
    return caplog


def test_the_library_logs_it(model: nntrain.Model, logged: pytest.LogCaptureFixture) -> None:
    model.predict(pd.read_csv(io.StringIO(NEW)))
    nntrain.evaluate(model, "new.csv")
    assert logged.messages.count(EXPECTED) == 2


def test_check_counts_the_same(model: nntrain.Model) -> None:
    verdict = check_with_model("new.csv", model)
    a, _, flag = verdict.columns
    assert (a.outside_range, a.far_outside_range) == (3, 2)
    assert (flag.outside_range, flag.far_outside_range) == (0, 0)
    assert verdict.warnings[0] == (
        "'a': 1 missing cell, none in training; taken as the training mean"
    )
    assert verdict.warnings[1] == (
        "'a': 3 numbers outside the range of training, 1 to 5; 2 of them further than it is wide"
    )


def test_rows_to_train_on_from_another_model_are_looked_at_too(
    model: nntrain.Model, logged: pytest.LogCaptureFixture
) -> None:
    nntrain.fit("new.csv", dataclasses.replace(CONFIG, epochs=0), start=model)
    assert EXPECTED in logged.messages
