# SPDX-License-Identifier: Apache-2.0
"""The simulated world: a patient, a cuff on an arm, a finger on a sensor. It knows nothing of pins, chips or firmware.

Everything here is integer arithmetic within 62 bits, so that MicroPython and CPython give the same numbers bit for bit
(and so that MicroPython allocates nothing for them).
"""
