# SPDX-License-Identifier: Apache-2.0
"""The cuff's inner loops: compiled to machine code where the build can, else the plain ones (see `vitals.signal`)."""

import sys

if sys.implementation.name == "micropython":
    try:
        from vitals.nibp.kernels_viper import next_rise, slopes, smooth
    except (ImportError, SyntaxError, ValueError, NotImplementedError):
        from vitals.nibp.kernels_plain import next_rise, slopes, smooth
else:
    from vitals.nibp.kernels_plain import next_rise, slopes, smooth

__all__ = ("next_rise", "slopes", "smooth")
