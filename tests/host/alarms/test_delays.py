# SPDX-License-Identifier: Apache-2.0
"""The total delay of a rule, in its parts and in words."""

from __future__ import annotations

import pytest

from vitalwire.alarms.delays import total_delay
from vitalwire.alarms.engine import LimitEngine, State
from vitalwire.alarms.rules import Limit

SPO2 = Limit("spo2_low", 90, 1, 5, "high", "")


@pytest.mark.parametrize(("averaging_s", "total_s"), [(4, 9.2), (8, 10.15), (16, 18.15)])
def test_low_saturation_waits_for_the_newest_beats_and_the_delay_or_for_the_average(
    averaging_s: float, total_s: float
) -> None:
    found = total_delay(SPO2, averaging_s)
    assert found.total_s == pytest.approx(total_s)
    assert (found.reading_s, found.delay_s, found.link_s) == (1.0, 5, 0.2)


@pytest.mark.parametrize(("averaging_s", "total_s"), [(4, 11.15), (8, 15.15), (16, 23.15)])
def test_without_newest_beats_it_waits_for_both(averaging_s: float, total_s: float) -> None:
    assert total_delay(SPO2, averaging_s, newest=False).total_s == pytest.approx(total_s)
    assert total_delay(Limit("pulse_low", 50, 2, 5, "high", ""), averaging_s).total_s == pytest.approx(total_s)


def test_it_is_said_with_its_parts() -> None:
    said = str(total_delay(Limit("pulse_high", 120, 2, 10, "medium", "")))
    assert said == "20.1 s (8.95 averaging, 10 delay, 1.2 reading and link)"
    assert str(total_delay(SPO2, 4)) == "9.2 s (4 until the newest beats show it, 5 delay, 0.2 link)"
    assert str(total_delay(SPO2, 16)) == "18.1 s (16.95 averaging, 1.2 reading and link; the delay is over by then)"


def test_a_cuff_value_is_a_point_in_time() -> None:
    found = total_delay(Limit("sbp_high", 180, 5, 3, "medium", ""))
    assert (found.averaging_s, found.reading_s, found.delay_s, found.link_s) == (0.0, 0.0, 3, 0.2)
    assert str(found) == "3.2 s after the reading"


def test_a_rule_that_is_off_is_clear_and_one_that_is_raised_says_so() -> None:
    engine = LimitEngine([Limit("spo2_low", 90, 1, 0, "high", "")])
    assert engine.state("pulse_low") is State.CLEAR
    engine.update("spo2_low", 850, 0)
    assert engine.state("spo2_low") is State.ACTIVE
