"""The config: what a flat YAML file says, as a frozen dataclass.

Each key stands once, as a field of `Config` with its kind, default and meaning; the checks, the
`--set` option, `nntrain fit --help` and the README's table all read it from there.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nntrain.config.choices import (
    ACTIVATIONS,
    BATCH_MODES,
    DECIMALS,
    DTYPES,
    ENCODINGS,
    ENGINES,
    INITIALIZATIONS,
    KEEPS,
    MISSING_TARGETS,
    OPTIMIZERS,
    SCHEDULES,
    TRANSFORMS,
)
from nntrain.config.values import (
    Kind,
    boolean,
    choice,
    either,
    integer,
    list_of,
    number,
    optional,
    separator,
    text,
)
from nntrain.errors import ConfigError

MAX_MISTAKES = 20
WITHOUT_EFFECT = ("threads", "checkpoint_seconds")
"""Keys that no result depends on."""

WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan")
"""Texts that some YAML reader would not take as text."""

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
    "random_state": ("seed", "of every random choice"),
    "random_seed": ("seed", "of every random choice"),
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
    "solver": ("optimizer", "how weights follow the gradient"),
    "learning_rate_schedule": ("alpha_schedule", "how α falls"),
    "beta1": ("beta_1", "a coefficient of adam"),
    "beta2": ("beta_2", "a coefficient of adam"),
    "eps": ("epsilon", "a coefficient of adam"),
    "l2": ("weight_decay", "what shrinks the weights"),
    "n_iter_no_change": ("patience", "epochs without a lower validation loss"),
    "early_stopping_rounds": ("patience", "epochs without a lower validation loss"),
    "n_estimators": ("ensemble", "networks to average"),
    "members": ("ensemble", "networks to average"),
    "n_bins": ("bins", "of the piecewise linear encoding"),
    "init": ("initialization", "how weights are drawn"),
    "sep": ("delimiter", "what separates the cells"),
}


def key(kind: Kind, meaning: str, default: Any = dataclasses.MISSING) -> Any:
    """A field of `Config`: what it may hold, what it means, and its default (none: required)."""
    return field(default=default, metadata={"kind": kind, "meaning": meaning})


COLUMN = text("a column name")
COLUMNS = list_of(COLUMN, "a list of column names, such as [age, height]")


@dataclass(frozen=True, kw_only=True)
class Config:
    """How to train: every key of the YAML file, checked.

    `load_config` reads one from a file; `Config(target=("price",), alpha=0.1)` makes one in Python.
    Raises `ConfigError` naming each key that is out of its range.
    """

    target: tuple[str, ...] = key(
        either(COLUMN, "a column name, or a list of column names"),
        "the column to predict, or a list of columns (several outputs)",
    )
    features: tuple[str, ...] | None = key(
        optional(COLUMNS), "the columns to learn from; not set: every other column", None
    )
    ignore: tuple[str, ...] = key(COLUMNS, "columns to leave out, always", ())
    categorical: tuple[str, ...] = key(
        COLUMNS, "columns whose cells are names even where they look like numbers (zip codes)", ()
    )
    weight: str | None = key(
        optional(COLUMN),
        "a column of sample weights: each row counts by its weight, never a feature",
        None,
    )
    max_categories: int = key(
        integer(1), "a text column with more distinct values than this is an error", 100
    )
    hidden_layers: tuple[int, ...] = key(
        list_of(integer(1, 1_000_000), "a list of whole numbers, such as [16] or [64, 64]"),
        "neurons of each hidden layer; [] is a linear model",
        (16,),
    )
    activation: str = key(
        choice(ACTIVATIONS), "of the hidden layers; the output layer is linear", "sigmoid"
    )
    initialization: str = key(
        choice(INITIALIZATIONS), "how weights are drawn before training", "glorot_uniform"
    )
    alpha: float = key(number(0, low_open=True), "the learning rate α", 0.1)
    alpha_schedule: str = key(
        choice(SCHEDULES), "α in an iteration before which the part t of all is done", "constant"
    )
    optimizer: str = key(
        choice(OPTIMIZERS), "how weights follow the gradient g of a batch", "gradient_descent"
    )
    momentum: float = key(
        number(0, 1, high_open=True), "what momentum and nesterov keep of their velocity", 0.9
    )
    beta_1: float = key(number(0, 1, high_open=True), "what adam keeps of its mean gradient", 0.9)
    beta_2: float = key(
        number(0, 1, high_open=True), "what adam keeps of its mean squared gradient", 0.999
    )
    epsilon: float = key(
        number(0, low_open=True), "what adam adds to the root of its mean squared gradient", 1e-8
    )
    weight_decay: float = key(
        number(0), "λ: w := w - α λ w in each iteration, biases excepted", 0.0
    )
    epochs: int = key(integer(0), "passes through the data; 0 saves the initial network", 200)
    batch_mode: str = key(
        choice(BATCH_MODES), "how rows are grouped for an iteration", "mini-batch"
    )
    batch_size: int = key(integer(1), "rows of a mini-batch; other modes do not use it", 32)
    tau: float = key(
        number(0),
        "the early-stopping tolerance τ: stop after an epoch that moved no weight or bias by τ "
        "or more; 0 never stops early",
        0.0,
    )
    patience: int | None = key(
        optional(integer(1)),
        "stop after so many epochs without a lower validation loss; not set: never",
        None,
    )
    keep: str = key(choice(KEEPS), "which weights the model gets", "last")
    ensemble: int = key(
        integer(1, 1000), "networks that are trained, each from its own seed, and averaged", 1
    )
    shuffle: bool = key(boolean(), "a new row order each epoch; false keeps the file's order", True)
    standardize: bool = key(
        boolean(), "features and targets to mean 0, deviation 1; 0/1 inputs stay as they are", True
    )
    numeric_encoding: str = key(
        choice(ENCODINGS), "the inputs that a column of numbers becomes", "standard"
    )
    bins: int = key(integer(1, 1000), "the most bins of a piecewise linear encoding", 8)
    target_transform: str = key(choice(TRANSFORMS), "what the network learns of a target", "none")
    clamp_predictions: bool = key(
        boolean(), "predictions stay in the range that the target has in training", False
    )
    validation_fraction: float = key(
        number(0, 1, high_open=True),
        "part of the rows held out, their loss logged each epoch; each network of an ensemble "
        "holds out its own",
        0.0,
    )
    calibration_fraction: float = key(
        number(0, 1, high_open=True),
        "part of the rows kept for prediction intervals: nothing is learned from them or chosen by "
        "them; validation_fraction is of the rest",
        0.0,
    )
    missing_values: tuple[str, ...] = key(
        list_of(text("a text", may_be_empty=True), 'a list of texts, such as ["", NA]'),
        "texts that mean a missing cell in a numeric column",
        ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"),
    )
    missing_target: str = key(
        choice(MISSING_TARGETS), "what to do with a row that has no target", "error"
    )
    delimiter: str | None = key(
        optional(separator()),
        "what separates the cells of the training table; not set: found in its header line",
        None,
    )
    decimal: str = key(choice(DECIMALS), "the decimal mark of the training table", ".")
    dtype: str = key(choice(DTYPES), "precision of the network's numbers", "float64")
    seed: int = key(integer(0, 2**32 - 1), "of the weights, the row order and the split", 0)
    engine: str = key(choice(ENGINES), "what does the arithmetic", "auto")
    threads: int | None = key(
        optional(integer(1, 1024)),
        "threads for large batches, no matter for the result; not set: all cores",
        None,
    )
    checkpoint_seconds: float = key(
        number(0), "training between two checkpoints, at least; 0: one after each epoch", 10.0
    )

    def __post_init__(self) -> None:
        for name in KINDS:
            value = getattr(self, name)
            if isinstance(value, list) or (name == "target" and isinstance(value, str)):
                as_tuple = (value,) if isinstance(value, str) else tuple(value)
                object.__setattr__(self, name, as_tuple)
        mistakes = [
            f"{name}: expects {kind.expects}, found {getattr(self, name)!r}"
            for name, kind in KINDS.items()
            if not kind.valid(getattr(self, name))
        ]
        if mistakes := mistakes or _contradictions(self):
            raise ConfigError(first_of(mistakes))

    def as_dict(self) -> dict[str, Any]:
        """Every key that can change the result, as JSON types; `from_dict` is the way back."""
        values = dataclasses.asdict(self)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if name not in WITHOUT_EFFECT
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Config:
        """A config from the JSON types of `as_dict`.

        Raises `ConfigError` for an unknown key or a value out of its range.
        """
        unknown = [name for name in values if name not in KINDS]
        mistakes = [unknown_key(name) for name in unknown[: MAX_MISTAKES + 1]]
        if "target" not in values:
            mistakes.append(NO_TARGET)
        if mistakes:
            raise ConfigError(first_of(mistakes))
        return cls(**values)


KINDS: dict[str, Kind] = {f.name: f.metadata["kind"] for f in dataclasses.fields(Config)}
MEANINGS: dict[str, str] = {f.name: f.metadata["meaning"] for f in dataclasses.fields(Config)}
DEFAULTS: dict[str, Any] = {f.name: f.default for f in dataclasses.fields(Config)}
NO_TARGET = "the key target is missing: name the column to predict, as in `target: price`"


def as_yaml(value: Any) -> str:
    """A value of a key as it would be written in a config."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        is_plain = re.fullmatch(r"[A-Za-z][\w-]*", value, re.ASCII) and value.lower() not in WORDS
        return value if is_plain else _quoted_yaml(value)
    return "null" if value is None else str(value)


def _quoted_yaml(value: str) -> str:
    """A text in double quotes, what does not print escaped: JSON, but for a few characters more."""
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def default_text(name: str) -> str:
    """A key's default for a person to read."""
    default = DEFAULTS[name]
    if default is dataclasses.MISSING:
        return "required"
    return "not set" if default is None else f"default {as_yaml(default)}"


def first_of(mistakes: Sequence[str]) -> str:
    """Mistakes for a message, a line for each; of very many the first ones."""
    more = ["there are more mistakes than these"] if len(mistakes) > MAX_MISTAKES else []
    return "\n".join([*mistakes[:MAX_MISTAKES], *more])


def _contradictions(config: Config) -> list[str]:
    """What no single key can tell: keys that do not go together."""
    mistakes = []
    targets = set(config.target)
    for name in ("target", "features", "ignore", "categorical"):
        columns = getattr(config, name) or ()
        mistakes += [
            f"{name}: names the column {column!r} twice; name it once"
            for column, count in sorted(Counter(columns).items())
            if count > 1
        ]
        mistakes += [
            f"{name}: names {column!r}, which is the target; remove it here"
            for column in columns
            if name != "target" and column in targets
        ]
    for name in ("target", "features", "categorical"):
        if config.weight is not None and config.weight in (getattr(config, name) or ()):
            mistakes.append(f"weight: names {config.weight!r}, which stands under {name} too")
    if config.features == ():
        mistakes.append("features: is empty; name a column, or remove the key to use every column")
    if config.delimiter == config.decimal:
        mistakes.append(f"decimal: is the delimiter too, {config.decimal!r}; one must differ")
    return mistakes


def unknown_key(name: str) -> str:
    """The message about a key that does not exist."""
    if name in KNOWN_ELSEWHERE:
        ours, meaning = KNOWN_ELSEWHERE[name]
        return f"unknown key {name!r}: did you mean {ours}, {meaning}?"
    near = difflib.get_close_matches(name, KINDS, 1)
    if near:
        return f"unknown key {name!r}: did you mean {near[0]}?"
    return f"unknown key {name!r}; `nntrain fit --help` lists the keys"
