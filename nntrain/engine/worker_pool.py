"""A pool of threads that share numbered pieces of work; NumPy lets threads run in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Condition, Thread

import numpy as np

Work = Callable[[int, int], object]
"""A function of the worker's number and the piece's number, both from 0."""


class WorkerPool:
    """A number of threads, the caller's among them; the others end with the `with` block."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._shifts: SimpleQueue[tuple[_Shift, int] | None] = SimpleQueue()
        self._ended: SimpleQueue[BaseException | None] = SimpleQueue()
        self._helpers: list[Thread] = []

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *error: object) -> None:
        for _ in self._helpers:
            self._shifts.put(None)
        self._helpers.clear()

    def run(self, n_pieces: int, work: Work, in_order: Work | None = None) -> None:
        """Call `work` for all pieces in parallel; then `in_order` for each piece, in order.

        A worker takes its next piece only after `in_order` of its last one has returned. Raises
        what either function raises, once every thread has stopped.
        """
        shift = _Shift(n_pieces, work, in_order)
        n_helpers = min(self.threads, n_pieces) - 1
        while len(self._helpers) < n_helpers:
            self._helpers.append(Thread(target=self._help, daemon=True))
            self._helpers[-1].start()
        for worker in range(1, n_helpers + 1):
            self._shifts.put((shift, worker))
        try:
            shift.take_part(0)
        finally:
            errors = [self._ended.get() for _ in range(n_helpers)]
        for error in errors:
            if error:
                raise error

    def _help(self) -> None:
        while task := self._shifts.get():
            shift, worker = task
            try:
                shift.take_part(worker)
            except BaseException as error:  # noqa: BLE001  (raised again by the caller's thread)
                self._ended.put(error)
            else:
                self._ended.put(None)


class _Shift:
    """One call of `WorkerPool.run`: the pieces that are left, and which piece is next in order."""

    def __init__(self, n_pieces: int, work: Work, in_order: Work | None) -> None:
        self.pieces: Iterator[int] = iter(range(n_pieces))
        self.work, self.in_order = work, in_order
        self.turn = 0
        self.has_failed = False
        self.changed = Condition()

    def take_part(self, worker: int) -> None:
        """Take pieces until none is left."""
        try:
            # Every thread has an error state of its own; the caller checks for numbers not finite.
            with np.errstate(all="ignore"):
                for piece in self.pieces:
                    self.work(worker, piece)
                    if self.in_order:
                        self._take_turn(worker, piece, self.in_order)
                    if self.has_failed:
                        return
        except BaseException:
            with self.changed:
                self.has_failed = True
                self.changed.notify_all()
            raise

    def _take_turn(self, worker: int, piece: int, in_order: Work) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.has_failed or self.turn == piece)
            if not self.has_failed:
                in_order(worker, piece)
                self.turn += 1
                self.changed.notify_all()
