"""`nntrain init` and `check` on each kind of column: what they find, and that fit then asks nothing."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.command import Run

import nntrain
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature, NumericColumn

N = 40
SMALL = ["--set", "epochs=1", "--set", "hidden_layers=[]"]
TARGET_NOTE = "Note: the target is 'y', the last column; --target chooses another\n"
NEXT = "Next: nntrain cv t.csv --config c.yaml\n"


def dates(pattern: str) -> list[str]:
    """Dates of 2023, with each month and many days, by `{d}` and `{m}` in a pattern."""
    return [pattern.format(d=i % 28 + 1, m=i % 12 + 1) for i in range(N)]


@dataclass(frozen=True)
class Case:
    """Cells of a column x, what `init` says of it and writes, and the smallest number read."""

    cells: list[str]
    description: str
    minimum: float
    numbers: dict[str, str] = field(default_factory=dict)
    date_format: dict[str, str] = field(default_factory=dict)


JANUARY_1 = 1672531200.0
"""The beginning of 2023, in seconds from 1970."""
CASES = {
    "ISO dates": Case(
        dates("2023-{m:02}-{d:02}"),
        "a date written as 2024-12-31 14:30:00 (iso), such as '2023-01-01'",
        JANUARY_1,
        date_format={"x": "iso"},
    ),
    "US dates": Case(
        dates("{m}/{d}/2023"),
        "a date written as 12/31/2024 (%m/%d/%Y), such as '1/1/2023'",
        JANUARY_1,
        date_format={"x": "%m/%d/%Y"},
    ),
    "times": Case(
        [f"{i % 11 + 1}:{i * 7 % 60:02} {'AM' if i % 3 else 'PM'}" for i in range(N)],
        "a time written as 02:30 PM (%I:%M %p), such as '1:00 PM'",
        60.0 * (60 + 17),
        date_format={"x": "%I:%M %p"},
    ),
    "money": Case(
        [f"${1000 + i * 137 % 9000:,}.50" for i in range(N)],
        "a number written as $1,234.5, such as '$1,000.50'",
        1000.5,
        {"x": "$1,234.5"},
    ),
    "percent": Case(
        [f"{i * 7 % 100}.5%" for i in range(N)],
        "a number written as 1,234.5%, such as '0.5%'",
        0.5,
        {"x": "1,234.5%"},
    ),
    "a unit": Case(
        [f"{2620 + i * 13} lb" for i in range(N)],
        "a number written as 1234.5 lb, such as '2620 lb'",
        2620.0,
        {"x": "1234.5 lb"},
    ),
    "k and M": Case(
        [f"{1 + i % 9}.{i % 10}{'kM'[i % 2]}" for i in range(N)],
        "a number written as 1,234.5k, such as '1.0k'",
        1000.0,
        {"x": "1,234.5k"},
    ),
}


def write(columns: dict[str, list[str]], delimiter: str = ",") -> None:
    """A table of columns, then b and the target y."""
    others = {"b": [str(i % 5) for i in range(N)], "y": [str(3 * i % 11) for i in range(N)]}
    with Path("t.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        every = {**columns, **{name: c for name, c in others.items() if name not in columns}}
        writer.writerow(every)
        writer.writerows(zip(*every.values(), strict=True))


def features() -> dict[str, Feature]:
    """The features of model.npz, by name."""
    return {f.name: f for f in nntrain.load_model("model.npz").preprocessing.features}


def smallest(name: str) -> float:
    """The smallest number of a feature of model.npz."""
    feature = features()[name]
    assert isinstance(feature, NumericColumn)
    return feature.minimum


def fit_is_silent(run: Run) -> None:
    """Fit works with c.yaml and has no note: the config has decided everything."""
    fitted = run("fit", "t.csv", "-c", "c.yaml", *SMALL)
    assert (fitted.code, "Note" in fitted.err) == (0, False), fitted.err


def about(name: str) -> str:
    """What c.yaml says in its comments about a column."""
    lines = Path("c.yaml").read_text().split("\n")
    return next(line for line in lines if line.startswith(f"#   {name} ")).split(maxsplit=2)[2]


@pytest.mark.parametrize("case", CASES)
def test_init_writes_how_a_column_is_written_and_fit_then_notes_nothing(
    run: Run, folder: Path, case: str
) -> None:
    column = CASES[case]
    write({"x": column.cells})
    result = run("init", "t.csv", "-o", "c.yaml")
    assert (result.code, result.err) == (0, TARGET_NOTE + NEXT)
    assert about("x") == column.description
    config = nntrain.load_config("c.yaml")
    assert (config.numbers, config.date_format) == (column.numbers, column.date_format)
    assert (config.ignore, config.categorical) == ((), ())
    fit_is_silent(run)
    assert smallest("x") == column.minimum
    assert run("predict", "t.csv", "-q").code == 0
    (folder / "bare.yaml").write_text("target: y\n")
    written = column.description.replace("a number", "numbers", 1).replace("a date", "dates", 1)
    bare = run("fit", "t.csv", "-c", "bare.yaml", *SMALL)
    assert bare.err.startswith(f"Note: read 'x' as {written.replace('a time', 'times', 1)}\n")
    assert smallest("x") == column.minimum


@pytest.mark.parametrize("case", CASES)
def test_check_says_the_kind_of_a_column_and_shows_a_cell(
    run: Run, folder: Path, case: str
) -> None:
    column = CASES[case]
    write({"x": column.cells})
    (folder / "c.yaml").write_text("target: y\n")
    kind = column.description.partition(" ")[2].rpartition(", such as")[0]
    for options in ([], ["--set", f"numbers={json.dumps(column.numbers)}",
                         "--set", f"date_format={json.dumps(column.date_format)}"]):  # fmt: skip
        found = json.loads(run("check", "t.csv", "-c", "c.yaml", "--json", *options).out)
        assert (found["works"], found["warnings"]) == (True, [])
        first = found["columns"][0]
        assert (first["use"], first["type"], first["example"]) == ("feature", kind, column.cells[0])


def test_a_german_table_needs_no_option(run: Run, folder: Path) -> None:
    columns = {
        "preis": [f"{1 + i % 9}.{i * 137 % 1000:03},{i % 100:02} €" for i in range(N)],
        "anteil": [f"{i * 7 % 100},5" for i in range(N)],
        "menge": [f"{1 + i % 9}.{i * 131 % 1000:03}" for i in range(N)],
        "tag": dates("{d:02}.{m:02}.2023"),
        "y": [f"{3 * i % 11},25" for i in range(N)],
    }
    write(columns, ";")
    assert run("init", "t.csv", "-o", "c.yaml", "--target", "y").err == NEXT
    config = nntrain.load_config("c.yaml")
    assert config.numbers == {
        "preis": "1.234,5 €", "anteil": "1234,5", "menge": "1.234,5", "y": "1234,5",
    }  # fmt: skip
    assert config.date_format == {"tag": "%d.%m.%Y"}
    fit_is_silent(run)
    read = {name: smallest(name) for name in columns if name != "y"}
    assert read == {"preis": 1000.0, "anteil": 0.5, "menge": 1000.0, "tag": JANUARY_1}
    (target,) = nntrain.load_model("model.npz").preprocessing.targets
    assert (target.minimum, target.maximum) == (0.25, 10.25)
    (folder / "bare.yaml").write_text("target: y\n")
    assert run("fit", "t.csv", "-c", "bare.yaml", "-q", *SMALL).code == 0
    assert {name: smallest(name) for name in read} == read


NAMES = {
    "customer_id": (
        [str(1000 + i * 37 % 991) for i in range(N)],
        "it identifies the rows, by its name and because no number stands twice",
    ),
    "row": ([str(i) for i in range(N)], "it counts the rows, from 0 to 39"),
    "who": (
        [f"Person {chr(65 + i % 26)}{i}" for i in range(N)],
        "names or numbers of the rows, 40 different in 40 rows",
    ),
    "story": (
        [f"a long story about the thing of number {i}" for i in range(N)],
        "free text, 40 different in 40 rows",
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_the_rows_and_free_text_are_left_out_until_listed_under_features(
    run: Run, folder: Path, name: str
) -> None:
    cells, reason = NAMES[name]
    write({name: cells})
    note = f"left out the column {name!r}: {reason}"
    assert run("init", "t.csv", "-o", "c.yaml").err == f"{TARGET_NOTE}Note: {note}\n{NEXT}"
    assert nntrain.load_config("c.yaml").ignore == (name,)
    fit_is_silent(run)
    assert list(features()) == ["b"]
    (folder / "c.yaml").write_text("target: y\n")
    fitted = run("fit", "t.csv", "-c", "c.yaml", *SMALL)
    advice = "; to learn from it, list it under features" if cells[0].isdigit() else ""
    assert fitted.err.startswith(f"Note: {note}{advice}\n")
    assert list(features()) == ["b"]
    checked = json.loads(run("check", "t.csv", "-c", "c.yaml", "--json").out)
    assert checked["warnings"] == [f"{note}{advice}"]
    assert [column["use"] for column in checked["columns"]] == ["left out", "feature", "target"]
    listed = ["--set", f"features=[{name}, b]"]
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", *SMALL, *listed).code == 0
    assert list(features()) == [name, "b"]


def test_categories_that_look_alike_are_pointed_out_and_kept_apart(run: Run) -> None:
    write({"color": [("Red", "red", "RED ", "blue")[i % 4] for i in range(N)]})
    note = (
        "'color' has categories that differ by case or blanks alone: 'Red', 'red', 'RED '; they are "
        "kept apart"
    )
    assert run("init", "t.csv", "-o", "c.yaml").err == f"{TARGET_NOTE}Note: {note}\n{NEXT}"
    assert about("color") == "category, 4 different, such as 'Red'"
    assert nntrain.load_config("c.yaml").categorical == ("color",)
    fit_is_silent(run)
    assert features()["color"].input_names == ("color=RED ", "color=Red", "color=blue", "color=red")
    assert json.loads(run("check", "t.csv", "-c", "c.yaml", "--json").out)["warnings"] == [note]


def test_numbers_that_may_be_codes_are_listed_under_categorical_as_advised(run: Run) -> None:
    write({"zip": [str(10000 + i % 7 * 100) for i in range(N)]})
    note = "Note: 'zip' is read as numbers; if they are codes, list it under categorical\n"
    assert run("init", "t.csv", "-o", "c.yaml").err == TARGET_NOTE + note + NEXT
    fit_is_silent(run)
    assert isinstance(features()["zip"], NumericColumn)
    listed = ["--set", "categorical=[zip]"]
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", *SMALL, *listed).code == 0
    zip_codes = features()["zip"]
    assert isinstance(zip_codes, CategoricalColumn)
    assert zip_codes.categories == tuple(str(10000 + i * 100) for i in range(7))
