"""Parquet files as tables (extra `parquet`)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.names import NO_NAMES, KnownNames
from nntrain.data.readers.sources import Source
from nntrain.data.readers.streams import ByteStream
from nntrain.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

    from nntrain.data.readers.frames import FrameTable


NO_THREAD = "Failed to launch worker thread"
"""What pyarrow says where there is no room for the stack of another thread."""


def parquet_table(
    source: Source,
    stream: ByteStream,
    files: contextlib.ExitStack,
    cells: CellFormat,
    known: KnownNames = NO_NAMES,
) -> FrameTable:
    """A Parquet file as a table, which stays open until `files` is closed.

    `stream` is what `source.open` gave. Raises `DataError`, or `MissingExtraError` without pyarrow.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  (an optional package)
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError(
            f"{source.name}: reading Parquet needs the extra parquet: "
            f"pip install 'nntrain[parquet]'"
        ) from None

    from nntrain.data.readers.frames import FrameTable  # noqa: PLC0415  (which loads pandas)
    from nntrain.data.readers.parquet_batches import (  # noqa: PLC0415
        batches,
        check_row_groups,
        frames,
        text_columns,
    )

    explained = partial(_explained, source.name, (pa.ArrowException, OSError, ValueError, KeyError))
    content = files.enter_context(source.whole_file(stream))
    with explained():
        file = parquet.ParquetFile(content, pre_buffer=False)
        schema = file.schema_arrow
        check_row_groups(file, source.name)
        texts = text_columns(file)

    def read_frames() -> Iterator[pd.DataFrame]:
        first_row = 0
        with explained():
            # Texts stay numbered, so that one that is repeated takes its memory once.
            opened = parquet.ParquetFile(content, pre_buffer=False, read_dictionary=texts)
            remaining = batches(opened)
        while True:
            with explained():
                batch = next(remaining, None)
                parts = [] if batch is None else list(frames(batch, first_row, source.name))
            if batch is None:
                return
            yield from parts
            first_row += batch.num_rows

    columns = known.spelled(schema.names, source.name)
    types = zip(columns, schema.types, strict=True)
    nested = {name: str(kind) for name, kind in types if pa.types.is_nested(kind)}
    index = _saved_index(schema.metadata)
    return FrameTable(read_frames, source.name, columns, cells, nested, index)


@contextlib.contextmanager
def _explained(name: str, damage: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn what pyarrow raises into `DataError`, or `MemoryError` where memory is short."""
    try:
        yield
    except MemoryError as error:
        raise MemoryError(f"{name}: {str(error) or 'no room for its rows'}") from None
    except damage as error:
        reason = str(error).split("\n")[0]
        if NO_THREAD in reason:
            raise MemoryError(f"{name}: {reason}") from None
        raise DataError(f"{name}: cannot be read as Parquet: {reason}") from None


def _saved_index(metadata: dict[bytes, bytes] | None) -> tuple[str, ...]:
    """The columns in which pandas saved the index of the DataFrame, by its notes in the file."""
    try:
        notes: Any = json.loads((metadata or {}).get(b"pandas", b"{}"))
        return tuple(name for name in notes["index_columns"] if isinstance(name, str))
    except (ValueError, TypeError, LookupError, RecursionError):
        return ()
