"""Long arrays that give memory back, and columns that grow as rows arrive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nntrain.arrays import Array
from nntrain.data.preprocessing import memory
from nntrain.data.preprocessing.memory import LONG, GrowingColumns, give_back, long_array
from nntrain.errors import OutOfMemoryError


def resident() -> int:
    """The bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_memory_is_given_back_from_a_row_on() -> None:
    array = long_array(4_000_000)
    before = resident()
    array[:] = 1.0
    assert resident() - before > 30_000_000
    part: Array = array[:3_999_999]
    give_back(part, 1_000_001)
    assert resident() - before < 12_000_000
    assert part[:1_000_001].tolist() == [1.0] * 1_000_001
    assert not part[1_010_000:].any()


def test_a_short_array_is_an_ordinary_one() -> None:
    array = long_array(10)
    array[:] = 1.0
    give_back(array, 0)
    assert array.tolist() == [1.0] * 10


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n_rows", [3, LONG])
def test_columns_grow_by_the_rows_that_are_added(n_rows: int, progress: float) -> None:
    columns = GrowingColumns(2)
    for start in range(0, 3 * n_rows, n_rows):
        first, second = columns.grow(n_rows, progress)
        first[:] = np.arange(start, start + n_rows)
        second[:] = -1.0
    first, second = columns.trimmed()
    assert np.array_equal(first, np.arange(3 * n_rows))
    assert np.array_equal(second, np.full(3 * n_rows, -1.0))


def test_the_room_of_growing_columns_follows_from_the_progress() -> None:
    columns = GrowingColumns(1)
    columns.grow(100, 0.1)
    assert 1000 <= len(columns.arrays[0]) <= 1100


@pytest.mark.parametrize(
    ("progress", "n_fit"),
    [
        (0.0, 10),  # not known: by the rows that there are
        (0.01, 10),  # too few to tell
        (0.5, 5),
        (1.0, 10),
    ],
)
def test_a_table_that_will_not_fit_is_refused_as_soon_as_that_is_known(
    progress: float, n_fit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "memory_limit", lambda: 10 * 2 * 8)
    columns = GrowingColumns(2)
    columns.grow(n_fit, progress)
    with pytest.raises(OutOfMemoryError) as caught:
        columns.grow(10_000_000, progress)
    size = (10_000_000 + n_fit) / (progress if progress > 0.05 else 1) * 16 / 1e9
    assert str(caught.value) == (
        f"the table takes {size:.2f} GB as numbers, and this process may take 0.00 GB; train on "
        f"fewer rows, or put columns under ignore"
    )


def test_an_array_that_the_system_has_no_room_for_says_what_takes_less() -> None:
    with pytest.raises(OutOfMemoryError) as caught:
        long_array(1 << 57)
    assert str(caught.value) == (
        "out of memory: no room for a column of 144,115,188,075,855,872 numbers; train on fewer rows, "
        "or put columns under ignore"
    )
