# SPDX-License-Identifier: Apache-2.0
"""Consistent overhead byte stuffing: frames free of zero bytes, so that a zero always ends a frame.

`encode_into(src, n, dst, off) -> end`, `decode_in_place(buf, n) -> length or -1` and `copy(src, src_off, dst, dst_off,
n)` come as native code where the interpreter can make it, else in plain Python; tests hold both to the same results.
"""

import sys

if sys.implementation.name == "micropython":
    try:
        from vitals.link.cobs_viper import copy, decode_in_place, encode_into
    except (ImportError, SyntaxError, ValueError, NotImplementedError):
        # Compiled for another processor, or a build without the native emitter.
        from vitals.link.cobs_plain import copy, decode_in_place, encode_into
else:
    from vitals.link.cobs_plain import copy, decode_in_place, encode_into

__all__ = ("copy", "decode_in_place", "encode_into")
