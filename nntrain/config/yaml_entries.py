"""The `key: value` entries of a flat YAML text, each with the line where it stands.

Nothing else reads YAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from nntrain.config.scalars import Scalar
from nntrain.errors import ConfigError, Mistake, Place

MAX_SHOWN = 70
"""How many characters of a wrong line are shown below its mistake."""

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line for YAML."""

ListOrScalar: TypeAlias = "Scalar | list[Scalar]"
EntryValue: TypeAlias = "ListOrScalar | dict[str, ListOrScalar]"


@dataclass(frozen=True)
class Entry:
    """One `key: value`, its value still untyped."""

    place: Place
    key: str
    value: EntryValue


def read_entries(source: str, name: str) -> Iterator[Entry]:
    """Each `key: value` of a YAML text; `name` stands for the text in messages.

    Reads YAML's events rather than its objects, so that a value keeps its text (`1e-3`, `007`,
    `no`) until the key's value type reads it, and so that nothing can nest or refer to itself.

    Raises `ConfigError` where the text is not YAML or not a flat mapping.
    """
    lines = LINE_BREAK.split(source)
    place = Place(name)
    _refuse_directive(lines, name)
    try:
        events = _content(yaml.parse(source, Loader=yaml.SafeLoader))
        for event in events:
            place = _place(name, lines, _line(event))
            if not isinstance(event, yaml.ScalarEvent):
                text = f"expects `key: value`, found {_describe(event)}"
                raise ConfigError(Mistake(text, place=place))
            if _is_marked(event):
                text = "has a YAML tag or anchor; write the key alone"
                raise ConfigError(Mistake(text, event.value, place))
            if event.value == "<<" and event.style is None:
                text = "`<<` merges YAML mappings, which a config has not; write its keys out"
                raise ConfigError(Mistake(text, place=place))
            yield Entry(place, event.value, _read_value(events, place, event.value))
    except yaml.MarkedYAMLError as error:
        if error.problem_mark:
            place = _place(name, lines, error.problem_mark.line + 1)
        raise _not_yaml(str(error.problem or error.context), place) from None
    except yaml.reader.ReaderError as error:
        line = len(LINE_BREAK.split(source[: error.position]))
        raise _not_yaml(str(error).splitlines()[0], _place(name, lines, line)) from None
    except (ValueError, OverflowError):  # an escape such as "\\UFFFFFFFF", a %YAML of 5,000 digits
        raise _not_yaml("an escape or version out of range", place) from None


def read_single_value(text: str) -> EntryValue:
    """The value that a YAML text stands for, typed later by its key.

    Text that is not one YAML value, such as a column called `a: b`, is taken as it is.
    """
    try:
        entries = list(read_entries(f"value: {text}", "value"))
    except ConfigError:
        entries = []
    return entries[0].value if len(entries) == 1 else Scalar(text.strip(), plain=True)


def _not_yaml(reason: str, place: Place) -> ConfigError:
    return ConfigError(Mistake(f"is not YAML: {reason}", place=place))


def _place(name: str, lines: list[str], number: int) -> Place:
    """A line by its number, which may be one past the last line."""
    line = lines[number - 1].strip() if number <= len(lines) else ""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line[:MAX_SHOWN])
    return Place(name, number, f"{shown}{'…' if len(line) > MAX_SHOWN else ''}")


def _content(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """The events inside the one mapping of the one document; none for an empty file."""
    for event in events:
        if isinstance(event, yaml.NodeEvent) and _is_marked(event):
            raise _NotAConfigError("a config has no tag, anchor or alias; remove it", event)
        if isinstance(event, yaml.MappingStartEvent):
            yield from _inside_mapping(events)
            break
        if isinstance(event, yaml.ScalarEvent) and event.value == "":
            break
        if isinstance(event, yaml.NodeEvent):
            raise _NotAConfigError("a config is lines of `key: value`", event)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            raise _NotAConfigError("a second document starts", event)


def _inside_mapping(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """The events up to the end of the mapping whose start was read."""
    depth = 1
    for event in events:
        depth += isinstance(event, yaml.MappingStartEvent)
        depth -= isinstance(event, yaml.MappingEndEvent)
        if not depth:
            return
        yield event


def _refuse_directive(lines: Sequence[str], name: str) -> None:
    """Raise `ConfigError` for a line such as `%YAML 1.1` or `%TAG` before the document."""
    for number, line in enumerate(lines, start=1):
        if line.lstrip("\ufeff").startswith("%"):
            raise _not_yaml("a config has no % directives", _place(name, list(lines), number))
        if line.strip() and not line.startswith(("#", "...")):
            return


class _NotAConfigError(yaml.MarkedYAMLError):
    """Valid YAML, but not the one flat mapping that a config is."""

    def __init__(self, problem: str, event: yaml.Event) -> None:
        mark: Any = event.start_mark  # its declared type depends on the stubs' version
        super().__init__(problem=problem, problem_mark=mark)


def _read_value(events: Iterator[yaml.Event], place: Place, key: str) -> EntryValue:
    """The value after a key: a scalar, a list of scalars, or a mapping from columns to these."""
    event = next(events)
    if isinstance(event, yaml.MappingStartEvent):
        _check_alone(event, place, key)
        return _read_mapping(events, place, key)
    return _read_list_or_scalar(event, events, place, key)


def _read_mapping(events: Iterator[yaml.Event], place: Place, key: str) -> dict[str, ListOrScalar]:
    """A mapping whose start was read."""
    values: dict[str, ListOrScalar] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        if not isinstance(event, yaml.ScalarEvent):
            text = f"expects `column: value` in its mapping, found {_describe(event)}"
            raise ConfigError(Mistake(text, key, place))
        column = _read_scalar(event, place, key).text
        if column in values:
            raise ConfigError(Mistake(f"names the column {column!r} twice", key, place))
        values[column] = _read_list_or_scalar(next(events), events, place, key)
    return values


def _read_list_or_scalar(
    event: yaml.Event, events: Iterator[yaml.Event], place: Place, key: str
) -> ListOrScalar:
    """The scalar that an event is, or the list of scalars that it starts."""
    if isinstance(event, yaml.ScalarEvent):
        return _read_scalar(event, place, key)
    if not isinstance(event, yaml.SequenceStartEvent):
        text = f"expects a value or a list, found {_describe(event)}"
        raise ConfigError(Mistake(text, key, place))
    _check_alone(event, place, key)
    items = []
    for item in events:
        if isinstance(item, yaml.SequenceEndEvent):
            break
        if not isinstance(item, yaml.ScalarEvent):
            text = f"expects plain values in its list, found {_describe(item)}"
            raise ConfigError(Mistake(text, key, place))
        items.append(_read_scalar(item, place, key))
    return items


def _read_scalar(event: yaml.ScalarEvent, place: Place, key: str) -> Scalar:
    _check_alone(event, place, key)
    return Scalar(event.value, plain=event.style is None)


def _check_alone(event: yaml.NodeEvent, place: Place, key: str) -> None:
    """Raise `ConfigError` for a value with a tag or an anchor."""
    if _is_marked(event):
        text = "has a YAML tag or anchor; write the value alone"
        raise ConfigError(Mistake(text, key, place))


def _is_marked(event: yaml.NodeEvent) -> bool:
    """Whether a YAML tag (`!!str`, `!`) or an anchor (`&a`) stands before this."""
    tag: Any = getattr(event, "tag", None)
    return tag is not None or event.anchor is not None


def _line(event: yaml.Event) -> int:
    mark: Any = event.start_mark  # optional only in the stubs
    return int(mark.line) + 1


def _describe(event: yaml.Event) -> str:
    """What an event starts, for a message."""
    names = {
        yaml.MappingStartEvent: "a nested mapping",
        yaml.SequenceStartEvent: "a nested list",
        yaml.AliasEvent: "a YAML alias",
    }
    return names.get(type(event), "something else")
