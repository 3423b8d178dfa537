"""Parquet files as tables (extra `parquet`)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nntrain.data.readers.cells import CellFormat
from nntrain.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

    from nntrain.data.readers.frames import FrameTable


def open_parquet(path: str, cells: CellFormat) -> FrameTable:
    """A Parquet file as a table. Raises `DataError`, or `MissingExtraError` without pyarrow."""
    try:
        import pyarrow as pa  # noqa: PLC0415  (an optional package)
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError(
            f"{path}: reading Parquet needs the extra parquet: pip install 'nntrain[parquet]'"
        ) from None

    damage = (pa.ArrowException, OSError, ValueError, KeyError)

    @contextlib.contextmanager
    def explained() -> Iterator[None]:
        try:
            yield
        except damage as error:
            reason = str(error).split("\n")[0]
            raise DataError(f"{path}: cannot be read as Parquet: {reason}") from None

    with explained():
        file = parquet.ParquetFile(path)
        names = list(file.schema_arrow.names)

    from nntrain.data.readers.frames import FrameTable  # noqa: PLC0415  (which loads pandas)

    def frames() -> Iterator[pd.DataFrame]:
        batches = file.iter_batches()
        while True:
            with explained():
                batch = next(batches, None)
                # The notes that pandas keeps in such files are not needed, and may be malformed.
                frame = None if batch is None else batch.to_pandas(ignore_metadata=True)
            if frame is None:
                return
            yield frame

    return FrameTable(frames, path, names, cells)
