"""Threads: how many there may be, and work done ahead of whoever wants its results."""

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


def available_cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_ahead(
    items: Iterator[Item], work: Callable[[Item], Result], threads: int, *, may_wait: bool = False
) -> Generator[tuple[Item, Result], None, None]:
    """Each item with what `work` makes of it, in order, a few items ahead on other threads.

    Items are drawn by a thread of their own, so that a result is there as soon as it is done, even
    while the next item is long in coming. Raises what `items` or `work` raise, in its place. When
    it is closed nothing draws on `items` any more, unless they `may_wait`, as for a pipe.
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
        except BaseException as error:  # noqa: BLE001  (raised again by the thread that asked)
            drawn.put(error)

    with ThreadPoolExecutor(threads) as pool:
        drawer = Thread(target=draw, daemon=True)
        drawer.start()
        try:
            while found := drawn.get():
                if isinstance(found, BaseException):
                    raise found
                item, result = found
                yield item, result.result()
        finally:
            is_over.set()
            _empty(drawn)
            # A file that is read by a forgotten thread when it is closed could give its descriptor,
            # and the bytes behind it, to the next file.
            while drawer.is_alive() and not may_wait:
                drawer.join(0.01)
                _empty(drawn)


def _empty(queue: Queue[Drawn[Item, Result]]) -> None:
    """Make room for whoever waits to put something in."""
    with contextlib.suppress(Empty):
        while True:
            queue.get_nowait()
