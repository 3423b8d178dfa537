"""Read text in small blocks, so that a small table has many."""

from __future__ import annotations

import pytest

from nntrain.data.readers import csv_header, csv_records, json_lines


def read_in_blocks(monkeypatch: pytest.MonkeyPatch, n_bytes: int) -> None:
    """Make every reader of text read so many bytes at a time."""
    for module in (csv_header, csv_records, json_lines):
        monkeypatch.setattr(module, "BLOCK_BYTES", n_bytes)
