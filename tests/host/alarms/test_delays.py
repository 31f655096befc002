# SPDX-License-Identifier: Apache-2.0
"""The total delay of a rule, in its parts and in words."""

from __future__ import annotations

import pytest

from vitalwire.alarms.delays import total_delay
from vitalwire.alarms.engine import LimitEngine, State
from vitalwire.alarms.rules import Limit


@pytest.mark.parametrize(("averaging_s", "total_s"), [(4, 11.15), (8, 15.15), (16, 23.15)])
def test_an_oximeter_rule_waits_for_averaging_reading_delay_and_link(averaging_s: float, total_s: float) -> None:
    found = total_delay(Limit("spo2_low", 90, 1, 5, "high", ""), averaging_s)
    assert found.total_s == pytest.approx(total_s)
    assert (found.reading_s, found.delay_s, found.link_s) == (1.0, 5, 0.2)


def test_it_is_said_with_its_parts() -> None:
    said = str(total_delay(Limit("pulse_high", 120, 2, 10, "medium", "")))
    assert said == "20.1 s (8.95 averaging, 10 delay, 1.2 reading and link)"


def test_a_cuff_value_is_a_point_in_time() -> None:
    found = total_delay(Limit("sbp_high", 180, 5, 3, "medium", ""))
    assert (found.averaging_s, found.reading_s, found.delay_s, found.link_s) == (0.0, 0.0, 3, 0.2)
    assert str(found) == "3.2 s after the reading"


def test_a_rule_that_is_off_is_clear_and_one_that_is_raised_says_so() -> None:
    engine = LimitEngine([Limit("spo2_low", 90, 1, 0, "high", "")])
    assert engine.state("pulse_low") is State.CLEAR
    engine.update("spo2_low", 850, 0)
    assert engine.state("spo2_low") is State.ACTIVE
