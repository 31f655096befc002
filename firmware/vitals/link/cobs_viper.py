# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F821  (ptr8 is a type that viper knows)
"""The functions of `cobs_plain` as native code: same arguments, same results, no bound checks but the callers'."""

import micropython


@micropython.viper
def encode_into(src: ptr8, n: int, dst: ptr8, off: int) -> int:
    code_at = off
    out = off + 1
    code = 1
    i = 0
    while i < n:
        if code == 255:
            dst[code_at] = 255
            code_at = out
            out += 1
            code = 1
        b = int(src[i])
        if b:
            dst[out] = b
            out += 1
            code += 1
        else:
            dst[code_at] = code
            code_at = out
            out += 1
            code = 1
        i += 1
    dst[code_at] = code
    return out


@micropython.viper
def decode_in_place(buf: ptr8, n: int) -> int:
    i = 0
    out = 0
    while i < n:
        code = int(buf[i])
        end = i + code
        if code == 0 or end > n:
            return -1
        i += 1
        while i < end:
            b = int(buf[i])
            if b == 0:
                return -1
            buf[out] = b
            out += 1
            i += 1
        if code < 255 and i < n:
            buf[out] = 0
            out += 1
    return out


@micropython.viper
def copy(src: ptr8, src_off: int, dst: ptr8, dst_off: int, n: int):
    i = 0
    while i < n:
        dst[dst_off + i] = src[src_off + i]
        i += 1
