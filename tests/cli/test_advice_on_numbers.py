"""Advice on decimal marks, thousands and missing texts: given where it is right, and followed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from support.command import Run

import nntrain
from nntrain.data.preprocessing.columns import NumericColumn

N = 40
DECIMAL = [f"{i % 7},{i * 37 % 100:02}" for i in range(N)]
THOUSANDS = [f"{1 + i % 9},{i * 137 % 1000:03}" for i in range(N)]
FEW_THOUSANDS = [f"{i * 137 % 1000}" for i in range(N - 2)] + ["1,030", "9,356"]
GROUPS = "the comma may group thousands: such a number has to be written without it, as "


def write(name: str, a: list[str], delimiter: str = ";") -> None:
    lines = [f"a{delimiter}b{delimiter}y"]
    lines += [delimiter.join((cell, str(i % 5), str(3 * i % 11))) for i, cell in enumerate(a)]
    Path(name).write_text("\n".join(lines) + "\n")


@pytest.fixture(autouse=True)
def config(folder: Path) -> None:
    (folder / "c.yaml").write_text("target: y\nepochs: 1\nhidden_layers: []\n")


def feature_range(name: str = "a") -> tuple[float, float]:
    """The training range of a feature of model.npz."""
    features = {f.name: f for f in nntrain.load_model("model.npz").preprocessing.features}
    column = features[name]
    assert isinstance(column, NumericColumn)
    return column.minimum, column.maximum


def settings_in(message: str) -> list[str]:
    """The values of the `--set` options that a message advises."""
    return [shlex.split(found)[1] for found in re.findall(r"--set '[^']*'", message)]


def test_a_decimal_comma_is_read_by_fit_and_by_all_that_uses_the_model(run: Run) -> None:
    write("t.csv", [*(str(i) for i in range(N - 1)), "3,25"])
    fitted = run("fit", "t.csv", "-c", "c.yaml")
    note = "Note: read 'a' as numbers written as 1234,5, such as '3,25'\n"
    assert (fitted.code, fitted.err.startswith(note)) == (0, True)
    assert feature_range() == (0.0, 38.0)
    for words in (["predict"], ["evaluate"], ["check"]):
        assert run(*words, "t.csv", "-m", "model.npz").code == 0
    assert run("check", "t.csv", "-c", "c.yaml").code == 0


def test_the_advice_of_a_decimal_comma_reads_the_numbers(run: Run) -> None:
    write("plain.csv", [str(i * 7 % 41) for i in range(N)])
    write("t.csv", [*(str(i * 7 % 41) for i in range(N - 1)), "3,25"])
    assert run("fit", "plain.csv", "-c", "c.yaml", "-q").code == 0
    for words in (["predict"], ["evaluate"], ["check"]):
        refused = run(*words, "t.csv", "-m", "model.npz")
        assert (refused.code, refused.err) == (
            3,
            "Error: t.csv, line 41, column 'a': expects a number, found '3,25'; correct the cell, or "
            "leave it empty if it is missing; is the decimal mark a comma (--decimal, or decimal in "
            "a config)?\n",
        )
        assert run(*words, "t.csv", "-m", "model.npz", "--decimal", ",").code == 0


@pytest.mark.parametrize("cells", [DECIMAL, [*DECIMAL[:-1], "9,356"]])
def test_init_writes_down_a_decimal_comma_found_or_told(run: Run, cells: list[str]) -> None:
    write("t.csv", cells)
    largest = max(float(cell.replace(",", ".")) for cell in cells)
    assert run("init", "t.csv", "-q", "-o", "found.yaml").code == 0
    assert nntrain.load_config("found.yaml").numbers == {"a": "1234,5"}
    assert run("init", "t.csv", "-q", "--decimal", ",", "-o", "told.yaml").code == 0
    assert nntrain.load_config("told.yaml").numbers == {}
    for path in ("found.yaml", "told.yaml"):
        fitted = run("fit", "t.csv", "-c", path, "--set", "epochs=1")
        assert (fitted.code, "Note: read" in fitted.err) == (0, False)
        assert feature_range()[1] == largest


def test_new_thousands_are_written_without_the_comma_as_advised(run: Run) -> None:
    write("t.csv", FEW_THOUSANDS)
    write("plain.csv", [cell.replace(",", "") for cell in FEW_THOUSANDS])
    assert run("fit", "plain.csv", "-c", "c.yaml", "-q").code == 0
    assert feature_range()[1] == 9356.0
    for words in (["predict"], ["evaluate"], ["check"]):
        refused = run(*words, "t.csv", "-m", "model.npz")
        assert refused.code == 3
        assert refused.err == (
            "Error: t.csv, line 40, column 'a': expects a number, found '1,030'; correct the cell, or "
            f"leave it empty if it is missing; {GROUPS}1030\n"
        )
        assert run(*words, "plain.csv", "-m", "model.npz").code == 0


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize(
    ("cells", "first", "readings"),
    [(THOUSANDS, "1,000", ("1000", "1")), (FEW_THOUSANDS, "1,030", ("1030", "1.03"))],
)
@pytest.mark.parametrize("chosen", [0, 1])
def test_a_comma_that_may_be_either_is_a_question_and_each_answer_is_followed(
    run: Run, cells: list[str], first: str, readings: tuple[str, str], delimiter: str, chosen: int
) -> None:
    write("t.csv", cells, delimiter)
    question = (
        f"{first!r} may be {readings[0]} (the comma groups thousands) or {readings[1]} (the comma is "
        "the decimal mark)"
    )
    refused = run("fit", "t.csv", "-c", "c.yaml")
    assert (refused.code, refused.err) == (
        3,
        f"Error: t.csv, column 'a': {question}; say which: --set 'numbers={{\"a\": \"1,234.5\"}}' for "
        f'{readings[0]} or --set \'numbers={{"a": "1234,5"}}\' for {readings[1]}\n',
    )
    assert run("check", "t.csv", "-c", "c.yaml").err == refused.err
    answer = settings_in(refused.err)[chosen]
    for command in (["check"], ["fit", "-q"]):
        assert run(*command, "t.csv", "-c", "c.yaml", "--set", answer).code == 0
    mark = ("", ".")[chosen]
    assert feature_range()[1] == max(float(cell.replace(",", mark)) for cell in cells)


def test_an_answer_for_a_second_column_repeats_the_first(run: Run) -> None:
    """A decimal comma that the config names is no point that would decide about other columns."""
    rows = [
        f"{d};{t};{3 * i % 11}" for i, (d, t) in enumerate(zip(DECIMAL, THOUSANDS, strict=True))
    ]
    Path("t.csv").write_text("\n".join(["a;b;y", *rows]) + "\n")
    first = ["--set", 'numbers={"a": "1234,5"}']
    refused = run("fit", "t.csv", "-c", "c.yaml", *first)
    assert (refused.code, refused.err) == (
        3,
        "Error: t.csv, column 'b': '1,000' may be 1000 (the comma groups thousands) or 1 (the comma "
        'is the decimal mark); say which: --set \'numbers={"a": "1234,5", "b": "1,234.5"}\' for 1000 '
        'or --set \'numbers={"a": "1234,5", "b": "1234,5"}\' for 1\n',
    )
    assert run("check", "t.csv", "-c", "c.yaml", *first).err == refused.err
    answer = settings_in(refused.err)[0]
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", "--set", answer).code == 0
    assert (feature_range("a")[1], feature_range("b")[1]) == (6.99, 9795.0)


@pytest.mark.parametrize("text", ["12a", "<0.5", "#REF1", "\u0661", "1,2,3"])
def test_init_takes_no_text_with_a_digit_for_a_missing_cell(run: Run, text: str) -> None:
    write("t.csv", [*(str(i * 7 % 40) for i in range(N - 2)), text, "n/a"])
    assert run("init", "t.csv", "-o", "d.yaml").code == 0
    config = nntrain.load_config("d.yaml")
    assert text not in config.missing_values
    assert config.ignore == ("a",)
    lines = Path("d.yaml").read_text().splitlines()
    assert lines[lines.index("ignore:") + 1] == (
        f"  - a  # texts with digits among its numbers, such as {text!r}; correct them"
    )
    assert "  a  number, 0 to 39, 1 text with digits, 1 text taken as missing" in "\n".join(lines)
    assert run("fit", "t.csv", "-c", "d.yaml", "-q", "--set", "epochs=1").code == 0


def test_init_says_which_column_it_left_out_for_such_texts(run: Run) -> None:
    write("t.csv", [*(str(i * 7 % 40) for i in range(N - 1)), "12a"])
    assert run("init", "t.csv", "-o", "d.yaml").err == (
        "Note: the target is 'y', the last column; --target chooses another\n"
        "Note: left out the column 'a': texts with digits among its numbers, such as '12a'; correct "
        "them\n"
        "Next: nntrain cv t.csv --config d.yaml\n"
    )


def test_a_target_with_such_texts_is_refused_when_asked_for(run: Run) -> None:
    write("t.csv", [*(str(i * 7 % 40) for i in range(N - 1)), "12a"])
    result = run("init", "t.csv", "--target", "a", "-q")
    assert (result.code, result.err) == (
        3,
        "Error: t.csv: the column 'a' cannot be the target: it holds texts with digits among its "
        "numbers, such as '12a'\n",
    )


def test_a_target_that_may_be_read_in_two_ways_is_a_question_too(run: Run) -> None:
    write("t.csv", FEW_THOUSANDS)
    assert run("init", "t.csv", "--target", "a", "-o", "d.yaml").err == (
        "Note: 'a' is not decided: '1,030' may be 1030 (the comma groups thousands) or 1.03 (the "
        "comma is the decimal mark); the config has lines to choose\n"
        "Next: nntrain cv t.csv --config d.yaml\n"
    )
    refused = run("fit", "t.csv", "-c", "d.yaml", "--set", "epochs=1")
    assert (refused.code, len(settings_in(refused.err))) == (3, 2)
    answer = ["--set", settings_in(refused.err)[0]]
    assert run("fit", "t.csv", "-c", "d.yaml", "-q", "--set", "epochs=1", *answer).code == 0
    (target,) = nntrain.load_model("model.npz").preprocessing.targets
    assert (target.minimum, target.maximum) == (0.0, 9356.0)


def test_a_number_that_means_missing_is_left_to_the_user(run: Run) -> None:
    """-999 is a number like any other to init; as one of missing_values it stands for its spellings."""
    write("t.csv", [*(str(i * 7 % 40) for i in range(N - 1)), "-999"])
    assert run("init", "t.csv", "-q", "-o", "d.yaml").code == 0
    config = nntrain.load_config("d.yaml")
    assert "-999" not in config.missing_values
    assert config.ignore == ()
    override = 'missing_values=["-999"]'
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", "--set", override).code == 0
    assert feature_range()[0] == 0.0
