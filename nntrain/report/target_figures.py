"""The figures of a report about one target: errors, importance of columns, effects of columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nntrain.arrays import Vector
from nntrain.evaluation.dependence import CategoricalEffect, Effect, NumericEffect
from nntrain.evaluation.importance import Importance
from nntrain.report import charts
from nntrain.report.axes import span_with_room
from nntrain.report.blocks import Figure
from nntrain.report.chart_file import Chart, Draw
from nntrain.report.measure import DataReport
from nntrain.report.target_measure import RangeError
from nntrain.text import counted, format_distinct, format_number, format_ratio, printable

SQUARE_HEIGHT, EFFECT_HEIGHT = 250.0, 170.0
"""The same for all charts of a group, so that their scales can be compared."""
BAR_HEIGHT = 24.0
DAY = 86_400.0
MOST_BARS = 20
MOST_DOTS = 15
LONGEST_RANGE = 60


def error_figures(data: DataReport, target: str) -> list[Figure]:
    """Predictions against true values, residuals against predictions and by size, and by range."""
    report, name = data.targets[target], printable(target)
    drawn = (
        f"{data.drawn:,} of {data.rows:,} rows, chosen at random."
        if data.drawn < data.rows
        else f"{counted(data.rows, 'row')}."
    )
    low, high = float(report.edges[0]), float(report.edges[-1])
    return [
        _square_figure(
            charts.predicted_against_true(name, report.y_true, report.y_pred),
            "Predicted against true",
            f"{drawn} On the dashed line a prediction equals the true value.",
            f"Predicted against true {target}: R² {format_ratio(report.metrics.r2)}",
        ),
        _square_figure(
            charts.residuals(name, report.y_true, report.y_pred),
            "Residuals against prediction",
            f"{drawn} Above the dashed line the prediction is too low.",
            f"Residuals of {target} against its prediction: RMSE "
            f"{format_number(report.metrics.rmse)}",
        ),
        _square_figure(
            charts.histogram(name, report.counts, report.edges),
            "Distribution of residuals",
            "All rows" + (", each counted once." if data.weight else "."),
            f"Distribution of the residuals of {target}, from {format_number(low)} to "
            f"{format_number(high)}",
        ),
        _range_figure(report.ranges, target, data.weight),
    ]


def importance_figure(columns: Sequence[Importance], repeats: int) -> Figure:
    """The importance of columns as bars, the most important first."""
    shown = columns[:MOST_BARS]
    most_important = ", ".join(column.column for column in shown[:3])
    bars = charts.bars(
        "RMSE added",
        [printable(column.column) for column in shown],
        [column.mean for column in shown],
        [column.deviation for column in shown],
    )
    more = f" The first {MOST_BARS} of {len(columns):,} columns." if columns[MOST_BARS:] else ""
    return Figure(
        Chart(bars, height=70 + BAR_HEIGHT * len(shown)).svg(),
        "RMSE added by shuffling a column",
        f"In the target's unit. Permutation importance (Breiman 2001): the mean of {repeats} "
        f"shuffles, with their standard deviation.{more}",
        f"RMSE added by shuffling a column, the most by {most_important}",
    )


def effect_figures(data: DataReport, target: str, j: int) -> list[Figure]:
    """How the mean prediction of the j-th target depends on each column, all on the same scale."""
    effects = data.effects[target]
    span = span_with_room(np.concatenate([effect.means[:, j] for effect in effects]))
    return [_effect_figure(effect, target, effect.means[:, j], span) for effect in effects]


def _square_figure(draw: Draw, title: str, caption: str, alt: str) -> Figure:
    return Figure(Chart(draw, plot_height=SQUARE_HEIGHT).svg(), title, caption, alt)


def _range_figure(ranges: Sequence[RangeError], target: str, weight: str | None) -> Figure:
    """The RMSE in ranges of the true value as bars."""
    ends = format_distinct([end for part in ranges for end in (part.low, part.high)])
    labels = [f"{low} to {high}" for low, high in zip(ends[::2], ends[1::2], strict=True)]
    errors = [f"{format_number(part.rmse)} ({part.rows:,})" for part in ranges]
    rmse = [part.rmse for part in ranges]
    bars = charts.bars("RMSE", labels, rmse, ends=errors, most=LONGEST_RANGE)
    largest = max(ranges, key=lambda part: part.rmse)
    return Figure(
        Chart(bars, height=70 + BAR_HEIGHT * len(labels)).svg(),
        f"RMSE by range of {target}",
        "Each range has about as many rows; their number is in parentheses."
        + (f" Weighted by {printable(weight)}." if weight else ""),
        f"RMSE by range of {target}: largest, {format_number(largest.rmse)}, from "
        f"{format_number(largest.low)} to {format_number(largest.high)}",
    )


def _effect_figure(effect: Effect, target: str, means: Vector, span: tuple[float, float]) -> Figure:
    name = printable(effect.column)
    if isinstance(effect, NumericEffect):
        draw = charts.curve(name, printable(target), effect, means, span)
        caption = _caption_of_steps(effect.points) if effect.kind == "date" else ""
    else:
        draw, caption = _category_dots(effect, printable(target), means, span)
    return Figure(
        Chart(draw, plot_height=EFFECT_HEIGHT).svg(),
        effect.column,
        caption,
        f"Mean prediction of {target} by {name}: from {format_number(float(means.min()))} to "
        f"{format_number(float(means.max()))}",
    )


def _caption_of_steps(moments: Vector) -> str:
    """What all moments (n_points,) of a date's curve have in common, in seconds since 1970."""
    steps = np.diff(moments)
    if not (steps % DAY == 0).all():
        return ""
    is_weekly = (steps % (7 * DAY) == 0).all()
    return f"All at the same {'day of the week and ' if is_weekly else ''}hour."


def _category_dots(
    effect: CategoricalEffect, target: str, means: Vector, span: tuple[float, float]
) -> tuple[Draw, str]:
    """The chart of the mean prediction at each category, and its caption."""
    names = [printable(category) or "(empty)" for category in effect.categories]
    shown = list(zip(names, effect.counts, strict=True))[:MOST_DOTS]
    draw = charts.dots(printable(effect.column), target, shown, means[:MOST_DOTS], span)
    more = effect.n_more + len(names) - len(shown)
    rest = f" {counted(more, 'rarer category', 'rarer categories')} not shown." if more else ""
    return draw, f"The number of rows is in parentheses.{rest}"
