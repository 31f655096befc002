# SPDX-License-Identifier: Apache-2.0
"""Cuts a save of the settings, of the calibration and of the record of starts after every single byte."""

import json
import os

from torn import PowerCut, cut_after
from vitals.link import wire
from vitals.store.bootlog import BootLog
from vitals.store.calibrating import Calibrator as Calibration
from vitals.store.config import Config
from vitals.store.storage import Storage


def fresh(name):
    os.mkdir(name)
    return Storage(name)


def sweep(prepare, save, look):
    """For k = 0, 1, 2...: prepares a folder, cuts the save after k bytes, looks at what is there after the power came
    back. Ends with the first save that is not cut. Returns the distinct sights with the k at which each begins."""
    sights = []
    k = 0
    while True:
        storage = fresh("%s-%d" % (look.__name__, k))
        prepare(storage)
        cut_after(k)
        try:
            save(storage)
            whole = True
        except PowerCut:
            whole = False
        cut_after(None)
        sight = (whole, look(storage))
        if not sights or sights[-1][1] != sight:
            sights.append((k, sight))
        if whole:
            return {"bytes": k, "sights": sights}
        k += 1


# ---- settings: three saves before, so that both copies exist


def config_before(storage):
    config = Config(storage)
    for text in ("16", "4", "8"):
        config.set(wire.CONFIG_KEY_AVERAGING_S, text)
    assert config.set(wire.CONFIG_KEY_BED_LABEL, "Bed 3") == wire.REFUSAL_NONE


def config_save(storage):
    assert Config(storage).set(wire.CONFIG_KEY_BED_LABEL, "Bed 4") == wire.REFUSAL_NONE


def config_sight(storage):
    config = Config(storage)
    return config.bed_label, config.averaging_s, config.defaulted, config.corrupt


def config_first_save(storage):
    assert Config(storage).set(wire.CONFIG_KEY_AVERAGING_S, "16") == wire.REFUSAL_NONE


def config_first_sight(storage):
    config = Config(storage)
    return config.averaging_s, config.defaulted, config.corrupt


# ---- calibration


def calibration_before(storage):
    calibration = Calibration(storage)
    assert calibration.set_cuff(-20, 16400, 9000) == wire.REFUSAL_NONE
    assert calibration.set_guard(2650, 5150, 9001) == wire.REFUSAL_NONE


def calibration_save(storage):
    assert Calibration(storage).set_guard(2640, 5160, 9002) == wire.REFUSAL_NONE


def calibration_sight(storage):
    calibration = Calibration(storage)
    return calibration.guard, calibration.cuff, calibration.curve, sorted(calibration.days.items()), calibration.corrupt


# ---- starts


def starts_before(storage):
    for _ in range(4):
        BootLog(storage.path).start(wire.RESET_CAUSE_POWER_ON)


def starts_save(storage):
    BootLog(storage.path).start(wire.RESET_CAUSE_POWER_ON)


def starts_sight(storage):
    log = BootLog(storage.path)
    log.start(wire.RESET_CAUSE_POWER_ON)
    return log.boot, log.stored


def nothing(_storage):
    pass


def cut_again_and_again():
    """A board whose power fails in every save keeps the last thing that was stored."""
    storage = fresh("again")
    config_before(storage)
    for k in (0, 5, 17, 30, 36, 3):
        cut_after(k)
        try:
            config_save(storage)
        except PowerCut:
            pass
        cut_after(None)
    seen = [config_sight(storage)]
    config_save(storage)
    seen.append(config_sight(storage))
    return seen


print(
    json.dumps(
        {
            "config": sweep(config_before, config_save, config_sight),
            "first_config": sweep(nothing, config_first_save, config_first_sight),
            "calibration": sweep(calibration_before, calibration_save, calibration_sight),
            "starts": sweep(starts_before, starts_save, starts_sight),
            "again": cut_again_and_again(),
        }
    )
)
