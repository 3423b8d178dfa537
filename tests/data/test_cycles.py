"""Cycles of the calendar as inputs, held equal to Python's calendar, and which of them vary."""

from __future__ import annotations

import calendar
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nntrain
from nntrain.data.notation.cycles import (
    CYCLES,
    cycle_input_names,
    cycle_inputs,
    n_cycle_inputs,
    varying_cycles,
)
from nntrain.data.preprocessing.columns import NumericColumn
from nntrain.training.run import TrainingRun

MOMENTS = st.datetimes(datetime(1700, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
HOUR = 3600.0


def by_hand(moment: datetime) -> list[float]:
    """The inputs of all cycles at a moment, in their order."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    of_day = (moment - midnight) / timedelta(days=1)
    days = 366 if calendar.isleap(moment.year) else 365
    turns = [
        (moment.month - 1) / 12,
        (moment.timetuple().tm_yday - 1 + of_day) / days,
        moment.weekday() / 7,
        of_day,
    ]
    inputs = []
    for turn in turns:
        inputs += [math.sin(2 * math.pi * turn), math.cos(2 * math.pi * turn)]
    return [*inputs, float(moment.weekday() >= 5)]


@given(st.lists(MOMENTS, min_size=1, max_size=10))
def test_the_inputs_are_those_of_pythons_calendar(moments: list[datetime]) -> None:
    found = cycle_inputs(np.array([moment.timestamp() for moment in moments]), CYCLES)
    assert found.shape == (len(moments), n_cycle_inputs(CYCLES))
    for row, moment in zip(found, moments, strict=True):
        assert row.tolist() == pytest.approx(by_hand(moment), abs=1e-9)


def test_a_missing_moment_is_in_the_middle_of_each_cycle() -> None:
    assert cycle_inputs(np.array([np.nan]), CYCLES).tolist() == [[0.0] * 8 + [2 / 7]]


def test_the_end_of_a_cycle_is_next_to_its_beginning() -> None:
    """A minute before midnight on New Year's Eve, and a minute after."""
    new_year = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    before, after = cycle_inputs(np.array([new_year - 60, new_year + 60]), ["day of year", "hour"])
    assert np.abs(before - after).max() < 0.01


def test_each_input_has_a_name() -> None:
    assert cycle_input_names(CYCLES) == (
        "month sine", "month cosine", "day of year sine", "day of year cosine",
        "day of week sine", "day of week cosine", "hour sine", "hour cosine", "weekend",
    )  # fmt: skip


def seconds(*moments: datetime) -> Any:
    return np.array([moment.replace(tzinfo=UTC).timestamp() for moment in moments])


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([datetime(2024, 1, 1)] * 2, ()),
        ([datetime(2024, 1, 1), datetime(2024, 1, 2)], ("day of year", "day of week")),
        (
            [datetime(2024, 1, 5), datetime(2024, 1, 6)],
            ("day of year", "day of week", "weekend"),
        ),
        # Mondays alone have no week, and months alone have neither a week nor days.
        ([datetime(2024, 1, 1), datetime(2024, 1, 8)], ("day of year",)),
        ([datetime(2024, 1, 1), datetime(2024, 2, 1)], ("month",)),
        ([datetime(2023, 1, 1), datetime(2024, 1, 1)], ()),
        ([datetime(2023, 5, 1, 7), datetime(2024, 5, 1, 8)], ("hour",)),
        ([datetime(2024, 1, 1, 7), datetime(2024, 1, 1, 8)], ("hour",)),
        (
            [datetime(2024, 1, 5, 7), datetime(2024, 1, 6, 8)],
            ("day of year", "day of week", "weekend", "hour"),
        ),
    ],
)
def test_the_cycles_are_those_that_vary(moments: list[datetime], expected: tuple[str, ...]) -> None:
    assert varying_cycles(seconds(*moments), is_time=False) == expected


def test_times_of_the_day_have_hours_alone() -> None:
    assert varying_cycles(np.array([7 * HOUR, 8 * HOUR]), is_time=True) == ("hour",)
    assert varying_cycles(np.array([7 * HOUR, 7 * HOUR]), is_time=True) == ()


def table() -> pd.DataFrame:
    """Dates, each third of them missing."""
    days = [datetime(2024, 1, 1) + timedelta(days=i) for i in range(60)]
    cells = ["" if i % 3 == 0 else f"{day:%d.%m.%Y}" for i, day in enumerate(days)]
    return pd.DataFrame({"day": cells, "y": np.arange(60.0)})


CONFIG = nntrain.Config(target=("y",), epochs=1, dtype="float64", engine="numpy")


def test_a_date_becomes_time_that_passes_its_cycles_and_a_mark_where_it_is_missing() -> None:
    run = TrainingRun.from_table(table(), CONFIG)
    (feature,) = run.model().preprocessing.features
    assert isinstance(feature, NumericColumn)
    assert feature.kind == "date"
    assert feature.missing_rate == pytest.approx(1 / 3)
    assert feature.input_names == (
        "day",
        "day day of year sine",
        "day day of year cosine",
        "day day of week sine",
        "day day of week cosine",
        "day weekend",
        "day is missing",
    )
    days = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=i) for i in range(60)]
    present = [day.timestamp() for i, day in enumerate(days) if i % 3]
    mean, deviation = float(np.mean(present)), float(np.std(present))
    for i, (row, day) in enumerate(zip(run.samples.x, days, strict=True)):
        if i % 3 == 0:
            expected = [0.0, 0.0, 0.0, 0.0, 0.0, 2 / 7, 1.0]
        else:
            by_cycle = by_hand(day)
            passed = (day.timestamp() - mean) / deviation
            expected = [passed, *by_cycle[2:6], by_cycle[8], 0.0]
        assert row.tolist() == pytest.approx(expected, abs=1e-9)


def test_predict_takes_missing_dates_as_training_did() -> None:
    model = nntrain.fit(table(), CONFIG)
    expected = model.predict(table()).to_numpy()
    assert np.isfinite(expected).all()
    iso = table().assign(day=pd.to_datetime(table()["day"], format="%d.%m.%Y"))
    assert (model.predict(iso).to_numpy() == expected).all()
