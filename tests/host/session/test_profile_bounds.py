# SPDX-License-Identifier: Apache-2.0
"""Numbers and texts of a profile at their bounds, and one step beyond, where several of them go together."""

from __future__ import annotations

import pytest

from vitalwire.profiles import SHIPPED
from vitalwire.session.alarm_rules import conduct_of, relative_limits
from vitalwire.session.profile import Profile
from vitalwire.session.profile_read import parse_profile
from vitalwire.toml_places import TomlError

GENERAL = (SHIPPED / "general.toml").read_text(encoding="utf-8")
ESKETAMINE = (SHIPPED / "esketamine-nasal.toml").read_text(encoding="utf-8")


def changed(text: str, *steps: tuple[str, str]) -> Profile:
    for before, after in steps:
        assert before in text, before
        text = text.replace(before, after, 1)
    return parse_profile(text, "f")


def refused(text: str, *steps: tuple[str, str]) -> str:
    with pytest.raises(TomlError) as caught:
        changed(text, *steps)
    return " / ".join(str(problem) for problem in (caught.value, *caught.value.others))


# ------------------------------------------------------------ the usual series

SERIES = {"sessions": (6, 1, 100), "weeks": ((2, 3), 1, 52), "follow_up": ((24, 48), 1, 336)}


def series(weeks: tuple[int, int] = (2, 3), hours: tuple[int, int] = (24, 48), sessions: int = 6) -> Profile:
    begin = ESKETAMINE.index("[series]")
    return parse_profile(
        ESKETAMINE[:begin]
        + f"[series]\nsessions = {sessions}\nweeks_least = {weeks[0]}\nweeks_most = {weeks[1]}\n"
        + f'follow_up_least_h = {hours[0]}\nfollow_up_most_h = {hours[1]}\nsource = "practice"\n',
        "f",
    )


@pytest.mark.parametrize(
    ("weeks", "hours", "sessions"),
    [((1, 1), (1, 1), 1), ((52, 52), (336, 336), 100), ((1, 52), (1, 336), 50)],
)
def test_a_series_may_be_at_its_bounds(weeks: tuple[int, int], hours: tuple[int, int], sessions: int) -> None:
    found = series(weeks, hours, sessions).series
    assert found is not None
    assert (found.sessions, found.weeks_least, found.weeks_most) == (sessions, *weeks)
    assert (found.follow_up_least_h, found.follow_up_most_h) == hours


@pytest.mark.parametrize(
    ("weeks", "hours", "sessions", "said"),
    [
        ((0, 3), (24, 48), 6, "weeks_least = 0"),
        ((53, 53), (24, 48), 6, "weeks_least = 53"),
        ((2, 53), (24, 48), 6, "weeks_most = 53"),
        ((2, 3), (0, 48), 6, "follow_up_least_h = 0"),
        ((2, 3), (337, 337), 6, "follow_up_least_h = 337"),
        ((2, 3), (24, 337), 6, "follow_up_most_h = 337"),
        ((2, 3), (24, 48), 0, "sessions = 0"),
        ((2, 3), (24, 48), 101, "sessions = 101"),
        ((4, 3), (24, 48), 6, "weeks_least"),
        ((2, 3), (49, 48), 6, "follow_up_least_h"),
    ],
)
def test_a_series_beyond_its_bounds_is_a_sentence(
    weeks: tuple[int, int], hours: tuple[int, int], sessions: int, said: str
) -> None:
    with pytest.raises(TomlError, match=said):
        series(weeks, hours, sessions)


def test_a_profile_without_a_series_has_none() -> None:
    assert parse_profile(ESKETAMINE[: ESKETAMINE.index("[series]")], "f").series is None


# ------------------------------------------------------------ phases and what is due in them


def test_a_phase_may_last_exactly_as_long_as_it_must() -> None:
    profile = changed(GENERAL, ("least_min = 30\nmost_min = 120", "least_min = 120\nmost_min = 120"))
    assert (7200, 7200) in {(phase.least_s, phase.most_s) for phase in profile.phases}


@pytest.mark.parametrize("every", [1, 240])
def test_an_observation_may_fall_due_every_minute_and_every_4_hours(every: int) -> None:
    step = ('"blood_pressure", every_min = 10', f'"blood_pressure", by = "person", every_min = {every}')
    rows = [row for phase in changed(GENERAL, step).phases for row in phase.observations]
    assert every * 60 in {row.every_s for row in rows}


@pytest.mark.parametrize("every", [0.9, 240.1])
def test_an_observation_falls_due_no_more_often_and_no_more_rarely(every: float) -> None:
    step = ('"blood_pressure", every_min = 10', f'"blood_pressure", by = "person", every_min = {every}')
    assert f"every_min = {every} is outside 1 to 240" in refused(GENERAL, step)


def test_what_is_due_since_the_dose_needs_a_phase_with_one() -> None:
    begin, end = ESKETAMINE.index("[phases.dosing]"), ESKETAMINE.index("[phases.monitoring]")
    with pytest.raises(TomlError) as caught:
        parse_profile(ESKETAMINE[:begin] + ESKETAMINE[end:], "f")
    said = [str(problem) for problem in (caught.value, *caught.value.others)]
    assert any("since the dose, but there is no dosing phase" in text for text in said)
    assert not any("since the dose" in text and "once" in text for text in said)


@pytest.mark.parametrize(("readings", "good"), [(2, True), (6, True), (1, False), (7, False)])
def test_a_baseline_is_of_2_to_6_cuff_readings(readings: int, good: bool) -> None:
    step = ("cuff_readings = 2", f"cuff_readings = {readings}")
    if good:
        baseline = changed(GENERAL, step).baseline
        assert baseline is not None
        assert baseline.cuff_readings == readings
    else:
        assert f"cuff_readings = {readings} is outside 2 to 6" in refused(GENERAL, step)


def test_a_check_near_the_baseline_takes_values_of_1_to_120_minutes() -> None:
    begin = GENERAL.index('kind = "near_baseline"')
    at = GENERAL.index("not_older_min = ", begin)
    end = GENERAL.index("\n", at)

    def aged(minutes: float) -> str:
        return GENERAL[:at] + f"not_older_min = {minutes:g}" + GENERAL[end:]

    for minutes in (1, 120):
        ages = {getattr(check, "not_older_s", None) for check in parse_profile(aged(minutes), "f").before_leaving}
        assert minutes * 60 in ages
    for minutes in (0.9, 120.1):
        with pytest.raises(TomlError, match=r"not_older_min = .* is outside 1 to 120"):
            parse_profile(aged(minutes), "f")


# ------------------------------------------------------------ texts


@pytest.mark.parametrize(("key", "longest"), [("title", 80), ("version", 20)])
def test_a_text_has_a_longest_length(key: str, longest: int) -> None:
    at = GENERAL.index(f"{key} = ")
    end = GENERAL.index("\n", at)
    parse_profile(GENERAL[:at] + f'{key} = "{"x" * longest}"' + GENERAL[end:], "f")
    with pytest.raises(TomlError, match=key):
        parse_profile(GENERAL[:at] + f'{key} = "{"x" * (longest + 1)}"' + GENERAL[end:], "f")


def test_a_name_is_not_empty() -> None:
    assert "name" in refused(GENERAL, ('name = "general"', 'name = ""'))


def test_whoever_approves_is_named_in_at_most_120_characters() -> None:
    def approved(by: str) -> Profile:
        return parse_profile(
            GENERAL + f'\n[approval]\nby = "{by}"\nutc = 2026-11-01T10:00:00Z\ncontent = "c"\nseal = "s"\n', "f"
        )

    approval = approved("x" * 120).approval
    assert approval is not None
    assert approval.by == "x" * 120
    with pytest.raises(TomlError, match="by"):
        approved("x" * 121)


# ------------------------------------------------------------ limits


@pytest.mark.parametrize(("by", "good"), [(1, True), (100, True), (0.9, False), (100.1, False)])
def test_a_relative_limit_is_of_1_to_100_percent(by: float, good: bool) -> None:
    step = ("by_percent = 20 ", f"by_percent = {by:g} ")
    if good:
        assert by in {limit.by_percent for limit in changed(GENERAL, step).relative}
    else:
        assert f"by_percent = {by:g} is outside 1 to 100" in refused(GENERAL, step)


@pytest.mark.parametrize("by", [0.9, 120.1])
def test_a_relative_limit_by_a_unit_has_bounds(by: float) -> None:
    assert "is outside 1 to 120" in refused(GENERAL, ("by_mmhg = 40 ", f"by_mmhg = {by:g} "))


def test_a_relative_limit_lies_by_its_change_from_the_baseline_to_a_tenth() -> None:
    profile = changed(GENERAL, ("by_percent = 20 ", "by_percent = 33 "))
    limits = {limit.rule: limit for limit in relative_limits(profile, {"sbp_mmhg": 121.37, "dbp_mmhg": 80}, "dosing")}
    assert limits["sbp_rise"].threshold == 161.4
    assert limits["sbp_fall"].threshold == 81.3


def test_an_override_equal_to_its_limit_is_none() -> None:
    assert "is not below the one that it overrides (90)" in refused(GENERAL, ("limit = 85 ", "limit = 90 "))
    assert changed(GENERAL, ("limit = 85 ", "limit = 89 ")).overrides


def test_a_profile_may_go_without_a_saturation_index() -> None:
    begin = GENERAL.index("[saturation_index]")
    end = GENERAL.index("\n[", begin + 1)
    lines = (GENERAL[:begin] + GENERAL[end:]).splitlines()
    text = "\n".join(line for line in lines if not line.startswith("satseconds"))  # a source that nothing names now
    profile = parse_profile(text, "f")
    assert profile.saturation_index is None
    conduct = conduct_of(profile)
    assert conduct.index_pct_s is None
    assert conduct_of(parse_profile(GENERAL, "f")).index_pct_s == 50


def test_the_index_has_the_priority_of_the_profile() -> None:
    begin = GENERAL.index("[saturation_index]")
    at = GENERAL.index('priority = "', begin)
    end = GENERAL.index("\n", at)
    profile = parse_profile(GENERAL[:at] + 'priority = "medium"' + GENERAL[end:], "f")
    assert conduct_of(profile).index_priority == "medium"


def test_a_check_has_at_most_one_upper_bound() -> None:
    assert "bounds one side twice" in refused(GENERAL, ("at_most = 140", "at_most = 140\nbelow = 141"))
