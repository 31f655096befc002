# SPDX-License-Identifier: Apache-2.0
"""The cuff's inner loops: compiled to machine code where the build can, else the plain ones (see `vitals.signal`)."""

import sys

if sys.implementation.name == "micropython":
    try:
        from vitals.nibp.kernels_viper import next_rise, smooth
    except (ImportError, SyntaxError, ValueError, NotImplementedError):
        from vitals.nibp.kernels_plain import next_rise, smooth
else:
    from vitals.nibp.kernels_plain import next_rise, smooth


def root(n):
    """The whole square root of a number below 2^30."""
    x = 0
    bit = 1 << 14
    while bit:
        if (x + bit) * (x + bit) <= n:
            x += bit
        bit >>= 1
    return x


__all__ = ("next_rise", "root", "smooth")
