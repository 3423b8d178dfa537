"""What to say about a key that does not exist: the key that the user most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from nntrain.errors import Mistake

KNOWN_ELSEWHERE = {
    "learning_rate": ("alpha", "the learning rate"),
    "learning_rate_init": ("alpha", "the learning rate"),
    "lr": ("alpha", "the learning rate"),
    "eta": ("alpha", "the learning rate"),
    "layers": ("hidden_layers", "the neurons of each hidden layer"),
    "hidden_layer_sizes": ("hidden_layers", "the neurons of each hidden layer"),
    "layer_sizes": ("hidden_layers", "the neurons of each hidden layer"),
    "tolerance": ("tau", "the early-stopping tolerance"),
    "tol": ("tau", "the early-stopping tolerance"),
    "n_epochs": ("epochs", "passes through the data"),
    "max_iter": ("epochs", "passes through the data"),
    "iterations": ("epochs", "passes through the data"),
    "batch": ("batch_mode or batch_size", "the kind of batch and its rows"),
    "mode": ("batch_mode", "batch, stochastic or mini-batch"),
    "random_state": ("seed", "the seed of every random choice"),
    "random_seed": ("seed", "the seed of every random choice"),
    "targets": ("target", "one column or a list of columns"),
    "y": ("target", "one column or a list of columns"),
    "label": ("target", "one column or a list of columns"),
    "output": ("target", "one column or a list of columns"),
    "inputs": ("features", "the columns to learn from"),
    "columns": ("features", "the columns to learn from"),
    "drop": ("ignore", "columns to leave out"),
    "exclude": ("ignore", "columns to leave out"),
    "normalize": ("standardize", "mean 0, deviation 1"),
    "scale": ("standardize", "mean 0, deviation 1"),
    "validation_split": ("validation_fraction", "the part of the rows held out"),
    "calibration_size": ("calibration_fraction", "the part of the rows kept for intervals"),
    "test_size": ("validation_fraction", "the part of the rows held out"),
    "sample_weight": ("weight", "a column of sample weights"),
    "weights": ("weight", "a column of sample weights"),
    "na_values": ("missing_values", "texts that mean a missing cell"),
    "solver": ("optimizer", "how the weights follow the gradient"),
    "learning_rate_schedule": ("alpha_schedule", "how α falls"),
    "beta1": ("beta_1", "a coefficient of adam"),
    "beta2": ("beta_2", "a coefficient of adam"),
    "eps": ("epsilon", "a coefficient of adam"),
    "l2": ("weight_decay", "what shrinks the weights"),
    "n_iter_no_change": ("patience", "epochs without a lower validation loss"),
    "early_stopping_rounds": ("patience", "epochs without a lower validation loss"),
    "n_estimators": ("ensemble", "networks to average"),
    "members": ("ensemble", "networks to average"),
    "n_bins": ("bins", "bins of the piecewise linear encoding"),
    "init": ("initialization", "how weights are drawn"),
    "sep": ("delimiter", "what separates the cells"),
}
"""Names that other tools use: for each the key of nntrain, and what that key means."""


def unknown_key(name: str, keys: Iterable[str]) -> Mistake:
    """The mistake of a key that is not among `keys`, with the key that may have been meant.

    >>> print(unknown_key("lr", ["alpha", "epochs"]))
    unknown key 'lr': did you mean alpha, the learning rate?
    >>> print(unknown_key("epoch", ["alpha", "epochs"]))
    unknown key 'epoch': did you mean epochs?
    """
    if name in KNOWN_ELSEWHERE:
        key, meaning = KNOWN_ELSEWHERE[name]
        return Mistake(f"unknown key {name!r}: did you mean {key}, {meaning}?")
    near = difflib.get_close_matches(name, keys, 1)
    if near:
        return Mistake(f"unknown key {name!r}: did you mean {near[0]}?")
    return Mistake(f"unknown key {name!r}; `nntrain fit --help` lists the keys")
