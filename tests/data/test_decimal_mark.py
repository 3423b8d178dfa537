"""The decimal mark of a table: by which of its columns it is known, the same for fit as for init."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from nntrain.arrays import Vector
from nntrain.data.kinds.profile import profile
from nntrain.data.kinds.table_kinds import decide_columns
from nntrain.data.notation.notation import Notation
from nntrain.data.notation.number_pattern import parse_number_pattern
from nntrain.data.preprocessing import memory
from nntrain.data.preprocessing.roles import ColumnRoles
from nntrain.data.preprocessing.target_values import TargetOptions
from nntrain.data.preprocessing.typed_table import read_typed
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.errors import DataError

N = 40
UNCLEAR = [f"{1 + i % 9},{i * 137 % 1000:03}" for i in range(N)]
POINTS = [f"{1 + i % 9}.{i * 137 % 1000:03}" for i in range(N)]
COMMAS = [f"{i % 7},{i % 10}" for i in range(N)]
FRACTIONS = [f"{i % 7}.{i % 10}" for i in range(N)]
WHOLE = [str(3 * i % 11) for i in range(N)]


def notations_of_fit(
    path: Path,
    columns: dict[str, list[str]],
    given: Mapping[str, Notation] | None = None,
    weight: str | None = None,
) -> dict[str, str]:
    """How the columns that are not plain numbers are written, as fit and as init decide it."""
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join([";".join(columns), *map(";".join, rows)]) + "\n")
    roles = ColumnRoles(("y",), target_options=TargetOptions(weight=weight))
    options = ReadOptions(CellFormat(("",), notations=dict(given or {})), twice=True)
    with open_table(path, options) as table:
        decisions = decide_columns(table, profile(table))
        typed = read_typed(table, roles)
    found = {name: notation.pattern for name, notation in typed.notations.items()}
    for name in found.keys() - (given or {}).keys():
        notation = decisions[name].notation
        assert notation is not None
        assert notation.pattern == found[name]
    return found


def is_unclear(path: Path, columns: dict[str, list[str]], **others: Notation) -> None:
    """A column x of `UNCLEAR` cells is a question; the answer repeats the notations of `others`."""
    with pytest.raises(DataError) as caught:
        notations_of_fit(path, {**columns, "x": UNCLEAR}, others)
    known = "".join(f'"{name}": "{notation.pattern}", ' for name, notation in others.items())
    assert str(caught.value) == (
        f"{path}, column 'x': '1,000' may be 1000 (the comma groups thousands) or 1 (the comma is "
        f'the decimal mark); say which: --set \'numbers={{{known}"x": "1,234.5"}}\' for 1000 or '
        f'--set \'numbers={{{known}"x": "1234,5"}}\' for 1'
    )


def test_nothing_tells_in_a_table_of_whole_numbers(tmp_path: Path) -> None:
    is_unclear(tmp_path / "t.csv", {"x": UNCLEAR, "b": WHOLE, "y": WHOLE})


def test_the_room_in_which_columns_grow_is_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_of_fractions(n: int) -> Vector:
        return np.full(n + 10, 0.5)

    monkeypatch.setattr(memory, "long_array", full_of_fractions)
    is_unclear(tmp_path / "t.csv", {"x": UNCLEAR, "b": WHOLE, "y": WHOLE})


@pytest.mark.parametrize("with_fractions", ["b", "w", "y"])
def test_a_decimal_point_in_a_feature_a_weight_or_the_target_tells(
    tmp_path: Path, with_fractions: str
) -> None:
    columns = {"x": UNCLEAR, "b": WHOLE, "w": ["1"] * N, "y": WHOLE, with_fractions: FRACTIONS}
    if with_fractions == "w":
        columns["w"] = [f"{i % 7 + 1}.5" for i in range(N)]
    found = notations_of_fit(tmp_path / "t.csv", columns, weight="w")
    assert found == {"x": "1,234.5"}


@pytest.mark.parametrize("with_commas", ["b", "y"])
def test_beside_a_decimal_comma_in_a_feature_or_the_target_points_group(
    tmp_path: Path, with_commas: str
) -> None:
    columns = {"x": POINTS, "b": WHOLE, "y": WHOLE, with_commas: COMMAS}
    found = notations_of_fit(tmp_path / "t.csv", columns)
    assert found == {"x": "1.234,5", with_commas: "1234,5"}


@pytest.mark.parametrize("with_commas", ["b", "y"])
def test_a_decimal_comma_that_the_config_names_is_one_and_no_point(
    tmp_path: Path, with_commas: str
) -> None:
    given = {with_commas: parse_number_pattern("1234,5")}
    columns = {"x": POINTS, "b": WHOLE, "y": WHOLE, with_commas: COMMAS}
    found = notations_of_fit(tmp_path / "t.csv", columns, given)
    assert found == {"x": "1.234,5", with_commas: "1234,5"}
    is_unclear(tmp_path / "t.csv", columns, **given)
