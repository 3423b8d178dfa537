"""Fixtures of the tests of diagnosis."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_notes() -> Iterator[None]:
    """Notes on columns are no matter here."""
    logger = logging.getLogger("nntrain")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)
