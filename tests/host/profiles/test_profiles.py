# SPDX-License-Identifier: Apache-2.0
"""Every rule of every shipped profile, played at the bedside: raised, held, cleared, overridden."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vitalwire import profiles
from vitalwire.alarms.delays import total_delay

sys.path.insert(0, str(Path(__file__).parent))

from profile_expected import PLANS
from profile_scenarios import failures

NAMES = sorted(path.stem for path in profiles.SHIPPED.glob("*.toml"))


def test_every_shipped_profile_has_its_expectations() -> None:
    assert sorted(PLANS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_does_what_it_is_to(name: str) -> None:
    assert list(failures(name, profiles.load(profiles.find(name)))) == []


@pytest.mark.parametrize("name", NAMES)
def test_low_oxygen_is_an_alarm_within_fifteen_seconds(name: str) -> None:
    (limit,) = (limit for limit in profiles.load(profiles.find(name)).limits if limit.rule == "spo2_low")
    assert total_delay(limit).total_s <= 15
