"""How delimited text is written: what separates its cells, its decimal mark and its encoding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """The `delimiter` between cells, None to find it in the header line; decimal mark; encoding.

    Encodings are those of `nntrain.config.choices.TEXT_ENCODINGS`. JSON lines have an encoding
    only.
    """

    delimiter: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"


PLAIN = Dialect()
"""The dialect of a table about which nothing is said."""
