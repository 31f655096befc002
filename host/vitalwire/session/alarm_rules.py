# SPDX-License-Identifier: Apache-2.0
"""A profile's alarm rules as the engine takes them: its conduct, and the limits that follow from a baseline."""

from __future__ import annotations

from collections.abc import Mapping

from ..alarms.rules import RELATIVE_RULES, Conduct, Limit
from .profile import Profile, RelativeLimit


def conduct_of(profile: Profile | None) -> Conduct:
    """Overrides, saturation index, latching and escalation; nothing of it without a profile."""
    if profile is None or profile.conduct is None:
        return Conduct()
    index = profile.saturation_index
    return Conduct(
        tuple((override.rule, override.threshold, override.priority) for override in profile.overrides),
        None if index is None else index.threshold_pct_s,
        "high" if index is None else index.priority,
        frozenset(profile.conduct.latching),
        profile.conduct.escalate_s,
    )


def relative_limits(profile: Profile | None, baseline: Mapping[str, float], phase: str) -> tuple[Limit, ...]:
    """The limits relative to `baseline` (fields of the vitals) that are judged in `phase`."""
    if profile is None:
        return ()
    return tuple(
        _limit(rule, baseline[RELATIVE_RULES[rule.rule].field])
        for rule in profile.relative
        if phase in rule.phases and RELATIVE_RULES[rule.rule].field in baseline
    )


def _limit(rule: RelativeLimit, base: float) -> Limit:
    about = RELATIVE_RULES[rule.rule]
    change = rule.by_unit if rule.by_unit is not None else base * (rule.by_percent or 0) / 100
    threshold = round(base - change if about.low else base + change, 1)
    by = f"{rule.by_unit:g} {about.unit}" if rule.by_unit is not None else f"{rule.by_percent:g} %"
    source = f"{by} from the baseline of {base:g}; {', '.join(rule.sources)}"
    return Limit(rule.rule, threshold, rule.hysteresis, rule.delay_s, rule.priority, source)
