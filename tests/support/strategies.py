"""What Hypothesis draws for the tests of several modules of the engine."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

WITHOUT_DEADLINE = settings(deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
