"""Random streams: one for each seed, purpose, member and epoch, the same in every version."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from support.strategies import SEEDS, WITHOUT_DEADLINE

from nntrain.engine.random_streams import (
    FOLDS,
    INITIAL_WEIGHTS,
    ROW_ORDER,
    VALIDATION_SPLIT,
    random_stream,
)

KEYS = st.tuples(
    SEEDS,
    st.sampled_from([INITIAL_WEIGHTS, ROW_ORDER, VALIDATION_SPLIT, FOLDS]),
    st.integers(0, 50),
    st.integers(0, 10_000),
)


def numbers_of(rng: np.random.Generator) -> list[int]:
    return [int(number) for number in rng.integers(0, 2**62, 4)]


def start_of(key: tuple[int, int, int, int]) -> list[int]:
    """The first numbers of a stream of (seed, purpose, member, epoch)."""
    seed, purpose, member, epoch = key
    return numbers_of(random_stream(seed, purpose, member, epoch))


@WITHOUT_DEADLINE
@given(KEYS, KEYS)
def test_streams_of_different_keys_differ(
    one: tuple[int, int, int, int], other: tuple[int, int, int, int]
) -> None:
    assume(one != other)
    assert start_of(one) != start_of(other)
    assert start_of(one) == start_of(one)


@WITHOUT_DEADLINE
@given(KEYS, st.integers(0, 3), st.integers(1, 5))
def test_streams_differ_where_one_part_of_the_key_does(
    key: tuple[int, int, int, int], part: int, step: int
) -> None:
    moved = list(key)
    moved[part] += step
    assume(moved[0] < 2**32)
    assert start_of(key) != start_of((moved[0], moved[1], moved[2], moved[3]))


@WITHOUT_DEADLINE
@given(KEYS)
def test_a_stream_is_numpys_of_seed_purpose_member_and_epoch(
    key: tuple[int, int, int, int],
) -> None:
    assert start_of(key) == numbers_of(np.random.default_rng(list(key)))


def test_purposes_have_the_documented_numbers() -> None:
    """A model file's seed means the same in every version."""
    assert (INITIAL_WEIGHTS, ROW_ORDER, VALIDATION_SPLIT, FOLDS) == (1, 2, 3, 5)


def test_member_and_epoch_are_0_where_they_do_not_apply() -> None:
    assert start_of((5, 1, 0, 0)) == numbers_of(random_stream(5, INITIAL_WEIGHTS))
