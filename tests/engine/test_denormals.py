"""No number in a training of dead units is a denormal: each makes a processor a hundred times slower.

Units of the first layer are dead by their biases, while others learn; what the optimizer remembers
of the dead ones fades.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nntrain.engine import activations, optimizers
from nntrain.engine.activations import ACTIVATIONS
from nntrain.engine.batches import Samples
from nntrain.engine.compiled import kernels as compiled
from nntrain.engine.compiled.learner import CompiledLearner, make_rule
from nntrain.engine.denormals import SMALLEST
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.learners import NumpyLearner, make_learner
from nntrain.engine.network import Network, Parameters, backward, forward
from nntrain.engine.optimizers import OPTIMIZERS, make_optimizer
from nntrain.engine.progress import Progress
from nntrain.engine.training import Training
from nntrain.engine.worker_pool import WorkerPool

Array = NDArray[Any]
Note = Callable[..., None]

N_ROWS, BATCH_ROWS = 64, 16
BIASES = {
    "float32": [-36, -40, -45, -50, -60, -70, -75, -80, -85, -87.8, -88.3, -90],
    "float64": [-330, -345, -350, -360, -400, -500, -600, -690, -700, -708.5, -709, -712],
}
EPOCHS = {"float32": 25, "float64": 100}
"""With a momentum of 0.1, what is remembered is a denormal after 36 and 306 iterations."""

REMEMBERED = 0.01


def has_denormal(values: Array) -> bool:
    return bool(((values != 0) & (np.abs(values) < np.finfo(values.dtype).tiny)).any())


def procedure_of(optimizer: str, engine: str, dtype: str) -> Hyperparameters:
    return Hyperparameters(
        0.01,
        EPOCHS[dtype],
        BATCH_ROWS,
        shuffle=False,
        engine=engine,  # type: ignore[arg-type]
        optimizer=optimizer,
        momentum=0.1,
        beta_1=0.1,
        beta_2=0.1,
    )


def with_denormals(optimizer: str, activation: str, dtype: str, engine: str) -> set[str]:
    """The names of the arrays that hold a denormal at any time of a training."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_ROWS, 6)).astype(dtype)
    y = np.sin(x.sum(axis=1, keepdims=True))
    network = Network((6, 16, 8, 1), activation, dtype)
    network.initialize(rng)
    if activation != "identity":  # none of its units is ever dead
        network.parameters.biases[0][:12] = BIASES[dtype]
    training = Training(network, Samples(x, y), procedure_of(optimizer, engine, dtype))
    state = np.full_like(training._state, REMEMBERED)
    state[1:] = REMEMBERED**2  # Adam's squares
    training.progress = Progress(state=state)
    found: set[str] = set()

    def note(**arrays: Array) -> None:
        found.update(name for name, values in arrays.items() if has_denormal(values))

    with WorkerPool(1) as pool, np.errstate(all="ignore"):
        n_iterations = EPOCHS[dtype] * N_ROWS // BATCH_ROWS
        hyperparameters, state = training.hyperparameters, training._state
        learner = make_learner(
            network, training.samples, hyperparameters, state, n_iterations, pool
        )
        for i in range(n_iterations):
            start = i * BATCH_ROWS % N_ROWS
            rows = range(start, start + BATCH_ROWS)
            if isinstance(learner, NumpyLearner):
                learn_by_numpy(learner, rows, i + 1, note)
            else:
                assert isinstance(learner, CompiledLearner)
                learner.learn(None, rows, 0.0, i - start // BATCH_ROWS)
                arrays = learner.workspace._asdict()
                note(**arrays, gradient=learner.gradient)
            note(state=training._state, parameters=network.parameters.vector)
    assert np.isfinite(network.parameters.vector).all()
    return found


def learn_by_numpy(learner: NumpyLearner, rows: range, i: int, note: Note) -> None:
    """The i-th iteration; each array is noted when it is complete, y again when overwritten."""
    x, y_true = (array[rows.start : rows.stop] for array in (learner.samples.x, learner.samples.y))
    gradient, workspace = learner.gradient.vector, learner.gradient._whole
    forward(x, workspace)
    for layer in workspace.layers:
        note(y=layer.y, **({} if layer.z is None else {"z": layer.z}))
    backward(x, y_true, workspace)
    note(gradient=gradient)
    for layer in workspace.layers:
        note(y_used_up=layer.y, delta=layer.delta)
    learner.optimizer.update(gradient, len(rows), i)


found_with_denormals = functools.cache(with_denormals)

every_training = pytest.mark.parametrize(
    ("optimizer", "activation", "dtype", "engine"),
    [
        (optimizer, activation, dtype, engine)
        for optimizer in OPTIMIZERS
        for activation in ACTIVATIONS
        for dtype in BIASES
        for engine in ("numpy", "compiled")
        # A z of -700 comes of no training, and NumPy's sigmoid has no guard against it.
        if (activation, dtype, engine) != ("sigmoid", "float64", "numpy")
    ],
)


@every_training
def test_what_an_optimizer_remembers_errors_and_parameters_are_no_denormals(
    optimizer: str, activation: str, dtype: str, engine: str
) -> None:
    found = found_with_denormals(optimizer, activation, dtype, engine)
    assert not found & {"state", "delta", "parameters"}


@every_training
def test_outputs_and_gradients_are_no_denormals(
    optimizer: str, activation: str, dtype: str, engine: str
) -> None:
    found = found_with_denormals(optimizer, activation, dtype, engine)
    assert not found & {"y", "y_used_up", "z", "gradient"}


@pytest.mark.parametrize("times", [0.01, 1, 8, 30, 100])
@pytest.mark.parametrize("dtype", BIASES)
def test_adam_makes_no_denormal_of_the_square_of_a_small_gradient(dtype: str, times: float) -> None:
    """The square that is added to v is still in the gradient, which `Adam.update` overwrites."""
    gradient = np.full(3, times * SMALLEST[np.dtype(dtype).itemsize], dtype)
    parameters = Parameters((2, 1), np.zeros(3, dtype))
    hyperparameters = Hyperparameters(0.001, 1, 1, optimizer="adam")
    adam = make_optimizer(hyperparameters, parameters, np.zeros((2, 3), dtype), 1)
    adam.update(gradient, 1, 1)
    assert not has_denormal(gradient)


def no_flush(_values: Array) -> None:
    """In place of `denormals.flush`."""


@pytest.mark.parametrize("dtype", BIASES)
@pytest.mark.parametrize("optimizer", ["momentum", "nesterov", "adam"])
def test_without_flush_what_fades_becomes_a_denormal(
    optimizer: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizers, "flush", no_flush)
    assert "state" in with_denormals(optimizer, "relu", dtype, "numpy")


@pytest.mark.parametrize("dtype", BIASES)
def test_without_a_least_square_those_that_adam_remembers_become_denormals(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizers, "SMALLEST_SQUARE", dict.fromkeys(SMALLEST, 0.0))
    assert "state" in with_denormals("adam", "relu", dtype, "numpy")


def test_without_a_lowest_z_the_error_behind_a_dead_sigmoid_is_a_denormal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(activations, "LOWEST", dict.fromkeys(SMALLEST, -np.inf))
    assert "delta" in with_denormals("gradient_descent", "sigmoid", "float32", "numpy")


def compiled_state(optimizer: str, dtype: str) -> bool:
    """Whether the kernel, run as plain Python, ever keeps a denormal when the gradient is 0."""
    state = np.full((2, 1), REMEMBERED, dtype)
    state[1] **= 2
    theta, gradient = np.zeros(1, dtype), np.zeros(1, dtype)
    hyperparameters = Hyperparameters(
        0.01, 1, 1, optimizer=optimizer, momentum=0.1, beta_1=0.1, beta_2=0.1
    )
    rule = make_rule(hyperparameters, 1)
    found = False
    with np.errstate(all="ignore"):
        for i in range(1, 400):
            n_rows, number = compiled.ONE, np.uint64(i)
            compiled._update.py_func(theta, gradient, state, np.zeros(0), rule, n_rows, number)
            found = found or has_denormal(state)
    return found


@pytest.mark.parametrize("dtype", BIASES)
@pytest.mark.parametrize("optimizer", ["momentum", "nesterov", "adam"])
def test_without_its_least_numbers_the_kernel_too_would_remember_denormals(
    optimizer: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_python = compiled._update_by_momentum.py_func
    monkeypatch.setattr(compiled, "_update_by_momentum", as_python)
    assert not compiled_state(optimizer, dtype)
    for name in ("SMALLEST_32", "SMALLEST_64", "SQUARE_32", "SQUARE_64"):
        monkeypatch.setattr(compiled, name, 0.0)
    assert compiled_state(optimizer, dtype)
