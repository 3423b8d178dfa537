"""The place of a row: a value that becomes the text of messages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.table import ColumnTypes, Place, TableLike


def test_a_place_reads_as_messages_quote_it() -> None:
    assert str(Place("a, b.csv", "line", 12_000)) == "a, b.csv, line 12000"
    assert Place("a, b.csv", "line", 12_000).in_table == "line 12000"
    assert str(Place("the DataFrame", "row", 0)) == "the DataFrame, row 0 (counting from 0)"


def places(table: TableLike) -> list[Place]:
    with open_table(table, ReadOptions(CellFormat(("",)))) as source:
        chunks = source.chunks(lambda: ColumnTypes(numbers=("x",)))
        return [chunk.place(row) for chunk in chunks for row in range(chunk.n_rows)]


@pytest.mark.parametrize("quote", ["", '"'])
def test_every_reader_says_where_its_rows_stand(tmp_path: Path, quote: str) -> None:
    csv, lines = tmp_path / "t.csv", tmp_path / "t.jsonl"
    csv.write_text(f"x\n{quote}1{quote}\n\n2\n")
    lines.write_text('{"x": 1}\n\n{"x": 2}\n')
    assert places(csv) == [Place(str(csv), "line", 2), Place(str(csv), "line", 4)]
    assert places(lines) == [Place(str(lines), "line", 1), Place(str(lines), "line", 3)]
    assert places([csv, lines]) == [*places(csv), *places(lines)]
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=[7, 9])
    assert places(frame) == [Place("the DataFrame", "row", i) for i in (0, 1)]
