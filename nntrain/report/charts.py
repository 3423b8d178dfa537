"""What the charts about a table show: each function gives what a `Chart` draws into its axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nntrain.arrays import Vector
from nntrain.evaluation.dependence import NumericEffect
from nntrain.report.axes import (
    date_ticks,
    moments,
    number_ticks,
    set_labels,
    shorten_name,
    span_with_room,
)
from nntrain.report.chart_file import INK, MUTED, SERIES, Axes, Draw

LONGEST_LABEL = 22
"""The most characters of a bar's name, and of the upright label of a small chart."""
LONGEST_CATEGORY = 16
FEW_POINTS = 12
"""Up to this many points of a curve are marked one by one."""


def predicted_against_true(name: str, y_true: Vector, y_pred: Vector) -> Draw:
    """A point for each row, and the diagonal on which a prediction equals the true value."""

    def draw(axes: Axes) -> None:
        ends = [float(min(y_true.min(), y_pred.min())), float(max(y_true.max(), y_pred.max()))]
        _points(axes, y_true, y_pred)
        low, high = span_with_room(np.array(ends))
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        axes.set_box_aspect(1)
        axes.plot(ends, ends, color=SERIES[1], linestyle="--", linewidth=1.3)
        set_labels(axes, f"true {shorten_name(name)}", "predicted")
        number_ticks(axes)

    return draw


def residuals(name: str, y_true: Vector, y_pred: Vector) -> Draw:
    """True value minus prediction against the prediction, and the line of no error."""

    def draw(axes: Axes) -> None:
        _points(axes, y_pred, y_true - y_pred)
        axes.axhline(0.0, color=SERIES[1], linestyle="--", linewidth=1.3)
        set_labels(axes, f"predicted {shorten_name(name)}", "true - predicted")
        number_ticks(axes)

    return draw


def histogram(name: str, counts: Sequence[int], edges: Vector) -> Draw:
    """The number of rows between each two neighbouring edges."""

    def draw(axes: Axes) -> None:
        axes.stairs(np.array(counts), edges, fill=True, color=SERIES[0], alpha=0.75)
        axes.axvline(0.0, color=SERIES[1], linestyle="--", linewidth=1.3)
        set_labels(axes, f"true - predicted {shorten_name(name)}", "rows")
        number_ticks(axes)

    return draw


def bars(
    label: str,
    names: Sequence[str],
    values: Sequence[float],
    deviations: Sequence[float] | None = None,
    ends: Sequence[str] = (),
    most: int = LONGEST_LABEL,
) -> Draw:
    """Horizontal bars from top to bottom, with their standard deviations or texts at their ends.

    Names are shortened to `most` characters.
    """

    def draw(axes: Axes) -> None:
        places = np.arange(len(names))[::-1]
        axes.barh(places, values, color=SERIES[0], height=0.66)
        if deviations is not None:
            axes.errorbar(
                values, places, xerr=deviations, fmt="none", color=INK, elinewidth=1.2, capsize=3
            )
        for place, value, text in zip(places, values, ends, strict=False):
            axes.annotate(
                text, (value, place), (4, 0), textcoords="offset points", va="center", fontsize=10
            )
        if ends:
            axes.margins(x=0.28)
        axes.set_yticks(places, [shorten_name(name, most) for name in names])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.grid(visible=False, axis="y")
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        set_labels(axes, label, "")
        number_ticks(axes, y=False)

    return draw


def curve(
    name: str,
    target: str,
    effect: NumericEffect,
    means: Vector,
    span: tuple[float, float],
) -> Draw:
    """The mean prediction along a column's values, with ticks at the bottom at its deciles."""
    is_date = effect.kind in ("date", "time")
    points, deciles = map(moments if is_date else np.asarray, (effect.points, effect.deciles))

    def draw(axes: Axes) -> None:
        axes.plot(points, means, color=SERIES[0], marker="o" if len(points) <= FEW_POINTS else "")
        axes.set_ylim(span)
        for decile in deciles:
            axes.axvline(decile, ymax=0.05, color=SERIES[1], linewidth=1.4)
        set_labels(axes, shorten_name(name), shorten_name(target, LONGEST_LABEL))
        number_ticks(axes, x=not is_date)
        if is_date:
            date_ticks(axes)

    return draw


def dots(
    column: str,
    target: str,
    categories: Sequence[tuple[str, int]],
    means: Vector,
    span: tuple[float, float],
) -> Draw:
    """The mean prediction at each category of a column, with the number of rows that have it."""

    def draw(axes: Axes) -> None:
        places = np.arange(len(categories))
        axes.plot(places, means, color=SERIES[0], marker="D", markersize=6, linestyle="none")
        axes.set_ylim(span)
        axes.set_xlim(-0.6, len(categories) - 0.4)
        texts = [f"{shorten_name(name, LONGEST_CATEGORY)} ({rows:,})" for name, rows in categories]
        is_upright = max(map(len, texts)) * len(texts) > 40
        axes.set_xticks(places, texts, rotation=90 if is_upright else 0)
        axes.grid(visible=False, axis="x")
        set_labels(axes, shorten_name(column), shorten_name(target, LONGEST_LABEL))
        number_ticks(axes, x=False)

    return draw


def _points(axes: Axes, x: Vector, y: Vector) -> None:
    alpha = 0.55 if len(x) < 500 else 0.3
    axes.plot(
        x, y, color=SERIES[0], alpha=alpha, marker="o", markersize=4, markeredgewidth=0, ls="none"
    )
