"""A config from a YAML file and `--set` options: every value typed, every mistake with its line."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nntrain.config.keys import (
    DEFAULTS,
    NO_TARGET,
    USED_WITH,
    VALUE_TYPES,
    Config,
)
from nntrain.config.unknown_keys import unknown_key
from nntrain.config.yaml_entries import Entry, read_entries, read_single_value
from nntrain.errors import MAX_MISTAKES, ConfigError, Mistake, Place

log = logging.getLogger(__name__)

MAX_CONFIG_BYTES = 1 << 20


def load_config(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """The config in a YAML file, with `KEY=VALUE` overrides typed by the same rules.

    Raises `ConfigError` with every mistake: file, line, key and what was expected, and below it
    the line itself, indented.

    >>> config = load_config("configs/concrete.yaml", ["epochs=10"])
    >>> config.epochs
    10
    """
    return parse_config(_read_text(Path(path)), str(path), overrides)


def parse_config(source: str, name: str = "config", overrides: Iterable[str] = ()) -> Config:
    """The config in a YAML text; `name` stands for the file in messages.

    Raises `ConfigError` as `load_config` does.

    >>> parse_config("target: price", overrides=["hidden_layers=[8, 4]"]).hidden_layers
    (8, 4)
    """
    entries = [*read_entries(source, name), *_read_overrides(overrides)]
    values, places = _type_entries(entries, name)
    try:
        config = Config(**values)
    except ConfigError as error:
        mistakes = (
            dataclasses.replace(mistake, place=places.get(mistake.key, Place(name)))
            for mistake in error.mistakes
        )
        raise ConfigError(*mistakes) from None
    _note_unused(config)
    return config


def _type_entries(entries: Iterable[Entry], name: str) -> tuple[dict[str, Any], dict[str, Place]]:
    """The value of each key, and where it was set last. Raises `ConfigError`."""
    mistakes: list[Mistake] = []
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    for entry in entries:
        if len(mistakes) > MAX_MISTAKES:
            raise ConfigError(*mistakes)
        key, place = entry.key, entry.place
        is_override = place.line is None
        if key not in VALUE_TYPES:
            mistakes.append(dataclasses.replace(unknown_key(key, VALUE_TYPES), place=place))
        elif key in places and not is_override:
            mistakes.append(Mistake(f"stands twice; first at {places[key]}", key, place))
        else:
            places[key] = place
            try:
                values[key] = VALUE_TYPES[key].read(entry.value)
            except ValueError as error:
                mistakes.append(Mistake(str(error), key, place))
    if "target" not in places:
        mistakes.append(Mistake(NO_TARGET, place=Place(name)))
    if mistakes:
        raise ConfigError(*mistakes)
    return values, places


def _read_overrides(overrides: Iterable[str]) -> Iterator[Entry]:
    for override in overrides:
        key, equals, value = override.partition("=")
        place = Place(f"--set {override}")
        if not equals:
            text = "expects KEY=VALUE, such as --set alpha=0.05"
            raise ConfigError(Mistake(text, place=place))
        yield Entry(place, key.strip(), read_single_value(value))


def _note_unused(config: Config) -> None:
    """Log a note for each key that was changed although another key's value leaves it unused."""
    for name, used_with in USED_WITH.items():
        chosen = getattr(config, used_with.key)
        if chosen not in used_with.values and getattr(config, name) != DEFAULTS[name]:
            log.warning("%s is unused: %s is %s", name, used_with.key, chosen)


def _read_text(path: Path) -> str:
    """The text of a config file. Raises `ConfigError` where there is none, or none to be one."""
    place = Place(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except FileNotFoundError:
        text = "there is no such config; `nntrain init` makes one for a table"
        raise ConfigError(Mistake(text, place=place)) from None
    except OSError as error:
        text = f"the config cannot be read: {error.strerror}"
        raise ConfigError(Mistake(text, place=place)) from None
    if len(data) > MAX_CONFIG_BYTES:
        text = "a config of more than 1 MiB; is this the right file?"
        raise ConfigError(Mistake(text, place=place))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = "is not UTF-8 text; save the file as UTF-8"
        raise ConfigError(Mistake(text, place=Place(str(path), line))) from None
