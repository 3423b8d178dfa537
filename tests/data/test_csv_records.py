"""Delimited text becomes the records that csv.reader finds in the whole, wherever reads are cut.

Every message about broken text is held whole, with the line it names.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nntrain.data.readers import csv_header
from nntrain.data.readers import csv_records as records
from nntrain.data.readers.csv_block import Block
from nntrain.data.readers.csv_header import read_header, sniff
from nntrain.data.readers.csv_records import read_blocks
from nntrain.errors import DataError

Record = tuple[int, list[str]]


class Pieces:
    """A stream that gives its bytes in the pieces it was made of."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = iter(pieces)

    def read(self, size: int, /) -> bytes:
        return next((piece for piece in self.pieces if piece), b"")


def cut(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


def read(data: bytes, cuts: Iterable[int] = (), delimiter: str | None = None) -> list[Record]:
    """The header, as line 0, and every record with the line it starts on."""
    stream = Pieces(cut(data, cuts))
    header = read_header(stream, "t.csv", delimiter)
    names, line, rest = header.names, header.next_line, header.rest
    blocks = read_blocks(stream, "t.csv", header.delimiter, len(names), line, rest)
    return [(0, names), *(record for block in blocks for record in block.complete_records())]


def outcome(data: bytes, cuts: Iterable[int] = ()) -> list[list[str]] | str:
    """The records, of any number of cells; or what is wrong with them."""
    stream = Pieces(cut(data, cuts))
    try:
        blocks = read_blocks(stream, "t.csv", ",", 2, 1, b"")
        return [cells for block in blocks for _, cells in block.records()]
    except DataError as error:
        return str(error)


def by_csv_reader(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


# Headers


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("a,b,c", ","),
        ("a;b;c", ";"),
        ("a\tb\tc", "\t"),
        ("a", ","),
        ("a b|c", "|"),
        ("a|b,c", ","),
        ("a|b,c|d", "|"),
        ("a;b,c", ","),
        ("a\tb;c", ";"),
        ("a,b;c;d", ";"),
        ("a;b\tc\td", "\t"),
        ('"a;b;c",d', ","),
        ('"a,b,c";d', ";"),
        ('"say ""a,b"", then";d', ";"),
        ('"a\n,b";c', ";"),
    ],
)
def test_the_delimiter_is_the_most_frequent_one_outside_quotes(header: str, delimiter: str) -> None:
    assert sniff(header) == delimiter
    found = read_header(Pieces([header.encode() + b"\n"]), "t.csv", None)
    assert found.delimiter == delimiter
    assert [found.names] == by_csv_reader(header, delimiter)


@pytest.mark.parametrize("delimiter", ["|", " ", ":", "x", "\\", "^"])
def test_a_delimiter_that_is_given_is_not_sniffed(delimiter: str) -> None:
    data = delimiter.join(["a,,,", "b"]) + "\n" + delimiter.join(["1", '"2"']) + "\n"
    assert read(data.encode(), delimiter=delimiter) == [(0, ["a,,,", "b"]), (2, ["1", "2"])]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("cuts", [[], range(100)])
def test_lf_crlf_bom_and_a_last_line_without_end_read_alike(
    end: bytes, bom: bytes, last: bool, cuts: Iterable[int]
) -> None:
    data = bom + end.join([b"a,b", b'1,"x"', b'2,"y"']) + (end if last else b"")
    assert read(data, cuts) == [(0, ["a", "b"]), (2, ["1", "x"]), (3, ["2", "y"])]


def test_a_byte_order_mark_before_a_quoted_name_is_no_part_of_it() -> None:
    assert read(b'\xef\xbb\xbf"a,b",c\n1,2\n') == [(0, ["a,b", "c"]), (2, ["1", "2"])]


@pytest.mark.parametrize("cuts", [[], [3], range(100)])
def test_only_one_byte_order_mark_is_taken_off(cuts: Iterable[int]) -> None:
    assert read(b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1,2\n", cuts)[0] == (0, ["\ufeffa", "b"])


@pytest.mark.parametrize("cuts", [[], range(100)])
def test_blank_lines_before_the_header_are_passed_over(cuts: Iterable[int]) -> None:
    assert read(b"\n\r\n  \na,b\n1,2\n", cuts) == [(0, ["a", "b"]), (5, ["1", "2"])]


@pytest.mark.parametrize("cuts", [[], range(100)])
def test_a_column_name_may_hold_newlines_and_quotes(cuts: Iterable[int]) -> None:
    data = b'"size\n(mm)","a ""b""\r\n"\r\n1,2\n'
    assert read(data, cuts) == [(0, ["size\n(mm)", 'a "b"\r\n']), (4, ["1", "2"])]


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert read(b"a,b") == read(b"a,b\n") == read(b"a,b\r\n\n\n") == [(0, ["a", "b"])]


def test_names_are_kept_as_they_are_written() -> None:
    assert read(" a ,,é,a\n".encode()) == [(0, [" a ", "", "é", "a"])]


@pytest.mark.parametrize("cuts", [[], range(100)])
def test_a_double_quote_inside_a_name_swallows_no_rows(cuts: Iterable[int]) -> None:
    data = b'size 5",y\n1,2\n3,4\n'
    assert read(data, cuts) == [(0, ['size 5"', "y"]), (2, ["1", "2"]), (3, ["3", "4"])]


def test_a_name_of_a_no_break_space_is_a_name() -> None:
    assert read("\u00a0\n1\n".encode()) == [(0, ["\u00a0"]), (2, ["1"])]


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"  \r\n\t\n"])
@pytest.mark.parametrize("cuts", [[], range(10)])
def test_a_table_without_a_header_is_empty(data: bytes, cuts: Iterable[int]) -> None:
    with pytest.raises(DataError) as caught:
        read(data, cuts)
    assert str(caught.value) == (
        "t.csv: is empty; expects a header line with the names of the columns"
    )


# Records


def test_a_blank_line_is_no_record() -> None:
    data = b"a,b\n\n1,2\n   \n\t\n\r\n3,4\n\n"
    assert read(data) == [(0, ["a", "b"]), (3, ["1", "2"]), (7, ["3", "4"])]


def test_a_blank_line_is_no_record_of_a_single_column_but_an_empty_quoted_cell_is() -> None:
    assert read(b'a\n1\n\n""\n \n2\n') == [(0, ["a"]), (2, ["1"]), (4, [""]), (6, ["2"])]


def test_a_record_of_empty_cells_is_no_blank_line_whatever_the_delimiter() -> None:
    expected = [(0, ["a", "b"]), (2, ["", ""]), (3, ["1", 'x"y'])]
    for delimiter in ",;\t":
        data = f'a{delimiter}b\n{delimiter}\n1{delimiter}x"y\n'
        assert read(data.encode()) == expected


def test_a_record_knows_its_line_after_quoted_newlines_and_blank_lines() -> None:
    data = b'a,b\n"x\ny\nz",1\n\n2,"p\r\nq"\n3,4\n'
    expected = [(0, ["a", "b"]), (2, ["x\ny\nz", "1"]), (6, ["2", "p\r\nq"]), (8, ["3", "4"])]
    assert read(data) == read(data, range(100)) == expected


def test_a_block_finds_the_line_of_a_row() -> None:
    block = Block(b'\n"x\ny",1\n\n2,"p\nq"\n3,4\n', "t.csv", 10, ",", 2)
    assert [block.line_of(row) for row in range(3)] == [11, 14, 16]


def test_cells_keep_their_blanks_and_carriage_returns() -> None:
    data = b'a,b\n" 1 ", 2 \n"c\rd","e\r\nf"\n'
    assert read(data) == [(0, ["a", "b"]), (2, [" 1 ", " 2 "]), (3, ["c\rd", "e\r\nf"])]


def test_a_double_quote_inside_an_unquoted_cell_is_a_character() -> None:
    assert read(b'a,b\n5" pipe,6"\n') == [(0, ["a", "b"]), (2, ['5" pipe', '6"'])]


def test_a_record_is_given_as_soon_as_its_line_has_arrived() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"1,2\n3,"
        arrived.append("more")
        yield b"4\n"

    arrived: list[str] = []
    blocks = read_blocks(Pieces(pieces()), "t.csv", ",", 2, 2, b"")
    assert list(next(blocks).records()) == [(2, ["1", "2"])]
    assert arrived == []
    assert list(next(blocks).records()) == [(3, ["3", "4"])]
    assert list(blocks) == []


cell_texts = st.text(st.sampled_from(list('ab1 .,;\t"\n\ré\u2028\u0085')), max_size=6)
newlines = st.sampled_from(["\n", "\r\n"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str, list[Record]]:
    """A text, its delimiter, and its records, each with the line on which it starts."""
    delimiter = draw(st.sampled_from(",;\t|"))
    n_columns = draw(st.integers(1, 4))
    text, expected = "", []
    for i in range(draw(st.integers(1, 8))):
        cells = draw(st.lists(cell_texts, min_size=n_columns, max_size=n_columns))
        line = text.count("\n") + 1
        record = delimiter.join(
            written(cell, delimiter, quoted=draw(st.booleans())) for cell in cells
        )
        if not record.strip():
            record = delimiter.join(written(cell, delimiter, quoted=True) for cell in cells)
        if i and draw(st.integers(0, 5)) == 0:
            text += draw(st.sampled_from(["", " ", "  "])) + draw(newlines)
            line += 1
        text += record + draw(newlines)
        expected.append((line, cells))
    return text if draw(st.booleans()) else text.removesuffix("\n"), delimiter, expected


def written(cell: str, delimiter: str, *, quoted: bool) -> str:
    must = any(character in cell for character in delimiter + '"\r\n')
    return '"' + cell.replace('"', '""') + '"' if quoted or must else cell


@settings(deadline=None, max_examples=300)
@given(tables(), st.one_of(st.lists(st.integers(0, 300), max_size=8), st.just(range(300))))
@example(('a\n"p\rq"\n"r\ns"\n', ",", [(1, ["a"]), (2, ["p\rq"]), (3, ["r\ns"])]), [13])
def test_a_table_cut_anywhere_has_the_records_that_csv_reader_finds(
    table: tuple[str, str, list[Record]], cuts: Iterable[int]
) -> None:
    text, delimiter, expected = table
    names = expected[0][1]
    found = read(text.encode(), cuts, delimiter)
    assert found == [(0, names), *expected[1:]]
    if len(names) > 1:
        not_blank = [cells for cells in by_csv_reader(text, delimiter) if len(cells) > 1]
        assert [cells for _, cells in found] == not_blank


@settings(deadline=None, max_examples=500)
@given(
    st.text(st.sampled_from(list('a1,"\n\r ')), max_size=30),
    st.one_of(st.lists(st.integers(0, 30), max_size=5), st.just(range(30))),
)
def test_any_text_cut_anywhere_gives_the_same_records_or_the_same_message(
    text: str, cuts: Iterable[int]
) -> None:
    assert outcome(text.encode(), cuts) == outcome(text.encode())


@settings(deadline=None, max_examples=500)
@given(st.text(st.sampled_from(list('a,"\n\r ')), max_size=20), st.integers(2, 3))
def test_a_regular_block_is_one_record_a_line_and_right_in_number(text: str, n: int) -> None:
    block = Block((text + "\n").encode(), "t.csv", 1, ",", n)
    if block.regular:
        found = by_csv_reader(text + "\n", ",")
        assert {len(cells) for cells in found} == {n}
        assert [cells for _, cells in block.complete_records()] == found


@pytest.mark.parametrize(
    ("data", "regular"),
    [
        (b"1,2\n3,4\n", True),
        (b"1,2\r\n3,4\r\n", True),
        (b'"1",2\n"a,b","c\n""d"""\n', True),
        (b'"",""\n,\n', True),
        (b"1,2\n3\n", False),
        (b"1,2\n3,4,5\n6\n", False),
        (b"1,2\n\n", False),
        (b'1,"2\n', False),
        (b'1,2"\n', False),
        (b'1,"2"3\n', False),
        (b"1,2\r3,4\n", False),
        (b"1,\0\n", False),
        (b'1,"a\0b"\n', False),
    ],
)
def test_a_regular_block_can_be_parsed_at_once(data: bytes, regular: bool) -> None:
    assert Block(data, "t.csv", 1, ",", 2).regular is regular


# What is wrong with a table

CORRECT = "Correct the line; a cell that holds the delimiter must stand in double quotes"
AFTER_QUOTE = (
    "a quoted cell goes on after its closing double quote; write a double quote inside a quoted "
    "cell twice, and ',' after the cell"
)
NEVER_ENDS = "a quoted cell opens in this record and never ends; close its double quote"
CARRIAGE_RETURN = "a carriage return stands inside the line; end lines with LF or CRLF"
NUL = (
    "holds a NUL byte; this is not UTF-8 text. If it is UTF-16, say so: --encoding utf-16, or "
    "encoding in a config"
)
LATIN1 = (
    "is not UTF-8 text: its byte E9 would be 'é' in Latin-1; say which it is: --encoding latin-1 or "
    "cp1252, or encoding in a config"
)
BOTH = LATIN1.replace("E9", "E2").replace("'é' in Latin-1", "'â' in Latin-1")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a,b\n1,2\n3\n", f"t.csv, line 3: has 1 cell, the header has 2. {CORRECT}"),
        (b"a,b\n1,2\n3,4,5\n", f"t.csv, line 3: has 3 cells, the header has 2. {CORRECT}"),
        (b"a,b\n1,2,\n", f"t.csv, line 2: has 3 cells, the header has 2. {CORRECT}"),
        (b"a\n1\n2,5\n", f"t.csv, line 3: has 2 cells, the header has 1. {CORRECT}"),
        (b"a;b\n1,2\n", f"t.csv, line 2: has 1 cell, the header has 2. {CORRECT}"),
        (b'a,b\n"x\ny",1\n\n3\n', f"t.csv, line 5: has 1 cell, the header has 2. {CORRECT}"),
        (b"a,b\n1,2,3\n4\n", f"t.csv, line 2: has 3 cells, the header has 2. {CORRECT}"),
        (b'a,b\n1,"2"x\n', f"t.csv, line 2: {AFTER_QUOTE}"),
        (b'a,b\n1,"2" \n', f"t.csv, line 2: {AFTER_QUOTE}"),
        (b'a,b\n"x\ny",1\n"p\nq"r,1\n', f"t.csv, line 4: {AFTER_QUOTE}"),
        (b'a,b\n1,2\n3,"4\n5,6\n', f"t.csv, line 3: {NEVER_ENDS}"),
        (b'a,b\n"x\ny",1\n"', f"t.csv, line 4: {NEVER_ENDS}"),
        (b'a,"b\n1,2\n', f"t.csv, line 1: {NEVER_ENDS}"),
        (b"a,b\r1,2\r3,4\r", f"t.csv, line 1: {CARRIAGE_RETURN}"),
        (b"a,b\n1,2\r3,4\n", f"t.csv, line 2: {CARRIAGE_RETURN}"),
        (b'a,b\n1,"2"\r3\n', f"t.csv, line 2: {CARRIAGE_RETURN}"),
        (b"a,b\n1,2\n\0,4\n", f"t.csv, line 3: {NUL}"),
        (b'a,b\n1,2\n"x\n\0",4\n', f"t.csv, line 4: {NUL}"),
        ("a,b\n1,2\n".encode("utf-16-le"), f"t.csv, line 1: {NUL}"),
        ("a,é\n1,2\n".encode("latin-1"), f"t.csv, line 1: {LATIN1}"),
        ("a,b\n1,2\n\n3,é\n".encode("latin-1"), f"t.csv, line 4: {LATIN1}"),
        (b"a,b\n1,\xe2\x82\n", f"t.csv, line 2: {BOTH}"),
        (
            b"a,b\n1,\x93x\n",
            "t.csv, line 2: is not UTF-8 text: its byte 93 would be '\\x93' in "
            "Latin-1, '“' in cp1252; say which it is: --encoding latin-1 or cp1252, or encoding in a "
            "config",
        ),
    ],
)
@pytest.mark.parametrize("cuts", [[], range(100)])
def test_broken_text_is_an_error_that_names_its_line(
    data: bytes, message: str, cuts: Iterable[int]
) -> None:
    with pytest.raises(DataError) as caught:
        read(data, cuts)
    assert str(caught.value) == message


def test_the_message_after_a_closing_quote_names_the_delimiter() -> None:
    with pytest.raises(DataError) as caught:
        read(b'a\tb\n1\t"2"x\n')
    assert str(caught.value) == (
        "t.csv, line 2: a quoted cell goes on after its closing double quote; write a double quote "
        r"inside a quoted cell twice, and '\t' after the cell"
    )


def test_a_header_that_never_ends_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_header, "MAX_RECORD_BYTES", 100)
    with pytest.raises(DataError) as caught:
        read_header(Pieces(itertools.repeat(b"x" * 30)), "t.csv", None)
    assert str(caught.value) == "t.csv, line 1: the header line is longer than 16 MiB"


def test_a_line_that_never_ends_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 100)
    endless = itertools.chain([b"1,2\n3,4\n"], itertools.repeat(b"x" * 30))
    blocks = read_blocks(Pieces(endless), "t.csv", ",", 2, 2, b"")
    with pytest.raises(DataError) as caught:
        list(blocks)
    assert str(caught.value) == "t.csv, line 4: the line is longer than 16 MiB"
