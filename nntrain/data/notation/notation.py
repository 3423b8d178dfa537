"""A column's notation: how its cells write their numbers, or their dates or times."""

from __future__ import annotations

from typing import TypeAlias

from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.numbers import NumberNotation

Notation: TypeAlias = NumberNotation | DateNotation
