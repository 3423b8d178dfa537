"""The trainings of a run, one for each network: initial weights, rows and hyperparameters."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from nntrain.arrays import Mask
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

HeldOut = list[Mask]
"""For each network, which of the rows (n_rows,) it is not trained on."""

SHARED_FIELDS = {field.name for field in fields(Config)} & {
    field.name for field in fields(Hyperparameters)
}


def make_samples(encoded: Encoded, dtype: str) -> Samples:
    """Encoded rows as samples in the precision of the network."""
    if encoded.weights is None:
        return Samples(encoded.x, encoded.y)
    return Samples(encoded.x, encoded.y, encoded.weights.astype(dtype)[:, None])


def rows_held_out(config: Config, n_rows: int) -> HeldOut | None:
    """The rows that each network of an ensemble holds out for validation, or None.

    Raises `DataError` where no row would be left to train on.
    """
    if not config.members_hold_out:
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
    """The trainings of all networks; from the weights of the model `start`, or from new ones.

    Each network is validated on the rows that it holds out, or all on the samples `validation`.
    """
    trainings = []
    for j in range(config.ensemble):
        network = _network(config, samples.x.shape[1], j, start)
        if held_out is None:
            hyperparameters = _hyperparameters(config, network, len(samples), j)
            trainings.append(Training(network, samples, hyperparameters, validation))
        else:
            rows, out = np.flatnonzero(~held_out[j]), np.flatnonzero(held_out[j])
            hyperparameters = _hyperparameters(config, network, len(rows), j)
            trainings.append(Training(network, samples, hyperparameters, rows=rows, held_out=out))
    return trainings


def _network(config: Config, n_inputs: int, j: int, start: Model | None) -> Network:
    """The j-th network with its initial parameters."""
    sizes = (n_inputs, *config.hidden_layers, len(config.target))
    network = Network(sizes, config.activation, config.dtype)
    if start:
        network.parameters.vector[:] = start.networks[j].parameters.vector
    else:
        rng = random_stream(config.seed, INITIAL_WEIGHTS, _member(config, j))
        network.initialize(rng, config.initialization)
    return network


def _member(config: Config, j: int) -> int:
    """The number of the j-th network of an ensemble, from 1; 0 for a network alone."""
    return j + 1 if config.ensemble > 1 else 0


def _hyperparameters(config: Config, network: Network, n_rows: int, j: int) -> Hyperparameters:
    """How the j-th network learns from `n_rows` rows.

    Every field that the config and `Hyperparameters` share by name is taken as it is, but for
    `threads` and `engine`, which depend on the machine and the work to do.
    """
    batch_rows = rows_per_iteration(config.batch_mode, config.batch_size, n_rows)
    n_iterations = config.ensemble * config.epochs * -(-n_rows // batch_rows)
    threads = config.threads or available_cores()
    values: dict[str, Any] = {name: getattr(config, name) for name in SHARED_FIELDS}
    values["threads"] = max(1, threads // config.ensemble)
    values["engine"] = select_engine(config.engine, network, batch_rows, n_iterations)
    return Hyperparameters(**values, batch_rows=batch_rows, member=_member(config, j))
