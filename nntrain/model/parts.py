"""Everything that a model file holds, as one record."""

from __future__ import annotations

from dataclasses import dataclass

from nntrain.config.keys import Config
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.engine.network import Network
from nntrain.model.summary import Summary, Unfinished
from nntrain.stats.baseline import Baseline
from nntrain.stats.conformal import Intervals
from nntrain.stats.cross_conformal import CrossIntervals
from nntrain.stats.histogram import Histogram
from nntrain.stats.row_sketch import RowSketch


@dataclass(frozen=True)
class ModelParts:
    """The facts and numbers of a `Model`; `serialize` and `deserialize` exchange them."""

    config: Config
    preprocessing: Preprocessing
    networks: tuple[Network, ...]
    baseline: Baseline
    summary: Summary
    intervals: Intervals | CrossIntervals | None
    unfinished: Unfinished | None
    row_sketch: RowSketch | None
    nntrain_version: str
    histograms: tuple[Histogram, ...]
