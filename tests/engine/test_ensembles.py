"""Ensembles: how each network trains, what they predict together, and their files."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import Run

import nntrain
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions
from nntrain.engine.network import Network
from nntrain.engine.progress import EpochResult
from nntrain.engine.random_streams import INITIAL_WEIGHTS, random_stream
from nntrain.engine.training import Training
from nntrain.errors import ConfigError, DataError, UsageError
from nntrain.model.serialize import model_header
from nntrain.training.loss_log import cut_log
from nntrain.training.run import TrainingRun
from nntrain.training.split import hold_outs

KEYS: dict[str, Any] = {
    "target": ("y", "z"),
    "hidden_layers": (4, 3),
    "epochs": 6,
    "batch_size": 8,
    "ensemble": 3,
    "validation_fraction": 0.2,
    "keep": "best",
}
CONFIG = nntrain.Config(**KEYS)


def frame(n_rows: int = 50) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, n_rows))
    noise = rng.normal(size=n_rows)
    return pd.DataFrame({"a": a, "b": b, "y": 10 + a * b + 0.5 * noise, "z": np.exp(a) + 1})


def fitted(**keys: Any) -> nntrain.Model:
    return nntrain.fit(frame(), dataclasses.replace(CONFIG, **keys))


# Learning


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_each_network_is_what_it_would_be_alone(engine: str) -> None:
    config = dataclasses.replace(CONFIG, engine=engine, keep="last")
    run = TrainingRun.on(frame(), config)
    list(run.epochs())
    for j, training in enumerate(run.trainings):
        held_out = hold_outs(50, config)[j]
        kept = run.samples.take(~held_out)
        network = Network((2, 4, 3, 2))
        network.initialize(random_stream(0, INITIAL_WEIGHTS, member=j + 1))
        alone = Training(network, kept, training.hyperparameters, run.samples.take(held_out))
        results = list(alone.epochs())
        np.testing.assert_array_equal(network.parameters.vector, training.network.parameters.vector)
        assert training.last is not None
        loss = training.last.validation_loss
        assert results[-1].validation_loss == pytest.approx(loss, rel=1e-14)
        assert dataclasses.replace(results[-1], validation_loss=loss) == training.last
    vectors = [training.network.parameters.vector.tobytes() for training in run.trainings]
    assert len(set(vectors)) == 3


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize(
    "keys", [{}, {"patience": 1, "epochs": 30}, {"batch_mode": "batch"}], ids=str
)
def test_the_number_of_threads_changes_no_byte(
    engine: str, keys: dict[str, Any], tmp_path: Path
) -> None:
    files = []
    for threads in (1, 2, 3, 8):
        fitted(engine=engine, threads=threads, **keys).save(tmp_path / "m.npz")
        files.append((tmp_path / "m.npz").read_bytes())
    assert len(set(files)) == 1
    fitted(engine=engine, seed=1, **keys).save(tmp_path / "m.npz")
    assert (tmp_path / "m.npz").read_bytes() != files[0]


@pytest.mark.parametrize(("networks", "fraction"), [(4, 0.25), (5, 0.1), (3, 0.5), (7, 0.3)])
def test_hold_outs_have_as_few_rows_in_common_as_can_be(networks: int, fraction: float) -> None:
    config = dataclasses.replace(CONFIG, ensemble=networks, validation_fraction=fraction)
    held_out = np.array(hold_outs(40, config))
    assert held_out.sum(axis=1).tolist() == [round(40 * fraction)] * networks
    times = held_out.sum(axis=0)
    assert times.max() - times.min() <= 1
    assert times.sum() == networks * round(40 * fraction)


def test_statistics_are_those_of_all_rows() -> None:
    model, table = fitted(), frame()
    for feature in model.preprocessing.features:
        assert isinstance(feature.name, str)
        assert getattr(feature, "mean") == pytest.approx(table[feature.name].mean())  # noqa: B009
    assert model.summary.rows == 50
    assert model.summary.validation_rows == 30


def test_the_best_epoch_of_each_network_is_kept() -> None:
    run = TrainingRun.on(frame(), dataclasses.replace(CONFIG, epochs=40, alpha=0.5))
    losses: dict[int, list[float]] = {1: [], 2: [], 3: []}
    vectors: dict[int, list[bytes]] = {1: [], 2: [], 3: []}
    for results in run.epochs():
        assert [result.member for result in results] == [1, 2, 3]
        for result, training in zip(results, run.trainings, strict=True):
            assert result.validation_loss is not None
            losses[result.member].append(result.validation_loss)
            vectors[result.member].append(training.network.parameters.vector.tobytes())
    model = run.model()
    best = [int(np.argmin(member_losses)) for member_losses in losses.values()]
    assert model.summary.kept_epochs == tuple(epoch + 1 for epoch in best)
    assert min(best) < 39  # so that it matters
    for j, network in enumerate(model.networks):
        assert network.parameters.vector.tobytes() == vectors[j + 1][best[j]]


def test_patience_ends_each_network_by_itself() -> None:
    config = dataclasses.replace(CONFIG, epochs=300, alpha=0.5, patience=3)
    run = TrainingRun.on(frame(), config)
    of_member: dict[int, list[EpochResult]] = {}
    for results in run.epochs():
        for result in results:
            of_member.setdefault(result.member, []).append(result)
    assert len({len(results) for results in of_member.values()}) > 1
    for results in of_member.values():
        losses = [result.validation_loss for result in results]
        assert len(losses) - (losses.index(min(filter(None, losses))) + 1) == 3
        assert [result.stopped_by for result in results] == [""] * (len(losses) - 1) + ["patience"]
    summary = run.model().summary
    assert summary.epochs_trained == max(map(len, of_member.values()))
    assert summary.iterations == sum(results[-1].iterations for results in of_member.values())
    assert summary.stopped_by == "patience"


def test_held_out_rows_are_measured_by_the_networks_that_held_them_out() -> None:
    model, table = fitted(validation_fraction=0.5), frame()
    sums, counts = np.zeros((50, 2)), np.zeros((50, 1))
    for network, rows in zip(model.networks, hold_outs(50, model.config), strict=True):
        alone = dataclasses.replace(model, networks=(network,))
        sums[rows] += alone.predict(table[rows]).to_numpy()
        counts[rows] += 1
    assert set(counts[:, 0]) == {1, 2}
    errors = sums / counts - table[["y", "z"]].to_numpy()
    rmse = np.sqrt(np.mean(errors**2, axis=0))
    found = [model.summary.validation[name].rmse for name in ("y", "z")]
    np.testing.assert_allclose(found, rmse)


def test_another_table_validates_every_network() -> None:
    config = dataclasses.replace(CONFIG, validation_fraction=0.0)
    run = TrainingRun.on(frame(), config, validation=frame(20))
    assert all(training.n_rows == 50 for training in run.trainings)
    list(run.epochs())
    assert run.model().summary.validation_rows == 20
    assert len(run.model().summary.kept_epochs) == 3


@pytest.mark.parametrize(
    ("keys", "asked"),
    [({"keep": "best"}, "keep: best"), ({"keep": "last", "patience": 3}, "patience: 3")],
)
def test_choosing_by_the_validation_loss_takes_held_out_rows(keys: Any, asked: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fitted(validation_fraction=0.0, **keys)
    assert str(caught.value) == (
        f"{asked} goes by the validation loss, and no row is held out; set validation_fraction, "
        f"such as 0.1, or name a table with --validation"
    )


def test_a_network_without_rows_is_an_error() -> None:
    with pytest.raises(DataError) as caught:
        nntrain.fit(frame(3), dataclasses.replace(CONFIG, validation_fraction=0.9))
    assert str(caught.value) == "validation_fraction 0.9 holds out all of the 3 rows; lower it"


@pytest.mark.parametrize("networks", [1, 3])
def test_held_out_rows_without_weight_choose_nothing(networks: int) -> None:
    table = frame().assign(w=[1.0] * 3 + [0.0] * 47)
    config = dataclasses.replace(CONFIG, weight="w", ensemble=networks, validation_fraction=0.1)
    with pytest.raises(
        DataError, match=r"the rows held out( by network \d)? all weigh 0, and tell"
    ):
        nntrain.fit(table, config)
    nntrain.fit(table, dataclasses.replace(config, keep="last"))


# Predicting


def test_predictions_are_the_mean_of_the_networks_and_the_spread_their_deviation() -> None:
    model, table = fitted(), frame()
    each = [
        dataclasses.replace(model, networks=(network,)).predict(table).to_numpy()
        for network in model.networks
    ]
    np.testing.assert_allclose(model.predict(table), np.mean(each, axis=0), rtol=1e-14)
    run = TrainingRun.on(table, CONFIG)
    np.testing.assert_allclose(model.predict_each(run.samples.x), each, rtol=1e-14)
    assert np.std(each, axis=0).min() > 0


def test_the_command_adds_the_spread(run: Run, folder: Path) -> None:
    fitted().save("model.npz")
    table = frame()
    table.to_csv("t.csv", index=False)
    model = nntrain.load_model("model.npz")
    each = np.stack(
        [
            dataclasses.replace(model, networks=(network,)).predict(table).to_numpy()
            for network in model.networks
        ]
    )
    result = run("predict", "t.csv", "--spread")
    assert (result.code, result.err) == (0, "")
    lines = list(csv.reader(result.out.splitlines()))
    assert lines[0] == ["predicted_y", "predicted_z", "predicted_y_spread", "predicted_z_spread"]
    expected = np.hstack([each.mean(axis=0), each.std(axis=0)])
    np.testing.assert_allclose(np.array(lines[1:], dtype=float), expected, rtol=1e-12)
    assert run("predict", "t.csv").out == "".join(",".join(line[:2]) + "\n" for line in lines)


def test_the_spread_of_huge_predictions_is_finite() -> None:
    table = frame().assign(y=np.linspace(1e302, 1e304, 50))
    model = nntrain.fit(table, dataclasses.replace(CONFIG, target=("y",), ignore=("z",)))
    cells = CellFormat(model.preprocessing.missing_values, ".")
    with model.predicting(table, ReadOptions(cells, None)) as (_, parts):
        spread = np.concatenate([part.spread for part in parts])
    assert np.isfinite(spread).all()
    assert spread.max() > 1e299


def test_one_network_has_no_spread(run: Run, folder: Path) -> None:
    fitted(ensemble=1).save("model.npz")
    frame().to_csv("t.csv", index=False)
    result = run("predict", "t.csv", "--spread")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "Error: a spread needs an ensemble, and the model has one network; fit an ensemble with "
        "--set ensemble=5\n"
    )


# Files


def test_arrays_have_an_axis_for_the_networks_and_read_back(tmp_path: Path) -> None:
    model = fitted(dtype="float32")
    model.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as archive:
        assert sorted(archive) == ["b1", "b2", "b3", "header", "w1", "w2", "w3"]
        assert archive["w1"].shape == (3, 4, 2)
        assert archive["b3"].shape == (3, 2)
        for j, network in enumerate(model.networks):
            np.testing.assert_array_equal(archive["w2"][j], network.parameters.weights[1])
        header = json.loads(archive["header"].item())
    assert header["kept_epochs"] == list(model.summary.kept_epochs)
    loaded = nntrain.load_model(tmp_path / "m.npz")
    assert loaded.summary == model.summary
    pd.testing.assert_frame_equal(loaded.predict(frame()), model.predict(frame()))


def test_one_network_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    model = fitted(ensemble=1, keep="last")
    model.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as archive:
        assert archive["w1"].shape == (4, 2)
    header = model_header(model.parts)
    assert "kept_epochs" not in header
    assert "edges" not in header["preprocessing"]["features"][0]
    assert "transform" not in header["preprocessing"]["targets"][0]


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


def test_a_log_of_several_networks_is_cut_after_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "loss.csv"
    names = "epoch,member,iterations,loss,validation_loss,largest_update,seconds\n"
    lines = [
        f"{epoch},{member},1,1.0,,1.0,{epoch}.{member}00\n"
        for epoch in (1, 2, 3)
        for member in (1, 3)
    ]
    whole = names + "".join(lines)
    path.write_text(whole)
    assert cut_log(str(path), 2, 3) == 2.3
    assert path.read_text() == names + "".join(lines[:4])
    for other in (whole.replace("2,1,1", "4,1,1"), whole.replace("member,", ""), names):
        path.write_text(other)
        assert cut_log(str(path), 2, 3) is None
        assert path.read_text() == other


def test_inspect_shows_every_network(run: Run, folder: Path) -> None:
    fitted().save("model.npz")
    result = run("inspect", "--weights")
    assert result.code == 0
    assert result.out.startswith("3 networks 2-4-3-2, sigmoid, float64: 35 weights each (biases")
    assert result.out.count(", w1 (4, 2), a row for each neuron; b1 (4,)\n") == 3
    assert "\nKept the weights of epochs " in result.out
    content = json.loads(run("inspect", "--weights", "--json").out)
    assert np.array(content["weights"][0]).shape == (3, 4, 2)
    assert np.array(content["biases"][2]).shape == (3, 2)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"ensemble": 2}, "w1 is float64 of shape (3, 4, 2), its header says float64 of (2, 4, 2)"),
        ({"ensemble": 1}, "w1 is float64 of shape (3, 4, 2), its header says float64 of (4, 2)"),
    ],
)
def test_a_file_of_another_number_of_networks_is_refused(
    keys: dict[str, Any], message: str, tmp_path: Path
) -> None:
    model = fitted()
    forged = dataclasses.replace(model, config=dataclasses.replace(model.config, **keys))
    forged.save(tmp_path / "m.npz")
    with pytest.raises(nntrain.NntrainError) as caught:
        nntrain.load_model(tmp_path / "m.npz")
    assert message in str(caught.value)


# The other commands


def test_a_fold_of_cross_validation_is_an_ensemble_too(run: Run, folder: Path) -> None:
    frame().to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text(
        "target: y\nignore: [z]\nensemble: 3\nepochs: 4\nvalidation_fraction: 0.3\nkeep: best\n"
    )
    result = run("cv", "t.csv", "-c", "c.yaml", "--folds", "3", "--json")
    assert (result.code, result.err) == (0, "")
    assert [fold["epochs_trained"] for fold in json.loads(result.out)["folds"]] == [4, 4, 4]
    refused = run("cv", "t.csv", "-c", "c.yaml", "--set", "validation_fraction=0")
    assert refused.code == 2
    assert refused.err.startswith("Error: keep: best goes by the validation loss")


def test_an_ensemble_starts_from_another_network_by_network() -> None:
    start = fitted(keep="last")
    config = dataclasses.replace(CONFIG, epochs=0, keep="last")
    model = nntrain.fit(frame(), config, start=start)
    for network, of_start in zip(model.networks, start.networks, strict=True):
        np.testing.assert_array_equal(network.parameters.vector, of_start.parameters.vector)
    with pytest.raises(UsageError, match="ensemble: 3 in the model, 2 in the config"):
        nntrain.fit(frame(), dataclasses.replace(config, ensemble=2), start=start)


def test_a_network_that_diverges_is_named() -> None:
    with pytest.raises(nntrain.NntrainError, match=r"training diverged \(network 1\) in epoch "):
        fitted(alpha=1e150)
