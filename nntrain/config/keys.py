"""The config: what a flat YAML file says, as a frozen dataclass.

Each key stands once, as a field of `Config` with its value type, meaning and default. The checks,
the `--set` option, `nntrain fit --help` and the guides' tables all read it from there.

To add a key, add a field here and read `config.<key>` where it takes effect. To add a choice to a
key, add its line to `choices.py` and its function, under the same name, to the engine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
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
    TEXT_ENCODINGS,
    TRANSFORMS,
)
from nntrain.config.contradictions import find_contradictions
from nntrain.config.unknown_keys import unknown_key
from nntrain.config.values import (
    ValueType,
    boolean,
    by_column,
    character,
    choice,
    list_of,
    number,
    one_or_more,
    optional,
    text,
    whole_number,
)
from nntrain.data.readers.dialect import Dialect
from nntrain.errors import MAX_MISTAKES, ConfigError, Mistake

NONE: dict[str, Any] = {}
"""The default of a key that is set by column: no column."""


@dataclass(frozen=True)
class UsedWith:
    """The values of another key without which a key has no effect."""

    key: str
    values: tuple[str, ...]


def key(
    value_type: ValueType,
    meaning: str,
    default: Any = dataclasses.MISSING,
    *,
    used_with: UsedWith | None = None,
    changes_model: bool = True,
) -> Any:
    """A field of `Config`; a key without a default is required.

    `changes_model` is False for a key that only says how fast or how safely a model is made.
    """
    metadata = {
        "value_type": value_type,
        "meaning": meaning,
        "used_with": used_with,
        "changes_model": changes_model,
    }
    if default is NONE:
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


COLUMN = text("a column name")
COLUMNS = list_of(COLUMN, "a list of column names, such as [age, height]", may_be_null=True)
CATEGORY = text("a category", may_be_empty=True)
CATEGORIES = "a list of categories"
NUMBER_PATTERNS = 'examples by column, such as {price: "$1,234.5"}'
DATE_FORMATS = 'formats by column, such as {sold_on: "%d/%m/%Y"}'
ORDERS = "lists by column, such as {size: [S, M, L]}"
WITH_ADAM = UsedWith("optimizer", ("adam",))


@dataclass(frozen=True, kw_only=True)
class Config:
    """How to train: every key of the YAML file, checked.

    `load_config` reads one from a file; `Config(target=("price",), alpha=0.1)` makes one in Python.
    Raises `ConfigError` naming each key that is out of its range.

    >>> Config(target=("price",), alpha=-1)
    Traceback (most recent call last):
    nntrain.errors.ConfigError: alpha: expects a number above 0, found -1
    """

    target: tuple[str, ...] = key(
        one_or_more(COLUMN, "a column name, or a list of column names"),
        "the column to predict, or a list of columns to predict together",
    )
    features: tuple[str, ...] | None = key(
        optional(COLUMNS), "the columns to learn from; not set: every other column", None
    )
    ignore: tuple[str, ...] = key(COLUMNS, "columns that are never learned from", ())
    numbers: Mapping[str, str] = key(
        by_column(text("a number as the column writes it"), NUMBER_PATTERNS),
        "how columns write their numbers, each by an example: signs, units, marks of thousands",
        NONE,
    )
    date_format: Mapping[str, str] = key(
        by_column(text("a date format such as %d/%m/%Y"), DATE_FORMATS),
        "how columns write their dates or times, in strptime's codes; or iso, unix, unix_ms",
        NONE,
    )
    categorical: tuple[str, ...] = key(
        COLUMNS, "columns to read as names even where they look like numbers (zip codes)", ()
    )
    ordered: Mapping[str, tuple[str, ...]] = key(
        by_column(list_of(CATEGORY, CATEGORIES), ORDERS),
        "columns whose categories have an order, and this order, the lowest first",
        NONE,
    )
    weight: str | None = key(
        optional(COLUMN),
        "a column of sample weights: each row counts by its weight; it is never a feature",
        None,
    )
    max_categories: int = key(
        whole_number(1),
        "a text column with more categories than this becomes two inputs, the mean of the target "
        "by category and the rows of the category, instead of one input for each",
        100,
    )
    min_count: int = key(
        whole_number(1),
        "categories of fewer training rows than this are rare: they share one input",
        1,
    )
    hidden_layers: tuple[int, ...] = key(
        list_of(whole_number(1, 1_000_000), "a list of whole numbers, such as [16] or [64, 64]"),
        "neurons of each hidden layer; [] is a linear model",
        (16,),
    )
    activation: str = key(
        choice(ACTIVATIONS),
        "the activation function of the hidden layers; the output layer is linear",
        "sigmoid",
    )
    initialization: str = key(
        choice(INITIALIZATIONS), "how the weights are drawn before training", "glorot_uniform"
    )
    alpha: float = key(number(0, low_open=True), "the learning rate α", 0.1)
    alpha_schedule: str = key(
        choice(SCHEDULES),
        "the learning rate as training goes on; t is the part of all iterations that is done",
        "constant",
    )
    optimizer: str = key(
        choice(OPTIMIZERS),
        "how the gradient g of a batch changes the weights and biases θ",
        "gradient_descent",
    )
    momentum: float = key(
        number(0, 1, high_open=True),
        "the part of its velocity v that the optimizer keeps in each iteration",
        0.9,
        used_with=UsedWith("optimizer", ("momentum", "nesterov")),
    )
    beta_1: float = key(
        number(0, 1, high_open=True),
        "the part of its mean gradient m that adam keeps in each iteration",
        0.9,
        used_with=WITH_ADAM,
    )
    beta_2: float = key(
        number(0, 1, high_open=True),
        "the part of its mean squared gradient v that adam keeps in each iteration",
        0.999,
        used_with=WITH_ADAM,
    )
    epsilon: float = key(
        number(0, low_open=True),
        "the number that adam adds to the root of its mean squared gradient v",
        1e-8,
        used_with=WITH_ADAM,
    )
    weight_decay: float = key(
        number(0), "λ: each iteration also shrinks the weights, w := w - α λ w, not the biases", 0.0
    )
    epochs: int = key(
        whole_number(0), "passes through the training rows; 0 saves the initial network", 200
    )
    batch_mode: str = key(
        choice(BATCH_MODES), "how the training rows are grouped into iterations", "mini-batch"
    )
    batch_size: int = key(
        whole_number(1),
        "rows of a mini-batch; the other batch modes do not use it",
        32,
        used_with=UsedWith("batch_mode", ("mini-batch",)),
    )
    tau: float = key(
        number(0),
        "the early-stopping tolerance τ: stop after an epoch that moved no weight or bias by τ "
        "or more; 0 never stops early",
        0.0,
    )
    patience: int | None = key(
        optional(whole_number(1)),
        "stop after this many epochs without a lower validation loss; not set: never",
        None,
    )
    keep: str = key(choice(KEEPS), "which weights the model gets", "last")
    ensemble: int = key(
        whole_number(1, 1000),
        "how many networks to train, each from its own seed; predictions are their mean",
        1,
    )
    shuffle: bool = key(
        boolean(), "true: a new row order in each epoch; false: the file's order", True
    )
    standardize: bool = key(
        boolean(),
        "scale features and targets to mean 0 and deviation 1; 0/1 inputs stay as they are",
        True,
    )
    numeric_encoding: str = key(
        choice(ENCODINGS), "the inputs that the network gets for a column of numbers", "standard"
    )
    bins: int = key(
        whole_number(1, 1000),
        "the most bins that the piecewise linear encoding makes of a column",
        8,
        used_with=UsedWith("numeric_encoding", ("piecewise_linear",)),
    )
    target_transform: str = key(
        choice(TRANSFORMS), "the form of the target that the network learns", "none"
    )
    clamp_predictions: bool = key(
        boolean(), "keep predictions within the range that the target has in training", False
    )
    validation_fraction: float = key(
        number(0, 1, high_open=True),
        "part of the rows held out, whose loss is logged each epoch; each network of an ensemble "
        "holds out rows of its own",
        0.0,
    )
    calibration_fraction: float = key(
        number(0, 1, high_open=True),
        "part of the rows set aside for prediction intervals: nothing is learned from them or "
        "chosen by them; validation_fraction is a part of the other rows",
        0.0,
    )
    missing_values: tuple[str, ...] = key(
        list_of(text("a text", may_be_empty=True), 'a list of texts, such as ["", NA]'),
        "texts that mean a missing cell in a column of numbers",
        ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"),
    )
    missing_target: str = key(
        choice(MISSING_TARGETS), "what to do with a row that has no target", "error"
    )
    delimiter: str | None = key(
        optional(character()),
        "what separates the cells of the training table; not set: found in its header line",
        None,
    )
    decimal: str = key(choice(DECIMALS), "the decimal mark of the training table", ".")
    encoding: str = key(
        choice(TEXT_ENCODINGS),
        "the encoding of the training table; UTF-16 with its mark is found without it",
        "utf-8",
    )
    row_sketch: bool = key(
        boolean(),
        "keep hashes of training rows in the model, by which evaluate, explain and report know "
        "such rows again; see nntrain guide files",
        True,
    )
    dtype: str = key(choice(DTYPES), "precision of the network's numbers", "float64")
    seed: int = key(
        whole_number(0, 2**32 - 1),
        "the seed of all random choices: initial weights, row order, rows held out",
        0,
    )
    engine: str = key(choice(ENGINES), "what does the arithmetic of training", "auto")
    threads: int | None = key(
        optional(whole_number(1, 1024)),
        "threads for large batches; the result does not depend on it; not set: all cores",
        None,
        changes_model=False,
    )
    checkpoint_seconds: float = key(
        number(0),
        "the least time between two checkpoints, in seconds; 0: one after each epoch",
        10.0,
        changes_model=False,
    )

    def __post_init__(self) -> None:
        for name in VALUE_TYPES:
            value = getattr(self, name)
            if isinstance(value, list) or (name == "target" and isinstance(value, str)):
                as_tuple = (value,) if isinstance(value, str) else tuple(value)
                object.__setattr__(self, name, as_tuple)
            elif isinstance(value, dict):
                object.__setattr__(self, name, {k: _as_tuple(v) for k, v in value.items()})
        mistakes = [
            Mistake(f"expects {value_type.expects}, found {getattr(self, name)!r}", name)
            for name, value_type in VALUE_TYPES.items()
            if not value_type.is_valid(getattr(self, name))
        ]
        if mistakes := mistakes or list(find_contradictions(vars(self))):
            raise ConfigError(*mistakes)

    def as_dict(self) -> dict[str, Any]:
        """Every key that can change the model, as JSON types; `from_dict` is the way back."""
        values = dataclasses.asdict(self)
        return {
            name: _as_json(value) for name, value in values.items() if name not in WITHOUT_EFFECT
        }

    @property
    def dialect(self) -> Dialect:
        """How the text of the training table is written."""
        return Dialect(self.delimiter, self.decimal, self.encoding)

    @property
    def has_rows_for_intervals(self) -> bool:
        """Whether there are rows for prediction intervals: calibration rows or held-out ones."""
        return self.calibration_fraction > 0 or self.members_hold_out

    @property
    def members_hold_out(self) -> bool:
        """Whether each network of an ensemble holds out rows of its own."""
        return self.ensemble > 1 and self.validation_fraction > 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a key names."""
        weight = (self.weight,) if self.weight else ()
        by_kind = (self.categorical, self.numbers, self.date_format, self.ordered)
        named = (name for names in by_kind for name in names)
        return (*self.target, *(self.features or ()), *self.ignore, *named, *weight)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Config:
        """A config from the JSON types of `as_dict`.

        Raises `ConfigError` for an unknown key or a value out of its range.
        """
        unknown = [name for name in values if name not in VALUE_TYPES]
        mistakes = [unknown_key(name, VALUE_TYPES) for name in unknown[: MAX_MISTAKES + 1]]
        if "target" not in values:
            mistakes.append(Mistake(NO_TARGET))
        if mistakes:
            raise ConfigError(*mistakes)
        return cls(**values)


def _as_tuple(value: Any) -> Any:
    """A list as a tuple."""
    return tuple(value) if isinstance(value, list) else value


def _as_json(value: Any) -> Any:
    """A value of a key in JSON types."""
    if isinstance(value, dict):
        return {name: _as_json(element) for name, element in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _from_metadata(name: str) -> dict[str, Any]:
    return {f.name: f.metadata[name] for f in dataclasses.fields(Config)}


VALUE_TYPES: dict[str, ValueType] = _from_metadata("value_type")
MEANINGS: dict[str, str] = _from_metadata("meaning")
DEFAULTS: dict[str, Any] = {
    f.name: f.default if f.default_factory is dataclasses.MISSING else f.default_factory()
    for f in dataclasses.fields(Config)
}
USED_WITH: dict[str, UsedWith] = {
    name: used_with for name, used_with in _from_metadata("used_with").items() if used_with
}
WITHOUT_EFFECT = tuple(
    name for name, changes in _from_metadata("changes_model").items() if not changes
)
"""Keys on which the model does not depend."""

NO_TARGET = "the key target is missing: name the column to predict, as in `target: price`"
