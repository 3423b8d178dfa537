"""Threads: how many cores there are, and a `map` that computes results ahead of their use."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeAlias, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Drawn: TypeAlias = "tuple[Item, Future[Result]] | BaseException | None"
"""An item with its result to come, the exception that ended the items, or None at their end."""


def available_cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_ahead(
    items: Iterator[Item], work: Callable[[Item], Result], threads: int, *, may_wait: bool = False
) -> Generator[tuple[Item, Result], None, None]:
    """Each item with the result of `work(item)`, in order, computed a few items ahead.

    `work` runs on `threads` other threads. One more thread draws the items, so that a result is
    yielded as soon as it is done, even while the next item takes long to come. An exception of
    `items` or `work` is raised in the place of its item.

    Closing the generator waits until nothing draws on `items` any more; with `may_wait`, for items
    that may never come (a pipe), it does not wait.

    >>> list(map_ahead(iter([1, 2, 3]), str, threads=2))
    [(1, '1'), (2, '2'), (3, '3')]
    """
    drawn: Queue[Drawn[Item, Result]] = Queue(threads)
    is_over = Event()

    def draw() -> None:
        try:
            for item in items:
                if is_over.is_set():
                    return
                drawn.put((item, pool.submit(work, item)))
            drawn.put(None)
        except BaseException as error:  # noqa: BLE001  (raised again by the thread that iterates)
            drawn.put(error)

    with ThreadPoolExecutor(threads) as pool:
        drawer = Thread(target=draw, daemon=True)
        drawer.start()
        try:
            while entry := drawn.get():
                if isinstance(entry, BaseException):
                    raise entry
                item, result = entry
                yield item, result.result()
        finally:
            is_over.set()
            _empty(drawn)
            # A thread that is still reading a file while it is closed would go on with the next
            # file that gets the same descriptor.
            while drawer.is_alive() and not may_wait:
                drawer.join(0.01)
                _empty(drawn)


def _empty(queue: Queue[Drawn[Item, Result]]) -> None:
    """Take everything out, so that a thread that waits to put an entry in can end."""
    with contextlib.suppress(Empty):
        while True:
            queue.get_nowait()
