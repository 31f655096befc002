# SPDX-License-Identifier: Apache-2.0
"""Feeds a byte stream to the receiver, in pieces of the sizes that the file says, and prints what it made of it.

play_receiver.py FILE: JSON with `streams`: list of {"data": hex, "pieces": [sizes, used in turn]}.
"""

import json
import sys

from vitals.link import framing


def receive(stream):
    receiver = framing.Receiver()
    room = len(receiver.body)
    data = bytes.fromhex(stream["data"])
    bodies = []
    at = 0
    turn = 0
    while at < len(data):
        size = stream["pieces"][turn % len(stream["pieces"])]
        turn += 1
        piece = bytearray(data[at : at + size])
        at += len(piece)
        i = 0
        while i < len(piece):
            after = receiver.feed(piece, i, len(piece))
            assert after > i, "no progress"
            i = after
            if receiver.type is not None:
                payload = bytes(receiver.body[framing.HEADER : receiver.end])
                bodies.append([receiver.type, receiver.sequence, payload.hex()])
    assert len(receiver.body) == room, "the buffer has grown"
    counters = ("frames", "bad_cobs", "bad_crc", "too_short", "too_long", "wrong_version")
    return {"bodies": bodies, "counters": {name: getattr(receiver, name) for name in counters}}


def main():
    with open(sys.argv[1]) as file:
        streams = json.load(file)["streams"]
    print(json.dumps([receive(stream) for stream in streams]))


main()
