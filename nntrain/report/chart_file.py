"""A chart as an SVG or PNG file, made by Matplotlib (extra `report`).

The same numbers give the same bytes: no setting of the user's Matplotlib is read, and none is
changed. Names are drawn as they are, never read as mathematics.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

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
"""In pixels of the page: narrow enough that text stays readable on a phone."""


@dataclass(frozen=True)
class Chart:
    """A chart: the function that draws into its axes, and its size in pixels.

    With `plot_height` the plot itself gets that height whatever stands above and below it, and
    `height` does not count.
    """

    draw: Draw
    width: float = WIDTH
    height: float = HEIGHT
    plot_height: float | None = None

    def svg(self) -> str:
        """The chart as the text of an SVG file, without background."""
        return self.file("svg", "none").decode()

    def file(self, kind: str, background: str = LIGHT["paper"]) -> bytes:
        """The chart as the bytes of an `svg` or `png` file."""
        check_installed("matplotlib")
        _load()
        import matplotlib as mpl  # noqa: PLC0415  (an optional package)
        from matplotlib.figure import Figure  # noqa: PLC0415

        written = io.BytesIO()
        with mpl.rc_context(), warnings.catch_warnings(), np.errstate(all="ignore"):
            # A warning about a glyph that the font lacks: whoever views the page has other fonts.
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
    """Give the axes a height in pixels, and the figure the height that this takes."""
    figure.draw_without_rendering()
    box, height = axes.get_position(), figure.get_figheight() * POINTS_PER_INCH
    below, above = box.y0 * height, (1.0 - box.y1) * height
    height = below + plot_height + above
    figure.set_layout_engine("none")
    figure.set_figheight(height / POINTS_PER_INCH)
    axes.set_position((box.x0, below / height, box.width, plot_height / height))


def _load() -> None:
    """Import Matplotlib with only its own fonts and settings, and let it write nothing at home.

    By itself it asks the system for fonts, in another process, and keeps a list of them.
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
    """These environment variables while the block runs; afterwards they are as before."""
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
