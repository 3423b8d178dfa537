"""Results computed ahead on threads: in order, a few items ahead, no thread left when it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.table import ColumnTypes
from nntrain.threads import available_cores, map_ahead


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_results_come_in_order_each_with_its_item(threads: int) -> None:
    def slow_square(number: int) -> int:
        time.sleep(0.001 * (number % 3))
        return number * number

    assert list(map_ahead(iter(range(40)), slow_square, threads)) == [
        (number, number * number) for number in range(40)
    ]


def test_no_items_give_no_results() -> None:
    assert list(map_ahead(iter([]), str, 2)) == []


def test_a_result_does_not_wait_for_the_next_item() -> None:
    may_go_on = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        assert may_go_on.wait(timeout=20)
        yield 2

    results = map_ahead(items(), str, 2)
    assert next(results) == (1, "1")
    may_go_on.set()
    assert list(results) == [(2, "2")]


def test_items_are_drawn_only_a_few_ahead() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            drawn.append(number)
            yield number

    results = map_ahead(items(), str, 2)
    next(results)
    time.sleep(0.05)
    assert len(drawn) <= 6
    results.close()
    time.sleep(0.05)
    assert len(drawn) <= 8


def test_an_exception_is_raised_in_the_place_of_its_item() -> None:
    def refuse_three(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    results = map_ahead(iter(range(10)), refuse_three, 2)
    assert [next(results) for _ in range(3)] == [(0, 0), (1, 1), (2, 2)]
    with pytest.raises(ValueError, match="three"):
        next(results)

    def items() -> Iterator[int]:
        yield 1
        raise KeyError("drawn")

    results = map_ahead(items(), refuse_three, 2)
    assert next(results) == (1, 1)
    with pytest.raises(KeyError, match="drawn"):
        next(results)


def test_closing_leaves_no_thread() -> None:
    """At once: a thread that went on reading would read from the next file opened."""
    for threads in (1, 2, 4):
        before = set(threading.enumerate())
        results = map_ahead(iter(range(1000)), str, threads)
        next(results)
        assert set(threading.enumerate()) - before
        results.close()
        assert not set(threading.enumerate()) - before


def test_closing_does_not_wait_for_items_that_may_wait() -> None:
    may_end = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        may_end.wait(timeout=20)

    results = map_ahead(items(), str, 2, may_wait=True)
    next(results)
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 5
    may_end.set()


def test_closing_a_file_half_read_takes_no_bytes_from_the_next_file(tmp_path: Path) -> None:
    """Many times over: the first file's reader is stopped within its blocks, of a few long lines."""
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("a,long\n" + f"1,{'-' * 200}\n" * 20_000 + "x,\n" * 10)
    second.write_text("a\n" + "2\n" * 1000)
    cells, types = CellFormat(()), ColumnTypes(numbers=("a",))
    for _ in range(30):
        with open_table(first, ReadOptions(cells)) as table:
            next(iter(table.chunks(lambda: types)))
        with open_table(second, ReadOptions(cells)) as table:
            assert sum(chunk.n_rows for chunk in table.chunks(lambda: types)) == 1000


def test_the_cores_are_those_this_process_may_use() -> None:
    assert 1 <= available_cores() <= 4096
