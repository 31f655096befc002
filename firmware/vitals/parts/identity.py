# SPDX-License-Identifier: Apache-2.0
"""Who the board says it is: the hello's text and capabilities, in the application and in service mode alike."""

import sys

from vitals.link import wire


def interpreter():
    """Name and version of what runs the firmware."""
    version = sys.implementation.version
    name = {"micropython": "MicroPython", "cpython": "CPython"}.get(sys.implementation.name, sys.implementation.name)
    text = "%s %d.%d.%d" % (name, version[0], version[1], version[2])
    if len(version) > 3 and version[3] and version[3] != "final":
        text += "-" + version[3]
    return text


def text(serial, bed_label):
    """The lines of the hello."""
    return "%s\n%s\n%s" % (serial, bed_label, interpreter())


def capabilities(board, own_supply, external_layer):
    """wire.CAPABILITIES_* of this board as it is fitted."""
    bits = (
        wire.CAPABILITIES_OXIMETER
        | wire.CAPABILITIES_CUFF
        | wire.CAPABILITIES_PPG_STREAM
        | wire.CAPABILITIES_OSCILLOGRAM
        | wire.CAPABILITIES_OBSERVE
    )
    if own_supply:
        bits |= wire.CAPABILITIES_OWN_SUPPLY
    if board.hard_timer:
        bits |= wire.CAPABILITIES_HARD_INTERLOCK
    if external_layer:
        bits |= wire.CAPABILITIES_EXTERNAL_LAYER
    if board.serial.startswith("SIM"):
        bits |= wire.CAPABILITIES_SIMULATED
    return bits
