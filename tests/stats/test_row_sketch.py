"""The sketch of rows: against sets of hashes, and its estimates against the shares that are true."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.arrays import Hashes
from nntrain.stats.row_sketch import BLOCK_ROWS, MOST_KEPT, RowSketch, sketch_rows


def random_hashes(n: int, seed: int = 0) -> Hashes:
    return np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)


def contents(sketch: RowSketch) -> tuple[list[int], bool]:
    return sketch.hashes.tolist(), sketch.is_complete


@pytest.mark.parametrize("n", [1, MOST_KEPT - 1, MOST_KEPT, MOST_KEPT + 1, 2 * BLOCK_ROWS + 5])
@pytest.mark.parametrize("copies", [1, 3])
def test_it_keeps_the_smallest_hashes_of_the_set_of_all(n: int, copies: int) -> None:
    hashes = np.random.default_rng(1).permutation(np.repeat(random_hashes(n), copies))
    smallest = sorted(set(hashes.tolist()))[:MOST_KEPT]
    assert contents(sketch_rows(hashes)) == (smallest, n <= MOST_KEPT)


def test_many_rows_of_which_few_differ_are_all_kept() -> None:
    few = random_hashes(50)
    assert contents(sketch_rows(np.tile(few, 4000))) == (sorted(few.tolist()), True)


@pytest.mark.parametrize("n", [1, 2, 100, 30_000])
def test_what_it_says_of_a_hash_is_what_the_set_says(n: int) -> None:
    trained_on = random_hashes(n)
    asked = np.concatenate([trained_on[: n // 2 + 1], random_hashes(n, 7)])
    asked = np.append(asked, np.array([0, 2**64 - 1], np.uint64))
    sketch = sketch_rows(trained_on)
    covers, contains = sketch.covers(asked), sketch.contains(asked)
    limit = 2**64 if n <= MOST_KEPT else sorted(trained_on.tolist())[MOST_KEPT - 1]
    assert covers.tolist() == [hash_ <= limit for hash_ in asked.tolist()]
    in_set = np.isin(asked, trained_on)
    assert np.array_equal(contains[covers], in_set[covers])
    assert sketch.coverage == pytest.approx(1.0 if n <= MOST_KEPT else MOST_KEPT / n, rel=0.05)


@pytest.mark.parametrize(
    ("n_first", "n_second"), [(10, 20), (3000, 2000), (10, 9000), (9000, 8000)]
)
@pytest.mark.parametrize("n_common", [0, 10])
def test_a_union_is_the_sketch_of_the_rows_of_both(
    n_first: int, n_second: int, n_common: int
) -> None:
    first = random_hashes(n_first, 1)
    second = np.concatenate([random_hashes(n_second, 2), first[:n_common]])
    union = sketch_rows(first).united(sketch_rows(second))
    whole = sketch_rows(np.concatenate([first, second]))
    assert contents(union) == contents(whole)
    assert contents(sketch_rows(second).united(sketch_rows(first))) == contents(whole)


def test_a_union_with_a_smaller_sketch_tells_only_of_what_both_tell() -> None:
    """A version that keeps fewer hashes may have written one of them."""
    first, second = random_hashes(9000, 1), random_hashes(9000, 2)
    smaller = RowSketch(sketch_rows(first).hashes[:100], is_complete=False)
    known = [hash_ for hash_ in np.union1d(first, second).tolist() if hash_ <= smaller.hashes[-1]]
    assert contents(smaller.united(sketch_rows(second))) == (known, False)
    assert contents(sketch_rows(second).united(smaller)) == (known, False)


@pytest.mark.parametrize("seen", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("n_asked", [500, 5_000, 50_000])
def test_the_share_is_that_of_all_rows_within_its_standard_error(seen: float, n_asked: int) -> None:
    """Each of twenty tables: within 4 standard errors; their mean: within 4 of the mean's.

    The number that is looked up varies, too, so a single table counts with its own.
    """
    deviations, n_seen = [], round(seen * n_asked)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        trained_on = random_hashes(100_000, 100 + seed)
        sketch = sketch_rows(trained_on)
        asked = np.concatenate([rng.choice(trained_on, n_seen, replace=False),
                                random_hashes(n_asked - n_seen, 200 + seed)])  # fmt: skip
        covered = sketch.covers(asked)
        n_looked_up = int(covered.sum())
        share = int((covered & sketch.contains(asked)).sum()) / n_looked_up
        if seen in (0.0, 1.0):
            assert share == seen
            continue
        deviations.append((share - seen) / np.sqrt(seen * (1 - seen) / n_looked_up))
    if deviations:
        assert max(map(abs, deviations)) < 4
        assert abs(np.mean(deviations)) < 4 / np.sqrt(len(deviations))
