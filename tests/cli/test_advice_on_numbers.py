"""Advice on decimal marks, thousands and missing texts: given where it is right, and followed."""

from __future__ import annotations

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


def test_the_advice_of_a_decimal_comma_reads_the_numbers(run: Run) -> None:
    write("t.csv", [*(str(i) for i in range(N - 1)), "3,25"])
    refused = run("fit", "t.csv", "-c", "c.yaml")
    assert refused.code == 3
    assert refused.err.endswith(
        "is the decimal mark a comma (--decimal, or decimal in a config)?\n"
    )
    assert "missing_values" not in refused.err
    assert run("fit", "t.csv", "-c", "c.yaml", "-q", "--set", "decimal=,").code == 0
    assert feature_range() == (0.0, 38.0)
    for command in ("predict", "evaluate"):
        refused = run(command, "t.csv", "-m", "model.npz")
        assert (refused.code, refused.err.count("--decimal")) == (3, 1)
        assert run(command, "t.csv", "-m", "model.npz", "--decimal", ",").code == 0
    assert run("check", "t.csv", "-m", "model.npz").code == 3
    assert run("check", "t.csv", "-m", "model.npz", "--decimal", ",").code == 0
    assert run("check", "t.csv", "-c", "c.yaml").code == 3
    assert run("check", "t.csv", "-c", "c.yaml", "--set", "decimal=,").code == 0


@pytest.mark.parametrize("cells", [DECIMAL, [*DECIMAL[:-1], "9,356"]])
def test_init_with_the_decimal_comma_that_it_advised_reads_the_numbers(
    run: Run, cells: list[str]
) -> None:
    write("t.csv", cells)
    advised = run("init", "t.csv")
    assert advised.err.splitlines()[0] == (
        "Note: t.csv: numbers with a decimal comma are texts in 'a'; --decimal , reads them as numbers"
    )
    assert run("init", "t.csv", "-q", "--decimal", ",", "-o", "d.yaml").code == 0
    assert run("fit", "t.csv", "-c", "d.yaml", "-q", "--set", "epochs=1").code == 0
    assert feature_range()[1] == max(float(cell.replace(",", ".")) for cell in cells)


def test_thousands_are_written_without_the_comma_as_advised(run: Run) -> None:
    write("t.csv", FEW_THOUSANDS)
    refused = run("fit", "t.csv", "-c", "c.yaml")
    assert (refused.code, refused.err) == (
        3,
        "Error: t.csv, line 40, column 'a': '1,030' is not a number, and at least nine tenths of the "
        f"column are. Correct the cell or list the column under categorical; {GROUPS}1030\n",
    )
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
@pytest.mark.parametrize("cells", [THOUSANDS, FEW_THOUSANDS])
def test_init_says_what_the_comma_may_be_and_advises_no_decimal_mark(
    run: Run, cells: list[str], delimiter: str
) -> None:
    write("t.csv", cells, delimiter)
    result = run("init", "t.csv", "-o", "d.yaml")
    assert (result.code, "--decimal" in result.err) == (0, False)
    assert result.err.splitlines()[0] == (
        "Note: t.csv: numbers with a comma that may group thousands are texts in 'a'; such numbers "
        "have to be written without it"
    )
    assert run("fit", "t.csv", "-c", "d.yaml", "-q", "--set", "epochs=1").code == 0


@pytest.mark.parametrize("text", ["1,030", "12a", "<0.5", "1 030", "#REF1", "\u0661"])
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


def test_init_says_which_columns_it_left_out_for_such_texts(run: Run) -> None:
    write("t.csv", [*(str(i * 7 % 40) for i in range(N - 1)), "12a"])
    assert run("init", "t.csv", "-o", "d.yaml").err.splitlines()[0] == (
        "Note: t.csv: left out columns with texts among their numbers that hold digits: 'a'; correct "
        "these cells to learn from them"
    )


def test_a_target_with_such_texts_is_refused_when_asked_for(run: Run) -> None:
    write("t.csv", FEW_THOUSANDS)
    result = run("init", "t.csv", "--target", "a", "-q")
    assert (result.code, result.err) == (
        3,
        "Error: t.csv: the column 'a' cannot be the target: it holds texts with digits among its "
        "numbers, such as '1,030'\n",
    )


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
