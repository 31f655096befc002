# SPDX-License-Identifier: Apache-2.0
"""COBS and a byte copy in plain Python: what `cobs_viper` does where no native code can be compiled."""


def encode_into(src, n, dst, off):
    """Encodes src[0:n] into dst from `off`, without a trailing zero. Returns the end; needs n + n // 254 + 1 bytes."""
    code_at = off
    out = off + 1
    code = 1
    for i in range(n):
        if code == 255:
            # A full block opens the next one only when there is more to say.
            dst[code_at] = 255
            code_at = out
            out += 1
            code = 1
        b = src[i]
        if b:
            dst[out] = b
            out += 1
            code += 1
        else:
            dst[code_at] = code
            code_at = out
            out += 1
            code = 1
    dst[code_at] = code
    return out


def decode_in_place(buf, n):
    """Decodes buf[0:n] (no zero among them) over itself. Returns the length, or -1 where this is not COBS."""
    i = 0
    out = 0
    while i < n:
        code = buf[i]
        end = i + code
        if code == 0 or end > n:
            return -1
        i += 1
        while i < end:
            b = buf[i]
            if b == 0:
                return -1
            buf[out] = b
            out += 1
            i += 1
        if code < 255 and i < n:
            buf[out] = 0
            out += 1
    return out


def copy(src, src_off, dst, dst_off, n):
    """Copies n bytes between two different buffers without making a slice."""
    for i in range(n):
        dst[dst_off + i] = src[src_off + i]
