"""What PyTorch computes in double precision, recorded: activations, optimizers, schedules, decay.

`python tests/textbook/test_pytorch_numbers.py` wrote `recorded/pytorch.json`, with PyTorch installed.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nntrain.config import choices
from nntrain.engine.activations import ACTIVATIONS, Activation
from nntrain.engine.batches import Samples
from nntrain.engine.compiled.learner import COMPILED_ACTIVATIONS
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network
from nntrain.engine.schedules import SCHEDULES
from nntrain.engine.training import train

Array = NDArray[Any]
Record = dict[str, Any]

FILE = Path(__file__).parent / "recorded" / "pytorch.json"
RECORDED: Record = json.loads(FILE.read_text()) if FILE.exists() else {}
OF_ACTIVATIONS: Record = RECORDED.get("activations", {})
TRAININGS: list[Record] = RECORDED.get("trainings", [])
OTHERWISE: dict[str, list[Record]] = RECORDED.get("otherwise", {})
"""Trainings that are to differ: weight decay added to the gradient, and decay of biases too."""

TOLERANCE = 1e-9
SIZES = (3, 5, 2)
N_ROWS = 13
RULES: list[Record] = [
    {"optimizer": "gradient_descent", "alpha": 0.3},
    {"optimizer": "momentum", "alpha": 0.03, "momentum": 0.9},
    {"optimizer": "nesterov", "alpha": 0.03, "momentum": 0.9},
    {"optimizer": "adam", "alpha": 0.05, "beta_2": 0.95},
    {"optimizer": "adam", "alpha": 0.05, "beta_2": 0.999},
]
LARGE_EPSILON = {"optimizer": "adam", "alpha": 0.05, "beta_1": 0.8, "epsilon": 0.1}
TWELVE_STEPS = [{"batch_rows": N_ROWS, "epochs": 12}, {"batch_rows": 5, "epochs": 4}]
BY_ROW = {"batch_rows": 1, "epochs": 2}
EXTREMES = [-30, -25, -20.5, -15, -10, -7, -5, -3, -2, -1, -0.5, -0.1, -1e-3, -1e-8]
Z = [*EXTREMES, *(-z for z in reversed(EXTREMES))]


def name_of(record: Record) -> str:
    return "-".join(str(value) for value in record["procedure"].values())


def procedure_of(record: Record, engine: str) -> Hyperparameters:
    return Hyperparameters(**record["procedure"], shuffle=False, engine=engine)  # type: ignore[arg-type]


def trained(hyperparameters: Hyperparameters) -> Record:
    """What nntrain makes of the recorded rows and first parameters, in the shape of a record."""
    network = Network(SIZES, "tanh")
    network.parameters.vector[:] = RECORDED["parameters"]
    samples = Samples(np.array(RECORDED["x"]), np.array(RECORDED["y"]))
    losses = [result.loss for result in train(network, samples, hyperparameters)]
    return {"losses": losses, "parameters": network.parameters.vector.tolist()}


def difference(found: Record, expected: Record) -> float:
    """The largest of any loss or parameter, as a part of the number itself."""
    names = ("losses", "parameters")
    pairs = [(np.array(found[name]), np.array(expected[name])) for name in names]
    return max(float(np.max(np.abs(a - b) / np.abs(b))) for a, b in pairs)


def test_every_choice_is_recorded() -> None:
    procedures = [record["procedure"] for record in TRAININGS]
    assert set(OF_ACTIVATIONS) == set(choices.ACTIVATIONS)
    assert {procedure["optimizer"] for procedure in procedures} == set(choices.OPTIMIZERS)
    for optimizer in choices.OPTIMIZERS:
        of_it = [procedure for procedure in procedures if procedure["optimizer"] == optimizer]
        assert {procedure.get("alpha_schedule", "constant") for procedure in of_it} == set(
            choices.SCHEDULES
        )
        assert {procedure.get("weight_decay", 0) > 0 for procedure in of_it} == {False, True}
        assert {procedure["batch_rows"] for procedure in of_it} == {1, 5, N_ROWS}
    losses = [record["losses"] for record in TRAININGS if len(record["losses"]) > 2]
    assert all(of_epochs[-1] < of_epochs[0] for of_epochs in losses)


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize("record", TRAININGS, ids=name_of)
def test_training_gives_the_losses_and_parameters_of_pytorch(record: Record, engine: str) -> None:
    found = trained(procedure_of(record, engine))
    for name in ("losses", "parameters"):
        np.testing.assert_allclose(found[name], record[name], rtol=TOLERANCE)


def recorded(**fields: object) -> Record:
    """The first training with these among the fields of its procedure."""
    return next(
        procedure for procedure in TRAININGS if fields.items() <= procedure["procedure"].items()
    )


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"optimizer": "gradient_descent"}, {"alpha": 0.3 * (1 + 1e-7)}),
        ({"optimizer": "gradient_descent"}, {"batch_rows": 12}),
        ({"optimizer": "gradient_descent"}, {"optimizer": "momentum"}),
        ({"optimizer": "momentum"}, {"optimizer": "nesterov"}),
        ({"optimizer": "nesterov"}, {"optimizer": "momentum"}),
        ({"optimizer": "momentum"}, {"momentum": 0.9 * (1 + 1e-7)}),
        ({"beta_2": 0.95}, {"beta_2": 0.999}),
        ({"beta_2": 0.999}, {"beta_1": 0.9 * (1 + 1e-7)}),
        ({"beta_2": 0.999}, {"epsilon": 2e-8}),
        ({"alpha_schedule": "cosine"}, {"alpha_schedule": "linear"}),
        ({"alpha_schedule": "linear"}, {"alpha_schedule": "constant"}),
        ({"optimizer": "momentum", "weight_decay": 0.1}, {"weight_decay": 0.1 * (1 + 1e-6)}),
        ({"optimizer": "adam", "weight_decay": 0.1}, {"weight_decay": 0.0}),
    ],
    ids=str,
)
def test_the_comparison_sees_a_wrong_number_or_rule(
    fields: Record, changed: Record, engine: str
) -> None:
    record = recorded(**fields)
    hyperparameters = procedure_of(record, engine)
    assert difference(trained(hyperparameters), record) < TOLERANCE
    assert (
        difference(trained(dataclasses.replace(hyperparameters, **changed)), record) > 5 * TOLERANCE
    )


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize(
    ("kind", "record"),
    [(kind, record) for kind, records in OTHERWISE.items() for record in records],
    ids=lambda value: value if isinstance(value, str) else name_of(value),
)
def test_the_comparison_sees_another_decay(kind: str, record: Record, engine: str) -> None:
    assert kind in ("decay in the gradient", "decay of biases")
    hyperparameters = procedure_of(record, engine)
    assert difference(trained(hyperparameters), recorded(**record["procedure"])) < TOLERANCE
    assert difference(trained(hyperparameters), record) > 1e-4


def test_the_comparison_sees_a_schedule_that_is_an_iteration_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = recorded(alpha_schedule="linear")
    linear = SCHEDULES["linear"]
    monkeypatch.setitem(SCHEDULES, "linear", lambda t: linear(t + 1 / 12))
    assert difference(trained(procedure_of(record, "numpy")), record) > 1e-4


def value_and_slope(activation: Activation) -> tuple[Array, Array]:
    """At every recorded z."""
    z = np.array(RECORDED["z"])
    y, slope = z.copy(), np.ones_like(z)
    with np.errstate(over="ignore"):
        activation.apply(y)
        activation.backpropagate(slope, z.copy() if activation.needs_z else y.copy())
    return y, slope


def errors(activation: Activation, name: str) -> tuple[float, float]:
    """The largest of the values and of the slopes; relative, but below 1 absolute."""
    expected = np.array(OF_ACTIVATIONS[name]["y"]), np.array(OF_ACTIVATIONS[name]["slope"])
    of_y, of_slope = (
        float(np.max(np.abs(a - b) / np.maximum(np.abs(b), 1)))
        for a, b in zip(value_and_slope(activation), expected, strict=True)
    )
    return of_y, of_slope


ENGINES = {"numpy": ACTIVATIONS, "compiled": COMPILED_ACTIVATIONS}
ROUNDING = 3e-15


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_slope_are_those_of_pytorch(name: str, engine: str) -> None:
    assert max(errors(ENGINES[engine][name], name)) < ROUNDING


VANISHING = ["sigmoid", "softplus", "silu", "mish"]
"""Below 0 these and their slopes fade with e^z, to which there are full digits."""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", VANISHING)
def test_what_vanishes_below_0_is_that_of_pytorch_to_the_last_digits(
    name: str, engine: str
) -> None:
    below = np.array(RECORDED["z"]) < 0
    expected = OF_ACTIVATIONS[name]["y"], OF_ACTIVATIONS[name]["slope"]
    for a, b in zip(value_and_slope(ENGINES[engine][name]), expected, strict=True):
        np.testing.assert_allclose(a[below], np.array(b)[below], rtol=1e-13)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_comparison_tells_any_two_activations_apart(engine: str) -> None:
    for one, other in itertools.permutations(ACTIVATIONS, 2):
        assert min(errors(ENGINES[engine][one], other)) > 1e-3


def write() -> None:
    """Record PyTorch's numbers."""
    import torch  # noqa: PLC0415

    torch.set_default_dtype(torch.float64)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_ROWS, SIZES[0])).round(3)
    y = np.sin(x @ rng.normal(size=(SIZES[0], SIZES[-1]))).round(3)
    n_parameters = sum(n * (n_in + 1) for n_in, n in itertools.pairwise(SIZES))
    first = rng.normal(0, 0.5, n_parameters).round(3)

    def optimizer_of(
        hyperparameters: Record, network: Any, in_gradient: bool, of_biases: bool
    ) -> tuple[Any, Callable[[], None]]:
        """The optimizer, and what is to be done before each of its steps."""
        names = dict(network.named_parameters())
        weights = [names[name] for name in names if name.endswith("weight")]
        biases = [names[name] for name in names if name.endswith("bias")]
        decay, alpha = hyperparameters.get("weight_decay", 0.0), hyperparameters["alpha"]
        is_adam = hyperparameters["optimizer"] == "adam"
        in_optimizer = decay if is_adam or in_gradient else 0.0
        groups = [
            {"params": weights, "weight_decay": in_optimizer},
            {"params": biases, "weight_decay": in_optimizer if of_biases else 0.0},
        ]
        if is_adam:
            adam = torch.optim.Adam if in_gradient else torch.optim.AdamW
            betas = hyperparameters.get("beta_1", 0.9), hyperparameters.get("beta_2", 0.999)
            eps = hyperparameters.get("epsilon", 1e-8)
            return adam(groups, lr=alpha, betas=betas, eps=eps), lambda: None
        optimizer = torch.optim.SGD(
            groups,
            lr=alpha,
            momentum=hyperparameters.get("momentum", 0.0),
            nesterov=hyperparameters["optimizer"] == "nesterov",
        )

        def decay_apart() -> None:
            with torch.no_grad():
                for values in weights + (biases if of_biases else []):
                    values.mul_(1 - optimizer.param_groups[0]["lr"] * decay)

        return optimizer, (lambda: None) if in_gradient else decay_apart

    def training(
        hyperparameters: Record, in_gradient: bool = False, of_biases: bool = False
    ) -> Record:
        network = torch.nn.Sequential(
            torch.nn.Linear(SIZES[0], SIZES[1]),
            torch.nn.Tanh(),
            torch.nn.Linear(SIZES[1], SIZES[2]),
        )
        torch.nn.utils.vector_to_parameters(torch.tensor(first), network.parameters())
        optimizer, before_step = optimizer_of(hyperparameters, network, in_gradient, of_biases)
        size, epochs = hyperparameters["batch_rows"], hyperparameters["epochs"]
        n_iterations = epochs * math.ceil(N_ROWS / size)
        factor: Callable[[int], float] = {
            "constant": lambda _: 1.0,
            "cosine": lambda done: (1 + math.cos(math.pi * done / n_iterations)) / 2,
            "linear": lambda done: 1 - done / n_iterations,
        }[hyperparameters.get("alpha_schedule", "constant")]
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        losses = []
        for _ in range(epochs):
            summed = 0.0
            for start in range(0, N_ROWS, size):
                rows = slice(start, start + size)
                error = network(torch.tensor(x[rows])) - torch.tensor(y[rows])
                loss = 0.5 * (error**2).sum()
                summed += loss.item()
                optimizer.zero_grad()
                (loss / len(error)).backward()
                before_step()
                optimizer.step()
                schedule.step()
            losses.append(summed / N_ROWS)
        vector = torch.nn.utils.parameters_to_vector(network.parameters())
        return {"procedure": hyperparameters, "losses": losses, "parameters": vector.tolist()}

    def activation(function: Callable[[Any], Any]) -> Record:
        z = torch.tensor(Z, requires_grad=True)
        values = function(z)
        values.sum().backward()
        return {"y": values.tolist(), "slope": z.grad.tolist()}

    functions: dict[str, Callable[[Any], Any]] = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "identity": lambda z: 1.0 * z,
        "leaky_relu": lambda z: torch.nn.functional.leaky_relu(z, 0.01),
        "elu": torch.nn.functional.elu,
        "softplus": lambda z: torch.nn.functional.softplus(z, threshold=1e9),
        "silu": torch.nn.functional.silu,
        "mish": torch.nn.functional.mish,
    }
    decay = {"weight_decay": 0.1}
    schedules: list[Record] = [{}, {"alpha_schedule": "cosine"}, {"alpha_schedule": "linear"}]
    procedures = [
        {**rule, **steps, **schedule, **decays}
        for schedule, decays in itertools.product(schedules, [{}, decay])
        for rule, steps in itertools.product(RULES, TWELVE_STEPS)
    ]
    procedures += [{**rule, **BY_ROW} for rule in RULES]
    procedures += [{**LARGE_EPSILON, **steps} for steps in TWELVE_STEPS]
    decaying = [{**rule, **TWELVE_STEPS[1], **decay} for rule in RULES]
    sections: list[tuple[str, Any]] = [
        ("torch", torch.__version__),
        ("z", Z),
        ("activations", {name: activation(function) for name, function in functions.items()}),
        ("x", x.tolist()),
        ("y", y.tolist()),
        ("parameters", first.tolist()),
        ("trainings", [training(hyperparameters) for hyperparameters in procedures]),
        (
            "otherwise",
            {
                # Of plain gradient descent, the two decays are one.
                "decay in the gradient": [
                    training(procedure, in_gradient=True) for procedure in decaying[1:]
                ],
                "decay of biases": [training(procedure, of_biases=True) for procedure in decaying],
            },
        ),
    ]
    FILE.parent.mkdir(exist_ok=True)
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in sections)
    FILE.write_text("{\n" + text.replace("}, {", "},\n{").replace("}, ", "},\n") + "\n}\n")


if __name__ == "__main__":
    write()
