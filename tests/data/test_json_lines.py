"""JSON lines: the keys of the whole table, values that stay what they are, and nested ones."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command import Result, Run

import nntrain
from nntrain.data.readers import csv_block

LATE = 3000


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    """A model of two columns, of which the second stands in no early row."""
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4] * 5, "b": [None, 5.0, 6, 7] * 5})
    return nntrain.fit(frame.assign(y=frame["a"]), nntrain.Config(target=("y",), epochs=2))


def late_lines() -> Iterator[str]:
    """Rows whose target follows from a key that only the later ones have."""
    noise = np.random.default_rng(0).normal(size=2 * LATE)
    for i, x in enumerate(noise):
        row = {"x": i % 7, "y": 0.0} if i < LATE else {"x": i % 7, "late": x, "y": 5 * x}
        yield json.dumps(row) + "\n"


def test_a_key_that_is_first_seen_late_is_learned_from(run: Run, folder: Path) -> None:
    (folder / "t.jsonl").write_text("".join(late_lines()))
    (folder / "c.yaml").write_text("target: y\nepochs: 20\nbatch_size: 32\nalpha: 0.1\n")
    assert run("fit", "t.jsonl", "-c", "c.yaml", "-q").code == 0
    model = nntrain.load_model("model.npz")
    assert [feature.name for feature in model.preprocessing.features] == ["x", "late"]
    assert nntrain.evaluate(model, "t.jsonl").targets["y"].rmse < 0.5
    piped = run("fit", "-", "-c", "c.yaml", "-q", "-m", "p.npz", stdin="".join(late_lines()))
    assert piped.code == 0
    assert (folder / "p.npz").read_bytes() == (folder / "model.npz").read_bytes()


@pytest.mark.parametrize("arrival", ["file", "pipe", "slow pipe"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_append_drops_no_cell_however_rows_arrive(
    run: Run, folder: Path, model: nntrain.Model, arrival: str, form: str
) -> None:
    model.save("model.npz")
    lines = [
        '{"a": 1, "b": 2, "id": "007"}\n',
        '{"b": null, "a": 3, "tags": [1, {"k": 2.50}], "ok": true}\n',
        '{"a": 1e0, "big": 9007199254740993, "none": null}\n',
    ]
    if arrival == "slow pipe":
        os.mkfifo("pipe.jsonl")
        threading.Thread(target=write_slowly, args=(folder / "pipe.jsonl", lines)).start()
        result = run("predict", "pipe.jsonl", "--append", "--format", form, "-q")
    elif arrival == "pipe":
        result = run("predict", "--append", "--format", form, "-q", stdin="".join(lines))
    else:
        (folder / "t.jsonl").write_text("".join(lines))
        result = run("predict", "t.jsonl", "--append", "--format", form, "-q")
    assert result.code == 0
    predictions = [repr(v) for (v,) in model.predict(frame_of(lines)).to_numpy().tolist()]
    if form == "csv":
        assert result.out.splitlines() == [
            "a,b,id,tags,ok,big,none,predicted_y",
            f"1,2,007,,,,,{predictions[0]}",
            f'3,,,"[1, {{""k"": 2.50}}]",true,,,{predictions[1]}',
            f"1e0,,,,,9007199254740993,,{predictions[2]}",
        ]
    else:
        assert result.out.splitlines() == [
            f'{{"a": 1, "b": 2, "id": "007", "predicted_y": {predictions[0]}}}',
            f'{{"a": 3, "b": null, "tags": [1, {{"k": 2.50}}], "ok": true, "predicted_y": '
            f"{predictions[1]}}}",
            f'{{"a": 1e0, "big": 9007199254740993, "none": null, "predicted_y": {predictions[2]}}}',
        ]


def write_slowly(path: Path, lines: list[str]) -> None:
    with path.open("w") as file:
        for line in lines:
            file.write(line)
            file.flush()
            time.sleep(0.05)


def frame_of(lines: list[str]) -> pd.DataFrame:
    return pd.DataFrame([json.loads(line) for line in lines])[["a", "b"]].astype(float)


def test_a_key_that_every_row_lacks_is_an_error_before_any_output(
    run: Run, model: nntrain.Model
) -> None:
    model.save("model.npz")
    for lines in ['{"a": 1}\n', '{"a": 1}\n' * 20_000]:
        result = run("predict", "--format", "jsonl", stdin=lines)
        assert result.code == 3
        assert result.err == (
            "Error: standard input: has no column 'b', which the model needs; it has 'a'\n"
        )
    assert run("predict", stdin='{"a": 1}\n').out == ""


def test_a_needed_key_that_a_row_lacks_is_a_missing_cell(run: Run, model: nntrain.Model) -> None:
    model.save("model.npz")
    result = run("predict", stdin='{"a": 1}\n{"a": 1, "b": null}\n{"a": 1, "b": 5}\n')
    lacking, null, given = result.out.splitlines()[1:]
    assert (result.code, lacking == null, lacking == given) == (0, True, False)
    assert result.err == "Note: missing cells taken as the training mean: 2 in 'b'\n"


def test_a_null_is_missing_even_where_an_empty_text_is_not(folder: Path) -> None:
    (folder / "t.jsonl").write_text('{"a": 1, "y": 1}\n{"a": null, "y": 2}\n{"a": 3, "y": 3}\n')
    config = nntrain.Config(target=("y",), missing_values=("NA",), epochs=1)
    (feature,) = nntrain.fit("t.jsonl", config).preprocessing.features
    assert (feature.name, feature.missing_rate) == ("a", pytest.approx(1 / 3))  # type: ignore[union-attr]


NESTED = '{"a": 1, "b": 2, "y": 1, "tags": [1, 2]}\n{"a": 2, "b": 3, "y": 2, "tags": {}}\n'


def test_a_nested_value_stops_nothing_where_it_is_not_needed(
    run: Run, folder: Path, model: nntrain.Model
) -> None:
    model.save("model.npz")
    (folder / "t.jsonl").write_text(NESTED)
    assert run("predict", "t.jsonl", "-q").code == 0
    assert run("evaluate", "t.jsonl").code == 0
    (folder / "c.yaml").write_text("target: y\nepochs: 1\n")
    refused = run("fit", "t.jsonl", "-c", "c.yaml", "-m", "n.npz")
    assert (refused.code, refused.err) == (
        3,
        "Error: t.jsonl, line 1, key 'tags': holds an array, an object or another value that is "
        "neither a number nor a text; give its parts columns of their own, or put the column "
        "under ignore\n",
    )
    assert run("fit", "t.jsonl", "-c", "c.yaml", "--set", "ignore=[tags]", "-m", "n.npz").code == 0


def test_init_leaves_nested_values_out(run: Run, folder: Path) -> None:
    rows = (f'{{"a": {i}, "y": {2 * i}, "tags": [{i}]}}\n' for i in (3, 1, 4, 5))
    (folder / "t.jsonl").write_text("".join(rows))
    assert run("init", "t.jsonl", "-o", "c.yaml").code == 0
    assert "ignore:\n  - tags  # arrays or objects\n" in (folder / "c.yaml").read_text()
    assert run("fit", "t.jsonl", "-c", "c.yaml", "--set", "epochs=1", "-q").code == 0


@pytest.mark.parametrize(("depth", "code"), [(99, 0), (101, 3), (5000, 3)])
def test_nesting_has_a_limit(run: Run, model: nntrain.Model, depth: int, code: int) -> None:
    model.save("model.npz")
    value = "[" * (depth - 1) + "]" * (depth - 1)
    line = f'{{"a": 1, "b": 1, "deep": {value}}}\n'
    result = run("predict", "--append", "--format", "jsonl", "-q", stdin=line)
    assert result.code == code
    assert value in result.out if code == 0 else result.err.count("\n") == 1


def test_lines_end_in_crlf_and_may_be_blank(run: Run, model: nntrain.Model) -> None:
    model.save("model.npz")
    plain = run("predict", "-q", stdin='{"a": 1, "b": 1}\n{"a": 2, "b": 1}\n')
    marked = "\ufeff" + '\r\n{"a": 1, "b": 1}\r\n\r\n  {"a": 2, "b": 1} \r\n\r\n'
    assert run("predict", "-q", stdin=marked.encode()) == plain


@pytest.mark.parametrize("n_characters", [131_071, 131_073, 1_000_000])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_long_cell_is_read_in_any_format(
    run: Run, folder: Path, model: nntrain.Model, n_characters: int, form: str
) -> None:
    model.save("model.npz")
    long = "x" * n_characters
    row = {"a": 1, "b": 2, "c": long}
    text = f"a,b,c\n1,2,{long}\n" if form == "csv" else json.dumps(row) + "\n"
    assert run("predict", "-q", stdin=text).code == 0
    (folder / "t").write_text(text)
    appended = run("predict", "t", "--append", "-q").out
    assert appended.split(",")[-2] == long


def test_one_limit_of_length_holds_whatever_the_blocks(
    run: Run, folder: Path, model: nntrain.Model
) -> None:
    model.save("model.npz")
    for extra, code in ((0, 0), (1, 3)):
        line = "1,2," + "x" * (csv_block.MAX_RECORD_BYTES - 4 + extra) + "\n"
        for before in (0, 1000, 300_000):
            rows = "1,2,3\n" * before
            (folder / "t.csv").write_text("a,b,c\n" + rows + line + "3,4,5\n")
            result = run("predict", "t.csv", "-q")
            assert result.code == code, (extra, before)
            if code:
                assert result.err == (
                    f"Error: t.csv, line {before + 2}: the line is longer than 16 MiB\n"
                )


def test_names_match_in_any_unicode_normalization(run: Run, folder: Path) -> None:
    composed, decomposed = "\u00e9t\u00e9", "e\u0301te\u0301"
    rows = "".join(f"{i},{2 * i}\n" for i in range(5))
    (folder / "t.csv").write_text(f"{composed},y\n{rows}", encoding="utf-8")
    (folder / "d.csv").write_text(f"{decomposed},y\n{rows}", encoding="utf-8")
    (folder / "d.jsonl").write_text(
        "".join(json.dumps({decomposed: i, "y": 2 * i}) + "\n" for i in range(5))
    )
    (folder / "c.yaml").write_text(f"target: y\nepochs: 1\nfeatures: [{composed}]\n", "utf-8")
    assert run("fit", "t.csv", "-c", "c.yaml", "-q").code == 0
    expected = run("predict", "t.csv", "-q").out
    for name in ("d.csv", "d.jsonl"):
        note = (
            f"Note: {name}: took the column '{composed}' for the known one, whose name looks the "
            f"same and is written with other characters (Unicode normalization)\n"
        )
        assert run("predict", name) == Result(0, expected, note)
        assert run("fit", name, "-c", "c.yaml", "-m", "d.npz").err.startswith(note)
        assert (folder / "d.npz").read_bytes() == (folder / "model.npz").read_bytes()
    both = f"{decomposed},{composed}\n9,1\n"
    first = expected.splitlines()[2]
    assert run("predict", stdin=both.encode()).out == f"predicted_y\n{first}\n"


def test_columns_stand_in_the_order_of_the_keys_though_the_first_object_lacks_some(
    folder: Path,
) -> None:
    full = '{"a": null, "b": 2, "y": 1}\n{"a": 2, "b": 1, "y": 2}\n{"a": 3, "b": 5, "y": 4}\n'
    (folder / "full.jsonl").write_text(full)
    (folder / "short.jsonl").write_text(full.replace('"a": null, ', ""))
    config = nntrain.Config(target=("y",), epochs=1)
    assert nntrain.fit("short.jsonl", config).checksum == nntrain.fit("full.jsonl", config).checksum


def test_nan_is_null_and_an_infinite_number_is_an_error(folder: Path) -> None:
    rows = [f'{{"c": {value}, "y": {i}}}\n' for i, value in enumerate(['"u"', "null"] * 3)]
    (folder / "null.jsonl").write_text("".join(rows))
    (folder / "nan.jsonl").write_text("".join(rows).replace("null", "NaN"))
    config = nntrain.Config(target=("y",), epochs=1)
    assert nntrain.fit("nan.jsonl", config).checksum == nntrain.fit("null.jsonl", config).checksum
    for number in ("Infinity", "1e999"):
        (folder / "inf.jsonl").write_text(f'{{"x": {number}, "y": 1}}\n{{"x": 2, "y": 2}}\n')
        with pytest.raises(
            nntrain.NntrainError, match="line 1, column 'x': the number is infinite"
        ):
            nntrain.fit("inf.jsonl", config)


def test_a_late_key_that_a_prediction_is_called_stops_before_its_row(
    run: Run, folder: Path, model: nntrain.Model
) -> None:
    model.save("model.npz")
    os.mkfifo("pipe.jsonl")
    lines = ['{"a": 1, "b": 2}\n', '{"a": 1, "b": 2, "predicted_y": 5}\n']
    threading.Thread(target=write_slowly, args=(folder / "pipe.jsonl", lines)).start()
    result = run("predict", "pipe.jsonl", "--append", "--format", "jsonl")
    assert (result.code, result.out.count("predicted_y")) == (2, 1)


def test_a_character_that_no_csv_can_hold_is_an_error(run: Run, model: nntrain.Model) -> None:
    model.save("model.npz")
    line = '{"a": 1, "b": 2, "c": "x\\u0000y"}\n'
    assert run("predict", "--append", "-q", stdin=line).err == (
        "Error: a cell to write holds a NUL character, which no CSV can carry; write JSON lines: "
        "--format jsonl\n"
    )
    assert run("predict", "--append", "--format", "jsonl", "-q", stdin=line).out.startswith(
        '{"a": 1, "b": 2, "c": "x\\u0000y", '
    )


def test_keys_that_look_alike_are_told_apart_or_refused(run: Run, folder: Path) -> None:
    composed, decomposed = "\u00e9", "e\u0301"
    (folder / "t.csv").write_text(f"{composed},y\n1,1\n2,2\n9,4\n", encoding="utf-8")
    (folder / "c.yaml").write_text("target: y\nepochs: 1\n")
    assert run("fit", "t.csv", "-c", "c.yaml", "-q").code == 0
    first = json.dumps({composed: 1}) + "\n"
    both = json.dumps({composed: 2, decomposed: 9}) + "\n"
    expected = run("predict", "-q", stdin=first + json.dumps({composed: 2}) + "\n").out
    assert run("predict", "-q", stdin=first + both).out == expected
    late = json.dumps({decomposed: 1}) + "\n" + both
    refused = run("predict", "-q", stdin=late)
    assert (refused.code, "two keys that look like" in refused.err) == (3, True)
