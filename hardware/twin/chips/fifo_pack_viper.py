# SPDX-License-Identifier: Apache-2.0
"""The functions of `fifo_pack.py`, compiled. CPython fails to import this file and takes the plain ones."""

import micropython


@micropython.viper
def store(red: ptr32, ir: ptr32, at: int, new_red: ptr32, new_ir: ptr32, n: int):  # noqa: F821
    i = 0
    while i < n:
        red[at] = new_red[i]
        ir[at] = new_ir[i]
        at = (at + 1) & 31
        i += 1


@micropython.viper
def pack_red_ir(buf: ptr8, at: int, red: ptr32, ir: ptr32, first: int, n: int, cut: int):  # noqa: F821
    i = 0
    while i < n:
        value = int(red[first]) >> cut << cut
        buf[at] = value >> 16 & 3
        buf[at + 1] = value >> 8 & 0xFF
        buf[at + 2] = value & 0xFF
        value = int(ir[first]) >> cut << cut
        buf[at + 3] = value >> 16 & 3
        buf[at + 4] = value >> 8 & 0xFF
        buf[at + 5] = value & 0xFF
        at += 6
        first = (first + 1) & 31
        i += 1
