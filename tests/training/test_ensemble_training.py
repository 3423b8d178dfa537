"""Training an ensemble: which rows each network holds out, which epoch it keeps, and when it ends."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from support.ensembles import CONFIG, fitted, frame

import nntrain
from nntrain.engine.batches import Samples
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network
from nntrain.engine.progress import EpochResult
from nntrain.engine.training import Training
from nntrain.errors import ConfigError, DataError, UsageError
from nntrain.training.run import TrainingRun
from nntrain.training.split import hold_outs


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
    run = TrainingRun.from_table(frame(), dataclasses.replace(CONFIG, epochs=40, alpha=0.5))
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
    run = TrainingRun.from_table(frame(), config)
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
    run = TrainingRun.from_table(frame(), config, validation=frame(20))
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


@pytest.mark.parametrize(("member", "by"), [(0, ""), (3, " by network 3")])
def test_held_out_rows_without_weight_choose_nothing(member: int, by: str) -> None:
    rows = np.arange(6.0)[:, None]
    samples = Samples(rows, rows, np.array([1.0, 1, 1, 1, 0, 0])[:, None])
    rules = Hyperparameters(0.1, 2, 1, keep="best", member=member)
    numbers: dict[str, Any] = {"rows": np.arange(4), "held_out": np.array([4, 5])}
    with pytest.raises(DataError) as caught:
        Training(Network((1, 1)), samples, rules, **numbers)
    assert str(caught.value) == (
        f"the rows held out{by} all weigh 0, and tell no epoch from another; raise "
        f"validation_fraction, or choose another seed"
    )
    Training(Network((1, 1)), samples, dataclasses.replace(rules, keep="last"), **numbers)


def test_an_ensemble_starts_from_another_network_by_network() -> None:
    start = fitted(keep="last")
    config = dataclasses.replace(CONFIG, epochs=0, keep="last")
    model = nntrain.fit(frame(), config, start=start)
    for network, of_start in zip(model.networks, start.networks, strict=True):
        np.testing.assert_array_equal(network.parameters.vector, of_start.parameters.vector)
    with pytest.raises(UsageError, match="ensemble: 3 in the model, 2 in the config"):
        nntrain.fit(frame(), dataclasses.replace(config, ensemble=2), start=start)
