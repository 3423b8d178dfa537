"""Charts as SVG or PNG, drawn by Matplotlib (extra `report`): the only module that imports it.

No state of Matplotlib's is read or left changed, and the same numbers give the same bytes. Names
are drawn as they are, never read as mathematics.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nntrain.errors import MissingExtraError
from nntrain.log_reading import Course, LoggedLosses
from nntrain.svg_text import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Vector = NDArray[np.float64]
Draw = Callable[["Axes"], None]

SERIES = [colour for name, colour in LIGHT.items() if name.startswith("series")]
INK, MUTED, GRID = LIGHT["ink"], LIGHT["muted"], LIGHT["grid"]
MARKERS = "osD^vX"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "nntrain",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11.0,
    "axes.labelsize": 11.5,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "lines.linewidth": 1.5,
}
POINTS_PER_INCH = 72
WIDTH, HEIGHT = 380.0, 270.0
"""In pixels of a page: narrow enough that text stays readable on a phone."""
MOST_EPOCHS = 1000
NICE_STEPS = [1, 2, 2.5, 5, 10]
LONGEST_NAME = 36
LONGEST_LABEL = 18


@dataclass(frozen=True)
class Chart:
    """What `draw` puts into axes of `width` × `height` pixels."""

    draw: Draw
    width: float = WIDTH
    height: float = HEIGHT

    def svg(self) -> str:
        """The chart as an SVG file without background."""
        return self.file("svg", "none").decode()

    def file(self, kind: str, background: str = LIGHT["paper"]) -> bytes:
        """The chart as the bytes of an `svg` or `png` file."""
        check_matplotlib()
        _load()
        import matplotlib as mpl  # noqa: PLC0415  (an optional package)
        from matplotlib.figure import Figure  # noqa: PLC0415

        written = io.BytesIO()
        with mpl.rc_context(), warnings.catch_warnings(), np.errstate(all="ignore"):
            # A glyph that the font lacks is no matter: the page's reader has other fonts.
            warnings.simplefilter("ignore")
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)
            size = (self.width / POINTS_PER_INCH, self.height / POINTS_PER_INCH)
            figure = Figure(figsize=size, layout="constrained")
            axes = figure.add_subplot()
            self.draw(axes)
            metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            figure.savefig(
                written,
                format=kind,
                facecolor=background,
                dpi=POINTS_PER_INCH if kind == "svg" else 2 * POINTS_PER_INCH,
                metadata=metadata if kind == "svg" else {"Software": None},
            )
        return written.getvalue()


def check_matplotlib() -> None:
    """Raise `MissingExtraError` without Matplotlib."""
    from importlib.util import find_spec  # noqa: PLC0415

    if find_spec("matplotlib") is None:
        raise MissingExtraError("charts need the extra report: pip install 'nntrain[report]'")


def _load() -> None:
    """Import Matplotlib with its own fonts and settings alone, and nothing written at home.

    It would ask the system for fonts, in another process, and keep its list of them.
    """
    with tempfile.TemporaryDirectory() as folder, _environment(
        MPLCONFIGDIR=folder, MPL_IGNORE_SYSTEM_FONTS="1"
    ):
        import matplotlib.backends.backend_agg  # noqa: PLC0415
        import matplotlib.backends.backend_svg  # noqa: PLC0415
        import matplotlib.figure  # noqa: F401, PLC0415


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ |= values
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def losses(logs: Sequence[tuple[str, LoggedLosses]]) -> Draw:
    """The losses of logs by name, training solid and validation dashed, on a log scale."""

    def draw(axes: Axes) -> None:
        is_several = len(logs) > 1
        _log_scale(axes, [of for _, log in logs for of in (log.loss, log.validation_loss) if of])
        for k, (_, log) in enumerate(logs):
            marker = MARKERS[k % len(MARKERS)] if is_several else ""
            _draw_course(axes, log, log.loss, k, "-", marker)
            if log.validation_loss:
                _draw_course(axes, log, log.validation_loss, k, "--", marker)
        _labels(axes, "epoch", "loss")
        handles = [
            _handle(SERIES[k % len(SERIES)], "-", MARKERS[k % len(MARKERS)] if is_several else "")
            for k in range(len(logs))
        ]
        names = [name for name, _ in logs]
        if any(log.validation_loss for _, log in logs):
            handles += [_handle(MUTED, "-"), _handle(MUTED, "--")]
            names += ["training", "validation"]
        _legend(axes, handles, names)

    return draw


def training(log: LoggedLosses) -> Draw:
    """The losses of one log, training and validation in colours of their own."""

    def draw(axes: Axes) -> None:
        courses = [log.loss, *([log.validation_loss] if log.validation_loss else [])]
        _log_scale(axes, courses)
        for k, (course, style) in enumerate(zip(courses, ("-", "--"), strict=False)):
            _draw_course(axes, log, course, k, style, "")
        _labels(axes, "epoch", "loss")
        if len(courses) > 1:
            handles = [_handle(SERIES[0], "-"), _handle(SERIES[1], "--")]
            _legend(axes, handles, ["training", "validation"])

    return draw


def largest_updates(log: LoggedLosses, tau: float) -> Draw:
    """The largest update of each epoch, and τ where there is one."""

    def draw(axes: Axes) -> None:
        _log_scale(axes, [log.largest_update], tau)
        _draw_course(axes, log, log.largest_update, 2, "-", "")
        _labels(axes, "epoch", "largest update")
        if tau > 0:
            axes.axhline(tau, color=SERIES[1], linestyle="--")
            handles = [_handle(SERIES[2], "-"), _handle(SERIES[1], "--")]
            _legend(axes, handles, ["largest update", f"τ = {tau:g}"])

    return draw


def predicted_against_true(name: str, y_true: Vector, y_pred: Vector) -> Draw:
    """Points, and the diagonal on which predictions are right."""

    def draw(axes: Axes) -> None:
        ends = [float(min(y_true.min(), y_pred.min())), float(max(y_true.max(), y_pred.max()))]
        _points(axes, y_true, y_pred)
        axes.plot(ends, ends, color=SERIES[1], linestyle="--", linewidth=1.3)
        _labels(axes, f"true {_cut(name)}", "predicted")
        _number_ticks(axes)

    return draw


def residuals(name: str, y_true: Vector, y_pred: Vector) -> Draw:
    """Prediction less true value against the prediction, and the line of no error."""

    def draw(axes: Axes) -> None:
        _points(axes, y_pred, y_pred - y_true)
        axes.axhline(0.0, color=SERIES[1], linestyle="--", linewidth=1.3)
        _labels(axes, f"predicted {_cut(name)}", "predicted - true")
        _number_ticks(axes)

    return draw


def histogram(name: str, counts: Sequence[int], edges: Vector) -> Draw:
    """Numbers of rows between edges."""

    def draw(axes: Axes) -> None:
        axes.stairs(np.array(counts), edges, fill=True, color=SERIES[0], alpha=0.75)
        axes.axvline(0.0, color=SERIES[1], linestyle="--", linewidth=1.3)
        _labels(axes, f"predicted - true {_cut(name)}", "rows")
        _number_ticks(axes)

    return draw


def bars(
    label: str,
    names: Sequence[str],
    values: Sequence[float],
    deviations: Sequence[float] | None = None,
    ends: Sequence[str] = (),
) -> Draw:
    """Bars from top to bottom, with their deviations, or with texts at their ends."""

    def draw(axes: Axes) -> None:
        places = np.arange(len(names))[::-1]
        axes.barh(places, values, color=SERIES[0], height=0.66)
        if deviations is not None:
            axes.errorbar(
                values, places, xerr=deviations, fmt="none", ecolor=INK, elinewidth=1.2, capsize=3
            )
        for place, value, text in zip(places, values, ends, strict=False):
            axes.annotate(
                text, (value, place), (4, 0), textcoords="offset points", va="center", fontsize=10
            )
        if ends:
            axes.margins(x=0.28)
        axes.set_yticks(places, [_cut(name, LONGEST_LABEL) for name in names])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.grid(visible=False, axis="y")
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        _labels(axes, label, "")
        _number_ticks(axes, y=False)

    return draw


def curve(
    name: str, target: str, points: Vector, means: Vector, marks: Vector, span: tuple[float, float]
) -> Draw:
    """A mean prediction over a column's numbers, with ticks on the floor at its deciles."""

    def draw(axes: Axes) -> None:
        axes.plot(points, means, color=SERIES[0], marker="o" if len(points) <= 12 else "")
        axes.set_ylim(span)
        for mark in marks:
            axes.axvline(mark, ymax=0.05, color=SERIES[1], linewidth=1.4)
        _labels(axes, _cut(name), _cut(target))
        _number_ticks(axes)

    return draw


def dots(
    name: str, target: str, categories: Sequence[str], means: Vector, span: tuple[float, float]
) -> Draw:
    """A mean prediction at each of a column's categories."""

    def draw(axes: Axes) -> None:
        places = np.arange(len(categories))
        axes.plot(places, means, color=SERIES[0], marker="D", markersize=6, linestyle="none")
        axes.set_ylim(span)
        axes.set_xlim(-0.6, len(categories) - 0.4)
        texts = [_cut(category, LONGEST_LABEL) for category in categories]
        is_upright = max(map(len, texts)) * len(texts) > 40
        axes.set_xticks(places, texts, rotation=90 if is_upright else 0)
        axes.grid(visible=False, axis="x")
        _labels(axes, _cut(name), _cut(target))
        _number_ticks(axes, x=False)

    return draw


def span_of(values: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of an axis that has room for all values."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _draw_course(
    axes: Axes, log: LoggedLosses, course: Course, k: int, style: str, marker: str
) -> None:
    """The mean of a course, and between its least and its largest a band.

    What has no logarithm lies on the floor.
    """
    colour = SERIES[k % len(SERIES)]
    n_epochs = len(log.epochs)
    floor = axes.get_ylim()[0]
    axes.plot(
        log.epochs,
        np.maximum(course.mean, floor),
        color=colour,
        linestyle=style,
        # One epoch alone is no line.
        marker=marker or ("o" if n_epochs == 1 else ""),
        markevery=max(1, n_epochs // 8),
        markersize=5,
    )
    if log.n_networks > 1:
        starts = np.arange(0, n_epochs, -(-n_epochs // MOST_EPOCHS))
        least = np.maximum(np.minimum.reduceat(course.least, starts), floor)
        largest = np.maximum(np.maximum.reduceat(course.largest, starts), floor)
        axes.fill_between(
            log.epochs[starts], least, largest, color=colour, alpha=0.18, linewidth=0
        )


def _log_scale(axes: Axes, courses: Sequence[Course], *others: float) -> None:
    """A log scale of y over what has a logarithm."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator  # noqa: PLC0415

    ends = [of for course in courses for of in (course.least, course.largest)]
    joined = np.concatenate([*ends, others])
    positive = joined[(joined > 0) & np.isfinite(joined)]
    low, high = (positive.min(), positive.max()) if len(positive) else (0.1, 1.0)
    room = max((high / low) ** 0.05, 1.1)
    axes.set_yscale("log")
    axes.set_ylim(max(low / room, np.finfo(np.float64).tiny), min(high * room, 1e307))
    decades = np.log10(high) - np.log10(low)
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if decades > 3 else (1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    _whole_epochs(axes)


def _whole_epochs(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=NICE_STEPS, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _number_ticks(axes: Axes, *, x: bool = True, y: bool = True) -> None:
    """Ticks that are read as they stand: no offset and no common factor beside the axis."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    for axis, is_meant in ((axes.xaxis, x), (axes.yaxis, y)):
        if is_meant:
            axis.set_major_locator(MaxNLocator(nbins=5, steps=NICE_STEPS))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _points(axes: Axes, x: Vector, y: Vector) -> None:
    alpha = 0.55 if len(x) < 500 else 0.3
    axes.plot(
        x, y, color=SERIES[0], alpha=alpha, marker="o", markersize=4, markeredgewidth=0, ls="none"
    )


def _labels(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _handle(colour: str, style: str, marker: str = "") -> Any:
    from matplotlib.lines import Line2D  # noqa: PLC0415

    return Line2D([], [], color=colour, linestyle=style, marker=marker, markersize=5)


def _legend(axes: Axes, handles: Sequence[Any], names: Sequence[str]) -> None:
    """A legend below the axes; names are set late, for one that begins with _ would be left out."""
    figure = axes.figure
    assert figure is not None
    columns = 1 if max(map(len, names)) > 20 else min(len(names), 3)
    legend = figure.legend(
        handles, ["…"] * len(names), loc="outside lower center", ncols=columns, columnspacing=1.2
    )
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(_cut(name, 48))


def _cut(name: str, most: int = LONGEST_NAME) -> str:
    """A name as far as an axis has room for it."""
    return name if len(name) <= most else f"{name[: most - 1]}…"
