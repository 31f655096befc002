# SPDX-License-Identifier: Apache-2.0
"""The live screen and the plain lines: no number that is not current, everything in words, within 80 by 24."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from rich.console import Console, Group
from rich.text import Text

from vitalwire.alarms.rules import TECHNICAL_RULES
from vitalwire.cli.monitor_plain import plain_line
from vitalwire.cli.monitor_run import can_draw
from vitalwire.cli.screen import picture
from vitalwire.session.facts import Happening, Vitals
from vitalwire.session.snapshot import AlarmShown, CuffShown, OximetryShown, Snapshot

CALM = Snapshot(
    t_ms=600_000,
    utc_ms=1_767_225_600_000 + 600_000,
    started_t_ms=0,
    board="SIM00001",
    bed="bay 2",
    firmware="pico 0.1.0",
    simulated=True,
    unsigned=True,
    link="up",
    link_detail="",
    guard="guarding",
    oximetry=OximetryShown(599_400, 97.2, 70.4, 1.53, 92, "ok", "ok"),
    cuff=CuffShown(540_000, 1_767_225_600_000 + 540_000, 124.0, 95.0, 81.0, 71.0, 80, "ok"),
    cuff_phase="",
    cuff_pressure_mmhg=None,
    next_cuff_t_ms=660_000,
    every_s=300,
    ends_t_ms=1_800_000,
    alarms=(),
    audio_paused=False,
    not_recorded="",
    notices=(),
    frames_lost=0,
    finished=False,
)
LOW = AlarmShown("spo2_low", "physiological", "high", "active", "SpO2 low", 590_000, 84.3, 90.0, "board")


def drawn(shown: Snapshot, question: str = "", width: int = 80) -> list[str]:
    console = Console(width=width, height=24, record=True, color_system=None, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(Group(*picture(shown, "out/demo/20260101T000000Z_bay-2", question, width)))
        return console.export_text().splitlines()


def test_a_calm_screen_shows_the_numbers_with_age_and_quality() -> None:
    text = "\n".join(drawn(CALM))
    for part in ("bay 2", "SIM00001", "SIMULATED", "97 %", "70 /min", "124/81 mmHg", "quality 92", "1 s ago"):
        assert part in text
    for part in ("no alarm", "next reading in 1:00", "link up", "board guarding", "limits unsigned", "10:00 of 30:00"):
        assert part in text


def test_an_alarm_names_its_priority_its_limit_and_its_age() -> None:
    text = "\n".join(drawn(replace(CALM, alarms=(LOW,))))
    assert "HIGH" in text
    assert "SpO2 low (limit 90 %)  0:10" in text
    seen = "\n".join(drawn(replace(CALM, alarms=(replace(LOW, state="acknowledged"),))))
    assert "acknowledged" in seen


def test_a_lost_link_shows_no_number_of_the_oximeter() -> None:
    shown = replace(CALM, link="down", link_detail="the cable", oximetry=None, guard="not known")
    text = "\n".join(drawn(shown))
    assert "97" not in text
    assert "70 /min" not in text
    assert "link down (the cable)" in text


def test_a_missing_value_has_its_reason_instead() -> None:
    shown = replace(CALM, oximetry=OximetryShown(599_400, None, None, None, None, "no_finger", "no_finger"))
    text = "\n".join(drawn(shown))
    assert text.count("no finger") == 2
    assert "None" not in text


def test_perfusion_has_its_reason_too_and_a_doubtful_value_what_makes_it_so() -> None:
    shown = OximetryShown(599_400, None, 70.4, None, 61, "uncorrelated", "irregular", "out_of_range")
    lines = drawn(replace(CALM, oximetry=shown))
    (spo2,) = (line for line in lines if line.startswith("  SpO2"))
    assert "red and infrared disagree" in spo2
    (pulse,) = (line for line in lines if line.startswith("  Pulse"))
    assert "70 /min" in pulse
    assert "irregular pulse   quality 61   1 s ago" in pulse
    (perfusion,) = (line for line in lines if line.startswith("  Perfusion"))
    assert perfusion.rstrip().endswith("-- %       outside what can be measured")


def test_what_lowered_the_quality_of_a_pressure_stands_beside_it() -> None:
    assert CALM.cuff is not None
    lines = drawn(replace(CALM, cuff=replace(CALM.cuff, quality=41, doubts=("movement", "few_beats"))))
    below = next(after for line, after in pairwise(lines) if "quality 41" in line)
    assert below.rstrip().endswith("1:00 ago   movement, few beats")


def test_not_recorded_stands_until_it_is_over() -> None:
    text = "\n".join(drawn(replace(CALM, not_recorded="vitals.csv: No space left on device")))
    assert "NOT RECORDED: vitals.csv: No space left on device" in text


def test_the_worst_moment_fits_80_by_24_and_cuts_no_alarm_of_the_first_five() -> None:
    alarms = tuple(
        AlarmShown(r.name, "technical", r.priority, "active", r.text, 1, detail="why " * 10)
        for r in TECHNICAL_RULES.values()
    )
    shown = replace(
        CALM, alarms=(LOW, *alarms), audio_paused=True, not_recorded="x " * 60, notices=("word " * 40,) * 6,
        frames_lost=12345, link_detail="something happened " * 3, cuff_phase="inflating", cuff_pressure_mmhg=123.4,
    )  # fmt: skip
    lines = drawn(shown, "Again within 3 s ends the session: the cuff is emptied and the record closed.")
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert f"and {len(alarms) + 1 - 5} more" in "\n".join(lines)


def test_plain_lines_say_what_was_measured_and_what_was_not() -> None:
    reading = Vitals(25_000, 0, "oximeter", spo2_pct=97.0, pulse_bpm=70.4, perfusion_pct=1.5, quality=90)
    assert plain_line(reading, CALM) == (
        "00:00:25  SpO2  97 %  pulse  70 /min  perfusion  1.5 %  quality  90  SIMULATED"
    )
    missing = Vitals(26_000, 0, "oximeter", reasons=(("spo2_pct", "no_finger"), ("pulse_bpm", "no_finger")))
    assert plain_line(missing, CALM) == (
        "00:00:26  SpO2  -- %  pulse  -- /min  perfusion   -- %  quality  --  no finger  SIMULATED"
    )
    half = Vitals(
        26_500, 0, "oximeter", pulse_bpm=70.0, perfusion_pct=0.3, quality=61,
        reasons=(("spo2_pct", "uncorrelated"), ("pulse_bpm", "irregular")),
    )  # fmt: skip
    assert (plain_line(half, CALM) or "").endswith(
        "quality  61  SpO2: red and infrared disagree  pulse: irregular pulse  SIMULATED"
    )
    doubtful = Vitals(
        26_600, 0, "cuff", sbp_mmhg=124.0, map_mmhg=95.0, dbp_mmhg=81.0, quality=40,
        reasons=(("quality", "movement"), ("quality", "few_beats")),
    )  # fmt: skip
    assert "quality  40  quality: movement  quality: few beats" in (plain_line(doubtful, CALM) or "")
    cuff = Vitals(27_000, 0, "cuff", sbp_mmhg=124.0, map_mmhg=95.0, dbp_mmhg=81.0, pulse_bpm=71.0, quality=80)
    assert "cuff 124/81 mmHg  mean  95" in (plain_line(cuff, CALM) or "")
    alarm = Happening(28_000, 0, "physiological", "spo2_low", "raised", "high", 84.3, 90.0)
    assert plain_line(alarm, CALM) == "00:00:28  ALARM raised  HIGH  spo2_low 84.3 (limit 90)  SIMULATED"
    assert plain_line(Happening(1, 1, "link", "link", "open"), CALM) is None


# ---------------------------------------------------------------- small and simple terminals


def test_on_a_narrow_screen_neither_simulated_nor_the_time_nor_an_alarm_is_cut() -> None:
    fault = AlarmShown(
        "cuff_no_reading", "technical", "low", "active", "The last cuff reading failed", 1, detail="too_weak_pulse"
    )
    text = " ".join(drawn(replace(CALM, uncalibrated=True, alarms=(LOW, fault)), width=42))
    for part in ("SIMULATED", "UNCALIBRATED", "00:10:00", "SIM00001", "limit 90 %", "weak pulse", "q quit"):
        assert part in text


def test_on_a_low_screen_not_recorded_and_the_numbers_and_the_question_stay() -> None:
    shown = replace(CALM, not_recorded="No space left", alarms=(LOW,))
    lines = [line.plain for line in picture(shown, "out", "End?", 60, None, 10) if isinstance(line, Text)]
    assert len(lines) <= 10
    text = "\n".join(lines)
    for part in ("NOT RECORDED: No space left", "SpO2 low", "97 %", "70 /min", "124/81", "End?"):
        assert part in text


def test_an_uncalibrated_board_is_marked_on_the_screen_and_in_each_line() -> None:
    assert "UNCALIBRATED" in "\n".join(drawn(replace(CALM, uncalibrated=True)))
    fact = Vitals(1000, 1000, "oximeter", 1000, 1, 1, 97.0, 70.0, 1.5, 90, flags=("uncalibrated",))
    assert "UNCALIBRATED" in (plain_line(fact, CALM) or "")


def test_a_terminal_that_cannot_place_text_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not can_draw()
    monkeypatch.setenv("TERM", "xterm-256color")
    assert can_draw()


def test_a_line_that_is_in_no_file_says_so() -> None:
    fact = Vitals(1000, 1000, "oximeter", 1000, 1, 1, 97.0, 70.0, 1.5, 90)
    assert (plain_line(fact, replace(CALM, not_recorded="No space left")) or "").endswith("NOT RECORDED")
