"""Skewed targets: a logarithm is proposed where a ridge regression gains by it."""

from __future__ import annotations

import pytest
from support.diagnosis import findings_on_rows, multiplied


@pytest.mark.parametrize("noise", [1.5, 3.0])
def test_a_skewed_target_that_a_log_does_not_help_is_no_finding(noise: float) -> None:
    assert findings_on_rows(multiplied(noise), "target: y\n") == []


def test_a_log_is_not_proposed_where_there_is_none_or_it_is_taken() -> None:
    table = multiplied(0.1)
    assert [finding.remedy for finding in findings_on_rows(table, "target: y\n")] == [
        "--set target_transform=log"
    ]
    assert findings_on_rows(table, "target: y\ntarget_transform: log\n") == []
    table["z"] = table["a"] - table["b"]
    assert findings_on_rows(table, "target: [y, z]\n") == []
    assert findings_on_rows(table.assign(y=table["y"] - 1.0), "target: y\nignore: [z]\n") == []


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_targets_of_any_size_are_looked_at(scale: float) -> None:
    table = multiplied(0.1)
    table["y"] *= scale / table["y"].max()
    assert [finding.remedy for finding in findings_on_rows(table, "target: y\n")] == [
        "--set target_transform=log"
    ]
    table["leak"] = table["y"] / scale
    assert findings_on_rows(table, "target: y\n")[0].remedy == "--set 'ignore=[leak]'"
