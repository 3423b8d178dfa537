"""`nntrain fit` as it is installed: what it writes, what it says, and how it ends."""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command import COMMAND, ROOT, Result, Run, environment
from support.ensembles import frame
from support.resumed import CONFIG, OLDER_LOG, OLDER_MODEL, TABLE, names

import nntrain
from nntrain.cli.fit_messages import print_interruption
from nntrain.training.session import Outcome

SMALL = "a,b,y\n" + "".join(f"{i},{i * i % 7},{3 * i + 1}\n" for i in range(20))


def test_fit_writes_the_two_files_named_and_nothing_else(run: Run, folder: Path) -> None:
    before = set(os.listdir(folder))
    result = run("fit", TABLE, "--config", CONFIG)
    assert result.code == 0
    assert result.out == ""
    assert set(os.listdir(folder)) - before == {"model.npz", "loss.csv"}
    assert result.err == (
        "Trained on 1,030 rows with 8 inputs and 161 weights (biases included).\n"
        "Stopped after epoch 200 of 200: all epochs are done.\n"
        "Error of strength_mpa\n"
        "rows of    rows  RMSE    MAE     R²  max error  mean's RMSE  ridge's RMSE\n"
        "training  1,030  6.01  4.657  0.870      27.16         16.7         10.35\n"
        "Wrote model.npz and loss.csv.\n"
        f"Next: nntrain predict {TABLE} > predictions.csv\n"
    )


def test_the_summary_puts_the_validation_rows_first(run: Run) -> None:
    result = run("fit", TABLE, "-c", "configs/concrete.yaml", "-m", "a b.npz", "--set", "tau=1e9")
    lines = result.err.split("\n")
    assert lines[0] == "Trained on 824 rows with 8 inputs and 321 weights (biases included)."
    assert lines[1] == (
        "Stopped after epoch 1 of 400: the last epoch moved no weight or bias by τ = 1e+09 or more."
    )
    assert [line.split()[0] for line in lines[2:6]] == ["Error", "rows", "validation", "training"]
    assert lines[6:] == [
        "Look: predictions are worse than those of a linear (ridge) regression on the same columns: "
        "RMSE on the validation rows 12.57 for strength_mpa, the regression's 10.86; try --set "
        "tau=0",
        "Look: tau = 1e+09 stopped training after epoch 1 of 400, before the network had learned "
        "much: RMSE 12.6 for strength_mpa, and 16.67 by always predicting the mean; try --set tau=0",
        "Wrote a b.npz and loss.csv.",
        f"Next: nntrain predict {TABLE} --model 'a b.npz' > predictions.csv",
        "",
    ]


def test_the_next_command_reads_the_table_as_fit_did(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text("a|y\n1,5|2\n2|3\n3|5\n")
    (folder / "c.yaml").write_text("target: y\nepochs: 1\ndelimiter: '|'\ndecimal: ','\n")
    result = run("fit", "t.csv", "-c", "c.yaml")
    last = result.err.splitlines()[-1]
    assert last == "Next: nntrain predict t.csv --delimiter '|' --decimal , > predictions.csv"
    assert run("predict", "t.csv", "--delimiter", "|", "--decimal", ",").code == 0


def test_standard_input_gives_the_same_bytes_as_a_file(run: Run, folder: Path) -> None:
    data = (ROOT / "sample_data/housing.csv").read_bytes()
    options = ["-c", "configs/housing.yaml", "--set", "epochs=1", "-q"]
    assert run("fit", "sample_data/housing.csv", *options, "-m", "a.npz").code == 0
    assert run("fit", "-", *options, "-m", "b.npz", stdin=data).code == 0
    (folder / "h.csv.gz").write_bytes(gzip.compress(data))
    assert run("fit", "h.csv.gz", *options, "-m", "c.npz").code == 0
    first = (folder / "a.npz").read_bytes()
    assert first == (folder / "b.npz").read_bytes() == (folder / "c.npz").read_bytes()


def test_the_model_file_holds_no_path_and_no_time(run: Run, folder: Path) -> None:
    run("fit", TABLE, "-c", CONFIG, "-q", "-m", "a.npz")
    (folder / "elsewhere").mkdir()
    shutil.copy(ROOT / TABLE, folder / "elsewhere/t.csv")
    run("fit", "elsewhere/t.csv", "-c", CONFIG, "-q", "-m", "elsewhere/b.npz", "--log", "x.csv")
    assert (folder / "a.npz").read_bytes() == (folder / "elsewhere/b.npz").read_bytes()


def test_quiet_says_nothing(run: Run) -> None:
    result = run("fit", TABLE, "-c", CONFIG, "--quiet", "--set", "batch_mode=batch")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_what_is_amiss_is_said_before_what_was_written(run: Run, folder: Path) -> None:
    (folder / "c.yaml").write_text("target: y\nepochs: 50\n")
    rows = "".join(f"{i % 9},{i * i % 97},{i * i % 97 / 2}\n" for i in range(200))
    (folder / "t.csv").write_text(f"a,\x1b[31m,y\n{rows}")
    result = run("fit", "t.csv", "-c", "c.yaml")
    assert result.err.splitlines()[-3:] == [
        r"Look: '\x1b[31m' alone predicts y almost perfectly: a leak, unless its value is known "
        r"""before that of y; try --set 'ignore=["\u001b[31m"]'""",
        "Wrote model.npz and loss.csv.",
        "Next: nntrain predict t.csv > predictions.csv",
    ]
    result = run("fit", "t.csv", "-c", "c.yaml", "--set", r'ignore=["\u001b[31m"]')
    assert "Look: " not in result.err


def test_a_run_that_was_told_to_stop_is_not_told_to_go_on(run: Run) -> None:
    slow = ["--set", "alpha=0.001", "--set", "epochs=30"]
    assert "\nLook: " in run("fit", TABLE, "-c", CONFIG, *slow).err
    assert "Look: " not in run("fit", TABLE, "-c", CONFIG, *slow, "--max-time", "0s").err
    resumed = run("fit", TABLE, "-c", CONFIG, *slow, "--resume").err
    assert "\nLook: predictions are worse than those of a linear (ridge) regression" in resumed


def test_an_unused_batch_size_is_noted(run: Run) -> None:
    options = ["--set", "batch_mode=batch", "--set", "epochs=1", "--set", "batch_size=7"]
    result = run("fit", TABLE, "-c", CONFIG, *options)
    assert result.code == 0
    assert result.err.split("\n")[0] == "Note: batch_size is unused: batch_mode is batch"


def test_the_log_on_stdout_is_the_log_and_nothing_else(run: Run, folder: Path) -> None:
    to_stdout = run("fit", TABLE, "-c", "configs/concrete.yaml", "--log", "-")
    assert not (folder / "loss.csv").exists()
    assert run("fit", TABLE, "-c", "configs/concrete.yaml").code == 0
    logs = [
        list(csv.DictReader(text.splitlines()))
        for text in (to_stdout.out, (folder / "loss.csv").read_text())
    ]
    for log in logs:
        assert [int(row["epoch"]) for row in log] == list(range(1, 401))
        assert [int(row["iterations"]) for row in log] == [52 * e for e in range(1, 401)]
        assert all(len(row.pop("seconds").split(".")[1]) == 3 for row in log)
        for row in log:
            for name in ("loss", "validation_loss", "largest_update"):
                assert repr(float(row[name])) == row[name]
    assert logs[0] == logs[1]
    assert "Wrote model.npz.\n" in to_stdout.err


def test_the_log_has_no_validation_loss_without_validation_rows(run: Run, folder: Path) -> None:
    run("fit", TABLE, "-c", CONFIG, "--set", "epochs=2")
    lines = (folder / "loss.csv").read_text().split("\n")
    assert lines[0] == "epoch,iterations,loss,validation_loss,largest_update,seconds"
    assert [line.split(",")[3] for line in lines[1:3]] == ["", ""]
    assert lines[3:] == [""]


def test_no_epochs_leave_the_header_alone_and_save_the_initial_network(
    run: Run, folder: Path
) -> None:
    result = run("fit", TABLE, "-c", CONFIG, "--set", "epochs=0")
    assert result.code == 0
    log = (folder / "loss.csv").read_text()
    assert log == "epoch,iterations,loss,validation_loss,largest_update,seconds\n"
    with np.load(folder / "model.npz", allow_pickle=False) as archive:
        assert not archive["b1"].any()
        limit = np.sqrt(6 / (8 + 16))
        assert np.abs(archive["w1"]).max() <= limit
        assert np.abs(archive["w1"]).max() > 0.9 * limit


def test_a_log_pipe_that_closes_never_stops_the_run(folder: Path) -> None:
    command = f"{COMMAND} fit {TABLE} -c {CONFIG} --log - | head -n 2; echo ${{PIPESTATUS[@]}}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=environment(), check=True
    )
    lines = done.stdout.split("\n")
    assert lines[0] == "epoch,iterations,loss,validation_loss,largest_update,seconds"
    assert lines[2] == "0 0"
    assert "Stopped after epoch 200 of 200: all epochs are done.\n" in done.stderr
    assert nntrain.load_model("model.npz").summary.epochs_trained == 200


def test_another_table_can_be_the_validation_rows(run: Run, folder: Path) -> None:
    lines = (ROOT / TABLE).read_text().splitlines(keepends=True)
    (folder / "train.csv").write_text("".join(lines[:800]))
    (folder / "valid.csv").write_text("".join([lines[0], *lines[800:]]))
    result = run("fit", "train.csv", "-c", CONFIG, "--validation", "valid.csv")
    assert result.code == 0
    model = nntrain.load_model("model.npz")
    assert (model.summary.rows, model.summary.validation_rows) == (799, 231)
    predicted = model.predict("valid.csv")["predicted_strength_mpa"].to_numpy()
    true = np.loadtxt("valid.csv", delimiter=",", skiprows=1)[:, -1]
    rmse = float(np.sqrt(np.mean((predicted - true) ** 2)))
    assert model.summary.validation["strength_mpa"].rmse == pytest.approx(rmse, rel=1e-12)
    last = (folder / "loss.csv").read_text().splitlines()[-1].split(",")
    assert float(last[3]) == model.summary.validation_loss

    twice = run(
        "fit",
        "train.csv",
        "-c",
        CONFIG,
        "--validation",
        "valid.csv",
        "--set",
        "validation_fraction=.1",
    )
    assert twice.code == 2
    assert twice.err == (
        "Error: validation rows are asked for twice: drop --validation, or set validation_fraction "
        "to 0\n"
    )


def test_what_was_left_out_or_replaced_is_noted(run: Run, folder: Path) -> None:
    rows = [f"{i},{i},{'' if i % 3 else i},5,,{i % 2},{2 * i}" for i in range(12)]
    (folder / "t.csv").write_text(",a,b,const,empty,c,y\n" + "\n".join(rows) + "\n")
    (folder / "c.yaml").write_text("target: y\ncategorical: [c]\n")
    result = run("fit", "t.csv", "-c", "c.yaml", "--set", "epochs=1")
    assert result.code == 0
    assert result.err.split("\n")[:4] == [
        "Note: t.csv: left out column 1, which has no name in the header line (a saved index, or "
        "delimiters at the line's end); give it one to learn from it",
        "Note: left out the column 'const': it is constant",
        "Note: left out the column 'empty': it has no value",
        "Note: missing cells taken as the training mean: 8 in 'b'",
    ]
    assert nntrain.load_model("model.npz").preprocessing.input_names == (
        "a",
        "b",
        "b is missing",
        "c=0",
        "c=1",
    )


@pytest.mark.parametrize(
    ("table", "extra", "message"),
    [
        ("a,b,y\n1,2,3\n4,5\n", [], "t.csv, line 3: has 2 cells, the header has 3. Correct the line; "
         "a cell that holds the delimiter must stand in double quotes"),
        ("a,b,y\n1,2,3,4\n", [], "t.csv, line 2: has 4 cells, the header has 3. Correct the line; "
         "a cell that holds the delimiter must stand in double quotes"),
        ('a,b,y\n"1\n",2,3\n4,5,6\n4,5,\n', [], "t.csv, line 5, column 'y': the target is missing; "
         "fill it in, remove the row, or leave out every row without a target: --set "
         "missing_target=skip"),
        ("a,b,y\n1,2,inf\n", [], "t.csv, line 2, column 'y': the target is infinite or too large for "
         "a double; correct it or remove the row"),
        ("a;y\n1;1,500\n2;2,500\n", [], "t.csv, column 'y': '1,500' may be 1500 (the comma groups "
         "thousands) or 1.5 (the comma is the decimal mark); say which: --set 'numbers={\"y\": "
         "\"1,234.5\"}' for 1500 or --set 'numbers={\"y\": \"1234,5\"}' for 1.5"),
        ("a,b,y\n1,2,3\n\n1,2,x\n", [], "t.csv, line 4, column 'y': the target must be a number, "
         "found 'x'; correct the cell or choose another target"),
        (SMALL + "1e999,2,3\n", [], "t.csv, line 22, column 'a': the number is infinite or too large "
         "for a double; correct it, or leave the cell empty if it is missing"),
        (SMALL + "one,2,3\n", [], "t.csv, line 22, column 'a': 'one' is not a number, and at least "
         "nine tenths of the column are. Correct the cell, add the text to missing_values, or list "
         "the column under categorical"),
        (SMALL + "1|5,2,3\n".replace("|", "."), ["target=z"], "t.csv: has no column 'z', named under "
         "target; it has 'a', 'b', 'y'"),
        (SMALL, ["features=[A]"], "t.csv: has no column 'A', named under features; did you mean "
         "'a'?"),
        ("a, b,y\n1,2,3\n", ["features=[b]"], "t.csv: has no column 'b', named under features; did you "
         "mean ' b'?"),
        ("a b y\n1 2 3\n", [], "t.csv: has no column 'y', named under target; its header line was read "
         "as one column, 'a b y'; if ' ' separates the cells, name it: --delimiter, or delimiter in "
         "a config"),
        ("a;b;y\n1;2;3\n", ["delimiter=,"], "t.csv: has no column 'y', named under target; its header "
         "line was read as one column, 'a;b;y'; if ';' separates the cells, name it: --delimiter, or "
         "delimiter in a config"),
        ("size mm\n1\n", [], "t.csv: has no column 'y', named under target; it has 'size mm'"),
        ("size\n1\n", [], "t.csv: has no column 'y', named under target; it has 'size'"),
        (SMALL, ["ignore=[a, b]"], "t.csv: no column is left to learn from; see `features` and "
         "`ignore`"),
        ("a,b,a,y\n1,2,3,4\n", [], "t.csv: the header names 'a' more than once, as columns 1, 3; "
         "rename one"),
        ("a,y\n1,5\n2,5\n", [], "t.csv, column 'y': the target is 5 in every training row; there is "
         "nothing to learn: choose another target or more rows"),
        ("a,y\n", [], "t.csv: has no rows to train on"),
        ("", [], "t.csv: is empty; expects a header line with the names of the columns"),
        ('a,y\n"1,2\n', [], "t.csv, line 2: a quoted cell opens in this record and never ends; close "
         "its double quote"),
        ("a,y\n1\0,2\n", [], "t.csv, line 2: holds a NUL byte; this is not UTF-8 text. If it is "
         "UTF-16, say so: --encoding utf-16, or encoding in a config"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_learned_from_says_where_and_why(
    run: Run, folder: Path, table: str, extra: list[str], message: str
) -> None:
    (folder / "t.csv").write_text(table, newline="")
    (folder / "c.yaml").write_text("target: y\n")
    (folder / "model.npz").write_bytes(OLDER_MODEL)
    (folder / "loss.csv").write_bytes(OLDER_LOG)
    overrides = [word for each in extra for word in ("--set", each)]
    result = run("fit", "t.csv", "-c", "c.yaml", *overrides)
    assert (result.code, result.out, result.err) == (3, "", f"Error: {message}\n")
    assert (folder / "model.npz").read_bytes() == OLDER_MODEL
    assert (folder / "loss.csv").read_bytes() == OLDER_LOG


def test_a_table_whose_columns_all_tell_nothing_is_refused(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text("a,y\n1,2\n1,3\n")
    (folder / "c.yaml").write_text("target: y\n")
    result = run("fit", "t.csv", "-c", "c.yaml")
    assert (result.code, result.out) == (3, "")
    assert result.err == (
        "Note: left out the column 'a': it is constant\n"
        "Error: t.csv: no column is left to learn from: nothing can be learned from 'a' in 2 training rows\n"
    )


def test_a_missing_table_is_explained(run: Run) -> None:
    result = run("fit", "none.csv", "-c", CONFIG)
    assert (result.code, result.err) == (
        3,
        "Error: none.csv: cannot be read: No such file or directory\n",
    )
    result = run("fit", "sample_data", "-c", CONFIG)
    assert (result.code, result.err) == (3, "Error: sample_data: cannot be read: Is a directory\n")


def test_a_config_is_checked_before_the_table_is_read(run: Run, folder: Path) -> None:
    (folder / "c.yaml").write_text("learning_rate: 1\nepochs: many\n")
    result = run("fit", "none.csv", "-c", "c.yaml")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "Error: c.yaml, line 1: unknown key 'learning_rate': did you mean alpha, the learning "
        "rate?\n"
        "    learning_rate: 1\n"
        "Error: c.yaml, line 2: epochs expects a whole number, 0 or more, found 'many'\n"
        "    epochs: many\n"
        "Error: c.yaml: the key target is missing: name the column to predict, as in "
        "`target: price`\n"
    )


def test_a_config_cannot_steer_the_terminal_that_its_line_is_shown_on(
    run: Run, folder: Path
) -> None:
    (folder / "c.yaml").write_text("target: y\n# one\nalpha: \x1b[31mred\n")
    assert run("fit", "none.csv", "-c", "c.yaml") == Result(
        2,
        "",
        "Error: c.yaml, line 3: is not YAML: unacceptable character #x001b: special characters are "
        "not allowed\n"
        "    alpha: \\x1b[31mred\n",
    )


def test_a_divergence_names_epoch_iteration_and_remedy_and_leaves_the_older_files(
    run: Run, folder: Path
) -> None:
    (folder / "model.npz").write_bytes(OLDER_MODEL)
    (folder / "loss.csv").write_bytes(OLDER_LOG)
    result = run("fit", TABLE, "-c", CONFIG, "--set", "alpha=1e6", "--set", "activation=identity")
    assert result.code == 5
    assert result.err == (
        "Error: training diverged in epoch 1, at its iteration 4: the loss or a weight is no longer "
        "a finite number. The learning rate is too large for this network and data; try --set "
        "alpha=0.1\n"
    )
    assert (folder / "model.npz").read_bytes() == OLDER_MODEL
    assert (folder / "loss.csv").read_bytes() == OLDER_LOG
    assert names(folder) == {"loss.csv", "model.npz"}


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["-m", "none/m.npz"], 7, "none/m.npz: cannot be written: No such file or directory"),
        (["-l", "none/l.csv"], 7, "none/l.csv: cannot be written: No such file or directory"),
        (["-m", "sample_data"], 7, "sample_data: cannot be written: it is a folder"),
        (["-m", "x", "-l", "x"], 2, "--model and --log are the same file, x"),
        (["-m", "-"], 2, "a model is not written to stdout; name a file with --model"),
        (["-m", TABLE], 2, f"--model {TABLE} would overwrite an input of this run"),
        (["-l", CONFIG], 2, f"--log {CONFIG} would overwrite an input of this run"),
        (["-l", "m.checkpoint", "-m", "m"], 2, "--log m.checkpoint is the checkpoint of --model m"),
        (["-m", "/dev/stdout", "-l", "-"], 2, "--model and --log are the same file, /dev/stdout"),
        (
            ["-l", ".model.npz.nntrain-lock"],
            2,
            ".model.npz.nntrain-lock: is a name of nntrain's own files; choose another name",
        ),
        (
            ["--validation", "model.npz.checkpoint"],
            2,
            "model.npz.checkpoint is the checkpoint that "
            "this run writes; continue its run with --resume, or name it otherwise",
        ),
        (
            ["-m", "m", "--from", "m.checkpoint"],
            2,
            "m.checkpoint is the checkpoint that this run "
            "writes; continue its run with --resume, or name it otherwise",
        ),
    ],
)
def test_outputs_are_tried_before_anything_is_read(
    run: Run, folder: Path, options: list[str], code: int, message: str
) -> None:
    before = sorted(os.listdir(folder))
    result = run("fit", TABLE, "-c", CONFIG, *options)
    assert (result.code, result.out, result.err) == (code, "", f"Error: {message}\n")
    assert sorted(os.listdir(folder)) == before


def test_a_network_that_memory_cannot_hold_is_explained(run: Run) -> None:
    result = run("fit", TABLE, "-c", CONFIG, "-s", "hidden_layers=[1000000, 1000000]")
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.startswith("Error: to train a network of 1,000,011,000,001 weights takes ")
    assert result.err.endswith(" GB more; lower hidden_layers, or set dtype: float32\n")


def test_an_interrupted_run_without_a_checkpoint_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = pd.DataFrame({"x": range(9), "y": range(9)})
    interrupted = nntrain.TrainingRun.from_table(table, nntrain.Config(target=("y",), epochs=1200))
    list(itertools.islice(interrupted.epochs(), 1))
    print_interruption(interrupted, Outcome("interrupted", None, None), "/dev/null", ["t.csv"])
    assert capsys.readouterr().err == (
        "Error: interrupted after epoch 1 of 1,200\n"
        "Error: /dev/null is no regular file, so no checkpoint was kept: the run is lost\n"
    )


def test_a_time_that_is_none_is_a_usage_error(run: Run) -> None:
    result = run("fit", TABLE, "-c", CONFIG, "--max-time", "soon")
    assert result.code == 2
    assert "'soon' is no time; write it as 90s, 10m or 1h30m" in result.err


def test_the_log_has_a_line_for_each_network_of_an_epoch(run: Run, folder: Path) -> None:
    frame().to_csv("t.csv", index=False)
    keys = ["--set", "ensemble=3", "--set", "epochs=4", "--set", "validation_fraction=0.2"]
    (folder / "c.yaml").write_text("target: y\nignore: [z]\n")
    result = run("fit", "t.csv", "-c", "c.yaml", *keys)
    assert result.code == 0
    assert "Trained on 50 rows with 2 inputs and 3 networks of 65 weights (biases" in result.err
    lines = list(csv.DictReader((folder / "loss.csv").read_text().splitlines()))
    assert list(lines[0]) == [
        "epoch", "member", "iterations", "loss", "validation_loss", "largest_update", "seconds",
    ]  # fmt: skip
    places = [(int(line["epoch"]), int(line["member"])) for line in lines]
    assert places == [(epoch, member) for epoch in range(1, 5) for member in range(1, 4)]


def test_the_command_starts_from_a_model(run: Run, folder: Path) -> None:
    assert run("fit", TABLE, "-c", CONFIG, "-s", "epochs=20", "-m", "a.npz", "-q").code == 0
    result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=0", "--from", "a.npz", "-q")
    assert (result.code, result.err) == (0, "")
    first, second = (nntrain.load_model(name) for name in ("a.npz", "model.npz"))
    np.testing.assert_array_equal(
        first.networks[0].parameters.vector, second.networks[0].parameters.vector
    )
    result = run("fit", TABLE, "-c", CONFIG, "--from", "model.npz")
    assert result.err == "Error: --model model.npz would overwrite an input of this run\n"


def test_quiet_and_verbose_exclude_each_other(run: Run) -> None:
    result = run("inspect", "-q", "-v")
    assert (result.code, result.out) == (2, "")
    assert result.err == "Error: --quiet and --verbose ask for opposite things; use one of them\n"
