# SPDX-License-Identifier: Apache-2.0
"""Holds the firmware's COBS and the interpreter's CRC-32 to published vectors. Runs under MicroPython and CPython.

check_cobs.py FIRMWARE FOLDER_OF_THE_SHIM cobs_vectors.json
"""

import json
import sys
from binascii import crc32, unhexlify

sys.path.insert(0, sys.argv[1])
if sys.implementation.name == "cpython":
    sys.path.insert(0, sys.argv[2])

from vitals.link import cobs


def encoded(raw):
    out = bytearray(len(raw) + len(raw) // 254 + 2)
    end = cobs.encode_into(raw, len(raw), out, 1)
    assert out[0] == 0, "wrote before its place"
    return bytes(out[1:end])


def decoded(coded):
    buf = bytearray(coded)
    n = cobs.decode_in_place(buf, len(buf))
    return None if n < 0 else bytes(buf[:n])


def main():
    print("interpreter: " + sys.implementation.name)
    assert crc32(b"123456789") == 0xCBF43926
    with open(sys.argv[3]) as file:
        vectors = json.load(file)
    for vector in vectors["encode"]:
        raw, coded = unhexlify(vector["raw"]), unhexlify(vector["cobs"])
        assert encoded(raw) == coded, (raw, encoded(raw), coded)
        assert decoded(coded) == raw, (coded, decoded(coded), raw)
    for wrong in vectors["decode_error"]:
        wrong = unhexlify(wrong if isinstance(wrong, str) else wrong["cobs"])
        assert 0 in wrong or decoded(wrong) is None, (wrong, decoded(wrong))
    print("checked: {} encodings, {} errors".format(len(vectors["encode"]), len(vectors["decode_error"])))


main()
