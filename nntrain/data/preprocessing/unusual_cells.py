"""Count the cells that a model was not trained for: missing, of an unseen category, far away."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nntrain.arrays import Vector
from nntrain.data.notes import FarNumbers, MissingCells, TakeNote, UnseenCategories, log_note
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature
from nntrain.data.preprocessing.encode_features import UNSEEN


@dataclass
class UnusualCells:
    """Counts unusual cells by column; `ranges` has the training range of columns in `far`."""

    missing: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)
    far: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add_missing(self, name: str, n_cells: int) -> None:
        """Count missing cells of a column."""
        _add(self.missing, name, n_cells)

    def add_unseen(self, name: str, n_cells: int) -> None:
        """Count cells of a column whose category training had not seen."""
        _add(self.unseen, name, n_cells)

    def count(self, feature: Feature, values: Vector) -> None:
        """Count the unusual cells among a feature's values (n_rows,), as `encode` takes them."""
        if isinstance(feature, CategoricalColumn) or feature.levels:
            self.add_unseen(feature.name, int(np.count_nonzero(values == UNSEEN)))
        if isinstance(feature, CategoricalColumn):
            return
        low, high = feature.far_bounds
        # Nearly always two fast passes tell that there is none; a missing cell makes both NaN.
        if not len(values) or (values.min() >= low and values.max() <= high):
            return
        self.add_missing(feature.name, int(np.count_nonzero(np.isnan(values))))
        _add(self.far, feature.name, int(np.count_nonzero(feature.is_far(values))))
        self.ranges[feature.name] = feature.shown(feature.minimum), feature.shown(feature.maximum)

    def note(self, take_note: TakeNote = log_note) -> None:
        """Make a note of each kind, if there were any such cells."""
        if self.missing:
            take_note(MissingCells(self.missing))
        if self.unseen:
            take_note(UnseenCategories(self.unseen))
        if self.far:
            take_note(FarNumbers(self.far, {name: self.ranges[name] for name in self.far}))


def _add(counts: dict[str, int], name: str, n_cells: int) -> None:
    if n_cells:
        counts[name] = counts.get(name, 0) + n_cells
