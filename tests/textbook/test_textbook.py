"""Training held against the textbook: the same parameters, losses, updates and end, epoch by epoch.

`textbook.py` is the slow and obvious form of the same procedure, one row at a time.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support import textbook

from nntrain.engine import gradient as gradient_module
from nntrain.engine import network as network_module
from nntrain.engine.activations import ACTIVATIONS
from nntrain.engine.batches import Samples, row_order, rows_per_iteration
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network, rows_per_block
from nntrain.engine.progress import EpochResult
from nntrain.engine.row_blocks import blocks
from nntrain.engine.training import train
from nntrain.errors import DivergedError

Array = NDArray[Any]

MODES = ["batch", "stochastic", "mini-batch"]
HIDDEN_LAYERS = [(), (5,), (5, 4), (4, 3, 5)]
N_INPUTS = 3
RTOL = 1e-12
WAYS: list[dict[str, Any]] = [
    {"engine": "numpy", "threads": 1},
    {"engine": "numpy", "threads": 3},
    {"engine": "compiled"},
]


def random_rows(n_rows: int, n_targets: int, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng([seed, n_rows, n_targets])
    return rng.normal(size=(n_rows, N_INPUTS)), rng.normal(size=(n_rows, n_targets))


def network_of(
    layers: list[textbook.Layer], sizes: tuple[int, ...], activation: str, dtype: str = "float64"
) -> Network:
    network = Network(sizes, activation, dtype)
    network.parameters.vector[:] = textbook.flat(layers)
    return network


def assert_same(
    network: Network,
    result: EpochResult,
    expected: textbook.Epoch,
    rtol: float = RTOL,
) -> None:
    """The epoch just done is the textbook's; atol is for parameters that happen to be near zero."""
    assert result.epoch == expected.epoch
    assert result.iterations == expected.iterations
    np.testing.assert_allclose(
        network.parameters.vector, expected.theta, rtol=rtol, atol=rtol / 100
    )
    assert result.loss == pytest.approx(expected.loss, rel=rtol, abs=0)
    assert result.largest_update == pytest.approx(expected.largest_update, rel=rtol, abs=0)


def compare(
    sizes: tuple[int, ...],
    activation: str,
    rows: tuple[Array, Array],
    *,
    batch_mode: str,
    batch_size: int = 4,
    shuffle: bool = True,
    epochs: int = 3,
    alpha: float = 0.03,
    seed: int = 7,
    dtype: str = "float64",
    rtol: float = RTOL,
    weights: Array | None = None,
) -> list[EpochResult]:
    """Train on the same rows by the textbook and by every engine, and compare after every epoch.

    What the last engine yielded.
    """
    x, y = rows
    expected = textbook.train(
        textbook.random_layers(sizes, seed),
        x.tolist(),
        y.tolist(),
        activation=activation,
        alpha=alpha,
        epochs=epochs,
        batch_mode=batch_mode,
        batch_size=batch_size,
        order=(lambda epoch: row_order(len(x), seed, epoch).tolist()) if shuffle else None,
        sample_weights=None if weights is None else weights[:, 0].tolist(),
    )
    samples = Samples(
        x.astype(dtype), y.astype(dtype), None if weights is None else weights.astype(dtype)
    )
    hyperparameters = Hyperparameters(
        alpha,
        epochs,
        rows_per_iteration(batch_mode, batch_size, len(x)),
        shuffle=shuffle,
        seed=seed,
    )
    results: list[EpochResult] = []
    for way in WAYS:
        network = network_of(textbook.random_layers(sizes, seed), sizes, activation, dtype)
        results = []
        for result in train(network, samples, dataclasses.replace(hyperparameters, **way)):
            assert_same(network, result, expected[len(results)], rtol)
            results.append(result)
        assert len(results) == len(expected)
    return results


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n_targets", [1, 2, 3])
@pytest.mark.parametrize("hidden", HIDDEN_LAYERS, ids=str)
@pytest.mark.parametrize("batch_mode", MODES)
def test_training_equals_the_textbook(
    batch_mode: str, hidden: tuple[int, ...], n_targets: int, activation: str
) -> None:
    sizes = (N_INPUTS, *hidden, n_targets)
    results = compare(sizes, activation, random_rows(11, n_targets), batch_mode=batch_mode)
    assert results[-1].iterations == {"batch": 3, "stochastic": 33, "mini-batch": 9}[batch_mode]
    assert [result.stopped_by for result in results] == ["", "", "epochs"]


@pytest.mark.parametrize("n_targets", [1, 3])
@pytest.mark.parametrize("hidden", HIDDEN_LAYERS, ids=str)
@pytest.mark.parametrize("batch_mode", MODES)
def test_training_in_file_order_equals_the_textbook(
    batch_mode: str, hidden: tuple[int, ...], n_targets: int
) -> None:
    sizes = (N_INPUTS, *hidden, n_targets)
    compare(sizes, "sigmoid", random_rows(11, n_targets), batch_mode=batch_mode, shuffle=False)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 9, 10, 11, 1000])
def test_a_batch_of_any_size_equals_the_textbook(batch_size: int, shuffle: bool) -> None:
    """10 rows: whole batches, a last batch of one row, of a few, and fewer rows than one batch."""
    results = compare(
        (N_INPUTS, 4, 2),
        "tanh",
        random_rows(10, 2),
        batch_mode="mini-batch",
        batch_size=batch_size,
        # One batch of all rows has nothing to shuffle.
        shuffle=shuffle and batch_size < 10,
    )
    assert results[0].iterations == -(-10 // batch_size)


@pytest.mark.parametrize("batch_mode", MODES)
def test_a_single_row_equals_the_textbook(batch_mode: str) -> None:
    compare((N_INPUTS, 4, 2), "sigmoid", random_rows(1, 2), batch_mode=batch_mode)


def random_weights(n_rows: int) -> Array:
    """Sample weights, one of them 0."""
    weights = np.random.default_rng(n_rows).uniform(0.1, 3, (n_rows, 1))
    weights[n_rows // 2] = 0
    return weights


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("hidden", HIDDEN_LAYERS, ids=str)
@pytest.mark.parametrize("batch_mode", MODES)
def test_training_on_weighted_rows_equals_the_textbook(
    batch_mode: str, hidden: tuple[int, ...], shuffle: bool
) -> None:
    compare(
        (N_INPUTS, *hidden, 2),
        "sigmoid",
        random_rows(11, 2),
        batch_mode=batch_mode,
        shuffle=shuffle,
        weights=random_weights(11),
    )


def test_weighted_rows_in_blocks_equal_the_textbook(monkeypatch: pytest.MonkeyPatch) -> None:
    use_blocks_of(4, monkeypatch)
    compare(
        (N_INPUTS, 5, 2),
        "sigmoid",
        random_rows(25, 2),
        batch_mode="mini-batch",
        batch_size=10,
        weights=random_weights(25),
    )


def test_weighted_rows_in_single_precision_are_close_to_the_textbook() -> None:
    compare(
        (N_INPUTS, 5, 2),
        "sigmoid",
        random_rows(11, 2),
        batch_mode="mini-batch",
        dtype="float32",
        rtol=1e-4,
        weights=random_weights(11),
    )


def test_weights_of_1_change_nothing() -> None:
    sizes = (N_INPUTS, 5, 2)
    x, y = random_rows(11, 2)
    vectors: list[Array] = []
    for weights in (None, np.ones((11, 1))):
        network = network_of(textbook.random_layers(sizes, 1), sizes, "sigmoid")
        list(train(network, Samples(x, y, weights), Hyperparameters(0.1, 3, 4)))
        vectors.append(network.parameters.vector)
    np.testing.assert_array_equal(vectors[0], vectors[1])


def test_a_row_that_weighs_2_is_a_row_that_stands_twice() -> None:
    """Up to m, the rows of the batch: 5 rows that weigh 10 in all, or 10 rows."""
    sizes = (N_INPUTS, 5, 2)
    x, y = random_rows(5, 2)
    twice = np.repeat(x, 2, axis=0), np.repeat(y, 2, axis=0)
    one, other = (network_of(textbook.random_layers(sizes, 1), sizes, "tanh") for _ in range(2))
    (of_one,) = train(one, Samples(x, y, np.full((5, 1), 2.0)), Hyperparameters(0.1, 1, 5))
    (of_other,) = train(other, Samples(*twice), Hyperparameters(0.2, 1, 10))
    np.testing.assert_allclose(one.parameters.vector, other.parameters.vector, rtol=RTOL)
    assert of_one.loss == pytest.approx(2 * of_other.loss, rel=RTOL)


def test_the_comparison_sees_a_small_mistake() -> None:
    layers = textbook.random_layers((N_INPUTS, 2), 0)
    network = network_of(layers, (N_INPUTS, 2), "sigmoid")
    x, y = random_rows(5, 2)
    (expected,) = textbook.train(
        layers, x.tolist(), y.tolist(), activation="sigmoid", alpha=0.1, epochs=1
    )
    (result,) = train(network, Samples(x, y), Hyperparameters(0.1 + 1e-10, 1, 5))
    with pytest.raises(AssertionError):
        assert_same(network, result, expected)


def test_the_textbook_trains_one_neuron_as_worked_by_hand() -> None:
    """x = 2, y_true = 3, w = 0.5, b = 0: δ = 1 - 3 = -2, ∂ℓ/∂w = -2 · 2, ∂ℓ/∂b = -2."""
    layers = [textbook.Layer(w=[[0.5]], b=[0.0])]
    (epoch,) = textbook.train(layers, [[2.0]], [[3.0]], activation="sigmoid", alpha=0.25, epochs=1)
    assert epoch == textbook.Epoch(1, 1, 2.0, 1.0, [1.5, 0.5], None)


@pytest.mark.parametrize("epoch", [1, 2, 50])
@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_the_row_order_is_the_documented_permutation(seed: int, epoch: int) -> None:
    expected = np.random.default_rng([seed, 2, 0, epoch]).permutation(23)
    np.testing.assert_array_equal(row_order(23, seed, epoch), expected)


def test_batch_mode_has_nothing_to_shuffle() -> None:
    x, y = random_rows(11, 2)
    vectors: list[Array] = []
    for shuffle in (True, False):
        sizes = (N_INPUTS, 5, 2)
        network = network_of(textbook.random_layers(sizes, 1), sizes, "sigmoid")
        list(train(network, Samples(x, y), Hyperparameters(0.1, 5, 11, shuffle=shuffle)))
        vectors.append(network.parameters.vector)
    np.testing.assert_array_equal(vectors[0], vectors[1])


@pytest.mark.parametrize(
    ("batch_mode", "batch_size", "n_rows"),
    [("batch", 1, 301), ("batch", 1, 700), ("mini-batch", 500, 1100)],
)
def test_a_batch_of_more_than_a_block_equals_the_textbook(
    batch_mode: str, batch_size: int, n_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_module, "BLOCK_BYTES", 300 * 6 * 8)
    assert rows_per_block(Network((N_INPUTS, 4, 2)), n_rows) == 256
    results = compare(
        (N_INPUTS, 4, 2),
        "sigmoid",
        random_rows(n_rows, 2),
        batch_mode=batch_mode,
        batch_size=batch_size,
        epochs=2,
    )
    assert results[-1].iterations == {"batch": 2, "mini-batch": 6}[batch_mode]


def use_blocks_of(n_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gradient_module, network_module):
        monkeypatch.setattr(module, "rows_per_block", lambda *_: n_rows)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 5, 8, 10, 25])
@pytest.mark.parametrize("block_rows", [1, 4, 7])
def test_the_rows_of_a_block_do_not_change_the_result(
    block_rows: int, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_blocks_of(block_rows, monkeypatch)
    assert [rows.stop - rows.start for rows in blocks(9, block_rows)] == {
        1: [1] * 9,
        4: [4, 4, 1],
        7: [7, 2],
    }[block_rows]
    compare(
        (N_INPUTS, 4, 3, 2),
        "tanh",
        random_rows(25, 2),
        batch_mode="mini-batch",
        batch_size=batch_size,
        shuffle=batch_size < 25,
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_mode", MODES)
def test_single_precision_is_close_to_the_textbook(batch_mode: str, activation: str) -> None:
    compare(
        (N_INPUTS, 5, 4, 2),
        activation,
        random_rows(11, 2),
        batch_mode=batch_mode,
        dtype="float32",
        rtol=1e-4,
    )


def test_single_precision_stays_single_and_predicts_in_double() -> None:
    network = Network((N_INPUTS, 4, 2), dtype="float32")
    x, y = random_rows(9, 2)
    list(train(network, Samples(x.astype("f4"), y.astype("f4")), Hyperparameters(0.1, 2, 4)))
    assert network.dtype == np.float32
    assert network.predict(x.astype("f4")).dtype == np.float64


@pytest.mark.parametrize("n_rows", [1, 6])
@pytest.mark.parametrize("hidden", HIDDEN_LAYERS, ids=str)
def test_predictions_and_losses_equal_the_textbook(hidden: tuple[int, ...], n_rows: int) -> None:
    sizes = (N_INPUTS, *hidden, 2)
    layers = textbook.random_layers(sizes, 3)
    network = network_of(layers, sizes, "sigmoid")
    x, y = random_rows(n_rows, 2)
    expected = [textbook.forward(layers, "sigmoid", row)[1][-1] for row in x.tolist()]
    np.testing.assert_allclose(network.predict(x), expected, rtol=RTOL)
    losses = [textbook.loss_of_row(*pair) for pair in zip(expected, y.tolist(), strict=True)]
    assert network.loss(x, y) == pytest.approx(sum(losses) / n_rows, rel=RTOL, abs=0)


@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 0.0, 1.0, 1.5]])
def test_the_validation_loss_is_measured_at_the_end_of_each_epoch(
    weights: list[float] | None,
) -> None:
    sizes = (N_INPUTS, 5, 2)
    layers = textbook.random_layers(sizes, 3)
    network = network_of(layers, sizes, "sigmoid")
    x, y = random_rows(8, 2)
    x_validation, y_validation = random_rows(5, 2, seed=1)
    results = train(
        network,
        Samples(x, y),
        Hyperparameters(0.2, 3, 1, shuffle=False),
        Samples(x_validation, y_validation, None if weights is None else np.c_[weights]),
    )
    for result in results:
        textbook.train(
            layers,
            x.tolist(),
            y.tolist(),
            activation="sigmoid",
            alpha=0.2,
            epochs=1,
            batch_mode="stochastic",
        )
        loss, _ = textbook.gradient_of(
            layers, "sigmoid", x_validation.tolist(), y_validation.tolist(), weights
        )
        assert result.validation_loss == pytest.approx(loss / 5, rel=RTOL, abs=0)


@pytest.mark.parametrize("batch_mode", MODES)
@pytest.mark.parametrize("tau", [3e-2, 1e-2, 3e-3])
def test_tau_stops_after_the_same_epoch_as_the_textbook(batch_mode: str, tau: float) -> None:
    """File order and an exact linear relation, so that each epoch moves less than the last."""
    x, _ = random_rows(10, 2)
    y = x @ np.array([[1.0, 0.5], [-1.0, 0.0], [0.3, 2.0]]) + 0.7
    layers = textbook.random_layers((N_INPUTS, 2), 5)
    network = network_of(layers, (N_INPUTS, 2), "sigmoid")
    expected = textbook.train(
        layers,
        x.tolist(),
        y.tolist(),
        activation="sigmoid",
        alpha=0.1,
        epochs=500,
        batch_mode=batch_mode,
        batch_size=4,
        tau=tau,
    )
    hyperparameters = Hyperparameters(
        0.1, 500, rows_per_iteration(batch_mode, 4, 10), tau, shuffle=False
    )
    results = list(train(network, Samples(x, y), hyperparameters))
    assert 3 < len(results) < 500
    assert len(results) == len(expected)
    assert_same(network, results[-1], expected[-1])
    assert [result.stopped_by for result in results] == [""] * (len(results) - 1) + ["tau"]


def linear_training(tau: float, epochs: int = 8) -> list[EpochResult]:
    x, y = random_rows(10, 2)
    sizes = (N_INPUTS, 2)
    network = network_of(textbook.random_layers(sizes, 5), sizes, "sigmoid")
    return list(train(network, Samples(x, y), Hyperparameters(0.1, epochs, 10, tau)))


def test_an_update_of_exactly_tau_does_not_stop() -> None:
    fourth = linear_training(tau=0.0)[3].largest_update
    assert len(linear_training(tau=fourth)) == 5
    assert len(linear_training(tau=float(np.nextafter(fourth, 1.0)))) == 4


def test_tau_reached_in_the_last_epoch_is_why_training_ended() -> None:
    tau = linear_training(tau=0.0)[3].largest_update
    assert [result.stopped_by for result in linear_training(tau, epochs=5)][-1] == "tau"
    assert [result.stopped_by for result in linear_training(tau, epochs=4)][-1] == "epochs"


def test_in_batch_mode_the_largest_update_is_alpha_times_the_largest_mean_derivative() -> None:
    sizes = (N_INPUTS, 4, 2)
    layers = textbook.random_layers(sizes, 2)
    network = network_of(layers, sizes, "sigmoid")
    x, y = random_rows(10, 2)
    _, gradient = textbook.gradient_of(layers, "sigmoid", x.tolist(), y.tolist())
    (result,) = train(network, Samples(x, y), Hyperparameters(0.3, 1, 10))
    largest = max(abs(value) for value in textbook.flat(gradient))
    assert result.largest_update == pytest.approx(0.3 * largest / 10, rel=RTOL)


@pytest.mark.parametrize("batch_rows", [1, 3, 6])
def test_a_tau_of_zero_never_stops_even_when_nothing_moves(batch_rows: int) -> None:
    """All parameters zero and all targets zero: the gradient is exactly zero."""
    network = Network((N_INPUTS, 4, 2), "tanh")
    x, _ = random_rows(6, 2)
    results = list(
        train(network, Samples(x, np.zeros((6, 2))), Hyperparameters(0.5, 4, batch_rows))
    )
    assert [result.largest_update for result in results] == [0.0] * 4
    assert [result.stopped_by for result in results] == ["", "", "", "epochs"]


def test_no_epochs_yield_nothing_and_change_nothing() -> None:
    sizes = (N_INPUTS, 4, 2)
    layers = textbook.random_layers(sizes, 2)
    network = network_of(layers, sizes, "sigmoid")
    assert list(train(network, Samples(*random_rows(6, 2)), Hyperparameters(0.5, 0, 2))) == []
    np.testing.assert_array_equal(network.parameters.vector, textbook.flat(layers))


def test_an_epoch_is_trained_only_when_it_is_taken() -> None:
    network = Network((N_INPUTS, 4, 2))
    network.initialize(np.random.default_rng(0))
    vector = network.parameters.vector
    initial = vector.copy()
    results = train(network, Samples(*random_rows(6, 2)), Hyperparameters(0.5, 3, 2))
    np.testing.assert_array_equal(vector, initial)
    next(results)
    first = vector.copy()
    assert not np.array_equal(first, initial)
    results.close()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(vector, first)


@pytest.fixture(params=WAYS, ids=lambda way: "-".join(map(str, way.values())))
def way(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One of the engines, on some threads."""
    found: dict[str, Any] = request.param
    return found


def diverge(
    network: Network, samples: Samples, hyperparameters: Hyperparameters
) -> tuple[str, Array, int]:
    """The error's message, the parameters before the epoch that raised it, and that epoch."""
    before = network.parameters.vector.copy()
    epoch = 1
    results = train(network, samples, hyperparameters)
    with pytest.raises(DivergedError) as caught:  # noqa: PT012
        for result in results:
            before = network.parameters.vector.copy()
            epoch = result.epoch + 1
    assert list(results) == []
    return str(caught.value), before, epoch


@pytest.mark.parametrize(("alpha", "smaller"), [(1e10, "0.1"), (1e100, "0.1")])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "identity"])
@pytest.mark.parametrize("hidden", [(), (5,), (5, 4)], ids=str)
@pytest.mark.parametrize("batch_mode", MODES)
def test_divergence_names_the_textbooks_first_iteration_that_is_not_finite(
    batch_mode: str,
    hidden: tuple[int, ...],
    activation: str,
    alpha: float,
    smaller: str,
    way: dict[str, Any],
) -> None:
    x, y = random_rows(11, 2)
    sizes = (N_INPUTS, *hidden, 2)
    layers = textbook.random_layers(sizes, 7)
    network = network_of(layers, sizes, activation)
    expected = textbook.train(
        layers,
        x.tolist(),
        y.tolist(),
        activation=activation,
        alpha=alpha,
        epochs=100,
        batch_mode=batch_mode,
        batch_size=4,
        order=lambda epoch: row_order(11, 7, epoch).tolist(),
    )[-1]
    hyperparameters = Hyperparameters(
        alpha, 100, rows_per_iteration(batch_mode, 4, 11), seed=7, **way
    )
    message, before, epoch = diverge(network, Samples(x, y), hyperparameters)
    assert expected.first_not_finite is not None
    assert epoch == expected.epoch
    assert message == (
        f"training diverged in epoch {expected.epoch}, at its iteration "
        f"{expected.first_not_finite}: the loss or a weight is no longer a finite number. "
        f"The learning rate is too large for this network and data; "
        f"try --set alpha={smaller}"
    )
    np.testing.assert_array_equal(network.parameters.vector, before)


def test_divergence_in_a_later_epoch_keeps_the_epoch_before() -> None:
    """One weight of 1, x = 1, y_true = 0: the first update gives -1e200, whose square is not."""
    network = Network((1, 1))
    network.parameters.vector[:] = [1.0, 0.0]
    samples = Samples(np.ones((1, 1)), np.zeros((1, 1)))
    message, before, epoch = diverge(network, samples, Hyperparameters(1e200, 5, 1))
    assert epoch == 2
    assert message == (
        "training diverged in epoch 2, at its iteration 1: the loss or a weight is no longer a "
        "finite number. The learning rate is too large for this network and data; "
        "try --set alpha=0.1"
    )
    assert before.tolist() == [-1e200, -1e200]
    assert network.parameters.vector.tolist() == [-1e200, -1e200]


def test_divergence_in_the_first_epoch_keeps_the_initial_parameters() -> None:
    network = Network((1, 1))
    network.parameters.vector[:] = [1.0, 0.0]
    samples = Samples(np.ones((4, 1)), np.zeros((4, 1)))
    message, _, epoch = diverge(network, samples, Hyperparameters(1e200, 5, 1))
    assert epoch == 1
    assert message == (
        "training diverged in epoch 1, at its iteration 2: the loss or a weight is no longer a "
        "finite number. The learning rate is too large for this network and data; "
        "try --set alpha=0.1"
    )
    assert network.parameters.vector.tolist() == [1.0, 0.0]


def test_a_weight_can_be_the_first_that_is_not_finite() -> None:
    """The first loss is ½ (1e10)², and the first update α (1e10)² is beyond the largest double."""
    network = Network((1, 1))
    network.parameters.vector[:] = [1.0, 0.0]
    samples = Samples(np.full((4, 1), 1e10), np.zeros((4, 1)))
    message, _, _ = diverge(network, samples, Hyperparameters(1e300, 5, 1))
    assert message.startswith("training diverged in epoch 1, at its iteration 1: ")
    assert network.parameters.vector.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("batch_rows", [1, 4, 11])
def test_divergence_in_single_precision_keeps_the_epoch_before(batch_rows: int) -> None:
    x, y = random_rows(11, 2)
    network = Network((N_INPUTS, 5, 2), dtype="float32")
    network.initialize(np.random.default_rng(0))
    samples = Samples(x.astype("f4"), y.astype("f4"))
    message, before, epoch = diverge(network, samples, Hyperparameters(1e6, 100, batch_rows))
    assert message.startswith(f"training diverged in epoch {epoch}, at its iteration ")
    assert np.isfinite(before).all()
    np.testing.assert_array_equal(network.parameters.vector, before)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_row_that_is_not_finite_is_found_at_its_iteration(value: float) -> None:
    x, y = random_rows(11, 2)
    x[6, 1] = value
    network = Network((N_INPUTS, 2))
    network.initialize(np.random.default_rng(0))
    message, _, _ = diverge(network, Samples(x, y), Hyperparameters(0.01, 3, 2, shuffle=False))
    assert message.startswith("training diverged in epoch 1, at its iteration 4: ")
