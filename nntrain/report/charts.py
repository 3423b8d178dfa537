"""What is drawn: each function gives what `drawing.Chart` puts into its axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Vector
from nntrain.report.axes import (
    INK,
    MUTED,
    SERIES,
    Axes,
    Draw,
    legend,
    line_of,
    log_scale,
    number_ticks,
    whole_ticks,
)
from nntrain.training.loss_log_reader import Curve, LoggedLosses

MARKERS = "osD^vX"
MOST_EPOCHS = 1000
LONGEST_NAME = 36
LONGEST_LABEL = 22
"""Of bars, and of the upright label of a small chart."""
LONGEST_CATEGORY = 16
LONGEST_LOG_NAME = 48
FEW_POINTS = 12
"""So many are marked one by one."""


def losses(logs: Sequence[tuple[str, LoggedLosses]]) -> Draw:
    """The losses of logs by name, training solid and validation dashed, on a log scale."""

    def draw(axes: Axes) -> None:
        is_several = len(logs) > 1
        _loss_scale(axes, [of for _, log in logs for of in (log.loss, log.validation_loss) if of])
        for k, (_, log) in enumerate(logs):
            marker = look_of(k)[1] if is_several else ""
            _draw_curve(axes, log, log.loss, k, "-", marker)
            if log.validation_loss:
                _draw_curve(axes, log, log.validation_loss, k, "--", marker)
        _labels(axes, "epoch", "loss")
        looks = map(look_of, range(len(logs)))
        handles = [line_of(colour, "-", marker if is_several else "") for colour, marker in looks]
        names = [_cut(name, LONGEST_LOG_NAME) for name, _ in logs]
        if any(log.validation_loss for _, log in logs):
            handles += [line_of(MUTED, "-"), line_of(MUTED, "--")]
            names += ["training", "validation"]
        legend(axes, handles, names)

    return draw


def look_of(k: int) -> tuple[str, str]:
    """The colour and the marker of the k-th log; no other one of a few dozen has both."""
    return SERIES[k % len(SERIES)], MARKERS[(k + k // len(SERIES)) % len(MARKERS)]


def training(log: LoggedLosses) -> Draw:
    """The losses of one log, training and validation in colours of their own."""

    def draw(axes: Axes) -> None:
        curves = [log.loss, *([log.validation_loss] if log.validation_loss else [])]
        _loss_scale(axes, curves)
        for k, (curve, style) in enumerate(zip(curves, ("-", "--"), strict=False)):
            _draw_curve(axes, log, curve, k, style, "")
        _labels(axes, "epoch", "loss")
        if len(curves) > 1:
            handles = [line_of(SERIES[0], "-"), line_of(SERIES[1], "--")]
            legend(axes, handles, ["training", "validation"])

    return draw


def largest_updates(log: LoggedLosses, tau: float) -> Draw:
    """The largest update of each epoch, and τ where there is one."""

    def draw(axes: Axes) -> None:
        _loss_scale(axes, [log.largest_update], tau)
        _draw_curve(axes, log, log.largest_update, 2, "-", "")
        _labels(axes, "epoch", "largest update")
        if tau > 0:
            axes.axhline(tau, color=SERIES[1], linestyle="--")
            handles = [line_of(SERIES[2], "-"), line_of(SERIES[1], "--")]
            legend(axes, handles, ["largest update", f"τ = {tau:g}"])

    return draw


def predicted_against_true(name: str, y_true: Vector, y_pred: Vector) -> Draw:
    """Points, and the diagonal on which predictions are right."""

    def draw(axes: Axes) -> None:
        ends = [float(min(y_true.min(), y_pred.min())), float(max(y_true.max(), y_pred.max()))]
        _points(axes, y_true, y_pred)
        low, high = span_of(np.array(ends))
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        axes.set_box_aspect(1)
        axes.plot(ends, ends, color=SERIES[1], linestyle="--", linewidth=1.3)
        _labels(axes, f"true {_cut(name)}", "predicted")
        number_ticks(axes)

    return draw


def residuals(name: str, y_true: Vector, y_pred: Vector) -> Draw:
    """True value less prediction against the prediction, and the line of no error."""

    def draw(axes: Axes) -> None:
        _points(axes, y_pred, y_true - y_pred)
        axes.axhline(0.0, color=SERIES[1], linestyle="--", linewidth=1.3)
        _labels(axes, f"predicted {_cut(name)}", "true - predicted")
        number_ticks(axes)

    return draw


def histogram(name: str, counts: Sequence[int], edges: Vector) -> Draw:
    """Numbers of rows between edges."""

    def draw(axes: Axes) -> None:
        axes.stairs(np.array(counts), edges, fill=True, color=SERIES[0], alpha=0.75)
        axes.axvline(0.0, color=SERIES[1], linestyle="--", linewidth=1.3)
        _labels(axes, f"true - predicted {_cut(name)}", "rows")
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
    """Bars from top to bottom, with their deviations, or with texts at their ends.

    Names are cut to `most` characters.
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
        axes.set_yticks(places, [_cut(name, most) for name in names])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.grid(visible=False, axis="y")
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        _labels(axes, label, "")
        number_ticks(axes, y=False)

    return draw


def curve(
    name: str, target: str, points: Vector, means: Vector, marks: Vector, span: tuple[float, float]
) -> Draw:
    """A mean prediction over a column's numbers, with ticks on the floor at its deciles."""

    def draw(axes: Axes) -> None:
        axes.plot(points, means, color=SERIES[0], marker="o" if len(points) <= FEW_POINTS else "")
        axes.set_ylim(span)
        for mark in marks:
            axes.axvline(mark, ymax=0.05, color=SERIES[1], linewidth=1.4)
        _labels(axes, _cut(name), _cut(target, LONGEST_LABEL))
        number_ticks(axes)

    return draw


def dots(
    name: str,
    target: str,
    categories: Sequence[tuple[str, int]],
    means: Vector,
    span: tuple[float, float],
) -> Draw:
    """A mean prediction at each of a column's categories, with the rows that have it."""

    def draw(axes: Axes) -> None:
        places = np.arange(len(categories))
        axes.plot(places, means, color=SERIES[0], marker="D", markersize=6, linestyle="none")
        axes.set_ylim(span)
        axes.set_xlim(-0.6, len(categories) - 0.4)
        texts = [f"{_cut(of, LONGEST_CATEGORY)} ({rows:,})" for of, rows in categories]
        is_upright = max(map(len, texts)) * len(texts) > 40
        axes.set_xticks(places, texts, rotation=90 if is_upright else 0)
        axes.grid(visible=False, axis="x")
        _labels(axes, _cut(name), _cut(target, LONGEST_LABEL))
        number_ticks(axes, x=False)

    return draw


def span_of(values: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of an axis that has room for all values."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _loss_scale(axes: Axes, curves: Sequence[Curve], *others: float) -> None:
    ends = [of for curve in curves for of in (curve.least, curve.largest)]
    log_scale(axes, np.concatenate([*ends, others]))
    whole_ticks(axes)


def _draw_curve(
    axes: Axes, log: LoggedLosses, curve: Curve, k: int, style: str, marker: str
) -> None:
    """The mean of a curve, and between its least and its largest a band.

    What has no logarithm lies on the floor.
    """
    colour, _ = look_of(k)
    n_epochs = len(log.epochs)
    floor = axes.get_ylim()[0]
    axes.plot(
        log.epochs,
        np.maximum(curve.mean, floor),
        color=colour,
        linestyle=style,
        # One epoch alone is no line.
        marker=marker or ("o" if n_epochs == 1 else ""),
        markevery=max(1, n_epochs // 8),
        markersize=5,
    )
    if log.n_networks > 1:
        starts = np.arange(0, n_epochs, -(-n_epochs // MOST_EPOCHS))
        least = np.maximum(np.minimum.reduceat(curve.least, starts), floor)
        largest = np.maximum(np.maximum.reduceat(curve.largest, starts), floor)
        axes.fill_between(log.epochs[starts], least, largest, color=colour, alpha=0.18, linewidth=0)


def _points(axes: Axes, x: Vector, y: Vector) -> None:
    alpha = 0.55 if len(x) < 500 else 0.3
    axes.plot(
        x, y, color=SERIES[0], alpha=alpha, marker="o", markersize=4, markeredgewidth=0, ls="none"
    )


def _labels(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _cut(name: str, most: int = LONGEST_NAME) -> str:
    """A name as far as there is room for it: its start, and its end, where many differ."""
    if len(name) <= most:
        return name
    end = most // 3
    return f"{name[: most - end - 1]}…{name[-end:]}"
