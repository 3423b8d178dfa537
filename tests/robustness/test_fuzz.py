"""Whatever is done to a model file, a config or a table: success, or an error that explains itself.

Seeded mutations of sound inputs, in this process, warnings being errors. The `long` form of each
test (`pytest -m long`) is the same with many more cases of other seeds.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.forging import signed

import nntrain
from nntrain.cli.main import main
from nntrain.config.yaml_file import parse_config
from nntrain.engine.progress import Progress
from nntrain.errors import EXIT_CODES, ConfigError, ModelFileError, NntrainError, UsageError
from nntrain.model.model import read_model
from nntrain.training.run import TrainingRun

pytestmark = pytest.mark.heavy

LONGEST = 600
TABLE = """size,color,"a ""quoted"" name",y
1.5,red,7,1
2,blue,,2.5
-3e2,"dark
red",9,3
4,red,1,4
5.25,blue,0,5
6,red,2,-6
7,"a,b",3,7
8,red,4,8
"""
CONFIG = """# A comment.
target: y
hidden_layers: [2]
epochs: 2
alpha: 1e-2
batch_mode: mini-batch
batch_size: 4
missing_values: ["", NA, '?']
ignore:
  - none
validation_fraction: 0.25
shuffle: false
seed: 7
""".replace("  - none\n", "  - color\n")


def lengths(short: int, long: int) -> pytest.MarkDecorator:
    """The seed and the number of cases: a short form, and a long one that is asked for."""
    marked = pytest.param(1, long, marks=pytest.mark.long)
    return pytest.mark.parametrize(("seed", "n_cases"), [(0, short), marked])


def outcome(case: Callable[[], object], place: str) -> str:
    """What a case came to: `ok`, or the kind of its error, which is short and names its place."""
    error = error_of(case)
    if error is None:
        return "ok"
    lines = str(error).split("\n")
    assert error.exit_code in EXIT_CODES
    assert error.exit_code > 1
    assert max(map(len, lines)) <= LONGEST
    assert len(lines) <= 50
    assert place in lines[0]
    return type(error).__name__


def error_of(case: Callable[[], object]) -> NntrainError | None:
    """What a case raised and explained."""
    try:
        case()
    except NntrainError as error:
        return error
    return None


def run(*arguments: str) -> int:
    """The exit code of a command line, whose messages are short and safe to print."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    lines = err.getvalue().split("\n")
    assert code in EXIT_CODES
    assert code != 1
    assert max(map(len, lines)) <= LONGEST + len("Error: ")
    assert all(line.isprintable() for line in lines)
    if arguments[0] in ("check", "inspect", "evaluate"):
        out.seek(0)
        assert all(line.isprintable() for line in out.read().split("\n"))
    return code


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sound table, config and model."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "sound.csv").write_text(TABLE)
    (folder / "c.yaml").write_text(CONFIG)
    run = TrainingRun.from_table(folder / "sound.csv", parse_config(CONFIG))
    for (result,) in run.epochs():
        if result.epoch == 1:
            vector = run.trainings[0].network.parameters.vector
            run.trainings[0].progress = Progress(
                result, run.trainings[0].hyperparameters.batch_rows, 0.5, vector + 0.1
            )
            run.checkpoint().save(folder / "sound.checkpoint")
            run.trainings[0].progress = Progress(result)
    run.model().save(folder / "sound.npz")
    return folder


# Bytes


def mutated(data: bytes, chosen: random.Random, tokens: list[bytes]) -> bytes:
    """Bytes after a few changes: flipped bits, cuts, repetitions, tokens put in."""
    for _ in range(chosen.choice((1, 1, 2, 5))):
        start = chosen.randrange(len(data) + 1)
        end = min(len(data), start + chosen.choice((0, 1, 3, 40)))
        kind = chosen.randrange(6)
        if kind == 0 and start < len(data):
            flipped = data[start] ^ 1 << chosen.randrange(8)
            data = data[:start] + bytes([flipped]) + data[start + 1 :]
        elif kind == 1:
            data = data[:start] + data[end:]
        elif kind == 2:
            data = data[:end] + data[start:]
        elif kind == 3 and chosen.random() < 0.3:
            data = data[:start]
        else:
            data = data[:start] + chosen.choice(tokens) * chosen.choice((1, 1, 2, 9)) + data[end:]
    return data


# Model files


EXTREMES: list[Any] = [
    None, True, 0, -1, 1, 10**400, -(10**18), 0.5, 1e308, -1e308, 5e-324, "", "y", "\ud800",
    "\x1b[2J\u202e", "x" * 70_000, [], [[]], ["y"], [1, 2], list(range(3000)), {}, {"y": 1},
    {"rows": {}}, [None], [[[[[[]]]]]],
]  # fmt: skip


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in a tree of JSON, as the container and its key."""
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from spots(value[key])


def with_edited_header(sound: bytes, chosen: random.Random) -> bytes:
    """A model file with a sound checksum whose header or weights are not what they were."""
    with np.load(io.BytesIO(sound)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = json.loads(arrays.pop("header").item())
    for _ in range(chosen.choice((1, 1, 2))):
        container, key = chosen.choice(list(spots(header)))
        kind = chosen.randrange(4)
        if kind == 0 and isinstance(container, dict):
            container.pop(key)
        elif kind == 1 and isinstance(container, dict):
            container[chosen.choice(["y", "\ud800", "k" * 5000])] = container.pop(key)
        elif kind == 2 and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        else:
            container[key] = copy.deepcopy(chosen.choice(EXTREMES))
    if chosen.random() < 0.2:
        name, number = chosen.choice(list(arrays)), chosen.choice([1e308, -1e308, np.nan, 5e-324])
        whole = arrays[name].dtype.kind == "u"
        arrays[name] = np.full_like(arrays[name], 2**64 - 1 if whole else number)
    members = {"header": np.array(json.dumps(signed(header, arrays))), **arrays}
    file = io.BytesIO()
    np.savez(file, **members)
    return file.getvalue()


def with_other_members(sound: bytes, chosen: random.Random) -> bytes:
    """A model file whose members are renamed, dropped, doubled, compressed, exchanged or changed."""
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    compression = zipfile.ZIP_STORED
    i, j = chosen.randrange(len(members)), chosen.randrange(len(members))
    kind = chosen.randrange(6)
    if kind == 0:
        members[i] = chosen.choice(["w9", "../b1.npy", "\x1b[2J", "n" * 60_000]), members[i][1]
    elif kind == 1:
        del members[i]
    elif kind == 2:
        members.append(members[i])
    elif kind == 3:
        compression = chosen.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
    elif kind == 4:
        members[i] = members[i][0], members[j][1]
    else:
        tokens = [b"<f8", b">f8", b"|O", b"(9, 9)", b"<U9", b"99999999", b"True", b"\0", b"\n"]
        members[i] = members[i][0], mutated(members[i][1], chosen, tokens)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a name that stands twice
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return file.getvalue()


def with_other_bytes(sound: bytes, chosen: random.Random) -> bytes:
    """A model file with some bytes changed, the directory at its end more often."""
    start = chosen.choice((0, sound.rindex(b"PK\1\2"), sound.rindex(b"PK\5\6")))
    tokens = [b"\xff\xff\xff\xff", b"PK\1\2", b"PK\3\4", b"PK\5\6", b"\0" * 8, b"\x7f"]
    return sound[:start] + mutated(sound[start:], chosen, tokens)


@pytest.mark.parametrize("kind", ["npz", "checkpoint"])
@lengths(700, 40_000)
def test_any_model_file_is_loaded_and_works_or_is_refused(
    folder: Path, seed: int, n_cases: int, kind: str
) -> None:
    chosen, seen = random.Random(seed), Counter[str]()
    sound, path = (folder / f"sound.{kind}").read_bytes(), folder / "m.npz"
    resumed = TrainingRun.from_table(folder / "sound.csv", parse_config(CONFIG))
    for _ in range(n_cases):
        mutation = chosen.choice([with_edited_header, with_other_members, with_other_bytes])
        path.write_bytes(mutation(sound, chosen))
        found = outcome(lambda: nntrain.load_model(path), str(path))
        seen[found] += 1
        if found == "ok" and mutation is with_edited_header:
            assert run("inspect", str(path)) == 0
            assert run("inspect", "--json", str(path)) == 0
            table, out = str(folder / "sound.csv"), str(folder / "out.csv")
            assert run("predict", table, "-m", str(path), "-o", out) in (0, 3)
            assert run("evaluate", table, "-m", str(path)) in (0, 3)
            assert run("check", table, "-m", str(path)) in (0, 3)
            if kind == "checkpoint":
                error = error_of(lambda: resumed.resume(read_model(path)))
                assert error is None or isinstance(error, UsageError)
    assert set(seen) == {"ok", ModelFileError.__name__}
    assert min(seen.values()) > n_cases / 50


# Configs


YAML_TOKENS = [
    "[", "]", "{", "}", ": ", "\n", "\n  ", "- ", "&a ", "*a", "!!python/object:os.system ",
    "!!binary ", "<<: *a", "? ", "| ", "> ", "'", '"', "#", "%", "@", "`", "\t", "---\n", "...\n",
    "%YAML 1.1\n", "%TAG ! x\n", '"\\x', '"\\UFFFFFFFF"', '"\\ud800"', "\0", "\x1b", "\u202e",
    "\u2028", "\ufeff", "1e999", "9" * 5000, "-1", ".inf", ".nan", "0x1F", "1_000", "~", "null",
    "target: y\n", "features: [size]\n", "a: &b [*b]\n", "[" * 300, "{a: " * 300, "- " * 300,
    "x" * 5000, "1" * 5000 + "x", "epochs: 1e18\n", "é", "\U0001f600", "yes", "2026-11-24",
]  # fmt: skip


@lengths(1300, 60_000)
def test_any_config_is_read_or_its_mistakes_are_named(seed: int, n_cases: int) -> None:
    chosen, seen = random.Random(seed), Counter[str]()
    tokens = [token.encode("utf-8", "surrogatepass") for token in YAML_TOKENS]
    for _ in range(n_cases):
        text = mutated(CONFIG.encode(), chosen, tokens).decode("utf-8", "replace")
        seen[outcome(lambda text=text: parse_config(text, "c.yaml"), "c.yaml")] += 1  # type: ignore[misc]
    assert set(seen) == {"ok", ConfigError.__name__}
    assert min(seen.values()) > n_cases / 20


# Tables


CSV_TOKENS = [
    b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b",", b";", b"\t", b" ",
    b"1e999", b"-inf", b"nan", b"NA", b"9e307", b"-9e307", b"5e-324", b"1" * 400, b"1" * 400 + b"x",
    b"\xe2\x80\xae", b"\x1b[2J", b"\xc2\x9b", b"x" * 900, b"true", b"1,5", b"0x10", b"y", b"y,y",
    b"color", b"\n\n", b"\x1a", b"=1+1", b"{", b"1_0", "é\u2028".encode(),
]  # fmt: skip


@lengths(550, 30_000)
def test_any_table_is_used_or_what_is_wrong_is_named(folder: Path, seed: int, n_cases: int) -> None:
    chosen, seen = random.Random(seed), Counter[tuple[str, int]]()
    table, model, config = (str(folder / name) for name in ("t.csv", "sound.npz", "c.yaml"))
    outputs = ["-m", str(folder / "new.npz"), "--log", str(folder / "new.csv")]
    commands = [
        ["fit", table, "-c", config, *outputs],
        ["check", table, "-c", config],
        ["check", table, "-m", model, "--json"],
        ["predict", table, "-m", model, "-o", str(folder / "out.csv"), "--append"],
        ["predict", table, "-m", model, "-o", str(folder / "out.csv"), "--on-bad-row", "blank"],
        ["evaluate", table, "-m", model, "--by", "color"],
        ["init", table, "-o", str(folder / "new.yaml")],
    ]
    for _ in range(n_cases):
        Path(table).write_bytes(mutated(TABLE.encode(), chosen, CSV_TOKENS))
        command = chosen.choice(commands)
        seen[command[0], run(*command)] += 1
    assert {code for _, code in seen} <= {0, 2, 3, 5}
    names = {command[0] for command in commands}
    assert {(name, code) for name in names for code in (0, 3)} <= set(seen)
