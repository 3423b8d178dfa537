"""Whether the compiled engine works here, tried before a run depends on it.

Importing this module raises `ImportError` without Numba.
"""

from __future__ import annotations

import numpy as np

from nntrain.engine.compiled.kernels import ACTIVATION_NUMBERS, ZERO, Size, activate


def try_kernel() -> None:
    """Run one kernel, sigmoid(0) = 1/2. Raises whatever Numba does, `ArithmeticError` if wrong."""
    y = np.zeros(3)
    activate(ACTIVATION_NUMBERS["sigmoid"], y, y[:0], ZERO, Size(y.size))
    if y.tolist() != [0.5] * 3:
        raise ArithmeticError(f"it computes {y[0]!r} as the sigmoid of 0")
