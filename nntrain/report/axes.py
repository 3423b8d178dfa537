"""Axes to draw into, and the file that comes of it: all that knows Matplotlib (extra `report`).

No state of Matplotlib's is read or left changed, and the same numbers give the same bytes. Names
are drawn as they are, never read as mathematics. `charts.py` says what is drawn.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nntrain.arrays import Vector
from nntrain.report.extra import check_installed
from nntrain.report.svg import LIGHT

if TYPE_CHECKING:
    from matplotlib import axes as matplotlib_axes

Axes: TypeAlias = "matplotlib_axes.Axes"
Draw: TypeAlias = "Callable[[Axes], None]"

SERIES = [colour for name, colour in LIGHT.items() if name.startswith("series")]
INK, MUTED, GRID = LIGHT["ink"], LIGHT["muted"], LIGHT["grid"]
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "nntrain",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11.0,
    "axes.labelsize": 11.5,
    "axes.labelpad": 7.0,
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
LARGE = 1e7
"""Numbers from here on take an exponent, or ticks would run into each other."""
LONGEST_TICK = 9
"""Of longer ones there is no room for more than two."""
NICE_STEPS = [1, 2, 2.5, 5, 10]


@dataclass(frozen=True)
class Chart:
    """What `draw` puts into axes of `width` × `height` pixels."""

    draw: Draw
    width: float = WIDTH
    height: float = HEIGHT
    plot_height: float | None = None
    """Of the plot alone; what stands below and above it is added, and `height` does not count."""

    def svg(self) -> str:
        """The chart as an SVG file without background."""
        return self.file("svg", "none").decode()

    def file(self, kind: str, background: str = LIGHT["paper"]) -> bytes:
        """The chart as the bytes of an `svg` or `png` file."""
        check_installed("matplotlib")
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
            if self.plot_height is not None:
                _set_plot_height(figure, axes, self.plot_height)
            metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            figure.savefig(
                written,
                format=kind,
                facecolor=background,
                dpi=POINTS_PER_INCH if kind == "svg" else 2 * POINTS_PER_INCH,
                metadata=metadata if kind == "svg" else {"Software": None},
            )
        return written.getvalue()


def _set_plot_height(figure: Any, axes: Axes, plot_height: float) -> None:
    """Give the axes a height in pixels, and the figure what is needed around it."""
    figure.draw_without_rendering()
    box, height = axes.get_position(), figure.get_figheight() * POINTS_PER_INCH
    below, above = box.y0 * height, (1.0 - box.y1) * height
    height = below + plot_height + above
    figure.set_layout_engine("none")
    figure.set_figheight(height / POINTS_PER_INCH)
    axes.set_position((box.x0, below / height, box.width, plot_height / height))


def _load() -> None:
    """Import Matplotlib with its own fonts and settings alone, and nothing written at home.

    It would ask the system for fonts, in another process, and keep its list of them.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        _environment(MPLCONFIGDIR=folder, MPL_IGNORE_SYSTEM_FONTS="1", MPLBACKEND="agg"),
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


def log_scale(axes: Axes, values: Vector) -> None:
    """A log scale of y over those values that have a logarithm."""
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
    """Ticks of x at whole numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    axes.xaxis.set_major_locator(
        MaxNLocator(nbins=6, steps=NICE_STEPS, integer=True, min_n_ticks=1)
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def number_ticks(axes: Axes, *, x: bool = True, y: bool = True) -> None:
    """Ticks that are read as they stand: no offset and no common factor beside the axis."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    for axis, is_meant in ((axes.xaxis, x), (axes.yaxis, y)):
        if is_meant:
            few = MaxNLocator(nbins=2, steps=NICE_STEPS)
            some = MaxNLocator(nbins=4, steps=NICE_STEPS)
            ticks = some.tick_values(*axis.get_view_interval())
            is_long = axis is axes.xaxis and max(map(len, map(_tick, ticks))) > LONGEST_TICK
            axis.set_major_locator(few if is_long else some)
            axis.set_major_formatter(FuncFormatter(_tick))


def _tick(value: float, _: int | None = None) -> str:
    return f"{value:,.12g}" if abs(value) < LARGE else f"{value:.4g}"


def line_of(colour: str, style: Any, marker: str = "") -> Any:
    """What stands for a line in a legend."""
    from matplotlib.lines import Line2D  # noqa: PLC0415

    return Line2D([], [], color=colour, linestyle=style, marker=marker, markersize=5)


def legend(axes: Axes, handles: Sequence[Any], names: Sequence[str]) -> None:
    """A legend below the axes; names are set late, for one that begins with _ would be left out."""
    figure = axes.figure
    assert figure is not None
    columns = 1 if max(map(len, names)) > 20 else min(len(names), 3)
    legend = figure.legend(
        handles, ["…"] * len(names), loc="outside lower center", ncols=columns, columnspacing=1.2
    )
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)
