# SPDX-License-Identifier: Apache-2.0
"""Encodes and decodes what a file lists, with every implementation that this interpreter can run.

play_cobs.py CASES: JSON with `raw` (to encode) and `coded` (to decode), lists of hex. Prints hex, or None.
"""

import json
import sys

from vitals.link import cobs_plain

IMPLEMENTATIONS = [cobs_plain]
if sys.implementation.name == "micropython":
    from vitals.link import cobs_viper

    IMPLEMENTATIONS.append(cobs_viper)


def encoded(cobs, raw):
    room = len(raw) + len(raw) // 254 + 1
    out = bytearray(b"\xa5" * (room + 2))
    end = cobs.encode_into(raw, len(raw), out, 1)
    assert out[0] == 0xA5, "wrote before its place"
    assert out[room + 1] == 0xA5, "wrote behind the room that it says it needs"
    return bytes(out[1:end]).hex()


def decoded(cobs, coded):
    buf = bytearray(coded) + b"\xa5"
    n = cobs.decode_in_place(buf, len(coded))
    assert buf[len(coded)] == 0xA5, "wrote behind its input"
    assert n <= len(coded)
    return None if n < 0 else bytes(buf[:n]).hex()


def copied(cobs):
    target = bytearray(6)
    cobs.copy(b"abcdef", 1, target, 2, 3)
    return bytes(target).hex()


def main():
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    found = []
    for cobs in IMPLEMENTATIONS:
        out = {
            "coded": [encoded(cobs, bytes.fromhex(raw)) for raw in cases["raw"]],
            "raw": [decoded(cobs, bytes.fromhex(coded)) for coded in cases["coded"]],
            "copy": copied(cobs),
        }
        if out not in found:
            found.append(out)
    print(json.dumps(found))


main()
