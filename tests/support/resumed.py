"""A run of `nntrain fit` that is interrupted and gone on with: its table, and what it leaves."""

from __future__ import annotations

from pathlib import Path

TABLE = "sample_data/concrete.csv"
CONFIG = "configs/mini-batch.yaml"
OLDER_MODEL = b"PK\x03\x04" + bytes(26) + b"header.npy and the rest of an older model"
OLDER_LOG = b"epoch,iterations,loss,validation_loss,largest_update,seconds\n1,1,7.5,,0.5,0.001\n"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"configs", "sample_data"}


def log_without_seconds(path: Path) -> list[str]:
    return [line.rpartition(",")[0] for line in path.read_text().splitlines()]
