# SPDX-License-Identifier: Apache-2.0
"""Runs under MicroPython: takes the power at many moments of a recorded flash, and looks what a board would find.

    python -m micropython_unix -X heapsize=64M check.py BASE JOURNAL STEP SHARD SHARDS FIRMWARE

BASE is the flash before, JOURNAL every write after it. For every write the power goes after each STEP-th byte of it,
and after its first and before its last; for every erase in the middle. The file system is MicroPython's own. Prints one
line: a JSON object with counts.
"""

import binascii
import hashlib
import json
import struct
import sys

try:
    import vfs
except ImportError:
    vfs = None  # CPython only reads journals with this file

BLOCK = 4096
JOURNAL = "<BHHH"
COPIES = ("copy_a", "copy_b")


class Device:
    """The flash at one moment. What a mount writes is kept apart, and forgotten with it."""

    def __init__(self, data):
        self._data = data
        self._own = {}

    def _block(self, block):
        return self._own.get(block) or memoryview(self._data)[block * BLOCK : (block + 1) * BLOCK]

    def readblocks(self, block, buf, offset=0):
        buf[:] = self._block(block)[offset : offset + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        if block not in self._own:
            self._own[block] = bytearray(self._block(block))
        self._own[block][offset : offset + len(buf)] = buf

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self._data) // BLOCK
        if operation == 5:
            return BLOCK
        if operation == 6:
            self._own[argument] = bytearray(b"\xff" * BLOCK)
            return 0
        return None


def read_journal(path):
    """[(kind, block, offset, data)]"""
    ops = []
    size = struct.calcsize(JOURNAL)
    with open(path, "rb") as f:
        head = f.read(size)
        while len(head) == size:
            kind, block, offset, n = struct.unpack(JOURNAL, head)
            ops.append((chr(kind), block, offset, f.read(n) if kind == ord("P") else b"\xff" * n))
            head = f.read(size)
    return ops


def _read(path):
    try:
        with open("/look/" + path, "rb") as f:
            return f.read()
    except OSError:
        return None


_buffer = bytearray(4096)


def _sha(path):
    h = hashlib.sha256()
    try:
        with open("/look/" + path, "rb") as f:
            n = f.readinto(_buffer)
            while n:
                h.update(memoryview(_buffer)[:n])
                n = f.readinto(_buffer)
    except OSError:
        return None
    return binascii.hexlify(h.digest()).decode()


def settings(TwoCopies):  # noqa: N803
    """Payloads of the two records as the firmware reads them; None where neither copy is whole."""
    return {name: TwoCopies("/look", name, 400).load() for name in ("config", "calib")}


def verdict():
    """(what the board does, None) or ("bricked", why)."""
    active = _read("active")
    boot = _read("boot.py")
    if boot is None:
        return "waits", None  # nothing starts: its prompt
    if active is None or active.decode() not in COPIES:
        # Firmware of before there were copies, or none.
        return ("bricked", "boot.py without a copy") if b"choose_copy" in boot else ("old layout", None)
    copy = active.decode()
    text = _read(copy + "/manifest.json")
    try:
        manifest = json.loads(text)
    except (ValueError, TypeError):
        return "bricked", copy + " has no manifest"
    for path, sha in manifest["files"].items():
        if path in ("boot.py", "main.py"):
            continue
        if _sha(copy + "/" + path) != sha:
            return "bricked", copy + "/" + path + " is not whole"
    if _read("main.py") is None:
        return "bricked", "no main.py"
    return manifest["firmware"], None


def look(data, TwoCopies):  # noqa: N803
    """What a board with this flash does, and its settings."""
    vfs.mount(vfs.VfsLfs2(Device(data), progsize=256), "/look")
    try:
        return verdict(), settings(TwoCopies)
    finally:
        vfs.umount("/look")


def cuts_of(n, step):
    """After how many bytes of a write of n the power goes."""
    return sorted(set(range(0, n, step)) | {1, n - 1, n} & set(range(n + 1)))


def main(base, journal, step, shard, shards, firmware):
    sys.path.append(firmware)
    from vitals.store.twocopy import TwoCopies

    with open(base, "rb") as f:
        data = bytearray(f.read())
    ops = read_journal(journal) if journal != "-" else []
    before = look(data, TwoCopies)[1]
    counts, problems, records, cuts = {}, [], {}, 0
    for number, (kind, block, offset, new) in enumerate(ops + [("P", 0, 0, b"")]):
        at = block * BLOCK + offset
        old = bytes(memoryview(data)[at : at + len(new)])
        if number % shards == shard:
            for k in [len(new) // 2] if kind == "E" else cuts_of(len(new), step):
                data[at : at + k] = memoryview(new)[:k]
                (state, why), found = look(data, TwoCopies)
                cuts += 1
                counts[state] = counts.get(state, 0) + 1
                if why:
                    problems.append("write %d (%s) after %d bytes: %s" % (number, kind, k, why))
                for name, payload in found.items():
                    key = name + (
                        " lost"
                        if payload is None and before[name] is not None
                        else " as before"
                        if payload == before[name]
                        else " new"
                    )
                    records[key] = records.get(key, 0) + 1
            data[at : at + len(old)] = old
        data[at : at + len(new)] = new
    print(
        json.dumps({"writes": len(ops), "cuts": cuts, "states": counts, "settings": records, "problems": problems[:20]})
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
