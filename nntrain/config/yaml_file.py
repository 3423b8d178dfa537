"""The config's file: flat YAML, read event by event, every mistake named with its line.

Nothing else reads YAML.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from nntrain.config.keys import (
    DEFAULTS,
    KINDS,
    MAX_MISTAKES,
    NO_TARGET,
    Config,
    first_of,
    unknown_key,
)
from nntrain.config.values import Scalar
from nntrain.errors import ConfigError

log = logging.getLogger(__name__)

MAX_CONFIG_BYTES = 1 << 20
MAX_SHOWN = 70
LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line for YAML."""

USED_ONLY_WITH = (
    ("batch_size", "batch_mode", ("mini-batch",)),
    ("momentum", "optimizer", ("momentum", "nesterov")),
    ("beta_1", "optimizer", ("adam",)),
    ("beta_2", "optimizer", ("adam",)),
    ("epsilon", "optimizer", ("adam",)),
    ("bins", "numeric_encoding", ("piecewise_linear",)),
)
"""Keys that do nothing unless another key has one of these values."""


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
            raise ConfigError(first_of(mistakes))
        is_override = place.startswith("--set")
        if key_name not in KINDS:
            mistakes.append(f"{place}: {unknown_key(key_name)}")
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
        raise ConfigError(first_of(mistakes))
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
