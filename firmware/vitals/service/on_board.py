# SPDX-License-Identifier: Apache-2.0
"""Self-tests of processor, memory, flash, watchdog and buses."""

import binascii
import gc
import hashlib
import json
import os

from vitals.link import wire
from vitals.service import ends
from vitals.store import bootlog

_CHUNK = 512
_PATTERN = bytes(range(256))
_CRC = 0x29058C73  # CRC-32 of the bytes 0 to 255


def processor(bench):
    """Known answers: a CRC, and integer arithmetic at the edges of what signal code uses."""
    wrong = 0
    if binascii.crc32(_PATTERN) & 0xFFFFFFFF != _CRC:
        wrong += 1
    a = 0x1FFFFFFF
    if (a * 3) >> 1 != 0x2FFFFFFE or a % 1000 != 911 or -7 // 2 != -4 or (-7 >> 1) != -4:
        wrong += 1
    yield
    bench.value(wire.MEASURE_COUNT, wrong * 1000)


def heap(bench):
    """What is free after a collection, and the largest block that can be had."""
    gc.collect()
    yield
    free = bench.app.board.heap_free() if bench.app.board.heap_free else None
    if free is None:
        if not hasattr(gc, "mem_free"):
            raise ends.EndError(wire.SELFTEST_END_NOT_FITTED)  # CPython has no such heap
        free = gc.mem_free()
    bench.value(wire.MEASURE_BYTES, min(free, 2000000) * 1000)
    block = 32768
    while block > 256:
        try:
            bytearray(block)
            break
        except MemoryError:
            block //= 2
        yield
    bench.value(wire.MEASURE_BYTES, block * 1000)


def flash(bench):
    """Every file of the firmware read: against the manifest where there is one; then a file written and read back."""
    import vitals

    place = vitals.__file__.replace("\\", "/").rpartition("/")[0]
    top = place.rpartition("/")[0]
    files = _files(place)
    wanted = _manifest(top)
    whole = hashlib.sha256()
    bad = 0
    for i in range(len(files)):
        digest = None
        for digest in _hash(files[i]):
            yield
        name = files[i][len(top) + 1 :] if top else files[i]
        if digest is None or (wanted is not None and wanted.get(name) != digest):
            bad += 1
        whole.update((name + " " + (digest or "-") + "\n").encode())
        bench.progress(100 * i // len(files))
        yield
    if wanted is not None:
        names = [f[len(top) + 1 :] if top else f for f in files]
        bad += len([n for n in wanted if n.startswith("vitals/") and n not in names])
    bench.value(wire.MEASURE_COUNT, bad * 1000, binascii.hexlify(whole.digest()).decode())
    bench.value(wire.MEASURE_BYTES, _free(bench.app.storage.path))
    yield
    storage = bench.app.storage
    bench.value(wire.MEASURE_COUNT, None if storage.blocked else _write_and_read(storage) * 1000)


def watchdog(bench):
    """Stops feeding it. The board must be restarted before this goes on."""
    app = bench.app
    # Restarted by it because it was asked to be: no crash, and the next hello names the watchdog.
    if not app.boot_log.intend(bootlog.WATCHDOG_TEST):
        bench.value(wire.MEASURE_MS, None)
        return
    app.supervisor.starve()
    began_ms = bench.t_ms
    while bench.t_ms - began_ms < 20000:
        yield
    app.boot_log.intend(bootlog.NOTHING)
    app.supervisor.starve(False)
    bench.value(wire.MEASURE_MS, None)


def buses(bench):
    """The ids of the parts and what the idle lines say."""
    app = bench.app
    sensor = app.finger.sensor
    bench.value(wire.MEASURE_COUNT, None if sensor.part_id is None else sensor.part_id * 1000)
    bench.value(wire.MEASURE_COUNT, (0 if app.oximeter_bus.held else 2) * 1000)
    yield
    sensor = app.cuff.sensor
    bench.value(wire.MEASURE_COUNT, (1 if sensor.fault else 0) * 1000, "status %s" % sensor.status)
    bench.value(wire.MEASURE_COUNT, (0 if app.cuff_bus.held else 2) * 1000)


def _files(folder):
    found = []
    for name in sorted(os.listdir(folder)):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            if name != "__pycache__":
                found += _files(path)
        elif name.endswith((".py", ".mpy")):
            found.append(path)
    return found


def _manifest(top):
    """{path: SHA-256} of the copy that runs; None where it has none."""
    try:
        with open(top + "/manifest.json" if top else "manifest.json") as f:
            return json.load(f)["files"]
    except (OSError, ValueError, KeyError):
        return None


def _hash(path):
    """Yields None while it reads, at last the digest; None if the file cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as f:
            data = f.read(_CHUNK)
            n = 0
            while data:
                digest.update(data)
                data = f.read(_CHUNK)
                n += 1
                if n % 8 == 0:
                    yield None
    except OSError:
        yield None
        return
    yield binascii.hexlify(digest.digest()).decode()


def _free(path):
    """Bytes free in the flash, in thousandths; None where the system does not tell."""
    try:
        found = os.statvfs(path or "/")
    except (OSError, AttributeError):
        return None
    return min(found[0] * found[3], 2000000) * 1000


def _write_and_read(storage):
    """Errors of a file that is written and read back."""
    name = storage.file("selftest")
    try:
        with open(name, "wb") as f:
            f.write(_PATTERN)
        with open(name, "rb") as f:
            same = f.read() == _PATTERN
        os.remove(name)
    except OSError:
        return 1
    return 0 if same else 1


TESTS = (processor, heap, flash, None, watchdog, buses)  # clocks are compared by the host
