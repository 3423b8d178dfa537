"""`nntrain init`: a config that says what it saw, and that trains as it stands on awkward tables."""

from __future__ import annotations

import csv
import dataclasses
import io
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.command import Result, Run

import nntrain
from nntrain.cli.main import main
from nntrain.config.keys import DEFAULTS, MEANINGS
from nntrain.config.recipes import RECIPES
from nntrain.config.suggest import suggest_config
from nntrain.config.yaml_file import parse_config
from nntrain.config.yaml_text import as_yaml

SMALL = "id,name,size,color,dead,empty,price\n" + "".join(
    f"{i},n{i},{i / 2 if i % 4 else ''},{'red' if i % 3 else 'blue'},x,,{2 * i + i % 3}\n"
    for i in range(1, 25)
)
SMALL_ABOUT = """\
# t.csv: 24 rows, 7 columns
# recipe: textbook
#
#   id     number, 1 to 24
#   name   identifier, 24 different, such as 'n1'
#   size   number, 0.5 to 11.5, 6 missing
#   color  category, 2 different, such as 'red'
#   dead   category, 1 different, such as 'x'
#   empty  empty
#   price  number, 3 to 48

"""
SMALL_LEFT_OUT = {
    "id": "it counts the rows, from 1 to 24",
    "name": "names or numbers of the rows, 24 different in 24 rows",
    "dead": "constant",
    "empty": "has no value",
}
SMALL_IGNORE = "ignore:\n" + "".join(
    f"  - {name}  # {reason}\n" for name, reason in SMALL_LEFT_OUT.items()
)


def key_lines(**values: str) -> str:
    """Every key with its meaning, at its default but for those given, which are whole lines."""
    parts = [
        f"# {MEANINGS[name]}\n" + values.get(name, f"{name}: {as_yaml(default)}\n")
        for name, default in DEFAULTS.items()
    ]
    return "\n".join(parts) + "\n"


def left_out(*but: str) -> str:
    """The notes on the columns of the small table that are left out, but for some."""
    return "".join(
        f"Note: left out the column {name!r}: {reason}\n"
        for name, reason in SMALL_LEFT_OUT.items()
        if name not in but
    )


def csv_text(columns: dict[str, list[str]], delimiter: str = ",") -> str:
    """A table of columns, each cell quoted where it has to be."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([list(columns), *zip(*columns.values(), strict=True)])
    return text.getvalue()


def numbers(n: int = 60, seed: int = 0) -> list[str]:
    generator = random.Random(seed)
    return [f"{generator.gauss(10, 4):.2f}" for _ in range(n)]


def cycle(*cells: str, n: int = 60) -> list[str]:
    return [cells[i % len(cells)] for i in range(n)]


@pytest.fixture
def in_process(folder: Path) -> Iterator[None]:
    """Puts back what `--quiet` sets for the whole process."""
    log = logging.getLogger("nntrain")
    level = log.level
    yield
    log.setLevel(level)


def init_and_fit(*options: str) -> tuple[int, int]:
    """The exit codes of `init` on t.csv and of `fit` with the config that it wrote, made small."""
    Path("c.yaml").unlink(missing_ok=True)
    first = main(["init", "t.csv", "-o", "c.yaml", "-q", *options])
    small = ["--set", "epochs=2", "--set", "hidden_layers=[8]"]
    return first, main(["fit", "t.csv", "-c", "c.yaml", "-q", *small]) if first == 0 else -1


def test_the_whole_output_for_a_small_table(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text(SMALL)
    result = run("init", "t.csv", "--recipe", "textbook")
    target = "target: price  # the last column; --target COLUMN chooses another\n"
    assert result == Result(
        0,
        SMALL_ABOUT
        + key_lines(target=target, ignore=SMALL_IGNORE, categorical="categorical: [color]\n"),
        "Note: the target is 'price', the last column; --target chooses another\n"
        + left_out()
        + "Next: nntrain cv t.csv --config config.yaml\n",
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_key_stands_once_with_its_meaning_and_the_recipes_value(
    run: Run, recipe: str
) -> None:
    table = ["sample_data/housing.csv", "--target", "median_house_value"]
    text = run("init", *table, "--recipe", recipe).out
    lines = text.split("\n")
    assert lines[:2] == [
        "# sample_data/housing.csv: 20,640 rows, 10 columns",
        f"# recipe: {recipe}",
    ]
    for field in dataclasses.fields(nntrain.Config):
        (place,) = [i for i, line in enumerate(lines) if line.startswith(f"{field.name}:")]
        assert lines[place - 1] == f"# {MEANINGS[field.name]}"
    found = nntrain.Config(target=("median_house_value",), categorical=("ocean_proximity",))
    assert parse_config(text) == dataclasses.replace(found, **RECIPES[recipe](20_640))
    if recipe == "accurate":
        assert run("init", *table).out == text
    else:
        assert parse_config(text) == found


def test_a_recipe_that_does_not_exist_is_refused(run: Run) -> None:
    result = run("init", "sample_data/housing.csv", "--recipe", "best")
    assert (result.code, result.out) == (2, "")
    assert "'best' is not one of 'accurate', 'textbook'" in result.err


@pytest.mark.parametrize(
    ("table", "options"),
    [
        ("concrete", []),
        ("energy", []),
        ("housing", ["--target", "median_house_value"]),
    ],
)
def test_the_sample_tables_train_with_what_init_writes(
    run: Run, table: str, options: list[str]
) -> None:
    path = f"sample_data/{table}.csv"
    result = run("init", path, "-o", "c.yaml", *options)
    assert (result.code, result.out) == (0, "")
    assert result.err.endswith(f"Next: nntrain cv {path} --config c.yaml\n")
    assert run("fit", path, "-c", "c.yaml", "-q", "--set", "epochs=3") == Result(0, "", "")


def test_a_redirected_config_is_what_an_output_file_holds(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text(SMALL)
    printed = run("init", "t.csv", "-q")
    written = run("init", "t.csv", "-q", "--output", "c.yaml")
    assert (printed.code, printed.err, written) == (0, "", Result(0, "", ""))
    assert (folder / "c.yaml").read_text() == printed.out
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", "--set", "epochs=2").code == 0


def test_the_config_reads_back_as_the_one_that_was_found(folder: Path) -> None:
    (folder / "t.csv").write_text(SMALL.replace("24,n24,,blue,x,,48", "24,n24,?!,blue,x,,"))
    found = suggest_config("t.csv", recipe="textbook")
    assert parse_config(found.as_yaml()) == found.config
    assert found.config == nntrain.Config(
        target=("price",),
        ignore=("id", "name", "dead", "empty"),
        categorical=("color",),
        missing_values=(*DEFAULTS["missing_values"], "?!"),
        missing_target="skip",
    )


@pytest.mark.parametrize(
    ("table", "note"),
    [
        ("1,2\n2,3\n3,5\n", "t.csv: every name in the header line is a number; is it a row, and the "
         "line of names missing?"),
        ("a;b;y\n1,5;x;2\n2,5;y;3\n", ""),
        ("a;b;y\n1,5;x;2\n1,2,3;y;3\n", ""),
        ("a,2,y\n1,5,2\n2,6,3\n", ""),
    ],
)  # fmt: skip
def test_what_may_have_been_read_wrongly_is_noted(
    run: Run, folder: Path, table: str, note: str
) -> None:
    (folder / "t.csv").write_text(table)
    result = run("init", "t.csv")
    assert result.code == 0
    notes = [line for line in result.err.splitlines() if "--target" not in line]
    assert notes == [
        *([f"Note: {note}"] if note else []),
        "Next: nntrain cv t.csv --config config.yaml",
    ]


def test_standard_input_is_a_table_too(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text(SMALL)
    piped, named = run("init", "-", stdin=SMALL), run("init", "t.csv")
    assert piped.code == 0
    assert piped.out == named.out.replace("# t.csv:", "# standard input:")
    assert piped.err.endswith("Next: nntrain cv data.csv --config config.yaml\n")


def test_a_dash_as_output_is_stdout(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text(SMALL)
    assert run("init", "t.csv", "-o", "-") == run("init", "t.csv")
    assert not (folder / "-").exists()


def test_several_files_are_looked_at_as_one(run: Run, folder: Path) -> None:
    header, *rows = SMALL.splitlines(keepends=True)
    (folder / "a.csv").write_text(header + "".join(rows[:11]))
    (folder / "b.csv").write_text(header + "".join(rows[11:]))
    (folder / "t.csv").write_text(SMALL)
    both, whole = run("init", "a.csv", "b.csv"), run("init", "t.csv")
    assert both.out == whole.out.replace("# t.csv:", "# a.csv:")
    assert both.err.endswith("Next: nntrain cv a.csv b.csv --config config.yaml\n")


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (["size"], "target: size  # as asked for"),
        (["size", "id"], "target: [size, id]  # as asked for"),
        (["id", "size", "price"], "target: [id, size, price]  # as asked for"),
    ],
)
def test_targets_can_be_asked_for(run: Run, folder: Path, asked: list[str], line: str) -> None:
    (folder / "t.csv").write_text(SMALL)
    options = [word for target in asked for word in ("--target", target)]
    result = run("init", "t.csv", "-o", "c.yaml", *options)
    assert result == Result(0, "", left_out(*asked) + "Next: nntrain cv t.csv --config c.yaml\n")
    assert line in (folder / "c.yaml").read_text().split("\n")
    config = nntrain.load_config("c.yaml")
    assert config.target == tuple(asked)
    assert not set(asked) & set(config.ignore)
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", "--set", "epochs=2").code == 0


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--target", "color"], 3, "t.csv: the column 'color' cannot be the target: it holds text, "
         "such as 'red'"),
        (["--target", "dead"], 3, "t.csv: the column 'dead' cannot be the target: it holds text, "
         "such as 'k'"),
        (["--target", "empty"], 3, "t.csv: the column 'empty' cannot be the target: it has no value"),
        (["--target", "five"], 3, "t.csv: the column 'five' cannot be the target: it is constant"),
        (["--target", "x", "--target", "color"], 3, "t.csv: the column 'color' cannot be the target: "
         "it holds text, such as 'red'"),
        (["--target", "colour"], 3, "t.csv: has no column 'colour', named under --target; did you "
         "mean 'color'?"),
        (["-o", "t.csv"], 2, "--output t.csv would overwrite an input of this run"),
        (["-o", "none/c.yaml"], 7, "none/c.yaml: cannot be written: No such file or directory"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_explained(
    run: Run, folder: Path, options: list[str], code: int, message: str
) -> None:
    (folder / "t.csv").write_text(
        "x,color,dead,empty,five,y\n1,red,k,,5,1\n2,blue,k,,5,3\n4,red,k,,5,9\n"
    )
    assert run("init", "t.csv", *options) == Result(code, "", f"Error: {message}\n")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "t.csv: is empty; expects a header line with the names of the columns"),
        ("a,y\n", "t.csv: has no rows to look at"),
        ("a,b\nx,y\nz,w\n", "t.csv: no column can be the target; each is text, dates, constant, empty "
         "or names of the rows"),
        ("a,y\n1,2\n1,2\n", "t.csv: no column can be the target; each is text, dates, constant, empty "
         "or names of the rows"),
        ("y\n1\n2\n3\n", "t.csv: no column is left to learn from: the target is the only one"),
        ("a,y\n5,1\n5,2\n", "t.csv: no column is left to learn from: little can be learned from 'a'"),
        ("a:b:y\n1:2:3\n", "t.csv: its header line was read as one column, 'a:b:y'; if ':' separates the "
         "cells, name it: --delimiter, or delimiter in a config"),
        ('[{"a": 1, "y": 2},\n {"a": 3, "y": 2}]\n', "t.csv: is one JSON array, and JSON lines have an "
         "object on each line; convert it: python -c 'import json, sys; [print(json.dumps(r)) for r in "
         "json.load(sys.stdin)]' < t.csv > table.jsonl"),
        ("a,a,y\n1,2,3\n", "t.csv: the header names 'a' more than once, as columns 1, 2; rename one"),
        ("a,y\n1,2\n3\n", "t.csv, line 3: has 1 cell, the header has 2. Correct the line; a cell "
         "that holds the delimiter must stand in double quotes"),
    ],
)  # fmt: skip
def test_a_table_that_holds_nothing_to_learn_is_explained(
    run: Run, folder: Path, table: str, message: str
) -> None:
    (folder / "t.csv").write_text(table)
    result = run("init", "t.csv", "-q")
    assert (result.code, result.out) == (3, "")
    assert result.err == f"Error: {message}\n"


def test_a_missing_table_is_explained_and_no_output_is_made(run: Run, folder: Path) -> None:
    result = run("init", "none.csv", "-o", "c.yaml")
    assert result == Result(3, "", "Error: none.csv: cannot be read: No such file or directory\n")
    assert not (folder / "c.yaml").exists()


MANY = [f"text {i}" for i in range(150)]
REASONS: dict[str, tuple[list[str], str]] = {
    "an identifier that counts from 0": ([str(i) for i in range(60)],
                                       "it counts the rows, from 0 to 59"),
    "an identifier that counts from 1": ([f"{i}.0" for i in range(1, 61)],
                                       "it counts the rows, from 1 to 60"),
    "a constant number": (["5"] * 60, "constant"),
    "a constant number in several spellings": (cycle("5", "5.0", "+5"), "constant"),
    "a constant text": (["same"] * 60, "constant"),
    "no value": ([""] * 60, "has no value"),
    "no value in several spellings": (cycle("", "NA", "?"), "has no value"),
    "a text of its own for each row": ([f"n{i}" for i in range(60)],
                                       "names or numbers of the rows, 60 different in 60 rows"),
    "a long text of its own for each row": ([f"a sentence of many words, number {i}" for i in range(60)],
                                            "free text, 60 different in 60 rows"),
    "more texts than half the rows": ([*MANY, *MANY[:149]],
                                      "names or numbers of the rows, 150 different in 299 rows"),
    "numbers with many texts": ([f"oops{i}" if i % 12 == 0 else str(i) for i in range(300)],
                                "numbers with 25 different texts among them"),
}  # fmt: skip
KEPT: dict[str, tuple[list[str], str]] = {
    "numbers that count from 7": ([str(i) for i in range(7, 67)], "number, 7 to 66"),
    "a number or nothing": (cycle("5", ""), "number, 5 to 5, 30 missing"),
    "a text or nothing": (cycle("yes", ""), "category, 1 different, such as 'yes', 30 missing"),
    "ISO dates": (
        [f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(60)],
        "a date written as 2024-12-31 14:30:00 (iso), such as '2024-01-01'",
    ),
    "few dates": (
        cycle("2024-01-01", "2024-02-01"),
        "a date written as 2024-12-31 14:30:00 (iso), such as '2024-01-01'",
    ),
    "dates with a time": (
        [f"{i % 28 + 1}/{i % 12 + 1}/2024 10:{i:02}" for i in range(60)],
        "a date written as 31/12/2024 14:30 (%d/%m/%Y %H:%M), such as '1/1/2024 10:00'",
    ),
    "many texts": (MANY * 3, "category, 150 different, such as 'text 0'"),
    "many texts of odd characters": (
        [f"\x1b[31m\n{t}" for t in MANY] * 3,
        "category, 150 different, such as '\\x1b[31m\\ntext 0'",
    ),
    "few odd texts": ([*numbers(57), "n/a", "none", "none"], "3 texts taken as missing"),
    "infinite cells": ([*numbers(58), "inf", "-1e999"], "2 infinite taken as missing"),
    "half texts": (cycle("a", "2", "b", "4"), "category, 4 different, such as 'a'"),
    "true and false": (cycle("true", "false"), "category, 2 different, such as 'true'"),
    "0 and 1": (cycle("0", "1"), "number, 0 to 1"),
    "large numbers": (cycle("1e200", "-1e200", "0"), "number, -1e+200 to 1e+200"),
    "small numbers": (cycle("1e-300", "2e-300", "0"), "number, 0 to 2e-300"),
}


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("case", REASONS)
def test_a_column_that_tells_little_is_ignored_with_the_reason(case: str) -> None:
    column, reason = REASONS[case]
    n = len(column)
    Path("t.csv").write_text(csv_text({"a": column, "x": numbers(n, 1), "y": numbers(n, 2)}))
    assert init_and_fit() == (0, 0)
    lines = Path("c.yaml").read_text().split("\n")
    assert lines[lines.index("ignore:") + 1] == f"  - a  # {reason}"
    assert nntrain.load_config("c.yaml").ignore == ("a",)


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("case", KEPT)
def test_a_column_that_may_tell_something_is_kept_and_described(case: str) -> None:
    column, description = KEPT[case]
    Path("t.csv").write_text(csv_text({"a": column, "y": numbers(len(column), 2)}))
    assert init_and_fit() == (0, 0)
    (about,) = [line for line in Path("c.yaml").read_text().split("\n") if line.startswith("#   a")]
    assert about.endswith(description)
    assert nntrain.load_config("c.yaml").ignore == ()
    names = nntrain.load_model("model.npz").preprocessing.features
    assert [feature.name for feature in names] == ["a"]


NAMES = [
    "null", "~", "yes", "No", "on", "true", "nan", "1", "1e3", "007", ".5", "a: b", "#x", "x #y",
    "- a", "[a]", "{a: 1}", "&a", "*a", "!a", "%a", "@a", "`a`", "|", ">", "?", ":", "a:", "'", '"',
    "it's", 'say "hi"', "a\\b", "a\nb", "a\tb", " a ", "größe", "数量", "🚲", "a,b", "=1+1", "--target",
    "target", "a\x7fb", "a\x85b", "a\u2028b", "a\x1bb", "\ufeffa", "a\rb",
]  # fmt: skip


@pytest.mark.heavy
@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_can_be_a_feature_an_ignored_column_or_the_target(name: str) -> None:
    for columns in (
        {name: numbers(20), "y": numbers(20, 1)},
        {"x": numbers(20), name: ["5"] * 20, "y": numbers(20, 1)},
        {"x": numbers(20), name: numbers(20, 1)},
    ):
        Path("t.csv").write_text(csv_text(columns), newline="")
        assert init_and_fit() == (0, 0)
        config = nntrain.load_config("c.yaml")
        assert config.target == (list(columns)[-1],)
        assert config.ignore == ((name,) if len(columns) == 3 else ())


AWKWARD: dict[str, str] = {
    "blank lines, Windows line ends and a byte order mark": "\ufeffa,y\r\n\r\n1,2\r\n\r\n2,5\r\n4,1\r\n",
    "no newline at the end": "a,y\n1,2\n2,5\n4,1",
    "a nameless index": ",a,y\n0,1,2\n1,2,5\n2,4,1\n",
    "delimiters at the end of each line": "a,y,,\n1,2,,\n2,5,,\n4,1,,\n",
    "semicolons": "a;y\n1;2\n2;5\n4;1\n",
    "tabs": "a\ty\n1\t2\n2\t5\n4\t1\n",
    "two rows": "a,y\n1,2\n2,5\n",
    "missing targets": "a,y\n1,2\n2,\n3,NA\n4,1\n",
    "infinite targets": "a,y\n1,2\n2,inf\n3,1e999\n4,1\n",
    "a last column of texts": "a,y,t\n1,2,p\n2,5,q\n4,1,p\n",
    "a last column that is constant": "a,y,t\n1,2,5\n2,5,5\n4,1,5\n",
    "numbers with blanks around them": "a,y\n 1, 2\n2 ,5 \n4,1\n",
    "a quoted newline in a cell": 'a,y\n"p\nq",2\nr,5\ns,1\n',
    "a text that is missing elsewhere": "a,b,y\n" + "".join(
        f"{'none' if i % 20 == 0 else i * 7 % 13},"
        f"{i if i < 9 else 'low' if i == 59 else 'none'},{i * 3 % 17}\n" for i in range(60)
    ),
    "a text column of missing texts alone": "a,b,y\n" + "".join(
        f"{'none' if i % 20 == 0 else i * 7 % 13},{('none', 'NA')[i % 2]},{i * 3 % 17}\n"
        for i in range(60)
    ),
    "nearly too many texts, and several ways to miss one": "t,x,y\n" + "".join(
        f"{([f'c{k}' for k in range(98)] + ['', 'NA', 'null', '?'])[i % 102]},"
        f"{i * 7 % 13},{i * 3 % 17}\n" for i in range(408)
    ),
    "nearly too many texts, some of them numbers in several spellings": "t,x,y\n" + "".join(
        f"{([f'c{k}' for k in range(96)] + ['1', '1.0', '01', '+1', '1e0'])[i % 101]},"
        f"{i * 7 % 13},{i * 3 % 17}\n" for i in range(404)
    ),
    "one odd text in the target": "a,y\n" + "".join(f"{i * 7 % 13},{i * 3 % 17}\n" for i in range(20))
    + "3,unknown\n",
    "targets of one value but in rows that miss another": "a,y\n1,5\n2,6\n3,5\n,6\n",
    "a feature that is known only where the target is not": "a,b,y\n1,,2\n2,,5\n3,7,\n4,8,\n5,,1\n",
    "integers of hundreds of digits": f"a,y\n{'9' * 400},2\n2,5\n4,1\n5,2\n",
}  # fmt: skip


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("case", AWKWARD)
def test_what_init_writes_trains_on_an_awkward_table(case: str) -> None:
    Path("t.csv").write_text(AWKWARD[case], newline="")
    options = ["--target", "y"] if case.startswith("a last column") else []
    assert init_and_fit(*options) == (0, 0)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("a last column of texts", "holds text, such as 'p'"),
        ("a last column that is constant", "is constant"),
    ],
)
def test_a_last_column_that_cannot_be_the_target_has_init_ask_for_one(
    run: Run, folder: Path, case: str, reason: str
) -> None:
    (folder / "t.csv").write_text(AWKWARD[case])
    message = (
        f"Error: t.csv: the last column, 't', cannot be the target: it {reason}; name the column to "
        "predict with --target: it could be 'a', 'y'\n"
    )
    assert run("init", "t.csv") == Result(3, "", message)
    assert run("init", "t.csv", "--target", "y", "-q").code == 0


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("table", "options", "line"),
    [
        ("a;y\n1,5;2\n2,5;3,5\n4,5;9\n", ["--decimal", ","], 'decimal: ","'),
        ("a|y\n1|2\n2|3\n4|9\n", ["--delimiter", "|"], 'delimiter: "|"'),
        ("a y\n1 2\n2 3\n4 9\n", ["--delimiter", " "], 'delimiter: " "'),
        ("a,b|y\n1,5|2\n2,5|3\n4,5|9\n", ["--delimiter", "|", "--decimal", ","], 'delimiter: "|"'),
        ("a;b,y\n1,2\n2,3\n4,9\n", ["--delimiter", ","], 'target: "y"'),
    ],
)
def test_a_delimiter_and_a_decimal_mark_that_were_told_are_written_down(
    table: str, options: list[str], line: str
) -> None:
    Path("t.csv").write_text(table)
    assert init_and_fit(*options) == (0, 0)
    assert any(found.startswith(line) for found in Path("c.yaml").read_text().split("\n"))


NUMBER_CELLS = st.one_of(
    st.integers(-5, 300).map(str),
    st.floats(-1e6, 1e6, allow_nan=False).map(repr),
    st.sampled_from(["", "NA", "?", " 7 ", "1e3", "-0", "+2"]),
)
TEXT_CELLS = st.sampled_from(
    [
        "red",
        "blue",
        "",
        "NA",
        "none",
        "1",
        "1.0",
        "true",
        'a "quote"',
        "two\nlines",
        "é",
        "-",
        "inf",
    ]
)
ODD_CELLS = st.sampled_from(["none", "n/a", "inf", "-inf", "1e999", "x", "-999", "<1", "N.A."])
KINDS = [
    "numbers",
    "numbers and odd cells",
    "texts",
    "few texts",
    "identifier",
    "constant",
    "empty",
    "money",
    "dates",
]


@st.composite
def columns_of_cells(draw: st.DrawFn, n: int) -> list[str]:
    kind = draw(st.sampled_from(KINDS))
    generator = draw(st.randoms(use_true_random=False))
    fixed = {
        "identifier": [str(i + 1) for i in range(n)],
        "constant": ["c"] * n,
        "empty": [""] * n,
        "few texts": [generator.choice(["p", "q", ""]) for _ in range(n)],
        "money": [f"${generator.randrange(10**7) / 100:,.2f}" for _ in range(n)],
        "dates": [f"2023-{generator.randint(1, 12):02}-{i % 28 + 1:02}" for i in range(n)],
    }
    if kind in fixed:
        return fixed[kind]
    cells = TEXT_CELLS if kind == "texts" else NUMBER_CELLS
    distinct = draw(st.lists(cells, min_size=1, max_size=8))
    column = [generator.choice(distinct) for _ in range(n)]
    if kind == "numbers and odd cells":
        for odd in draw(st.lists(ODD_CELLS, max_size=3)):
            column[generator.randrange(n)] = odd
    return column


@st.composite
def tables_to_learn_from(draw: st.DrawFn) -> str:
    """A table with a feature that tells something in every row, and a target that varies."""
    n = draw(st.integers(12, 60))
    name = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=5)
    names = draw(st.lists(name, min_size=2, max_size=6, unique=True))
    columns = {each: draw(columns_of_cells(n)) for each in names}
    columns[names[0]] = numbers(n, 3)
    columns[names[-1]] = numbers(n, 4)
    if draw(st.booleans()):
        columns[names[-1]][n // 2] = draw(st.sampled_from(["", "NA", "inf", "none"]))
    return csv_text(columns)


@pytest.mark.heavy
@pytest.mark.usefixtures("in_process")
@settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table=tables_to_learn_from())
def test_what_init_writes_trains_on_any_table_that_can_be_learned_from(table: str) -> None:
    Path("t.csv").write_bytes(table.encode())
    assert init_and_fit("--delimiter", ",") == (0, 0)
