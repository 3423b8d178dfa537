"""The training table, typed: what makes a column numeric or categorical, and every refusal, whole.

Nothing here may depend on where the blocks end in which a table is read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.blocks import read_in_blocks

from nntrain.config.keys import Config
from nntrain.data.checks import check_columns, check_unique
from nntrain.data.notation.number_pattern import parse_number_pattern
from nntrain.data.preprocessing.roles import ColumnRoles
from nntrain.data.preprocessing.typed_table import TypedTable, read_typed
from nntrain.data.readers import csv_table
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_table import CsvTable
from nntrain.data.readers.sources import Source
from nntrain.errors import DataError

MISSING = Config(target=("y",)).missing_values
WHOLE = 1 << 20


@pytest.fixture(autouse=True)
def parsed_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pandas parses every regular block, however small the table."""
    monkeypatch.setattr(csv_table, "SMALL_BYTES", 0)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns") / "t.csv"


@pytest.fixture
def notes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """What is logged, in `messages`."""
    monkeypatch.setattr(logging.getLogger("nntrain"), "propagate", True)
    caplog.set_level(logging.WARNING, "nntrain")
    return caplog


def typed(
    path: Path,
    text: str,
    *,
    block_bytes: int = WHOLE,
    cells: CellFormat | None = None,
    **roles: Any,
) -> TypedTable:
    """The table in a text; its target is y."""
    path.write_text(text, encoding="utf-8", newline="")
    cells = cells or CellFormat(MISSING)
    with pytest.MonkeyPatch.context() as patch, Source(str(path)) as source:
        read_in_blocks(patch, block_bytes)
        table = CsvTable(source, source.open(twice=True), cells)
        return read_typed(table, ColumnRoles(**{"targets": ("y",)} | roles))


def typed_column(path: Path, column: Sequence[str], **options: Any) -> list[Any]:
    """The values of a feature a of these cells: numbers, or the texts of its categories."""
    lines = [f"{cell};{i}" for i, cell in enumerate(column)]
    table = typed(path, "\n".join(["a;y", *lines]) + "\n", **options)
    assert table.features == ("a",)
    assert table.columns[-1].tolist() == list(range(len(column)))
    return seen(table)["a"]


def seen(table: TypedTable) -> dict[str, list[Any]]:
    """Each feature's values, codes as the texts that they stand for."""
    columns: dict[str, list[Any]] = {}
    for i, name in enumerate(table.features):
        values = table.columns[i].tolist()
        texts = table.categories.get(i)
        columns[name] = values if texts is None else [texts[int(code)] for code in values]
    return columns


def refusal(path: Path, text: str, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        typed(path, text, **options)
    return str(caught.value)


def not_a_number(path: Path, line: int, cell: str) -> str:
    missing = "" if any(map(str.isdigit, cell)) else ", add the text to missing_values,"
    return (
        f"{path}, line {line}, column 'a': {cell!r} is not a number, and at least nine tenths of "
        f"the column are. Correct the cell{missing} or list the column under categorical"
    )


# Numbers or categories


def test_numbers_and_missing_cells_make_a_numeric_column(path: Path) -> None:
    values = typed_column(path, ["1", "NA", " 2.5", "", "1e3"])
    assert np.array_equal(values, [1.0, np.nan, 2.5, np.nan, 1000.0], equal_nan=True)


def test_missing_cells_alone_make_a_numeric_column(path: Path) -> None:
    assert np.isnan(typed_column(path, ["", "NA", "?"])).all()


def test_texts_make_a_categorical_column_in_which_missing_texts_are_texts(path: Path) -> None:
    cells = ["x", "", "007", "NA", "x", " 7", "-999"]
    assert typed_column(path, cells, cells=CellFormat(("", "NA", "-999"))) == cells


def test_true_and_false_are_categories(path: Path) -> None:
    assert typed_column(path, ["True", "FALSE", "1", "true"]) == ["true", "false", "1", "true"]


def test_categories_stand_in_the_order_in_which_they_are_met(path: Path) -> None:
    table = typed(path, "a,y\nx,1\nb,2\nx,3\na,4\n")
    assert table.categories == {0: ["x", "b", "a"]}
    assert table.columns[0].tolist() == [0, 1, 0, 2]


def test_a_column_of_nine_tenths_numbers_is_numeric_and_its_text_an_error(path: Path) -> None:
    cells = ["1", "2", "3", "oops", "5", "6", "7", "8", "9", "10"]
    text = "a,y\n" + "".join(f"{cell},1\n" for cell in cells)
    assert refusal(path, text) == not_a_number(path, 5, "oops")


def test_a_column_of_barely_less_than_nine_tenths_numbers_is_categorical(path: Path) -> None:
    cells = ["1", "2", "3", "oops", "5", "6", "7", "8", "9"]
    assert typed_column(path, cells) == cells


def test_missing_cells_do_not_count_for_the_nine_tenths(path: Path) -> None:
    few_numbers = ["1"] * 8 + ["oops"] + [""] * 50
    assert typed_column(path, few_numbers) == few_numbers
    text = "a,y\n" + "".join(f"{cell},1\n" for cell in [""] * 50 + ["1"] * 9 + ["oops"])
    assert refusal(path, text) == not_a_number(path, 61, "oops")


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 30).flatmap(
        lambda n: st.permutations(["7"] * n + ["x"] * (n // 9) + ["y"] + [""] * (n % 4))
    ),
    st.sampled_from([4, 20, WHOLE]),
)
def test_the_nine_tenths_are_exact(path: Path, cells: list[str], block_bytes: int) -> None:
    n_numbers, n_texts = cells.count("7"), cells.count("x") + cells.count("y")
    if n_numbers < 9 * n_texts:
        assert typed_column(path, cells, block_bytes=block_bytes) == cells
    else:
        first = next(i for i, cell in enumerate(cells) if cell in ("x", "y"))
        with pytest.raises(DataError) as caught:
            typed_column(path, cells, block_bytes=block_bytes)
        assert str(caught.value) == not_a_number(path, first + 2, cells[first])


@pytest.mark.parametrize("block_bytes", [16, 100, WHOLE])
def test_a_column_that_turns_out_to_be_text_late_keeps_its_earlier_cells_as_written(
    path: Path, block_bytes: int
) -> None:
    early = ["007", "7", "1.50", "1.5", " 5", "NA", "", "1e3"] * 20
    cells = [*early, *["north"] * 30, "08"]
    assert typed_column(path, cells, block_bytes=block_bytes) == cells


def test_columns_turn_out_to_be_text_each_at_its_own_row(path: Path) -> None:
    columns = [["1.00"] * n + ["x"] * (60 - n) for n in (0, 20, 40)]
    rows = zip(*columns, range(60), strict=True)
    text = "a,b,c,y\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    table = typed(path, text, block_bytes=32)
    assert seen(table) == dict(zip("abc", columns, strict=True))
    assert table.columns[-1].tolist() == list(range(60))


CELLS = ["1", "2.50", "007", "", "NA", "x", "1,5", "inf", "1e999", "True", "-999", "y", " 1"]


def outcome(path: Path, cells: Sequence[str], block_bytes: int) -> list[str] | str:
    try:
        found = typed_column(
            path, cells, block_bytes=block_bytes, cells=CellFormat((*MISSING, "-998"))
        )
    except DataError as error:
        return str(error)
    return list(map(repr, found))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["1", "2.50", *CELLS]), max_size=25), st.integers(1, 40))
@example(["1", "inf", "3", *["x", "y"] * 10], 4)
@example(["1e999", *["1"] * 20, "x"], 4)
def test_what_a_column_is_does_not_depend_on_where_blocks_end(
    path: Path, cells: list[str], block_bytes: int
) -> None:
    assert outcome(path, cells, block_bytes) == outcome(path, cells, WHOLE)


def test_a_numeric_column_may_be_listed_as_categorical(path: Path) -> None:
    text = "zip,y\n007,1\n7,2\n,3\n7.0,4\n"
    table = typed(path, text, categorical=("zip",))
    assert seen(table) == {"zip": ["007", "7", "", "7"]}


def test_a_decimal_comma_is_a_number_where_it_is_the_decimal_mark(path: Path) -> None:
    cells = CellFormat(MISSING, ",")
    assert typed_column(path, ["1,5", "-2", "0,25"], cells=cells) == [1.5, -2.0, 0.25]


def test_a_single_decimal_comma_among_whole_numbers_is_read_as_one(
    path: Path, notes: pytest.LogCaptureFixture
) -> None:
    assert typed_column(path, [*map(str, range(9)), "1,5"]) == [*range(9), 1.5]
    assert notes.messages == ["read 'a' as numbers written as 1234,5, such as '1,5'"]


def test_a_decimal_comma_among_decimal_points_is_a_cell_to_correct(path: Path) -> None:
    """Another decimal mark is no remedy: then the others would be texts."""
    cells = [f"{i}.5" for i in range(20)]
    text = "a;y\n" + "".join(f"{cell};1\n" for cell in [*cells, "1,5"])
    assert refusal(path, text) == not_a_number(path, 22, "1,5")


# Many categories, identifiers and texts


@pytest.mark.parametrize("block_bytes", [4, WHOLE])
def test_there_may_be_as_many_categories_as_repeat(path: Path, block_bytes: int) -> None:
    cells = [f"c{i}" for i in range(300)] * 2
    assert typed_column(path, cells, block_bytes=block_bytes) == cells


@pytest.mark.parametrize("block_bytes", [4, WHOLE])
@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (
            [f"customer {i}" for i in range(21)],
            "names or numbers of the rows, 21 different in 21 rows",
        ),
        (
            [f"x{i}" for i in range(21)] + [f"x{i}" for i in range(20)],
            "names or numbers of the rows, 21 different in 41 rows",
        ),
        ([f"it was day {i} of the trip" for i in range(21)], "free text, 21 different in 21 rows"),
        ([f"{i}{'x' * 40}" for i in range(21)], "free text, 21 different in 21 rows"),
    ],
)
def test_identifiers_and_free_text_are_left_out_with_the_reason(
    path: Path,
    notes: pytest.LogCaptureFixture,
    column: list[str],
    reason: str,
    block_bytes: int,
) -> None:
    text = "a,b,y\n" + "".join(f"{cell},{i % 7},{i}\n" for i, cell in enumerate(column))
    table = typed(path, text, block_bytes=block_bytes)
    assert seen(table) == {"b": [i % 7 for i in range(len(column))]}
    assert notes.messages == [f"left out the column 'a': {reason}"]


@pytest.mark.parametrize("roles", [{"features": ("a", "b")}, {"categorical": ("a",)}])
def test_a_column_that_the_config_names_is_not_left_out(path: Path, roles: dict[str, Any]) -> None:
    cells = [f"customer {i}" for i in range(30)]
    text = "a,b,y\n" + "".join(f"{cell},{i % 7},{i}\n" for i, cell in enumerate(cells))
    assert seen(typed(path, text, **roles))["a"] == cells


@pytest.mark.parametrize(
    ("name", "numbers", "reason"),
    [
        ("a", [*range(30, 0, -1)], "it counts the rows, from 1 to 30"),
        (
            "patient_id",
            [7 * i for i in range(30)],
            "it identifies the rows, by its name and because no number stands twice",
        ),
    ],
)
def test_numbers_of_the_rows_are_left_out_unless_nothing_else_is_left(
    path: Path, notes: pytest.LogCaptureFixture, name: str, numbers: list[int], reason: str
) -> None:
    rows = [f"{number},{i % 7},{i % 5}" for i, number in enumerate(numbers)]
    text = f"{name},b,y\n" + "\n".join(rows) + "\n"
    assert typed(path, text).features == ("b",)
    assert notes.messages == [
        f"left out the column {name!r}: {reason}; to learn from it, list it under features"
    ]
    notes.clear()
    assert typed(path, text, features=(name, "b")).features == (name, "b")
    assert typed(path, text, ignore=("b",)).features == (name,)
    assert notes.messages == []


@pytest.mark.parametrize(
    ("ignored", "names"),
    [((), "'a', 'b' hold names or free text; to learn from them"),
     (("b",), "'a' holds names or free text; to learn from it")],
)  # fmt: skip
def test_a_table_of_names_alone_is_an_error(
    path: Path, ignored: tuple[str, ...], names: str
) -> None:
    text = "a,b,y\n" + "".join(f"name {i},key {i},{i}\n" for i in range(30))
    assert refusal(path, text, ignore=ignored) == (
        f"{path}: no column is left to learn from: {names} all the same, list columns under features"
    )
    assert typed(path, text, features=("a",)).features == ("a",)


def test_a_column_that_is_not_learned_from_may_hold_anything(path: Path) -> None:
    text = "a,b,y\n1,x,1\n2,inf,2\n3,z,3\n"
    assert seen(typed(path, text, ignore=("b",))) == {"a": [1, 2, 3]}
    assert seen(typed(path, text, features=("a",))) == {"a": [1, 2, 3]}


# Cells that cannot be used

MISSING_TARGET = (
    "the target is missing; fill it in, remove the row, or leave out every row without a target: "
    "--set missing_target=skip"
)
INFINITE_TARGET = "the target is infinite or too large for a double; correct it or remove the row"


@pytest.mark.parametrize("block_bytes", [4, WHOLE])
@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (
            "",
            MISSING_TARGET,
        ),
        (
            "NA",
            MISSING_TARGET,
        ),
        (
            "inf",
            INFINITE_TARGET,
        ),
        (
            "-1e999",
            INFINITE_TARGET,
        ),
        (
            "high",
            "the target must be a number, found 'high'; correct the cell or choose another target",
        ),
        (
            "1_000",
            "the target must be a number, found '1_000'; correct the cell or choose another target",
        ),
    ],
)
def test_a_target_that_is_no_finite_number_is_an_error(
    path: Path, cell: str, problem: str, block_bytes: int
) -> None:
    text = f'a,y\n"1\n",1\n\n2,{cell}\n3,{cell}\n'
    message = refusal(path, text, block_bytes=block_bytes)
    assert message == f"{path}, line 5, column 'y': {problem}"


@pytest.mark.parametrize("block_bytes", [4, WHOLE])
@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["high"], "1 different text, such as 'high'; a number for each, such as 0 and 1, can be one"),
        (["yes", "", "no"], "2 different texts, such as 'yes'; a number for each, such as 0 and 1, can be one"),
        ([f"n{i}" for i in range(21)], "21 different texts, such as 'n0'; choose another"),
        ([f"a b c d {i}" for i in range(21)], "free text, such as 'a b c d 0'; choose another"),
        (["2024-01-31"], "dates or times, such as '2024-01-31'; a number such as the days since a date can be one"),
        (["12:30", "13:15"], "dates or times, such as '12:30'; a number such as the days since a date can be one"),
    ],
)  # fmt: skip
def test_a_target_of_texts_is_an_error_that_says_what_it_holds(
    path: Path, cells: list[str], problem: str, block_bytes: int
) -> None:
    text = "a,y\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells))
    assert refusal(path, text, block_bytes=block_bytes) == (
        f"{path}, column 'y': the target must be numbers, and the column holds {problem}"
    )


def test_a_target_that_may_be_read_in_two_ways_asks_and_each_answer_works(path: Path) -> None:
    text = "a;y\n1;€1,030\n2;€2,540\n"
    one, other = ('{"y": "€1,234.5"}', '{"y": "€1234,5"}')
    assert refusal(path, text) == (
        f"{path}, column 'y': '€1,030' may be 1030 (the comma groups thousands) or 1.03 (the comma is "
        f"the decimal mark); say which: --set 'numbers={one}' for 1030 or --set 'numbers={other}' for "
        f"1.03"
    )
    for answer, expected in ((one, [1030.0, 2540.0]), (other, [1.03, 2.54])):
        pattern = json.loads(answer)["y"]
        cells = CellFormat(MISSING, notations={"y": parse_number_pattern(pattern)})
        assert typed(path, text, cells=cells).columns[-1].tolist() == expected


GERMAN = "preis;menge;anteil;y\n1.234;1.500;0,5;{}\n2.345;2.25;0,25;{}\n3.456;7.5;1,5;{}\n"


@pytest.mark.parametrize("block_bytes", [4, WHOLE])
def test_points_beside_decimal_commas_group_thousands_where_all_cells_allow_it(
    path: Path, notes: pytest.LogCaptureFixture, block_bytes: int
) -> None:
    table = typed(path, GERMAN.format("2.5", "3.25", "4"), block_bytes=block_bytes)
    assert seen(table) == {
        "preis": [1234.0, 2345.0, 3456.0],
        "menge": [1.5, 2.25, 7.5],
        "anteil": [0.5, 0.25, 1.5],
    }
    assert table.columns[-1].tolist() == [2.5, 3.25, 4.0]
    assert notes.messages == [
        "read 'preis' as numbers written as 1.234,5, such as '1.234'",
        "read 'anteil' as numbers written as 1234,5, such as '0,5'",
    ]


def test_a_target_of_such_points_asks_and_each_answer_works(path: Path) -> None:
    text = GERMAN.format("1.234", "2.345", "3.456")
    grouped, plain = ('{"y": "1.234,5"}', '{"y": "1234.5"}')
    assert refusal(path, text) == (
        f"{path}, column 'y': '1.234' may be 1234, as other columns have decimal commas, or 1.234; say "
        f"which: --set 'numbers={grouped}' or --set 'numbers={plain}'"
    )
    for answer, expected in ((grouped, [1234.0, 2345.0, 3456.0]), (plain, [1.234, 2.345, 3.456])):
        cells = CellFormat(MISSING, notations={"y": parse_number_pattern(json.loads(answer)["y"])})
        assert typed(path, text, cells=cells).columns[-1].tolist() == expected


def test_the_second_target_is_checked_as_the_first(path: Path) -> None:
    message = refusal(path, "a,y,z\n1,1,1\n2,2,inf\n", targets=("y", "z"))
    assert message == (
        f"{path}, line 3, column 'z': the target is infinite or too large for a double; correct it "
        f"or remove the row"
    )


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
@pytest.mark.parametrize("block_bytes", [4, WHOLE])
def test_an_infinite_number_in_a_numeric_column_is_an_error(
    path: Path, cell: str, block_bytes: int
) -> None:
    message = refusal(path, f"a,y\n1,1\n2,2\n{cell},3\n4,4\n", block_bytes=block_bytes)
    assert message == (
        f"{path}, line 4, column 'a': the number is infinite or too large for a double; correct "
        f"it, or leave the cell empty if it is missing"
    )


def test_a_word_for_infinity_may_be_a_category(path: Path) -> None:
    assert typed_column(path, ["inf", "x", "1e999"]) == ["inf", "x", "1e999"]


# The header


def test_features_stand_in_the_order_of_the_table_unless_they_are_listed(path: Path) -> None:
    text = "c,y,a,b\n1,2,3,4\n"
    assert typed(path, text).features == ("c", "a", "b")
    assert typed(path, text, features=("b", "c")).features == ("b", "c")
    assert typed(path, text, ignore=("a",)).features == ("c", "b")
    assert typed(path, text, targets=("b", "y")).features == ("c", "a")


def test_a_table_is_features_then_targets(path: Path) -> None:
    table = typed(path, "c,y,a,b\n1,2,3,4\n", targets=("b", "y"))
    assert [column.tolist() for column in table.columns] == [[1], [3], [4], [2]]
    assert table.targets == ("b", "y")
    assert table.name == str(path)


def test_a_table_without_rows_has_columns_all_the_same(path: Path) -> None:
    table = typed(path, "a,y\n")
    assert table.features == ("a",)
    assert [len(column) for column in table.columns] == [0, 0]


def nameless(path: Path, columns: str) -> str:
    which = f"s {columns}, which have" if "," in columns else f" {columns}, which has"
    return (
        f"{path}: left out column{which} no name in the header line (a saved index, "
        f"or delimiters at the line's end); give it one to learn from it"
    )


def test_a_nameless_column_is_left_out_with_a_note(
    path: Path, notes: pytest.LogCaptureFixture
) -> None:
    assert seen(typed(path, ",a,y\n0,1,2\n1,3,4\n")) == {"a": [1, 3]}
    assert notes.messages == [nameless(path, "1")]


def test_nameless_columns_at_the_end_of_lines_are_left_out_with_a_note(
    path: Path, notes: pytest.LogCaptureFixture
) -> None:
    assert seen(typed(path, "a,y,,\n1,2,,\n3,4,,\n")) == {"a": [1, 3]}
    assert notes.messages == [nameless(path, "3, 4")]


def test_a_nameless_column_is_no_news_when_features_are_listed(
    path: Path, notes: pytest.LogCaptureFixture
) -> None:
    assert seen(typed(path, ",a,y\n0,1,2\n", features=("a",))) == {"a": [1]}
    assert notes.messages == []


def test_a_name_that_stands_twice_is_an_error_where_it_is_used(path: Path) -> None:
    assert refusal(path, "a,b,a,y\n1,2,3,4\n") == (
        f"{path}: the header names 'a' more than once, as columns 1, 3; rename one"
    )
    assert refusal(path, "y,a,y\n1,2,3\n") == (
        f"{path}: the header names 'y' more than once, as columns 1, 3; rename one"
    )


def test_a_name_that_stands_twice_is_no_error_where_it_is_not_used(path: Path) -> None:
    text = "a,b,a,y\n1,2,3,4\n"
    assert seen(typed(path, text, features=("b",))) == {"b": [2]}
    assert seen(typed(path, text, ignore=("a",))) == {"b": [2]}


@pytest.mark.parametrize(
    ("roles", "asked", "hint"),
    [
        ({"targets": ("prise",)}, "'prise', named under target", "did you mean 'price'?"),
        ({"targets": ("price", "x")}, "'x', named under target", "it has 'age', 'ages', 'price'"),
        ({"features": ("agee",)}, "'agee', named under features", "did you mean 'age', 'ages'?"),
        ({"ignore": ("ag",)}, "'ag', named under ignore", "did you mean 'age', 'ages'?"),
        ({"categorical": ("PriCe",)}, "'PriCe', named under categorical", "did you mean 'price'?"),
    ],
)
def test_a_column_that_is_missing_is_an_error_with_the_names_that_are_near(
    path: Path, roles: dict[str, tuple[str, ...]], asked: str, hint: str
) -> None:
    message = refusal(path, "age,ages,price\n1,2,3\n", **({"targets": ("price",)} | roles))
    assert message == f"{path}: has no column {asked}; {hint}"


def test_of_many_columns_the_first_are_named(path: Path) -> None:
    names = [f"column{i}" for i in range(12)]
    text = ",".join(names) + "\n" + ",".join(["1"] * 12) + "\n"
    shown = ", ".join(repr(name) for name in names[:8])
    assert refusal(path, text) == (
        f"{path}: has no column 'y', named under target; it has {shown} and 4 more"
    )


def test_a_model_says_that_it_needs_a_column(path: Path) -> None:
    path.write_text("age,y\n1,2\n", encoding="utf-8")
    with Source(str(path)) as source:
        table = CsvTable(source, source.open(), CellFormat(MISSING))
        with pytest.raises(DataError) as caught:
            check_columns(table, ["age", "ag"])
    assert str(caught.value) == (
        f"{path}: has no column 'ag', which the model needs; did you mean 'age'?"
    )


def test_columns_that_stand_three_times_are_all_named(path: Path) -> None:
    path.write_text("a,a,b,a\n", encoding="utf-8")
    with Source(str(path)) as source:
        table = CsvTable(source, source.open(), CellFormat(MISSING))
        check_unique(table, ["b"])
        with pytest.raises(DataError) as caught:
            check_unique(table, ["b", "a"])
    assert str(caught.value) == (
        f"{path}: the header names 'a' more than once, as columns 1, 2, 4; rename one"
    )


@pytest.mark.parametrize("roles", [{"ignore": ("a",)}, {"targets": ("a", "y")}])
def test_a_table_with_no_column_to_learn_from_is_an_error(
    path: Path, roles: dict[str, tuple[str, ...]]
) -> None:
    assert refusal(path, "a,y\n1,2\n", **roles) == (
        f"{path}: no column is left to learn from; see `features` and `ignore`"
    )
