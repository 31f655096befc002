# SPDX-License-Identifier: Apache-2.0
"""What settings and calibration accept, keep, refuse and say about themselves."""

import json
import os

from vitals.link import wire
from vitals.store.calibrating import Calibrator as Calibration
from vitals.store.calibration import CUFF, GUARD
from vitals.store.config import Config
from vitals.store.storage import Storage
from vitals.store.twocopy import TwoCopies

KEYS = ("bed_label", "averaging_s", "led_brightness_pct", "sound_pct", "ppg_stream", "own_supply", "cuff_method")
assert [getattr(wire, "CONFIG_KEY_" + name.upper()) for name in KEYS] == list(range(7))


def fresh(name):
    os.mkdir(name)
    return Storage(name)


def told(config):
    return [config.get(key) for key in range(7)] + [config.defaulted, config.corrupt]


def fill(file, data):
    with open(file, "wb") as f:
        f.write(data)


def content(file):
    with open(file, "rb") as f:
        return f.read()


def settings():
    storage = fresh("settings")
    out = {"fresh": told(Config(storage))}
    config = Config(storage)
    out["set"] = [
        config.set(0, "  Bett 3 – Fenster "),
        config.set(1, "16"),
        config.set(2, "100"),
        config.set(3, "20"),
        config.set(4, "1"),
        config.set(5, "01"),
        config.set(6, "1"),
    ]
    out["at_once"] = told(config)
    out["after_a_restart"] = told(Config(storage))
    out["types"] = [
        config.averaging_s,
        config.led_brightness_pct,
        config.sound_pct,
        config.ppg_stream,
        config.own_supply,
        config.cuff_method,
    ]
    return out


def refused():
    storage = fresh("refused")
    config = Config(storage)
    before = told(config)
    out = {}
    for key, text in (
        (1, "5"),
        (1, ""),
        (1, "8.0"),
        (1, "-8"),
        (1, " 8"),
        (1, "8_0"),
        (1, "99999999999"),
        (2, "9"),
        (2, "101"),
        (3, "19"),
        (3, "0"),
        (4, "2"),
        (4, "true"),
        (6, "2"),
        (0, "a" * 33),
        (0, "ä" * 17),
        (0, "two\nlines"),
        (0, "\x7f"),
    ):
        out["%d %s" % (key, text)] = config.set(key, text)
    unknown = [config.set(8, "1"), config.set(255, "1"), config.get(8)]
    storage.blocked = True
    blocked = config.set(1, "16")
    storage.blocked = False
    return {
        "bad": out,
        "unknown": unknown,
        "blocked": blocked,
        "nothing_changed": told(config) == before,
        "nothing_written": os.listdir("refused"),
        "longest": [config.set(0, "ä" * 16), config.get(0)],
    }


def wear():
    """Saving what is there already writes nothing."""
    storage = fresh("wear")
    config = Config(storage)
    config.set(1, "16")
    before = sorted(os.listdir("wear"))
    config.set(1, "16")
    config.set(3, "60")
    same = sorted(os.listdir("wear")) == before
    config.set(1, "4")
    return [before, same, sorted(os.listdir("wear"))]


def unwritable():
    config = Config(Storage("no-such-folder"))
    return [config.set(1, "16"), config.averaging_s, config.defaulted]


def damage():
    """Flips, cuts and swaps: whatever is wrong with a copy, what is read was stored or is said to be a default."""
    out = {}
    storage = fresh("damage")
    config = Config(storage)
    config.set(1, "16")
    config.set(1, "4")
    newest, older = "damage/config.b", "damage/config.a"
    good_new, good_old = content(newest), content(older)
    seen = []
    for i in range(8 * len(good_new)):
        bad = bytearray(good_new)
        bad[i // 8] ^= 1 << (i % 8)
        fill(newest, bad)
        sight = told(Config(storage))
        if sight not in seen:
            seen.append(sight)
    out["each_bit_of_the_newest"] = seen
    seen = []
    for k in range(len(good_new)):
        fill(newest, good_new[:k])
        sight = told(Config(storage))
        if sight not in seen:
            seen.append(sight)
    out["each_length_of_the_newest"] = seen
    fill(newest, good_new + b"\0")
    out["longer"] = told(Config(storage))
    fill(newest, good_new)
    fill(older, b"")
    out["older_bad"] = told(Config(storage))
    fill(newest, b"x" * 5000)
    out["both_bad"] = told(Config(storage))
    config = Config(storage)
    out["set_after_that"] = [config.set(0, "Bed 1"), told(config), told(Config(storage))]
    fill(newest, good_old)
    fill(older, good_old)
    out["same_twice"] = told(Config(storage))
    return out


def record(items):
    return b"".join([bytes((key, len(text))) + text for key, text in items])


def odd_records():
    """Whole copies with contents that this firmware would not write."""
    out = {}
    for name, items in (
        ("out_of_range", record(((1, b"16"), (3, b"5")))),
        ("not_utf8", record(((0, b"\xff"), (1, b"16")))),
        ("cut_item", record(((1, b"16"),)) + b"\x02\x09a"),
        ("from_a_later_firmware", record(((1, b"16"), (9, b"later")))),
    ):
        storage = fresh(name)
        copies = TwoCopies(name, "config", 240)
        copies.load()
        copies.save(items)
        config = Config(storage)
        out[name] = [config.averaging_s, config.sound_pct, config.bed_label, config.defaulted, config.corrupt]
    config.set(1, "4")
    out["later_is_kept"] = content("from_a_later_firmware/config.b").find(b"later") > 0
    return out


def counter_wrap():
    os.mkdir("wrap")
    copies = TwoCopies("wrap", "x", 10)
    copies.load()
    copies.counter = 0xFFFFFFFE
    seen = []
    for payload in (b"one", b"two", b"three"):
        copies.save(payload)
        again = TwoCopies("wrap", "x", 10)
        seen.append((again.load().decode(), again.counter, again.found, again.bad))
    try:
        copies.save(b"eleven byte")
        seen.append("accepted")
    except ValueError as error:
        seen.append(str(error))
    return seen


def unreadable():
    """A copy that is there and cannot be read is bad, not missing."""
    os.mkdir("unreadable")
    os.mkdir("unreadable/x.a")
    copies = TwoCopies("unreadable", "x", 10)
    return [copies.load(), copies.found, copies.bad]


def calibration():
    storage = fresh("calibration")
    out = {"fresh": all_of(Calibration(storage))}
    one = Calibration(storage)
    out["set"] = [
        one.set_guard(2700, 5200, 9000),
        one.set_cuff(-450, (1 << 14) + 492, 9001),
        one.set_curve([[400, 1000], [1000, 850], [2000, 600]], 9002),
    ]
    out["after_a_restart"] = all_of(Calibration(storage))
    bad = {
        "guard zero": one.set_guard(2648 + 1501, 5156, 0),
        "guard gain": one.set_guard(2648, 5156 - 207, 0),
        "cuff zero": one.set_cuff(451, 1 << 14, 0),
        "cuff gain": one.set_cuff(0, (1 << 14) - 493, 0),
        "curve rises": one.set_curve([(400, 900), (1000, 950)], 0),
        "curve goes back": one.set_curve([(1000, 900), (400, 850)], 0),
        "one point": one.set_curve([(1000, 900)], 0),
        "seventeen points": one.set_curve([(400 + i, 1000 - i) for i in range(17)], 0),
        "days": one.set_guard(2700, 5200, -1),
    }
    out["bad"] = bad
    storage.blocked = True
    out["blocked"] = [one.set_guard(2701, 5200, 1), one.clear(CUFF)]
    storage.blocked = False
    out["unchanged"] = all_of(one) == out["after_a_restart"] == all_of(Calibration(storage))
    out["cleared"] = [one.clear(GUARD), all_of(one), all_of(Calibration(storage)) == all_of(one)]
    return out


def all_of(calibration):
    return [
        calibration.guard,
        calibration.cuff,
        calibration.curve,
        sorted(calibration.days.items()),
        calibration.complete,
        calibration.corrupt,
    ]


def calibration_out_of_bounds_in_flash():
    """A whole record with numbers that no healthy board has: not used, and said."""
    import struct

    storage = fresh("bounds")
    copies = TwoCopies("bounds", "calib", 160)
    copies.load()
    copies.save(
        struct.pack("<BBIii", 1, 8, 9000, 2648, 9999)
        + struct.pack("<BBIii", 2, 8, 9000, 10, 1 << 14)
        + struct.pack("<BBI", 7, 0, 0)
    )
    return all_of(Calibration(storage))


print(
    json.dumps(
        {
            "settings": settings(),
            "refused": refused(),
            "wear": wear(),
            "unwritable": unwritable(),
            "damage": damage(),
            "odd": odd_records(),
            "counter_wrap": counter_wrap(),
            "unreadable": unreadable(),
            "calibration": calibration(),
            "bounds": calibration_out_of_bounds_in_flash(),
            "refusals": [
                wire.REFUSAL_BAD_VALUE,
                wire.REFUSAL_NOT_FOUND,
                wire.REFUSAL_CUFF_NOT_EMPTY,
                wire.REFUSAL_STORAGE,
            ],
        }
    )
)
