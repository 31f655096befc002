# SPDX-License-Identifier: Apache-2.0
"""Limits files: what they may say, and that every mistake names its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.alarms.limits import parse_limits
from vitalwire.alarms.rules import DEFAULT_LIMITS, LIMIT_RULES
from vitalwire.errors import UsageError


def test_a_rule_that_is_not_named_keeps_its_default() -> None:
    limits = {limit.rule: limit for limit in parse_limits("[limits]\nspo2_low = 92\n", "ward.toml")}
    assert limits["spo2_low"].threshold == 92
    assert limits["spo2_low"].delay_s == next(d.delay_s for d in DEFAULT_LIMITS if d.rule == "spo2_low")
    assert "ward.toml" in limits["spo2_low"].source
    assert limits["pulse_high"] == next(d for d in DEFAULT_LIMITS if d.rule == "pulse_high")


def test_false_switches_a_rule_off_and_a_table_sets_everything() -> None:
    text = """
[limits]
dbp_low = false
pulse_high = { limit = 130, delay_s = 15 }
[limits.sbp_high]
limit = 170.5
hysteresis = 4
priority = "high"
source = "our clinic, 2026-03"
"""
    limits = {limit.rule: limit for limit in parse_limits(text, "f")}
    assert "dbp_low" not in limits
    assert (limits["pulse_high"].threshold, limits["pulse_high"].delay_s) == (130, 15)
    high = limits["sbp_high"]
    assert (high.threshold, high.hysteresis, high.priority) == (170.5, 4, "high")
    assert high.source == "our clinic, 2026-03"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[limits]\nspo2_low = 30\n", "f, line 2, column 12: spo2_low: limit = 30 is outside 50 to 100 %"),
        ("[limits]\n\nspo2_lo = 90\n", "f, line 3, column 1: unknown limit 'spo2_lo'; did you mean spo2_low?"),
        ("[limits]\nspo2_low = 'x'\n", "f, line 2, column 12: spo2_low is neither a number nor a table"),
        ("[limits]\nspo2_low = true\n", "f, line 2, column 12: spo2_low is neither"),
        ("[limits.spo2_low]\nlimit = 90\ndelay = 3\n", "f, line 3, column 1: spo2_low: unknown key 'delay'"),
        (
            "[limits.spo2_low]\nlimit = 90\ndelay_s = -1\n",
            "f, line 3, column 11: spo2_low: delay_s = -1 is outside 0 to 120 s",
        ),
        ("[limits]\npulse_high = { limit = nan }\n", "f, line 2, column 24: pulse_high: limit = nan is outside"),
        (
            "[limits]\npulse_low = 119\npulse_high = 100\n",
            "f, line 2, column 1: pulse_low (119) is not below pulse_high (100)",
        ),
        ("[limits]\nsbp_high.priority = 'urgent'\n", "f, line 2, column 21: sbp_high: priority 'urgent'"),
        ("[limits]\nsbp_high.source = 3\n", "f, line 2, column 19: sbp_high: source is not a text"),
        ("[limit]\nspo2_low = 90\n", "f, line 1, column 2: unknown section or key 'limit'"),
        ("limits = 3\n", "f, line 1, column 1: there is no section [limits]"),
        ("", "f: there is no section [limits]"),
        ("[limits]\nspo2_low = \n", "f, line 2, column 12: not valid TOML: invalid value"),
        (
            "[limits]\nspo2_low = 90\nspo2_low = 91\n",
            "f, line 3, column 1: not valid TOML: 'limits.spo2_low' stands here a second",
        ),
        ("#" * 70_000, "f: too large for a limits file"),
    ],
)
def test_every_mistake_is_a_sentence_that_names_its_line(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_limits(text, "f")
    assert str(caught.value).startswith(said)
    assert "\n" not in caught.value.what.replace(text, "")


@given(st.text(max_size=200))
def test_any_text_is_limits_or_a_sentence(text: str) -> None:
    try:
        limits = parse_limits(text, "f")
    except UsageError:
        return
    assert {limit.rule for limit in limits} <= set(LIMIT_RULES)


def test_the_default_limits_are_ones_that_a_file_could_say() -> None:
    text = "".join(
        f"[limits.{d.rule}]\nlimit = {d.threshold}\nhysteresis = {d.hysteresis}\ndelay_s = {d.delay_s}\n"
        f'priority = "{d.priority}"\nsource = "{d.source}"\n'
        for d in DEFAULT_LIMITS
    )
    assert parse_limits(text, "f") == DEFAULT_LIMITS
