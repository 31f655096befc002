# SPDX-License-Identifier: Apache-2.0
"""Integer signal processing shared by the oximeter and the cuff: the same numbers on every interpreter.

`kernels` are the inner loops. There are two files of them: `kernels_plain` is the readable one, `kernels_viper` is the
same arithmetic compiled to machine code. A build without the native emitter, and CPython, use the plain one.
"""

import sys
from array import array

if sys.implementation.name == "micropython":
    try:
        from vitals.signal import kernels_viper as kernels
        from vitals.signal import rhythm_viper as rhythm_kernels
    except (ImportError, SyntaxError, ValueError, NotImplementedError):
        # Compiled for another processor, or a build without the native emitter.
        from vitals.signal import kernels_plain as kernels
        from vitals.signal import rhythm_plain as rhythm_kernels
else:
    from vitals.signal import kernels_plain as kernels
    from vitals.signal import rhythm_plain as rhythm_kernels

# For whoever needs room within one call; nobody finds there what was left.
scratch = array("i", bytes(4 * 200))
correlations = array("i", bytes(4 * 64))


def root(n):
    """The whole square root of a number below 2^30."""
    found = 0
    bit = 1 << 14
    while bit:
        if (found + bit) * (found + bit) <= n:
            found += bit
        bit >>= 1
    return found


__all__ = ("correlations", "kernels", "rhythm_kernels", "root", "scratch")
