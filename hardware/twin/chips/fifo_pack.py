# SPDX-License-Identifier: Apache-2.0
"""Samples into the ring of a FIFO, and out of it as bytes: viper where there is one, plain Python beside it."""

try:
    from chips.fifo_pack_viper import pack_red_ir, store
except (ImportError, SyntaxError, NameError):  # CPython knows neither viper nor its types

    def store(red, ir, at, new_red, new_ir, n):
        """Puts the first `n` of the new samples into the rings from position `at` on."""
        for i in range(n):
            red[at] = new_red[i]
            ir[at] = new_ir[i]
            at = at + 1 & 31

    def pack_red_ir(buf, at, red, ir, first, n, cut):
        """Writes `n` samples from ring position `first` into `buf` from `at`: red then infrared, three bytes each, most
        significant first, the low `cut` bits of each zero."""
        for _ in range(n):
            value = red[first] >> cut << cut
            buf[at] = value >> 16 & 3
            buf[at + 1] = value >> 8 & 0xFF
            buf[at + 2] = value & 0xFF
            value = ir[first] >> cut << cut
            buf[at + 3] = value >> 16 & 3
            buf[at + 4] = value >> 8 & 0xFF
            buf[at + 5] = value & 0xFF
            at += 6
            first = first + 1 & 31
