# SPDX-License-Identifier: Apache-2.0
"""What may stand in a profile, and that every mistake is a sentence with its place and what to do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitalwire.errors import UsageError
from vitalwire.profiles import SHIPPED
from vitalwire.session.profile import PHASES, Profile
from vitalwire.session.profile_read import parse_profile
from vitalwire.toml_places import TomlError

NAMES = ("esketamine-nasal", "general", "ketamine-im", "ketamine-iv", "ketamine-sublingual-home")
GENERAL = (SHIPPED / "general.toml").read_text(encoding="utf-8")


def shipped(name: str) -> Profile:
    return parse_profile((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"), name)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


# ------------------------------------------------------------ what is shipped


def test_the_profiles_of_the_design_are_shipped() -> None:
    assert sorted(path.stem for path in SHIPPED.glob("*.toml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_says_everything_that_a_session_needs(name: str) -> None:
    profile = shipped(name)
    assert profile.name == name
    assert tuple(phase.name for phase in profile.phases) == PHASES
    assert len(profile.limits) == 7
    assert profile.relative
    assert profile.holds
    assert profile.baseline is not None
    assert profile.saturation_index is not None
    assert profile.side_effects is not None
    assert {check.kind for check in profile.before_dose} >= {"question", "baseline", "value"}
    assert {check.kind for check in profile.before_leaving} >= {"question", "near_baseline", "value", "time"}
    assert all(phase.observations for phase in profile.phases)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_is_unsigned_and_says_at_the_top_that_it_is_a_starting_point(name: str) -> None:
    text = (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    head = "\n".join(text.splitlines()[:10])
    assert "A STARTING POINT, NOT A RECOMMENDATION" in head
    assert "signs" in head
    assert shipped(name).approval is None


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_read_in_a_document_is_marked(name: str) -> None:
    assert {"second-hand", "adult", "iec"} <= {source.id for source in shipped(name).unread_sources}


def test_esketamine_asks_for_a_pressure_at_40_minutes_and_for_2_hours() -> None:
    """Spravato's label and REMS."""
    profile = shipped("esketamine-nasal")
    monitoring = profile.phase("monitoring")
    assert monitoring is not None
    (at_40,) = [row for row in monitoring.observations if row.at_s]
    assert (at_40.item, at_40.at_s, at_40.since, at_40.sources) == ("blood_pressure", (40 * 60,), "dose", ("rems",))
    (waits,) = [check for check in profile.before_leaving if check.kind == "time"]
    assert getattr(waits, "least_s", None) == 2 * 3600
    assert getattr(waits, "since", None) == "dose"


def test_an_infusion_is_read_every_10_minutes_and_then_every_15() -> None:
    """684 infusions, Emory; 2342 infusions, Yale."""
    profile = shipped("ketamine-iv")
    intervals = {phase.name: phase.cuff_every_s for phase in profile.phases}
    assert (intervals["dosing"], intervals["monitoring"], intervals["recovery"]) == (600, 900, 900)
    assert intervals["discharge"] is None
    assert profile.watch_cuff_every_s == 600


@pytest.mark.parametrize("name", NAMES)
def test_the_hold_limits_are_those_of_the_one_clinic_that_told_them(name: str) -> None:
    """Above 180/110 twice 5 min apart, above 200/120 once, pulse above 120 for 5 min."""
    holds = {hold.id: hold for hold in shipped(name).holds}
    twice, once, pulse = holds["pressure"], holds["pressure_severe"], holds["pulse"]
    assert (twice.sbp_above_mmhg, twice.dbp_above_mmhg, twice.confirm_after_s, twice.advice) == (180, 110, 300, "hold")
    assert (once.sbp_above_mmhg, once.dbp_above_mmhg, once.confirm_after_s, once.advice) == (200, 120, None, "stop")
    assert (pulse.pulse_above_bpm, pulse.lasting_s, pulse.confirm_after_s) == (120, 300, None)


# ------------------------------------------------------------ mistakes

MISTAKES = {
    # contradictory
    "low above high": (
        "limit = 50\nhysteresis = 2",
        "limit = 120\nhysteresis = 2",
        "pulse_low",
        "is not below pulse_high",
    ),
    "least above most": (
        "least_min = 30\nmost_min = 120",
        "least_min = 130\nmost_min = 120",
        "130",
        "least_min (130) is more than most_min (120)",
    ),
    "override not worse": ("limit = 85 ", "limit = 91 ", "91", "is not below the one that it overrides (90)"),
    "one reading enough for less": ("above_mmhg = 200", "above_mmhg = 180", "", "is not above that of pressure (180)"),
    "due more often than read": ("cuff_every_min = 10", "cuff_every_min = 15", "", "cuff takes one every 15 min"),
    "due, and the cuff off": ("cuff_every_min = 10", "cuff_every_min = false", "", "cuff takes none by itself"),
    "when said twice": (
        '"pulse", continuous = true',
        '"pulse", once = true, continuous = true',
        "",
        "more than one way",
    ),
    # out of range
    "delay negative": ("delay_s = 10.4\n", "delay_s = -5\n", "-5", "delay_s = -5 is outside 0 to 120 s"),
    "interval under 2 min": ("cuff_every_min = 3", "cuff_every_min = 1.9", "1.9", "1.9 is outside 2 to 120 min"),
    "interval as a word": (
        "cuff_every_min = 3",
        'cuff_every_min = "off"',
        '"off"',
        "cuff_every_min is a text; give minutes",
    ),
    "interval missing": ("cuff_every_min = 3\n", "", "", "cuff_every_min is missing"),
    "not a number": ("limit = 85 ", "limit = nan ", "nan", "limit = nan is outside 50 to 100 %"),
    "endless": ("limit = 85 ", "limit = inf ", "inf", "limit = inf is outside"),
    "confirming not said": ("confirm_after_min = 5 ", "#", "", "confirm_after_min is missing"),
    # unknown
    "phase": ("[phases.recovery]", "[phases.recover]", "recover]", "unknown phase 'recover'; did you mean recovery?"),
    "item": ('{ item = "sedation"', '{ item = "sedatoin"', '"sedatoin"', "item 'sedatoin'"),
    "key": ("audio_pause_s = 120", "audio_pause_min = 2", "audio_pause_min", "unknown key 'audio_pause_min'"),
    "section": ("[side_effects]", "[side_effect]", "side_effect]", "unknown section 'side_effect'"),
    "relative limit": ("[relative.sbp_rise]", "[relative.sbp_up]", "sbp_up]", "unknown relative limit 'sbp_up'"),
    "limit": ("[limits.dbp_low]", "[limits.dpb_low]", "dpb_low]", "unknown limit 'dpb_low'; did you mean dbp_low?"),
    "phase of a hold": (
        '["baseline", "dosing", "monitoring"]',
        '["baseline", "dozing"]',
        '"dozing"',
        "unknown 'dozing'",
    ),
    "kind of check": ('kind = "time"', 'kind = "clock"', '"clock"', "kind 'clock'"),
    # missing, or no such source
    "no source": (
        'since = "dose"\nadvice = "Wait"\nsource = ["rems", "ours"]',
        'since = "dose"\nadvice = "Wait"',
        "",
        "source is missing; say where",
    ),
    "no such source": (
        'source = ["aldrete", "pads"]',
        'source = ["aldrete", "padss"]',
        '"padss"',
        "unknown 'padss' in source; did you mean pads?",
    ),
    "source that nothing names": ("[sources]\n", '[sources]\nother = "x"\n', "other", "nothing names source other"),
    "number as text": ("limit = 85 ", 'limit = "85" ', '"85"', "limit is not a number"),
    "truth as number": ("limit = 85 ", "limit = true ", "true", "limit is not a number"),
    "text as number": ('version = "1"', "version = 1", "1  #", "version is not a text"),
    "list as text": (
        'severities = ["mild", "moderate", "severe"]',
        'severities = "mild"',
        '"mild"',
        "is not a list of words",
    ),
    "moments that fall": (
        "once = true, late_min = 15",
        "at_min = [40, 30], late_min = 15",
        "[40, 30]",
        "at_min does not rise",
    ),
    "text that cannot be shown": ('version = "1"', 'version = "1\\u202e"', '"1\\u202e"', "cannot be shown"),
    # twice
    "key twice": (
        "audio_pause_s = 120",
        "audio_pause_s = 120\naudio_pause_s = 90",
        "audio_pause_s = 90",
        "stands here a second time",
    ),
    "section twice": ("[holds.pulse]", "[holds.pressure]", 'pressure]\ntext = "Pulse', "stands here a second time"),
    "side effect twice": (
        '"dizziness"',
        '"dissociation"',
        '"dissociation", "nausea"',
        "'dissociation' stands twice in names",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_sentence_with_its_line(mistake: str) -> None:
    before, after, at, said = MISTAKES[mistake]
    assert before in GENERAL
    text = GENERAL.replace(before, after, 1)
    with pytest.raises(TomlError) as caught:
        parse_profile(text, "our.toml")
    problems = [caught.value, *caught.value.others]
    (problem, *_) = [problem for problem in problems if said in str(problem)] or [None]
    assert problem is not None, [str(problem) for problem in problems]
    assert str(problem).startswith(f"our.toml, line {problem.line}, column {problem.column}: ")
    if at and at in text:
        line = text.splitlines()[problem.line - 1]
        assert line[problem.column - 1 :].startswith(at.splitlines()[0]) or said.startswith("is not below pulse_high")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = GENERAL.replace("delay_s = 10.4\n", "delay_s = -5\n", 1).replace('kind = "time"', 'kind = "clock"')
    with pytest.raises(TomlError) as caught:
        parse_profile(text, "our.toml")
    assert "delay_s" in caught.value.problem
    assert ["clock" in other.problem for other in caught.value.others] == [True]


def test_a_relative_limit_needs_a_baseline() -> None:
    begin, end = GENERAL.index("[phases.baseline]"), GENERAL.index("[phases.dosing]")
    with pytest.raises(TomlError) as caught:
        parse_profile(GENERAL[:begin] + GENERAL[end:], "f")
    said = [caught.value.problem, *(other.problem for other in caught.value.others)]
    assert any("sbp_rise: is relative to a baseline, but there is no baseline phase" in text for text in said)
    assert any("pressure: needs a baseline, but there is no baseline phase" in text for text in said)


def test_a_profile_names_every_limit_and_a_limits_file_need_not() -> None:
    begin, end = GENERAL.index("[limits.dbp_low]"), GENERAL.index("[limits.dbp_high]")
    with pytest.raises(TomlError, match="dbp_low is missing; write dbp_low = false"):
        parse_profile(GENERAL[:begin] + GENERAL[end:], "f")
    only = parse_profile("[limits]\nspo2_low = 92\n", "f")
    assert only.only_limits
    assert [limit.threshold for limit in only.limits if limit.rule == "spo2_low"] == [92]
    assert len(only.limits) == 7


def test_a_limit_that_is_switched_off_is_not_there() -> None:
    begin, end = GENERAL.index("[limits.dbp_low]"), GENERAL.index("[limits.dbp_high]")
    profile = parse_profile(GENERAL[:begin] + "[limits]\ndbp_low = false\n" + GENERAL[end:], "f")
    assert "dbp_low" not in {limit.rule for limit in profile.limits}
    assert len(profile.limits) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "f: the file says nothing; begin with [profile]"),
        ("# nothing\n", "f: the file says nothing"),
        ("x = 1\n", "f, line 1, column 1: there is no section [profile]"),
        ("profile = 3\n", "f, line 1, column 1: profile is not a section"),
        ("#" * 70_000, "f: too large for a profile"),
        ("a = " + "[" * 30_000, "f, line 1, column 22: not valid TOML here: brackets in brackets"),
        ("a" + ".a" * 16_000 + " = 1", "f, line 1, column 1: not valid TOML here: a key of more than 8 parts"),
        ("[profile]\nversion = " + "9" * 6000, "f, line 2, column 11: not valid TOML here: a number of 100 digits"),
        ("[[profile]]\nname = 'x'\n", "f, line 1, column 3: profile is not a section"),
        ("[profile]\nname = 'x", "f, line 2, column 10: not valid TOML: "),
    ],
)
def test_what_is_no_profile_at_all_is_told_at_once(text: str, said: str) -> None:
    began_s = time.process_time()
    with pytest.raises(UsageError) as caught:
        parse_profile(text, "f")
    assert said in [str(caught.value)[: len(said)], *(str(o)[: len(said)] for o in getattr(caught.value, "others", ()))]
    assert time.process_time() - began_s < 2  # far more than it takes; minutes are what is to be caught


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_profile_is_a_profile_or_a_sentence(data: st.DataObject) -> None:
    """Cut, doubled or replaced anywhere."""
    begin = data.draw(st.integers(0, len(GENERAL)))
    end = data.draw(st.integers(begin, min(len(GENERAL), begin + 200)))
    put = data.draw(
        st.one_of(st.text(max_size=20), st.sampled_from(["[", "]", '"', "\n", "=", "{", "}", "false", "[x]"]))
    )
    said = ""
    try:
        profile = parse_profile(GENERAL[:begin] + put + GENERAL[end:], "f")
    except UsageError as error:
        said = str(error)
    assert "\n" not in said
    assert said or profile.only_limits or profile.phases


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_a_sentence(text: str) -> None:
    try:
        parse_profile(text, "f")
    except UsageError:
        return


def test_the_shipped_profiles_live_where_the_package_is() -> None:
    assert Path(__file__).resolve().parents[3] / "host" / "vitalwire" / "profiles" == SHIPPED


BOUNDS = {
    "cuff_every_min = 3": ("cuff_every_min", 2, 120),
    "delay_s = 10.4": ("delay_s", 0, 120),
    "hysteresis = 1\n": ("hysteresis", 0, 20),
    "confirm_after_min = 5 ": ("confirm_after_min", 1, 60),
    "lasting_min = 5": ("lasting_min", 0.1, 60),
    "apart_min = 1": ("apart_min", 0.5, 30),
    "agree_within_mmhg = 10": ("agree_within_mmhg", 1, 40),
    "threshold_pct_s = 50 ": ("threshold_pct_s", 5, 500),
    "by_mmhg = 40 ": ("by_mmhg", 1, 120),
    "within_percent = 20": ("within_percent", 1, 100),
    "not_older_min = 5\n": ("not_older_min", 1, 120),
    "late_min = 15": ("late_min", 0.1, 120),
    "audio_pause_s = 120 ": ("audio_pause_s", 10, 600),
    "remind_s = 150 ": ("remind_s", 30, 180),
    "escalate_s = 60 ": ("escalate_s", 10, 600),
    "steady_min = 1\n": ("steady_min", 0.1, 30),
    "spo2_within_points = 3": ("spo2_within_points", 1, 10),
    "pulse_within_bpm = 15": ("pulse_within_bpm", 1, 60),
    "pulse_above_bpm = 120": ("pulse_above_bpm", 20, 250),
    "at_most = 140": ("at_most", 40, 260),
    "at_most = 90\n": ("at_most", 20, 200),
    "above = 92": ("above", 50, 100),
    "least_min = 120": ("least_min", 1, 720),
}


@pytest.mark.parametrize("before", BOUNDS)
def test_a_number_may_be_at_its_bounds_and_not_beyond(before: str) -> None:
    key, least, most = BOUNDS[before]
    assert before in GENERAL
    tail = "\n" if before.endswith("\n") else " "

    def read(value: float) -> Profile:
        return parse_profile(GENERAL.replace(before, f"{key} = {value:g}{tail}", 1), "f")

    for value in (least, most):
        read(value)
    for value in (least - 0.1, most + 0.1):
        with pytest.raises(TomlError, match=f"{key} = .* is outside {least:g} to {most:g}"):
            read(value)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("pulse_above_bpm = 120", "pulse_above_bpm = 120\nsbp_above_mmhg = 190", "mixes values of the cuff and of"),
        ("pulse_above_bpm = 120", "", "has no value to hold at"),
        ("lasting_min = 5", "confirm_after_min = 5", "confirm_after_min does not fit pulse_above_bpm"),
        ("by_mmhg = 40 ", "by_percent = 20\nby_mmhg = 40 ", "says twice by how much"),
        ("by_mmhg = 40 ", "# ", "says not by how much"),
        (
            'phases = ["dosing", "monitoring", "recovery"]',
            'phases = ["baseline"]',
            "there is no baseline yet in baseline",
        ),
        ("above = 92", "above = 92\nat_least = 93", "bounds one side twice"),
        ("above = 92", "above = 92\nbelow = 92", "its lower bound (92) is not below its upper one (92)"),
        ("above = 92", "", "has no bound"),
        ("at_most = 140", "at_most = 140\non_room_air = true", "room air does not matter to sbp_mmhg"),
        ("[overrides.sbp_high]\nlimit = 200 ", "[overrides.sbp_high]\nlimit = 180 ", "limit 180 is not above the one"),
        ('{ item = "sedation", once', '{ item = "sedation", by = "device", once', "no device measures sedation"),
        (
            '"blood_pressure", every_min = 10',
            '"blood_pressure", continuous = true',
            "blood_pressure by a device is not",
        ),
        ('"blood_pressure", once = true', '"blood_pressure", once = true, since = "dose"', "since belongs to at_min"),
        ("cuff_readings = 2", "cuff_readings = 2.5", "cuff_readings is not a whole number"),
        ("cuff_every_min = 3", "cuff_every_min = 3.03", "given more finely than 0.1 min"),
        ("[baseline]", "[baselin]", "there is a baseline phase but no section [baseline]"),
    ],
)
def test_a_contradiction_is_a_sentence(before: str, after: str, said: str) -> None:
    assert before in GENERAL
    with pytest.raises(TomlError) as caught:
        parse_profile(GENERAL.replace(before, after, 1), "f")
    assert any(said in problem.problem for problem in (caught.value, *caught.value.others)), caught.value


@pytest.mark.parametrize("key", ["cuff_every_min = 3", "cuff_every_min = 10"])
def test_an_observation_by_a_person_needs_no_cuff_that_starts_by_itself(key: str) -> None:
    text = GENERAL.replace(key, "cuff_every_min = false").replace(
        '"blood_pressure", every_min', '"blood_pressure", by = "person", every_min'
    )
    assert parse_profile(text, "f").phases


def test_a_name_has_at_most_40_small_letters_digits_and_dashes() -> None:
    def named(name: str) -> str:
        return parse_profile(GENERAL.replace('name = "general"', f'name = "{name}"', 1), "f").name

    for good in ("a", "9", "a-b_c", "a" * 40):
        assert named(good) == good
    for bad in ("A", "-a", "_a", "a b", "a/b", "a" * 41):
        with pytest.raises(TomlError):
            named(bad)


def test_moments_are_at_most_50() -> None:
    def moments(count: int) -> Profile:
        return parse_profile(GENERAL.replace("once = true", f"at_min = {list(range(count))}", 1), "f")

    assert moments(50).phases[0].observations[0].at_s[-1] == 49 * 60
    with pytest.raises(TomlError, match="at_min is not a list of minutes"):
        moments(51)
