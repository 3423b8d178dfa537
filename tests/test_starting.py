"""`init`: a config that trains as it stands, and says why it is what it is."""

from __future__ import annotations

import string
from pathlib import Path

import pandas as pd
import pytest
from conftest import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nntrain
from nntrain.config import DEFAULTS, MEANINGS, parse_config
from nntrain.errors import DataError
from nntrain.starting import start

HOUSES = "id,size,street,heating,built,price\n" + "".join(
    f"{i},{40 + i * 7 % 50},street {i},{'gas' if i % 3 else 'oil'},2001-01-{i % 28 + 1:02},{i * 11 % 97}\n"
    for i in range(1, 41)
)


def test_init_says_what_the_table_holds_and_why_columns_are_left_out(
    run: Run, folder: Path
) -> None:
    (folder / "houses.csv").write_text(HOUSES)
    result = run("init", "houses.csv")
    assert result.code == 0
    assert result.err == (
        "Note: the target is 'price', the last column; --target chooses another\n"
        "Next: nntrain cv houses.csv --config config.yaml\n"
    )
    assert result.out.startswith(
        "# houses.csv: 40 rows, 6 columns\n"
        "#\n"
        "#   id       number, 1 to 40\n"
        "#   size     number, 42 to 89\n"
        "#   street   text, 40 different\n"
        "#   heating  text, 2 different\n"
        "#   built    text, 28 different\n"
        "#   price    number, 2 to 94\n"
        "\n"
        "# the column to predict, or a list of columns (several outputs)\n"
        "target: price  # the last column; --target COLUMN chooses another\n"
    )
    assert (
        "ignore:\n"
        "  - id  # counts the rows\n"
        "  - street  # nearly every row has a text of its own\n"
        "  - built  # 28 dates; a column of months or weekdays could tell more\n"
    ) in result.out


def test_every_key_is_there_with_its_meaning_and_default(run: Run, folder: Path) -> None:
    text = run("init", "sample_data/concrete.csv").out
    config = parse_config(text)
    for name, meaning in MEANINGS.items():
        assert f"\n# {meaning}\n{name}:" in text
        if name != "target":
            assert getattr(config, name) == DEFAULTS[name]
    assert config.target == ("strength_mpa",)


def test_output_and_targets_can_be_named(run: Run, folder: Path) -> None:
    options = ["--target", "heating_load", "--target", "cooling_load", "-o", "e.yaml"]
    result = run("init", "sample_data/energy.csv", *options)
    assert (result.code, result.out) == (0, "")
    assert result.err == "Next: nntrain cv sample_data/energy.csv --config e.yaml\n"
    assert nntrain.load_config("e.yaml").target == ("heating_load", "cooling_load")
    assert run("fit", "sample_data/energy.csv", "-c", "e.yaml", "--set", "epochs=1").code == 0


AWKWARD = {
    "missing targets": "a,y\n1,2\n2,\n3,4\n5,NA\n",
    "odd texts among numbers": "a,y\n" + "1,2\n3,5\n" * 20 + "broken,3\n",
    "infinite cells": "a,y\n1,2\ninf,3\n3,1\n",
    "a target with a few texts": "a,y\n" + "1,2\n3,5\n" * 20 + "4,unknown\n",
    "a constant and an empty column": "a,b,c,y\n1,5,,2\n2,5,,3\n3,5,,1\n",
    "odd names": '"a: b",#x,null,"q""r",- z,y\n1,2,3,4,5,6\n2,1,5,3,1,2\n5,5,1,1,2,3\n',
    "a nameless index": ",a,y\n0,1,2\n1,5,3\n2,3,9\n",
    "text at the end": "y,a,b\n1,2,red\n2,5,blue\n4,3,red\n",
    "a name of two lines": '"a\nb",y\n1,2\n2,5\n4,3\n',
    "semicolons": "a;y\n1;2\n2;5\n4;3\n",
}


@pytest.mark.parametrize("name", AWKWARD)
def test_fit_works_on_what_init_wrote(run: Run, folder: Path, name: str) -> None:
    (folder / "d.csv").write_text(AWKWARD[name])
    config = run("init", "d.csv")
    assert config.code == 0
    (folder / "c.yaml").write_text(config.out)
    fitted = run("fit", "d.csv", "-c", "c.yaml", "--set", "epochs=1")
    assert fitted.code == 0, fitted.err


def test_a_decimal_comma_is_written_into_the_config(run: Run, folder: Path) -> None:
    (folder / "d.csv").write_text("a;y\n1,5;2\n2,5;5,25\n4;3\n")
    (folder / "c.yaml").write_text(run("init", "d.csv", "--decimal", ",").out)
    assert run("fit", "d.csv", "-c", "c.yaml", "--set", "epochs=1").code == 0
    assert nntrain.load_config("c.yaml").decimal == ","


names = st.text(
    st.sampled_from(string.ascii_letters + " :#-'\"é[]{}&*!|>%@`,?0"), min_size=1, max_size=6
)
cells = st.sampled_from(
    ["1", "2.5", "-3", "", "NA", "a", "b", "x y", "inf", "2020-01-01", "True", "1e3"]
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(names, min_size=2, max_size=5, unique=True), st.data())
def test_any_table_gets_a_config_that_trains_or_is_refused_with_a_reason(
    tmp_path: Path, columns: list[str], data: st.DataObject
) -> None:
    n = data.draw(st.integers(2, 12))
    table = {name: data.draw(st.lists(cells, min_size=n, max_size=n)) for name in columns}
    path = tmp_path / "d.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    try:
        begun = start(path)
    except DataError as error:
        refusal = str(error)
        assert refusal.startswith(str(path))
        return
    config = parse_config(begun.as_yaml(), "c.yaml", ["epochs=1"])
    try:
        model = nntrain.fit(path, config)
    except DataError as error:
        # With so few rows a column may tell nothing once those without a target are gone.
        refusal = str(error)
        assert "nothing" in refusal or "no rows" in refusal
        return
    assert model.summary.epochs_trained == 1


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ("a,y\n", [], "d.csv: has no rows to look at"),
        ("a,y\nx,y\nz,w\n", [], "d.csv: no column can be the target; each is text, constant or empty"),
        ("a,y\nx,1\nz,2\n", ["--target", "a"], "d.csv: the column 'a' cannot be the target: it holds "
         "text"),
        ("a,y\n1,1\n2,2\n", ["--target", "z"], "d.csv: has no column 'z', named under --target; it has "
         "'a', 'y'"),
        ("a,y\n1,1\n1,2\n", [], "d.csv: no column is left to learn from; 'a' tell little"),
        ("a,a,y\n1,1,1\n1,2,2\n", [], "d.csv: the header names 'a' more than once, as columns 1, 2; "
         "rename one"),
    ],
)  # fmt: skip
def test_a_table_with_nothing_to_learn_is_refused(
    run: Run, folder: Path, table: str, options: list[str], message: str
) -> None:
    (folder / "d.csv").write_text(table)
    result = run("init", "d.csv", *options)
    assert (result.code, result.out) == (3, "")
    assert result.err.split("\n")[-2] == f"Error: {message}"
