"""Columns that may be read in two ways: `init` writes the choice down, and each answer is followed."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command import Result, Run

import nntrain
from nntrain.data.preprocessing.columns import NumericColumn

N = 40
SMALL = ["--set", "epochs=1", "--set", "hidden_layers=[]"]
TARGET_NOTE = "Note: the target is 'y', the last column; --target chooses another\n"
NEXT = "Next: nntrain cv t.csv --config c.yaml\n"
NOVEMBER_5, MAY_11 = 1730764800.0, 1715385600.0
"""The beginnings of these days of 2024, in seconds from 1970."""


@dataclass(frozen=True)
class Answer:
    """A way to read a column: its line in the config, what it reads, and the largest number then."""

    line: str
    reading: str
    largest: float


@dataclass(frozen=True)
class Question:
    """Cells of a column x that may be read in several ways: what is asked, by which key."""

    cells: list[str]
    key: str
    kind: str
    asked: str
    answers: list[Answer]


QUESTIONS = {
    "thousands or decimals": Question(
        [f"{1 + i % 9},{i * 137 % 1000:03}" for i in range(N)],
        "numbers",
        "number",
        "'1,000' may be 1000 (the comma groups thousands) or 1 (the comma is the decimal mark)",
        [
            Answer('x: "1,234.5"  # 1000', "1000", 9795.0),
            Answer('x: "1234,5"  # 1', "1", 9.795),
        ],
    ),
    "days or months first": Question(
        [f"{(3, 5)[i % 2]:02}/{(4, 11)[i // 2 % 2]:02}/2024" for i in range(N)],
        "date_format",
        "date",
        "'03/04/2024' may be 3 April 2024 (%d/%m/%Y) or 4 March 2024 (%m/%d/%Y): no cell has a day "
        "above 12",
        [
            Answer('x: "%d/%m/%Y"  # dates like 31/12/2024', "dates like 31/12/2024", NOVEMBER_5),
            Answer('x: "%m/%d/%Y"  # dates like 12/31/2024', "dates like 12/31/2024", MAY_11),
        ],
    ),
    "a k or none": Question(
        [f"{1 + i % 9}.5k" if i % 2 else f"{900 + i * 37 % 99}" for i in range(N)],
        "numbers",
        "number",
        "'900' has no letter such as k, and '2.5k' has",
        [Answer('x: "1234.5[k]"  # 900 as it stands', "900 as it stands", 9500.0)],
    ),
}
ANSWERS = [(case, i) for case, question in QUESTIONS.items() for i in range(len(question.answers))]


def write(x: list[str]) -> None:
    """The table t.csv of a column x, a column b and the target y."""
    rows = [f"{cell};{i % 5};{3 * i % 11}" for i, cell in enumerate(x)]
    Path("t.csv").write_text("\n".join(["x;b;y", *rows]) + "\n")


def largest() -> float:
    """The largest number of the feature x of model.npz."""
    feature = nntrain.load_model("model.npz").preprocessing.features[0]
    assert isinstance(feature, NumericColumn)
    assert feature.name == "x"
    return feature.maximum


def refusal(question: Question) -> str:
    """The message of fit where the question is open."""
    options = [
        f"--set '{question.key}={{\"x\": {answer.line[3:].partition('  #')[0]}}}' for {answer.reading}"
        for answer in question.answers
    ]
    return f"Error: t.csv, column 'x': {question.asked}; say which: {' or '.join(options)}\n"


@pytest.mark.parametrize("case", QUESTIONS)
def test_the_choice_is_noted_and_stands_in_the_config_as_comments(run: Run, case: str) -> None:
    question = QUESTIONS[case]
    write(question.cells)
    left_out = f"not decided; choose a line under {question.key}, and remove this one"
    notes = (
        f"Note: left out the column 'x': {left_out}\n"
        f"Note: 'x' is not decided: {question.asked}; the config has lines to choose\n"
    )
    assert run("init", "t.csv", "-o", "c.yaml") == Result(0, "", TARGET_NOTE + notes + NEXT)
    lines = Path("c.yaml").read_text().split("\n")
    assert f"#   x  {question.kind}, not decided" in lines
    first = lines.index(f"{question.key}:") + 1
    assert lines[first : first + len(question.answers) + 2] == [
        f"  # {question.asked}; remove the # before one line:",
        *(f"  # {answer.line}" for answer in question.answers),
        "",
    ]
    config = nntrain.load_config("c.yaml")
    assert (config.numbers, config.date_format, config.ignore) == ({}, {}, ("x",))
    assert f"  - x  # {left_out}" in lines
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", *SMALL).code == 0


@pytest.mark.parametrize(("case", "i"), ANSWERS)
def test_a_line_without_its_comment_sign_is_the_answer(run: Run, case: str, i: int) -> None:
    """The column has to be taken from those that are ignored, too."""
    question = QUESTIONS[case]
    write(question.cells)
    assert run("init", "t.csv", "-q", "-o", "c.yaml").code == 0
    text, line = Path("c.yaml").read_text(), f"  # {question.answers[i].line}\n"
    assert text.count(line) == 1
    text = text.replace(line, line.replace("# ", "", 1))
    Path("c.yaml").write_text(text)
    refused = run("fit", "t.csv", "-c", "c.yaml", *SMALL)
    assert refused.code == 2
    assert f"{question.key} names 'x', which stands under ignore too" in refused.err
    Path("c.yaml").write_text(re.sub(r"  - x  # not decided.*\n", "", text))
    fitted = run("fit", "t.csv", "-c", "c.yaml", *SMALL)
    assert (fitted.code, "Note" in fitted.err) == (0, False)
    assert largest() == question.answers[i].largest


@pytest.mark.parametrize(("case", "i"), ANSWERS)
def test_an_option_of_the_message_is_the_answer(run: Run, folder: Path, case: str, i: int) -> None:
    question = QUESTIONS[case]
    write(question.cells)
    (folder / "c.yaml").write_text("target: y\n")
    refused = run("check", "t.csv", "-c", "c.yaml")
    assert (refused.code, refused.err) == (3, refusal(question))
    kind = f"{question.kind}, not decided"
    assert refused.out.splitlines()[1].startswith(f"x       feature  {kind}  {question.cells[0]}")
    options = [shlex.split(found) for found in re.findall(r"--set '[^']*'", refused.err)]
    assert run("check", "t.csv", "-c", "c.yaml", *options[i]).code == 0
    fitted = run("fit", "t.csv", "-c", "c.yaml", *SMALL, *options[i])
    assert (fitted.code, "Note" in fitted.err) == (0, False)
    assert largest() == question.answers[i].largest


def test_a_column_that_no_notation_reads_is_left_out_with_the_places(
    run: Run, folder: Path
) -> None:
    write([f"{3 * i + 1}.5" if i % 2 else "7,5" for i in range(N)])
    marks = "'4.5' (t.csv, line 3) and '7,5' (t.csv, line 2) are written with other marks"
    left_out = f"Note: left out the column 'x': {marks}; write them alike\n"
    assert run("init", "t.csv", "-o", "c.yaml").err == TARGET_NOTE + left_out + NEXT
    assert nntrain.load_config("c.yaml").ignore == ("x",)
    fitted = run("fit", "t.csv", "-c", "c.yaml", *SMALL)
    assert (fitted.code, "Note" in fitted.err) == (0, False)
    (folder / "bare.yaml").write_text("target: y\n")
    assert run("fit", "t.csv", "-c", "bare.yaml") == Result(
        3,
        "",
        f"Error: t.csv, column 'x': {marks}; write them alike, or put it under ignore\n",
    )
    assert run("init", "t.csv", "--target", "x") == Result(
        3,
        "",
        "Error: t.csv: the column 'x' cannot be the target: it is written in several ways: "
        f"{marks}\n",
    )


def test_a_mistaken_date_is_named_with_its_line(run: Run, folder: Path) -> None:
    """Also where the mistaken cell looks like the others but for its digits."""
    write([*(f"2023-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(N - 1)), "2023-13-01"])
    (folder / "c.yaml").write_text("target: y\n")
    refused = run("fit", "t.csv", "-c", "c.yaml")
    assert refused == Result(
        3,
        "",
        "Error: t.csv, line 41, column 'x': '2023-13-01' is not a date written as 2024-12-31 14:30:00 "
        "(iso), and at least nine tenths of the column are. Correct the cell or list the column under "
        "categorical\n",
    )
    assert run("check", "t.csv", "-c", "c.yaml").err == refused.err
    listed = ["--set", "categorical=[x]"]
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", *SMALL, *listed).code == 0
    Path("t.csv").write_text(Path("t.csv").read_text().replace("2023-13-01", "2023-12-01"))
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", *SMALL).code == 0


def test_a_plain_number_among_times_is_a_mistaken_cell(run: Run) -> None:
    write([*(f"{i % 24}:{i % 60:02}" for i in range(N - 1)), "9.12"])
    noted = run("init", "t.csv", "-o", "c.yaml")
    reason = "texts with digits among its dates, such as '9.12'; correct them"
    assert noted.err == f"{TARGET_NOTE}Note: left out the column 'x': {reason}\n{NEXT}"
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", *SMALL).code == 0
