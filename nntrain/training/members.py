"""The trainings of a run, one for each network: from which weights, on which rows, and how."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nntrain.config.keys import Config
from nntrain.data.preprocessing.encode import Encoded
from nntrain.engine.backend import select_engine
from nntrain.engine.batches import Samples, rows_per_iteration
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network
from nntrain.engine.random_streams import INITIAL_WEIGHTS, random_stream
from nntrain.engine.training import Training
from nntrain.errors import DataError
from nntrain.model.model import Model
from nntrain.threads import available_cores
from nntrain.training.split import hold_outs

HeldOut = list[NDArray[np.bool_]]


def make_samples(encoded: Encoded, dtype: str) -> Samples:
    """Encoded rows as a network learns from them."""
    if encoded.weights is None:
        return Samples(encoded.x, encoded.y)
    return Samples(encoded.x, encoded.y, encoded.weights.astype(dtype)[:, None])


def rows_held_out(config: Config, n_rows: int) -> HeldOut | None:
    """The rows that each network of an ensemble holds out, if any."""
    if config.ensemble == 1 or config.validation_fraction == 0:
        return None
    held_out = hold_outs(n_rows, config)
    if held_out[0].all():
        raise DataError(
            f"validation_fraction {config.validation_fraction:g} holds out all of the "
            f"{n_rows} rows; lower it"
        )
    return held_out


def make_trainings(
    config: Config,
    samples: Samples,
    validation: Samples | None,
    held_out: HeldOut | None,
    start: Model | None,
) -> list[Training]:
    """The trainings of all networks, from the weights of `start` if there is one.

    They are validated by the rows that each holds out, or all by the same others, if any.
    """
    trainings = []
    for j in range(config.ensemble):
        network = _network(config, samples.x.shape[1], j, start)
        if held_out is None:
            hyperparameters = _hyperparameters(config, network, len(samples), j)
            trainings.append(Training(network, samples, hyperparameters, validation))
        else:
            rows, out = (np.flatnonzero(of) for of in (~held_out[j], held_out[j]))
            hyperparameters = _hyperparameters(config, network, len(rows), j)
            trainings.append(Training(network, samples, hyperparameters, rows=rows, held_out=out))
    return trainings


def _network(config: Config, n_inputs: int, j: int, start: Model | None) -> Network:
    """The j-th network, as training begins with it."""
    sizes = (n_inputs, *config.hidden_layers, len(config.target))
    network = Network(sizes, config.activation, config.dtype)
    if start:
        network.parameters.vector[:] = start.networks[j].parameters.vector
    else:
        rng = random_stream(config.seed, INITIAL_WEIGHTS, _member(config, j))
        network.initialize(rng, config.initialization)
    return network


def _member(config: Config, j: int) -> int:
    """The number of the j-th network, which a network alone does not have."""
    return j + 1 if config.ensemble > 1 else 0


def _hyperparameters(config: Config, network: Network, n_rows: int, j: int) -> Hyperparameters:
    """How the j-th network learns from so many rows."""
    batch_rows = rows_per_iteration(config.batch_mode, config.batch_size, n_rows)
    n_iterations = config.ensemble * config.epochs * -(-n_rows // batch_rows)
    threads = config.threads or available_cores()
    return Hyperparameters(
        alpha=config.alpha,
        epochs=config.epochs,
        batch_rows=batch_rows,
        tau=config.tau,
        shuffle=config.shuffle,
        seed=config.seed,
        threads=max(1, threads // config.ensemble),
        engine=select_engine(config.engine, network, batch_rows, n_iterations),
        optimizer=config.optimizer,
        momentum=config.momentum,
        beta_1=config.beta_1,
        beta_2=config.beta_2,
        epsilon=config.epsilon,
        alpha_schedule=config.alpha_schedule,
        weight_decay=config.weight_decay,
        keep=config.keep,
        patience=config.patience,
        member=_member(config, j),
    )
