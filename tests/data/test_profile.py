"""What the profile of a column counts, whichever way the table is cut into chunks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from support.blocks import read_in_blocks

from nntrain.data.kinds import evidence
from nntrain.data.kinds import profile as module
from nntrain.data.kinds.profile import ColumnProfile, profile
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.table import Place

CELLS = CellFormat(("", "NA"))


def profiles(
    path: Path, text: str, monkeypatch: pytest.MonkeyPatch, block_bytes: int = 1 << 20
) -> dict[str, ColumnProfile]:
    path.write_text(text, encoding="utf-8")
    read_in_blocks(monkeypatch, block_bytes)
    with open_table(path, ReadOptions(CELLS)) as table:
        return {column.name: column for column in profile(table)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.csv"


@pytest.mark.parametrize("block_bytes", [1, 7, 1 << 20])
def test_cells_are_counted_by_kind(
    path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    text = "a,b\n1,x\n,y\n2.5,x\ninf,NA\nodd,3\n-4,y\n"
    found = profiles(path, text, monkeypatch, block_bytes)
    a, b = found["a"], found["b"]
    assert (a.n_rows, a.n_missing, a.n_numbers, a.n_infinite, a.n_texts) == (6, 1, 3, 1, 1)
    assert (a.minimum, a.maximum, dict(a.texts)) == (-4.0, 2.5, {"odd": 1})
    assert (b.n_rows, b.n_missing, b.n_numbers, b.n_infinite, b.n_texts) == (6, 1, 1, 0, 4)
    assert dict(b.texts) == {"x": 2, "y": 2}


def test_a_column_is_numeric_when_nine_tenths_of_its_cells_are_numbers(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = "".join(f"{i},{i}\n" for i in range(9))
    found = profiles(path, f"a,b\n{numbers}x,x\nx,9\n", monkeypatch)
    assert not found["a"].is_numeric  # 9 numbers, 2 texts
    assert found["b"].is_numeric  # 10 numbers, 1 text


def test_an_empty_column_and_a_constant_one_are_known(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = profiles(path, "a,b,c,d\n,1,x,1\nNA,1.0,x,\n", monkeypatch)
    assert found["a"].is_empty
    assert found["a"].is_constant
    assert found["b"].is_constant  # 1 and 1.0 are one number
    assert found["c"].is_constant
    assert not found["d"].is_constant  # a missing cell tells something too
    assert not found["d"].is_empty


@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        (range(1, 22), True),
        (range(21), True),
        (range(30, 4, -1), True),
        (range(1, 21), False),
        ([*range(20), 21], False),
        ([*range(20), 19], False),
        ([*range(20), "x", *range(20, 30)], False),
        ([*range(20), "", *range(20, 30)], False),
    ],
)
def test_more_than_twenty_numbers_each_of_them_once_count_the_rows(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    block_bytes: int,
    cells: Sequence[object],
    *,
    counts: bool,
) -> None:
    rows = "".join(f"{cell},0\n" for cell in cells)
    column = profiles(path, f"a,y\n{rows}", monkeypatch, block_bytes)["a"]
    assert column.running.counts_rows is counts


def test_columns_without_a_name_have_no_profile(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(profiles(path, "a,,b\n1,2,3\n", monkeypatch)) == ["a", "b"]


def test_a_table_without_rows_has_empty_profiles(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = profiles(path, "a\n", monkeypatch)["a"]
    assert (column.n_rows, column.is_empty, column.is_constant) == (0, True, True)


@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
def test_the_texts_of_all_cells_are_known_although_the_first_text_comes_late(
    path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    """However many cells were read as numbers before: `007` and `7` are no longer one."""
    column = profiles(path, "a\n007\n7\n1.50\nNA\nx\n", monkeypatch, block_bytes)["a"]
    assert (column.n_rows, column.n_missing, column.n_numbers, column.n_texts) == (5, 1, 3, 1)
    shapes = column.evidence.shapes.by_text
    found = {text: (s.example, s.n_cells, s.place.split(", ")[-1]) for text, s in shapes.items()}
    assert found == {
        "999": ("007", 1, "line 2"),
        "9": ("7", 1, "line 3"),
        "9.99": ("1.50", 1, "line 4"),
        "x": ("x", 1, "line 6"),
    }


def test_distinct_cells_are_kept_up_to_a_number_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DISTINCT", 3)
    monkeypatch.setattr(evidence, "MOST_TEXTS", 3)
    numbers, texts = ColumnProfile("a"), ColumnProfile("b")
    for start in range(0, 12, 4):
        numbers.add_numbers(np.arange(start, start + 4.0))
        cells = np.array([f"x{i % 6}" for i in range(start, start + 4)], dtype=object)
        texts.add_texts(cells, CELLS, lambda row: Place("t", "row", row))
    assert (numbers.n_numbers, len(numbers.values)) == (12, 3)
    assert (texts.n_texts, dict(texts.texts)) == (12, {"x0": 2, "x1": 2, "x2": 2})
    assert texts.evidence.is_cut
