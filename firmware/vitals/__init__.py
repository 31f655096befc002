# SPDX-License-Identifier: Apache-2.0
"""The package on the board. `FIRMWARE` is its version, sent in the hello."""

import gc

from micropython import const

FIRMWARE = (0, 1, 0)

# The record of starts, as boot.py has counted and judged this one; None where no boot.py ran.
boot_log = None

# Loading leaves garbage between what stays. On a board's small heap it is collected often until everything is made, so
# that what is free afterwards is in one piece; `settled()` ends that. CPython has neither such a heap nor `threshold`.
_LOADING_BYTES = const(4096)
_SMALL_HEAP = const(400000)
_loading = hasattr(gc, "threshold") and gc.mem_free() < _SMALL_HEAP
if _loading:
    gc.threshold(_LOADING_BYTES)


def settled():
    """Everything is loaded and made: from here on the application chooses when garbage is collected."""
    if _loading:
        gc.threshold(-1)
        gc.collect()
