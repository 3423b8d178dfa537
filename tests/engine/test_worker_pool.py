"""The worker pool: every piece is done once, turns come in order, and an error ends the run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import count

import pytest

from nntrain.engine.worker_pool import WorkerPool


def test_a_pool_does_every_piece_once_and_takes_turns_in_order() -> None:
    done: list[int] = []
    turns: list[int] = []
    workers: set[int] = set()

    def work(worker: int, piece: int) -> None:
        workers.add(worker)
        time.sleep(0.0005 * (piece % 3))
        done.append(piece)

    for threads in (1, 2, 5):
        workers.clear()
        with WorkerPool(threads) as pool:
            for n_pieces in (0, 1, 3, 40):
                done.clear()
                turns.clear()
                pool.run(n_pieces, work, lambda _, piece: turns.append(piece))
                assert sorted(done) == turns == list(range(n_pieces))
        assert workers <= set(range(threads))
        assert len(workers) > 1 or threads == 1


def test_a_worker_keeps_a_piece_until_its_turn_is_over() -> None:
    holds: dict[int, int] = {}

    def work(worker: int, piece: int) -> None:
        assert worker not in holds
        holds[worker] = piece
        time.sleep(0.001 * (3 - piece % 3))

    def turn(worker: int, piece: int) -> None:
        assert holds.pop(worker) == piece

    with WorkerPool(4) as pool:
        pool.run(40, work, turn)
    assert holds == {}


@pytest.mark.parametrize("in_turn", [False, True])
@pytest.mark.parametrize("failing_worker", [0, 1])
def test_an_error_in_any_thread_ends_the_run_and_is_raised(
    failing_worker: int, in_turn: bool
) -> None:
    started = threading.Barrier(2, timeout=10)
    numbers = count()

    def fail(worker: int, _piece: int) -> None:
        if worker == failing_worker:
            raise MemoryError("no room")

    def work(worker: int, piece: int) -> None:
        if next(numbers) < 2:
            started.wait()  # both threads have a piece
        if not in_turn:
            fail(worker, piece)

    turn: Callable[[int, int], None] = fail if in_turn else lambda *_: None
    with WorkerPool(2) as pool:
        with pytest.raises(MemoryError, match="no room"):
            pool.run(1000, work, turn)
        assert next(numbers) < 1000
        done: list[int] = []
        pool.run(3, lambda _, piece: done.append(piece))  # it can go on
        assert sorted(done) == [0, 1, 2]


def test_the_threads_of_a_pool_end_with_it() -> None:
    before = set(threading.enumerate())
    with WorkerPool(4) as pool:
        pool.run(8, lambda *_: time.sleep(0.001))
        helpers = set(threading.enumerate()) - before
        assert len(helpers) == 3
    for helper in helpers:
        helper.join(timeout=10)
        assert not helper.is_alive()
