"""Values of config keys as YAML text: what `nntrain init` writes and messages quote."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from nntrain.config.keys import DEFAULTS

PLAIN_TEXT = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
READ_AS_OTHER_TYPES = ("null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan")
"""Words that some YAML reader would not take as text unless they are quoted."""


def as_yaml(value: Any) -> str:
    """A value of a key as it would be written in a config.

    >>> as_yaml(("age", "zip code", "no"))
    '[age, "zip code", "no"]'
    >>> as_yaml(None), as_yaml(True), as_yaml(1e-8)
    ('null', 'true', '1e-08')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_yaml(k)}: {as_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        is_plain = PLAIN_TEXT.fullmatch(value) and value.lower() not in READ_AS_OTHER_TYPES
        return value if is_plain else _quote(value)
    return "null" if value is None else str(value)


def default_text(key: str) -> str:
    """A key's default for a person to read.

    >>> default_text("alpha"), default_text("features"), default_text("target")
    ('default 0.1', 'not set', 'required')
    """
    default = DEFAULTS[key]
    if default is dataclasses.MISSING:
        return "required"
    return "not set" if default is None else f"default {as_yaml(default)}"


def _quote(text: str) -> str:
    """A text in double quotes, with what does not print escaped: JSON, and some characters more."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
