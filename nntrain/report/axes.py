"""Scales, ticks, labels and legends of a chart's axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nntrain.arrays import Vector
from nntrain.report.chart_file import Axes

LONGEST_NAME = 36
LARGE = 1e7
"""Numbers from here on are written with an exponent, or ticks would run into each other."""
LONGEST_TICK = 9
"""If a tick of x is longer, there is room for only two."""
NICE_STEPS = [1, 2, 2.5, 5, 10]


def span_with_room(values: Vector) -> tuple[float, float]:
    """The ends of an axis that shows all finite values with some room around them."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def log_scale(axes: Axes, values: Vector) -> None:
    """Give y a log scale that spans those of the values that have a logarithm."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator  # noqa: PLC0415

    positive = values[(values > 0) & np.isfinite(values)]
    low, high = (positive.min(), positive.max()) if len(positive) else (0.1, 1.0)
    room = max((high / low) ** 0.05, 1.1)
    axes.set_yscale("log")
    axes.set_ylim(max(low / room, np.finfo(np.float64).tiny), min(high * room, 1e307))
    decades = np.log10(high) - np.log10(low)
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if decades > 3 else (1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))


def whole_ticks(axes: Axes) -> None:
    """Give x ticks at whole numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    axes.xaxis.set_major_locator(
        MaxNLocator(nbins=6, steps=NICE_STEPS, integer=True, min_n_ticks=1)
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def number_ticks(axes: Axes, *, x: bool = True, y: bool = True) -> None:
    """Give the axes ticks that can be read alone: no offset or common factor beside the axis."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    for axis in ([axes.xaxis] if x else []) + ([axes.yaxis] if y else []):
        few = MaxNLocator(nbins=2, steps=NICE_STEPS)
        more = MaxNLocator(nbins=4, steps=NICE_STEPS)
        ticks = more.tick_values(*axis.get_view_interval())
        is_long = axis is axes.xaxis and max(map(len, map(_tick_text, ticks))) > LONGEST_TICK
        axis.set_major_locator(few if is_long else more)
        axis.set_major_formatter(FuncFormatter(_tick_text))


def moments(seconds: Vector) -> Any:
    """Seconds since 1970 as moments that a chart can have on an axis."""
    return np.round(seconds * 1e6).astype("datetime64[us]")


def date_ticks(axes: Axes) -> None:
    """Give x ticks at dates or times that are short to write."""
    from matplotlib import dates  # noqa: PLC0415

    untyped: Any = dates
    locator = untyped.AutoDateLocator(minticks=2, maxticks=5)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(untyped.ConciseDateFormatter(locator))


def _tick_text(value: float, _: int | None = None) -> str:
    return f"{value:,.12g}" if abs(value) < LARGE else f"{value:.4g}"


def legend_line(colour: str, style: Any, marker: str = "") -> Any:
    """The line that stands in a legend for a curve."""
    from matplotlib.lines import Line2D  # noqa: PLC0415

    return Line2D([], [], color=colour, linestyle=style, marker=marker, markersize=5)


def add_legend(axes: Axes, handles: Sequence[Any], names: Sequence[str]) -> None:
    """Add a legend below the axes."""
    figure = axes.figure
    assert figure is not None
    columns = 1 if max(map(len, names)) > 20 else min(len(names), 3)
    # Names are set afterwards: Matplotlib leaves out one that begins with an underscore.
    legend = figure.legend(
        handles, ["…"] * len(names), loc="outside lower center", ncols=columns, columnspacing=1.2
    )
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)


def set_labels(axes: Axes, x: str, y: str) -> None:
    """Label both axes."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def shorten_name(name: str, most: int = LONGEST_NAME) -> str:
    """A name of at most `most` characters: of a longer one its start and its end, joined by …."""
    if len(name) <= most:
        return name
    end = most // 3
    return f"{name[: most - end - 1]}…{name[-end:]}"
