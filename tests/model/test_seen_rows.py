"""What is said of rows that a model learned from, and when; and the sketch in the model's file."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.arrays import Array
from nntrain.data.preprocessing.encode_chunks import EncodedRows
from nntrain.data.readers.open import open_table
from nntrain.errors import DataError, ModelFileError, UsageError
from nntrain.model.archive import read_archive, write_archive
from nntrain.model.model import Model
from nntrain.model.seen_rows import SeenRowCounter, SeenRows
from nntrain.stats.row_sketch import MOST_KEPT

CONFIG = nntrain.Config(target=("y",), hidden_layers=(2,), epochs=1)
ADVICE = "expect larger errors on other rows. Measure on rows held out, or with nntrain cv"


def frame(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "y"])


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (
            SeenRows(1030, 1030, 1030),
            "100 % of these rows (1,030 of 1,030) are equal to rows that the model learned from: "
            + ADVICE,
        ),
        (
            SeenRows(20_000, 400, 196),
            "about 49 % of these rows (196 of 400 looked up) are equal to rows that the model "
            f"learned from: {ADVICE}; --unseen-only leaves them out",
        ),
        (
            SeenRows(1030, 1030, 103),
            "10 % of these rows (103 of 1,030) are equal to rows that the model learned from: "
            f"{ADVICE}; --unseen-only leaves them out",
        ),
        (SeenRows(1030, 1030, 102), ""),
        (SeenRows(3, 3, 3), f"100 % of these rows (3 of 3) are equal to rows that the model learned from: {ADVICE}"),
        (SeenRows(2, 2, 2), ""),
        (SeenRows(9000, 0, 0), ""),
        (SeenRows(1030, 1030, 0, are_left_out=True), ""),
        (SeenRows(1030, 1030, 1, are_left_out=True), "left out 1 row that the model learned from"),
        (
            SeenRows(20_000, 2400, 2000, are_left_out=True),
            "left out 2,000 rows that the model learned from, and 17,600 of which it cannot tell",
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_rows_that_a_model_learned_from(seen: SeenRows, expected: str) -> None:
    assert str(seen) == expected
    assert seen.are_notable == ("are equal to" in expected)


def test_the_numbers_are_json() -> None:
    assert SeenRows(9000, 400, 100).as_dict() == {"share": 0.25, "looked_up": 400, "found": 100}
    assert SeenRows(9000, 0, 0).as_dict() == {"share": None, "looked_up": 0, "found": 0}


# Counting and leaving out


def watched(model: Model, table: pd.DataFrame, *, unseen_only: bool) -> list[EncodedRows]:
    counter = SeenRowCounter(model.row_sketch, unseen_only=unseen_only)
    with open_table(table, model.preprocessing.read_options()) as source:
        return list(counter.watch(model.labelled(source), "t.csv"))


def test_a_part_taken_of_encoded_rows_is_those_rows() -> None:
    model = nntrain.fit(frame(20), CONFIG)
    table = frame(40, 5)
    with open_table(table, model.preprocessing.read_options()) as source:
        (whole,) = model.labelled(source)
    rows = np.arange(40) % 3 == 1
    part = whole.take(rows).take(np.arange(13) > 5)
    places = np.flatnonzero(rows)[6:]
    assert np.flatnonzero(part.kept).tolist() == places.tolist()
    assert np.array_equal(part.values, table[["a", "b"]].to_numpy()[places])
    assert np.array_equal(part.y_true[:, 0], table["y"].to_numpy()[places])
    assert np.array_equal(part.x, whole.x[places])
    assert np.array_equal(part.row_hashes, whole.row_hashes[places])


def test_leaving_no_row_is_an_error_that_says_what_to_do() -> None:
    model = nntrain.fit(frame(20), CONFIG)
    with pytest.raises(DataError) as caught:
        watched(model, frame(20), unseen_only=True)
    assert str(caught.value) == (
        "t.csv: --unseen-only leaves no row: the model learned from all 20 rows; name a table with "
        "other rows, or measure with nntrain cv"
    )


def large_model() -> Model:
    """A model that knows only some of its rows."""
    return nntrain.fit(frame(50_000), replace(CONFIG, epochs=0))


def test_leaving_no_row_of_a_part_of_a_large_table_is_an_error_too() -> None:
    model = large_model()
    assert model.row_sketch is not None
    with open_table(frame(50_000), model.preprocessing.read_options()) as source:
        hashes = np.concatenate([part.row_hashes for part in model.labelled(source)])
    covered = np.flatnonzero(model.row_sketch.covers(hashes))
    others = np.flatnonzero(~model.row_sketch.covers(hashes))
    assert len(covered) == MOST_KEPT
    table = frame(50_000)
    with pytest.raises(DataError) as caught:
        watched(model, table.iloc[[*covered[:5], *others[:7]]], unseen_only=True)
    assert str(caught.value) == (
        "t.csv: --unseen-only leaves no row: the model learned from all 5 rows that it can tell "
        "of; name a table with other rows, or measure with nntrain cv"
    )
    with pytest.raises(DataError) as caught:
        watched(model, table.iloc[others[:7]], unseen_only=True)
    assert str(caught.value) == (
        "t.csv: --unseen-only leaves no row: the model can tell of one row in 12 whether it "
        "learned from it, and of none of these; name more rows, or only rows held out, without the "
        "option"
    )


def test_a_model_that_does_not_know_its_rows_cannot_leave_them_out() -> None:
    with pytest.raises(UsageError) as caught:
        SeenRowCounter(None, unseen_only=True)
    assert str(caught.value) == (
        "--unseen-only: the model does not know the rows that it learned from: its config has "
        "row_sketch: false, or an older nntrain made it or the model that it started from; train "
        "it again with row_sketch: true, or name a table of rows held out"
    )


def test_what_is_found_is_logged_once_the_table_is_read(caplog: pytest.LogCaptureFixture) -> None:
    model = nntrain.fit(frame(20), CONFIG)
    caplog.set_level(logging.WARNING, "nntrain")
    caplog.clear()
    watched(model, frame(20), unseen_only=False)
    watched(model, pd.concat([frame(20), frame(30, 1)]), unseen_only=True)
    watched(model, frame(30, 1), unseen_only=False)
    watched(replace(model, row_sketch=None), frame(20), unseen_only=False)
    assert [record.getMessage() for record in caplog.records] == [
        f"t.csv: 100 % of these rows (20 of 20) are equal to rows that the model learned from: "
        f"{ADVICE}",
        "t.csv: left out 20 rows that the model learned from",
    ]


# The file


def test_a_sketch_survives_its_file(tmp_path: Path) -> None:
    for model in (nntrain.fit(frame(20), CONFIG), large_model()):
        model.save(tmp_path / "m.npz")
        loaded = nntrain.load_model(tmp_path / "m.npz").row_sketch
        assert loaded is not None
        assert model.row_sketch is not None
        assert loaded.is_complete == model.row_sketch.is_complete == (len(loaded.hashes) == 20)
        assert np.array_equal(loaded.hashes, model.row_sketch.hashes)


def test_a_file_without_a_sketch_is_valid_and_says_nothing_of_rows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Such a file is one of an older version: its config has no key for it, either."""
    nntrain.fit(frame(20), CONFIG).save(tmp_path / "m.npz")
    header, arrays = read_archive(tmp_path / "m.npz")
    del header["row_sketch"], header["config"]["row_sketch"], arrays["row_hashes"]
    write_archive(tmp_path / "older.npz", header, arrays)
    older = nntrain.load_model(tmp_path / "older.npz")
    assert older.row_sketch is None
    assert nntrain.evaluate(older, frame(20)).seen_rows is None
    assert not caplog.records


def edited(change: Callable[[Array], Array]) -> Callable[[dict[str, Array]], object]:
    return lambda arrays: arrays.update(row_hashes=change(arrays["row_hashes"]))


UNSOUND: dict[str, tuple[Callable[[dict[str, Array]], object], str]] = {
    "falling": (edited(lambda hashes: hashes[::-1]), "its row_hashes do not rise"),
    "twice": (edited(lambda hashes: np.repeat(hashes, 2)), "its row_hashes do not rise"),
    "empty": (edited(lambda hashes: hashes[:0]), "its row_hashes do not rise"),
    "signed": (
        edited(lambda hashes: hashes.astype("i8")),
        "row_hashes is int64 of shape (20,), its header says uint64 of (20,)",
    ),
    "a matrix": (
        edited(lambda hashes: hashes.reshape(4, 5)),
        "row_hashes is uint64 of shape (4, 5), its header says uint64 of (20,)",
    ),
    "missing": (
        lambda arrays: arrays.pop("row_hashes"),
        "it has the arrays ['b1', 'b2', 'header', 'w1', 'w2'], expects "
        "['b1', 'b2', 'header', 'row_hashes', 'w1', 'w2']",
    ),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_hashes_that_no_fit_wrote_are_refused(name: str, tmp_path: Path) -> None:
    edit, message = UNSOUND[name]
    nntrain.fit(frame(20), CONFIG).save(tmp_path / "m.npz")
    header, arrays = read_archive(tmp_path / "m.npz")
    edit(arrays)
    write_archive(tmp_path / "m.npz", header, arrays)
    with pytest.raises(ModelFileError) as caught:
        nntrain.load_model(tmp_path / "m.npz")
    assert str(caught.value) == f"{tmp_path}/m.npz: is not a valid model file: {message}"


@pytest.mark.parametrize("value", [None, {}, {"complete": 1}, "yes"])
def test_a_sketch_that_does_not_say_whether_it_is_complete_is_refused(
    value: object, tmp_path: Path
) -> None:
    nntrain.fit(frame(20), CONFIG).save(tmp_path / "m.npz")
    header, arrays = read_archive(tmp_path / "m.npz")
    write_archive(tmp_path / "m.npz", header | {"row_sketch": value}, arrays)
    with pytest.raises(ModelFileError) as caught:
        nntrain.load_model(tmp_path / "m.npz")
    assert str(caught.value) == (
        f"{tmp_path}/m.npz: is not a valid model file: its header has no valid 'complete'"
    )
