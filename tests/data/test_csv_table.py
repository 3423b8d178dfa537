"""Tables as chunks: the fast reading of a CSV gives what the slow, obvious form gives.

Files plain and compressed, pipes and DataFrames are read alike, once or twice.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import os
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.blocks import read_in_blocks

from nntrain.config.keys import Config
from nntrain.data.readers import csv_table, frames
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.dialect import Dialect
from nntrain.data.readers.open import ReadOptions, is_frame, open_table
from nntrain.data.readers.table import Chunk, ColumnTypes, TableLike
from nntrain.errors import DataError

MISSING = Config(target=("y",)).missing_values
CELLS = CellFormat(MISSING)
CELLS_OF_A_COMMA = CellFormat(("-999",), ",")
COLUMNS = ["a", "b", "c", "d"]

NUMBERS = ["0", "1", "-2.5", "+3", ".5", "5.", "1e5", "1E-5", "007", "0.1", "-0", "1e22", "00"]
EDGES = ["inf", "-Infinity", "1e999", "1e-999", "5e-324", "9007199254740993", "1" * 30, "9" * 320]
BLANKS = ["", " ", " 5", "5 ", "\t5", " NA ", "NA", "nan", "NaN", "null", "?", "NULL", "-999"]
WORDS = ["True", "False", "TRUE", "a", "é", "x y", "None", "<NA>", "NAN", "0x1A", "1_000", "٣", "-"]
ODD = ["1,5", "1.5", "1.000,5", "-999.0", "-9,5", "5\v", "\f5", "\u00a05", "5%", "1d5", "#5", "\\N"]
QUOTED = ['say "x"', "two\nlines", "two\r\nlines", "c\rd", ",", ";", '"', "x,y;z", "\ufeff1", "'"]

pools_of_cells = st.sampled_from(
    [
        NUMBERS,
        [*NUMBERS, *EDGES, *BLANKS],
        ["0", "1", "True", "False", "", "1.0"],
        [*NUMBERS, *BLANKS, *ODD],
        [*WORDS, *QUOTED, *NUMBERS],
        [*NUMBERS, *EDGES, *BLANKS, *WORDS, *ODD, *QUOTED],
    ]
)
any_cell = pools_of_cells.flatmap(st.sampled_from)
formats = st.sampled_from(
    [
        (CELLS, ","),
        (CELLS, ";"),
        (CELLS, "\t"),
        (CellFormat(()), ","),
        (CellFormat(("",)), "|"),
        (CellFormat((*MISSING, "-999")), ","),
        (CellFormat(("-999.0", "inf", "x")), ";"),
        (CellFormat(("0", "True", "")), ","),
        (CellFormat(MISSING, ","), ";"),
        (CellFormat(("", "-9,5", "-999"), ","), ";"),
        (CellFormat(("-999.0", "NA"), ","), "\t"),
    ]
)


@dataclass(frozen=True)
class Written:
    """A table as it is written, and the rows that it holds."""

    data: bytes
    rows: list[list[str]]
    delimiter: str
    cells: CellFormat
    numbers: list[str]
    texts: list[str]


def quoted(cell: str, delimiter: str, *, always: bool) -> str:
    must = always or any(character in cell for character in delimiter + '"\r\n')
    return '"' + cell.replace('"', '""') + '"' if must else cell


@st.composite
def written_tables(draw: st.DrawFn) -> Written:
    columns = COLUMNS[: draw(st.integers(1, 4))]
    cells, delimiter = draw(formats)
    pool = [st.sampled_from(draw(pools_of_cells)) for _ in columns]
    rows = [list(row) for row in draw(st.lists(st.tuples(*pool), max_size=12))]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    always = draw(st.booleans())
    lines = []
    for row in rows:
        line = delimiter.join(quoted(cell, delimiter, always=always) for cell in row)
        if not line.strip():
            line = delimiter.join(quoted(cell, delimiter, always=True) for cell in row)
        lines += [line, *draw(st.sampled_from([[], [], [], [""]]))]
    text = newline.join([delimiter.join(columns), *lines, *draw(st.sampled_from([[], [""]]))])
    bom = draw(st.sampled_from(["", "\ufeff"]))
    as_numbers = draw(st.lists(st.booleans(), min_size=4, max_size=4))
    return Written(
        data=(bom + text).encode(),
        rows=rows,
        delimiter=delimiter,
        cells=cells,
        numbers=[name for name, wanted in zip(columns, as_numbers, strict=False) if wanted],
        texts=[name for name, wanted in zip(columns, as_numbers, strict=False) if not wanted],
    )


@pytest.fixture(autouse=True)
def parsed_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pandas parses every regular block, however small the table."""
    monkeypatch.setattr(csv_table, "SMALL_BYTES", 0)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("table") / "t.csv"


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    read_in_blocks(monkeypatch, 8)


def read(
    source: TableLike,
    numbers: Sequence[str] = (),
    texts: Sequence[str] = (),
    cells: CellFormat = CELLS,
    delimiter: str | None = None,
) -> list[Chunk]:
    with open_table(source, ReadOptions(cells, Dialect(delimiter))) as opened:
        return list(opened.chunks(lambda: ColumnTypes(tuple(numbers), tuple(texts))))


def column(chunks: Iterable[Chunk], name: str) -> list[Any]:
    return [cell for chunk in chunks for cell in chunk.columns[name].tolist()]


def assert_same_column(found: Any, cells: Sequence[str], number: Callable[[str], Any]) -> None:
    """A column is the numbers of its cells where each is one or missing, else the cells."""
    values = [number(cell) for cell in cells]
    if None in values:
        assert found.dtype == object
        assert found.tolist() == list(cells)
    else:
        assert found.dtype == np.float64
        assert np.array_equal(found, np.array(values, dtype=np.float64), equal_nan=True)
        signed = ~np.isnan(found)
        assert (np.signbit(found) == np.signbit(np.array(values, dtype=np.float64)))[signed].all()


# A CSV, fast and slow


@settings(deadline=None, max_examples=300)
@given(
    written_tables(), st.sampled_from([1, 5, 17, 50, 1 << 20]), st.sampled_from([0, 40, 1 << 20])
)
@example(Written(b"a\n1\n-999\n", [["1"], ["-999"]], ",", CellFormat(("-999",)), ["a"], []), 100, 0)
@example(Written(b"a,b\n5\v,1\n", [["5\v", "1"]], ",", CELLS, ["a"], ["b"]), 100, 0)
@example(Written(b"a,b\n1,True\n", [["1", "True"]], ",", CELLS, ["a", "b"], []), 100, 0)
@example(
    Written(b"a;b\n-999.0;1\n", [["-999.0", "1"]], ";", CellFormat(("-999",), ","), ["a"], []), 9, 0
)
@example(
    Written(b"a\n" + b"1" * 400 + b"\n1_0\n", [["1" * 400], ["1_0"]], ",", CELLS, ["a"], []),
    1000,
    0,
)
@example(Written("a\n\ufeff1\n2\n".encode(), [["\ufeff1"], ["2"]], ",", CELLS, [], ["a"]), 3, 0)
def test_a_csv_is_read_as_its_cells_say_one_by_one(
    path: Path, written: Written, block_bytes: int, small_bytes: int
) -> None:
    path.write_bytes(written.data)
    with pytest.MonkeyPatch.context() as patch:
        read_in_blocks(patch, block_bytes)
        patch.setattr(csv_table, "SMALL_BYTES", small_bytes)
        chunks = read(path, written.numbers, written.texts, written.cells, written.delimiter)
    assert sum(chunk.n_rows for chunk in chunks) == len(written.rows)
    columns = sorted([*written.numbers, *written.texts])
    start = 0
    for chunk in chunks:
        rows = written.rows[start : start + chunk.n_rows]
        start += chunk.n_rows
        assert sorted(chunk.columns) == columns
        for i, name in enumerate(columns):
            cells = [row[i] for row in rows]
            if name in written.numbers:
                assert_same_column(chunk.columns[name], cells, written.cells.number)
            else:
                assert chunk.columns[name].dtype == object
                assert chunk.columns[name].tolist() == cells


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=30), st.sampled_from(".,"))
def test_numbers_survive_the_round_trip_through_a_csv(
    path: Path, values: list[float], decimal: str
) -> None:
    lines = [repr(value).replace(".", decimal) + ";x" for value in values]
    path.write_text("\n".join(["a;b", *lines]), encoding="utf-8")
    assert column(read(path, ["a"], ["b"], CellFormat(MISSING, decimal)), "a") == values


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
            min_size=2,
            max_size=2,
        ),
        max_size=8,
    )
)
def test_texts_survive_the_round_trip_through_a_csv(path: Path, rows: list[list[str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    path.write_text(file.getvalue(), encoding="utf-8", newline="")
    chunks = read(path, [], ["a", "b"])
    assert [list(row) for row in zip(column(chunks, "a"), column(chunks, "b"), strict=True)] == rows


def test_every_line_of_a_row_is_named(path: Path, small_blocks: None) -> None:
    path.write_bytes(b'a,b\n1,2\n\n3,"x\ny"\n4,5\n6,7\n')
    chunks = read(path, ["a"])
    places = [str(chunk.place(row)) for chunk in chunks for row in range(chunk.n_rows)]
    assert places == [f"{path}, line {line}" for line in (2, 4, 6, 7)]
    assert len(chunks) > 1


def test_a_text_stays_as_it_is_written(path: Path) -> None:
    path.write_bytes(b"zip,y\n007,1\n 1.50 ,2\nNA,3\n,4\n")
    chunks = read(path, ["y"], ["zip"])
    assert column(chunks, "zip") == ["007", " 1.50 ", "NA", ""]
    assert column(chunks, "y") == [1.0, 2.0, 3.0, 4.0]


def test_true_and_false_are_texts_beside_numbers_that_look_like_them(path: Path) -> None:
    path.write_bytes(b"a,b\n1,True\n0,False\n")
    (chunk,) = read(path, ["a", "b"])
    assert chunk.columns["a"].tolist() == [1.0, 0.0]
    assert chunk.columns["b"].tolist() == ["True", "False"]


def test_one_text_makes_texts_of_its_own_column_only(path: Path) -> None:
    path.write_bytes(b"a,b\n1,2\nx,3\n")
    (chunk,) = read(path, ["a", "b"])
    assert chunk.columns["a"].tolist() == ["1", "x"]
    assert chunk.columns["b"].tolist() == [2.0, 3.0]


def test_columns_that_are_not_wanted_are_not_read(path: Path) -> None:
    path.write_bytes(b"a,b,c\n1,x,2\n")
    (chunk,) = read(path, ["c"])
    assert set(chunk.columns) == {"c"}


@pytest.mark.parametrize("body", [b"1,2\n\n3,4\n", b'1,"x\ny"\n\n3,4\n', b'1,x"\n3,4\n'])
def test_rows_are_counted_when_no_column_is_wanted(path: Path, body: bytes) -> None:
    path.write_bytes(b"a,b\n" + body)
    assert sum(chunk.n_rows for chunk in read(path)) == 2


def test_what_is_wanted_may_change_between_chunks(path: Path, small_blocks: None) -> None:
    path.write_bytes(b"a,b\n1.00000000,2\nxxxxxxxxxx,4\n5.00000000,6\n7,8\n")
    types = [ColumnTypes(numbers=("a", "b"))]
    found: list[object] = []
    with open_table(path, ReadOptions(CELLS)) as opened:
        for chunk in opened.chunks(lambda: types[-1]):
            found += chunk.columns["a"].tolist()
            if chunk.columns["a"].dtype == object:
                types.append(ColumnTypes(("b",), ("a",)))
    assert found == [1.0, "xxxxxxxxxx", "5.00000000", "7"]


def test_a_table_without_rows_has_no_rows(path: Path) -> None:
    path.write_bytes(b"a,b\n")
    assert sum(chunk.n_rows for chunk in read(path, ["a"], ["b"])) == 0


@pytest.mark.parametrize("wanted", [["a"], ["b"]])
@pytest.mark.parametrize(
    ("line", "found"), [(b"1\n", "1 cell"), (b"1,2,3\n", "3 cells"), (b"1,2,\n", "3 cells")]
)
def test_a_row_with_too_few_or_too_many_cells_is_neither_filled_nor_cut(
    path: Path, wanted: list[str], line: bytes, found: str
) -> None:
    path.write_bytes(b"a,b\n1,2\n" + line)
    with pytest.raises(DataError) as caught:
        read(path, wanted)
    assert str(caught.value) == (
        f"{path}, line 3: has {found}, the header has 2. Correct the line; a cell that holds the "
        f"delimiter must stand in double quotes"
    )


@pytest.mark.parametrize("wanted", [["a"], ["b"]])
def test_a_nul_byte_in_a_quoted_cell_is_an_error(path: Path, wanted: list[str]) -> None:
    path.write_bytes(b'a,b\n1,2\n"x\0y",3\n')
    with pytest.raises(DataError) as caught:
        read(path, [], wanted)
    assert str(caught.value) == (
        f"{path}, line 3: holds a NUL byte; this is not UTF-8 text. If it is UTF-16, say so: "
        f"--encoding utf-16, or encoding in a config"
    )


@pytest.mark.parametrize("as_numbers", [True, False])
def test_a_cell_that_is_not_utf8_is_an_error(path: Path, *, as_numbers: bool) -> None:
    path.write_bytes(b"a,b\n1,2\n\xe9,3\n")
    with pytest.raises(DataError) as caught:
        read(path, ["a"] if as_numbers else [], [] if as_numbers else ["a"])
    assert str(caught.value) == (
        f"{path}, line 3: is not UTF-8 text: its byte E9 would be 'é' in Latin-1; say which it is: "
        f"--encoding latin-1 or cp1252, or encoding in a config"
    )


# Files


PLAIN = b"a,b\n" + b"".join(b"%d,x%d\n" % (i, i) for i in range(50))
DAMAGE = (OSError, EOFError, lzma.LZMAError, zlib.error)
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "t.csv.gz": gzip.compress,
    "t.csv.bz2": bz2.compress,
    "t.csv.xz": lzma.compress,
}


@pytest.mark.parametrize("name", COMPRESSORS)
def test_a_compressed_file_reads_as_its_content_twice(
    tmp_path: Path, name: str, small_blocks: None
) -> None:
    compressed = tmp_path / name
    compressed.write_bytes(COMPRESSORS[name](PLAIN))
    with open_table(compressed, ReadOptions(CELLS, twice=True)) as opened:
        for _ in range(2):
            chunks = list(opened.chunks(lambda: ColumnTypes(("a",), ("b",))))
            assert column(chunks, "a") == list(range(50))
            assert column(chunks, "b") == [f"x{i}" for i in range(50)]
    assert str(chunks[0].place(0)) == f"{compressed}, line 2"


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda whole: whole[: len(whole) // 2],
    "overwritten at the end": lambda whole: whole[:-12] + b"\0" * 12,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", COMPRESSORS)
def test_a_damaged_compressed_file_is_an_error_that_names_it(
    tmp_path: Path, name: str, damage: str
) -> None:
    damaged = tmp_path / name
    damaged.write_bytes(DAMAGES[damage](COMPRESSORS[name](PLAIN)))
    opener: dict[str, Callable[[Path], Any]] = {
        ".gz": gzip.open,
        ".bz2": bz2.open,
        ".xz": lzma.open,
    }
    with opener[damaged.suffix](damaged) as file, pytest.raises(DAMAGE) as reason:
        file.read()
    with pytest.raises(DataError) as caught:
        read(damaged, ["a"])
    assert str(caught.value) == f"{damaged}: cannot be decompressed: {reason.value}"


@pytest.mark.parametrize("name", COMPRESSORS)
def test_what_is_not_compressed_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PLAIN)
    assert column(read(tmp_path / name, ["a"]), "a") == list(range(50))


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path / "no.csv")
    assert str(caught.value) == f"{tmp_path / 'no.csv'}: cannot be read: No such file or directory"


def test_a_directory_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}: cannot be read: Is a directory"


def test_an_empty_file_is_an_error_that_names_it(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}: is empty; expects a header line with the names of the columns"
    )


# Pipes and standard input


@pytest.fixture
def stdin_pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Standard input is a pipe; its writing end."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield writer


def test_a_pipe_can_be_read_twice(stdin_pipe: int, small_blocks: None) -> None:
    os.write(stdin_pipe, PLAIN)
    os.close(stdin_pipe)
    with open_table("-", ReadOptions(CELLS, twice=True)) as opened:
        assert opened.name == "standard input"
        for _ in range(3):
            chunks = list(opened.chunks(lambda: ColumnTypes(("a",), ("b",))))
            assert column(chunks, "a") == list(range(50))
            assert column(chunks, "b") == [f"x{i}" for i in range(50)]
            assert str(chunks[-1].place(0)) == "standard input, line 51"


def test_a_pipe_gives_rows_as_they_arrive(stdin_pipe: int) -> None:
    os.write(stdin_pipe, b"a,b\n1,2\n3")
    with open_table("-", ReadOptions(CELLS)) as opened:
        chunks = opened.chunks(lambda: ColumnTypes(("a",)))
        assert next(chunks).columns["a"].tolist() == [1.0]
        os.write(stdin_pipe, b",4\n5,")
        assert next(chunks).columns["a"].tolist() == [3.0]
        os.write(stdin_pipe, b"6")
        os.close(stdin_pipe)
        assert next(chunks).columns["a"].tolist() == [5.0]
        assert list(chunks) == []


def test_a_named_pipe_can_be_read_twice(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    rows = b"".join(b"%d,x\n" % i for i in range(30_000))
    writer = threading.Thread(target=pipe.write_bytes, args=(b"a,b\n" + rows,))
    writer.start()
    with open_table(pipe, ReadOptions(CELLS, twice=True)) as opened:
        assert column(opened.chunks(lambda: ColumnTypes(("a",))), "a") == list(range(30_000))
        writer.join()
        assert column(opened.chunks(lambda: ColumnTypes(("a",))), "a") == list(range(30_000))


def test_a_file_as_standard_input_can_be_read_twice(
    path: Path, monkeypatch: pytest.MonkeyPatch, small_blocks: None
) -> None:
    path.write_bytes(PLAIN)
    with path.open() as stdin, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        with open_table("-", ReadOptions(CELLS, twice=True)) as opened:
            first = column(opened.chunks(lambda: ColumnTypes(("a",))), "a")
            second = column(opened.chunks(lambda: ColumnTypes(("a",))), "a")
    assert first == second == list(range(50))


# DataFrames


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(any_cell, any_cell), max_size=10), st.integers(1, 4))
def test_a_dataframe_of_texts_is_read_as_a_csv_of_them(
    path: Path, rows: list[tuple[str, str]], frame_rows: int
) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype=object)
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    path.write_text(file.getvalue(), encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "FRAME_ROWS", frame_rows)
        chunks = read(frame, ["a"], ["b"])
    assert column(chunks, "b") == column(read(path, [], ["b"]), "b")
    texts = column(read(path, [], ["a"]), "a")
    start = 0
    for chunk in chunks:
        assert chunk.n_rows <= frame_rows
        cells = texts[start : start + chunk.n_rows]
        assert_same_column(chunk.columns["a"], cells, CELLS.number)
        start += chunk.n_rows
    assert start == len(rows)


FRAME = pd.DataFrame(
    {
        "int": [1, -2, 3],
        "float": [1.5, np.nan, -np.inf],
        "float32": np.array([0.5, np.nan, 2.0], dtype=np.float32),
        "nullable": pd.array([1, None, 3], dtype="Int64"),
        "bool": [True, False, True],
        "text": ["x", None, "007"],
        "digits": ["1", "", " 2.5"],
        "category": pd.Categorical(["3", "1", "3"]),
    }
)
NAMES = [str(name) for name in FRAME.columns]


def test_a_dataframe_is_read_as_the_csv_that_pandas_writes_of_it(path: Path) -> None:
    FRAME.assign(bool=["true", "false", "true"]).to_csv(path, index=False)
    (from_frame,), (from_csv,) = read(FRAME, NAMES), read(path, NAMES)
    for name in NAMES:
        left, right = from_frame.columns[name], from_csv.columns[name]
        assert left.dtype == right.dtype
        assert pd.Series(left).equals(pd.Series(right)), name


def test_texts_of_a_dataframe_are_those_of_the_csv_that_pandas_writes_of_it(path: Path) -> None:
    FRAME.assign(bool=["true", "false", "true"]).to_csv(path, index=False)
    (from_frame,), (from_csv,) = read(FRAME, [], NAMES), read(path, [], NAMES)
    for name in NAMES:
        assert column([from_frame], name) == column([from_csv], name), name


def test_reading_a_dataframe_leaves_it_as_it_was() -> None:
    frame = pd.DataFrame({"a": [1.0, -999.0], "b": [-999, 2]})
    before = frame.copy()
    (chunk,) = read(frame, ["a", "b"], cells=CellFormat(("-999",)))
    assert np.isnan(chunk.columns["a"]).tolist() == [False, True]
    assert np.isnan(chunk.columns["b"]).tolist() == [True, False]
    pd.testing.assert_frame_equal(frame, before)


def test_a_row_of_a_dataframe_is_named_by_its_position(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "FRAME_ROWS", 2)
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=["x", "x", "y"])
    chunks = read(frame, ["a"])
    places = [str(chunk.place(row)) for chunk in chunks for row in range(chunk.n_rows)]
    assert places == [f"the DataFrame, row {row} (counting from 0)" for row in range(3)]


def test_names_that_are_no_texts_are_read_as_texts() -> None:
    (chunk,) = read(pd.DataFrame({2020: [1.5], 2021: ["x"]}), ["2020"], ["2021"])
    assert column([chunk], "2020") == [1.5]
    assert column([chunk], "2021") == ["x"]


def test_dataframes_in_a_row_are_one_table() -> None:
    parts = (pd.DataFrame({"a": [i, i + 1], "b": ["x", str(i)]}) for i in range(0, 6, 2))
    chunks = read(parts, ["a"], ["b"])
    assert column(chunks, "a") == [0, 1, 2, 3, 4, 5]
    assert column(chunks, "b") == ["x", "0", "x", "2", "x", "4"]


def test_no_dataframes_at_all_are_no_table() -> None:
    with pytest.raises(DataError):
        read([])


def test_a_dataframe_is_told_from_other_things() -> None:
    class Mine(pd.DataFrame):
        pass

    class DataFrame:
        pass

    assert is_frame(pd.DataFrame())
    assert is_frame(Mine())
    assert not any(map(is_frame, (DataFrame(), "t.csv", [pd.DataFrame()], None)))
