# SPDX-License-Identifier: Apache-2.0
"""Shows that a locked heap really catches an allocation in a tick, and counts what ticks allocate without a lock."""

import gc
import json

import micropython
from vitals.safety.interlock import Interlock


class Outputs:
    energised = True
    pumping = True
    inhibited = False

    def __init__(self):
        self.waste = None

    def cut(self):
        pass


class Wasteful(Outputs):
    def cut(self):
        self.waste = [1, 2, 3]


def caught(outputs):
    lock = Interlock(outputs, lambda: 60000)
    micropython.heap_lock()
    try:
        lock.tick()
        return False
    except MemoryError:
        return True
    finally:
        micropython.heap_unlock()


def allocated(raw, ticks):
    lock = Interlock(Outputs(), lambda: raw)
    lock.tick()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    i = 0
    while i < ticks:
        lock.tick()
        i += 1
    after = gc.mem_alloc()
    gc.enable()
    return after - before


print(
    json.dumps(
        {
            "frugal_caught": caught(Outputs()),
            "wasteful_caught": caught(Wasteful()),
            "allocated_idle": allocated(2700, 5000),
            "allocated_tripped": allocated(60000, 5000),
            "allocated_no_reading": allocated(0, 5000),
        }
    )
)
