"""The function e^x without branches, so that compiled loops compute several x at once.

x = n ln 2 + r with a whole number n and |r| <= ln 2 / 2. e^r is its Taylor polynomial; 2^n goes
into the bits of the exponent. ln 2 is subtracted in two parts, the first of which ends in zero bits
(Cody, Waite 1980). The result is within two units in the last place; x beyond ±708 (±87 in single
precision) is taken as that limit.

Importing this module raises `ImportError` without Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

LARGEST, LARGEST_32 = 708.0, np.float32(87)
LOG2_E, LOG2_E_32 = 1.4426950408889634, np.float32(1.4426950408889634)
LN2_HIGH, LN2_HIGH_32 = 6.93147180369123816490e-01, np.float32(0.693359375)
LN2_LOW, LN2_LOW_32 = 1.90821492927058770002e-10, np.float32(-2.12194440e-4)
ROUND, ROUND_32 = 1.5 * 2.0**52, np.float32(1.5 * 2.0**23)
"""Adding this rounds to a whole number, which then stands in the last bits of the sum."""
ONE_32, HALF_32, SIXTH_32, C4_32, C5_32, C6_32, C7_32 = (
    np.float32(1 / divisor) for divisor in (1, 2, 6, 24, 120, 720, 5040)
)


def exp(x: float) -> float:
    """e^x for compiled code; the result has the precision of x, single or double."""
    raise NotImplementedError


@overload(exp, jit_options={"error_model": "numpy", "fastmath": {"contract"}})
def _exp(x: Any) -> Callable[[Any], Any]:
    return _exp_single if x == types.float32 else _exp_double


def _exp_double(x: Any) -> Any:
    x = LARGEST if x > LARGEST else x
    x = -LARGEST if x < -LARGEST else x
    rounded = x * LOG2_E + ROUND
    n = rounded - ROUND
    r = x - n * LN2_HIGH - n * LN2_LOW
    y = 1.0 / 6227020800.0  # 1 / 13!
    y = y * r + 1.0 / 479001600.0
    y = y * r + 1.0 / 39916800.0
    y = y * r + 1.0 / 3628800.0
    y = y * r + 1.0 / 362880.0
    y = y * r + 1.0 / 40320.0
    y = y * r + 1.0 / 5040.0
    y = y * r + 1.0 / 720.0
    y = y * r + 1.0 / 120.0
    y = y * r + 1.0 / 24.0
    y = y * r + 1.0 / 6.0
    y = y * r + 0.5
    y = y * r + 1.0
    y = y * r + 1.0
    return y * _power_of_2(rounded)


def _exp_single(x: Any) -> Any:
    x = LARGEST_32 if x > LARGEST_32 else x
    x = -LARGEST_32 if x < -LARGEST_32 else x
    rounded = x * LOG2_E_32 + ROUND_32
    n = rounded - ROUND_32
    r = x - n * LN2_HIGH_32 - n * LN2_LOW_32
    y = C7_32 * r + C6_32
    y = y * r + C5_32
    y = y * r + C4_32
    y = y * r + SIXTH_32
    y = y * r + HALF_32
    y = y * r + ONE_32
    y = y * r + ONE_32
    return y * _power_of_2(rounded)


def _type_power_of_2(_context: Any, rounded: Any) -> tuple[Any, Callable[..., Any]]:
    """2^n for n + ROUND: its last bits become the exponent."""
    n_bits, n_fraction, bias = (64, 52, 1023) if rounded == types.float64 else (32, 23, 127)

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(n_bits)
        bits = builder.bitcast(arguments[0], integer)
        exponent = builder.shl(bits, ir.Constant(integer, n_fraction))
        exponent = builder.add(exponent, ir.Constant(integer, bias << n_fraction))
        return builder.bitcast(exponent, arguments[0].type)

    return rounded(rounded), generate


_power_of_2: Any = intrinsic(_type_power_of_2)
