"""One row through the article's 3-5-2 network, worked by hand: every number of it stands here.

Rounded to 12 decimals. Equation numbers are the article's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nntrain.engine.batches import Samples
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network, Parameters, Workspace, backward, forward
from nntrain.engine.optimizers import initial_state, make_optimizer
from nntrain.engine.training import train

Array = NDArray[Any]

X = [1.0, 2.0, -1.0]
Y_TRUE = [0.5, -0.5]
ALPHA = 0.5

# (3): the weights and biases of the hidden layer, i = 1.
W_1 = [
    [0.1, 0.2, 0.3],
    [-0.1, 0.4, 0.2],
    [0.3, -0.2, 0.1],
    [0.5, 0.1, -0.4],
    [-0.3, -0.1, 0.2],
]
B_1 = [0.1, -0.3, 0.3, 0.0, 0.2]

# (4): those of the output layer, i = 2.
W_2 = [
    [0.2, -0.4, 0.1, 0.3, 0.5],
    [-0.3, 0.1, 0.6, -0.2, 0.4],
]
B_2 = [0.1, -0.1]

# (1): z_1 = w_1 x + b_1; its first is 0.1 · 1 + 0.2 · 2 + 0.3 · (-1) + 0.1.
Z_1 = [0.3, 0.2, 0.1, 1.1, -0.5]

# (2) with (6): y_1 = 1 / (1 + e^-z_1).
Y_1 = [0.574442516812, 0.549833997312, 0.524979187479, 0.750260105595, 0.377540668798]

# (1) again: z_2 = w_2 y_1 + b_2; and (8): y_2 = z_2, the prediction.
Y_2 = [0.461301189263, 0.098602403575]

# (5): ℓ = ½ (0.038698810737² + 0.598602403575²).
LOSS = 0.179911217759

# ∂ℓ/∂z_2 = y_2 - y_true, as (9) leaves it.
DELTA_2 = [-0.038698810737, 0.598602403575]

# ∂ℓ/∂y_1 = w_2ᵀ δ_2 is, for the first neuron, 0.2 · (-0.038698810737) - 0.3 · 0.598602403575
# = -0.187320483220; (7) makes it ∂ℓ/∂z_1, times 0.574442516812 · (1 - 0.574442516812).
DELTA_1 = [-0.045792049073, 0.018647840336, 0.088601202614, -0.024607309503, 0.051722332699]

# ∂ℓ/∂w_2 = δ_2 y_1ᵀ and ∂ℓ/∂b_2 = δ_2.
GRADIENT_W_2 = [
    [-0.022230242237, -0.021277921799, -0.020316070217, -0.02903417383, -0.014610374887],
    [0.343862671279, 0.329131952359, 0.314253803452, 0.449107502516, 0.22599675179],
]

# ∂ℓ/∂w_1 = δ_1 xᵀ and ∂ℓ/∂b_1 = δ_1.
GRADIENT_W_1 = [
    [-0.045792049073, -0.091584098146, 0.045792049073],
    [0.018647840336, 0.037295680671, -0.018647840336],
    [0.088601202614, 0.177202405228, -0.088601202614],
    [-0.024607309503, -0.049214619006, 0.024607309503],
    [0.051722332699, 0.103444665397, -0.051722332699],
]

# The update, θ := θ - 0.5 ∂ℓ/∂θ: the first weight is 0.1 + 0.5 · 0.045792049073.
W_1_AFTER = [
    [0.122896024537, 0.245792049073, 0.277103975463],
    [-0.109323920168, 0.381352159664, 0.209323920168],
    [0.255699398693, -0.288601202614, 0.144300601307],
    [0.512303654751, 0.124607309503, -0.412303654751],
    [-0.325861166349, -0.151722332699, 0.225861166349],
]
B_1_AFTER = [0.122896024537, -0.309323920168, 0.255699398693, 0.012303654751, 0.174138833651]
W_2_AFTER = [
    [0.211115121119, -0.389361039101, 0.110158035109, 0.314517086915, 0.507305187444],
    [-0.47193133564, -0.064565976179, 0.442873098274, -0.424553751258, 0.287001624105],
]
B_2_AFTER = [0.119349405369, -0.399301201788]


def assert_is(found: Array, worked: object) -> None:
    np.testing.assert_allclose(found, np.array(worked), rtol=0, atol=1e-12)


def assert_are(parameters: Parameters, worked: list[tuple[object, object]]) -> None:
    for i, (w, b) in enumerate(worked):
        assert_is(parameters.weights[i], w)
        assert_is(parameters.biases[i], b)


@pytest.fixture
def network() -> Network:
    """The article's network, before it learns."""
    network = Network((3, 5, 2))
    for i, (w, b) in enumerate([(W_1, B_1), (W_2, B_2)]):
        network.parameters.weights[i][:] = w
        network.parameters.biases[i][:] = b
    return network


def rows(n_rows: int) -> tuple[Array, Array]:
    """The same row, this many times."""
    return np.array([X] * n_rows), np.array([Y_TRUE] * n_rows)


def test_the_weighted_sums_of_the_hidden_layer_are_those_worked_by_hand(network: Network) -> None:
    """The engine keeps no z; with the identity for f, y_1 is z_1."""
    network.activation = "identity"
    workspace = Workspace(network, 1)
    forward(rows(1)[0], workspace)
    assert_is(workspace.y[0], [Z_1])


def test_the_forward_pass_is_the_one_worked_by_hand(network: Network) -> None:
    workspace = Workspace(network, 1)
    y_pred = forward(rows(1)[0], workspace)
    assert_is(workspace.y[0], [Y_1])
    assert_is(workspace.y[1], [Y_2])
    assert_is(y_pred, [Y_2])
    assert_is(network.predict(rows(1)[0]), [Y_2])


def test_the_backward_pass_is_the_one_worked_by_hand(network: Network) -> None:
    workspace = Workspace(network, 1)
    x, y_true = rows(1)
    forward(x, workspace)
    loss = backward(x, y_true, workspace)
    assert loss == pytest.approx(LOSS, rel=0, abs=1e-12)
    assert_is(workspace.delta[1], [DELTA_2])
    assert_is(workspace.delta[0], [DELTA_1])
    assert_are(workspace.gradient, [(GRADIENT_W_1, DELTA_1), (GRADIENT_W_2, DELTA_2)])


def test_the_loss_is_the_one_worked_by_hand(network: Network) -> None:
    assert network.loss(*rows(1)) == pytest.approx(LOSS, rel=0, abs=1e-12)
    assert network.loss(*rows(3)) == pytest.approx(LOSS, rel=0, abs=1e-12)


@pytest.mark.parametrize("n_rows", [1, 3])
def test_the_update_is_the_one_worked_by_hand(network: Network, n_rows: int) -> None:
    """Three equal rows have three times the gradient and, divided by m = 3, the same update."""
    workspace = Workspace(network, n_rows)
    x, y_true = rows(n_rows)
    forward(x, workspace)
    backward(x, y_true, workspace)
    hyperparameters, parameters = Hyperparameters(ALPHA, 1, n_rows), network.parameters
    optimizer = make_optimizer(
        hyperparameters, parameters, initial_state(hyperparameters, parameters.vector), 1
    )
    optimizer.update(workspace.gradient.vector, n_rows, 1)
    assert_are(network.parameters, [(W_1_AFTER, B_1_AFTER), (W_2_AFTER, B_2_AFTER)])


@pytest.mark.parametrize("n_rows", [1, 3])
def test_an_epoch_of_one_iteration_is_the_update_worked_by_hand(
    network: Network, n_rows: int
) -> None:
    (result,) = train(network, Samples(*rows(n_rows)), Hyperparameters(ALPHA, 1, n_rows))
    assert_are(network.parameters, [(W_1_AFTER, B_1_AFTER), (W_2_AFTER, B_2_AFTER)])
    assert result.loss == pytest.approx(LOSS, rel=0, abs=1e-12)
    # The bias of the second output moves most: from -0.1 to -0.399301201788.
    assert result.largest_update == pytest.approx(0.299301201788, rel=0, abs=1e-12)
