"""What the commands say of rows that the model learned from, and `--unseen-only`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command import Result, Run
from support.seen_rows import warning_of

import nntrain

CONFIG = nntrain.Config(target=("y",), hidden_layers=(2,), epochs=1, validation_fraction=0.25)
HALF_NEW = "50 % of these rows (30 of 60)"
NO_TABLE = "Error: --unseen-only is about the rows of a table; name one as DATA\n"


@pytest.fixture
def tables(folder: Path) -> Path:
    """A folder with a model, the 30 rows that it learned from, 30 others, and all in `both.csv`."""
    rng = np.random.default_rng(0)
    old, new = (pd.DataFrame(rng.normal(size=(n, 2)), columns=["x", "y"]) for n in (40, 20))
    model = nntrain.fit(old, CONFIG)
    model.save("model.npz")
    replace(model, row_sketch=None).save("older.npz")
    both = pd.concat([old, new]).sample(frac=1, random_state=0)
    both.to_csv("both.csv", index=False)
    assert model.row_sketch is not None
    seen = [
        bool(found and found.found)
        for i in range(60)
        for found in [nntrain.evaluate(model, both[i : i + 1]).seen_rows]
    ]
    both[seen].to_csv("seen.csv", index=False)
    both[~np.array(seen)].to_csv("new.csv", index=False)
    return folder


def without_findings(err: str) -> str:
    return "".join(line for line in err.splitlines(keepends=True) if not line.startswith("Look: "))


@pytest.mark.parametrize(
    ("command", "options", "end"),
    [
        ("evaluate", [], "Next: nntrain inspect\n"),
        ("evaluate", ["--json"], ""),
        ("explain", [], ""),
        ("explain", ["--json"], ""),
        ("report", [], "Wrote report.html.\n"),
    ],
)
def test_a_table_with_rows_that_were_learned_from_is_named_and_measured_without_them(
    run: Run, tables: Path, command: str, options: list[str], end: str
) -> None:
    done = run(command, "both.csv", *options)
    warning = warning_of("both.csv", HALF_NEW, some_are_new=True)
    assert (done.code, without_findings(done.err)) == (0, warning + end)
    left = run(command, "both.csv", "--unseen-only", *options)
    note = "Note: both.csv: left out 30 rows that the model learned from\n"
    assert (left.code, without_findings(left.err)) == (0, note + end)
    new = run(command, "new.csv", *options)
    assert (new.code, without_findings(new.err)) == (0, end)
    all_seen = run(command, "seen.csv", *options)
    assert (
        without_findings(all_seen.err)
        == warning_of("seen.csv", "100 % of these rows (30 of 30)") + end
    )
    if options:
        numbers = {"share": 0.5, "looked_up": 60, "found": 30}
        assert json.loads(done.out)["seen_rows"] == json.loads(left.out)["seen_rows"] == numbers
        assert json.loads(left.out)["targets"] == json.loads(new.out)["targets"]
    else:
        assert left.out == new.out
    for each in (["both.csv"], ["both.csv", "--unseen-only"]):
        assert run(command, *each, *options, "-q").err == ""


def test_a_table_without_any_row_left_is_an_error(run: Run, tables: Path) -> None:
    for command in ("evaluate", "explain", "report"):
        assert run(command, "seen.csv", "--unseen-only") == Result(
            3,
            "",
            "Error: seen.csv: --unseen-only leaves no row: the model learned from all 30 rows; "
            "name a table with other rows, or measure with nntrain cv\n",
        )


def test_a_model_that_does_not_know_its_rows_says_nothing_and_leaves_none_out(
    run: Run, tables: Path
) -> None:
    for command, end in (
        ("evaluate", "Next: nntrain inspect older.npz\n"),
        ("explain", ""),
        ("report", "Wrote report.html.\n"),
    ):
        assert without_findings(run(command, "both.csv", "-m", "older.npz").err) == end
        assert run(command, "both.csv", "-m", "older.npz", "--unseen-only") == Result(
            2,
            "",
            "Error: --unseen-only: the model does not know the rows that it learned from: its "
            "config has row_sketch: false, or an older nntrain made it or the model that it "
            "started from; train it again with row_sketch: true, or name a table of rows held out\n",
        )
    assert (
        json.loads(run("evaluate", "both.csv", "-m", "older.npz", "--json").out)["seen_rows"]
        is None
    )
    assert (
        json.loads(run("explain", "both.csv", "-m", "older.npz", "--json").out)["seen_rows"] is None
    )


def test_fail_if_warns_and_decides_by_the_numbers(run: Run, tables: Path) -> None:
    warning = warning_of("both.csv", HALF_NEW, some_are_new=True)
    passed = run("evaluate", "both.csv", "--fail-if", "rows<60")
    assert (passed.code, without_findings(passed.err)) == (0, f"{warning}Next: nntrain inspect\n")
    failed = run("evaluate", "both.csv", "--fail-if", "rows>59")
    problem = "Error: --fail-if 'rows>59': rows of 'y' is 60\n"
    assert (failed.code, without_findings(failed.err)) == (6, warning + problem)
    left = run("evaluate", "both.csv", "--unseen-only", "--fail-if", "rows>30")
    assert left.code == 0


def test_a_report_says_on_its_page_what_its_rows_are(run: Run, tables: Path) -> None:
    seen = "50 % of these rows (30 of 60) are equal to rows that the model learned from: expect"
    page = run("report", "both.csv", "-o", "-").out
    assert seen in page
    left = run("report", "both.csv", "--unseen-only", "-o", "-").out
    assert "Left out 30 rows that the model learned from." in left
    assert seen not in left
    assert "learned from" not in run("report", "new.csv", "-o", "-").out.split("Config")[0]


def test_a_report_without_a_table_has_no_rows_to_leave_out(run: Run, tables: Path) -> None:
    assert run("report", "--unseen-only") == Result(2, "", NO_TABLE)
