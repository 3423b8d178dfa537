"""The columns of one block of a CSV: parsed cell by cell, or faster by pandas.

Parsing cell by cell defines what a block holds. `parse_fast` gives the same columns or None; a
property test holds the two equal.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from nntrain.arrays import Column, Vector
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_block import Block
from nntrain.data.readers.table import ColumnTypes, with_numbers

BOOLEAN_ENDS = (b"rue", b"RUE", b"alse", b"ALSE")

NOT_PARSED = (ValueError, OverflowError)
"""What pandas raises for a cell, or an integer of hundreds of digits, that is no double."""


def parse_cells(
    records: Sequence[Sequence[str]],
    types: ColumnTypes,
    positions: Mapping[str, int],
    cells: CellFormat,
) -> dict[str, Column]:
    """The columns of records, cell by cell; `positions` has each column's place in a record."""
    columns = {name: text_column(records, positions[name]) for name in types.names}
    return with_numbers(columns, types.numbers, cells)


def text_column(records: Iterable[Sequence[str]], position: int) -> Column:
    """The cells at one position of each record (n_rows,), as texts."""
    return np.array([cells[position] for cells in records], dtype=object)


def parse_fast(
    block: Block, types: ColumnTypes, positions: Mapping[str, int], cells: CellFormat
) -> dict[str, Column] | None:
    """The columns of a regular block by pandas; None if it takes parsing cell by cell."""
    if not types.names:
        return None
    try:
        return _parse_numbers(block, types, positions, cells)
    except NOT_PARSED:  # some column holds a text among its numbers: tell which
        texts = parse_texts_fast(block, [positions[name] for name in types.names], cells)
    if texts is None:
        return None
    return with_numbers(dict(zip(types.names, texts, strict=True)), types.numbers, cells)


def parse_texts_fast(
    block: Block, positions: Sequence[int], cells: CellFormat
) -> list[Column] | None:
    """Columns of a regular block as texts, by pandas; None where a cell is not UTF-8."""
    try:
        columns = _read_csv(block, positions, [], cells)
    except NOT_PARSED:
        return None
    return [columns[position] for position in positions]


def _parse_numbers(
    block: Block, types: ColumnTypes, positions: Mapping[str, int], cells: CellFormat
) -> dict[str, Column]:
    """The columns by pandas, if those wanted as numbers hold nothing else.

    Raises one of `NOT_PARSED` if they do.
    """
    plain = [name for name in types.numbers if name not in cells.notations]
    numbers = [positions[name] for name in plain]
    by_position = _read_csv(block, [positions[name] for name in types.names], numbers, cells)
    columns = {name: by_position[positions[name]] for name in types.names}
    for name in plain:
        cells.blank_missing_numbers(columns[name])
    disguised = [name for name in types.numbers if name in cells.notations]
    columns = with_numbers(columns, disguised, cells)
    doubtful = [name for name in plain if _may_be_booleans(columns[name])]
    if not doubtful or not any(word in block.data for word in BOOLEAN_ENDS):
        return columns
    as_texts = _read_csv(block, [positions[name] for name in doubtful], [], cells)
    texts = {name: as_texts[positions[name]] for name in doubtful}
    return columns | with_numbers(texts, doubtful, cells)


def _may_be_booleans(values: Vector) -> bool:
    """Whether pandas may have read the words True and False as these numbers."""
    if len(values) and values[0] not in (0.0, 1.0) and not np.isnan(values[0]):
        return False
    return bool(np.all(np.isnan(values) | (values == 0) | (values == 1)))


def _read_csv(
    block: Block, positions: Sequence[int], numbers: Sequence[int], cells: CellFormat
) -> dict[int, Column]:
    """Columns by pandas: `numbers` as float64 by `cells`, the others as text.

    Raises one of `NOT_PARSED` for a cell that is not what its column is to hold.
    """
    dtypes: dict[int, Any] = dict.fromkeys(positions, object)
    dtypes |= dict.fromkeys(numbers, np.float64)
    missing = dict.fromkeys(numbers, cells.missing_words)
    import pandas as pd  # noqa: PLC0415  (slow to load, and not needed for a small table)

    frame = pd.read_csv(
        io.BytesIO(block.data),
        sep=block.delimiter,
        decimal=cells.decimal,
        header=None,
        names=list(range(block.n_columns)),
        usecols=sorted(set(positions)),
        dtype=cast("Any", dtypes),
        na_values=cast("Any", missing),
        keep_default_na=False,
        na_filter=bool(missing),
        index_col=False,
        low_memory=False,
    )
    return {position: frame[position].to_numpy() for position in positions}
