"""What is promised about input from elsewhere: bounded time and memory, and nothing steered by it.

Each test runs the installed command on one kind of broken or hostile input.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import random
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pytest
from support.blocks import read_in_blocks
from support.command import COMMAND, ROOT, Run, environment
from support.forging import signed

import nntrain
from nntrain.config.suggest import suggest_config
from nntrain.config.yaml_file import parse_config
from nntrain.errors import ConfigError, DataError, ModelFileError

MB = 1 << 20
CONFIG = "target: y\nepochs: 1\nhidden_layers: [2]\n"
TABLE = "size,color,y\n" + "".join(f"{i},{'rgb'[i % 3]},{i * i}\n" for i in range(12))


@pytest.fixture
def model(run: Run, folder: Path) -> Path:
    """A model, its config and its table, in the folder."""
    (folder / "c.yaml").write_text(CONFIG)
    (folder / "t.csv").write_text(TABLE)
    assert run("fit", "t.csv", "-c", "c.yaml").code == 0
    return folder / "model.npz"


LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def fed(folder: Path, parts: Iterable[bytes], *arguments: str) -> tuple[int, str, float, int]:
    """A command whose stdin is fed: its exit code, stderr, seconds and peak memory in bytes.

    A small process starts it: a command's peak memory counts that of the process it is forked from.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, COMMAND, *arguments], cwd=folder, env=environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    assert process.stderr

    def feed(stdin: IO[bytes]) -> None:
        with stdin, contextlib.suppress(BrokenPipeError):
            for part in parts:
                stdin.write(part)

    feeder = threading.Thread(target=feed, args=(process.stdin,))
    feeder.start()
    with process.stdout, process.stderr:
        err = process.stderr.read().decode()
        peak = int(process.stdout.read()) * 1024
    code = process.wait()
    feeder.join()
    return code, err, time.monotonic() - began, peak


def repeated(before: bytes, part: bytes, times: int, after: bytes = b"") -> Iterator[bytes]:
    yield before
    for _ in range(times):
        yield part
    yield after


# Tables


X = b"x" * MB
LINES = b"1,r,3\n" * 20_000
ENDLESS = {
    "a cell of 100 MB": (
        repeated(b"size,color,y\n1,r,3\n2,", X, 100, b",5\n"),
        "standard input, line 3: the line is longer than 16 MiB",
    ),
    "a quoted cell of 100 MB": (
        repeated(b'size,color,y\n1,r,3\n2,"', X, 100, b'",5\n'),
        "standard input, line 3: the line is longer than 16 MiB",
    ),
    "a name of 100 MB": (
        repeated(b"size,color,", X, 100),
        "standard input, line 1: the header line is longer than 16 MiB",
    ),
    "a quoted name that never ends": (
        repeated(b'size,color,"y\n', LINES, 100),
        "standard input, line 1: the header goes on for more than 100 lines; is a closing double "
        "quote missing?",
    ),
    "a quoted cell that never ends": (
        repeated(b'size,color,y\n1,r,3\n2,"g,5\n', LINES, 100),
        "standard input, line 3: a quoted cell opens in this record and never ends; close its "
        "double quote",
    ),
    "a million columns": (
        repeated(b"size,color,y", b",c" * 1000, 1000, b"\n"),
        "standard input, line 1: has 1,000,003 columns, and 100,000 are the most; leave some out "
        "or transpose the table if its columns are meant to be rows",
    ),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_a_table_without_end_is_refused_in_bounded_time_and_memory(model: Path, case: str) -> None:
    parts, message = ENDLESS[case]
    code, err, seconds, memory = fed(model.parent, parts, "predict")
    assert (code, err) == (3, f"Error: {message}\n")
    assert seconds < 20
    assert memory < 400 * MB


def test_a_zip_bomb_of_a_table_is_refused_in_bounded_memory(model: Path) -> None:
    with subprocess.Popen(["gzip", "-c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as gzip:
        bomb = gzip.communicate(b"".join(repeated(b"size,color,y\n1,", X, 200)))[0]
    assert len(bomb) < MB
    (model.parent / "bomb.csv.gz").write_bytes(bomb)
    code, err, _, memory = fed(model.parent, [], "predict", "bomb.csv.gz")
    assert (code, err) == (3, "Error: bomb.csv.gz, line 2: the line is longer than 16 MiB\n")
    assert memory < 400 * MB


@pytest.mark.heavy
def test_the_time_for_columns_grows_no_faster_than_their_number(tmp_path: Path) -> None:
    def seconds(n: int) -> float:
        names = [f"c{i}" for i in range(n)]
        rows = [[str((i * 7 + row * 3) % 10) for i in range(n)] for row in range(3)]
        path = tmp_path / "wide.csv"
        path.write_text("\n".join(",".join(line) for line in [names, *rows]) + "\n")
        config = nntrain.Config(target=("c0",), categorical=("c1",), epochs=0, hidden_layers=(1,))
        began = time.process_time()
        nntrain.fit(path, config).predict(path)
        return time.process_time() - began

    seconds(100)
    assert seconds(20_000) < 20 * seconds(2_000) + 1


def test_a_cell_of_digits_is_read_in_linear_time(run: Run, model: Path) -> None:
    digits = "1" * 130_000
    result = run("predict", stdin=f"size,color,y\n{digits}x,r,1\n")
    assert result.code == 3
    start = "Error: standard input, line 2, column 'size': expects a number, found '1111"
    assert result.err.startswith(start)
    assert " … 1111" in result.err
    assert result.err.endswith("1111x'; correct the cell, or leave it empty if it is missing\n")
    assert len(result.err) < 510


def test_objects_of_ever_other_keys_are_no_table(run: Run, folder: Path) -> None:
    lines = (f'{{"k{i}": 1}}\n' for i in range(20_000))
    (folder / "keys.jsonl").write_text("".join(lines))
    result = run("init", "keys.jsonl")
    assert result.code == 3
    assert result.err == (
        "Error: keys.jsonl: has 20,000 different keys in few objects; the objects of a table have "
        "the same ones\n"
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("size,color,y\n1,r,1\n1e999,g,2\n", "t2.csv, line 3, column 'size': the number is infinite or too large for a double; correct it, or leave the cell empty if it is missing"),
        ("size,color,y\n", "t2.csv: has no rows to train on"),
        ("size,color,size,y\n1,r,2,3\n", "t2.csv: the header names 'size' more than once, as columns 1, 3; rename one"),
        ("", "t2.csv: is empty; expects a header line with the names of the columns"),
    ],
)  # fmt: skip
def test_a_broken_table_is_named(run: Run, model: Path, table: str, message: str) -> None:
    (model.parent / "t2.csv").write_text(table)
    result = run("fit", "t2.csv", "-c", "c.yaml", "-m", "new.npz")
    assert (result.code, result.err) == (3, f"Error: {message}\n")
    assert not (model.parent / "new.npz").exists()


@pytest.mark.parametrize("command", [["fit", "configs", "-c", "c.yaml"], ["predict", "configs"]])
def test_a_folder_is_no_table(run: Run, model: Path, command: list[str]) -> None:
    result = run(*command)
    assert (result.code, result.err) == (3, "Error: configs: cannot be read: Is a directory\n")


def test_any_damaged_parquet_file_is_refused_or_read(folder: Path) -> None:
    frame = pd.DataFrame({"size": range(50), "color": list("rgbrg") * 10, "y": range(50)})
    frame.to_parquet(folder / "t.parquet")
    sound, chosen, refused = (folder / "t.parquet").read_bytes(), random.Random(0), 0
    config = parse_config(CONFIG)
    for _ in range(150):
        damaged = bytearray(sound)
        for _ in range(4):
            damaged[chosen.randrange(len(sound))] = chosen.randrange(256)
        (folder / "t.parquet").write_bytes(damaged)
        try:
            nntrain.fit("t.parquet", config)
        except DataError as error:
            refused += str(error).startswith("t.parquet: cannot be read as Parquet: ")
    assert refused > 30


def test_a_block_of_blank_lines_ends_a_text_column_soundly(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in_blocks(monkeypatch, 8)
    (folder / "t.csv").write_text("color,y\nr,1\ng,2\nr,3\n" + "\n" * 40)
    assert suggest_config("t.csv").table.n_rows == 3


def test_an_error_that_no_double_holds_is_explained(run: Run, model: Path) -> None:
    result = run("evaluate", "-", stdin="size,color,y\n1,r,1.7e308\n2,g,-1.7e308\n")
    assert (result.code, result.out) == (3, "")
    assert result.err == (
        "Error: column 'y': an error is too large for a double; its numbers are too far from those "
        "of training, or from each other\n"
    )


# Model files


def overlapping(path: Path, n: int, size: int) -> None:
    """An archive of n members that are all the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w1.npy", bytes(size))
    data = path.read_bytes()
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    entry = data[start:end]
    directory = b"".join(entry.replace(b"w1", b"%02x" % i) for i in range(n))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, n, n, len(directory), start, 0)
    path.write_bytes(data[:start] + directory + tail)


def claiming(path: Path, size: int) -> None:
    """A small archive whose member claims to hold so many bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w1.npy", b"small")
    data = path.read_bytes()
    start = data.index(b"PK\1\2") + 20
    path.write_bytes(data[:start] + struct.pack("<2L", size, size) + data[start + 8 :])


def test_sizes_are_checked_before_memory_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    for is_overlapping in (True, False):
        if is_overlapping:
            overlapping(path, 200, MB)
        else:
            claiming(path, 0xFFFF_FFF0)
        tracemalloc.start()
        with pytest.raises(ModelFileError) as caught:
            nntrain.load_model(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert str(caught.value) == (
            f"{path}: is not a model file, or damaged: its members claim to be larger than the file"
        )
        assert peak < 4 * MB


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin"])
def test_a_model_is_read_from_a_regular_file_only(run: Run, path: str) -> None:
    result = run("inspect", path, stdin=b"PK")
    assert result.code == 4
    assert result.err == f"Error: {path}: is not a regular file, which a model file is\n"


def test_a_header_of_impossible_characters_is_refused(model: Path) -> None:
    with np.load(model) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for code in (0x110000, 0xFFFFFFFF, 0x7FFFFFFF):
        arrays["header"] = np.array(code, dtype="<u4").view("<U1")
        np.savez(model, **arrays)
        with pytest.raises(ModelFileError) as caught:
            nntrain.load_model(model)
        assert str(caught.value) == f"{model}: is not a valid model file: its header is not JSON"


# Configs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('target: "\\UFFFFFFFF"\n', 'c.yaml, line 1: is not YAML: an escape or version out of range\n    target: "\\UFFFFFFFF"'),
        ("%YAML 1." + "1" * 5000 + "\n---\ntarget: y\n", "c.yaml, line 1: is not YAML: a config has no % directives\n    %YAML 1." + "1" * 62 + "…"),
        ("target: y\nalpha: &a 1\nepochs: *a\n", "c.yaml, line 2: alpha has a YAML tag or anchor; write the value alone\n    alpha: &a 1"),
        ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "c.yaml, line 1: a has a YAML tag or anchor; write the value alone\n    a: &a [x]"),
        ("target: y\nalpha: 1e400\n", "c.yaml, line 2: alpha expects a number above 0, found '1e400'\n    alpha: 1e400"),
        ("target: y\nalpha: 1\nalpha: 2\n", "c.yaml, line 3: alpha stands twice; first at c.yaml, line 2\n    alpha: 2"),
    ],
)  # fmt: skip
def test_a_hostile_config_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.yaml")
    assert str(caught.value) == message


@pytest.mark.heavy
@pytest.mark.parametrize(
    "text",
    [
        "alpha: " + "1" * 900_000 + "x\n",
        "ignore: [" + "a," * 40_000 + "]\n",
        "".join(f"key{i}: 1\n" for i in range(40_000)),
        "epochs: " + "[" * 900_000,
        "- " * 400_000,
    ],
    ids=["digits", "the same name", "unknown keys", "nested lists", "nested items"],
)
def test_a_large_hostile_config_is_refused_in_bounded_time(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError) as caught:
        parse_config("target: y\n" + text, "c.yaml")
    assert time.process_time() - began < 20
    lines = str(caught.value).split("\n")
    assert len(lines) < 50
    assert max(map(len, lines)) < 600


def test_of_very_many_mistakes_the_first_are_reported() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config("target: y\n" + "alpha: x\n" * 30, "c.yaml")
    lines = str(caught.value).split("\n")
    assert lines[-1] == "there are more mistakes than these"
    assert sum(line.startswith("c.yaml") for line in lines) == 20


# Text from elsewhere


AWKWARD = "a\x1b[2J\x07\r\x9b\u202e\u2066\ud7ff\x7f\u2028b"


def awkward_table() -> bytes:
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([AWKWARD, "color\n\x1b[31m", "y\x1b[1m"])
    writer.writerows([[i, f"{AWKWARD}\n{i % 2}", i * i] for i in range(12)])
    return table.getvalue().encode()


@pytest.fixture
def awkward(run: Run, folder: Path) -> Path:
    """A table and a model whose names and categories would steer a terminal."""
    (folder / "t.csv").write_bytes(awkward_table())
    (folder / "c.yaml").write_text(
        'target: "y\\e[1m"\nepochs: 1\nhidden_layers: [2]\ncategorical: ["color\\n\\e[31m"]\n'
    )
    assert run("fit", "t.csv", "-c", "c.yaml", "-q").code == 0
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit", "t.csv", "-c", "c.yaml", "-v"],
        ["cv", "t.csv", "-c", "c.yaml", "--folds", "2", "-v"],
        ["cv", "t.csv", "-c", "c.yaml", "--folds", "2", "--json"],
        ["check", "t.csv", "-c", "c.yaml", "-v"],
        ["check", "t.csv", "-m", "model.npz"],
        ["check", "t.csv", "-m", "model.npz", "--json"],
        ["evaluate", "t.csv", "--by", "color\n\x1b[31m"],
        ["evaluate", "t.csv", "--by", "color\n\x1b[31m", "--json"],
        ["evaluate", "t.csv", "--by", "nothing\x1b[31m"],
        ["inspect", "--weights"],
        ["inspect", "--json"],
        ["init", "t.csv", "--target", "y\x1b[1m"],
        ["report", "t.csv", "-o", "-"],
        ["predict", "t.csv", "--append", "--format", "jsonl"],
        ["predict", "t.csv", "--keep", "nothing\x1b[31m"],
    ],
)
def test_no_name_and_no_cell_reaches_the_output_raw(
    run: Run, awkward: Path, arguments: list[str]
) -> None:
    result = run(*arguments)
    assert result.code in (0, 3)
    lines = (result.out + result.err).split("\n")
    assert len(lines) > 1
    assert [line for line in lines if not line.isprintable()] == []
    if "--json" in arguments or "jsonl" in arguments:
        assert all(isinstance(json.loads(line), dict) for line in result.out.splitlines())


def test_json_lines_with_escapes_mean_the_cells_as_they_were(run: Run, awkward: Path) -> None:
    result = run("predict", "t.csv", "--append", "--format", "jsonl")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["color\n\x1b[31m"] for row in rows] == [f"{AWKWARD}\n{i % 2}" for i in range(12)]
    assert all(row[AWKWARD] == i for i, row in enumerate(rows))


def test_rows_on_a_terminal_are_escaped_and_in_a_file_as_they_were(run: Run, awkward: Path) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "predict", "t.csv", "--append"], cwd=awkward, env=environment(), stdout=slave
    ) as process:
        os.close(slave)
        shown = b""
        try:
            while part := os.read(master, 1 << 16):
                shown += part
        except OSError:  # what the end of a terminal is
            pass
        os.close(master)
    assert process.returncode == 0
    lines = shown.decode().replace("\r\n", "\n").split("\n")
    assert len(lines) > 12
    assert all(line.isprintable() for line in lines)
    plain = run("predict", "t.csv", "--append").out
    rows = list(csv.reader(io.StringIO(plain, newline="")))
    given = list(csv.reader(io.StringIO(awkward_table().decode(), newline="")))
    assert [row[:-1] for row in rows] == given
    names = io.StringIO()
    csv.writer(names, quoting=csv.QUOTE_ALL, lineterminator="").writerow(given[0][:2])
    kept = run("predict", "t.csv", "--keep", names.getvalue()).out
    rows = list(csv.reader(io.StringIO(kept, newline="")))
    assert [row[:-1] for row in rows] == [row[:2] for row in given]


def test_names_to_keep_that_are_no_csv_are_explained(run: Run, model: Path) -> None:
    result = run("predict", "t.csv", "--keep", "si\nze")
    assert (result.code, result.err) == (
        2,
        "Error: --keep expects names separated by commas, one with a line break in double quotes\n",
    )


def test_as_many_groups_as_rows_are_measured_in_linear_time(run: Run, model: Path) -> None:
    lines = "".join(f"{i % 12},{'rgb'[i % 3]},{i},g{i}\n" for i in range(40_000))
    (model.parent / "many.csv").write_text("size,color,y,group\n" + lines)
    began = time.monotonic()
    result = run("evaluate", "many.csv", "--by", "group", "--json")
    assert result.code == 0
    assert len(json.loads(result.out)["groups"]) == 40_000
    assert time.monotonic() - began < 60


def test_a_forged_model_cannot_steer_the_terminal(run: Run, model: Path) -> None:
    with np.load(model) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = json.loads(arrays.pop("header").item())
    header |= {"engine": "\x1b[2J\x9b2J\u202e"}
    np.savez(model, header=np.array(json.dumps(signed(header, arrays))), **arrays)
    result = run("inspect")
    assert result.code == 0
    assert r"; \x1b[2J\x9b2J\u202e engine." in result.out
    header |= {"stopped_by": "\x1b[2J"}
    np.savez(model, header=np.array(json.dumps(signed(header, arrays))), **arrays)
    result = run("inspect")
    assert (result.code, result.out) == (4, "")
    assert result.err.endswith(r"its 'stopped_by' is '\x1b[2J'" + "\n")


def test_a_long_name_makes_no_table_wide(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text("n" * 5000 + ",y\n" + "1,2\n2,3\n3,5\n")
    (folder / "c.yaml").write_text(CONFIG)
    result = run("check", "t.csv", "-c", "c.yaml")
    assert result.code == 0
    assert max(map(len, result.out.split("\n"))) < 300


# What nothing changes, and what is not kept


LISTEN = """
import sys
def hook(event, arguments):
    if event.startswith(("socket.", "urllib.", "ftplib.", "http.", "subprocess.", "os.system",
                         "os.exec", "os.posix_spawn", "pickle.")):
        print("EVENT", event, arguments, file=sys.stderr)
sys.addaudithook(hook)
from nntrain.cli.main import run
run()
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit", "t.csv", "-c", "c.yaml", "-m", "other.npz"],
        ["predict", "t.csv"],
        ["evaluate", "t.csv"],
        ["inspect"],
        ["check", "t.csv", "-m", "model.npz"],
        ["init", "t.csv"],
        ["report", "t.csv"],
        ["plot", "loss.csv"],
    ],
)
def test_no_command_opens_a_socket_starts_a_process_or_unpickles(
    model: Path, arguments: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTEN, *arguments], cwd=model.parent, env=environment(),
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "EVENT" not in done.stderr


def test_what_is_no_path_of_a_file_is_not_fetched_or_expanded(run: Run, model: Path) -> None:
    for path in ("http://localhost/t.csv", "file:///etc/hostname", "~/t.csv", "$HOME/t.csv"):
        result = run("predict", path)
        assert result.code == 3
        assert result.err == f"Error: {path}: cannot be read: No such file or directory\n"


def test_no_environment_variable_changes_what_a_run_computes(run: Run, model: Path) -> None:
    odd = {
        "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7",
        "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3", "NNTRAIN_SEED": "9", "SEED": "9",
        "NNTRAIN_EPOCHS": "3", "NNTRAIN_CONFIG": "none.yaml", "NO_COLOR": "1", "COLUMNS": "20",
    }  # fmt: skip
    subprocess.run(
        [COMMAND, "fit", "t.csv", "-c", "c.yaml", "-m", "odd.npz", "--log", "odd.csv"],
        cwd=model.parent, env=environment() | odd, check=True, capture_output=True,
    )  # fmt: skip
    assert (model.parent / "odd.npz").read_bytes() == model.read_bytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [("OPENBLAS_CORETYPE", "Nehalem"), ("NUMBA_ENABLE_AVX", "0")],
)
def test_a_variable_of_a_library_changes_last_bits_at_most(
    name: str, value: str, run: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert run("fit", "t.csv", "-c", "c.yaml", "-m", "odd.npz", "--log", "odd.csv").code == 0
    odd, expected = (nntrain.load_model(model.parent / path) for path in ("odd.npz", model.name))
    for ours, theirs in zip(odd.networks, expected.networks, strict=True):
        np.testing.assert_allclose(
            ours.parameters.vector, theirs.parameters.vector, rtol=1e-9, atol=1e-12
        )
    promises = (ROOT / "nntrain" / "guides" / "promises.md").read_text(encoding="utf-8")
    assert f"`{name}`" in promises


def test_no_training_row_is_kept_in_a_model(folder: Path) -> None:
    rng = np.random.default_rng(1)
    for n_rows in (50, 500):
        rows = rng.normal(size=(n_rows, 3)).round(6)
        lines = [",".join(map(repr, row)) for row in rows.tolist()]
        (folder / "t.csv").write_text("a,b,y\n" + "\n".join(lines) + "\n")
        nntrain.fit(folder / "t.csv", parse_config(CONFIG)).save(folder / f"{n_rows}.npz")
        data = (folder / f"{n_rows}.npz").read_bytes()
        text = data.replace(b"\0\0\0", b"")
        for column in rows.T:
            within = column[(column > column.min()) & (column < column.max())]
            assert not [v for v in within.tolist() if struct.pack("<d", v) in data]
            assert not [v for v in within.tolist() if f"{v!r}," in text.decode("latin-1")]
        assert repr(rows[:, 0].min().item()).encode() in text
    small, large = (folder / "50.npz").stat().st_size, (folder / "500.npz").stat().st_size
    assert abs(large - small - 8 * 450) < 500  # the hashes of rows


def test_an_error_of_any_length_keeps_its_place_and_its_remedy() -> None:
    message = f"t.csv, line 2: {'x' * 10_000}; correct the cell"
    shown = str(DataError(message))
    assert len(shown) < 510
    assert shown.startswith("t.csv, line 2: xxx")
    assert shown.endswith("xxx; correct the cell")
    assert str(DataError("short")) == "short"
