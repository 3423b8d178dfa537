"""What the charts about a loss log show: each function gives what a `Chart` draws into its axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nntrain.report.axes import (
    add_legend,
    legend_line,
    log_scale,
    set_labels,
    shorten_name,
    whole_ticks,
)
from nntrain.report.chart_file import MUTED, SERIES, Axes, Draw
from nntrain.training.loss_log_reader import Curve, LoggedLosses

MARKERS = "osD^vX"
MOST_EPOCHS = 1000
LONGEST_LOG_NAME = 48


def logged_losses(logs: Sequence[tuple[str, LoggedLosses]]) -> Draw:
    """The losses of named logs by epoch, training solid and validation dashed, on a log scale."""

    def draw(axes: Axes) -> None:
        is_several = len(logs) > 1
        curves = [curve for _, log in logs for curve in (log.loss, log.validation_loss) if curve]
        _set_loss_scale(axes, curves)
        for k, (_, log) in enumerate(logs):
            marker = log_style(k)[1] if is_several else ""
            _draw_curve(axes, log, log.loss, k, "-", marker)
            if log.validation_loss:
                _draw_curve(axes, log, log.validation_loss, k, "--", marker)
        set_labels(axes, "epoch", "loss")
        styles = map(log_style, range(len(logs)))
        handles = [
            legend_line(colour, "-", marker if is_several else "") for colour, marker in styles
        ]
        names = [shorten_name(name, LONGEST_LOG_NAME) for name, _ in logs]
        if any(log.validation_loss for _, log in logs):
            handles += [legend_line(MUTED, "-"), legend_line(MUTED, "--")]
            names += ["training", "validation"]
        add_legend(axes, handles, names)

    return draw


def log_style(k: int) -> tuple[str, str]:
    """The colour and the marker of the k-th log, a pair that no other of a few dozen logs has."""
    return SERIES[k % len(SERIES)], MARKERS[(k + k // len(SERIES)) % len(MARKERS)]


def training_losses(log: LoggedLosses) -> Draw:
    """The losses of one log by epoch, training and validation each in its own colour."""

    def draw(axes: Axes) -> None:
        curves = [log.loss, *([log.validation_loss] if log.validation_loss else [])]
        _set_loss_scale(axes, curves)
        for k, (curve, style) in enumerate(zip(curves, ("-", "--"), strict=False)):
            _draw_curve(axes, log, curve, k, style, "")
        set_labels(axes, "epoch", "loss")
        if len(curves) > 1:
            handles = [legend_line(SERIES[0], "-"), legend_line(SERIES[1], "--")]
            add_legend(axes, handles, ["training", "validation"])

    return draw


def largest_updates(log: LoggedLosses, tau: float) -> Draw:
    """The largest update of each epoch, and the tolerance τ if it is above 0."""

    def draw(axes: Axes) -> None:
        _set_loss_scale(axes, [log.largest_update], tau)
        _draw_curve(axes, log, log.largest_update, 2, "-", "")
        set_labels(axes, "epoch", "largest update")
        if tau > 0:
            axes.axhline(tau, color=SERIES[1], linestyle="--")
            handles = [legend_line(SERIES[2], "-"), legend_line(SERIES[1], "--")]
            add_legend(axes, handles, ["largest update", f"τ = {tau:g}"])

    return draw


def _set_loss_scale(axes: Axes, curves: Sequence[Curve], *others: float) -> None:
    """Give y a log scale for the curves and the other values, and x whole epochs."""
    ends = [end for curve in curves for end in (curve.least, curve.largest)]
    log_scale(axes, np.concatenate([*ends, others]))
    whole_ticks(axes)


def _draw_curve(
    axes: Axes, log: LoggedLosses, curve: Curve, k: int, style: str, marker: str
) -> None:
    """Draw the mean of a curve over the networks, and a band from their least to their largest.

    Values without a logarithm are drawn at the bottom of the scale.
    """
    colour, _ = log_style(k)
    n_epochs = len(log.epochs)
    bottom = axes.get_ylim()[0]
    axes.plot(
        log.epochs,
        np.maximum(curve.mean, bottom),
        color=colour,
        linestyle=style,
        # A single epoch makes no line.
        marker=marker or ("o" if n_epochs == 1 else ""),
        markevery=max(1, n_epochs // 8),
        markersize=5,
    )
    if log.n_networks > 1:
        starts = np.arange(0, n_epochs, -(-n_epochs // MOST_EPOCHS))
        least = np.maximum(np.minimum.reduceat(curve.least, starts), bottom)
        largest = np.maximum(np.maximum.reduceat(curve.largest, starts), bottom)
        axes.fill_between(log.epochs[starts], least, largest, color=colour, alpha=0.18, linewidth=0)
