"""The model file: what is saved is what is loaded, bit for bit, and the same bytes every time.

A file that is damaged or forged is refused with its name; nothing else may come out of loading one.
"""

from __future__ import annotations

import errno
import io
import json
import os
import pickle
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.forging import (
    Array,
    array_of,
    forge,
    header_of,
    member,
    members_of,
    signed,
    write_zip,
)

import nntrain
from nntrain.config.choices import ACTIVATIONS, DTYPES
from nntrain.config.keys import Config
from nntrain.errors import ModelFileError, OutputError
from nntrain.model.model import Model

rng = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "x": [*rng.normal(size=11), np.nan],
        "c": ["a", "b", "é"] * 4,
        "y": rng.normal(size=12),
        "z": rng.normal(size=12) * 1e6,
    }
)
CONFIG = Config(target=("y", "z"), hidden_layers=(3, 2), epochs=2, validation_fraction=0.25)


@pytest.fixture(scope="module")
def model() -> Model:
    return nntrain.fit(FRAME, CONFIG)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model") / "model.npz"


@pytest.fixture(scope="module")
def saved(model: Model, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a valid model file."""
    return bytes_of(model, tmp_path_factory.mktemp("saved") / "model.npz")


def bytes_of(model: Model, path: Path) -> bytes:
    model.save(path)
    return path.read_bytes()


def assert_same(left: Model, right: Model) -> None:
    """Two models are the same in every bit and fact."""
    assert left.config == right.config
    assert left.preprocessing == right.preprocessing
    assert left.summary == right.summary
    assert left.networks[0].layer_sizes == right.networks[0].layer_sizes
    assert left.networks[0].activation == right.networks[0].activation
    assert left.networks[0].dtype == right.networks[0].dtype
    assert (
        left.networks[0].parameters.vector.tobytes()
        == right.networks[0].parameters.vector.tobytes()
    )


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        nntrain.load_model(path)
    return str(caught.value)


# Save and load


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
weights = {
    "float32": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "float64": st.floats(allow_nan=False, allow_infinity=False),
}


@st.composite
def models(draw: st.DrawFn) -> Model:
    names = draw(st.lists(texts, min_size=3, max_size=5, unique=True))
    categories = draw(st.lists(texts, min_size=2, max_size=4, unique=True))
    n_targets = draw(st.integers(1, len(names) - 2))
    frame = pd.DataFrame({name: [1.0, 2.0, 4.0, 3.0] for name in names})
    frame[names[-1]] = [categories[i % len(categories)] for i in range(4)]
    frame[names[-2]] = [0.5, np.nan, 7.0, 1e-300]
    config = Config(
        target=tuple(names[: min(n_targets, len(names) - 2)]),
        categorical=(names[-1],),
        hidden_layers=tuple(draw(st.lists(st.integers(1, 4), max_size=3))),
        activation=draw(st.sampled_from(list(ACTIVATIONS))),
        dtype=draw(st.sampled_from(list(DTYPES))),
        alpha=draw(st.floats(1e-6, 1e-3)),
        seed=draw(st.integers(0, 2**32 - 1)),
        # None of the numbers in the table, which are not negative.
        missing_values=("", *(f"-{text}" for text in draw(st.lists(texts, max_size=2)))),
        delimiter=draw(st.sampled_from([None, "\t", "|"])),
        epochs=draw(st.integers(0, 2)),
    )
    model = nntrain.fit(frame, config)
    vector = model.networks[0].parameters.vector
    vector[:6] = draw(st.lists(weights[config.dtype], min_size=6, max_size=6))[: len(vector)]
    return model


@settings(deadline=None, max_examples=80)
@given(models())
def test_what_is_saved_is_what_is_loaded_bit_for_bit(path: Path, model: Model) -> None:
    first = bytes_of(model, path)
    loaded = nntrain.load_model(path)
    assert_same(loaded, model)
    assert bytes_of(loaded, path) == first


def test_a_loaded_model_predicts_the_same_bits(model: Model, path: Path) -> None:
    model.save(str(path))
    loaded = nntrain.load_model(str(path))
    pd.testing.assert_frame_equal(loaded.predict(FRAME), model.predict(FRAME), check_exact=True)


def test_the_same_model_gives_the_same_bytes(model: Model, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    first = bytes_of(model, tmp_path / "a.npz")
    assert bytes_of(model, tmp_path / "elsewhere" / "b") == first
    assert bytes_of(nntrain.fit(FRAME, CONFIG), tmp_path / "a.npz") == first


def test_the_file_holds_neither_times_nor_paths(saved: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.comment == b""
    assert str(tmp_path.parent).encode() not in saved
    assert b".npz" not in saved


def test_the_arrays_open_with_numpy_in_the_shapes_of_the_network(
    model: Model, saved: bytes, path: Path
) -> None:
    path.write_bytes(saved)
    parameters = model.networks[0].parameters
    with np.load(path, allow_pickle=False) as archive:
        names = ["header", "w1", "b1", "w2", "b2", "w3", "b3"]
        assert archive.files == [*names, "row_hashes"]
        shapes = [archive[name].shape for name in names[1:]]
        assert shapes == [(3, 5), (3,), (2, 3), (2,), (2, 2), (2,)]
        for i, (w, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True), 1):
            assert archive[f"w{i}"].dtype == archive[f"b{i}"].dtype == np.float64
            assert np.array_equal(archive[f"w{i}"], w)
            assert np.array_equal(archive[f"b{i}"], b)


def test_single_precision_is_saved_in_single_precision(tmp_path: Path) -> None:
    config = replace(CONFIG, dtype="float32", epochs=0)
    nntrain.fit(FRAME, config).save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as archive:
        assert {archive[name].dtype.str for name in archive.files[1:-1]} == {"<f4"}


def test_the_header_is_json_in_a_0d_array(model: Model, saved: bytes, path: Path) -> None:
    path.write_bytes(saved)
    with np.load(path, allow_pickle=False) as archive:
        array = archive["header"]
        header = json.loads(archive["header"].item())
    assert array.shape == ()
    assert array.dtype.kind == "U"
    assert header["format_version"] == 1
    assert header["nntrain_version"] == nntrain.__version__
    assert header["config"] == model.config.as_dict()
    assert header["epochs_trained"] == 2
    assert header["iterations"] == 2
    assert header["stopped_by"] == "epochs"
    preprocessing = header["preprocessing"]
    assert preprocessing["inputs"] == ["x", "x is missing", "c=a", "c=b", "c=é"]
    x, c = preprocessing["features"]
    column = model.preprocessing.features[0]
    assert {key: x[key] for key in ("kind", "name", "mean", "shift", "scale")} == {
        "kind": "numeric",
        "name": "x",
        "mean": getattr(column, "mean", None),
        "shift": getattr(column, "shift", None),
        "scale": getattr(column, "scale", None),
    }
    assert c == {"kind": "categorical", "name": "c", "categories": ["a", "b", "é"]}
    assert [target["name"] for target in preprocessing["targets"]] == ["y", "z"]
    assert preprocessing["missing_values"] == list(model.config.missing_values)
    assert header["summary"]["rows"] == 9
    assert header["summary"]["validation_rows"] == 3
    assert header["summary"]["training"]["z"]["rmse"] == model.summary.training["z"].rmse


# Files that are not model files


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.npz") == (
        f"{tmp_path / 'no.npz'}: there is no such model file; make one with `nntrain fit`, or name "
        f"another with --model"
    )


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.parametrize(
    "data", [b"", b"hello\n" * 100, b"a,b\n1,2\n", member(np.zeros(3)), b"PK\x03\x04" * 50]
)
def test_a_file_that_is_no_archive_is_refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert refusal(path) == f"{path}: is not a model file, or damaged: File is not a zip file"


def test_every_truncation_is_refused(path: Path, saved: bytes) -> None:
    path.write_bytes(saved)
    for length in reversed(range(len(saved))):
        os.truncate(path, length)
        assert refusal(path).startswith(f"{path}: is not a model file, or damaged: ")


def flips(data: bytes) -> Iterator[tuple[int, int]]:
    """A bit of every byte, and every bit of some."""
    chosen = random.Random(0)
    for place in range(len(data)):
        yield place, chosen.randrange(8)
    for place in chosen.sample(range(len(data)), 200):
        yield from ((place, bit) for bit in range(8))


def test_a_flipped_bit_is_refused_or_changes_nothing(
    path: Path, saved: bytes, model: Model
) -> None:
    refused = 0
    path.write_bytes(saved)
    with path.open("r+b", buffering=0) as file:
        for place, bit in flips(saved):
            os.pwrite(file.fileno(), bytes([saved[place] ^ 1 << bit]), place)
            try:
                loaded = nntrain.load_model(path)
            except ModelFileError as error:
                refused += 1
                if not str(error).startswith(f"{path}: "):
                    pytest.fail(f"bit {bit} of byte {place}: {error}")
            else:
                assert_same(loaded, model)
            os.pwrite(file.fileno(), saved[place : place + 1], place)
    assert nntrain.load_model(path).config == model.config
    assert refused > 0.9 * len(saved)


# Model files with invalid content


NAMES = ["b1", "b2", "b3", "header", "row_hashes", "w1", "w2", "w3"]


@pytest.mark.parametrize("missing", NAMES[:3] + NAMES[4:])
def test_a_missing_array_is_refused(path: Path, saved: bytes, missing: str) -> None:
    members = members_of(saved)
    del members[f"{missing}.npy"]
    write_zip(path, members.items())
    left = [name for name in NAMES if name != missing]
    assert refusal(path) == (
        f"{path}: is not a valid model file: it has the arrays {left}, expects {NAMES}"
    )


def test_an_extra_array_is_refused(path: Path, saved: bytes) -> None:
    write_zip(path, (members_of(saved) | {"w4.npy": member(np.zeros(2))}).items())
    assert refusal(path) == (
        f"{path}: is not a valid model file: it has the arrays {[*NAMES, 'w4']}, expects {NAMES}"
    )


@pytest.mark.parametrize("name", ["w1", "w1.npy.npy", "w1.npz", "./w1.npy", "README.txt"])
def test_a_member_that_is_no_array_of_the_model_is_refused(
    path: Path, saved: bytes, name: str
) -> None:
    members = members_of(saved)
    write_zip(path, (members | {name: members["w1.npy"]}).items())
    assert refusal(path).startswith(f"{path}: is not a valid model file: ")


def test_a_member_that_is_there_twice_is_refused(path: Path, saved: bytes) -> None:
    members = members_of(saved)
    with pytest.warns(UserWarning, match="Duplicate name"):
        write_zip(path, [*members.items(), ("w1.npy", members["w1.npy"])])
    assert refusal(path) == f"{path}: is not a valid model file: a member stands twice"


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compressed_archive_is_refused(path: Path, saved: bytes, compression: int) -> None:
    write_zip(path, members_of(saved).items(), compression)
    assert refusal(path) == f"{path}: is not a valid model file: header.npy is compressed"


class Bomb:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_a_pickle_is_refused_and_not_executed(path: Path, saved: bytes, tmp_path: Path) -> None:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([Bomb(tmp_path / "bang")], dtype=object))
    write_zip(path, (members_of(saved) | {"w1.npy": file.getvalue()}).items())
    assert refusal(path) == (
        f"{path}: is not a model file, or damaged: a member is not an array as nntrain writes it"
    )
    path.write_bytes(pickle.dumps(Bomb(tmp_path / "bang")))
    assert refusal(path) == f"{path}: is not a model file, or damaged: File is not a zip file"
    assert not (tmp_path / "bang").exists()


@pytest.mark.parametrize(
    ("name", "array", "found"),
    [
        (
            "w1",
            np.zeros((5, 3)),
            "w1 is float64 of shape (5, 3), its header says float64 of (3, 5)",
        ),
        ("w1", np.zeros(15), "w1 is float64 of shape (15,), its header says float64 of (3, 5)"),
        ("b3", np.zeros((2, 1)), "b3 is float64 of shape (2, 1), its header says float64 of (2,)"),
        ("b3", np.float64(0), "b3 is float64 of shape (), its header says float64 of (2,)"),
        ("b1", np.zeros(3, "f4"), "b1 is float32 of shape (3,), its header says float64 of (3,)"),
        ("b1", np.zeros(3, ">f8"), "b1 is >f8 of shape (3,), its header says float64 of (3,)"),
        ("b1", np.zeros(3, "i8"), "b1 is int64 of shape (3,), its header says float64 of (3,)"),
        (
            "b1",
            np.zeros(3, "c16"),
            "b1 is complex128 of shape (3,), its header says float64 of (3,)",
        ),
        ("b1", np.array(["1"] * 3), "b1 is <U1 of shape (3,), its header says float64 of (3,)"),
        ("w2", np.full((2, 3), np.nan), "w2 holds a number that is not finite"),
        ("w2", np.full((2, 3), -np.inf), "w2 holds a number that is not finite"),
    ],
)
def test_an_array_that_does_not_fit_its_header_is_refused(
    path: Path, saved: bytes, name: str, array: Array, found: str
) -> None:
    forge(path, saved, edit_arrays=lambda arrays: arrays.update({name: array}))
    assert refusal(path) == f"{path}: is not a valid model file: {found}"


def test_a_changed_weight_is_refused_by_the_checksum(path: Path, saved: bytes) -> None:
    members = members_of(saved)
    w1 = array_of(members["w1.npy"])
    w1[0, 0] = np.nextafter(w1[0, 0], 2.0)
    write_zip(path, (members | {"w1.npy": member(w1)}).items())
    assert refusal(path) == (
        f"{path}: is not a valid model file: its checksum does not match: the content was changed "
        f"or damaged"
    )


def test_a_changed_header_is_refused_by_the_checksum(path: Path, saved: bytes) -> None:
    members = members_of(saved)
    header = header_of(members)
    header["preprocessing"]["targets"][0]["shift"] += 1.0
    write_zip(path, (members | {"header.npy": member(json.dumps(header))}).items())
    assert refusal(path) == (
        f"{path}: is not a valid model file: its checksum does not match: the content was changed "
        f"or damaged"
    )


def test_a_forgery_that_changes_nothing_is_loaded(path: Path, saved: bytes, model: Model) -> None:
    forge(path, saved)
    assert_same(nntrain.load_model(path), model)


@pytest.mark.parametrize("version", [0, 2, 99])
def test_an_unknown_format_version_is_refused_with_what_to_do(
    path: Path, saved: bytes, version: int
) -> None:
    forge(
        path, saved, lambda header: header.update(format_version=version, nntrain_version="9.8.7")
    )
    assert refusal(path) == (
        f"{path}: is not a valid model file: its format_version is {version}, this nntrain "
        f"{nntrain.__version__} reads 1; use the nntrain 9.8.7 that wrote it, or train again"
    )


@pytest.mark.parametrize("version", [True, 1.0, "1", None, [1]])
def test_a_format_version_that_is_no_whole_number_is_refused(
    path: Path, saved: bytes, version: object
) -> None:
    forge(path, saved, lambda header: header.update(format_version=version))
    assert refusal(path) == f"{path}: is not a valid model file: its header has no format_version"


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.array(b"{}"), "it has no header"),
        (np.array(["{}"]), "it has no header"),
        (np.array(1.0), "it has no header"),
        (np.array(""), "its header is not JSON"),
        (np.array("{"), "its header is not JSON"),
        (np.array("[" * 100_000), "its header is not JSON"),
        (np.array('{"format_version": NaN}'), "its header is not JSON"),
        (np.array('{"format_version": ' + "1" * 5000 + "}"), "its header is not JSON"),
        (np.array("[]"), "its header has no format_version"),
        (np.array("null"), "its header has no format_version"),
        (np.array("{}"), "its header has no format_version"),
        (np.array('{"format_version": 1}'), "its header has no valid 'checksum'"),
    ],
)
def test_a_header_that_is_none_is_refused(
    path: Path, saved: bytes, array: Array, found: str
) -> None:
    write_zip(path, (members_of(saved) | {"header.npy": member(array)}).items())
    assert refusal(path) == f"{path}: is not a valid model file: {found}"


def test_a_file_without_a_header_is_refused(path: Path, saved: bytes) -> None:
    members = members_of(saved)
    del members["header.npy"]
    write_zip(path, members.items())
    assert refusal(path) == f"{path}: is not a valid model file: it has no header"


HUGE = 10**400
INVALID: dict[str, Callable[[dict[str, Any]], object]] = {
    "no config": lambda h: h.pop("config"),
    "transform a list": lambda h: h["preprocessing"]["targets"][0].update(transform=[]),
    "minimum above maximum": lambda h: h["preprocessing"]["targets"][0].update(minimum=1e9),
    "unknown reason": lambda h: h.update(stopped_by="gremlins"),
    "kept epoch 0": lambda h: h.update(kept_epochs=[0]),
    "versions a list": lambda h: h.update(versions=[]),
    "fingerprint a number": lambda h: h.update(fingerprint=1),
    "no preprocessing": lambda h: h.pop("preprocessing"),
    "no summary": lambda h: h.pop("summary"),
    "no epochs_trained": lambda h: h.pop("epochs_trained"),
    "config a list": lambda h: h.update(config=[]),
    "unknown key": lambda h: h["config"].update(beta=1),
    "no target": lambda h: h["config"].pop("target"),
    "another target": lambda h: h["config"].update(target=["y", "q"]),
    "target of lists": lambda h: h["config"].update(target=[["y"], ["z"]]),
    "unknown activation": lambda h: h["config"].update(activation="cosine"),
    "activation a dict": lambda h: h["config"].update(activation={}),
    "unknown dtype": lambda h: h["config"].update(dtype="object"),
    "dtype a list": lambda h: h["config"].update(dtype=["float64"]),
    "huge layers": lambda h: h["config"].update(hidden_layers=[1_000_000, 1_000_000]),
    "layers of texts": lambda h: h["config"].update(hidden_layers=["3", "2"]),
    "layers a text": lambda h: h["config"].update(hidden_layers="32"),
    "negative layer": lambda h: h["config"].update(hidden_layers=[-3, 2]),
    "huge alpha": lambda h: h["config"].update(alpha=HUGE),
    "huge tau": lambda h: h["config"].update(tau=HUGE),
    "huge seed": lambda h: h["config"].update(seed=HUGE),
    "alpha a bool": lambda h: h["config"].update(alpha=True),
    "lone surrogate": lambda h: h["config"].update(delimiter="\ud800"),
    "features none": lambda h: h["preprocessing"].update(features=None),
    "features empty": lambda h: h["preprocessing"].update(features=[]),
    "features of texts": lambda h: h["preprocessing"].update(features=["x"]),
    "targets empty": lambda h: h["preprocessing"].update(targets=[]),
    "inputs otherwise": lambda h: h["preprocessing"].update(inputs=["x"]),
    "missing values of numbers": lambda h: h["preprocessing"].update(missing_values=[1]),
    "unknown kind": lambda h: h["preprocessing"]["features"][0].update(kind="date"),
    "no kind": lambda h: h["preprocessing"]["features"][0].pop("kind"),
    "no mean": lambda h: h["preprocessing"]["features"][0].pop("mean"),
    "mean a text": lambda h: h["preprocessing"]["features"][0].update(mean="1"),
    "mean a bool": lambda h: h["preprocessing"]["features"][0].update(mean=True),
    "huge mean": lambda h: h["preprocessing"]["features"][0].update(mean=HUGE),
    "scale zero": lambda h: h["preprocessing"]["features"][0].update(scale=0.0),
    "scale negative": lambda h: h["preprocessing"]["targets"][0].update(scale=-1.0),
    "name a number": lambda h: h["preprocessing"]["features"][0].update(name=1),
    "categories empty": lambda h: h["preprocessing"]["features"][1].update(categories=[]),
    "categories twice": lambda h: h["preprocessing"]["features"][1].update(
        categories=["a", "a", "é"]
    ),
    "categories of numbers": lambda h: h["preprocessing"]["features"][1].update(
        categories=[1, 2, 3]
    ),
    "rows a text": lambda h: h["summary"].update(rows="9"),
    "huge loss": lambda h: h["summary"].update(loss=HUGE),
    "metrics a list": lambda h: h["summary"].update(training=[]),
    "metrics of numbers": lambda h: h["summary"].update(training={"y": 1}),
    "epochs a bool": lambda h: h.update(epochs_trained=True),
    "stopped by a number": lambda h: h.update(stopped_by=1),
}


@pytest.mark.parametrize("edit", INVALID.values(), ids=INVALID.keys())
def test_a_header_that_is_invalid_is_refused(
    path: Path, saved: bytes, edit: Callable[[dict[str, Any]], object]
) -> None:
    members = members_of(saved)
    header = header_of(members)
    edit(header)
    arrays = {name[:-4]: array_of(data) for name, data in members.items() if name[0] != "h"}
    text = json.dumps(signed(header, arrays))
    write_zip(path, (members | {"header.npy": member(np.array(text))}).items())
    assert refusal(path).startswith(f"{path}: is not a valid model file: ")


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (INVALID["minimum above maximum"], "a target's minimum is above its maximum"),
        (INVALID["unknown reason"], "its 'stopped_by' is 'gremlins'"),
        (INVALID["no mean"], "its header has no valid 'mean'"),
        (INVALID["scale zero"], "its header has 'scale' out of range"),
        (INVALID["another target"], "config and preprocessing name different targets"),
        (INVALID["inputs otherwise"], "its inputs are not those of its features"),
        (INVALID["unknown kind"], "a feature of the unknown kind 'date'"),
        (INVALID["categories twice"], "a feature's category stands twice"),
        (
            INVALID["unknown activation"],
            f"config: activation: expects one of {', '.join(ACTIVATIONS)}, found 'cosine'",
        ),
    ],
)
def test_the_refusal_of_a_header_says_what_is_wrong(
    path: Path, saved: bytes, edit: Callable[[dict[str, Any]], object], found: str
) -> None:
    forge(path, saved, edit)
    assert refusal(path) == f"{path}: is not a valid model file: {found}"


def npy(description: str, data: bytes = bytes(120)) -> bytes:
    text = description.encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def described(descr: str, shape: str) -> bytes:
    return npy(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")


FORGED_ARRAYS = {
    "no array": b"hello",
    "empty": b"",
    "huge": described("'<f8'", "(1000000000000, 3)"),
    "huger": described("'<f8'", "(100000000000000000000000, 3)"),
    "product overflows": described("'<f8'", "(4294967296, 4294967296)"),
    "longer than its data": described("'<f8'", "(300, 5)"),
    "negative": described("'<f8'", "(-1, 5)"),
    "shape of a text": described("'<f8'", "'ab'"),
    "shape of bools": described("'<f8'", "(True, 5)"),
    "unclosed": npy("{'descr': '<f8', 'fortran_order': False, 'shape': ((3, 5), }\n"),
    "unclosed text": npy("{'descr': '<f8\n"),
    "unclosed quotes": npy("'''\n"),
    "brackets": npy("(" * 900),
    "signs": npy("-" * 900 + "1"),
    "of Python 2": described("'<f8'", "(3L, 5L)"),
    "unhashable": npy("{[]: 1}\n"),
    "no dictionary": npy("1\n"),
    "other keys": npy("{'a': 1}\n"),
    "a call": npy("__import__('os').getcwd()\n"),
    "no dtype": described("'zz,,'", "(3, 5)"),
    "dtype a number": described("5", "(3, 5)"),
    "deprecated dtype": described("'|a8'", "(3, 5)"),
    "fields": described("[('a', '<f8')]", "(3, 5)"),
    "no size": described("'|V0'", "(3, 5)"),
    "texts": described("'<U999999999'", "()"),
    "version 9": b"\x93NUMPY\x09\x00\x04\x00\x00\x00{}\n\n",
    "long header": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{}",
    "not UTF-8": b"\x93NUMPY\x03\x00\x04\x00\x00\x00\xff\xfe\xff\n",
    "header too long": npy(" " * 60_000),
}


@pytest.mark.parametrize("data", FORGED_ARRAYS.values(), ids=FORGED_ARRAYS.keys())
@pytest.mark.parametrize("name", ["w1", "header"])
def test_an_array_that_cannot_be_read_is_refused(
    path: Path, saved: bytes, name: str, data: bytes
) -> None:
    write_zip(path, (members_of(saved) | {f"{name}.npy": data}).items())
    assert refusal(path).startswith(f"{path}: is not a ")


def test_a_header_of_no_characters_is_refused(path: Path, saved: bytes) -> None:
    data = npy("{'descr': '<U2', 'fortran_order': False, 'shape': (), }\n", b"\xff" * 8)
    write_zip(path, (members_of(saved) | {"header.npy": data}).items())
    assert refusal(path) == f"{path}: is not a valid model file: its header is not JSON"


def test_a_model_that_cannot_be_written_leaves_the_old_file_as_it_was(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    old = tmp_path / "model.npz"
    old.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError) as caught:
        model.save(old)
    assert str(caught.value) == f"{old}: cannot be written: No space left on device"
    assert old.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]
