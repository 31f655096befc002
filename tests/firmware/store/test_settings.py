# SPDX-License-Identifier: Apache-2.0
"""Settings and calibration: typed, bounded, said to be defaults where nothing was stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Run = Callable[..., Any]
FRESH = ["", "8", "50", "60", "0", "0", "0"]


def test_settings_and_calibration(play: Run) -> None:
    seen = play(HERE / "play_settings.py")
    bad_value, not_found, cuff_not_empty, storage = seen["refusals"]
    settings(seen["settings"])
    refused(seen["refused"], bad_value, not_found, cuff_not_empty)
    assert seen["wear"] == [["config.a"], True, ["config.a", "config.b"]], "what is there already is not written again"
    assert seen["unwritable"] == [storage, 8, True]
    damage(seen["damage"])
    odd(seen["odd"])
    too_long = "a record of 11 bytes, 10 is the most"
    assert seen["counter_wrap"] == [["one", 2**32 - 1, 1, 0], ["two", 0, 2, 0], ["three", 1, 2, 0], too_long]
    assert seen["unreadable"] == [None, 1, 1]
    calibration(seen["calibration"], bad_value, cuff_not_empty)
    assert seen["bounds"] == [None, [10, 16384], None, [[2, 9000]], False, True]


def settings(seen: Any) -> None:
    stored = ["Bett 3 – Fenster", "16", "100", "20", "1", "1", "1", False, False]
    assert seen["fresh"] == [*FRESH, True, False]
    assert seen["set"] == [0] * 7
    assert seen["at_once"] == stored
    assert seen["after_a_restart"] == stored
    assert seen["types"] == [16, 100, 20, True, True, 1]


def refused(seen: Any, bad_value: int, not_found: int, cuff_not_empty: int) -> None:
    assert seen["bad"] == dict.fromkeys(seen["bad"], bad_value)
    assert len(seen["bad"]) == 18
    assert seen["unknown"] == [not_found, not_found, None]
    assert seen["blocked"] == cuff_not_empty, "flash is never written while the cuff is inflated"
    assert seen["nothing_changed"] is True
    assert seen["nothing_written"] == []
    assert seen["longest"] == [0, "ä" * 16]


def damage(seen: Any) -> None:
    older = ["", "16", *FRESH[2:], False, True]
    newest = ["", "4", *FRESH[2:], False, True]
    assert seen["each_bit_of_the_newest"] == [older], "one flipped bit: the older copy, and it is said"
    assert seen["each_length_of_the_newest"] == [older]
    assert seen["longer"] == older
    assert seen["older_bad"] == newest
    assert seen["both_bad"] == [*FRESH, True, True]
    assert seen["set_after_that"][0] == 0
    assert seen["set_after_that"][1] == ["Bed 1", *FRESH[1:], False, False]
    assert seen["set_after_that"][2] == ["Bed 1", *FRESH[1:], False, False], "both copies are whole again"
    assert seen["same_twice"] == ["", "16", *FRESH[2:], False, False]


def odd(seen: Any) -> None:
    assert seen["out_of_range"] == [16, 60, "", True, True]
    assert seen["not_utf8"] == [16, 60, "", True, True]
    assert seen["cut_item"] == [16, 60, "", True, True]
    assert seen["from_a_later_firmware"] == [16, 60, "", True, False]
    assert seen["later_is_kept"] is True


def calibration(seen: Any, bad_value: int, cuff_not_empty: int) -> None:
    curve = [[400, 1000], [1000, 850], [2000, 600]]
    assert seen["fresh"] == [None, None, None, [], False, False]
    assert seen["set"] == [0, 0, 0]
    days = [[1, 9000], [2, 9001], [3, 9002]]
    assert seen["after_a_restart"] == [[2700, 5200], [-450, 16876], curve, days, True, False]
    assert seen["bad"] == dict.fromkeys(seen["bad"], bad_value)
    assert len(seen["bad"]) == 9
    assert seen["blocked"] == [cuff_not_empty, cuff_not_empty]
    assert seen["unchanged"] is True
    assert seen["cleared"] == [0, [None, [-450, 16876], curve, days[1:], False, False], True]
