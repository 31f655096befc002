# SPDX-License-Identifier: Apache-2.0
"""Settings and calibration on a real littlefs in memory, whose flash loses power after the k-th programmed byte."""

import json

import vfs
from vitals.link import wire
from vitals.store.calibrating import Calibrator as Calibration
from vitals.store.config import Config
from vitals.store.storage import Storage

BLOCK = 256
BLOCKS = 32


class Flash:
    """Flash in memory: an erase and each programmed byte cost one of `budget`; when it is spent the power is gone."""

    def __init__(self, image=None):
        self.data = bytearray(image) if image else bytearray(b"\xff" * (BLOCK * BLOCKS))
        self.budget = None
        self.spent = 0

    def _spend(self, wanted):
        self.spent += wanted
        if self.budget is None:
            return wanted
        granted = min(wanted, self.budget)
        self.budget -= granted
        return granted

    def readblocks(self, n, buf, off=0):
        start = n * BLOCK + off
        buf[:] = self.data[start : start + len(buf)]

    def writeblocks(self, n, buf, off=None):
        if off is None:
            self.ioctl(6, n)
            off = 0
        start = n * BLOCK + off
        granted = self._spend(len(buf))
        self.data[start : start + granted] = buf[:granted]
        if granted < len(buf):
            raise OSError(5)

    def ioctl(self, op, arg):
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK
        if op == 6:
            if not self._spend(1):
                raise OSError(5)
            self.data[arg * BLOCK : arg * BLOCK + BLOCK] = b"\xff" * BLOCK
        return 0


def mounted(flash, work):
    vfs.mount(vfs.VfsLfs2(flash, progsize=16, readsize=16, lookahead=16), "/flash")
    try:
        return work(Storage("/flash"))
    finally:
        vfs.umount("/flash")


def sweep(prepare, save, look):
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=16, readsize=16, lookahead=16)
    mounted(flash, prepare)
    image = bytes(flash.data)
    whole = Flash(image)
    mounted(whole, save)
    sights = []
    for k in range(whole.spent + 1):
        cut = Flash(image)
        cut.budget = k
        try:
            mounted(cut, save)
        except OSError:
            pass
        sight = mounted(Flash(cut.data), look)
        if sight not in sights:
            sights.append(sight)
    return {"bytes": whole.spent, "sights": sights}


def config_before(storage):
    config = Config(storage)
    for text in ("16", "4", "8"):
        assert config.set(wire.CONFIG_KEY_AVERAGING_S, text) == 0
    assert config.set(wire.CONFIG_KEY_BED_LABEL, "Bed 3") == 0


def config_save(storage):
    Config(storage).set(wire.CONFIG_KEY_BED_LABEL, "Bed 4")


def config_sight(storage):
    config = Config(storage)
    return config.bed_label, config.averaging_s, config.defaulted


def calibration_before(storage):
    calibration = Calibration(storage)
    assert calibration.set_cuff(-20, 16400, 9000) == 0
    assert calibration.set_guard(2650, 5150, 9001) == 0


def calibration_save(storage):
    Calibration(storage).set_guard(2640, 5160, 9002)


def calibration_sight(storage):
    calibration = Calibration(storage)
    return calibration.guard, calibration.cuff, calibration.curve


print(
    json.dumps(
        {
            "config": sweep(config_before, config_save, config_sight),
            "calibration": sweep(calibration_before, calibration_save, calibration_sight),
        }
    )
)
