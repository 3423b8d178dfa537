"""How to learn, as numbers and names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Hyperparameters:
    """How one network learns; most fields are keys of the config and have its values.

    `batch_rows` is the number of rows in one batch (`batches.rows_per_iteration`). The result does
    not depend on `threads`, and on the `engine` only by rounding. `patience` is how many epochs may
    pass without a lower validation loss; None for no limit. `member` numbers the networks of an
    ensemble from 1; 0 for a network alone.
    """

    alpha: float
    epochs: int
    batch_rows: int
    tau: float = 0.0
    shuffle: bool = True
    seed: int = 0
    threads: int = 1
    engine: Literal["numpy", "compiled"] = "numpy"
    optimizer: str = "gradient_descent"
    momentum: float = 0.9
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    alpha_schedule: str = "constant"
    weight_decay: float = 0.0
    keep: str = "last"
    patience: int | None = None
    member: int = 0

    @property
    def watches(self) -> bool:
        """Whether the epoch with the lowest validation loss must be known."""
        return self.keep == "best" or self.patience is not None

    @property
    def is_plain(self) -> bool:
        """Whether an update is θ := θ - α (1/m) ∂ℓ/∂θ and no more, with a constant α."""
        names = self.optimizer, self.alpha_schedule
        return names == ("gradient_descent", "constant") and self.weight_decay == 0
