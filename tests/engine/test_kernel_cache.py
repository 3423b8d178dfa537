"""Machine code kept in files: only what is whole and of this version is used, and none is needed."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit
from support.command import ROOT, Run

from nntrain.cli.main import main
from nntrain.engine import backend
from nntrain.engine.backend import Failure, check_installed, find_failure, select_engine
from nntrain.engine.compiled import SwitchedOffError, cache, trial
from nntrain.engine.compiled.cache import (
    DIGEST_BYTES,
    SOURCES,
    KernelCache,
    cache_folders,
    keep_compiled,
    made_of,
    read_code,
    write_code,
)
from nntrain.engine.network import Network
from nntrain.errors import MissingExtraError

DIGEST = hashlib.sha256(b"of a function").digest()


@pytest.fixture
def notes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("nntrain"), "propagate", True)
    monkeypatch.setattr(KernelCache, "has_failed", False)
    return caplog


@pytest.fixture
def folder_of_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache.settings, "CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def forgotten() -> Iterator[None]:
    """What is found out once in a process is found out again."""
    find_failure.cache_clear()
    backend._note_failure.cache_clear()
    yield
    find_failure.cache_clear()
    backend._note_failure.cache_clear()


def doubling(factor: float = 2.0) -> Any:
    """A function that Numba compiles, as a new process would define it."""

    def double(x):  # type: ignore[no-untyped-def]
        return x * factor

    double.__name__ = "double"
    return keep_compiled(njit(double))


def hits(function: Any) -> int:
    return sum(function.stats.cache_hits.values())


def test_a_function_that_was_compiled_is_found_again(folder_of_cache: Path) -> None:
    first, second = doubling(), doubling()
    assert (first(1.5), second(1.5), second(3)) == (3.0, 3.0, 6.0)
    assert (hits(first), hits(second)) == (0, 1)
    names = sorted(path.name for path in folder_of_cache.iterdir())
    assert len(names) == 2  # one for each type of x
    assert all(name.startswith("nntrain-double-") and name.endswith(".nbc") for name in names)


def flip(data: bytes, i: int) -> bytes:
    return data[:i] + bytes([data[i] ^ 4]) + data[i + 1 :]


DAMAGE = {
    "empty": lambda data: b"",
    "cut off": lambda data: data[: len(data) // 2],
    "longer": lambda data: data + b"\0",
    "another bit of the code": lambda data: flip(data, len(data) // 2),
    "another bit of the checksum": lambda data: flip(data, 3),
    "another bit of the name": lambda data: flip(data, DIGEST_BYTES + 3),
    "garbage": lambda data: np.random.default_rng(0).bytes(len(data)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_compiled_anew(damage: Any, folder_of_cache: Path) -> None:
    assert doubling()(1.5) == 3.0
    (path,) = folder_of_cache.iterdir()
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    function = doubling()
    assert (function(1.5), hits(function)) == (3.0, 0)
    assert read_code(path, sound[DIGEST_BYTES : 2 * DIGEST_BYTES]) is not None


def test_the_code_of_another_function_is_not_taken(folder_of_cache: Path) -> None:
    """Numba's own index may name the file of another type of arguments."""
    doubling()(1.5)
    (path,) = folder_of_cache.iterdir()
    of_floats = path.read_bytes()
    path.unlink()
    doubling()(3)
    (of_integers,) = folder_of_cache.iterdir()
    of_integers.write_bytes(of_floats)
    function = doubling()
    assert (function(3), hits(function)) == (6, 0)


def test_a_pickle_that_cannot_be_read_is_compiled_anew(folder_of_cache: Path) -> None:
    doubling()(1.5)
    (path,) = folder_of_cache.iterdir()
    digest = path.read_bytes()[DIGEST_BYTES : 2 * DIGEST_BYTES]
    for code in (b"", b"no pickle", b"cnowhere\nnothing\n.", b"N."):
        write_code(path, digest, code)
        assert read_code(path, digest) == code
        function = doubling()
        assert (function(1.5), hits(function)) == (3.0, 0)


@pytest.mark.parametrize("setting", cache.SETTINGS)
def test_code_of_another_setting_is_other_code(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = made_of.__wrapped__()
    monkeypatch.setattr(cache.settings, setting, "another", raising=False)
    assert made_of.__wrapped__() != before


def test_every_file_that_machine_code_is_made_of_is_known() -> None:
    engine = ROOT / "nntrain" / "engine"
    assert all((engine / name).is_file() for name in SOURCES)
    for name in ("kernels", "exp"):
        text = (engine / "compiled" / f"{name}.py").read_text()
        imported = [
            line.split()[1].removeprefix("nntrain.engine.").replace(".", "/") + ".py"
            for line in text.splitlines()
            if line.startswith("from nntrain.engine")
        ]
        assert set(imported) <= set(SOURCES)


def test_where_nothing_can_be_written_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notes: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(cache.settings, "CACHE_DIR", str(tmp_path / "file"))
    for x in (1.5, 3, np.float32(2)):
        assert doubling()(x) == 2 * x
    assert notes.messages == [
        f"the compiled engine could not be kept for later runs, which compile it again "
        f"({tmp_path / 'file'}: File exists); name a folder that can be written in NUMBA_CACHE_DIR"
    ]


def test_a_full_disk_leaves_no_part_of_a_file(
    folder_of_cache: Path, monkeypatch: pytest.MonkeyPatch, notes: pytest.LogCaptureFixture
) -> None:
    def write_half(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    assert doubling()(1.5) == 3.0
    assert list(folder_of_cache.iterdir()) == []
    assert "No space left on device" in notes.messages[0]


def test_without_a_home_no_folder_is_made_beside_the_tables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = Path(cache.__file__).parent / "__pycache__"
    monkeypatch.setattr(cache.settings, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert list(cache_folders()) == [package]
    monkeypatch.setattr("os.path.expanduser", lambda path: path.replace("~", "/home/me"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert list(cache_folders()) == [
        package, tmp_path / "nntrain", Path("/home/me/.cache/nntrain"),
    ]  # fmt: skip


# Numba that does not work


def failing(error: Exception) -> Any:
    def fail() -> None:
        raise error

    return fail


FAILURES = [
    (
        ImportError("Numba needs NumPy 2.3 or less. Got NumPy 2.4.\nmore"),
        "ImportError: Numba needs NumPy 2.3 or less. Got NumPy 2.4",
        "install it anew: pip install --force-reinstall 'nntrain[fast]'",
    ),
    (
        SystemError("initialization of _internal failed"),
        "SystemError: initialization of _internal failed",
        "install it anew: pip install --force-reinstall 'nntrain[fast]'",
    ),
    (
        SwitchedOffError("NUMBA_DISABLE_JIT switches its compiler off"),
        "NUMBA_DISABLE_JIT switches its compiler off",
        "unset it",
    ),
]


@pytest.mark.usefixtures("forgotten")
@pytest.mark.parametrize(("error", "reason", "remedy"), FAILURES)
def test_where_numba_fails_auto_is_numpy_and_compiled_says_why(
    error: Exception,
    reason: str,
    remedy: str,
    monkeypatch: pytest.MonkeyPatch,
    notes: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(trial, "try_kernel", failing(error))
    for _ in range(3):
        assert select_engine("auto", Network((8, 16, 1)), 1, 10**6) == "numpy"
    assert find_failure() == Failure(reason, remedy)
    assert notes.messages == [
        f"trained by NumPy, which is slower: Numba fails here: {reason}; {remedy}, or set engine: "
        f"numpy"
    ]
    with pytest.raises(MissingExtraError) as caught:
        check_installed("compiled")
    assert str(caught.value) == (
        f"engine: compiled needs Numba, which fails here: {reason}; {remedy}, or set engine: auto"
    )
    check_installed("auto")


@pytest.mark.usefixtures("forgotten")
def test_a_kernel_that_computes_something_else_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert find_failure() is None
    find_failure.cache_clear()
    monkeypatch.setattr(trial, "activate", lambda *_arguments: None)
    failure = find_failure()
    assert failure is not None
    assert failure.reason.startswith("ArithmeticError: it computes")


@pytest.mark.usefixtures("forgotten")
def test_a_numba_that_is_not_needed_is_not_tried(
    monkeypatch: pytest.MonkeyPatch, notes: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(trial, "try_kernel", failing(AssertionError("tried")))
    assert select_engine("auto", Network((8, 16, 1)), 1, 100) == "numpy"
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert select_engine("auto", Network((8, 16, 1)), 1, 10**6) == "numpy"
    assert notes.messages == []


@pytest.mark.usefixtures("forgotten")
def test_every_command_that_trains_says_why_the_engine_is_not_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trial, "try_kernel", failing(ImportError("no")))
    (folder / "c.yaml").write_text("target: strength_mpa\nengine: compiled\nepochs: 1\n")
    for command in ("fit", "cv", "check", "trace"):
        assert main([command, "sample_data/concrete.csv", "-c", "c.yaml"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("Error: engine: compiled needs Numba, which fails here: ")
        assert len(error.splitlines()) == 1


FIT = ["fit", "sample_data/concrete.csv", "-c", "configs/concrete.yaml", "-l", "l.csv"]
MANY = ["-s", "ensemble=2", "-s", "epochs=500"]
"""So many iterations that `auto` is the compiled engine."""


def test_a_compiler_that_is_switched_off_is_a_choice(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    result = run(*FIT, "-s", "engine=compiled")
    assert (result.code, result.err) == (
        2,
        "Error: engine: compiled needs Numba, which fails here: NUMBA_DISABLE_JIT switches its "
        "compiler off; unset it, or set engine: auto\n",
    )
    result = run(*FIT, *MANY)
    assert (result.code, result.err.count("Note: ")) == (0, 1)
    assert result.err.startswith("Note: trained by NumPy, which is slower: Numba fails here: ")


def test_a_numba_that_cannot_be_imported_is_no_error(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken" / "numba").mkdir(parents=True)
    text = "raise ImportError('Numba needs NumPy 2.3 or less. Got NumPy 2.4.')\n"
    (folder / "broken" / "numba" / "__init__.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{folder / 'broken'}:{ROOT}")
    result = run(*FIT, *MANY)
    assert (result.code, result.err.count("Note: ")) == (0, 1)
    assert result.err.startswith("Note: trained by NumPy, which is slower: Numba fails here: ")
    assert run(*FIT, "-s", "engine=compiled").code == 2


@pytest.mark.heavy
def test_processes_that_compile_at_once_do_not_disturb_each_other(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder / "cache"))
    options = ["-s", "engine=compiled", "-s", "epochs=2", "-q", "-m"]

    def fitted(name: str) -> tuple[int, str, bytes]:
        result = run(*FIT[:-1], f"{name}.csv", *options, f"{name}.npz")
        return result.code, result.err, (folder / f"{name}.npz").read_bytes()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(fitted, "abcd"))
    assert found[0][:2] == (0, "")
    assert found == found[:1] * 4
    assert fitted("later") == found[0]
    assert all(path.suffix == ".nbc" for path in (folder / "cache").iterdir())
