"""Batches of a Parquet file, bounded in memory, as DataFrames (extra `parquet`).

A few kilobytes of Parquet can hold gigabytes: a text that is repeated is kept once, and compressed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from nntrain.arrays import Column, Vector
from nntrain.data.readers.csv_block import MAX_RECORD_BYTES
from nntrain.data.readers.frames import FRAME_ROWS
from nntrain.data.readers.values import text_of_duration, tidy_moment
from nntrain.errors import DataError, OutOfMemoryError
from nntrain.memory_limit import memory_limit

if TYPE_CHECKING:
    from pyarrow import parquet

BATCH_BYTES = 1 << 26
"""About how much memory a batch takes as cells."""

UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""How many of a unit make a second."""

TEXT_KINDS = ("STRING", "NONE", "ENUM", "JSON")
"""What Parquet calls columns of bytes that are texts."""


def check_row_groups(file: parquet.ParquetFile, name: str) -> None:
    """Raise `OutOfMemoryError` for a row group with a column that takes half of the memory."""
    limit, metadata = memory_limit() // 2, file.metadata
    for i in range(metadata.num_row_groups):
        group = metadata.row_group(i)
        sizes = (group.column(j).total_uncompressed_size for j in range(group.num_columns))
        if (largest := max(sizes, default=0)) > limit:
            raise OutOfMemoryError(
                f"{name}: a column of row group {i + 1} takes {largest / 1e9:,.1f} GB, and a row "
                f"group is read at once; write the file with smaller ones (row_group_size=100_000 "
                f"of pyarrow.parquet.write_table)"
            )


def text_columns(file: parquet.ParquetFile) -> list[str]:
    """The paths of the columns of texts, also those inside lists."""
    columns = (file.schema.column(i) for i in range(len(file.schema)))
    return [
        column.path
        for column in columns
        if column.physical_type == "BYTE_ARRAY" and column.logical_type.type in TEXT_KINDS
    ]


def batches(file: parquet.ParquetFile) -> Iterator[pa.RecordBatch]:
    """The batches of a file, row group by row group."""
    n_columns = max(1, len(file.schema))
    n_rows = max(1, min(FRAME_ROWS, BATCH_BYTES // (16 * n_columns)))
    for i in range(file.num_row_groups):
        yield from file.iter_batches(n_rows, [i])


def frames(batch: pa.RecordBatch, first_row: int, name: str) -> Iterator[pd.DataFrame]:
    """A batch in DataFrames of bounded memory; columns are called by their positions.

    `first_row` is the number of the batch's first row in the file. Raises `DataError` for a row
    whose texts are longer than a record may be.
    """
    n_rows = batch.num_rows
    sizes = np.zeros(n_rows)
    columns: dict[int, Any] = {}
    for i, column in enumerate(batch.columns):
        if hasattr(column, "dictionary"):
            values, lengths = _texts(column)
            columns[i] = pd.Series(values, dtype=object)  # pandas would copy each text
            sizes += lengths
        elif pa.types.is_temporal(column.type):
            columns[i] = pd.Series(_moments(column), dtype=object)
        else:
            columns[i] = pd.arrays.ArrowExtensionArray(column)
    if n_rows and sizes.max() > MAX_RECORD_BYTES:
        row = first_row + int(np.argmax(sizes > MAX_RECORD_BYTES))
        raise DataError(f"{name}, row {row} (counting from 0): is longer than 16 MiB")
    frame = pd.DataFrame(columns, index=range(n_rows))
    parts = np.cumsum(sizes) // BATCH_BYTES
    starts = np.flatnonzero(np.diff(parts, prepend=-1))
    for start, end in zip(starts, [*starts[1:], n_rows], strict=True):
        yield frame.iloc[start:end]


def _moments(column: pa.Array) -> list[str | None]:
    """The text of each date, time or duration, None where one is absent.

    Python's own types hold neither nanoseconds nor years after 9999.
    """
    if pa.types.is_duration(column.type):
        per_second = UNITS[column.type.unit]
        counts = column.cast(pa.int64()).to_pylist()
        return [None if count is None else _duration(count, per_second) for count in counts]
    try:
        texts = column.cast(pa.string()).to_pylist()
    except pa.ArrowInvalid:  # Its time zone is not known here: the moment is given in UTC.
        utc = column.cast(pa.timestamp(column.type.unit)).cast(pa.string()).to_pylist()
        texts = [None if text is None else f"{text}+00:00" for text in utc]
    return [None if text is None else tidy_moment(text) for text in texts]


def _duration(count: int, per_second: int) -> str:
    seconds, rest = divmod(count, per_second)
    days, seconds = divmod(seconds, 86_400)
    return text_of_duration(days, seconds, rest * (10**9 // per_second))


def _texts(column: pa.DictionaryArray) -> tuple[Column, Vector]:
    """The values (n_rows,) of a column, None where one is absent, and the length of each.

    Equal texts are one object, so that a text that is repeated takes its memory once.
    """
    codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    used, positions = np.unique(codes, return_inverse=True)
    values = [None if code < 0 else column.dictionary[int(code)].as_py() for code in used]
    distinct = np.empty(len(values), dtype=object)
    distinct[:] = values
    lengths = np.array([len(v) if isinstance(v, (str, bytes)) else 8 for v in values], dtype=float)
    return distinct[positions], lengths[positions]
