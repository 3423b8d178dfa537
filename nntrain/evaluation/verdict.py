"""What `nntrain check` reports: whether fit or predict would work, and what each column holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class ColumnCheck:
    """A column: what it is used as, its kind with one of its cells, and how many are unusual.

    `new_categories` counts the cells of each category that training had not seen. `outside_range`
    counts numbers below or above those of the training rows, `far_outside_range` those of them
    that `NumericColumn.is_far` calls far, and `bad` cells that make predict fail. `drift` is the
    population stability index, with the `drift_limit` above which it is worth a warning; None where
    the model does not know the training distribution, or there is no row.
    """

    name: str
    use: str
    type: str
    example: str = ""
    missing: int = 0
    new_categories: dict[str, int] = field(default_factory=dict)
    outside_range: int = 0
    far_outside_range: int = 0
    bad: int = 0
    drift: float | None = None
    drift_limit: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether fit or predict would work: `error` is empty if so, else what it would say."""

    rows: int
    columns: list[ColumnCheck]
    warnings: list[str]
    error: str

    def as_dict(self) -> dict[str, Any]:
        """The verdict as JSON types."""
        return {"works": not self.error, **asdict(self)}
