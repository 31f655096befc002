# SPDX-License-Identifier: Apache-2.0
"""Holds a wire.py to a vectors file. Runs under MicroPython and CPython.

    check_wire.py FOLDER_OF_WIRE FOLDER_OF_THE_SHIM VECTORS.json [commands]

With `commands` only those are checked, as they are in the vectors of an earlier version.
Prints what it checked; ends with an exception at the first difference.
"""

import json
import sys
from binascii import crc32, unhexlify
from struct import calcsize, unpack_from

sys.path.insert(0, sys.argv[1])
if sys.implementation.name == "cpython":
    sys.path.insert(0, sys.argv[2])

import wire

sys.path.append(sys.argv[1] + "/../..")
from vitals.link import wire_service


def either(name):
    """Of wire.py, or of the file with what only service needs."""
    return getattr(wire if hasattr(wire, name) else wire_service, name)


PARSERS = dict(wire.PARSERS)
PARSERS.update(wire_service.PARSERS)


def cobs_decode(frame):
    out = bytearray()
    i = 0
    while i < len(frame):
        code = frame[i]
        out.extend(frame[i + 1 : i + code])
        i += code
        if code < 255 and i < len(frame):
            out.append(0)
    return out


def expect(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found} instead of {wanted}")


def columns(items, flat, width):
    if flat:
        items = [items[i : i + width] for i in range(0, len(items), width)]
    return [[0, 0] + [row[c] for row in items] for c in range(width)], len(items)


def packed(vector, buf, off):
    name, arguments = vector["message"], list(vector["raw"])
    pack = either("pack_" + name)
    run = vector.get("run")
    if run is None:
        return pack(buf, off, *arguments)
    if isinstance(run, str):
        return pack(buf, off, *arguments, unhexlify(run))
    # From the third entry on, so that `start` is seen to be kept.
    rows, n = columns(run, name == "ppg", {"ppg": 2, "oscillogram": 3, "calibration_stored": 2}[name])
    return pack(buf, off, *arguments, *rows, 2, n)


def parsed(vector, body):
    values = PARSERS[body[1]](body, 8, len(body) - 4)
    run = vector.get("run")
    if run is None:
        return list(values), None
    tail = values[-1]
    if isinstance(run, str):
        return list(values[:-1]), bytes(tail)
    layout = either(vector["message"].upper() + "_ITEM")
    return list(values[:-1]), [list(unpack_from(layout, tail, i)) for i in range(0, len(tail), calcsize(layout))]


def check(vector, what):
    body = cobs_decode(unhexlify(vector["frame"])[:-1])
    expect(crc32(body[:-4]).to_bytes(4, "little"), bytes(body[-4:]), what + " CRC")
    expect(body[0], wire.VERSION_MAJOR, what + " version")
    expect(body[1], getattr(wire, vector["message"].upper()), what + " type")
    if body[1] < 0x80:
        # One byte of 0xFF around: the packer must write every byte of the payload and none beside it.
        buf = bytearray(b"\xff" * (len(body) + 1))
        end = packed(vector, buf, 8)
        expect(bytes(buf[8:end]), bytes(body[8:-4]), what + " payload")
        expect(bytes(buf[:8]) + bytes(buf[end:]), b"\xff" * (len(buf) - end + 8), what + " beside the payload")
        exact = bytearray(end)
        expect(packed(vector, exact, 8), end, what + " in a buffer that just fits")
        try:
            packed(vector, bytearray(end - 1), 8)
        except ValueError:
            return
        raise AssertionError(what + ": no ValueError from a buffer one byte too small")
    run = vector.get("run")
    wanted = unhexlify(run) if isinstance(run, str) else run
    found, tail = parsed(vector, body)
    raw = vector["raw"] + [None] * (len(found) - len(vector["raw"]))  # what a version before this one did not have
    expect((found, tail), (raw, wanted), what)
    head = len(body) - 12 if run is None else body[8]
    for cut in range(head):
        expect(PARSERS[body[1]](body, 8, 8 + cut), None, f"{what} cut after {cut} bytes")


def grown(vector):
    """Whether a version after this vector's has made the message longer: then no longer head is still to come."""
    body = cobs_decode(unhexlify(vector["frame"])[:-1])
    return body[1] >= 0x80 and len(parsed(vector, body)[0]) > len(vector["raw"])


def check_later(vector, raw):
    body = cobs_decode(unhexlify(vector["frame"])[:-1])
    if body[1] >= 0x80 and not grown(raw):
        expect(parsed(raw, body), parsed(raw, cobs_decode(unhexlify(raw["frame"])[:-1])), vector["message"] + " later")


def main():
    print("interpreter: " + sys.implementation.name)
    with open(sys.argv[3]) as file:
        golden = json.load(file)
    if "commands" in sys.argv:
        golden["vectors"] = [v for v in golden["vectors"] if getattr(wire, v["message"].upper()) >= 0x80]
    typical = {}
    for vector in golden["vectors"]:
        what = "{} ({})".format(vector["message"], vector["case"])
        check(vector, what)
        if vector["case"] == "typical":
            typical[vector["message"]] = vector
    for vector in golden["later"]:
        if vector["message"] in typical:
            check_later(vector, typical[vector["message"]])
    half = next(v for v in golden["refused"] if v["case"] == "half an item")
    body = cobs_decode(unhexlify(half["frame"])[:-1])
    expect(PARSERS[body[1]](body, 8, len(body) - 4), None, "half an item")
    print(f"schema hash: 0x{wire.SCHEMA_HASH:08X}")
    print("checked: {} of {} messages".format(len(golden["vectors"]), len(typical)))


main()
