"""The config: a flat YAML file as a frozen dataclass.

Each key stands once, as a field of `Config` with its kind, default and meaning; the checks, the
`--set` option, `nntrain fit --help` and the README's table all read it from there.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from nntrain.choices import (
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
from nntrain.errors import ConfigError
from nntrain.kinds import (
    Kind,
    Scalar,
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

log = logging.getLogger(__name__)

MAX_CONFIG_BYTES = 1 << 20
MAX_SHOWN = 70
MAX_MISTAKES = 20
LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line for YAML."""

WITHOUT_EFFECT = ("threads", "checkpoint_seconds")
"""Keys that no result depends on."""

WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan")
"""Texts that some YAML reader would not take as text."""

USED_ONLY_WITH = (
    ("batch_size", "batch_mode", ("mini-batch",)),
    ("momentum", "optimizer", ("momentum", "nesterov")),
    ("beta_1", "optimizer", ("adam",)),
    ("beta_2", "optimizer", ("adam",)),
    ("epsilon", "optimizer", ("adam",)),
    ("bins", "numeric_encoding", ("piecewise_linear",)),
)
"""Keys that do nothing unless another key has one of these values."""

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
            raise ConfigError(_first(mistakes))

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
        mistakes = [_unknown(name) for name in unknown[: MAX_MISTAKES + 1]]
        if "target" not in values:
            mistakes.append(NO_TARGET)
        if mistakes:
            raise ConfigError(_first(mistakes))
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


def default_of(name: str) -> str:
    """A key's default for a person to read."""
    default = DEFAULTS[name]
    if default is dataclasses.MISSING:
        return "required"
    return "not set" if default is None else f"default {as_yaml(default)}"


def load_config(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """The config in a YAML file, with `KEY=VALUE` overrides typed by the same rules.

    Raises `ConfigError` naming each mistake: file, line, key and what was expected, and below it
    the line itself, indented.

    >>> config = load_config("configs/concrete.yaml", ["epochs=10"])
    """
    return parse_config(_read(Path(path)), str(path), overrides)


def parse_config(source: str, name: str = "config", overrides: Iterable[str] = ()) -> Config:
    """`load_config` for YAML text; `name` stands for the file in messages."""
    try:
        return _parse(source, name, overrides)
    except ConfigError as error:
        shown = [_with_its_line(mistake, source, name) for mistake in str(error).split("\n")]
        raise ConfigError("\n".join(shown)) from None


def _parse(source: str, name: str, overrides: Iterable[str]) -> Config:
    mistakes: list[str] = []
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for place, key_name, value in [*_entries(source, name), *_overrides(overrides)]:
        if len(mistakes) > MAX_MISTAKES:
            raise ConfigError(_first(mistakes))
        is_override = place.startswith("--set")
        if key_name not in KINDS:
            mistakes.append(f"{place}: {_unknown(key_name)}")
        elif key_name in places and not is_override:
            mistakes.append(f"{place}: {key_name} stands twice; first at {places[key_name]}")
        else:
            places[key_name] = place
            try:
                values[key_name] = KINDS[key_name].read(value)
            except ValueError as error:
                mistakes.append(f"{place}: {key_name} {error}")
    if "target" not in places:
        mistakes.append(f"{name}: {NO_TARGET}")
    if mistakes:
        raise ConfigError(_first(mistakes))
    try:
        config = Config(**values)
    except ConfigError as error:
        found = [line.partition(": ") for line in str(error).split("\n")]
        lines = [
            f"{places.get(key_name, name)}: {key_name} {what}" if colon else key_name
            for key_name, colon, what in found
        ]
        raise ConfigError("\n".join(lines)) from None
    _note_unused(config)
    return config


def _note_unused(config: Config) -> None:
    """Note the keys that have been given a value which nothing looks at."""
    for name, of, users in USED_ONLY_WITH:
        is_used = getattr(config, of) in users
        if not is_used and getattr(config, name) != DEFAULTS[name]:
            log.warning("%s is unused: %s is %s", name, of, getattr(config, of))


def _with_its_line(mistake: str, source: str, name: str) -> str:
    """A mistake that names a line of the file, with that line below it."""
    place = re.match(re.escape(name) + r", line (\d+): ", mistake)
    lines = LINE_BREAK.split(source)
    number = int(place[1]) if place else len(lines) + 1
    line = lines[number - 1].strip() if number <= len(lines) else ""
    if not line:
        return mistake
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line[:MAX_SHOWN])
    return f"{mistake}\n    {shown}{'…' if len(line) > MAX_SHOWN else ''}"


def _first(mistakes: Sequence[str]) -> str:
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


def _unknown(name: str) -> str:
    if name in KNOWN_ELSEWHERE:
        ours, meaning = KNOWN_ELSEWHERE[name]
        return f"unknown key {name!r}: did you mean {ours}, {meaning}?"
    near = difflib.get_close_matches(name, KINDS, 1)
    if near:
        return f"unknown key {name!r}: did you mean {near[0]}?"
    return f"unknown key {name!r}; `nntrain fit --help` lists the keys"


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such config; `nntrain init` makes one for a table"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: the config cannot be read: {error.strerror}") from None
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: a config of more than 1 MiB; is this the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}, line {line}: is not UTF-8 text; save the file as UTF-8"
        ) from None


def _overrides(overrides: Iterable[str]) -> Iterator[tuple[str, str, Any]]:
    for override in overrides:
        name, equals, value = override.partition("=")
        place = f"--set {override}"
        if not equals:
            raise ConfigError(f"{place}: expects KEY=VALUE, such as --set alpha=0.05")
        yield place, name.strip(), _value(f"value: {value}", value, place)


def _value(wrapped: str, value: str, place: str) -> Any:
    """One YAML value; what is no YAML by itself (a column called `a: b`) is taken as it is."""
    try:
        entries = list(_entries(wrapped, place))
    except ConfigError:
        entries = []
    return entries[0][2] if len(entries) == 1 else Scalar(value.strip(), plain=True)


def _entries(source: str, name: str) -> Iterator[tuple[str, str, Any]]:
    """Each `key: value` of a flat YAML mapping as (place, key, a Scalar or a list of them).

    Reads YAML's events, so that a value keeps its text (`1e-3`, `007`, `no`) until the key's kind
    types it, and so that nothing can nest or refer to itself.
    """
    place = name
    try:
        events = _content(yaml.parse(source, Loader=yaml.SafeLoader))
        for event in events:
            place = f"{name}, line {_line(event)}"
            if not isinstance(event, yaml.ScalarEvent):
                raise ConfigError(f"{place}: expects `key: value`, found {_called(event)}")
            yield place, event.value, _node(events, place, event.value)
    except yaml.MarkedYAMLError as error:
        if error.problem_mark:
            place = f"{name}, line {error.problem_mark.line + 1}"
        raise ConfigError(f"{place}: is not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        place = f"{name}, line {len(LINE_BREAK.split(source[: error.position]))}"
        raise ConfigError(f"{place}: is not YAML: {str(error).splitlines()[0]}") from None
    except (ValueError, OverflowError):  # an escape such as "\\UFFFFFFFF", a %YAML of 5,000 digits
        raise ConfigError(f"{place}: is not YAML: an escape or version out of range") from None


def _content(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """The events inside the one mapping of the one document; none for an empty file."""
    for event in events:
        if isinstance(event, yaml.MappingStartEvent):
            break
        if isinstance(event, yaml.ScalarEvent) and event.value == "":
            return
        if isinstance(event, (yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.AliasEvent)):
            raise _NotAConfig("a config is lines of `key: value`", event)
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        yield event
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            raise _NotAConfig("a second document starts", event)


class _NotAConfig(yaml.MarkedYAMLError):
    """YAML, but not the one flat mapping that a config is."""

    def __init__(self, problem: str, event: yaml.Event) -> None:
        mark: Any = event.start_mark  # its declared type depends on the stubs' version
        super().__init__(problem=problem, problem_mark=mark)


def _node(events: Iterator[yaml.Event], place: str, name: str) -> Any:
    event = next(events)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, place, name)
    if not isinstance(event, yaml.SequenceStartEvent):
        raise ConfigError(f"{place}: {name} expects a value or a list, found {_called(event)}")
    items = []
    for item in events:
        if isinstance(item, yaml.SequenceEndEvent):
            break
        if not isinstance(item, yaml.ScalarEvent):
            raise ConfigError(
                f"{place}: {name} expects plain values in its list, found {_called(item)}"
            )
        items.append(_scalar(item, place, name))
    return items


def _scalar(event: yaml.ScalarEvent, place: str, name: str) -> Scalar:
    if event.tag not in (None, "!") or event.anchor:
        raise ConfigError(f"{place}: {name} has a YAML tag or anchor; write the value alone")
    return Scalar(event.value, plain=event.style is None)


def _line(event: yaml.Event) -> int:
    mark: Any = event.start_mark  # optional only in the stubs
    return int(mark.line) + 1


def _called(event: yaml.Event) -> str:
    called = {
        yaml.MappingStartEvent: "a nested mapping",
        yaml.SequenceStartEvent: "a nested list",
        yaml.AliasEvent: "a YAML alias",
    }
    return called.get(type(event), "something else")
